/* fields.h - a list of fields (RFC 9110 section 5): views into text that somebody else holds, in
 * the order in which they came. One array, no allocation per field. May be included by every layer.
 */
#ifndef INTERIM_BASE_FIELDS_H
#define INTERIM_BASE_FIELDS_H

#include <interim.h>
#include <stdbool.h>

typedef struct interim__fields {
    interim_field *items;
    size_t count;
    size_t capacity;
} interim__fields;

/* 0, or INTERIM_ENOMEM. */
int interim__fields_add(interim__fields *fields, const char *name, size_t name_length,
                        const char *value, size_t value_length);

/* The first field of this name (given in lower case) after `after`, or from the start when that is
 * NULL; NULL when there is none. */
const interim_field *interim__fields_next(const interim__fields *fields, const char *lower,
                                          const interim_field *after);

/* The value of the first such field, or fallback. */
const char *interim__fields_value(const interim__fields *fields, const char *lower,
                                  const char *fallback);

/* Whether a list-valued field, in any of its lines, has this element (lower case). */
bool interim__fields_has_element(const interim__fields *fields, const char *lower,
                                 const char *element);

/* Copies the list and all its text into one block, the items first; NULL when out of memory. An
 * empty list gives a block too. To be freed by free. */
interim_field *interim__fields_clone(const interim_field *items, size_t count);

/* Empties the list, keeping its memory; or frees that too. */
void interim__fields_clear(interim__fields *fields);
void interim__fields_dispose(interim__fields *fields);

#endif
