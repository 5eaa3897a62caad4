/* fields.c - see fields.h. */
#include "base/fields.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int interim__fields_grow(interim__fields *fields)
{
    size_t capacity = fields->capacity == 0 ? 16 : 2 * fields->capacity;
    interim_field *items = realloc(fields->items, capacity * sizeof *items);

    if (items == NULL)
        return INTERIM_ENOMEM;
    fields->items = items;
    fields->capacity = capacity;
    return 0;
}

/* Names are tokens, whose characters differ in this bit where they are letters of different case
 * (or ^ and ~, which no name that is asked for has). */
static bool is_name(const char *name, const char *lower, size_t length)
{
    const uint64_t bits = UINT64_C(0x2020202020202020);
    uint64_t a, b;
    size_t i = 0;

    for (; length - i >= sizeof a; i += sizeof a) {
        memcpy(&a, name + i, sizeof a);
        memcpy(&b, lower + i, sizeof b);
        if (((a ^ b) & ~bits) != 0)
            return false;
    }
    while (i < length && ((name[i] ^ lower[i]) & ~0x20) == 0)
        i++;
    return i == length;
}

const interim_field *interim__fields_find(const interim__fields *fields, const char *lower,
                                          size_t length, const interim_field *after)
{
    size_t i = after == NULL ? 0 : (size_t)(after - fields->items) + 1;

    for (; i < fields->count; i++)
        if (fields->items[i].name_length == length && is_name(fields->items[i].name, lower, length))
            return &fields->items[i];
    return NULL;
}

bool interim__fields_has_element(const interim__fields *fields, const char *lower,
                                 const char *element)
{
    const interim_field *field = NULL;

    while ((field = interim__fields_next(fields, lower, field)) != NULL) {
        const char *list = field->value, *text;
        size_t list_length = field->value_length, length;

        while (interim__text_next_element(&list, &list_length, &text, &length))
            if (interim__text_is(text, length, element))
                return true;
    }
    return false;
}

static const char *copy_text(char **at, const char *text, size_t length)
{
    char *copy = *at;

    memcpy(copy, text, length);
    copy[length] = '\0';
    *at += length + 1;
    return copy;
}

interim_field *interim__fields_clone(const interim_field *items, size_t count)
{
    size_t size = (count + 1) * sizeof *items;
    interim_field *block;
    char *at;

    for (size_t i = 0; i < count; i++)
        size += items[i].name_length + items[i].value_length + 2;
    block = malloc(size);
    if (block == NULL)
        return NULL;
    at = (char *)(block + count + 1);
    for (size_t i = 0; i < count; i++) {
        block[i].name = copy_text(&at, items[i].name, items[i].name_length);
        block[i].value = copy_text(&at, items[i].value, items[i].value_length);
        block[i].name_length = items[i].name_length;
        block[i].value_length = items[i].value_length;
    }
    return block;
}

int interim__fields_copy_parsed(interim__fields *out, const interim__fields *fields)
{
    size_t count = fields->count, size = (count + 1) * sizeof *out->items;
    const interim_field *from = fields->items, *last = from + (count == 0 ? 0 : count - 1);
    const char *text = count == 0 ? "" : from->name;
    size_t length = count == 0 ? 0 : (size_t)(last->value + last->value_length + 1 - text);
    char *copy;

    *out = (interim__fields){.items = malloc(size + length)};
    if (out->items == NULL)
        return INTERIM_ENOMEM;
    copy = memcpy((char *)out->items + size, text, length);
    for (size_t i = 0; i < count; i++)
        out->items[i] = (interim_field){copy + (from[i].name - text), copy + (from[i].value - text),
                                        from[i].name_length, from[i].value_length};
    out->count = count;
    out->absent = fields->absent;
    return 0;
}

void interim__fields_clear(interim__fields *fields)
{
    fields->count = 0;
    fields->absent = UINT64_MAX;
}
