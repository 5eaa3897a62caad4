/* progress.c - see progress.h. */
#include "operation/progress.h"

#include "base/text.h"

#include <string.h>

void interim__progress_set_percent(interim__progress *progress, double percent)
{
    if (percent >= 0 && percent <= 100)
        progress->percent = percent;
}

static size_t digits_at(const char *text, size_t length)
{
    size_t count = 0;

    while (count < length && text[count] >= '0' && text[count] <= '9')
        count++;
    return count;
}

/* done "/" total, perhaps followed by remarks. */
static void read_fraction(interim__progress *progress, const char *text, size_t length)
{
    size_t first = digits_at(text, length), second;
    int64_t done, total;

    if (first == 0 || first + 1 >= length || text[first] != '/')
        return;
    second = digits_at(text + first + 1, length - first - 1);
    if (!interim__text_decimal(&done, text, first, NULL) ||
        !interim__text_decimal(&total, text + first + 1, second, NULL) || done > total)
        return;
    progress->done = done;
    progress->total = total;
    if (total > 0)
        progress->percent = 100.0 * (double)done / (double)total;
}

/* The number before the first percent sign: "60.00% Done", "In Progress (10%)". */
static void read_percent(interim__progress *progress, const char *text, size_t length)
{
    const char *sign = memchr(text, '%', length);
    const char *at = sign;
    double value = 0, scale = 1;
    bool point = false, digit = false;

    if (sign == NULL)
        return;
    while (at > text && ((at[-1] >= '0' && at[-1] <= '9') || at[-1] == '.'))
        at--;
    if (at == sign || sign - at > 12 || (at > text && at[-1] == '-'))
        return;
    for (; at < sign; at++) {
        if (*at == '.') {
            if (point)
                return;
            point = true;
            continue;
        }
        value = value * 10 + (*at - '0');
        scale *= point ? 10 : 1;
        digit = true;
    }
    if (digit)
        interim__progress_set_percent(progress, value / scale);
}

void interim__progress_read(interim__progress *progress, const interim__fields *fields)
{
    const interim_field *field;
    int64_t offset;

    if (fields->count == 0)
        return;
    field = interim__fields_next(fields, "x-progress", NULL);
    if (field != NULL)
        read_percent(progress, field->value, field->value_length);
    field = interim__fields_next(fields, "upload-offset", NULL);
    if (field != NULL && interim__text_decimal(&offset, field->value, field->value_length, NULL))
        progress->done = offset;
    field = interim__fields_next(fields, "x-ms-copy-progress", NULL);
    if (field != NULL)
        read_fraction(progress, field->value, field->value_length);
    field = interim__fields_next(fields, "progress", NULL);
    if (field != NULL)
        read_fraction(progress, field->value, field->value_length);
}
