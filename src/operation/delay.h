/* delay.h - how long to wait before asking again: what the server says, or a back-off with jitter.
 * May be included by operation. */
#ifndef INTERIM_OPERATION_DELAY_H
#define INTERIM_OPERATION_DELAY_H

#include "base/fields.h"

#include <stdbool.h>

/* A small generator (splitmix64), seeded by the drive; for jitter, not for secrets. */
uint64_t interim__random_next(uint64_t *state);

/* What an answer says: retry-after-ms, x-ms-retry-after-ms, or Retry-After as seconds or as a date
 * (RFC 9110 section 10.2.3), which is measured from the answer's own Date if it has one, so that
 * the two clocks need not agree. In milliseconds, not negative, not clamped; -1 when it says
 * nothing that can be understood. A date that has passed is 0. */
int64_t interim__delay_asked_ms(const interim__fields *fields, int64_t wall_ns);

/* The wait before the poll after `count` polls without progress: random from first to first *
 * 2^count, at most 30 s (or first, if that is more). */
int64_t interim__delay_backoff_ms(int64_t first_ms, unsigned count, uint64_t *random);

/* asked_ms clamped to min and max, and up to a tenth later, so that many clients that were told the
 * same do not come at once; never earlier. */
int64_t interim__delay_spread_ms(int64_t asked_ms, int64_t min_ms, int64_t max_ms,
                                 uint64_t *random);

#endif
