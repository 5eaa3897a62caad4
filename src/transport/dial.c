/* dial.c - how a connection comes to its socket: who is dialled is looked up, and the addresses are
 * raced; what was learnt of them is left with the resolver. See connection_parts.h. */
#include "transport/connection_parts.h"

#include "base/error.h"
#include "transport/want.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

/* Who is connected to: a proxy, or the end of the way itself. */
static const char *dialled_host(const interim__connection *connection)
{
    const interim__endpoint *endpoint = &connection->endpoint;

    return endpoint->proxy_host == NULL ? interim__endpoint_final_host(endpoint)
                                        : endpoint->proxy_host;
}

static uint16_t dialled_port(const interim__connection *connection)
{
    const interim__endpoint *endpoint = &connection->endpoint;

    return endpoint->proxy_host == NULL ? interim__endpoint_final_port(endpoint)
                                        : endpoint->proxy_port;
}

/* After a failure: the addresses may be those of a service that has moved. What went wrong on this
 * machine, or behind a proxy, says nothing about them. */
void interim__dial_distrust(interim__connection *connection)
{
    int code = interim__connection_error(connection)->code;
    bool refused = connection->state == RACING ||
                   (connection->state == HANDSHAKE && connection->endpoint.proxy_host == NULL);

    if (refused && code != INTERIM_ENOMEM && code != INTERIM_ESYSTEM)
        interim__resolver_strike(connection->transport->resolver, dialled_host(connection),
                                 connection->answer);
}

/* Has the next race begin with what was good in this one. Not so if it started from a certain
 * address or interface: what holds for that one need not hold for another. */
static void remember(interim__connection *connection, const interim__address *address)
{
    if (connection->endpoint.local == NULL && connection->answer != 0 &&
        address->standing != INTERIM__STANDING_UNKNOWN)
        interim__resolver_note(connection->transport->resolver, dialled_host(connection),
                               connection->answer, address);
}

static void note_peer(interim__connection *connection, const interim__address *address)
{
    memcpy(&connection->address, &address->storage, sizeof connection->address);
}

void interim__dial_name_peer(interim__connection *connection)
{
    const char *path = connection->endpoint.socket_path;
    char text[INTERIM__ADDRESS_TEXT];
    interim__address address;
    size_t size;

    if (connection->socket == NULL)
        return;
    if (path != NULL)
        (void)interim__address_unix(&address, path);
    else
        memcpy(&address.storage, &connection->address, sizeof connection->address);
    interim__address_text(&address, text, sizeof text);
    size = strlen(text) + 1;
    connection->peer =
        size <= sizeof connection->short_peer ? connection->short_peer : malloc(size);
    if (connection->peer != NULL)
        memcpy(connection->peer, text, size);
}

static void race_done(void *user, interim__socket *winner, const interim__address *address,
                      const interim_error *error)
{
    interim__connection *connection = user;
    const interim__address *tried;

    if (winner != NULL)
        note_peer(connection, address);
    else if (interim__connection_can_tell(connection))
        *connection->error = *error;
    for (size_t i = 0; (tried = interim__race_tried(connection->race, i)) != NULL; i++)
        remember(connection, tried);
    interim__race_free(connection->race);
    connection->race = NULL;
    if (winner == NULL)
        interim__connection_fail(connection);
    else
        interim__connection_take(connection, winner);
}

static void report_lookup(interim__connection *connection, int error, int os_error)
{
    const char *text = "out of memory", *hint = "";
    char buffer[64];

    if (!interim__connection_can_tell(connection))
        return;
    if (error == INTERIM_ERESOLVE) {
        text = gai_strerror(os_error);
    } else if (error != INTERIM_ENOMEM) {
        text = interim__address_problem(os_error, buffer, sizeof buffer);
        hint = interim__want_hint(os_error);
    }
    interim__error_set(connection->error, error, INTERIM_STAGE_RESOLVE, "resolve %.80s: %s%s",
                       dialled_host(connection), text, hint);
    connection->error->os_error = os_error;
}

/* Errors: ENOMEM. */
static int start_race(interim__connection *connection, const interim__address *addresses,
                      size_t count)
{
    interim__local local;
    bool bound = connection->endpoint.local != NULL;
    interim__socket *winner;
    interim__address address;
    int status;

    /* A zone that is not there any more does not bind. */
    if (bound)
        (void)interim__local_parse(&local, connection->endpoint.local);
    status = interim__race_start(&connection->race, connection->transport->loop,
                                 &(interim__race_terms){
                                     .addresses = addresses,
                                     .count = count,
                                     .local = bound ? &local : NULL,
                                     .host = dialled_host(connection),
                                     .port = dialled_port(connection),
                                     .delay_ns = connection->transport->attempt_delay_ns,
                                 },
                                 race_done, connection, &winner, &address);
    if (status <= 0)
        return status;
    note_peer(connection, &address);
    remember(connection, &address);
    interim__connection_take(connection, winner);
    return 0;
}

static void lookup_done(interim__lookup *lookup, const interim__found *found)
{
    interim__connection *connection = (interim__connection *)(void *)lookup;

    interim__connection_resolved(connection);
    connection->answer = found->answer;
    if (found->error < 0)
        report_lookup(connection, found->error, found->os_error);
    if (found->error < 0 || start_race(connection, found->addresses, found->count) < 0)
        interim__connection_fail(connection);
}

/* There is nothing to resolve about a path, or about an address. Errors: as of
 * interim__connection_open. */
int interim__dial_begin(interim__connection *connection)
{
    const char *path = connection->endpoint.socket_path, *host = dialled_host(connection);
    interim__address address;

    interim__connection_step_to(connection, RESOLVING);
    connection->lookup.done = lookup_done;
    if (path != NULL && !interim__address_unix(&address, path))
        return INTERIM_EINVAL;
    if (path == NULL && !interim__address_parse(&address, host, dialled_port(connection)))
        return interim__resolver_ask(connection->transport->resolver, &connection->lookup, host);
    interim__connection_resolved(connection);
    return start_race(connection, &address, 1);
}

void interim__dial_give_up(interim__connection *connection)
{
    if (connection->race != NULL && interim__race_is_spent(connection->race))
        interim__resolver_strike(connection->transport->resolver, dialled_host(connection),
                                 connection->answer);
    interim__race_free(connection->race);
    connection->race = NULL;
}
