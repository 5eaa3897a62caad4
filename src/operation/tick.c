/* tick.c - what an operation does because of the time: its limits, its next poll. See
 * operation.h. */
#include "operation/follow.h"
#include "operation/report.h"
#include "operation/resumption.h"
#include "operation/steps.h"
#include "operation/uploading.h"

#define LAST_POLL_NS (5 * INT64_C(1000000000)) /* for the poll at the deadline to be answered */

/* The job is to be stopped, and nothing else is being asked. */
static bool cancel_is_due(const interim__operation *op)
{
    return op->cancel_asked && op->need == INTERIM__NEED_TIME;
}

/* The end of waiting for the job, with time for the poll that is under way. An answer that is the
 * last one may take longer: the job has ended in time. */
static int64_t job_deadline(const interim__operation *op)
{
    if (op->job == NULL || op->need == INTERIM__NEED_TIME || op->job->deadline == INTERIM__FAR ||
        !interim__follow_is_poll(op->hop) ||
        (interim__talk_exchanges(op->talk) && op->talk->exchange.state == INTERIM__EXCHANGE_BODY &&
         op->sink == INTERIM__SINK_FINAL))
        return INTERIM__FAR;
    return op->job->deadline + LAST_POLL_NS;
}

/* The same, or the next poll, or the end of waiting for 100. */
static int64_t wish(const interim__operation *op)
{
    int64_t job = job_deadline(op);

    if (op->need == INTERIM__NEED_TIME)
        return op->in_line ? op->job->deadline : op->wake_at;
    return op->need == INTERIM__NEED_EXCHANGE && op->wake_at < job ? op->wake_at : job;
}

int64_t interim__operation_deadline(const interim__operation *op)
{
    int64_t limit, wished;

    if (op->need == INTERIM__NEED_NOTHING)
        return INTERIM__FAR;
    if (op->stop || op->resuming || op->from_token || cancel_is_due(op))
        return op->now.monotonic;
    limit = interim__watchdog_deadline(&op->dog);
    wished = wish(op);
    return limit < wished ? limit : wished;
}

bool interim__operation_poll_is_due(const interim__operation *op, int64_t monotonic)
{
    return op->need == INTERIM__NEED_TIME && op->job != NULL && !op->from_token &&
           monotonic >= op->wake_at;
}

bool interim__operation_is_polling(const interim__operation *op)
{
    interim_hop hop = op->hop == INTERIM_HOP_TUNNEL ? op->passage->hop : op->hop;
    bool over = interim__talk_exchanges(op->talk) && op->sink == INTERIM__SINK_FINAL;

    return hop == INTERIM_HOP_POLL && !over && op->need != INTERIM__NEED_TIME &&
           op->need != INTERIM__NEED_NOTHING;
}

static void limit_passed(interim__operation *op, int code)
{
    static const interim_stage stages[] = {INTERIM_STAGE_CONNECT, INTERIM_STAGE_HEAD,
                                           INTERIM_STAGE_WAIT};
    interim_stage stage = stages[op->dog.phase];
    int64_t silence_ms = interim__watchdog_silence_ms(&op->dog, op->now.monotonic);

    /* What follows asks how far the exchange has come; without memory it has not. */
    if (op->need == INTERIM__NEED_EXCHANGE)
        (void)interim__operation_wake(op);
    if (op->dog.phase == INTERIM__PHASE_EXCHANGE && interim__talk_exchanges(op->talk) &&
        op->talk->exchange.state == INTERIM__EXCHANGE_BODY)
        stage = INTERIM_STAGE_BODY;
    if (op->queued)
        interim__error_set(op->error, code, stage, "it was in line for a connection");
    else if (op->signs == 0)
        interim__error_set(op->error, code, stage, "there was no sign of life");
    else
        interim__error_set(op->error, code, stage, "%u sign%s of life, the last %lld s ago",
                           op->signs, op->signs == 1 ? "" : "s", (long long)(silence_ms / 1000));
    if (code == INTERIM_ETOTAL || code == INTERIM_EPOLL_DEADLINE)
        interim__ending_deadline(op);
    else
        interim__ending_failed(op);
}

static void poll(interim__operation *op)
{
    interim__accepted *job = op->job;
    interim__uri *uri;

    interim__accepted_ask(job);
    uri = interim__uri_share(job->current);
    interim__operation_begin(op, INTERIM_HOP_POLL, job->polls, interim__accepted_method(job), uri);
}

static void cancel_job(interim__operation *op)
{
    interim__uri *uri = interim__uri_share(op->job->monitor);

    op->cancel_asked = false;
    op->job->cancelling = true;
    interim__operation_begin(op, INTERIM_HOP_CANCEL, 0, "DELETE", uri);
}

void interim__operation_tick(interim__operation *op, interim__moment now)
{
    int due;

    interim__operation_enter(op, now);
    interim__operation_settle(op);
    if (now.monotonic < interim__operation_deadline(op))
        return;
    if (op->need == INTERIM__NEED_EXCHANGE && now.monotonic >= op->wake_at)
        interim__operation_release_body(op);
    if (op->resuming)
        interim__response_resume(op);
    if (op->need == INTERIM__NEED_NOTHING) /* with that body: no limit counts any more */
        return;
    if (op->paused) /* our silence, not the server's */
        interim__watchdog_activity(&op->dog, now.monotonic);
    due = interim__watchdog_check(&op->dog, now.monotonic);
    if (due == 0 && now.monotonic >= job_deadline(op))
        due = INTERIM_EPOLL_DEADLINE;
    if (due < 0)
        limit_passed(op, due);
    else if (due > 0)
        interim__report_plain(op, INTERIM_EVENT_GAP, "");
    if (op->from_token && op->need != INTERIM__NEED_NOTHING)
        interim__resumption_begin(op);
    else if (cancel_is_due(op))
        cancel_job(op);
    else if (interim__operation_poll_is_due(op, now.monotonic) &&
             (!op->in_line || now.monotonic >= op->job->deadline))
        poll(op);
    else if (op->need == INTERIM__NEED_TIME && op->job == NULL && now.monotonic >= op->wake_at)
        interim__uploading_ask(op);
    interim__operation_settle(op);
}
