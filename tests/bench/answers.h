/* answers.h - what the origin answers: each target is rendered once, when it is first asked for.
 * May be included by the origin. */
#ifndef BENCH_ANSWERS_H
#define BENCH_ANSWERS_H

#include <stddef.h>

#define COMMON                                                                                     \
    "Date: Sat, 01 Jan 2022 00:00:00 GMT\r\n"                                                      \
    "Server: bench-origin\r\n"                                                                     \
    "Cache-Control: no-cache\r\n"                                                                  \
    "ETag: \"5f3a-2b1c\"\r\n"

#define OK_BODY "ok"

/* LEFT bytes, taken from UNIT bytes of memory over and over. */
struct seg {
    const char *mem;
    size_t unit, at;
    unsigned long long left;
};

struct answer {
    char target[120];
    struct seg seg[3];
    int nseg;
    long interims; /* sent one each GAP ms before the segments */
    unsigned gap;
    const char *interim;
    size_t interim_len;
};

/* The answer for a target of LEN bytes, NULL when there are too many of them. */
const struct answer *answer_find(const char *target, size_t len);

/* The number after KEY= in the query of a target. */
unsigned long long answer_query(const char *target, const char *key, unsigned long long otherwise);

/* Ends the origin, telling errno. */
void die(const char *what);

/* P, which is not NULL: else ends the origin. */
void *need(void *p);

#endif
