/* resolver.h - names to addresses, by getaddrinfo in threads (desk.h), so that the system's own
 * rules (hosts file, nsswitch, search domains) hold and nobody waits for them. Answers are kept for
 * a while (book.h). Lookups of the same name that are under way at the same time are one lookup.
 *
 * Literal addresses are not names: who has one does not ask. The threads, their descriptor
 * included, come with the first name. May be included by transport and drive. */
#ifndef INTERIM_TRANSPORT_RESOLVER_H
#define INTERIM_TRANSPORT_RESOLVER_H

#include "loop/loop.h"
#include "transport/address.h"

typedef struct interim__resolver interim__resolver;
typedef struct interim__lookup interim__lookup;

/* What came of a lookup: error is 0 and there are addresses, without a port, at most 16 of each
 * family, in the order of RFC 6724 as the system gives it, and with what is known of their
 * standing; or error is ERESOLVE (os_error: EAI_*) or ENOMEM or ESYSTEM. */
typedef struct interim__found {
    int error, os_error;
    const interim__address *addresses;
    size_t count;
    uint32_t answer; /* which one it is, never 0 */
} interim__found;

/* The caller's part of a lookup. done is called once, in a turn of the loop and never from within
 * interim__resolver_ask; what it is given is borrowed until it returns. */
struct interim__lookup {
    void (*done)(interim__lookup *lookup, const interim__found *found);
    interim__lookup *next, **at; /* the resolver's: among those who wait for the same; NULL: it
                                    is not under way */
    void *shared;                /* the resolver's */
};

/* keep_ns: how long answers are kept, 0 or less: not at all. Errors: ENOMEM. */
int interim__resolver_new(interim__resolver **out, interim__loop *loop, int64_t keep_ns);

/* Frees it; lookups that are under way are forgotten without their done. Does not wait for threads:
 * they free what they still use. */
void interim__resolver_free(interim__resolver *resolver);

/* Starts a lookup of a name. Errors: ENOMEM, ESYSTEM (no thread, or no descriptor: errno tells);
 * done is then not called. */
int interim__resolver_ask(interim__resolver *resolver, interim__lookup *lookup, const char *host);

/* Forgets a lookup: done will not be called. Nothing happens if it is not under way. */
void interim__resolver_forget(interim__resolver *resolver, interim__lookup *lookup);

/* Tells how it went on with an answer: the standing of one of its addresses, for who asks next; or
 * that none of them led anywhere, so that the next one asks the system. answer 0: nothing happens.
 */
void interim__resolver_note(interim__resolver *resolver, const char *host, uint32_t answer,
                            const interim__address *address);
void interim__resolver_strike(interim__resolver *resolver, const char *host, uint32_t answer);

/* Forgets all answers; lookups that are under way are not joined any more. */
void interim__resolver_clear(interim__resolver *resolver);

#endif
