/* race.h - connects to one of several addresses (RFC 8305 section 5): those that were good come
 * first and those that were bad last, the families take turns, the next address is tried when the
 * one before has had its head start or as soon as one fails, and the first that is connected wins.
 * A Unix-domain socket whose queue is full is asked again. May be included by transport and client.
 */
#ifndef INTERIM_TRANSPORT_RACE_H
#define INTERIM_TRANSPORT_RACE_H

#include "transport/socket.h"

typedef struct interim__race interim__race;

/* Called once, in a turn of the loop and never from within interim__race_start: winner is
 * transferred and connected to address; or NULL, and error tells why the race was lost. address and
 * error are borrowed until return. It frees the race, before it returns. */
typedef void (*interim__race_fn)(void *user, interim__socket *winner,
                                 const interim__address *address, const interim_error *error);

#define INTERIM__RACE_MOST 32 /* further addresses are not tried */

/* The head start of each address: RFC 8305 section 5, Connection Attempt Delay, and its bounds. */
#define INTERIM__RACE_DELAY_MS 250
#define INTERIM__RACE_DELAY_LEAST_MS 10
#define INTERIM__RACE_DELAY_MOST_MS 2000

/* What a race is about. addresses are copied; there is at least one. local: where from, or NULL.
 * host (borrowed until the race is freed, as local->text is) and port are for the addresses and for
 * error texts; a Unix-domain socket has neither. delay_ns: 0: the usual head start. */
typedef struct interim__race_terms {
    const interim__address *addresses;
    size_t count;
    const interim__local *local;
    const char *host;
    uint16_t port;
    int64_t delay_ns;
} interim__race_terms;

/* Starts a race. 1: it is won already, and nothing else is made or called: *winner, which is
 * transferred, is connected to *address. Errors: ENOMEM. */
int interim__race_start(interim__race **out, interim__loop *loop, const interim__race_terms *terms,
                        interim__race_fn done, void *user, interim__socket **winner,
                        interim__address *address);

/* The watch of the only attempt that is under way; NULL: there are more, or none. */
interim__watch *interim__race_watch(const interim__race *race);

/* Ends a race, lost attempts included; NULL is nothing. */
void interim__race_free(interim__race *race);

/* The i-th address that was tried, with the standing that it has now; NULL: no more were. Borrowed
 * until the race is freed. */
const interim__address *interim__race_tried(const interim__race *race, size_t i);

/* Whether all addresses are being tried or have failed. */
bool interim__race_is_spent(const interim__race *race);

/* Sorts indices of addresses, at most INTERIM__RACE_MOST, into the order in which they are tried.
 */
void interim__race_order(size_t *order, const interim__address *addresses, size_t count);

#endif
