/* line.c - see line.h. */
#include "base/line.h"

#include "base/text.h"

#include <string.h>

void interim__line_begin(interim__line *line)
{
    line->length = 0;
    line->text[0] = '\0';
}

static void put(interim__line *line, const char *text, size_t length)
{
    size_t room = sizeof line->text - 1 - line->length;

    if (length == 0)
        return;
    if (length > room)
        length = room;
    memcpy(line->text + line->length, text, length);
    line->length += length;
    line->text[line->length] = '\0';
}

void interim__line_put(interim__line *line, const char *text)
{
    put(line, text, strlen(text));
}

void interim__line_put_number(interim__line *line, int64_t number)
{
    char digits[INTERIM__DECIMAL];
    uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    size_t length = interim__text_put_decimal(digits, size);

    if (number < 0)
        put(line, "-", 1);
    put(line, digits, length);
}

void interim__line_clean(interim__line *line)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    char *at = line->text, *end = at + strlen(at);
    uint64_t eight, del;

    /* Eight at a time while there is nothing to do: one that is less than a blank, or becomes zero
     * without the bits of DEL, borrows into its own highest bit. */
    for (; end - at >= 8; at += 8) {
        memcpy(&eight, at, sizeof eight);
        del = eight ^ ones * 0x7f;
        if (((((eight - ones * 0x20) & ~eight) | ((del - ones) & ~del)) & high) != 0)
            break;
    }
    for (; at < end; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
}
