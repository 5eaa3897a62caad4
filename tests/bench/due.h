/* due.h - what is to be done later, soonest first. May be included by the origin. */
#ifndef BENCH_DUE_H
#define BENCH_DUE_H

#include <stdint.h>

/* Within what is due. All zero: not due. */
struct due {
    uint64_t at; /* milliseconds */
    int place;
};

/* Also moves one that is due already. */
void due_set(struct due *due, uint64_t at);
void due_clear(struct due *due);

/* The soonest, NULL when nothing is due. */
struct due *due_first(void);

#endif
