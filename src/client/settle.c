/* settle.c - the conductor of a settling: each question that operation/settle.h has is an operation
 * like any other, and the waits between looks are a timer of the loop. It has no knowledge of what
 * answers mean. A settling counts as an operation in flight, with a number and events of its own.
 */
#include "client/settling.h"

#include <stdlib.h>
#include <string.h>

/* ---- Events ---- */

static interim_outcome outcome_of(const interim_settlement *settlement)
{
    if (settlement->code == INTERIM_ECANCELLED)
        return INTERIM_CANCELLED;
    switch (settlement->finding) {
    case INTERIM_FOUND_DONE:
        return INTERIM_DONE;
    case INTERIM_FOUND_RUNNING:
        return INTERIM_STILL_RUNNING;
    case INTERIM_FOUND_NEVER:
        return INTERIM_FAILED;
    default:
        return INTERIM_UNKNOWN;
    }
}

static void report(interim_settling *settling, interim_event_kind kind, const char *text,
                   int64_t wait_ms)
{
    interim__drive *drive = &settling->client->drive;
    const int64_t now = interim__loop_monotonic_ns();
    interim_event event = {.size = sizeof event,
                           .kind = kind,
                           .hop_index = settling->settlement->looks,
                           .operation = settling->number,
                           .sequence = ++settling->sequence,
                           .wall_ns = interim__loop_wall_ns(),
                           .monotonic_ns = now,
                           .elapsed_ms = (now - settling->began) / INTERIM__NS_PER_MS,
                           .reason = "",
                           .method = "PROPFIND",
                           .url = settling->url,
                           .peer = "",
                           .server = "",
                           .via = "",
                           .percent = -1,
                           .done = -1,
                           .total = -1,
                           .wait_ms = wait_ms,
                           .text = text};

    if (kind == INTERIM_EVENT_END)
        event.outcome = outcome_of(settling->settlement);
    if (drive->observe(drive->observer, settling->request, &event) != 0)
        settling->stop = true;
}

/* ---- The life of a settling ---- */

static void unlink_settling(interim_settling *settling)
{
    if (settling->previous != NULL)
        settling->previous->next = settling->next;
    else
        settling->client->settlings = settling->next;
    if (settling->next != NULL)
        settling->next->previous = settling->previous;
}

static void dispose(interim_settling *settling)
{
    interim__settle_dispose(&settling->machine);
    interim_multistatus_free(settling->reader);
    interim__request_release(settling->request);
    interim_settlement_free(settling->settlement);
    free(settling->url);
    free(settling);
}

static void finish(interim_settling *settling, int code)
{
    interim_settlement *settlement = settling->settlement;

    interim__timer_set(settling->client->drive.transport.loop, &settling->timer, INTERIM__NEVER);
    settlement->code = code;
    if (code < 0) {
        settlement->finding = INTERIM_FOUND_UNCLEAR;
        settlement->certainty = INTERIM_CERTAINTY_NONE;
        strcpy(settlement->reason, interim_strerror(code));
    }
    report(settling, INTERIM_EVENT_END, settlement->reason, -1);
    unlink_settling(settling);
    settling->client->drive.in_flight--;
    settling->request->in_flight--;
    settling->settlement = NULL;
    settling->on_settled(settling, settlement, settling->user);
    dispose(settling);
}

/* Goes on as the machine says. */
static void proceed(interim_settling *settling)
{
    interim__settle *machine = &settling->machine;
    const int64_t now = interim__loop_monotonic_ns();
    char text[450];
    int failed = 0;

    if (machine->looked) {
        interim__settle_describe(machine, text, sizeof text);
        report(settling, INTERIM_EVENT_LOOK, text, -1);
        machine->looked = false;
    }
    if (machine->need == INTERIM__SETTLE_WAIT && !settling->stop) {
        report(settling, INTERIM_EVENT_WAITING, "",
               (machine->wait_until - now) / INTERIM__NS_PER_MS);
        failed = interim__timer_set(settling->client->drive.transport.loop, &settling->timer,
                                    machine->wait_until);
    }
    if (machine->need == INTERIM__SETTLE_OVER)
        finish(settling, 0);
    else if (settling->stop || settling->client->freeing)
        finish(settling, INTERIM_ECANCELLED);
    else if (failed < 0 || (machine->need == INTERIM__SETTLE_ASK &&
                            (failed = interim__settling_ask(settling)) < 0))
        finish(settling, failed);
}

