/* resumption.c - see resumption.h. The clocks of two processes have only the wall clock in common,
 * and that may have been set meanwhile: what is left of a wait or a deadline is clamped. */
#include "operation/resumption.h"

#include "operation/delay.h"
#include "operation/steps.h"
#include "operation/token.h"

#include <string.h>

#define LEFT_MAX_MS ((int64_t)366 * 86400 * 1000) /* more than any deadline */

/* ---- from a job ---- */

static unsigned flags_of(const interim_polling *polling, const interim__accepted *job)
{
    unsigned flags = 0;

    if (polling->mode == INTERIM_POLL_STRICT)
        flags |= INTERIM__TOKEN_STRICT;
    if (polling->cross_origin == INTERIM_CROSS_ORIGIN_REJECT)
        flags |= INTERIM__TOKEN_OWN_ORIGIN;
    if ((polling->flags & INTERIM_POLL_EMBEDDED) != 0)
        flags |= INTERIM__TOKEN_EMBEDDED;
    if ((polling->flags & INTERIM_POLL_PREFER_PROCESSING) != 0)
        flags |= INTERIM__TOKEN_PROCESSING;
    if (job->answers > 0)
        flags |= INTERIM__TOKEN_ANSWERED;
    if (job->latched)
        flags |= INTERIM__TOKEN_LATCHED;
    if (job->is_redfish)
        flags |= INTERIM__TOKEN_REDFISH;
    if (job->verifying)
        flags |= INTERIM__TOKEN_VERIFYING;
    if (job->can_cancel)
        flags |= INTERIM__TOKEN_CANCELLABLE;
    if (job->cancelling)
        flags |= INTERIM__TOKEN_CANCELLING;
    return flags;
}

static int64_t wall_ms(const interim__operation *op, int64_t monotonic)
{
    return (op->now.wall + (monotonic - op->now.monotonic)) / INTERIM__NS_PER_MS;
}

int interim__resumption_write(interim__buffer *out, const interim__operation *op, uint32_t *state)
{
    const interim__accepted *job = op->job;
    interim__token token; /* it borrows the URLs */

    if (job == NULL)
        return 0;
    token = (interim__token){.dialect = job->dialect,
                             .url = op->request->uri,
                             .monitor = job->monitor,
                             .task = job->task,
                             .result = job->result,
                             .until_ms = -1,
                             .after_ms = wall_ms(op, job->poll_at),
                             .flags = flags_of(&op->request->polling, job)};
    memcpy(token.method, op->request->method, strlen(op->request->method) + 1);
    if (job->deadline != INTERIM__FAR)
        token.until_ms = wall_ms(op, job->deadline);
    return interim__token_write(out, &token, state);
}

void interim__resumption_deliver(interim__operation *op)
{
    const interim_request *request = op->request;
    interim__buffer text = {0};
    uint32_t state;

    if (request->on_accepted == NULL || op->stop)
        return;
    if (interim__resumption_write(&text, op, &state) == 0 &&
        !(op->token_given && op->token_state == state)) {
        op->token_given = true;
        op->token_state = state;
        if (request->on_accepted(text.data, request->accepted_user) != 0)
            op->stop = true;
    }
    interim__buffer_dispose(&text);
}

/* ---- to a job ---- */

static int64_t left_ns(const interim__operation *op, int64_t then_ms, int64_t max_ms)
{
    int64_t left_ms = then_ms - op->now.wall / INTERIM__NS_PER_MS;

    if (left_ms < 0)
        left_ms = 0;
    return (left_ms > max_ms ? max_ms : left_ms) * INTERIM__NS_PER_MS;
}

/* Jobs that are all resumed at once are not all asked at once, unless the caller wants it so. */
static int64_t spread_ns(interim__operation *op, int64_t first_ms)
{
    int64_t later_ms;

    if (first_ms == INTERIM_AT_ONCE)
        return 0;
    later_ms = interim__delay_spread_ms(first_ms, 0, first_ms, &op->random) - first_ms;

    return later_ms * INTERIM__NS_PER_MS;
}

static void set_times(interim__operation *op, const interim__token *token)
{
    const interim_request *request = op->request;
    interim__accepted *job = op->job;

    if (!request->own_deadline)
        job->deadline = token->until_ms < 0
                            ? INTERIM__FAR
                            : op->now.monotonic + left_ns(op, token->until_ms, LEFT_MAX_MS);
    job->poll_at = op->now.monotonic + left_ns(op, token->after_ms, request->polling.max_ms) +
                   spread_ns(op, request->polling.first_ms);
    if (job->poll_at > job->deadline)
        job->poll_at = job->deadline;
}

int interim__resumption_prepare(interim__operation *op)
{
    const interim__token *token = op->request->resumed;
    interim__uri *monitor = interim__uri_share(token->monitor);

    op->job = interim__accepted_known(token->dialect, op->request, &monitor, &op->random,
                                      op->now.monotonic);
    interim__uri_dispose(&monitor);
    if (op->job == NULL)
        return INTERIM_ENOMEM;
    op->job->task = interim__uri_share(token->task);
    op->job->result = interim__uri_share(token->result);
    op->job->answers = (token->flags & INTERIM__TOKEN_ANSWERED) != 0;
    op->job->latched = (token->flags & INTERIM__TOKEN_LATCHED) != 0;
    op->job->is_redfish = (token->flags & INTERIM__TOKEN_REDFISH) != 0;
    /* What the monitor had said last went with the other process. */
    op->job->verifying = op->job->gone = (token->flags & INTERIM__TOKEN_VERIFYING) != 0;
    op->job->can_cancel = (token->flags & INTERIM__TOKEN_CANCELLABLE) != 0;
    op->job->cancelling = (token->flags & INTERIM__TOKEN_CANCELLING) != 0;
    set_times(op, token);
    op->begun = op->from_token = true;
    op->need = INTERIM__NEED_TIME;
    op->wake_at = op->now.monotonic;
    return 0;
}

void interim__resumption_begin(interim__operation *op)
{
    const interim_request *request = op->request;

    op->from_token = false;
    if (request->polling.cross_origin == INTERIM_CROSS_ORIGIN_REJECT &&
        !interim__uri_same_origin(request->uri, op->job->monitor))
        interim__ending_conclude(
            op, INTERIM_ACCEPTED,
            "the job is not polled any more: its monitor is on another origin");
    else
        interim__job_begin(op, 0);
}
