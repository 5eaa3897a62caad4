/* timers.c - what a deadline costs when many wait, as a million jobs between two polls do. Each
 * timer lies in a block of its own, as it does in an operation, and so in a cache line of its own;
 * deadlines are 1 to 600 seconds ahead. Processor time by getrusage. */
#include "loop/timers.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define SECOND INT64_C(1000000000)
#define BLOCK 1024 /* bytes of an operation that waits, about */

static interim__timers timers;
static uint64_t seed = 88172645463325252U;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static int64_t after(int64_t now)
{
    return now + SECOND + (int64_t)(next_random() % (uint64_t)(599 * SECOND));
}

static void set(interim__timer *timer, int64_t deadline)
{
    if (interim__timers_set(&timers, timer, deadline) < 0) {
        fputs("timers: out of memory\n", stderr);
        exit(1);
    }
}

/* Says what it cost since the last call. */
static void report(const char *what, size_t count)
{
    static double before;
    struct rusage usage;
    double now;

    getrusage(RUSAGE_SELF, &usage);
    now = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
          (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
    if (what != NULL)
        printf("%-28s %7.0f ns\n", what, (now - before) / (double)count);
    before = now;
}

static interim__timer *at(char *blocks, size_t i)
{
    return (interim__timer *)(void *)(blocks + i * BLOCK);
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000, i;
    char *blocks = calloc(count, BLOCK);
    interim__timer *timer;
    int64_t now = 0;

    if (blocks == NULL || count == 0)
        return 1;
    for (i = 0; i < count; i++) /* has the pages, before anything is measured */
        interim__timer_init(at(blocks, i), NULL);
    report(NULL, 0);
    for (i = 0; i < count; i++)
        set(at(blocks, i), after(0));
    report("set", count);
    for (i = 0; i < count; i++) {
        now = interim__timers_earliest(&timers);
        timer = interim__timers_pop(&timers, now);
        set(timer, after(now));
    }
    report("due, and set again", count);
    for (i = 0; i < count; i++)
        set(at(blocks, next_random() % count), after(now));
    report("moved", count);
    while ((timer = interim__timers_pop(&timers, INTERIM__NEVER - 1)) != NULL)
        continue;
    report("due", count);
    printf("%-28s %7.0f bytes\n", "memory of the heap a timer",
           (double)(timers.capacity * sizeof *timers.heap) / (double)count);
    interim__timers_dispose(&timers);
    free(blocks);
    return 0;
}
