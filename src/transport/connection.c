/* connection.c - see connection.h. `state` is assigned in step_to only. After a callback of the
 * owner the connection may be gone: each call of one is the last thing that a function does.
 *
 * Reading and writing wait independently: read_needs and write_needs say for which direction of the
 * socket, which under TLS can be the other one. */
#include "transport/connection.h"

#include "base/error.h"
#include "transport/race.h"
#include "transport/socks.h"
#include "transport/want.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define QUICK 16 /* reads and writes a second */

typedef enum state { RESOLVING, RACING, SOCKS, HANDSHAKE, OPEN, FAILED } state;

/* Of those that wait there are many: what a connection has for a while, or not at all, is not in
 * it. */
struct interim__connection {
    union {
        interim__lookup lookup; /* RESOLVING */
        interim__timer timer;   /* then: a second is over */
    };                          /* first: either is the connection */
    const interim__transport *transport;
    interim__connection_owner owner;
    interim__race *race;           /* RACING */
    interim__socks *socks;         /* SOCKS */
    interim__socket *socket;       /* from SOCKS or HANDSHAKE on */
    interim__tls_session *session; /* the same, under TLS */
    interim_error *error;          /* NULL: none, or it is for want of memory */
    char *peer;                    /* NULL: none yet, or no memory */
    interim__endpoint endpoint;
    state state;
    uint32_t answer; /* of the resolver, 0: it was not asked */
    unsigned char read_needs, write_needs;
    signed char read_end, write_end; /* END, BROKEN or ABRUPT once it came to that, else 0 */
    bool kept_alive;
    unsigned char moves; /* reads and writes since the timer was set, QUICK or more as QUICK */
};

static const interim_error no_failure = {.size = sizeof no_failure, .offset = -1};
static const interim_error no_memory = {.size = sizeof no_memory,
                                        .code = INTERIM_ENOMEM,
                                        .stage = INTERIM_STAGE_CONNECT,
                                        .offset = -1,
                                        .text = "out of memory"};

static void step_to(interim__connection *connection, state next)
{
    connection->state = next;
}

/* Where a failure is to be told; false: there is no memory for that, which is then the failure. */
static bool can_tell(interim__connection *connection)
{
    if (connection->error != NULL)
        return true;
    connection->error = malloc(sizeof *connection->error);
    if (connection->error != NULL)
        interim__error_init(connection->error);
    return connection->error != NULL;
}

static void distrust(interim__connection *connection);

static void fail(interim__connection *connection)
{
    distrust(connection);
    step_to(connection, FAILED);
    if (connection->owner.opened != NULL)
        connection->owner.opened(connection->owner.user, interim__connection_error(connection));
}

static void wait_for(interim__connection *connection)
{
    interim__watch_want(connection->transport->loop, &connection->socket->watch,
                        (unsigned)connection->read_needs | connection->write_needs);
}

/* Where the way ends, seen from here or from a proxy. */
static const char *final_host(const interim__endpoint *endpoint)
{
    return endpoint->dial_host == NULL ? endpoint->host : endpoint->dial_host;
}

static uint16_t final_port(const interim__endpoint *endpoint)
{
    return endpoint->dial_host == NULL ? endpoint->port : endpoint->dial_port;
}

/* Who is connected to: a proxy, or the end of the way itself. */
static const char *dialled_host(const interim__connection *connection)
{
    const interim__endpoint *endpoint = &connection->endpoint;

    return endpoint->proxy_host == NULL ? final_host(endpoint) : endpoint->proxy_host;
}

static uint16_t dialled_port(const interim__connection *connection)
{
    const interim__endpoint *endpoint = &connection->endpoint;

    return endpoint->proxy_host == NULL ? final_port(endpoint) : endpoint->proxy_port;
}

/* After a failure: the addresses may be those of a service that has moved. What went wrong on this
 * machine, or behind a proxy, says nothing about them. */
