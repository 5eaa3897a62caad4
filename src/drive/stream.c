/* stream.c - see steps.h. The connection of an operation, and the bytes on it. */
#include "drive/steps.h"

#include "base/error.h"
#include "transport/address.h"
#include "transport/want.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#define FIRST_READ ((size_t)64 * 1024) /* what a pause makes an operation keep, at most */
#define READS_A_TURN 64                /* of one operation, which under TLS are small ... */
#define BYTES_A_TURN (1024 * 1024)     /* ... or so much, before others have their turn */
#define WRITES_A_TURN 16               /* before it looks for an answer that came meanwhile */

/* ---- The connection ---- */

void interim__stream_release(interim_operation *operation)
{
    interim__drive *drive = interim__drive_of(operation);
    interim__operation *machine = &operation->machine;
    interim__connection *connection = operation->connection;

    if (connection == NULL)
        return;
    operation->connection = NULL;
    if (operation->opened && machine->keep_connection)
        interim__pool_keep(drive->pool, connection, drive->now.monotonic);
    else
        interim__connection_free(connection);
    operation->opened = false;
}

static void reopen(interim_operation *operation);

/* Whether it was for want of what a connection that nobody uses had, and one could be closed. */
static bool made_room(interim_operation *operation, int os_error)
{
    return interim__want_yields(os_error) &&
           interim__pool_shrink(interim__drive_of(operation)->pool);
}

/* The connection is open, or cannot be opened. */
static void take_opened(interim_operation *operation, const interim_error *error)
{
    interim_error failure;

    if (error != NULL && made_room(operation, error->os_error)) {
        reopen(operation);
    } else if (error == NULL) {
        operation->opened = true;
        interim__operation_opened(&operation->machine, NULL, false,
                                  interim__drive_of(operation)->now);
    } else {
        failure = *error;
        interim__connection_free(operation->connection);
        operation->connection = NULL;
        interim__operation_unopened(&operation->machine, &failure,
                                    interim__drive_of(operation)->now);
    }
}

static void on_opened(void *user, const interim_error *error)
{
    interim_operation *operation = user;

    interim__drive_look(interim__drive_of(operation));
    take_opened(operation, error);
    interim__drive_advance(operation);
}

static void on_ready(void *user, unsigned events)
{
    interim_operation *operation = user;

    (void)events;
    interim__drive_look(interim__drive_of(operation));
    interim__drive_advance(operation);
}

/* Where the connection that the machine needs leads, and by which way. */
static interim__endpoint endpoint_of(const interim__operation *machine)
{
    const interim__uri *uri = machine->uri;
    const interim__route *route = interim__operation_route(machine);
    const interim__way *way = interim__operation_way(machine);
    interim__endpoint endpoint = {.tls = uri->tls,
                                  .host = uri->host,
                                  .port = uri->port,
                                  .socket_path = way->socket_path,
                                  .dial_host = way->host,
                                  .dial_port = way->port,
                                  .local = way->local};

    /* The client certificate is for the origin that the caller named, not for those that a redirect
     * or a monitor leads to. */
    endpoint.identify = machine->at_home;
    if (route == NULL)
        return endpoint;
    if (route->kind == INTERIM__ROUTE_HTTP && !interim__operation_tunnels(machine))
        return (interim__endpoint){.host = route->host,
                                   .port = route->port,
                                   .via = INTERIM__VIA_FORWARD,
                                   .local = way->local};
    endpoint.via = route->kind == INTERIM__ROUTE_HTTP ? INTERIM__VIA_TUNNEL : INTERIM__VIA_SOCKS5;
    endpoint.proxy_host = route->host;
    endpoint.proxy_port = route->port;
    if (route->kind == INTERIM__ROUTE_SOCKS5) {
        endpoint.proxy_user = route->login.user;
        endpoint.proxy_password = route->login.password;
    }
    return endpoint;
}

/* Our own trouble keeps it from going on as it wants to. */
static void give_up(interim_operation *operation, int code)
{
    interim__operation *machine = &operation->machine;
    interim_error error;

    interim__error_init(&error);
    interim__error_set(&error, code, INTERIM_STAGE_RESOLVE, "%.80s", machine->uri->host);
    interim__operation_unopened(machine, &error, interim__drive_of(operation)->now);
}

