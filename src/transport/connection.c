/* connection.c - see connection.h. `state` is assigned in step_to only. After a callback of the
 * owner the connection may be gone: each call of one is the last thing that a function does.
 *
 * Reading and writing wait independently: read_needs and write_needs say for which direction of the
 * socket, which under TLS can be the other one. */
#include "transport/connection.h"

#include "base/error.h"
#include "transport/race.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum state { RESOLVING, RACING, HANDSHAKE, OPEN, FAILED } state;

struct interim__connection {
    interim__lookup lookup; /* first: the lookup is the connection */
    interim__transport transport;
    interim__connection_owner owner;
    state state;
    interim__race *race;           /* RACING */
    interim__socket *socket;       /* from HANDSHAKE on */
    interim__tls_session *session; /* the same, under TLS */
    unsigned read_needs, write_needs;
    ptrdiff_t read_end, write_end; /* END, BROKEN or ABRUPT once it came to that, else 0 */
    interim_error error;
    bool tls;
    uint16_t port;
    char peer[INTERIM__ADDRESS_TEXT];
    char host[];
};

static void step_to(interim__connection *connection, state next)
{
    connection->state = next;
}

static void fail(interim__connection *connection)
{
    step_to(connection, FAILED);
    if (connection->owner.opened != NULL)
        connection->owner.opened(connection->owner.user, &connection->error);
}

static void wait_for(interim__connection *connection)
{
    interim__watch_want(connection->transport.loop, &connection->socket->watch,
                        connection->read_needs | connection->write_needs);
}

/* ---- Opening ------------------------------------------------------------------------------- */

static void open_done(interim__connection *connection)
{
    step_to(connection, OPEN);
    if (connection->owner.opened != NULL)
        connection->owner.opened(connection->owner.user, NULL);
}

static void handshake(interim__connection *connection)
{
    unsigned want = 0;

    switch (interim__tls_handshake(connection->session, &want, &connection->error)) {
    case 1:
        open_done(connection);
        break;
    case INTERIM__AGAIN:
        connection->read_needs = want;
        wait_for(connection);
        break;
    default:
        fail(connection);
        break;
    }
}

static void deliver(interim__connection *connection, unsigned events)
{
    unsigned possible = 0;

    if (connection->read_needs & events) {
        connection->read_needs = 0;
        possible |= INTERIM__READ;
    }
    if (connection->write_needs & events) {
        connection->write_needs = 0;
        possible |= INTERIM__WRITE;
    }
    if (possible != 0 && connection->owner.ready != NULL)
        connection->owner.ready(connection->owner.user, possible);
}

static void socket_ready(void *user, unsigned events)
{
    interim__connection *connection = user;

    if (connection->state == HANDSHAKE)
        handshake(connection);
    else if (connection->state == OPEN)
        deliver(connection, events);
}

static void race_done(void *user, interim__socket *winner, const interim__address *address,
                      const interim_error *error)
{
    interim__connection *connection = user;

    if (winner == NULL)
        connection->error = *error;
    else
        interim__address_text(address, connection->peer, sizeof connection->peer);
    interim__race_free(connection->race);
    connection->race = NULL;
    if (winner == NULL) {
        fail(connection);
        return;
    }
    connection->socket = winner;
    winner->ready = socket_ready;
    winner->user = connection;
    interim__socket_tune(winner);
    if (!connection->tls) {
        open_done(connection);
        return;
    }
    step_to(connection, HANDSHAKE);
    if (interim__tls_session_new(&connection->session, connection->transport.tls, winner,
                                 connection->host, &connection->error) < 0)
        fail(connection);
    else
        handshake(connection);
}

static void report_lookup(interim__connection *connection, int error, int os_error)
{
    char buffer[64];
    const char *text = error == INTERIM_ENOMEM ? "out of memory" : "no thread for it";

    if (error == INTERIM_ERESOLVE)
        text = gai_strerror(os_error);
    else if (os_error != 0)
        text = interim__address_problem(os_error, buffer, sizeof buffer);
    interim__error_set(&connection->error, error, INTERIM_STAGE_RESOLVE, "resolve %.80s: %s",
                       connection->host, text);
    connection->error.os_error = os_error;
}

static void lookup_done(interim__lookup *lookup, int error, int os_error,
                        const interim__address *addresses, size_t count)
{
    interim__connection *connection = (interim__connection *)(void *)lookup;

    if (error < 0) {
        report_lookup(connection, error, os_error);
        fail(connection);
        return;
    }
    step_to(connection, RACING);
    if (interim__race_start(&connection->race, connection->transport.loop, addresses, count,
                            connection->host, connection->port, race_done, connection) < 0) {
        interim__error_set(&connection->error, INTERIM_ENOMEM, INTERIM_STAGE_CONNECT,
                           "connect to %.80s: out of memory", connection->host);
        fail(connection);
    }
}

