/* drive.h - the one place that joins operations to a transport: it gives an operation the
 * connection, the bytes and the time that it needs, and knows nothing of HTTP. May be included by
 * client. */
#ifndef INTERIM_DRIVE_DRIVE_H
#define INTERIM_DRIVE_DRIVE_H

#include "drive/herd.h"
#include "drive/queue.h"
#include "drive/siblings.h"
#include "operation/operation.h"
#include "transport/connection.h"
#include "transport/pool.h"

#include <stddef.h>

/* Gets every event of every operation; a non-zero return cancels the operation. */
typedef int (*interim__drive_observer)(void *user, const interim_request *request,
                                       const interim_event *event);

#define INTERIM__DRIVE_BUFFER ((size_t)256 * 1024)

/* Of an operation in one of the drive's rings. */
typedef struct interim__link {
    struct interim__link *next, *previous;
} interim__link;

/* Its places among others that want a connection, or to poll. */
typedef struct interim__seat {
    struct interim_operation *operation;
    interim__queue_place queue; /* for its connection, where there are limits */
    interim__herd_place herd;   /* among the polls of its monitor's origin */
} interim__seat;

typedef struct interim__drive {
    interim__watch attention; /* first: the watch is the drive. Called when `soon` is not empty */
    interim__transport transport;
    interim__pool *pool;
    interim__herd herd;
    interim__siblings siblings; /* the jobs that are followed */
    interim__queue queue;       /* who waits for a connection */
    interim__moment now;        /* of this turn, as soon as it was asked for */
    char *buffer; /* what is read goes through here: a waiting operation holds no buffer */
    interim__environment environment; /* of the operations */
    interim__routes routes;
    interim__drive_observer observe;
    void *observer;
    uint64_t started; /* operations, ever */
    uint64_t random;
    size_t in_flight;
    interim_operation *spare;           /* memory of one that has ended; NULL: none */
    interim__seat *spare_seat;          /* the same of a seat */
    interim__link running, soon, ended; /* rings of operations, see drive.c */
} interim__drive;

/* An operation and what drives it. */
struct interim_operation {
    interim__operation machine; /* first: see on_event */
    interim__link link;
    interim__timer timer;            /* may come too early; see get_memory of drive.c */
    interim__connection *connection; /* of the exchange, also while it is being opened */
    interim__seat *seat;             /* NULL: it has none; see seat.c */
    interim__sibling sibling;        /* among the jobs of its monitor */
    interim_done_fn on_done;
    void *user;
    unsigned connection_number; /* for which of the machine's wishes the connection is */
    uint32_t polls;             /* that were answered before this one */
    bool polling : 1;
    bool soon : 1; /* it is among those that are looked after in the next turn */
    bool opened : 1;
    bool securing : 1; /* TLS has begun, through a tunnel */
    bool by_hand : 1;  /* the system cannot move the body's file to this connection */
    bool streams : 1;  /* much comes, and nobody has paused it since */
    bool silent : 1;   /* the connection was kept, and nothing had come on it just now */
};

/* A job waits for long, and is one of many: what its machine knows is not kept once more. */
static inline interim__drive *interim__drive_of(const interim_operation *operation)
{
    return (interim__drive *)(void *)((char *)operation->machine.environment -
                                      offsetof(interim__drive, environment));
}

/* The parts are the client's and outlive the drive. Errors: ENOMEM, ESYSTEM; all but
 * interim__drive_start may be called then. */
int interim__drive_init(interim__drive *drive);
void interim__drive_dispose(interim__drive *drive);

/* Starts an operation; it does nothing but say so before it is looked after. */
int interim__drive_start(interim_operation **out, interim__drive *drive, interim_request *request,
                         interim_done_fn on_done, void *user);

/* Gives an operation that has not ended what it needs until it has to wait, or has ended: at the
 * time that was looked at last, or (soon) in the loop's next turn, which needs no memory. */
void interim__drive_look_after(interim_operation *operation);
void interim__drive_soon(interim_operation *operation);

/* For who waits for this operation to end. Does with less effort what a turn of the loop would do,
 * if there is nothing else to wait for: true. False: a turn is to be made, and is prepared to be a
 * simple one. Holds the loop's time. */
bool interim__drive_await(interim__drive *drive, interim_operation *operation);

/* Has the server asked to stop the job in the next turn; see interim_operation_cancel_job. */
int interim__drive_cancel_job(interim_operation *operation);

/* Has the body of a paused operation go on in the next turn. */
void interim__drive_resume(interim_operation *operation);

/* Has a cancelled operation noticed in the next turn, or (abort) at once; all at once. */
void interim__drive_cancel(interim_operation *operation);
void interim__drive_abort(interim_operation *operation);
void interim__drive_abort_all(interim__drive *drive);

/* Looks after those that the next turn would look after. Neither this nor what follows is to be
 * called from a callback. */
void interim__drive_attend(interim__drive *drive);

/* Calls on_done of the operations that have ended, the first first, and frees these; how many. */
size_t interim__drive_deliver(interim__drive *drive);

#endif
