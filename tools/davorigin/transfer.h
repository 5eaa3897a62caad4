/* COPY and MOVE as an order (RFC 4918 §9.8, §9.9): what the request asks for, the refusals that
 * need no work, and carrying it out.
 *
 * Checks, in this order: the form of Depth, Overwrite and Destination (400, 502), both onto or into
 * each other (403), the source (404), the destination's parent (409), Overwrite (412). transfer_run
 * checks again what may have changed meanwhile. */
#ifndef DAVORIGIN_TRANSFER_H
#define DAVORIGIN_TRANSFER_H

#include "exchange.h"
#include "multistatus.h"
#include "progress.h"

struct transfer {
    const struct site *site;
    struct path source;
    struct path destination;
    bool move;
    bool shallow; /* Depth: 0 */
    bool overwrite;
};

/* What came out: 201, 204, 207 with failures, the status of a failure, or 0 when it was cancelled.
 */
struct outcome {
    int status;
    struct failures failures;
};

/* Reads the order off the request and checks it. 0 and `out` filled, or a status with `*why` for
 * people. */
int transfer_prepare(struct transfer *out, const struct exchange *exchange, const char **why);
void transfer_free(struct transfer *transfer);

/* Does it, in the caller's thread. */
void transfer_run(struct outcome *out, const struct transfer *transfer, struct progress *progress);

#endif
