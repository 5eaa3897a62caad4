/* operation.c - the two facades, blocking and asynchronous, over the same drive. The blocking one
 * has no protocol code of its own: it starts an operation, lets it send what it can, and runs the
 * client until that has ended. */
#include "client/client.h"

#include <stdlib.h>

int interim_start(interim_operation **out, interim_client *client, interim_request *request,
                  interim_done_fn on_done, void *user)
{
    interim_operation *operation = NULL;
    bool running = client->running;
    int failed;

    if (out != NULL)
        *out = NULL;
    if (on_done == NULL)
        return INTERIM_EINVAL;
    if (client->freeing)
        return INTERIM_EBUSY;
    client->running = true; /* for the event that it begins */
    failed = interim__drive_start(&operation, &client->drive, request, on_done, user);
    if (failed == 0)
        interim__drive_soon(operation);
    client->running = running;
    if (out != NULL)
        *out = operation;
    return failed;
}

static void keep_result(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation;
    *(interim_result **)user = result;
}

/* Starts the operation and has it send what it can. Errors: it was not started. */
static int begin(interim_operation **operation, interim_client *client, interim_request *request,
                 interim_result **out)
{
    interim__drive *drive = &client->drive;
    int failed;

    client->running = true;
    interim__loop_hold_time(drive->transport.loop, true);
    failed = interim__drive_start(operation, drive, request, keep_result, out);
    if (failed == 0) {
        interim__loop_set_lazy(drive->transport.loop, drive->in_flight == 1);
        interim__drive_attend(drive); /* who was started before is served before */
        interim__drive_look_after(*operation);
        interim__drive_deliver(drive);
    }
    client->running = false;
    return failed;
}

/* Something happens, if not to this operation: as interim_client_run. */
static int go_on(interim_client *client, interim_operation *operation)
{
    bool came;

    client->running = true;
    came = interim__drive_await(&client->drive, operation);
    if (came)
        interim__drive_deliver(&client->drive);
    client->running = false;
    return came ? 0 : interim_client_run(client, -1);
}

int interim_perform(interim_result **out, interim_client *client, interim_request *request)
{
    interim_operation *operation = NULL;
    int failed;

    *out = NULL;
    if (client->running)
        return INTERIM_EBUSY;
    failed = begin(&operation, client, request, out);
    while (failed >= 0 && *out == NULL)
        failed = go_on(client, operation);
    interim__loop_set_lazy(client->drive.transport.loop, false);
    interim__loop_hold_time(client->drive.transport.loop, false);
    if (*out == NULL && operation != NULL) {
        /* The system does not let us wait any more. */
        interim__drive_abort(operation);
        interim__drive_deliver(&client->drive);
        return failed;
    }
    return *out == NULL ? failed : (*out)->error->code;
}

void interim_operation_cancel(interim_operation *operation)
{
    interim__drive_cancel(operation);
}

int interim_operation_cancel_job(interim_operation *operation)
{
    return interim__drive_cancel_job(operation);
}

void interim_operation_resume(interim_operation *operation)
{
    interim__drive_resume(operation);
}

int interim_operation_status(const interim_operation *operation)
{
    return operation->machine.last_status;
}

int interim_operation_is_queued(const interim_operation *operation)
{
    return operation->machine.queued && operation->machine.need == INTERIM__NEED_CONNECTION;
}

int64_t interim_operation_silence_ms(const interim_operation *operation)
{
    return interim__watchdog_silence_ms(&operation->machine.dog, interim__loop_monotonic_ns());
}
