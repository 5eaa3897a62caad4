/* queue.c - see queue.h. An origin is in the table as long as it has a place. It is in the ring
 * exactly while it has a line and room for one more; who is admitted goes to the end of the ring
 * with its origin. */
#include "drive/queue.h"

#include <interim.h>
#include <stdlib.h>
#include <string.h>

struct interim__queue_origin {
    interim__sibling entry;                        /* first: the entry is the origin */
    struct interim__queue_origin *next, *previous; /* in the ring; NULL: not in it */
    interim__queue_place *first, *last;            /* in line */
    size_t admitted;
    bool tls;
    uint16_t port;
    char host[];
};

typedef struct interim__queue_origin origin;

/* ---- The ring ---- */

static void join_ring(interim__queue *queue, origin *at)
{
    origin *first = queue->turn;

    if (first == NULL) {
        queue->turn = at->next = at->previous = at;
        return;
    }
    at->next = first;
    at->previous = first->previous;
    at->previous->next = first->previous = at;
}

static void leave_ring(interim__queue *queue, origin *at)
{
    if (queue->turn == at)
        queue->turn = at->next == at ? NULL : at->next;
    at->next->previous = at->previous;
    at->previous->next = at->next;
    at->next = at->previous = NULL;
}

static bool has_room(const interim__queue *queue, const origin *at)
{
    return queue->origin_limit == 0 || at->admitted < queue->origin_limit;
}

static void keep_ring(interim__queue *queue, origin *at)
{
    bool belongs = at->first != NULL && has_room(queue, at);

    if (belongs && at->next == NULL)
        join_ring(queue, at);
    else if (!belongs && at->next != NULL)
        leave_ring(queue, at);
}

/* ---- Lines ---- */

static void join_line(origin *at, interim__queue_place *place)
{
    place->next = NULL;
    place->previous = at->last;
    *(at->last != NULL ? &at->last->next : &at->first) = place;
    at->last = place;
}

static void leave_line(origin *at, interim__queue_place *place)
{
    *(place->previous != NULL ? &place->previous->next : &at->first) = place->next;
    *(place->next != NULL ? &place->next->previous : &at->last) = place->previous;
    place->next = place->previous = NULL;
}

/* ---- Origins ---- */

static bool is_of(const origin *at, const interim__endpoint *endpoint)
{
    return at->port == endpoint->port && at->tls == endpoint->tls &&
           strcmp(at->host, endpoint->host) == 0;
}

static origin *find(interim__queue *queue, const interim__endpoint *endpoint)
{
    uint64_t key = interim__siblings_key(endpoint->host) ^ endpoint->port;
    size_t size = strlen(endpoint->host) + 1;
    interim__sibling *entry;
    origin *at;

    for (entry = interim__siblings_first(&queue->origins, key); entry != NULL;
         entry = interim__siblings_next(entry))
        if (is_of((origin *)(void *)entry, endpoint))
            return (origin *)(void *)entry;
    at = calloc(1, sizeof *at + size);
    if (at == NULL)
        return NULL;
    at->tls = endpoint->tls;
    at->port = endpoint->port;
    memcpy(at->host, endpoint->host, size);
    interim__siblings_put(&queue->origins, &at->entry, key);
    if (at->entry.link != NULL)
        return at;
    free(at);
    return NULL;
}

static void forget_if_unused(interim__queue *queue, origin *at)
{
    if (at->admitted > 0 || at->first != NULL)
        return;
    interim__siblings_take(&queue->origins, &at->entry);
    free(at);
}

/* ---- Places ---- */

static bool is_full(const interim__queue *queue)
{
    return queue->limit != 0 && queue->admitted >= queue->limit;
}

static void admit(interim__queue *queue, interim__queue_place *place)
{
    place->admitted = true;
    place->origin->admitted++;
    queue->admitted++;
}

int interim__queue_enter(interim__queue *queue, interim__queue_place *place,
                         const interim__endpoint *endpoint)
{
    if (!interim__queue_is_limited(queue))
        return 1;
    if (place->origin != NULL && is_of(place->origin, endpoint))
        return place->admitted;
    interim__queue_leave(queue, place);
    place->origin = find(queue, endpoint);
    if (place->origin == NULL)
        return INTERIM_ENOMEM;
    /* Nobody overtakes those who are about to be let in. */
    if (queue->turn == NULL && !is_full(queue) && has_room(queue, place->origin)) {
        admit(queue, place);
        return 1;
    }
    join_line(place->origin, place);
    keep_ring(queue, place->origin);
    return 0;
}

void interim__queue_leave(interim__queue *queue, interim__queue_place *place)
{
    origin *at = place->origin;

    if (at == NULL)
        return;
    if (place->admitted) {
        at->admitted--;
        queue->admitted--;
    } else {
        leave_line(at, place);
    }
    keep_ring(queue, at);
    forget_if_unused(queue, at);
    *place = (interim__queue_place){0};
}

interim__queue_place *interim__queue_next(interim__queue *queue)
{
    origin *at = queue->turn;
    interim__queue_place *place;

    if (at == NULL || is_full(queue))
        return NULL;
    place = at->first;
    leave_ring(queue, at);
    leave_line(at, place);
    admit(queue, place);
    keep_ring(queue, at);
    return place;
}

bool interim__queue_waits(const interim__queue_place *place)
{
    return place->origin != NULL && !place->admitted;
}

bool interim__queue_is_full_at(const interim__queue *queue, const interim__queue_place *place)
{
    return !has_room(queue, place->origin);
}

size_t interim__queue_admitted_at(const interim__queue_place *place)
{
    return place->origin->admitted;
}

void interim__queue_dispose(interim__queue *queue)
{
    interim__siblings_dispose(&queue->origins);
}