static void distrust(interim__connection *connection)
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
static void remember(interim__connection *connection)
{
    const interim__address *address;

    if (connection->endpoint.local != NULL || connection->answer == 0)
        return;
    for (size_t i = 0; (address = interim__race_tried(connection->race, i)) != NULL; i++)
        if (address->standing != INTERIM__STANDING_UNKNOWN)
            interim__resolver_note(connection->transport->resolver, dialled_host(connection),
                                   connection->answer, address);
}

static ptrdiff_t report_socket(interim__connection *connection, interim_stage stage,
                               const char *what)
{
    int problem = connection->socket->problem, want = interim__want_code(problem);
    char buffer[64];

    if (!can_tell(connection))
        return INTERIM__BROKEN;
    if (connection->error->code == 0)
        connection->error->os_error = problem;
    interim__error_set(connection->error, want == 0 ? INTERIM_EDISCONNECTED : want, stage,
                       "%s %s: %s%s", what, interim__connection_peer(connection),
                       interim__address_problem(problem, buffer, sizeof buffer),
                       want == 0 ? "" : interim__want_hint(problem));
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

    switch (interim__tls_handshake(connection->session, &want, connection->error)) {
    case 1:
        open_done(connection);
        break;
    case INTERIM__AGAIN:
        connection->read_needs = (unsigned char)want;
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

static void begin_tls(interim__connection *connection)
{
    step_to(connection, HANDSHAKE);
    if (!can_tell(connection) ||
        interim__tls_session_new(&connection->session, connection->transport->tls,
                                 connection->socket, &connection->endpoint, connection->error) < 0)
        fail(connection);
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
        ptrdiff_t moved = wanted == 0 ? write_plain(connection, socks->output + socks->sent,
                                                    socks->output_length - socks->sent)
                                      : read_plain(connection, buffer, wanted);

        if (moved == INTERIM__AGAIN) {
            connection->read_needs = wanted == 0 ? INTERIM__WRITE : INTERIM__READ;
            wait_for(connection);
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
        fail(connection);
    if (done <= 0)
        return;
    free(connection->socks);
    connection->socks = NULL;
    arrived(connection);
}

static void begin_socks(interim__connection *connection)
{
    const interim__endpoint *endpoint = &connection->endpoint;

    step_to(connection, SOCKS);
    connection->socks = malloc(sizeof *connection->socks);
    if (!can_tell(connection) || connection->socks == NULL ||
        interim__socks_start(connection->socks, final_host(endpoint), final_port(endpoint),
                             endpoint->proxy_user, endpoint->proxy_password, connection->error) < 0)
        fail(connection);
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
        deliver(connection, events);
}

/* False: there is no memory for a timer. */
static bool watch_time(interim__connection *connection)
{
    connection->moves = 0;
    return interim__timer_set(connection->transport->loop, &connection->timer,
                              interim__loop_monotonic_ns() + SECOND_NS) == 0;
}

/* Five system calls keep it alive, and TLS has up to 32 KiB of buffers: the ones are for
 * connections that last, the others for those that are quick. */
static void second_passed(interim__timer *timer)
{
    interim__connection *connection = (interim__connection *)(void *)timer;

    if (!connection->kept_alive)
        interim__socket_keep_alive(connection->socket);
    connection->kept_alive = true;
    if (connection->session == NULL)
        return;
    interim__tls_keep_buffers(connection->session, connection->moves >= QUICK);
    if (connection->moves > 0 && !watch_time(connection))
        interim__tls_keep_buffers(connection->session, false);
}

/* Under TLS the time is watched while there is something to watch. */
static void moved(interim__connection *connection)
{
    if (connection->session == NULL)
        return;
    if (connection->timer.deadline == INTERIM__NEVER && !watch_time(connection))
        interim__tls_keep_buffers(connection->session, false);
    if (connection->moves < QUICK)
        connection->moves++;
}

/* Without memory for it there is a connection all the same. */
static void note_peer(interim__connection *connection, const interim__address *address)
{
    char text[INTERIM__ADDRESS_TEXT];

    interim__address_text(address, text, sizeof text);
    connection->peer = strdup(text);
}

static void race_done(void *user, interim__socket *winner, const interim__address *address,
                      const interim_error *error)
{
    interim__connection *connection = user;

    if (winner != NULL)
        note_peer(connection, address);
    else if (can_tell(connection))
        *connection->error = *error;
    remember(connection);
    interim__race_free(connection->race);
    connection->race = NULL;
    if (winner == NULL) {
        fail(connection);
        return;
    }
    connection->socket = winner;
    winner->ready = socket_ready;
    winner->user = connection;
    connection->kept_alive = !winner->delays;
    if (!watch_time(connection))
        second_passed(&connection->timer);
    if (connection->endpoint.via == INTERIM__VIA_SOCKS5)
        begin_socks(connection);
    else
        arrived(connection);
}

void interim__connection_start_tls(interim__connection *connection)
{
    connection->read_needs = connection->write_needs = 0;
    step_to(connection, HANDSHAKE);
    interim__watch_again(connection->transport->loop, &connection->socket->watch, INTERIM__WRITE);
}

static void report_lookup(interim__connection *connection, int error, int os_error)
{
    char buffer[64];
    const char *text = error == INTERIM_ENOMEM ? "out of memory" : "no thread for it";

    if (error == INTERIM_ERESOLVE)
        text = gai_strerror(os_error);
    else if (os_error != 0)
        text = interim__address_problem(os_error, buffer, sizeof buffer);
    if (!can_tell(connection))
        return;
    interim__error_set(connection->error, error, INTERIM_STAGE_RESOLVE, "resolve %.80s: %s",
                       dialled_host(connection), text);
    connection->error->os_error = os_error;
}

/* Errors: ENOMEM. */
static int start_race(interim__connection *connection, const interim__address *addresses,
                      size_t count)
{
    interim__local local = {0};

    /* A zone that is not there any more does not bind. */
    if (connection->endpoint.local != NULL)
        (void)interim__local_parse(&local, connection->endpoint.local);
    return interim__race_start(&connection->race, connection->transport->loop,
                               &(interim__race_terms){
                                   .addresses = addresses,
                                   .count = count,
                                   .local = &local,
                                   .host = dialled_host(connection),
                                   .port = dialled_port(connection),
                                   .delay_ns = connection->transport->attempt_delay_ns,
                               },
                               race_done, connection);
}

/* From now on the timer is where the lookup was. */
static void resolved(interim__connection *connection)
{
    step_to(connection, RACING);
    interim__timer_init(&connection->timer, second_passed);
}

static void lookup_done(interim__lookup *lookup, const interim__found *found)
{
    interim__connection *connection = (interim__connection *)(void *)lookup;

    resolved(connection);
    connection->answer = found->answer;
    if (found->error < 0)
        report_lookup(connection, found->error, found->os_error);
    if (found->error < 0 || start_race(connection, found->addresses, found->count) < 0)
        fail(connection);
}

/* There is nothing to resolve about a path, or about an address. Errors: as of
 * interim__connection_open. */
static int begin(interim__connection *connection)
{
    const char *path = connection->endpoint.socket_path, *host = dialled_host(connection);
    interim__address address;

    step_to(connection, RESOLVING);
    if (path != NULL && !interim__address_unix(&address, path))
        return INTERIM_EINVAL;
    if (path == NULL && !interim__address_parse(&address, host, dialled_port(connection)))
        return interim__resolver_ask(connection->transport->resolver, &connection->lookup, host);
    resolved(connection);
    return start_race(connection, &address, 1);
}

/* Where there is no client certificate to be shown, all may see it. */
static bool identifies(const interim__transport *transport, const interim__endpoint *endpoint)
{
    return endpoint->identify && endpoint->tls && interim__tls_identifies(transport->tls);
}

int interim__connection_open(interim__connection **out, const interim__transport *transport,
                             const interim__endpoint *endpoint,
                             const interim__connection_owner *owner)
{
    interim__connection *connection = calloc(1, sizeof *connection);
    int status;

    *out = NULL;
    if (connection == NULL)
        return INTERIM_ENOMEM;
    if (!interim__endpoint_copy(&connection->endpoint, endpoint)) {
        free(connection);
        return INTERIM_ENOMEM;
    }
    connection->endpoint.identify = identifies(transport, endpoint);
    connection->transport = transport;
    connection->owner = *owner;
    connection->lookup.done = lookup_done;
    status = begin(connection);
    if (status < 0) {
        interim__endpoint_dispose(&connection->endpoint);
        free(connection->error);
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
    if (connection->state == RESOLVING)
        interim__resolver_forget(connection->transport->resolver, &connection->lookup);
    else
        interim__timer_set(connection->transport->loop, &connection->timer, INTERIM__NEVER);
    /* Nobody had the patience to wait for any of the addresses. */
    if (connection->race != NULL && interim__race_is_spent(connection->race))
        interim__resolver_strike(connection->transport->resolver, dialled_host(connection),
                                 connection->answer);
    interim__race_free(connection->race);
    if (connection->session != NULL) {
        interim__tls_shutdown(connection->session);
        interim__tls_session_free(connection->session);
    }
    interim__socket_free(connection->socket, connection->transport->loop);
    interim__endpoint_dispose(&connection->endpoint);
    free(connection->socks);
    free(connection->error);
    free(connection->peer);
    free(connection);
}

/* ---- Bytes --------------------------------------------------------------------------------- */

ptrdiff_t interim__connection_read(interim__connection *connection, void *buffer, size_t size)
{
    unsigned want = INTERIM__READ;
    ptrdiff_t got;

    if (connection->read_end != 0)
        return connection->read_end;
    if (connection->session == NULL)
        got = read_plain(connection, buffer, size);
    else
        got = interim__tls_read(connection->session, buffer, size, &want, connection->error);
    connection->read_needs = got == INTERIM__AGAIN ? (unsigned char)want : 0;
    if (got < 0)
        connection->read_end = (signed char)got;
    else if (got > 0)
        moved(connection);
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
        sent = interim__tls_write(connection->session, data, size, &want, connection->error);
    connection->write_needs = sent == INTERIM__AGAIN ? (unsigned char)want : 0;
    if (sent < 0)
        connection->write_end = (signed char)sent;
    else if (sent > 0)
        moved(connection);
    wait_for(connection);
    return sent;
}

ptrdiff_t interim__connection_write_file(interim__connection *connection, int fd, int64_t offset,
                                         int64_t size)
{
    ptrdiff_t sent;

    if (connection->session != NULL || connection->write_end != 0)
        return INTERIM__UNABLE;
    sent = interim__socket_send_file(connection->socket, fd, offset, size);
    if (sent == 0 || (sent < 0 && errno != EAGAIN))
        return INTERIM__UNABLE;
    if (sent < 0)
        sent = INTERIM__AGAIN;
    connection->write_needs = sent == INTERIM__AGAIN ? INTERIM__WRITE : 0;
    wait_for(connection);
    return sent;
}

interim__watch *interim__connection_watch(const interim__connection *connection)
{
    if (connection->race != NULL)
        return interim__race_watch(connection->race);
    return connection->socket == NULL ? NULL : &connection->socket->watch;
}

bool interim__connection_await(interim__connection *connection)
{
    return connection->state == OPEN && connection->read_end == 0 &&
           connection->read_needs == INTERIM__READ && connection->write_needs == 0 &&
           interim__socket_await(connection->socket);
}

void interim__connection_again(interim__connection *connection)
{
    if (connection->state != OPEN)
        return;
    connection->read_needs |= INTERIM__READ;
    interim__watch_again(connection->transport->loop, &connection->socket->watch, INTERIM__READ);
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
    interim__endpoint wanted = *endpoint;

    wanted.identify = identifies(connection->transport, endpoint);
    return interim__endpoint_equal(&connection->endpoint, &wanted);
}

bool interim__connection_is_of(const interim__connection *connection,
                               const interim__endpoint *endpoint)
{
    const interim__endpoint *own = &connection->endpoint;

    return own->port == endpoint->port && own->tls == endpoint->tls &&
           strcmp(own->host, endpoint->host) == 0;
}

const char *interim__connection_peer(const interim__connection *connection)
{
    return connection->peer == NULL ? "" : connection->peer;
}
