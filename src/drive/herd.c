/* herd.c - see herd.h. */
#include "drive/herd.h"

#include <stdlib.h>
#include <string.h>

/* In the table as long as somebody polls there, or it is the idle one. */
struct interim__herd_origin {
    struct interim__herd_origin *next;
    interim__herd_place *first, *last; /* in line */
    unsigned polling;
    uint16_t port;
    bool tls;
    char host[];
};

static bool is_of(const struct interim__herd_origin *origin, const interim__uri *uri)
{
    return origin->port == uri->port && origin->tls == uri->tls &&
           strcmp(origin->host, uri->host) == 0;
}

/* FNV-1a. That a server can choose the names of monitors only makes a chain longer. */
static struct interim__herd_origin **chain_of(interim__herd *herd, const char *host, uint16_t port)
{
    uint32_t hash = 2166136261u ^ port;

    for (; *host != '\0'; host++)
        hash = (hash ^ (unsigned char)*host) * 16777619u;
    return &herd->chains[hash % INTERIM__HERD_CHAINS];
}

static struct interim__herd_origin *find(interim__herd *herd, const interim__uri *uri)
{
    struct interim__herd_origin **chain, *origin;
    size_t size;

    if (herd->idle != NULL && is_of(herd->idle, uri))
        return herd->idle;
    chain = chain_of(herd, uri->host, uri->port);
    for (origin = *chain; origin != NULL; origin = origin->next)
        if (is_of(origin, uri))
            return origin;
    size = strlen(uri->host) + 1;
    origin = calloc(1, sizeof *origin + size);
    if (origin == NULL)
        return NULL;
    origin->port = uri->port;
    origin->tls = uri->tls;
    memcpy(origin->host, uri->host, size);
    origin->next = *chain;
    *chain = origin;
    return origin;
}

static void forget(interim__herd *herd, struct interim__herd_origin *origin)
{
    struct interim__herd_origin **at = chain_of(herd, origin->host, origin->port);

    while (*at != origin)
        at = &(*at)->next;
    *at = origin->next;
    free(origin);
}

/* Nobody polls there any more: it takes the place of the one before. */
static void let_idle(interim__herd *herd, struct interim__herd_origin *origin)
{
    if (herd->idle != NULL && herd->idle != origin && herd->idle->polling == 0)
        forget(herd, herd->idle);
    herd->idle = origin;
}

void interim__herd_dispose(interim__herd *herd)
{
    if (herd->idle != NULL)
        forget(herd, herd->idle);
    herd->idle = NULL;
}

static void join_line(struct interim__herd_origin *origin, interim__herd_place *place)
{
    place->previous = origin->last;
    place->next = NULL;
    if (origin->last != NULL)
        origin->last->next = place;
    else
        origin->first = place;
    origin->last = place;
}

static void leave_line(struct interim__herd_origin *origin, interim__herd_place *place)
{
    if (place->previous != NULL)
        place->previous->next = place->next;
    else
        origin->first = place->next;
    if (place->next != NULL)
        place->next->previous = place->previous;
    else
        origin->last = place->previous;
}

bool interim__herd_enter(interim__herd *herd, interim__herd_place *place, const interim__uri *uri)
{
    struct interim__herd_origin *origin = find(herd, uri);

    if (origin == NULL)
        return true;
    place->origin = origin;
    place->polling = origin->polling < herd->limit;
    if (place->polling)
        origin->polling++;
    else
        join_line(origin, place);
    return place->polling;
}

interim__herd_place *interim__herd_leave(interim__herd *herd, interim__herd_place *place)
{
    struct interim__herd_origin *origin = place->origin;
    interim__herd_place *following = NULL;

    if (origin == NULL)
        return NULL;
    if (!place->polling) {
        leave_line(origin, place);
    } else if (origin->first != NULL) {
        following = origin->first;
        leave_line(origin, following);
        following->polling = true;
    } else if (--origin->polling == 0) {
        let_idle(herd, origin);
    }
    *place = (interim__herd_place){0};
    return following;
}
