/* response.c - takes an answer in: interims, the final response and its body. */
#include "base/text.h"
#include "operation/follow.h"
#include "operation/report.h"
#include "operation/steps.h"
#include "operation/uploading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISCARD_MAX                                                                                \
    1048576 /* bytes of a body that nobody wants; more is not worth the connection */

/* ---- interims ---- */

/* A 102 may name a monitor for the case that the connection is lost. */
static void learn_monitor(interim__operation *op)
{
    const interim_field *location =
        interim__fields_next(&op->talk->exchange.head.fields, "location", NULL);
    interim__uri *monitor = NULL;
    const char *problem;

    if ((op->request->polling.flags & INTERIM_POLL_INTERIM) == 0 || op->last_status != 102 ||
        op->hop == INTERIM_HOP_TUNNEL || location == NULL ||
        interim__follow_monitor(&monitor, op->request, op->uri, location, &problem) < 0)
        return;
    interim__uri_dispose(&op->learnt);
    op->learnt = monitor;
}

/* See interim__report_interim for event. */
static void take_interim(interim__operation *op, interim_event *event)
{
    interim__head *head = &op->talk->exchange.head;
    interim__progress progress;
    interim_timing *timing = &op->result->timing;
    int told = 0;

    op->last_status = head->status;
    timing->interim_count++;
    if (timing->first_interim_ms < 0)
        timing->first_interim_ms = (op->now.monotonic - op->dog.start) / INTERIM__NS_PER_MS;
    /* 102 and 103 do not end the wait; 104 means as much as 100
     * (draft-ietf-httpbis-resumable-upload). */
    if (head->status == 100 || head->status == 104)
        interim__operation_release_body(op);
    interim__progress_init(&progress);
    if (head->fields.count > 0) {
        learn_monitor(op);
        interim__progress_read(&progress, &head->fields);
    }
    if (head->status == 104)
        told = interim__uploading_told(op, &progress);
    interim__report_interim(op, event, head, &progress);
    if (told < 0)
        interim__ending_failed(op);
    if (told > 0 && !op->stop)
        interim__uploading_lost(op, 0);
    if (told != 0 || interim__watchdog_admit(&op->dog, op->now.monotonic))
        return;
    interim__error_set(op->error, INTERIM_EFLOOD, INTERIM_STAGE_HEAD,
                       "more than %u a second after the first %u",
                       op->request->patience.interim_rate, op->request->patience.interim_burst);
    interim__ending_failed(op);
}

/* ---- the final response of an exchange ---- */

static bool keep_answer(interim__operation *op)
{
    interim__answer *answer = &op->talk->answer;

    answer->request = op->request;
    answer->uri = op->uri;
    if (interim__answer_keep(answer, &op->talk->exchange.head, interim__operation_shown_url(op)) ==
        0)
        return true;
    interim__error_set(op->error, INTERIM_ENOMEM, INTERIM_STAGE_HEAD, "out of memory");
    return false;
}

static interim__sink choose_sink(const interim__operation *op)
{
    if (op->challenged || op->continues || op->hop == INTERIM_HOP_CANCEL)
        return INTERIM__SINK_DISCARD;
    if (op->hop == INTERIM_HOP_POLL)
        return INTERIM__SINK_LOOK;
    if (op->hop == INTERIM_HOP_TUNNEL)
        return INTERIM__SINK_DISCARD;
    if (interim__following_location(op) != NULL || interim__following_unexpected(op))
        return INTERIM__SINK_DISCARD;
    if (op->talk->marking != NULL)
        return INTERIM__SINK_FINAL;
    if (op->hop == INTERIM_HOP_RESULT)
        return op->talk->answer.status < 300 ? INTERIM__SINK_FINAL : INTERIM__SINK_DISCARD;
    /* A 202 that names no monitor is final, and its body the caller's at once: it may be a stream
     * that tells of the work as long as that takes. */
    return interim__dialect_may_begin(&op->talk->answer) ? INTERIM__SINK_LOOK : INTERIM__SINK_FINAL;
}

static void report_response(interim__operation *op)
{
    if (interim__report_passes(op))
        return;
    interim__report_event(op, &(interim__report){.kind = INTERIM_EVENT_RESPONSE,
                                                 .status = op->talk->answer.status,
                                                 .reason = op->talk->answer.reason,
                                                 .fields = &op->talk->answer.fields});
}