int interim__connection_open(interim__connection **out, const interim__transport *transport,
                             bool tls, const char *host, uint16_t port,
                             const interim__connection_owner *owner)
{
    size_t length = strlen(host);
    interim__connection *connection = calloc(1, sizeof *connection + length + 1);
    int status;

    *out = NULL;
    if (connection == NULL)
        return INTERIM_ENOMEM;
    memcpy(connection->host, host, length + 1);
    connection->port = port;
    connection->tls = tls;
    connection->transport = *transport;
    connection->owner = *owner;
    connection->lookup.done = lookup_done;
    interim__error_init(&connection->error);
    step_to(connection, RESOLVING);
    status = interim__resolver_ask(transport->resolver, &connection->lookup, host, port);
    if (status < 0) {
        free(connection);
        return status;
    }
    *out = connection;
    return 0;
}

void interim__connection_set_owner(interim__connection *connection,
                                   const interim__connection_owner *owner)
{
    connection->owner = *owner;
}

void interim__connection_free(interim__connection *connection)
{
    if (connection == NULL)
        return;
    interim__resolver_forget(connection->transport.resolver, &connection->lookup);
    interim__race_free(connection->race);
    if (connection->session != NULL) {
        interim__tls_shutdown(connection->session);
        interim__tls_session_free(connection->session);
    }
    interim__socket_free(connection->socket, connection->transport.loop);
    free(connection);
}

/* ---- Bytes --------------------------------------------------------------------------------- */

static ptrdiff_t report_socket(interim__connection *connection, interim_stage stage,
                               const char *what)
{
    int problem = connection->socket->problem;
    char buffer[64];

    if (connection->error.code == 0)
        connection->error.os_error = problem;
    interim__error_set(&connection->error, INTERIM_EDISCONNECTED, stage, "%s %s: %s", what,
                       connection->peer, interim__address_problem(problem, buffer, sizeof buffer));
    return INTERIM__BROKEN;
}

static ptrdiff_t read_plain(interim__connection *connection, void *buffer, size_t size)
{
    ptrdiff_t got = interim__socket_receive(connection->socket, buffer, size);

    if (got > 0)
        return got;
    if (got == 0)
        return INTERIM__END;
    if (errno == EAGAIN)
        return INTERIM__AGAIN;
    return report_socket(connection, INTERIM_STAGE_HEAD, "read from");
}

static ptrdiff_t write_plain(interim__connection *connection, const void *data, size_t size)
{
    ptrdiff_t sent = interim__socket_send(connection->socket, data, size);

    if (sent >= 0)
        return sent;
    if (errno == EAGAIN)
        return INTERIM__AGAIN;
    return report_socket(connection, INTERIM_STAGE_SEND, "write to");
}

ptrdiff_t interim__connection_read(interim__connection *connection, void *buffer, size_t size)
{
    unsigned want = INTERIM__READ;
    ptrdiff_t got;

    if (connection->read_end != 0)
        return connection->read_end;
    if (connection->session == NULL)
        got = read_plain(connection, buffer, size);
    else
        got = interim__tls_read(connection->session, buffer, size, &want, &connection->error);
    connection->read_needs = got == INTERIM__AGAIN ? want : 0;
    if (got < 0)
        connection->read_end = got;
    wait_for(connection);
    return got;
}

ptrdiff_t interim__connection_write(interim__connection *connection, const void *data, size_t size)
{
    unsigned want = INTERIM__WRITE;
    ptrdiff_t sent;

    if (connection->write_end != 0)
        return connection->write_end;
    if (connection->session == NULL)
        sent = write_plain(connection, data, size);
    else
        sent = interim__tls_write(connection->session, data, size, &want, &connection->error);
    connection->write_needs = sent == INTERIM__AGAIN ? want : 0;
    if (sent < 0)
        connection->write_end = sent;
    wait_for(connection);
    return sent;
}

void interim__connection_again(interim__connection *connection)
{
    if (connection->state != OPEN)
        return;
    connection->read_needs |= INTERIM__READ;
    interim__watch_again(connection->transport.loop, &connection->socket->watch, INTERIM__READ);
}

bool interim__connection_is_clean(interim__connection *connection)
{
    char byte;

    if (connection->state != OPEN || connection->write_needs != 0)
        return false;
    /* What the loop has not been told yet counts too: ask the system itself. */
    connection->socket->watch.possible |= INTERIM__READ;
    return interim__connection_read(connection, &byte, 1) == INTERIM__AGAIN;
}

const interim_error *interim__connection_error(const interim__connection *connection)
{
    return &connection->error;
}

interim_stage interim__connection_stage(const interim__connection *connection)
{
    switch (connection->state) {
    case RESOLVING:
        return INTERIM_STAGE_RESOLVE;
    case RACING:
        return INTERIM_STAGE_CONNECT;
    case HANDSHAKE:
        return INTERIM_STAGE_TLS;
    case OPEN:
        return INTERIM_STAGE_SEND;
    case FAILED:
        break;
    }
    return connection->error.stage;
}

bool interim__connection_is_to(const interim__connection *connection, bool tls, const char *host,
                               uint16_t port)
{
    return connection->port == port && connection->tls == tls &&
           strcasecmp(connection->host, host) == 0;
}

const char *interim__connection_peer(const interim__connection *connection)
{
    return connection->peer;
}
