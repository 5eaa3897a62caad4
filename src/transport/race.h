/* race.h - connects to one of several addresses (RFC 8305 section 5): the families take turns, the
 * next address is tried 250 ms after the one before or as soon as one fails, and the first that is
 * connected wins. A Unix-domain socket whose queue is full is asked again. May be included by
 * transport. */
#ifndef INTERIM_TRANSPORT_RACE_H
#define INTERIM_TRANSPORT_RACE_H

#include "transport/socket.h"

typedef struct interim__race interim__race;

/* Called once, in a turn of the loop and never from within interim__race_start: winner is
 * transferred and connected to address; or NULL, and error tells why the race was lost. address and
 * error are borrowed until return. It frees the race, before it returns. */
typedef void (*interim__race_fn)(void *user, interim__socket *winner,
                                 const interim__address *address, const interim_error *error);

/* Starts a race from local. host (borrowed until the race is freed, as local->text is) and port are
 * for error texts; a Unix-domain socket has neither. Addresses are copied; there is at least one.
 * Errors: ENOMEM. */
int interim__race_start(interim__race **out, interim__loop *loop, const interim__address *addresses,
                        size_t count, const interim__local *local, const char *host, uint16_t port,
                        interim__race_fn done, void *user);

/* Ends a race, lost attempts included; NULL is nothing. */
void interim__race_free(interim__race *race);

/* Sorts indices of addresses into the order in which they are tried. */
void interim__race_order(size_t *order, const interim__address *addresses, size_t count);

#endif
