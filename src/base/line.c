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