static void take_response(interim__operation *op)
{
    interim__head *head = &op->talk->exchange.head;

    op->last_status = head->status;
    op->wake_at = INTERIM__FAR; /* a body that was not asked for is not wanted any more */
    if (!keep_answer(op)) {
        interim__ending_failed(op);
        return;
    }
    if (interim__following_challenged(op) < 0) {
        report_response(op);
        interim__ending_failed(op);
        return;
    }
    if (interim__marking_begin(op) < 0) {
        interim__ending_failed(op);
        return;
    }
    if (op->uploading)
        interim__uploading_judge(op);
    op->sink = choose_sink(op);
    if (op->sink != INTERIM__SINK_DISCARD &&
        interim__fields_next(&op->talk->answer.fields, "content-encoding", NULL) != NULL &&
        interim__follow_decodes(op->request, interim__operation_asks_as(op)) &&
        interim__coding_new(&op->talk->coding, &op->talk->answer.fields, op->request->decoded_max,
                            op->error) < 0) {
        interim__ending_failed(op);
        return;
    }
    /* The answer of a monitor is reported when it is known what it says. */
    if (op->hop != INTERIM_HOP_POLL)
        report_response(op);
}

/* ---- bodies ---- */

static int no_memory(interim__operation *op)
{
    return interim__error_set(op->error, INTERIM_ENOMEM, INTERIM_STAGE_BODY, "out of memory");
}

static int stream(interim__operation *op, const char *data, size_t size)
{
    int wish;

    if (size == 0)
        return 0;
    if (op->paused)
        return interim__buffer_append(&op->talk->held, data, size) < 0 ? no_memory(op) : 0;
    wish = op->request->on_body(data, size, op->request->body_user);
    if (wish == 0)
        return 0;
    op->paused = wish > 0;
    if (wish == INTERIM_ESYSTEM && op->request->to_descriptor) {
        int problem = errno;

        op->error->os_error = problem;
        return interim__error_set(op->error, INTERIM_ESYSTEM, INTERIM_STAGE_BODY,
                                  "the body could not be written: %s", strerror(problem));
    }
    op->stop = op->stop || wish < 0;
    return 0;
}

int interim__response_give(interim__operation *op, const char *data, size_t size)
{
    interim__buffer *kept = &op->result->body;

    if (op->request->on_body != NULL) {
        if (interim__answer_is_problem(&op->talk->answer))
            interim__result_note_problem(op->result, data, size);
        return stream(op, data, size);
    }
    if (interim__marking_is_stream(op))
        return interim__marking_keep(op, data, size);
    if (size > op->environment->body_cap - kept->length)
        return interim__error_set(op->error, INTERIM_EBODY_LIMIT, INTERIM_STAGE_BODY,
                                  "the cap is %zu bytes; stream the body instead",
                                  op->environment->body_cap);
    if (interim__buffer_append(kept, data, size) < 0)
        return interim__error_set(op->error, INTERIM_ENOMEM, INTERIM_STAGE_BODY, "out of memory");
    return 0;
}

/* Whether an answer that is too long to be a status document is the caller's. */
static bool is_final_by_head(const interim__operation *op)
{
    interim__naming naming;

    if (op->hop == INTERIM_HOP_POLL)
        return interim__accepted_is_last_by_status(op->job, &op->talk->answer);
    return interim__dialect_find(&naming, &op->talk->answer) == NULL;
}

/* A body that was to be looked at is too long for that: its head alone decides. */
static int stop_looking(interim__operation *op)
{
    op->sink = is_final_by_head(op) ? INTERIM__SINK_FINAL : INTERIM__SINK_DISCARD;
    if (op->sink == INTERIM__SINK_DISCARD)
        return 0;
    return interim__response_give(op, op->talk->looked.data, op->talk->looked.length);
}

/* A piece of the content. */
static int take_content(interim__operation *op, const char *data, size_t size)
{
    if (op->stop)
        return 0;
    if (op->sink == INTERIM__SINK_LOOK) {
        if (size <= INTERIM__DOCUMENT_MAX - op->talk->looked.length)
            return interim__buffer_append(&op->talk->looked, data, size) < 0
                       ? interim__error_set(op->error, INTERIM_ENOMEM, INTERIM_STAGE_BODY,
                                            "out of memory")
                       : 0;
        if (stop_looking(op) < 0)
            return op->error->code;
    }
    if (op->talk->marking != NULL)
        return interim__marking_take(op, data, size);
    if (op->sink == INTERIM__SINK_FINAL)
        return interim__response_give(op, data, size);
    op->talk->discarded += size;
    return 0;
}