void interim__settling_answered(interim_settling *settling, int failed)
{
    if (failed < 0)
        finish(settling, failed);
    else
        proceed(settling);
}

static void on_due(interim__timer *timer)
{
    interim_settling *settling =
        (interim_settling *)(void *)((char *)timer - offsetof(interim_settling, timer));

    interim__settle_tick(&settling->machine, interim__loop_monotonic_ns());
    proceed(settling);
}

/* ---- The public functions ---- */

static int make(interim_settling **out, interim_client *client, interim_request *request,
                const interim_settle_options *options)
{
    const int64_t now = interim__loop_monotonic_ns();
    interim_settling *settling = calloc(1, sizeof *settling);
    int failed;

    if (settling == NULL)
        return INTERIM_ENOMEM;
    settling->settlement = calloc(1, sizeof *settling->settlement);
    settling->url = interim__uri_redacted(request->uri, false);
    failed = settling->settlement == NULL || settling->url == NULL ? INTERIM_ENOMEM : 0;
    if (failed == 0)
        failed =
            interim__settle_init(&settling->machine, request, options, settling->settlement, now);
    if (failed < 0) {
        free(settling->settlement);
        free(settling->url);
        free(settling);
        return failed;
    }
    settling->client = client;
    settling->request = request;
    request->references++;
    settling->began = now;
    interim__timer_init(&settling->timer, on_due);
    *out = settling;
    return 0;
}

int interim_settle_start(interim_settling **out, interim_client *client, interim_request *request,
                         const interim_settle_options *options, interim_settled_fn on_settled,
                         void *user)
{
    interim_settling *settling;
    int failed;

    if (out != NULL)
        *out = NULL;
    if (on_settled == NULL)
        return INTERIM_EINVAL;
    if (client->freeing)
        return INTERIM_EBUSY;
    failed = make(&settling, client, request, options);
    if (failed < 0)
        return failed;
    settling->on_settled = on_settled;
    settling->user = user;
    settling->number = ++client->drive.started;
    report(settling, INTERIM_EVENT_START, "", -1);
    failed = interim__settling_ask(settling);
    if (failed < 0) {
        dispose(settling);
        return failed;
    }
    if (settling->stop)
        interim_operation_cancel(settling->asking);
    settling->next = client->settlings;
    if (client->settlings != NULL)
        client->settlings->previous = settling;
    client->settlings = settling;
    client->drive.in_flight++;
    request->in_flight++;
    if (out != NULL)
        *out = settling;
    return 0;
}

/* The system does not let us wait any more. */
static void abort_settling(interim_settling *settling, int code)
{
    interim_client *client = settling->client;

    settling->stop = true;
    if (settling->asking == NULL) {
        finish(settling, code);
        return;
    }
    interim__drive_abort(settling->asking);
    interim__drive_deliver(&client->drive);
}

static void keep_settlement(interim_settling *settling, interim_settlement *settlement, void *user)
{
    (void)settling;
    *(interim_settlement **)user = settlement;
}

int interim_settle(interim_settlement **out, interim_client *client, interim_request *request,
                   const interim_settle_options *options)
{
    interim_settling *settling;
    int failed;

    *out = NULL;
    if (client->running)
        return INTERIM_EBUSY;
    failed = interim_settle_start(&settling, client, request, options, keep_settlement, out);
    if (failed < 0)
        return failed;
    while (*out == NULL) {
        failed = interim_client_run(client, -1);
        if (failed >= 0 || *out != NULL)
            continue;
        abort_settling(settling, failed);
        return failed;
    }
    return (*out)->code;
}

void interim_settling_cancel(interim_settling *settling)
{
    settling->stop = true;
    if (settling->asking != NULL)
        interim_operation_cancel(settling->asking);
    else /* it moves a timer that is set, which needs no memory */
        interim__timer_set(settling->client->drive.transport.loop, &settling->timer,
                           interim__loop_monotonic_ns());
}

void interim__settlings_abort(interim_client *client)
{
    while (client->settlings != NULL)
        abort_settling(client->settlings, INTERIM_ECANCELLED);
}
