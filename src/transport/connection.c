/* connection.c - see connection.h. `state` is assigned in step_to only. After a callback of the
 * owner the connection may be gone: each call of one is the last thing that a function does.
 *
 * Reading and writing wait independently: read_needs and write_needs say for which direction of the
 * socket, which under TLS can be the other one. While it is open the watch waits for what they say.
 */
#include "transport/connection_parts.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

static const interim_error no_failure = {.size = sizeof no_failure, .offset = -1};
static const interim_error no_memory = {.size = sizeof no_memory,
                                        .code = INTERIM_ENOMEM,
                                        .stage = INTERIM_STAGE_CONNECT,
                                        .offset = -1,
                                        .text = "out of memory"};

void interim__connection_step_to(interim__connection *connection, interim__connection_state next)
{
    connection->state = next;
}

/* Where a failure is to be told; false: there is no memory for that, which is then the failure. */
bool interim__connection_can_tell(interim__connection *connection)
{
    if (connection->error != NULL)
        return true;
    connection->error = malloc(sizeof *connection->error);
    if (connection->error != NULL)
        interim__error_init(connection->error);
    return connection->error != NULL;
}

void interim__connection_fail(interim__connection *connection)
{
    interim__dial_distrust(connection);
    interim__connection_step_to(connection, FAILED);
    if (connection->owner.opened != NULL)
        connection->owner.opened(connection->owner.user, interim__connection_error(connection));
}

static void open_done(interim__connection *connection)
{
    interim__connection_step_to(connection, OPEN);
    connection->read_needs = 0;
    if (connection->owner.opened != NULL)
        connection->owner.opened(connection->owner.user, NULL);
}

static void handshake(interim__connection *connection)
{
    unsigned want = 0;

    switch (interim__connection_tls(connection)
                ->handshake(connection->session, &want, connection->error)) {
    case 1:
        open_done(connection);
        break;
    case INTERIM__AGAIN:
        connection->read_needs = (unsigned char)want;
        interim__connection_wait(connection);
        break;
    default:
        interim__connection_fail(connection);
        break;
    }
}

static void begin_tls(interim__connection *connection)
{
    interim__connection_step_to(connection, HANDSHAKE);
    if (!interim__connection_can_tell(connection) ||
        interim__door_session_new(&connection->session, connection->transport->door,
                                  connection->socket, &connection->endpoint, connection->error) < 0)
        interim__connection_fail(connection);
    else
        handshake(connection);
}

/* The way to the origin, or to the proxy that is to be asked for it, is there. */
static void arrived(interim__connection *connection)
{
    if (connection->endpoint.tls && connection->endpoint.via != INTERIM__VIA_TUNNEL)
        begin_tls(connection);
    else
        open_done(connection);
}

/* Sends what SOCKS has to say, and takes what comes, until it has to wait. */
static int talk_socks(interim__connection *connection)
{
    interim__socks *socks = connection->socks;
    unsigned char buffer[sizeof socks->input];
    int done = 0;

    while (done == 0) {
        size_t wanted = interim__socks_wanted(socks);
        ptrdiff_t moved =
            wanted == 0 ? interim__connection_write_plain(connection, socks->output + socks->sent,
                                                          socks->output_length - socks->sent)
                        : interim__connection_read_plain(connection, buffer, wanted);

        if (moved == INTERIM__AGAIN) {
            connection->read_needs = wanted == 0 ? INTERIM__WRITE : INTERIM__READ;
            interim__connection_wait(connection);
            return 0;
        }
        if (moved == INTERIM__END)
            return interim__error_set(connection->error, INTERIM_EPROXY, INTERIM_STAGE_CONNECT,
                                      "the SOCKS proxy closed the connection");
        if (moved < 0)
            return connection->error->code;
        if (wanted == 0)
            socks->sent += (size_t)moved;
        else
            done = interim__socks_take(socks, buffer, (size_t)moved, connection->error);
    }
    return done;
}

static void ask_socks(interim__connection *connection)
{
    int done = talk_socks(connection);

    if (done < 0)
        interim__connection_fail(connection);
    if (done <= 0)
        return;
    free(connection->socks);
    connection->socks = NULL;
    arrived(connection);
}

static void begin_socks(interim__connection *connection)
{
    const interim__endpoint *endpoint = &connection->endpoint;

    interim__connection_step_to(connection, SOCKS);
    connection->socks = malloc(sizeof *connection->socks);
    if (!interim__connection_can_tell(connection) || connection->socks == NULL ||
        interim__socks_start(connection->socks, interim__endpoint_final_host(endpoint),
                             interim__endpoint_final_port(endpoint), endpoint->proxy_user,
                             endpoint->proxy_password, connection->error) < 0)
        interim__connection_fail(connection);
    else
        ask_socks(connection);
}

