/* resolver.h - names to addresses, by getaddrinfo in a thread, so that the system's own rules
 * (hosts file, nsswitch, search domains) hold and nobody waits for them. Literal addresses are
 * answered without a thread. Lookups of the same host and port that are under way at the same time
 * are one lookup. May be included by transport and drive. */
#ifndef INTERIM_TRANSPORT_RESOLVER_H
#define INTERIM_TRANSPORT_RESOLVER_H

#include "loop/loop.h"
#include "transport/address.h"

typedef struct interim__resolver interim__resolver;
typedef struct interim__lookup interim__lookup;

/* The caller's part of a lookup. done is called once, in a turn of the loop and never from within
 * interim__resolver_ask: error is 0 and the addresses are borrowed until it returns, in the order
 * of RFC 6724 as the system gives it; or error is ERESOLVE (os_error: EAI_*) or ENOMEM or ESYSTEM.
 */
struct interim__lookup {
    void (*done)(interim__lookup *lookup, int error, int os_error,
                 const interim__address *addresses, size_t count);
    interim__lookup *next; /* the resolver's */
    void *shared;          /* the resolver's; NULL: not under way */
};

int interim__resolver_new(interim__resolver **out, interim__loop *loop);

/* Frees it; lookups that are under way are forgotten without their done. Does not wait for threads:
 * they free what they still use. */
void interim__resolver_free(interim__resolver *resolver);

/* Starts a lookup. host without brackets, may be a literal address with a zone. Errors: ENOMEM,
 * ESYSTEM (no thread); done is then not called. */
int interim__resolver_ask(interim__resolver *resolver, interim__lookup *lookup, const char *host,
                          uint16_t port);

/* Forgets a lookup: done will not be called. Nothing happens if it is not under way. */
void interim__resolver_forget(interim__resolver *resolver, interim__lookup *lookup);

#endif
