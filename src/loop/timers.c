/* timers.c - see timers.h. A timer is in the heap exactly when its deadline is not INTERIM__NEVER.
 * The heap only grows: its memory is bounded by the most timers that were ever set at once, and a
 * timer that is set again never needs any. */
#include "loop/timers.h"

#include <stdlib.h>

static void put(interim__timers *timers, size_t at, interim__timer *timer)
{
    timers->heap[at] = timer;
    timer->slot = at;
}

static void sift_up(interim__timers *timers, interim__timer *timer)
{
    size_t at = timer->slot;

    while (at > 0) {
        size_t above = (at - 1) / 2;

        if (timers->heap[above]->deadline <= timer->deadline)
            break;
        put(timers, at, timers->heap[above]);
        at = above;
    }
    put(timers, at, timer);
}

static void sift_down(interim__timers *timers, interim__timer *timer)
{
    size_t at = timer->slot;

    for (;;) {
        size_t below = 2 * at + 1;

        if (below >= timers->count)
            break;
        if (below + 1 < timers->count &&
            timers->heap[below + 1]->deadline < timers->heap[below]->deadline)
            below++;
        if (timer->deadline <= timers->heap[below]->deadline)
            break;
        put(timers, at, timers->heap[below]);
        at = below;
    }
    put(timers, at, timer);
}

static int insert(interim__timers *timers, interim__timer *timer, int64_t deadline)
{
    if (timers->count == timers->capacity) {
        size_t capacity = timers->capacity == 0 ? 16 : 2 * timers->capacity;
        interim__timer **heap;

        if (capacity > SIZE_MAX / sizeof *heap)
            return INTERIM_ENOMEM;
        heap = realloc(timers->heap, capacity * sizeof *heap);
        if (heap == NULL)
            return INTERIM_ENOMEM;
        timers->heap = heap;
        timers->capacity = capacity;
    }
    timer->deadline = deadline;
    put(timers, timers->count++, timer);
    sift_up(timers, timer);
    return 0;
}

static void take_out(interim__timers *timers, interim__timer *timer)
{
    interim__timer *last = timers->heap[--timers->count];

    timer->deadline = INTERIM__NEVER;
    if (last == timer)
        return;
    put(timers, timer->slot, last);
    sift_up(timers, last);
    sift_down(timers, last);
}

int interim__timers_set(interim__timers *timers, interim__timer *timer, int64_t deadline)
{
    int64_t before = timer->deadline;

    if (deadline == before)
        return 0;
    if (deadline == INTERIM__NEVER) {
        take_out(timers, timer);
        return 0;
    }
    if (before == INTERIM__NEVER)
        return insert(timers, timer, deadline);
    timer->deadline = deadline;
    if (deadline < before)
        sift_up(timers, timer);
    else
        sift_down(timers, timer);
    return 0;
}

int64_t interim__timers_earliest(const interim__timers *timers)
{
    return timers->count == 0 ? INTERIM__NEVER : timers->heap[0]->deadline;
}

interim__timer *interim__timers_pop(interim__timers *timers, int64_t now)
{
    interim__timer *first;

    if (timers->count == 0 || timers->heap[0]->deadline > now)
        return NULL;
    first = timers->heap[0];
    take_out(timers, first);
    return first;
}

void interim__timers_dispose(interim__timers *timers)
{
    free(timers->heap);
    *timers = (interim__timers){0};
}
