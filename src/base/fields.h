/* fields.h - a list of fields (RFC 9110 section 5): views into text that somebody else holds, in
 * the order in which they came. One array, no allocation per field. May be included by every layer.
 */
#ifndef INTERIM_BASE_FIELDS_H
#define INTERIM_BASE_FIELDS_H

#include <interim.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* With a literal little is left of what these do, less than a call of them would be; the compiler,
 * when it is to save room, does not see that. */
#if defined(__GNUC__)
#define INTERIM__INLINE static inline __attribute__((always_inline))
#else
#define INTERIM__INLINE static inline
#endif

/* A list of all zeros is an empty one. Who makes one of items that are there already leaves absent
 * zero: nothing is known of them then. */
typedef struct interim__fields {
    interim_field *items;
    size_t count;
    uint32_t capacity;
    bool lent;       /* items is somebody else's memory */
    uint64_t absent; /* a bit for each interim__fields_slot that no name has */
} interim__fields;

/* A number of a name, alike for all ways to write it: most names that are asked for are not there,
 * and that is found out without looking at any. With a literal the compiler knows it. The factor is
 * one that keeps usual names apart (unit test fields_usual_names_have_slots_of_their_own). */
INTERIM__INLINE unsigned interim__fields_slot(const char *name, size_t length)
{
    uint32_t letters = 0;

    if (length > 0)
        letters = (uint32_t)(unsigned char)name[0] << 8 | (uint32_t)(unsigned char)name[length - 1]
                                                              << 16;
    return (uint32_t)(((letters & 0x1f1f00) + (uint32_t)length) * UINT32_C(0xc1af3ef3)) >> 26;
}

/* Has an empty list begin in memory that outlives it. */
static inline void interim__fields_lend(interim__fields *fields, interim_field *room,
                                        uint32_t capacity)
{
    *fields =
        (interim__fields){.items = room, .capacity = capacity, .lent = true, .absent = UINT64_MAX};
}

int interim__fields_grow(interim__fields *fields); /* makes room for one more at least */

/* For who knows that there is room. */
static inline void interim__fields_put(interim__fields *fields, const char *name,
                                       size_t name_length, const char *value, size_t value_length)
{
    fields->absent &= ~(UINT64_C(1) << interim__fields_slot(name, name_length));
    fields->items[fields->count++] = (interim_field){name, value, name_length, value_length};
}

/* 0, or INTERIM_ENOMEM. */
static inline int interim__fields_add(interim__fields *fields, const char *name, size_t name_length,
                                      const char *value, size_t value_length)
{
    if (fields->count == fields->capacity && interim__fields_grow(fields) < 0)
        return INTERIM_ENOMEM;
    interim__fields_put(fields, name, name_length, value, value_length);
    return 0;
}

/* Looks at all names; see below. */
const interim_field *interim__fields_find(const interim__fields *fields, const char *lower,
                                          size_t length, const interim_field *after);

/* The first field of this name (given in lower case) after `after`, or from the start when that is
 * NULL; NULL when there is none. */
INTERIM__INLINE const interim_field *interim__fields_get(const interim__fields *fields,
                                                         const char *lower, size_t length,
                                                         const interim_field *after)
{
    return (fields->absent >> interim__fields_slot(lower, length) & 1) != 0
               ? NULL
               : interim__fields_find(fields, lower, length, after);
}

INTERIM__INLINE const interim_field *
interim__fields_next(const interim__fields *fields, const char *lower, const interim_field *after)
{
    return interim__fields_get(fields, lower, strlen(lower), after);
}

/* The value of the first such field, or fallback. */
static inline const char *interim__fields_value(const interim__fields *fields, const char *lower,
                                                const char *fallback)
{
    const interim_field *field = interim__fields_next(fields, lower, NULL);

    return field == NULL ? fallback : field->value;
}

/* Whether a list-valued field, in the line field or those of its name behind it, has this element
 * (lower case). */
bool interim__fields_lists(const interim__fields *fields, const interim_field *field,
                           const char *lower, const char *element);

/* The same for all lines of that name. */
static inline bool interim__fields_has_element(const interim__fields *fields, const char *lower,
                                               const char *element)
{
    const interim_field *first = interim__fields_next(fields, lower, NULL);

    return first != NULL && interim__fields_lists(fields, first, lower, element);
}

/* Copies the list and all its text into one block, the items first; NULL when out of memory. An
 * empty list gives a block too. To be freed by free. */
interim_field *interim__fields_clone(const interim_field *items, size_t count);

/* What goes into the block besides. */
typedef struct interim__copying {
    const char *text;     /* before the fields: begins here, a C string if there are none */
    size_t before, after; /* bytes of room around all text */
    char *copy, *end;     /* filled in: the copy of text; the room after */
} interim__copying;

/* The same of a list as a parser leaves it: its texts lie one behind another, each followed by a
 * NUL, and are copied at once. Its items are the block; its absent names are known. 0, or ENOMEM
 * and it is empty. */
int interim__fields_copy_parsed(interim__fields *out, const interim__fields *fields,
                                interim__copying *copying);

/* Empties the list, keeping its memory; or frees that too. */
void interim__fields_clear(interim__fields *fields);
static inline void interim__fields_dispose(interim__fields *fields)
{
    if (!fields->lent && fields->items != NULL)
        free(fields->items);
    *fields = (interim__fields){0};
}

#endif
