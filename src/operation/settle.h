/* settle.h - what became of a work whose outcome is unknown: looks at its places, repeated until
 * they tell, and never the request again. A machine without sockets or clocks:
 *
 *     ASK --_question, _member, _answered--> ASK ... until a look is complete --> WAIT --_tick-->
 * ASK
 *                                                                            `-> OVER: it is told,
 *                                                                                or the deadline
 * A look that got no usable answer does not count; it is made again until the deadline. May be
 * included by operation and client. */
#ifndef INTERIM_OPERATION_SETTLE_H
#define INTERIM_OPERATION_SETTLE_H

#include "operation/judgement.h"
#include "operation/request.h"
#include "operation/survey.h"

typedef enum interim__settle_need {
    INTERIM__SETTLE_ASK,
    INTERIM__SETTLE_WAIT,
    INTERIM__SETTLE_OVER
} interim__settle_need;

typedef struct interim__settle {
    interim__settle_need need;
    int64_t wait_until; /* monotonic ns, in WAIT */
    bool looked;        /* a look has just been completed */
    /* The rest is its own. */
    interim_settle_options options; /* defaults filled in */
    interim__signs signs;
    interim__survey surveys[INTERIM__PLACES];
    interim_settlement *found;
    int place; /* which survey asks */
    bool own_lock;
    bool compared; /* last is of a look that counts */
    interim_place last[INTERIM__PLACES];
    unsigned equal;
    int64_t began, steady_since, look_began;
    int64_t asked_wait_ms; /* Retry-After of an answer in this look, -1: none */
} interim__settle;

/* Begins. found is filled in as it goes; borrowed. Errors: EINVAL, EURL, ENOMEM; it is disposed of
 * then. */
int interim__settle_init(interim__settle *settle, const interim_request *request,
                         const interim_settle_options *options, interim_settlement *found,
                         int64_t now);
void interim__settle_dispose(interim__settle *settle);

/* ASK: what to ask. */
interim__question interim__settle_question(interim__settle *settle);

/* A member in the answer, and then all of it; retry_after_ms: -1 when it does not say. */
int interim__settle_member(interim__settle *settle, const interim_member *member,
                           const interim__uri *base);
void interim__settle_answered(interim__settle *settle, const interim__heard *heard,
                              int64_t retry_after_ms, int64_t now);

/* WAIT: does what is due. */
void interim__settle_tick(interim__settle *settle, int64_t now);

/* What the last look saw, one line. */
void interim__settle_describe(const interim__settle *settle, char *out, size_t size);

#endif
