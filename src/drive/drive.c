/* drive.c - the life of operations, and their time. See drive.h.
 *
 * Each operation is in one of three rings: `running`; `soon`, which has something to do that no
 * descriptor and no deadline tells of, and is looked after in the next turn; `ended`, whose on_done
 * is to be called. To move from one to another needs no memory, so that a callback can cancel or
 * resume any operation, and cannot fail. */
#include "drive/steps.h"

#include "operation/delay.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void ring_init(interim__link *head)
{
    head->next = head->previous = head;
}

static void ring_unlink(interim__link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
}

static void ring_append(interim__link *head, interim__link *link)
{
    link->previous = head->previous;
    link->next = head;
    link->previous->next = head->previous = link;
}

static void move(interim__link *head, interim_operation *operation)
{
    ring_unlink(&operation->link);
    ring_append(head, &operation->link);
}

/* NULL: the ring is empty. */
static interim_operation *first_of(const interim__link *head)
{
    interim__link *first = head->next;

    if (first == head)
        return NULL;
    return (interim_operation *)(void *)((char *)first - offsetof(interim_operation, link));
}

static void attention(interim__watch *watch, unsigned events)
{
    (void)events;
    interim__drive_attend((interim__drive *)(void *)watch);
}

static int on_event(interim__operation *machine, const interim_event *event)
{
    interim_operation *operation = (interim_operation *)(void *)machine;
    interim__drive *drive = interim__drive_of(operation);

    return drive->observe(drive->observer, operation->machine.request, event);
}

static const char *peer_of(interim__operation *machine)
{
    interim__connection *connection = ((interim_operation *)(void *)machine)->connection;

    return connection == NULL ? "" : interim__connection_peer(connection);
}

static int make_hash(void *user, unsigned char out[INTERIM__HASH_MAX], size_t *size,
                     interim__hash hash, const interim__piece *pieces, size_t count)
{
    interim__drive *drive = user;

    return interim__door_hash(drive->transport.door, &drive->environment.error, out, size, hash,
                              pieces, count);
}

int interim__drive_init(interim__drive *drive)
{
    ring_init(&drive->running);
    ring_init(&drive->soon);
    ring_init(&drive->ended);
    drive->attention.ready = attention;
    drive->attention.fd = -1;
    drive->environment.observe = on_event;
    drive->environment.peer = peer_of;
    drive->environment.routes = &drive->routes;
    drive->environment.hasher = (interim__hasher){make_hash, drive};
    interim__error_init(&drive->environment.error);
    drive->buffer = malloc(INTERIM__DRIVE_BUFFER);
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
    interim__environment_dispose(&drive->environment);
    interim__herd_dispose(&drive->herd);
    interim__siblings_dispose(&drive->siblings);
    interim__queue_dispose(&drive->queue);
    free(drive->spare);
    free(drive->spare_seat);
    drive->spare = NULL;
    drive->spare_seat = NULL;
}

void interim__drive_look(interim__drive *drive)
{
    interim__time time = interim__loop_look(drive->transport.loop);

    drive->now = (interim__moment){time.now, time.wall};
}

void interim__drive_soon(interim_operation *operation)
{
    interim__drive *drive = interim__drive_of(operation);

    if (operation->soon)
        return;
    operation->soon = true;
    if (first_of(&drive->soon) == NULL)
        interim__watch_soon(drive->transport.loop, &drive->attention);
    move(&drive->soon, operation);
}

static void end(interim_operation *operation)
{
    interim__drive *drive = interim__drive_of(operation);

    interim__stream_release(operation);
    interim__stream_make_room(operation);
    if (interim__polls_concern(operation))
        interim__polls_over(operation);
    interim__operation_drop_exchange(&operation->machine);
    move(&drive->ended, operation);
}

/* The timer is moved only when it would come too late: coming too early costs less than moving it
 * with each message. */
static void set_timer(interim_operation *operation)
{
    int64_t deadline = interim__operation_deadline(&operation->machine);

    if (deadline >= operation->timer.deadline ||
        interim__timer_set(interim__drive_of(operation)->transport.loop, &operation->timer,
                           deadline) == 0)
        return;
    /* Without a timer it would wait for ever. */
    interim__operation_starved(&operation->machine, interim__drive_of(operation)->now);
    end(operation);
}

/* Whether there is something to do without waiting. */
static bool step(interim_operation *operation)
{
    interim__operation *machine = &operation->machine;

    if (operation->connection_number != machine->connections_left)
        interim__stream_release(operation);
    switch (machine->need) {
    case INTERIM__NEED_CONNECTION:
        return operation->connection == NULL && interim__stream_seek(operation);
    case INTERIM__NEED_TLS:
        interim__stream_secure(operation);
        return false;
    case INTERIM__NEED_EXCHANGE:
        interim__stream_move(operation);
        return machine->need != INTERIM__NEED_EXCHANGE;
    default:
        return false;
    }
}

/* Asks a poll that is due now, so that it needs neither timer nor turn: others have their turn
 * before its answer. Whether there was one. */
static bool ask_at_once(interim_operation *operation)
{
    interim__moment now = interim__drive_of(operation)->now;

    if (!interim__polls_concern(operation) || operation->machine.in_line ||
        !interim__operation_poll_is_due(&operation->machine, now.monotonic))
        return false;
    interim__polls_queue(operation);
    if (operation->machine.in_line)
        return false;
    interim__operation_tick(&operation->machine, now);
    return true;
}

