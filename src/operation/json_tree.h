/* json_tree.h - JSON of the peer's making: cJSON reads it, after a look at what cJSON lets pass.
 * May be included by operation. */
#ifndef INTERIM_OPERATION_JSON_TREE_H
#define INTERIM_OPERATION_JSON_TREE_H

#include <cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads an object or an array, after a byte order mark if there is one: a tree for cJSON_Delete, or
 * NULL when it is none, or (*starved) when there was no memory. Refused although cJSON would take
 * them: what is not UTF-8, control characters, U+0000 in a string (RFC 8259 sections 7 and 8.1). */
cJSON *interim__tree_read(const char *body, size_t length, bool *starved);

/* A member of an object, and its text: NULL for none, also of what is NULL or no object. */
const cJSON *interim__tree_get(const cJSON *object, const char *name);
const char *interim__tree_text(const cJSON *object, const char *name);

/* The first element of a member that is an array; ->next leads on. */
const cJSON *interim__tree_first(const cJSON *object, const char *name);

/* A number without a fraction that a double holds exactly. */
bool interim__tree_integer(int64_t *out, const cJSON *value);

#endif