/* While the caller pauses, as little as possible is decoded: it has to be held. */
static int take_decoded(void *user, const char *data, size_t size)
{
    interim__operation *op = user;
    int failed = take_content(op, data, size);

    return failed < 0 ? failed : op->paused || op->stop;
}

static int take_body(interim__operation *op, const char *data, size_t size)
{
    if (op->talk->marking == NULL || !interim__marking_is_stream(op))
        interim__watchdog_activity(&op->dog, op->now.monotonic);
    if (op->talk->coding == NULL)
        return take_content(op, data, size);
    return interim__coding_feed(op->talk->coding, data, size, take_decoded, op, op->error);
}

int interim__response_finish(interim__operation *op)
{
    return op->sink == INTERIM__SINK_DISCARD ? 0
                                             : interim__coding_finish(op->talk->coding, op->error);
}

/* ---- the exchange ---- */

/* A body that nobody wants has become too long: the answer counts, the connection does not. */
static void break_off(interim__operation *op)
{
    op->talk->exchange.persistent = false;
    interim__following_over(op);
    op->keep_connection = false;
}

static void take_step(interim__operation *op, int step)
{
    switch (step) {
    case INTERIM__STEP_RESPONSE:
        take_response(op);
        break;
    case INTERIM__STEP_BODY:
        if (take_body(op, op->talk->exchange.body, op->talk->exchange.body_length) < 0)
            interim__ending_failed(op);
        else if (op->talk->discarded > DISCARD_MAX)
            break_off(op);
        break;
    case INTERIM__STEP_OVER:
        interim__following_over(op);
        break;
    default:
        interim__ending_failed(op);
    }
}

void interim__response_receive(interim__operation *op, char **data, size_t *size)
{
    interim_event event;

    event.size = 0;
    while (interim__operation_reads(op) && !op->stop) {
        int step = interim__exchange_step(&op->talk->exchange, data, size);

        if (step == INTERIM__STEP_MORE)
            break;
        /* The next head has a time of its own. */
        if (step == INTERIM__STEP_INTERIM || step == INTERIM__STEP_RESPONSE)
            interim__watchdog_head(&op->dog, false, op->now.monotonic);
        if (step == INTERIM__STEP_INTERIM) {
            take_interim(op, &event);
            continue;
        }
        event.size = 0;
        /* Bytes behind the answer were not asked for: RFC 9112 section 9.2. */
        if (step == INTERIM__STEP_OVER && *size > 0)
            op->talk->exchange.persistent = false;
        take_step(op, step);
    }
    if (op->paused && *size > 0 && interim__buffer_append(&op->talk->backlog, *data, *size) < 0) {
        no_memory(op);
        interim__ending_failed(op);
    }
    if (op->need == INTERIM__NEED_EXCHANGE)
        interim__watchdog_head(&op->dog, interim__exchange_in_head(&op->talk->exchange),
                               op->now.monotonic);
}

/* What was decoded before the pause, then what was not. */
static int resume_content(interim__operation *op, const char *held, size_t size)
{
    int failed = stream(op, held, size);

    if (failed < 0 || op->paused || op->stop || op->talk->coding == NULL)
        return failed;
    return interim__coding_resume(op->talk->coding, take_decoded, op, op->error);
}

void interim__response_resume(interim__operation *op)
{
    interim__buffer held = op->talk->held, backlog = op->talk->backlog;
    char none[1], *data = backlog.data == NULL ? none : backlog.data;
    size_t size = backlog.length;

    op->talk->held = op->talk->backlog = (interim__buffer){0};
    op->paused = op->resuming = false;
    interim__watchdog_activity(&op->dog, op->now.monotonic);
    if (resume_content(op, held.data, held.length) < 0)
        interim__ending_failed(op);
    else
        interim__response_receive(op, &data, &size);
    interim__buffer_dispose(&held);
    interim__buffer_dispose(&backlog);
}
