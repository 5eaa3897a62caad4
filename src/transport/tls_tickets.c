/* tls_tickets.c - see tls_tickets.h. */
#include "transport/tls_tickets.h"

#include <stddef.h>

static void drop(interim__tls_ticket *ticket)
{
    interim__endpoint_dispose(&ticket->place);
    SSL_SESSION_free(ticket->session);
    *ticket = (interim__tls_ticket){0};
}

static interim__tls_ticket *find(interim__tls_tickets *tickets, const interim__endpoint *place)
{
    for (size_t i = 0; i < INTERIM__TLS_PLACES; i++) {
        interim__tls_ticket *at = &tickets->items[i];

        if (at->used > 0 && interim__endpoint_equal(&at->place, place))
            return at;
    }
    return NULL;
}

/* One that is free, or else the one that was not used for the longest time. */
static interim__tls_ticket *make_room(interim__tls_tickets *tickets)
{
    interim__tls_ticket *oldest = &tickets->items[0];

    for (size_t i = 1; i < INTERIM__TLS_PLACES; i++)
        if (tickets->items[i].used < oldest->used)
            oldest = &tickets->items[i];
    if (oldest->used > 0)
        drop(oldest);
    return oldest;
}

void interim__tls_tickets_keep(interim__tls_tickets *tickets, const interim__endpoint *place,
                               SSL_SESSION *session)
{
    interim__tls_ticket *ticket = find(tickets, place);

    if (ticket == NULL) {
        interim__endpoint copy;

        if (!interim__endpoint_copy(&copy, place)) {
            SSL_SESSION_free(session);
            return;
        }
        ticket = make_room(tickets);
        ticket->place = copy;
    }
    SSL_SESSION_free(ticket->session);
    ticket->session = session;
    ticket->used = ++tickets->clock;
}

/* A full handshake would not accept the certificate any more, so this one does not either. */
static bool has_expired(SSL_SESSION *session)
{
    const X509 *peer = SSL_SESSION_get0_peer(session);

    return peer == NULL || X509_cmp_current_time(X509_get0_notAfter(peer)) <= 0;
}

SSL_SESSION *interim__tls_tickets_take(interim__tls_tickets *tickets,
                                       const interim__endpoint *place)
{
    interim__tls_ticket *ticket = find(tickets, place);
    SSL_SESSION *session;

    if (ticket == NULL)
        return NULL;
    session = ticket->session;
    if (!SSL_SESSION_is_resumable(session) || has_expired(session)) {
        drop(ticket);
        return NULL;
    }
    SSL_SESSION_up_ref(session);
    ticket->used = ++tickets->clock;
    if (SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION)
        drop(ticket);
    return session;
}

void interim__tls_tickets_dispose(interim__tls_tickets *tickets)
{
    for (size_t i = 0; i < INTERIM__TLS_PLACES; i++)
        if (tickets->items[i].used > 0)
            drop(&tickets->items[i]);
}
