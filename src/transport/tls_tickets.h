/* tls_tickets.h - sessions of verified connections, so that the next one to the same place needs no
 * certificates: the newest of each place, of 64 places. All are of one client, whose TLS settings
 * are the same for all.
 *
 * A place is an endpoint: host and port (CVE-2017-7468), the way there (CVE-2021-22890), and
 * whether the client would show its certificate, because a session remembers that it did
 * (CVE-2016-5419). A session of TLS 1.3 is used once (RFC 8446 appendix C.4). None is used after
 * the server's certificate has expired. May be included by tls.c. */
#ifndef INTERIM_TRANSPORT_TLS_TICKETS_H
#define INTERIM_TRANSPORT_TLS_TICKETS_H

#include "transport/endpoint.h"

#include <openssl/ssl.h>
#include <stdint.h>

#define INTERIM__TLS_PLACES 64

typedef struct interim__tls_ticket {
    interim__endpoint place; /* its own */
    uint64_t used;           /* when, in order; 0: free */
    SSL_SESSION *session;
} interim__tls_ticket;

/* All zero: empty. */
typedef struct interim__tls_tickets {
    interim__tls_ticket items[INTERIM__TLS_PLACES];
    uint64_t clock;
} interim__tls_tickets;

/* Keeps a session, whose reference is transferred, instead of the one that is there for this place,
 * or of the one whose place was not used for the longest time. Without memory it is dropped. */
void interim__tls_tickets_keep(interim__tls_tickets *tickets, const interim__endpoint *place,
                               SSL_SESSION *session);

/* The session to resume, transferred; NULL when there is none. */
SSL_SESSION *interim__tls_tickets_take(interim__tls_tickets *tickets,
                                       const interim__endpoint *place);

void interim__tls_tickets_dispose(interim__tls_tickets *tickets);

#endif
