/* timers.c - see timers.h. A timer is in the heap exactly when its deadline is not INTERIM__NEVER.
 * The heap only grows: its memory is bounded by the most timers that were ever set at once, and a
 * timer that is set again never needs any. */
#include "loop/timers.h"

#include <stdlib.h>

#define WAYS 4 /* below each: half as many levels as two, and those four lie side by side */

static void put(interim__timers *timers, size_t at, interim__timers_entry entry)
{
    timers->heap[at] = entry;
    entry.timer->slot = at;
}

/* Moves the gap at `at` up until entry fits in. */
static void sift_up(interim__timers *timers, size_t at, interim__timers_entry entry)
{
    while (at > 0) {
        size_t above = (at - 1) / WAYS;

        if (timers->heap[above].deadline <= entry.deadline)
            break;
        put(timers, at, timers->heap[above]);
        at = above;
    }
    put(timers, at, entry);
}

/* The earliest of those below; at least one is there. */
static size_t earliest_below(const interim__timers *timers, size_t first)
{
    size_t end = timers->count - first < WAYS ? timers->count : first + WAYS, best = first;

    for (size_t i = first + 1; i < end; i++)
        if (timers->heap[i].deadline < timers->heap[best].deadline)
            best = i;
    return best;
}

/* The same, down. */
static void sift_down(interim__timers *timers, size_t at, interim__timers_entry entry)
{
    while (WAYS * at + 1 < timers->count) {
        size_t below = earliest_below(timers, WAYS * at + 1);

        if (entry.deadline <= timers->heap[below].deadline)
            break;
        put(timers, at, timers->heap[below]);
        at = below;
    }
    put(timers, at, entry);
}

static int insert(interim__timers *timers, interim__timer *timer, int64_t deadline)
{
    if (timers->count == timers->capacity) {
        size_t capacity = timers->capacity == 0 ? 16 : 2 * timers->capacity;
        interim__timers_entry *heap;

        if (capacity > SIZE_MAX / sizeof *heap)
            return INTERIM_ENOMEM;
        heap = realloc(timers->heap, capacity * sizeof *heap);
        if (heap == NULL)
            return INTERIM_ENOMEM;
        timers->heap = heap;
        timers->capacity = capacity;
    }
    timer->deadline = deadline;
    sift_up(timers, timers->count++, (interim__timers_entry){deadline, timer});
    return 0;
}

static void move(interim__timers *timers, size_t at, interim__timers_entry entry)
{
    if (at > 0 && entry.deadline < timers->heap[(at - 1) / WAYS].deadline)
        sift_up(timers, at, entry);
    else
        sift_down(timers, at, entry);
}

static void take_out(interim__timers *timers, interim__timer *timer)
{
    interim__timers_entry last = timers->heap[--timers->count];

    timer->deadline = INTERIM__NEVER;
    if (last.timer != timer)
        move(timers, timer->slot, last);
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
    move(timers, timer->slot, (interim__timers_entry){deadline, timer});
    return 0;
}

interim__timer *interim__timers_pop(interim__timers *timers, int64_t now)
{
    interim__timer *first;

    if (timers->count == 0 || timers->heap[0].deadline > now)
        return NULL;
    first = timers->heap[0].timer;
    take_out(timers, first);
    return first;
}

void interim__timers_dispose(interim__timers *timers)
{
    free(timers->heap);
    *timers = (interim__timers){0};
}
