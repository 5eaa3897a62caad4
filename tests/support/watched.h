/* watched.h - a loop, socket pairs that it watches, and timers that count. For the tests of the
 * loop. Failures to set them up fail the test. */
#ifndef TESTS_SUPPORT_WATCHED_H
#define TESTS_SUPPORT_WATCHED_H

#include "loop/loop.h"

#define MS INT64_C(1000000)

/* The loop of the running test. */
extern interim__loop *loop;

void open_loop(int engine); /* 0: epoll, 1: poll */
void close_loop(void);
void turn(int timeout_ms);
int64_t elapsed_ms(int64_t since);

/* One end of a socket pair, in the loop. */
struct end {
    interim__watch watch; /* first */
    int peer;             /* the other end of the pair */
    int calls;
    unsigned events; /* of the last call */
    void (*then)(struct end *end);
    struct end *other; /* for then */
};

struct end *end_new(void);
void end_free(struct end *end);
void say(const struct end *end);     /* the peer sends a byte */
size_t drain(const struct end *end); /* reads until EAGAIN; how many bytes */
void want_read(struct end *end);

/* Two ends, each the other of the other, that are ready in the same turn. */
void ends_new_ready(struct end **one, struct end **two, void (*then)(struct end *end));

/* A timer that counts. */
struct alarm {
    interim__timer timer; /* first */
    int calls;
    int order; /* which call of all alarms was its last */
    int64_t deadline;
    int64_t again; /* set to this when due; 0: not */
};

extern int fired; /* calls of all alarms */

void alarm_init(struct alarm *alarm);
void alarm_set(struct alarm *alarm, int64_t deadline);

#endif