void interim__drive_advance(interim_operation *operation)
{
    do {
        while (step(operation))
            continue;
        interim__stream_make_room(operation);
        if (interim__polls_concern(operation))
            interim__polls_follow(operation);
    } while (ask_at_once(operation));
    if (operation->machine.need == INTERIM__NEED_NOTHING)
        end(operation);
    else
        set_timer(operation);
}

void interim__drive_look_after(interim_operation *operation)
{
    if (interim__polls_concern(operation))
        interim__polls_queue(operation);
    interim__operation_tick(&operation->machine, interim__drive_of(operation)->now);
    interim__drive_advance(operation);
}

/* It may be the timer of memory that no operation has: see get_memory. */
static void on_due(interim__timer *timer)
{
    interim_operation *operation =
        (interim_operation *)(void *)((char *)timer - offsetof(interim_operation, timer));

    if (operation->machine.need == INTERIM__NEED_NOTHING)
        return;
    interim__drive_look(interim__drive_of(operation));
    interim__drive_look_after(operation);
}

void interim__drive_attend(interim__drive *drive)
{
    interim__link calling;
    interim_operation *operation;

    if (first_of(&drive->soon) == NULL)
        return;
    interim__watch_not_soon(&drive->attention);
    interim__drive_look(drive);
    /* Who asks for it meanwhile is looked after in the next turn. */
    calling = drive->soon;
    calling.next->previous = calling.previous->next = &calling;
    ring_init(&drive->soon);
    while ((operation = first_of(&calling)) != NULL) {
        operation->soon = false;
        move(&drive->running, operation);
        interim__drive_look_after(operation);
    }
}

/* One operation after the other needs no memory from elsewhere. A sanitizer is to see who uses one
 * that has ended. */
#if defined(__SANITIZE_ADDRESS__)
#define KEEPS_SPARE false
#else
#define KEEPS_SPARE true
#endif

/* The timer is the memory's, and stays set from one operation to the next, which moves it only if
 * it would come too late. */
static interim_operation *get_memory(interim__drive *drive)
{
    interim_operation *operation = drive->spare;

    drive->spare = NULL;
    if (operation != NULL)
        return operation;
    operation = malloc(sizeof *operation); /* not calloc: see talk.c */
    if (operation != NULL)
        interim__timer_init(&operation->timer, on_due);
    return operation;
}

static void give_back(interim__drive *drive, interim_operation *operation)
{
    if (!KEEPS_SPARE || drive->spare != NULL) {
        interim__timer_set(drive->transport.loop, &operation->timer, INTERIM__NEVER);
        free(operation);
        return;
    }
    drive->spare = operation;
}

int interim__drive_start(interim_operation **out, interim__drive *drive, interim_request *request,
                         interim_done_fn on_done, void *user)
{
    interim_operation *operation = get_memory(drive);

    if (operation == NULL)
        return INTERIM_ENOMEM;
    memset((char *)operation + offsetof(interim_operation, connection), 0,
           sizeof *operation - offsetof(interim_operation, connection));
    operation->on_done = on_done;
    operation->user = user;
    interim__loop_renew_time(drive->transport.loop); /* a callback may start it, after long work */
    interim__drive_look(drive);
    if (interim__operation_init(&operation->machine, &drive->environment, request, ++drive->started,
                                interim__random_next(&drive->random), drive->now) < 0) {
        give_back(drive, operation);
        return INTERIM_ENOMEM;
    }
    ring_append(&drive->running, &operation->link);
    drive->in_flight++;
    *out = operation;
    return 0;
}

bool interim__drive_await(interim__drive *drive, interim_operation *operation)
{
    interim__loop *loop = drive->transport.loop;
    bool alone = drive->in_flight == 1 && operation->connection != NULL;
    bool came;

    interim__loop_hold_time(loop, true);
    came = alone && interim__stream_await(operation);
    if (came)
        return true;
    interim__loop_set_sole(loop, alone ? interim__connection_watch(operation->connection) : NULL);
    interim__loop_set_lazy(loop, drive->in_flight == 1);
    return false;
}

void interim__drive_cancel(interim_operation *operation)
{
    interim__operation_cancel(&operation->machine);
    if (operation->machine.need != INTERIM__NEED_NOTHING)
        interim__drive_soon(operation);
}

int interim__drive_cancel_job(interim_operation *operation)
{
    int failed = interim__operation_cancel_job(&operation->machine);

    if (failed == 0)
        interim__drive_soon(operation);
    return failed;
}

void interim__drive_resume(interim_operation *operation)
{
    interim__operation_resume(&operation->machine);
    if (operation->machine.resuming && operation->machine.need != INTERIM__NEED_NOTHING)
        interim__drive_soon(operation);
}

void interim__drive_abort(interim_operation *operation)
{
    interim__operation_cancel(&operation->machine);
    interim__drive_look(interim__drive_of(operation));
    interim__operation_tick(&operation->machine, interim__drive_of(operation)->now);
    end(operation);
}

void interim__drive_abort_all(interim__drive *drive)
{
    interim_operation *operation;

    while ((operation = first_of(&drive->running)) != NULL ||
           (operation = first_of(&drive->soon)) != NULL)
        interim__drive_abort(operation);
}

size_t interim__drive_deliver(interim__drive *drive)
{
    interim_operation *operation;
    size_t delivered = 0;

    for (; (operation = first_of(&drive->ended)) != NULL; delivered++) {
        interim_result *result = interim__operation_take_result(&operation->machine);

        ring_unlink(&operation->link);
        drive->in_flight--;
        /* The request may be freed in there, and the operation be asked for its status. */
        operation->on_done(operation, result, operation->user);
        interim__operation_dispose(&operation->machine);
        give_back(drive, operation);
    }
    return delivered;
}
