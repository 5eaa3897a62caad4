/* timers.h - deadlines in order: a heap of four ways. A timer knows its place, so that moving one
 * costs O(log n); the heap keeps the deadlines themselves, so that comparing touches no timer:
 * those lie in operations all over the memory, and at a million of them each touch is a cache miss.
 * May be included by loop. */
#ifndef INTERIM_LOOP_TIMERS_H
#define INTERIM_LOOP_TIMERS_H

#include "loop/loop.h"

typedef struct interim__timers_entry {
    int64_t deadline; /* of the timer */
    interim__timer *timer;
} interim__timers_entry;

typedef struct interim__timers {
    interim__timers_entry *heap; /* heap[0] is due first */
    size_t count;
    size_t capacity;
} interim__timers;

/* Sets, moves or (INTERIM__NEVER) takes out a timer. 0, or INTERIM_ENOMEM and it is not set. */
int interim__timers_set(interim__timers *timers, interim__timer *timer, int64_t deadline);

/* The earliest deadline, INTERIM__NEVER when there is none. */
static inline int64_t interim__timers_earliest(const interim__timers *timers)
{
    return timers->count == 0 ? INTERIM__NEVER : timers->heap[0].deadline;
}

/* Takes out the first timer if it is due at now; NULL when none is. */
interim__timer *interim__timers_pop(interim__timers *timers, int64_t now);

void interim__timers_dispose(interim__timers *timers);

#endif
