/* log_json.h - an event as a JSON object, secrets blanked. For log*.c in this folder only. */
#ifndef INTERIM_CLIENT_LOG_JSON_H
#define INTERIM_CLIENT_LOG_JSON_H

#include <interim.h>
#include <jansson.h>

#define INTERIM__LOG_FIELDS_MAX 32  /* field values in one event */
#define INTERIM__LOG_VALUE_MAX 1024 /* bytes of any text of the peer's, before escaping */

/* A new object that holds all members of docs/event-log.md; NULL when out of memory. */
json_t *interim__log_object(const interim_event *event, long process_id);

/* Adds the fields of a message to object. 0, or INTERIM_ENOMEM. */
int interim__log_add_fields(json_t *object, const interim_field *fields, size_t count);

/* A new string of at most cap bytes of text, "…" behind it if that was not all of it. What is not
 * UTF-8, and DEL, becomes U+FFFD. NULL when out of memory. */
json_t *interim__log_string(const char *text, size_t length, size_t cap);

#endif