static void socket_ready(void *user, unsigned events)
{
    interim__connection *connection = user;

    if (connection->state == SOCKS)
        ask_socks(connection);
    else if (connection->state == HANDSHAKE && connection->session == NULL)
        begin_tls(connection); /* through a tunnel */
    else if (connection->state == HANDSHAKE)
        handshake(connection);
    else if (connection->state == OPEN)
        interim__connection_deliver(connection, events);
}

void interim__connection_await_opened(interim__connection *connection)
{
    if (connection->state == HANDSHAKE && connection->session != NULL &&
        connection->read_needs == INTERIM__READ && interim__socket_await(connection->socket))
        handshake(connection);
}

void interim__connection_take(interim__connection *connection, interim__socket *socket)
{
    connection->socket = socket;
    socket->ready = socket_ready;
    socket->user = connection;
    connection->kept_alive = !socket->delays;
    if (!interim__connection_watch_time(connection))
        interim__connection_second_passed(&connection->timer);
    if (connection->endpoint.via == INTERIM__VIA_SOCKS5)
        begin_socks(connection);
    else
        arrived(connection);
}

void interim__connection_start_tls(interim__connection *connection)
{
    connection->read_needs = connection->write_needs = 0;
    interim__connection_step_to(connection, HANDSHAKE);
    interim__watch_again(connection->transport->loop, &connection->socket->watch, INTERIM__WRITE);
}

/* From now on the timer is where the lookup was. */
void interim__connection_resolved(interim__connection *connection)
{
    interim__connection_step_to(connection, RACING);
    interim__timer_init(&connection->timer, interim__connection_second_passed);
}

/* Where there is no client certificate to be shown, all may see it. */
static bool identifies(const interim__transport *transport, const interim__endpoint *endpoint)
{
    return endpoint->identify && endpoint->tls && interim__door_identifies(transport->door);
}

int interim__connection_open(interim__connection **out, const interim__transport *transport,
                             const interim__endpoint *endpoint,
                             const interim__connection_owner *owner)
{
    /* not calloc: see src/operation/talk.c */
    interim__connection *connection =
        malloc(sizeof *connection + interim__endpoint_texts_size(endpoint));
    int status;

    *out = NULL;
    if (connection == NULL)
        return INTERIM_ENOMEM;
    *connection = (interim__connection){.transport = transport};
    interim__endpoint_copy_to(&connection->endpoint, endpoint, connection->texts);
    connection->endpoint.identify = identifies(transport, endpoint);
    status = interim__dial_begin(connection);
    if (status < 0) {
        interim__endpoint_forget(&connection->endpoint);
        free(connection->error);
        free(connection);
        return status;
    }
    connection->owner = *owner; /* from now on */
    *out = connection;
    return connection->state == OPEN || connection->state == FAILED;
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
    if (connection->state == RESOLVING)
        interim__resolver_forget(connection->transport->resolver, &connection->lookup);
    else
        interim__timer_set(connection->transport->loop, &connection->timer, INTERIM__NEVER);
    interim__dial_give_up(connection);
    if (connection->session != NULL) {
        interim__connection_tls(connection)->shutdown(connection->session);
        interim__connection_tls(connection)->session_free(connection->session);
    }
    interim__socket_free(connection->socket, connection->transport->loop);
    interim__endpoint_forget(&connection->endpoint);
    free(connection->socks);
    free(connection->error);
    if (connection->peer != connection->short_peer)
        free(connection->peer);
    free(connection);
}

const interim_error *interim__connection_error(const interim__connection *connection)
{
    if (connection->error != NULL)
        return connection->error;
    return connection->state == FAILED || connection->read_end == INTERIM__BROKEN ||
                   connection->write_end == INTERIM__BROKEN
               ? &no_memory
               : &no_failure;
}

interim_stage interim__connection_stage(const interim__connection *connection)
{
    switch (connection->state) {
    case RESOLVING:
        return INTERIM_STAGE_RESOLVE;
    case RACING:
    case SOCKS:
        return INTERIM_STAGE_CONNECT;
    case HANDSHAKE:
        return INTERIM_STAGE_TLS;
    case OPEN:
        return INTERIM_STAGE_SEND;
    case FAILED:
        break;
    }
    return interim__connection_error(connection)->stage;
}

bool interim__connection_is_to(const interim__connection *connection,
                               const interim__endpoint *endpoint)
{
    const interim__endpoint *own = &connection->endpoint;

    return interim__endpoint_same_way(own, endpoint) &&
           own->identify == identifies(connection->transport, endpoint);
}

bool interim__connection_is_of(const interim__connection *connection,
                               const interim__endpoint *endpoint)
{
    const interim__endpoint *own = &connection->endpoint;

    return own->port == endpoint->port && own->tls == endpoint->tls &&
           strcmp(own->host, endpoint->host) == 0;
}

const char *interim__connection_peer(interim__connection *connection)
{
    if (connection->peer == NULL)
        interim__dial_name_peer(connection);
    return connection->peer == NULL ? "" : connection->peer;
}
