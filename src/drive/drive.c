/* drive.c - see drive.h. */
#include "drive/drive.h"

#include "operation/delay.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BUFFER_SIZE (64 * 1024)
#define READS_A_TURN 16  /* of one operation, before others have their turn ... */
#define WRITES_A_TURN 16 /* ... and before it looks for an answer that came meanwhile */

static int on_event(void *user, const interim_event *event)
{
    interim_operation *operation = user;
    interim__drive *drive = operation->drive;

    return drive->observe(drive->observer, operation->machine.request, event);
}

int interim__drive_init(interim__drive *drive)
{
    drive->environment.observe = on_event;
    drive->environment.routes = &drive->routes;
    interim__error_init(&drive->environment.error);
    drive->buffer = malloc(BUFFER_SIZE);
    if (drive->buffer == NULL)
        return INTERIM_ENOMEM;
    if (getrandom(&drive->random, sizeof drive->random, 0) == (ssize_t)sizeof drive->random)
        return 0;
    free(drive->buffer);
    drive->buffer = NULL;
    return INTERIM_ESYSTEM;
}

void interim__drive_dispose(interim__drive *drive)
{
    free(drive->buffer);
    drive->buffer = NULL;
    interim__siblings_dispose(&drive->siblings);
}

static interim__moment now(void)
{
    return (interim__moment){interim__loop_monotonic_ns(), interim__loop_wall_ns()};
}

/* ---- The connection ---- */

/* The exchange is over, or will not be: its connection is kept or closed. */
static void release(interim_operation *operation)
{
    interim__drive *drive = operation->drive;
    interim__operation *machine = &operation->machine;
    interim__connection *connection = operation->connection;

    if (connection == NULL)
        return;
    operation->connection = NULL;
    if (operation->opened && machine->keep_connection)
        interim__pool_keep(drive->pool, connection);
    else
        interim__connection_free(connection);
    operation->opened = false;
}

static void advance(interim_operation *operation);

static void on_opened(void *user, const interim_error *error)
{
    interim_operation *operation = user;
    interim_error failure;

    if (error == NULL) {
        operation->opened = true;
        interim__operation_opened(&operation->machine,
                                  interim__connection_peer(operation->connection), false, now());
    } else {
        failure = *error;
        interim__connection_free(operation->connection);
        operation->connection = NULL;
        interim__operation_unopened(&operation->machine, &failure, now());
    }
    advance(operation);
}

static void on_ready(void *user, unsigned events)
{
    (void)events;
    advance(user);
}

