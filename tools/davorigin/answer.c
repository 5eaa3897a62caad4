/* How a COPY or MOVE is answered; answer.h tells the concept. */
#include "answer.h"

#include "clock.h"
#include "job.h"
#include "monitor.h"
#include "reply.h"
#include "status.h"

#include <inttypes.h>
#include <stdio.h>

enum { BODY_BYTES = 65536, FOREVER_MS = 86400000 };

void answer_outcome(struct exchange *exchange, const struct outcome *outcome)
{
    struct buffer body = {0};

    if (outcome->status == 0) {
        reply_status(exchange, 503, "the work was cancelled");
        return;
    }
    if (outcome->status != 207) {
        reply_status(exchange, outcome->status, NULL);
        return;
    }
    multistatus_of_failures(&body, &outcome->failures);
    reply_buffer(exchange, 207, NULL, MULTISTATUS_TYPE, &body);
    buffer_free(&body);
}

/* Progress of draft-wright-http-progress: done "/" total, the total empty while it is not known. */
static bool send_processing(struct exchange *exchange, struct job *job)
{
    struct progress_view view = progress_get(&job->progress);
    char field[64];

    if (view.total > 0)
        snprintf(field, sizeof field, "Progress: %" PRIu64 "/%" PRIu64 "\r\n", view.done,
                 view.total);
    else
        snprintf(field, sizeof field, "Progress: %" PRIu64 "/\r\n", view.done);
    return reply_interim(exchange, 102, field);
}

/* The work goes on to its end when the client went away; this thread need not stay for it. */
static void answer_on_connection(struct exchange *exchange, struct job *job, bool interims)
{
    const struct options *options = exchange->site->options;
    int64_t interval = options->interval_ms;
    int64_t due = clock_ms() + interval;

    /* RFC 9110 §15.2: an HTTP/1.0 client is sent no 1xx. */
    if (exchange->request.minor < 1)
        interims = false;
    while (!progress_wait_finished(&job->progress, interims ? due : clock_ms() + FOREVER_MS)) {
        if (!interims)
            continue;
        if (!send_processing(exchange, job))
            return;
        if (!options->steady && interval < FOREVER_MS)
            interval *= 2;
        due += interval;
        if (due < clock_ms())
            due = clock_ms() + interval;
    }
    answer_outcome(exchange, &job->outcome);
}

static enum answer_kind choose(const struct exchange *exchange, bool *out_asked)
{
    *out_asked = request_has_token(&exchange->request, "Prefer", "respond-async");
    if (*out_asked)
        return ANSWER_ACCEPTED;
    if (request_has_token(&exchange->request, "Prefer", "processing"))
        return ANSWER_INTERIM;
    return exchange->site->options->answer;
}

void transfer_handle(struct exchange *exchange)
{
    struct transfer transfer;
    struct job *job = NULL;
    const char *why = NULL;
    bool asked = false;
    enum answer_kind kind = choose(exchange, &asked);
    int status = body_read_all(NULL, &exchange->body, BODY_BYTES);

    if (!status)
        status = transfer_prepare(&transfer, exchange, &why);
    if (status) {
        reply_status(exchange, status, why);
        return;
    }
    job = job_start(exchange->site->jobs, &transfer, kind == ANSWER_ACCEPTED);
    if (!job) {
        transfer_free(&transfer);
        reply_status(exchange, 503, "too many copies run already");
        return;
    }
    if (kind == ANSWER_ACCEPTED)
        monitor_accept(exchange, job, asked);
    else
        answer_on_connection(exchange, job, kind == ANSWER_INTERIM);
    job_release(job);
}
