/* queue.h - how many connections operations may have, in all and to one origin, and the lines of
 * those that wait for one. In the line of an origin it is first come, first served; between origins
 * it goes round, so that a flood on one keeps nobody else waiting. The places are the owners';
 * memory grows with the origins that are in use, not with the lines. Without limits it does
 * nothing. May be included by drive. */
#ifndef INTERIM_DRIVE_QUEUE_H
#define INTERIM_DRIVE_QUEUE_H

#include "drive/siblings.h"
#include "transport/endpoint.h"

struct interim__queue_origin;

/* Of one operation. Zero: neither admitted nor in line. */
typedef struct interim__queue_place {
    struct interim__queue_origin *origin;
    struct interim__queue_place *next, *previous; /* in line */
    bool admitted;                                /* there is room for its connection */
} interim__queue_place;

typedef struct interim__queue {
    size_t limit, origin_limit; /* connections in all, and to an origin; 0: any number */
    size_t admitted;
    interim__siblings origins;          /* of all places */
    struct interim__queue_origin *turn; /* ring of origins with a line and room: who is next */
} interim__queue;

void interim__queue_dispose(interim__queue *queue);

/* Whether there are limits. */
static inline bool interim__queue_is_limited(const interim__queue *queue)
{
    return queue->limit != 0 || queue->origin_limit != 0;
}

/* Asks for room for a connection to an endpoint, for a place that is zero, or was admitted for
 * another one. 1: go. 0: in line, until interim__queue_next names this place. Errors: ENOMEM. */
int interim__queue_enter(interim__queue *queue, interim__queue_place *place,
                         const interim__endpoint *endpoint);

/* Gives the room up, or leaves the line; harmless for a place that is neither. */
void interim__queue_leave(interim__queue *queue, interim__queue_place *place);

/* Admits the next one if there is room for it; NULL: nobody. To be asked after each leave. */
interim__queue_place *interim__queue_next(interim__queue *queue);

/* Whether a place is in line; and whether that is for the limit of its origin: else for that of
 * all. */
bool interim__queue_waits(const interim__queue_place *place);
bool interim__queue_is_full_at(const interim__queue *queue, const interim__queue_place *place);

/* Connections that are admitted to the origin of a place that is. */
size_t interim__queue_admitted_at(const interim__queue_place *place);

#endif