/* The same, for what the system refused to whoever wanted to connect. */
static void give_up_opening(interim_operation *operation, int code, int os_error)
{
    interim__operation *machine = &operation->machine;
    interim_error error;
    char buffer[64];

    if (code != INTERIM_ESYSTEM || os_error == 0) {
        give_up(operation, code);
        return;
    }
    interim__error_init(&error);
    error.os_error = os_error;
    interim__error_set(&error, code, INTERIM_STAGE_RESOLVE, "%.80s: %s%s", machine->uri->host,
                       interim__address_problem(os_error, buffer, sizeof buffer),
                       interim__want_hint(os_error));
    interim__operation_unopened(machine, &error, interim__drive_of(operation)->now);
}

/* Idle connections make room for one that is to be opened. */
static void close_idle(interim_operation *operation, const interim__endpoint *endpoint)
{
    const interim__drive *drive = interim__drive_of(operation);
    const interim__queue *queue = &drive->queue;
    size_t all = SIZE_MAX, of_origin = SIZE_MAX;

    if (!interim__seat_is_in_queue(operation))
        return;
    if (queue->limit > 0)
        all = queue->limit - queue->admitted;
    if (queue->origin_limit > 0)
        of_origin = queue->origin_limit - interim__queue_admitted_at(&operation->seat->queue);
    interim__pool_trim(drive->pool, all, endpoint, of_origin);
}

static void open_connection(interim_operation *operation, const interim__endpoint *endpoint)
{
    interim__drive *drive = interim__drive_of(operation);
    interim__operation *machine = &operation->machine;
    interim__connection_owner owner = {on_opened, on_ready, operation};
    const interim_error *error;
    int status;

    operation->connection_number = machine->connections_left;
    operation->securing = operation->by_hand = operation->silent = false;
    operation->connection = interim__pool_take(
        drive->pool, endpoint, interim__operation_idle_limit(machine), drive->now.monotonic);
    if (operation->connection != NULL) {
        interim__connection_set_owner(operation->connection, &owner);
        operation->opened = operation->silent = true;
        interim__operation_opened(machine, NULL, true, drive->now);
        return;
    }
    close_idle(operation, endpoint);
    do
        status =
            interim__connection_open(&operation->connection, &drive->transport, endpoint, &owner);
    while (status < 0 && made_room(operation, errno));
    if (status < 0) {
        give_up_opening(operation, status, errno);
    } else if (status > 0) {
        error = interim__connection_error(operation->connection);
        take_opened(operation, error->code == 0 ? NULL : error);
    }
}

static void reopen(interim_operation *operation)
{
    interim__endpoint endpoint = endpoint_of(&operation->machine);

    interim__connection_free(operation->connection);
    open_connection(operation, &endpoint);
}

static void wait_in_line(interim_operation *operation)
{
    const interim__queue *queue = &interim__drive_of(operation)->queue;
    bool of_origin = interim__queue_is_full_at(queue, &operation->seat->queue);
    char text[80];

    snprintf(text, sizeof text, "%zu connections%s are in use (max_connections%s)",
             of_origin ? queue->origin_limit : queue->limit, of_origin ? " to this origin" : "",
             of_origin ? "_per_origin" : "");
    interim__operation_queued(&operation->machine, text, interim__drive_of(operation)->now);
}

static void let_in(interim__drive *drive)
{
    interim__queue_place *next;

    while ((next = interim__queue_next(&drive->queue)) != NULL)
        interim__drive_soon(
            ((interim__seat *)(void *)((char *)next - offsetof(interim__seat, queue)))->operation);
}

/* See interim__queue_enter. */
static int enter_queue(interim_operation *operation, const interim__endpoint *endpoint)
{
    interim__drive *drive = interim__drive_of(operation);
    interim__seat *seat;
    int entered;

    if (!interim__queue_is_limited(&drive->queue))
        return 1;
    seat = interim__seat_take(operation);
    if (seat == NULL)
        return INTERIM_ENOMEM;
    entered = interim__queue_enter(&drive->queue, &seat->queue, endpoint);
    let_in(drive); /* it may have left the room that it had for another origin */
    return entered;
}

bool interim__stream_seek(interim_operation *operation)
{
    interim__operation *machine = &operation->machine;
    interim__endpoint endpoint = endpoint_of(machine);
    int entered = enter_queue(operation, &endpoint);

    if (entered < 0) {
        give_up(operation, entered);
    } else if (entered > 0) {
        interim__operation_let_in(machine, interim__drive_of(operation)->now);
        open_connection(operation, &endpoint);
    } else {
        if (!machine->queued)
            wait_in_line(operation);
        return false;
    }
    return true;
}

