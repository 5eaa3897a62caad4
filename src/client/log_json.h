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

/* A name, with the comma before it where there is a member already. A name needs no escaping. */
void interim__json_name(interim__json *json, const char *name);

void interim__json_integer(interim__json *json, int64_t number);

/* At most nine digits before the point and six significant ones, not negative. */
void interim__json_number(interim__json *json, double number);

/* A string of at most cap bytes of text, "…" behind it if that was not all of it. What is not
 * UTF-8, and DEL, becomes U+FFFD; all that is not ASCII is escaped. */
void interim__json_string(interim__json *json, const char *text, size_t length, size_t cap);

/* What an URL came to that was looked at before: most events of a log are about few servers. One
 * thread at a time uses it; others do without. */
typedef struct interim__log_memory {
    atomic_flag busy;
    int port;
    char url[256], host[256]; /* "": none */
} interim__log_memory;

/* Appends the object that holds all members of docs/event-log.md. */
void interim__log_object(interim__json *out, const interim_event *event, long process_id,
                         interim__log_memory *memory);

/* Adds the members that tell the fields of a message. */
void interim__log_add_fields(interim__json *out, const interim_field *fields, size_t count);

#endif
