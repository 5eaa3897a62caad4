/* answer.h - what came of one request: its result, what was seen on the way, and its body as a
 * Multi-Status if it is one. Bodies are read as they arrive and not kept, so that a file server
 * that answers with gigabytes costs no memory. Included by session.h, report.h and
 * transfer.c.
 */
#ifndef DAVCOPY_ANSWER_H
#define DAVCOPY_ANSWER_H

#include <interim.h>

#include <stdbool.h>
#include <stdint.h>

#include "members.h"

struct answer {
    interim_result *result; /* NULL before the end */
    bool sent;              /* the request was written completely */
    bool polled;            /* a 202 was followed */
    bool enough;            /* we stopped reading a body that could tell nothing more */
    int body_status;        /* the status that the body came with */
    uint64_t body_bytes;
    struct members *members;             /* of a 207, or of a 200 that may be one; else NULL */
    const struct members_report *report; /* after answer_end */
};

void answer_init(struct answer *answer);

/* Takes note of an event of the request. */
void answer_event(struct answer *answer, const interim_event *event);

/* Takes a part of the body of the final response, which has this status. Returns what an
 * interim_body_fn returns. */
int answer_body(struct answer *answer, int status, const void *data, size_t size);

/* The operation ended with this result, which is transferred. */
void answer_end(struct answer *answer, interim_result *result);

/* The outcome; a body that we did not want to the end does not change it. */
interim_outcome answer_outcome(const struct answer *answer);

/* The status of the final response, or the last one that was seen. */
int answer_status(const struct answer *answer);

void answer_dispose(struct answer *answer);

#endif