void interim__stream_give_room(interim_operation *operation)
{
    interim__seat_leave_queue(operation);
    let_in(interim__drive_of(operation));
}

void interim__stream_secure(interim_operation *operation)
{
    if (operation->securing)
        return;
    operation->securing = true;
    operation->opened = false; /* until on_opened comes once more */
    interim__connection_start_tls(operation->connection);
}

/* ---- Bytes ---- */

/* Moves a part of the body without looking at it, where that can be done. */
static ptrdiff_t send_file(interim_operation *operation)
{
    interim__operation *machine = &operation->machine;
    int64_t offset, size = operation->by_hand ? 0 : interim__operation_file(machine, &offset);
    ptrdiff_t sent;

    if (size == 0)
        return INTERIM__UNABLE;
    sent = interim__connection_write_file(operation->connection, machine->request->body_fd, offset,
                                          size);
    operation->by_hand = sent == INTERIM__UNABLE;
    return sent;
}

/* An answer that was given before, such as 413, may still be there to be read; but nobody answers
 * what this machine could not send. */
static void unwritable(interim_operation *operation)
{
    const interim_error *error = interim__connection_error(operation->connection);

    if (error->code == INTERIM_ESYSTEM || error->code == INTERIM_ENOMEM)
        interim__operation_ended(&operation->machine, false, error,
                                 interim__drive_of(operation)->now);
    else
        interim__operation_unwritable(&operation->machine);
}

static void send_output(interim_operation *operation)
{
    interim__operation *machine = &operation->machine;
    const char *data;
    size_t size;

    for (int writes = 0; interim__operation_writes(machine); writes++) {
        ptrdiff_t sent;

        if (writes == WRITES_A_TURN) {
            interim__connection_again(operation->connection);
            return;
        }
        sent = send_file(operation);
        if (sent == INTERIM__UNABLE) {
            size = interim__operation_output(machine, &data, interim__drive_of(operation)->now);
            if (size == 0)
                return;
            sent = interim__connection_write(operation->connection, data, size);
        }
        if (sent > 0) {
            interim__operation_sent(machine, (size_t)sent, interim__drive_of(operation)->now);
        } else if (sent == INTERIM__AGAIN) {
            return;
        } else {
            unwritable(operation);
            return;
        }
    }
}

/* Reads once, and has what that came to taken in; AGAIN: nothing came. */
static ptrdiff_t receive_some(interim_operation *operation)
{
    interim__drive *drive = interim__drive_of(operation);
    interim__operation *machine = &operation->machine;
    size_t size = operation->streams ? INTERIM__DRIVE_BUFFER : FIRST_READ;
    ptrdiff_t got = interim__connection_read(operation->connection, drive->buffer, size);

    if (got == INTERIM__AGAIN)
        return got;
    interim__drive_look(drive);
    if (got > 0)
        interim__operation_received(machine, drive->buffer, (size_t)got, drive->now);
    else
        interim__operation_ended(
            machine, got == INTERIM__END,
            got == INTERIM__BROKEN ? interim__connection_error(operation->connection) : NULL,
            drive->now);
    if (machine->paused)
        operation->streams = false;
    else if (got == (ptrdiff_t)size)
        operation->streams = true;
    return got;
}

static void receive_input(interim_operation *operation)
{
    ptrdiff_t bytes = 0, got;

    for (int reads = 0; interim__operation_reads(&operation->machine); reads++) {
        if (reads == READS_A_TURN || bytes >= BYTES_A_TURN) {
            interim__connection_again(operation->connection);
            return;
        }
        got = receive_some(operation);
        if (got == INTERIM__AGAIN)
            return;
        bytes += got;
    }
}

bool interim__stream_await(interim_operation *operation)
{
    interim__drive *drive = interim__drive_of(operation);
    interim__connection *connection = operation->connection;

    if (!interim__loop_may_wait(drive->transport.loop, drive->now.monotonic))
        return false;
    if (!operation->opened) {
        interim__connection_await_opened(connection);
        return operation->opened || operation->connection != connection;
    }
    if (!interim__operation_reads(&operation->machine) || !interim__connection_await(connection) ||
        receive_some(operation) == INTERIM__AGAIN)
        return false;
    interim__drive_advance(operation);
    return true;
}

void interim__stream_move(interim_operation *operation)
{
    /* First what came: it may be the end of a stale connection, or let a body go out. */
    if (!operation->silent)
        receive_input(operation);
    operation->silent = false;
    send_output(operation);
}
