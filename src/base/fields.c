/* fields.c - see fields.h. */
#include "base/fields.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int interim__fields_grow(interim__fields *fields)
{
    uint32_t capacity = fields->capacity == 0 ? 16 : 2 * fields->capacity;
    interim_field *items = realloc(fields->lent ? NULL : fields->items, capacity * sizeof *items);

    if (items == NULL)
        return INTERIM_ENOMEM;
    if (fields->lent)
        memcpy(items, fields->items, fields->count * sizeof *items);
    if (fields->count == 0)
        fields->absent = UINT64_MAX;
    fields->items = items;
    fields->capacity = capacity;
    fields->lent = false;
    return 0;
}

/* Where four or eight bytes of a name differ from those in lower case, but for the bit that tells
 * upper from lower case. */
static uint32_t differ4(const char *name, const char *lower)
{
    uint32_t a, b;

    memcpy(&a, name, sizeof a);
    memcpy(&b, lower, sizeof b);
    return (a ^ b) & ~UINT32_C(0x20202020);
}

static uint64_t differ8(const char *name, const char *lower)
{
    uint64_t a, b;

    memcpy(&a, name, sizeof a);
    memcpy(&b, lower, sizeof b);
    return (a ^ b) & ~UINT64_C(0x2020202020202020);
}

/* Whether a name is that, which is in lower case. Names are tokens, whose characters differ in this
 * bit where they are letters of different case (or ^ and ~, which no name that is asked for has).
 * The last bytes are looked at together with what is before them. */
static bool is_name(const char *name, const char *lower, size_t length)
{
    size_t i = 0;

    if (length >= 8) {
        while (i + 8 < length && differ8(name + i, lower + i) == 0)
            i += 8;
        return i + 8 >= length && differ8(name + length - 8, lower + length - 8) == 0;
    }
    if (length >= 4)
        return (differ4(name, lower) | differ4(name + length - 4, lower + length - 4)) == 0;
    while (i < length && ((name[i] ^ lower[i]) & ~0x20) == 0)
        i++;
    return i == length;
}

const interim_field *interim__fields_find(const interim__fields *fields, const char *lower,
                                          size_t length, const interim_field *after)
{
    const interim_field *at = after == NULL ? fields->items : after + 1;
    size_t left = fields->count - (size_t)(at - fields->items);

    for (; left > 0; left--, at++)
        if (at->name_length == length && is_name(at->name, lower, length))
            return at;
    return NULL;
}

bool interim__fields_lists(const interim__fields *fields, const interim_field *field,
                           const char *lower, const char *element)
{
    for (; field != NULL; field = interim__fields_next(fields, lower, field)) {
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

int interim__fields_copy_parsed(interim__fields *out, const interim__fields *fields,
                                interim__copying *copying)
{
    size_t count = fields->count, size = count * sizeof *out->items + copying->before;
    const interim_field *from = fields->items, *last = from + count - 1;
    const char *text = copying->text;
    const char *end = count == 0 ? text + strlen(text) : last->value + last->value_length;
    size_t length = (size_t)(end - text) + 1;
    char *copy;

    *out = (interim__fields){.items = malloc(size + length + copying->after)};
    if (out->items == NULL)
        return INTERIM_ENOMEM;
    copying->copy = copy = memcpy((char *)out->items + size, text, length);
    copying->end = copy + length;
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
