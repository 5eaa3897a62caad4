/* polls.c - see steps.h. What operations that poll have to do with each other. */
#include "drive/steps.h"

#include <string.h>

static interim_operation *owner_of(interim__sibling *sibling)
{
    return (interim_operation *)(void *)((char *)sibling - offsetof(interim_operation, sibling));
}

/* Whether an answer of the monitor of one is as good as one of the other's. */
static bool follow_same(const interim_operation *a, const interim_operation *b)
{
    const interim__accepted *job = a->machine.job, *other = b->machine.job;

    return a != b && job != NULL && other != NULL && job->dialect == other->dialect &&
           strcmp(job->monitor->text, other->monitor->text) == 0 &&
           interim__request_asks_same(a->machine.request, b->machine.request);
}

static bool is_asked_already(interim_operation *operation)
{
    const interim__siblings *table = &interim__drive_of(operation)->siblings;
    interim__sibling *at;

    if (operation->sibling.link == NULL)
        return false;
    for (at = interim__siblings_first(table, operation->sibling.key); at != NULL;
         at = interim__siblings_next(at))
        if (owner_of(at)->polling && follow_same(operation, owner_of(at)))
            return true;
    return false;
}

/* Without memory everybody goes. */
static bool enter_herd(interim_operation *operation)
{
    interim__seat *seat = interim__seat_take(operation);

    return seat == NULL || interim__herd_enter(&interim__drive_of(operation)->herd, &seat->herd,
                                               operation->machine.job->monitor);
}

void interim__polls_queue(interim_operation *operation)
{
    interim__operation *machine = &operation->machine;

    if (interim__seat_is_in_herd(operation) ||
        !interim__operation_poll_is_due(machine, interim__drive_of(operation)->now.monotonic))
        return;
    machine->in_line = is_asked_already(operation) || !enter_herd(operation);
}

void interim__polls_leave(interim_operation *operation)
{
    interim_operation *following = interim__seat_leave_herd(operation);

    operation->machine.in_line = false;
    if (following == NULL)
        return;
    following->machine.in_line = false;
    interim__drive_soon(following);
}

/* What the answer to a poll was, if it can be shared: not when a callback had the body. */
static const interim_message *shared_answer(const interim_operation *operation)
{
    const interim__operation *machine = &operation->machine;
    bool streamed = machine->need == INTERIM__NEED_NOTHING && machine->request->on_body != NULL;

    if (machine->result->timing.poll_count == operation->polls || streamed ||
        (machine->request->polling.flags & INTERIM_POLL_EMBEDDED) != 0)
        return NULL;
    return interim__result_monitor(machine->result);
}

/* A poll is over: those who wait for the same monitor are told, or may ask themselves. */
static void tell_siblings(interim_operation *operation)
{
    const interim__siblings *table = &interim__drive_of(operation)->siblings;
    const interim_message *answer;
    interim__sibling *at, *following;

    operation->polling = false;
    at = operation->sibling.link == NULL ? NULL
                                         : interim__siblings_first(table, operation->sibling.key);
    for (; at != NULL; at = following) {
        interim_operation *sibling = owner_of(at);

        following = interim__siblings_next(at);
        if (sibling == operation || sibling->machine.need != INTERIM__NEED_TIME)
            continue;
        /* Whoever waited for this poll does not any more, also if the monitor has moved. */
        interim__polls_leave(sibling);
        answer = shared_answer(operation);
        if (answer != NULL && !sibling->machine.cancel_asked && follow_same(operation, sibling))
            interim__operation_told(&sibling->machine, answer, operation->machine.job->monitor,
                                    interim__drive_of(operation)->now);
        interim__drive_advance(sibling);
    }
}

/* They are those of one monitor, which seldom moves. */
static void join_siblings(interim_operation *operation)
{
    interim__accepted *job = operation->machine.job;

    if (operation->sibling.link != NULL && !job->moved)
        return;
    job->moved = false;
    interim__siblings_put(&interim__drive_of(operation)->siblings, &operation->sibling,
                          interim__siblings_key(job->monitor->text));
}

void interim__polls_follow(interim_operation *operation)
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
    if (operation->seat != NULL && operation->seat->herd.polling)
        interim__polls_leave(operation);
    if (machine->need == INTERIM__NEED_TIME && machine->job != NULL)
        join_siblings(operation);
}

void interim__polls_over(interim_operation *operation)
{
    if (operation->polling)
        tell_siblings(operation);
    interim__polls_leave(operation);
    interim__siblings_take(&interim__drive_of(operation)->siblings, &operation->sibling);
}
