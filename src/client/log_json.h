/* log_json.h - an event as a JSON object, secrets blanked. For log*.c in this folder only. */
#ifndef INTERIM_CLIENT_LOG_JSON_H
#define INTERIM_CLIENT_LOG_JSON_H

#include "base/buffer.h"

#include <interim.h>
#include <stdatomic.h>

#define INTERIM__LOG_FIELDS_MAX 32  /* field values in one event */
#define INTERIM__LOG_VALUE_MAX 1024 /* bytes of any text of the peer's, before escaping */

/* JSON that is being written. The first failure is kept, and later calls do nothing. */
typedef struct interim__json {
    interim__buffer out;
    int failed;
} interim__json;

void interim__json_put(interim__json *json, const char *text, size_t length);

/* The name of a member as interim__json_key takes it. It needs no escaping. */
#define INTERIM__JSON_KEY(name) ",\"" name "\":", sizeof ",\"" name "\":" - 1

/* Puts a name; the comma that key begins with is left out before the first. */
void interim__json_key(interim__json *json, const char *key, size_t length);

void interim__json_integer(interim__json *json, int64_t number);

/* At most nine digits before the point and six significant ones, not negative. */
void interim__json_number(interim__json *json, double number);

/* A string of at most cap bytes of text, "…" behind it if that was not all of it. What is not
 * UTF-8, and DEL, becomes U+FFFD; all that is not ASCII is escaped. */
void interim__json_string(interim__json *json, const char *text, size_t length, size_t cap);

/* What was written last of a request: most events are about the one of the event before. One thread
 * at a time uses it; others do without. */
typedef struct interim__log_memory {
    atomic_flag busy;
    size_t length; /* of text; 0: there is none */
    char method[32], url[256], peer[64], text[1024];
} interim__log_memory;

/* Appends the object that holds all members of docs/event-log.md. */
void interim__log_object(interim__json *out, const interim_event *event, long process_id,
                         interim__log_memory *memory);

/* Adds the members that tell the fields of a message. */
void interim__log_add_fields(interim__json *out, const interim_field *fields, size_t count);

#endif