/* Where the connection that the machine needs leads, and by which way. */
static interim__endpoint endpoint_of(const interim__operation *machine)
{
    const interim__uri *uri = &machine->uri;
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
    endpoint.identify = interim__uri_same_origin(&machine->request->uri, uri);
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

/* Takes an idle connection, or begins to open one. */
static void seek_connection(interim_operation *operation)
{
    interim__drive *drive = operation->drive;
    interim__operation *machine = &operation->machine;
    interim__endpoint endpoint = endpoint_of(machine);
    interim__connection_owner owner = {on_opened, on_ready, operation};
    interim_error error;
    int failed;

    operation->securing = operation->by_hand = false;
    operation->connection =
        interim__pool_take(drive->pool, &endpoint, interim__operation_idle_limit(machine));
    if (operation->connection != NULL) {
        interim__connection_set_owner(operation->connection, &owner);
        operation->opened = true;
        interim__operation_opened(machine, interim__connection_peer(operation->connection), true,
                                  now());
        return;
    }
    failed = interim__connection_open(&operation->connection, &drive->transport, &endpoint, &owner);
    if (failed == 0)
        return;
    interim__error_init(&error);
    interim__error_set(&error, failed, INTERIM_STAGE_RESOLVE, "%.80s", machine->uri.host);
    interim__operation_unopened(machine, &error, now());
}

/* TLS through a tunnel: on_opened comes once more. */
static void secure(interim_operation *operation)
{
    if (operation->securing)
        return;
    operation->securing = true;
    operation->opened = false;
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

static void send_output(interim_operation *operation)
{
    interim__operation *machine = &operation->machine;
    const char *data;
    size_t size;

    for (int writes = 0; machine->need == INTERIM__NEED_EXCHANGE; writes++) {
        ptrdiff_t sent;

        if (writes == WRITES_A_TURN) {
            interim__connection_again(operation->connection);
            return;
        }
        sent = send_file(operation);
        if (sent == INTERIM__UNABLE) {
            size = interim__operation_output(machine, &data, now());
            if (size == 0)
                return;
            sent = interim__connection_write(operation->connection, data, size);
        }
        if (sent > 0) {
            interim__operation_sent(machine, (size_t)sent, now());
        } else if (sent == INTERIM__AGAIN) {
            return;
        } else {
            /* An answer that was given before, such as 413, may still be there to be read. */
            interim__operation_unwritable(machine);
            return;
        }
    }
}

static void receive_input(interim_operation *operation)
{
    interim__operation *machine = &operation->machine;
    char *buffer = operation->drive->buffer;

    for (int reads = 0; interim__operation_reads(machine); reads++) {
        ptrdiff_t got;

        if (reads == READS_A_TURN) {
            interim__connection_again(operation->connection);
            return;
        }
        got = interim__connection_read(operation->connection, buffer, BUFFER_SIZE);
        if (got == INTERIM__AGAIN)
            return;
        if (got > 0) {
            interim__operation_received(machine, buffer, (size_t)got, now());
            continue;
        }
        interim__operation_ended(
            machine, got == INTERIM__END,
            got == INTERIM__BROKEN ? interim__connection_error(operation->connection) : NULL,
            now());
    }
}

/* ---- Polls ---- */

static void set_timer(interim_operation *operation);

static interim_operation *owner_of(interim__sibling *sibling)
{
    return (interim_operation *)(void *)((char *)sibling - offsetof(interim_operation, sibling));
}

/* Whether an answer of the monitor of one is as good as one of the other's. */
static bool follow_same(const interim_operation *a, const interim_operation *b)
{
    const interim__accepted *job = a->machine.job, *other = b->machine.job;

    return a != b && job != NULL && other != NULL && job->dialect == other->dialect &&
           strcmp(job->monitor.text, other->monitor.text) == 0 &&
           interim__request_asks_same(a->machine.request, b->machine.request);
}

static bool is_asked_already(interim_operation *operation)
{
    const interim__siblings *table = &operation->drive->siblings;
    interim__sibling *at;

    if (operation->sibling.link == NULL)
        return false;
    for (at = interim__siblings_first(table, operation->sibling.key); at != NULL;
         at = interim__siblings_next(at))
        if (owner_of(at)->polling && follow_same(operation, owner_of(at)))
            return true;
    return false;
}

/* A poll that is due waits if a sibling is asking the same, and if its origin has enough to do. */
static void queue_poll(interim_operation *operation)
{
    interim__operation *machine = &operation->machine;

    if (operation->place.origin != NULL ||
        !interim__operation_poll_is_due(machine, now().monotonic))
        return;
    machine->in_line =
        is_asked_already(operation) ||
        !interim__herd_enter(&operation->drive->herd, &operation->place, &machine->job->monitor);
}

/* Lets the next one go, when this one does not poll any more, or does not wait for it. */
static void leave_herd(interim_operation *operation)
{
    interim__herd_place *place = interim__herd_leave(&operation->drive->herd, &operation->place);
    interim_operation *following;

    operation->machine.in_line = false;
    if (place == NULL)
        return;
    following = (interim_operation *)(void *)((char *)place - offsetof(interim_operation, place));
    following->machine.in_line = false;
    set_timer(following);
}

/* What the answer to a poll was, if it can be shared: not when a callback had the body. */
static const interim_message *shared_answer(const interim_operation *operation)
{
    const interim__operation *machine = &operation->machine;
    const interim__message *answer = machine->result->monitor;
    bool streamed = machine->need == INTERIM__NEED_NOTHING && machine->request->on_body != NULL;

    if (machine->result->timing.poll_count == operation->polls || streamed ||
        (machine->request->polling.flags & INTERIM_POLL_EMBEDDED) != 0)
        return NULL;
    return answer == NULL ? NULL : &answer->view;
}

/* A poll is over: those who wait for the same monitor are told, or may ask themselves. */
static void tell_siblings(interim_operation *operation)
{
    const interim__siblings *table = &operation->drive->siblings;
    const interim_message *answer = shared_answer(operation);
    interim__sibling *at, *following;

    operation->polling = false;
    at = operation->sibling.link == NULL ? NULL
                                         : interim__siblings_first(table, operation->sibling.key);
    for (; at != NULL; at = following) {
        interim_operation *sibling = owner_of(at);

        following = interim__siblings_next(at);
        if (sibling->machine.need != INTERIM__NEED_TIME)
            continue;
        /* Whoever waited for this poll does not any more, also if the monitor has moved. */
        leave_herd(sibling);
        if (answer != NULL && !sibling->machine.cancel_asked && follow_same(operation, sibling))
            interim__operation_told(&sibling->machine, answer, &operation->machine.job->monitor,
                                    now());
        advance(sibling);
    }
}

/* ---- The operation ---- */

static void unlink_from(interim_operation **list, interim_operation *operation)
{
    if (operation->previous != NULL)
        operation->previous->next = operation->next;
    else
        *list = operation->next;
    if (operation->next != NULL)
        operation->next->previous = operation->previous;
    operation->next = operation->previous = NULL;
}

static void link_to(interim_operation **list, interim_operation *operation)
{
    operation->next = *list;
    if (*list != NULL)
        (*list)->previous = operation;
    *list = operation;
}

static void end(interim_operation *operation)
{
    interim__drive *drive = operation->drive;

    release(operation);
    if (operation->polling)
        tell_siblings(operation);
    leave_herd(operation);
    interim__siblings_take(&drive->siblings, &operation->sibling);
    interim__timer_set(drive->transport.loop, &operation->timer, INTERIM__NEVER);
    unlink_from(&drive->running, operation);
    link_to(&drive->ended, operation);
}

/* The timer is moved only when it would come too late: coming too early costs less than moving it
 * with each message. */
static void set_timer(interim_operation *operation)
{
    interim__operation *machine = &operation->machine;
    int64_t deadline = interim__operation_deadline(machine);

    if (deadline >= operation->timer.deadline ||
        interim__timer_set(operation->drive->transport.loop, &operation->timer, deadline) == 0)
        return;
    /* Without a timer it would wait for ever. */
    interim__drive_abort(operation);
}

/* Whether there is something to do without waiting. */
static bool step(interim_operation *operation)
{
    interim__operation *machine = &operation->machine;

    if (operation->connection_number != machine->connections_left)
        release(operation);
    switch (machine->need) {
    case INTERIM__NEED_CONNECTION:
        if (operation->connection != NULL)
            return false;
        operation->connection_number = machine->connections_left;
        seek_connection(operation);
        return true;
    case INTERIM__NEED_TLS:
        secure(operation);
        return false;
    case INTERIM__NEED_EXCHANGE:
        /* First what came: it may be the end of a stale connection, or let a body go out. */
        receive_input(operation);
        send_output(operation);
        return machine->need != INTERIM__NEED_EXCHANGE;
    default:
        return false;
    }
}

/* Keeps the books of polls and of who waits for which monitor. */
static void follow_poll(interim_operation *operation)
{
    interim__operation *machine = &operation->machine;

    if (interim__operation_is_polling(machine)) {
        if (!operation->polling)
            operation->polls = machine->result->timing.poll_count;
        operation->polling = true;
        return;
    }
    if (operation->polling)
        tell_siblings(operation);
    if (operation->place.polling)
        leave_herd(operation);
    if (machine->need == INTERIM__NEED_TIME && machine->job != NULL)
        interim__siblings_put(&operation->drive->siblings, &operation->sibling,
                              interim__siblings_key(machine->job->monitor.text));
}

/* Gives the operation what it needs until it has to wait. */
static void advance(interim_operation *operation)
{
    while (step(operation))
        continue;
    follow_poll(operation);
    if (operation->machine.need == INTERIM__NEED_NOTHING)
        end(operation);
    else
        set_timer(operation);
}

static void on_due(interim__timer *timer)
{
    interim_operation *operation =
        (interim_operation *)(void *)((char *)timer - offsetof(interim_operation, timer));

    queue_poll(operation);
    interim__operation_tick(&operation->machine, now());
    advance(operation);
}

int interim__drive_start(interim_operation **out, interim__drive *drive, interim_request *request,
                         interim_done_fn on_done, void *user)
{
    interim_operation *operation = calloc(1, sizeof *operation);
    interim__moment start = now();

    if (operation == NULL)
        return INTERIM_ENOMEM;
    operation->drive = drive;
    operation->on_done = on_done;
    operation->user = user;
    interim__timer_init(&operation->timer, on_due);
    /* Everything else begins when the timer is due: at once, but in a turn. */
    if (interim__timer_set(drive->transport.loop, &operation->timer, start.monotonic) < 0) {
        free(operation);
        return INTERIM_ENOMEM;
    }
    if (interim__operation_init(&operation->machine, &drive->environment, operation, request,
                                ++drive->started, interim__random_next(&drive->random),
                                start) < 0) {
        interim__timer_set(drive->transport.loop, &operation->timer, INTERIM__NEVER);
        free(operation);
        return INTERIM_ENOMEM;
    }
    link_to(&drive->running, operation);
    drive->in_flight++;
    *out = operation;
    return 0;
}

void interim__drive_begin(interim_operation *operation)
{
    interim__timer_set(operation->drive->transport.loop, &operation->timer, INTERIM__NEVER);
    on_due(&operation->timer);
}

void interim__drive_cancel(interim_operation *operation)
{
    interim__operation_cancel(&operation->machine);
    if (operation->machine.need != INTERIM__NEED_NOTHING)
        set_timer(operation);
}

int interim__drive_cancel_job(interim_operation *operation)
{
    int failed = interim__operation_cancel_job(&operation->machine);

    if (failed == 0)
        set_timer(operation);
    return failed;
}

void interim__drive_resume(interim_operation *operation)
{
    interim__operation_resume(&operation->machine);
    if (operation->machine.resuming)
        set_timer(operation);
}

void interim__drive_abort(interim_operation *operation)
{
    interim__operation_cancel(&operation->machine);
    interim__operation_tick(&operation->machine, now());
    end(operation);
}

static interim_operation *take_last(interim_operation **list)
{
    interim_operation *operation = *list;

    while (operation != NULL && operation->next != NULL)
        operation = operation->next;
    if (operation != NULL)
        unlink_from(list, operation);
    return operation;
}

void interim__drive_deliver(interim__drive *drive)
{
    interim_operation *operation;

    while ((operation = take_last(&drive->ended)) != NULL) {
        interim_result *result = interim__operation_take_result(&operation->machine);

        drive->in_flight--;
        /* The request may be freed in there, and the operation be asked for its status. */
        operation->on_done(operation, result, operation->user);
        interim__operation_dispose(&operation->machine);
        free(operation);
    }
}
