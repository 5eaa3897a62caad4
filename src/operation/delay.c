/* delay.c - see delay.h. */
#include "operation/delay.h"

#include "base/text.h"
#include "exchange/date.h"

#define BACKOFF_MAX_MS 30000
#define FAR_MS                                                                                     \
    ((int64_t)366 * 86400 * 1000) /* more than any clamp; keeps sums from overflowing              \
                                   */

uint64_t interim__random_next(uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15u;

    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

/* 0 ... limit, both included. */
static int64_t random_up_to(int64_t limit, uint64_t *random)
{
    return (int64_t)(interim__random_next(random) % ((uint64_t)limit + 1));
}

/* A number of units, each of so many milliseconds; too large a number is a long time, anything else
 * that is no number, or no field, is nothing. */
static int64_t number_ms(const interim_field *field, int64_t unit_ms)
{
    int64_t number;
    bool overflow = false; /* it stays as it is when this is no number at all */

    if (field == NULL)
        return -1;
    if (interim__text_decimal(&number, field->value, field->value_length, &overflow))
        return number > FAR_MS / unit_ms ? FAR_MS : number * unit_ms;
    return overflow ? FAR_MS : -1;
}

static int64_t date_ms(const interim__fields *fields, const interim_field *field, int64_t wall_ns)
{
    const interim_field *date = interim__fields_next(fields, "date", NULL);
    int64_t now_s = wall_ns / 1000000000, then_s, from_s;

    if (!interim__date_parse(&then_s, field->value, field->value_length, now_s))
        return -1;
    if (date == NULL || !interim__date_parse(&from_s, date->value, date->value_length, now_s))
        from_s = now_s;
    if (then_s <= from_s)
        return 0;
    return then_s - from_s > FAR_MS / 1000 ? FAR_MS : (then_s - from_s) * 1000;
}

int64_t interim__delay_asked_ms(const interim__fields *fields, int64_t wall_ns)
{
    const interim_field *field = interim__fields_next(fields, "retry-after", NULL);
    int64_t asked = number_ms(interim__fields_next(fields, "retry-after-ms", NULL), 1);

    if (asked < 0)
        asked = number_ms(interim__fields_next(fields, "x-ms-retry-after-ms", NULL), 1);
    if (asked < 0)
        asked = number_ms(field, 1000);
    return asked >= 0 || field == NULL ? asked : date_ms(fields, field, wall_ns);
}

int64_t interim__delay_backoff_ms(int64_t first_ms, unsigned count, uint64_t *random)
{
    int64_t limit = first_ms > BACKOFF_MAX_MS ? first_ms : BACKOFF_MAX_MS;
    int64_t upper = first_ms;

    while (count-- > 0 && upper < limit)
        upper = upper > limit / 2 ? limit : upper * 2;
    return first_ms + random_up_to(upper - first_ms, random);
}

int64_t interim__delay_spread_ms(int64_t asked_ms, int64_t min_ms, int64_t max_ms, uint64_t *random)
{
    int64_t delay = asked_ms < min_ms ? min_ms : asked_ms > max_ms ? max_ms : asked_ms;

    return delay + random_up_to(delay / 10, random);
}
