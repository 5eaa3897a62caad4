/* job.c - an operation that follows a job: from the answer that begins it, through the polls and
 * what its caller makes of them, to the result. What an answer means is accepted.h's to know. */
#include "base/text.h"
#include "operation/embedded.h"
#include "operation/follow.h"
#include "operation/report.h"
#include "operation/resumption.h"
#include "operation/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the beginning and the end ---- */

/* The body that was looked at is the caller's after all. */
static bool release_looked(interim__operation *op)
{
    if (op->sink != INTERIM__SINK_LOOK)
        return true;
    op->sink = INTERIM__SINK_FINAL;
    if (interim__response_give(op, op->talk->looked.data, op->talk->looked.length) == 0)
        return true;
    interim__ending_failed(op);
    return false;
}

/* The job has ended; what told so is the final response. */
static void conclude_job(interim__operation *op, bool done)
{
    const interim__document *document = &op->talk->answer.document;
    char message[INTERIM__PROBLEM_SIZE], state[sizeof document->state];
    bool by_monitor = op->hop == INTERIM_HOP_POLL;
    interim__line line;
    int status = op->talk->answer.status,
        meant = interim__dialect_effective_status(&op->talk->answer);

    memcpy(message, document->message, sizeof document->message);
    memcpy(state, document->state, sizeof state);
    if (!release_looked(op) || op->stop)
        return;
    interim__following_adopt(op);
    if (message[0] == '\0' && !done)
        interim__problem_write(message, sizeof message, op->result->problem,
                               op->talk->answer.reason);
    if (message[0] == '\0' && !done && !interim__text_equal(state, "failed"))
        memcpy(message, state, sizeof state);
    interim__line_begin(&line);
    interim__line_put(&line, by_monitor ? "the monitor answered " : "the server answered ");
    interim__line_put_number(&line, status);
    if (meant != status) {
        interim__line_put(&line, " for ");
        interim__line_put_number(&line, meant);
    }
    interim__line_put(&line, done ? ": the job is done" : ": the job failed");
    interim__line_put(&line, message[0] == '\0' ? "" : ": ");
    interim__line_put(&line, message);
    interim__ending_tell(op, done ? INTERIM_DONE : INTERIM_FAILED, &line);
    if (by_monitor)
        interim__result_end_by_monitor(op->result);
}

/* Reads the body that was looked at, if it may be a status document. */
static bool read_document(interim__operation *op)
{
    unsigned flags = op->request->polling.flags;
    const char *link = (flags & INTERIM_POLL_LINK) != 0 ? op->request->link_member : NULL;
    bool unwraps = op->hop == INTERIM_HOP_POLL && (flags & INTERIM_POLL_EMBEDDED) != 0;

    if (op->sink != INTERIM__SINK_LOOK)
        return true;
    interim__progress_read(&op->talk->answer.progress, &op->talk->answer.fields);
    if ((!unwraps || interim__embedded_unwrap(&op->talk->answer, &op->talk->looked) == 0) &&
        interim__document_read(&op->talk->answer.document, &op->talk->answer.progress,
                               op->talk->looked.data, op->talk->looked.length, link))
        return true;
    interim__error_set(op->error, INTERIM_ENOMEM, INTERIM_STAGE_BODY, "out of memory");
    interim__ending_failed(op);
    return false;
}

/* The answer is looked at later, by the caller. Without memory there is none. */
static void keep(interim__operation *op, interim__message **out, int status,
                 const interim__fields *fields)
{
    const interim__buffer *body = &op->talk->looked;

    interim__message_free(*out);
    *out = interim__message_new(status, interim__operation_url_text(op), fields, body->data,
                                body->length);
}

static void keep_answer(interim__operation *op, interim__message **out)
{
    keep(op, out, op->talk->answer.status, &op->talk->answer.fields);
}

static void report_accepted(interim__operation *op, int status)
{
    interim__line text;

    if (interim__report_passes(op))
        return;
    interim__line_begin(&text);
    interim__line_put(&text, op->job->dialect->name);
    interim__line_put(&text, op->request->resumed == NULL ? "" : ", resumed");
    interim__report_event(op, &(interim__report){.kind = INTERIM_EVENT_ACCEPTED,
                                                 .status = status,
                                                 .progress = &op->job->seen,
                                                 .about = op->job->monitor,
                                                 .text = text.text});
}

/* Goes from the exchange to the first wait. The caller has the token before anybody hears of the
 * job. */
void interim__job_begin(interim__operation *op, int status)
{
    interim__resumption_deliver(op);
    op->result->timing.accepted_ms = (op->now.monotonic - op->dog.start) / INTERIM__NS_PER_MS;
    report_accepted(op, status);
    if (op->stop)
        return;
    /* What is told from here on is about the monitor. */
    interim__operation_begin(op, INTERIM_HOP_POLL, 0, interim__accepted_method(op->job),
                             interim__uri_share(op->job->monitor));
    interim__operation_wait(op);
}

/* No job comes of it after all. */
static void conclude_unfollowed(interim__operation *op, const char *refusal)
{
    if (!release_looked(op) || op->stop)
        return;
    if (op->talk->answer.status != 202) {
        interim__following_conclude(op);
        return;
    }
    interim__following_adopt(op);
    interim__ending_conclude(op, INTERIM_ACCEPTED,
                             "the server answered 202, which is not polled: %s", refusal);
}

/* The first answer tells already how the job ended. */
static bool has_ended(const interim__operation *op)
{
    interim__word word = op->talk->answer.document.word;

    return op->job->dialect->may_end_at_once &&
           (word == INTERIM__WORD_GOOD || word == INTERIM__WORD_BAD);
}

bool interim__job_learnt(interim__operation *op)
{
    static const char name[] = "interim";
    int status = op->last_status;

    if (op->learnt == NULL || op->job != NULL)
        return false;
    op->job = interim__accepted_known(interim__dialect_named(name, sizeof name - 1), op->request,
                                      &op->learnt, &op->random, op->now.monotonic);
    if (op->job == NULL)
        return false;
    interim__result_forget_body(op->result);
    interim__job_begin(op, status);
    return true;
}

void interim__job_accept(interim__operation *op)
{
    int status = op->talk->answer.status, failed;
    const char *refusal;

    if (!read_document(op))
        return;
    op->job = interim__accepted_new(&op->talk->answer, &op->random, op->now.monotonic, op->now.wall,
                                    &refusal, &failed);
    if (failed < 0) {
        interim__error_set(op->error, failed, INTERIM_STAGE_HEAD, "out of memory");
        interim__ending_failed(op);
    } else if (op->job == NULL) {
        conclude_unfollowed(op, refusal);
    } else if (has_ended(op)) {
        conclude_job(op, op->talk->answer.document.word == INTERIM__WORD_GOOD);
    } else {
        keep_answer(op, &op->result->accepted);
        interim__job_begin(op, status);
    }
}

/* ---- polls ---- */

/* The result of a COPY is the copy: nobody wants it downloaded. */
static bool wants_result(const interim__operation *op)
{
    const char *method = op->request->method;

    return strcmp(method, "POST") == 0 || strcmp(method, "PATCH") == 0 ||
           (strcmp(method, "PUT") == 0 && op->job->dialect->has_result) ||
           interim__method_is_safe(method);
}

static void go_to_result(interim__operation *op)
{
    interim__fields adopted;
    interim__uri *uri;

    if (!wants_result(op)) {
        conclude_job(op, true);
        return;
    }
    uri = interim__uri_share(op->job->current);
    interim__following_adopt(op); /* should the result not be to be had */
    adopted = (interim__fields){.items = op->result->fields, .count = op->result->field_count};
    keep(op, &op->result->monitor, op->result->status, &adopted);
    op->redirects = 0;
    interim__operation_begin(op, INTERIM_HOP_RESULT, 0, "GET", uri);
}

static void poll_again(interim__operation *op)
{
    if (op->now.monotonic >= op->job->deadline) {
        interim__error_set(op->error, INTERIM_EPOLL_DEADLINE, INTERIM_STAGE_WAIT,
                           "%u polls, the last answer: %s", op->job->polls, op->job->note);
        /* Nobody saw it working of late. */
        if (op->job->failures > 0)
            interim__ending_conclude(op, INTERIM_UNREACHABLE,
                                     "the deadline passed while the monitor was out of reach; the "
                                     "job may go on");
        else
            interim__ending_deadline(op);
        return;
    }
    interim__operation_wait(op);
}

/* There is no monitor, and no 202 to return to: that was another process's, or it was a 102. */
static void conclude_unasked(interim__operation *op)
{
    bool was_accepted = op->job->dialect->status != 102;
    int status = op->talk->answer.status;

    if (!release_looked(op) || op->stop)
        return;
    interim__following_adopt(op);
    interim__ending_conclude(op, was_accepted ? INTERIM_ACCEPTED : INTERIM_UNKNOWN,
                             "the URL that was named as monitor answers %d and is none: nobody "
                             "tells how the job ends",
                             status);
    interim__result_end_by_monitor(op->result);
}

/* The 202 is the final response after all. */
static void return_to_accepted(interim__operation *op)
{
    interim_result *result = op->result;
    const interim_message *first = interim__message_view(result->accepted);
    int answered = op->talk->answer.status;
    interim_field *fields;

    if (first == NULL) {
        conclude_unasked(op);
        return;
    }
    op->sink = INTERIM__SINK_FINAL; /* what comes now is the caller's */
    keep_answer(op, &result->monitor);
    op->talk->answer.status = first->status;
    fields = interim__fields_clone(first->fields, first->field_count);
    interim__answer_replace_fields(&op->talk->answer, fields,
                                   fields == NULL ? 0 : first->field_count);
    interim__following_adopt(op);
    interim__result_set_url(result, strdup(first->url));
    if (interim__response_give(op, first->body, first->body_size) < 0) {
        interim__ending_failed(op);
        return;
    }
    if (op->stop)
        return;
    interim__ending_conclude(op, INTERIM_ACCEPTED,
                             "the server answered 202, which is not polled: its Location answers %d"
                             " and is no monitor",
                             answered);
}

/* The Task was asked, and what the monitor had answered is the final response. */
static void restore_monitor(interim__operation *op)
{
    const interim_message *kept = interim__result_monitor(op->result);
    interim__talk *talk = op->talk;
    interim_field *fields =
        kept == NULL ? NULL : interim__fields_clone(kept->fields, kept->field_count);

    if (fields == NULL) /* there was no memory for it */
        return;
    talk->answer.status = kept->status;
    interim__answer_replace_fields(&talk->answer, fields, kept->field_count);
    talk->looked.length = 0;
    interim__buffer_append(&talk->looked, kept->body, kept->body_size);
    op->sink = INTERIM__SINK_LOOK;
}

static void conclude_polled(interim__operation *op, bool done)
{
    if (op->job->verifying && !op->job->gone)
        restore_monitor(op);
    conclude_job(op, done);
}

static void conclude_cancelled(interim__operation *op)
{
    int status = op->talk->answer.status;

    if (!release_looked(op) || op->stop)
        return;
    interim__following_adopt(op);
    interim__ending_conclude(op, INTERIM_CANCELLED,
                             "the server was asked to stop the job, and its monitor answered %d: "
                             "the job is cancelled",
                             status);
    interim__result_end_by_monitor(op->result);
}

/* The server was asked to stop the job: the monitor tells what came of it. */
void interim__job_cancelled(interim__operation *op)
{
    interim__accepted_cancel_answered(op->job, op->talk->answer.status, op->now.monotonic);
    interim__resumption_deliver(op);
    if (!op->stop)
        interim__operation_wait(op);
}

/* The caller's judgement of an answer, if it has one. */
static interim_poll_verdict ask_caller(interim__operation *op)
{
    const interim_request *request = op->request;
    interim_message message;

    if (request->on_poll == NULL)
        return INTERIM_POLL_VERDICT_DEFAULT;
    message = (interim_message){.size = sizeof message,
                                .status = op->talk->answer.status,
                                .url = interim__operation_url_text(op),
                                .fields = op->talk->answer.fields.items,
                                .field_count = op->talk->answer.fields.count,
                                .body = op->talk->looked.data == NULL ? "" : op->talk->looked.data,
                                .body_size = op->talk->looked.length};
    return request->on_poll(&message, request->poll_user);
}

static void ask_moved(interim__operation *op)
{
    interim__uri *uri = interim__uri_share(op->job->current);

    interim__operation_begin(op, INTERIM_HOP_POLL, op->job->polls,
                             interim__accepted_method(op->job), uri);
}

void interim__job_go_on(interim__operation *op, interim__poll_outcome outcome)
{
    switch (outcome) {
    case INTERIM__POLL_AGAIN:
        poll_again(op);
        break;
    case INTERIM__POLL_VERIFY:
        interim__operation_wait(op);
        break;
    case INTERIM__POLL_MOVED:
        ask_moved(op);
        break;
    case INTERIM__POLL_DONE:
    case INTERIM__POLL_FAILED:
        conclude_polled(op, outcome == INTERIM__POLL_DONE);
        break;
    case INTERIM__POLL_ELSEWHERE:
        go_to_result(op);
        break;
    case INTERIM__POLL_NO_MONITOR:
        return_to_accepted(op);
        break;
    case INTERIM__POLL_CANCELLED:
        conclude_cancelled(op);
        break;
    case INTERIM__POLL_STOP:
        interim__ending_conclude(
            op,
            op->error->code == INTERIM_EPOLL_UNREACHABLE ? INTERIM_UNREACHABLE : INTERIM_UNKNOWN,
            "%s: %s; the job may go on", interim_strerror(op->error->code), op->error->text);
        break;
    }
}

void interim__job_polled(interim__operation *op)
{
    interim__poll_outcome outcome;

    if (!read_document(op))
        return;
    outcome = interim__accepted_answered(op->job, &op->talk->answer, ask_caller(op),
                                         op->now.monotonic, op->now.wall, op->error);
    op->fresh_connection = false;
    op->result->timing.poll_count++;
    interim__report_event(op, &(interim__report){.kind = INTERIM_EVENT_POLL,
                                                 .status = op->talk->answer.status,
                                                 .reason = op->talk->answer.reason,
                                                 .fields = &op->talk->answer.fields,
                                                 .progress = &op->talk->answer.progress,
                                                 .text = op->talk->answer.document.state[0] != '\0'
                                                             ? op->talk->answer.document.state
                                                             : op->job->note});
    if (op->stop)
        return;
    if (outcome == INTERIM__POLL_AGAIN || outcome == INTERIM__POLL_VERIFY ||
        outcome == INTERIM__POLL_STOP)
        keep_answer(op, &op->result->monitor);
    if (outcome == INTERIM__POLL_AGAIN || outcome == INTERIM__POLL_VERIFY ||
        outcome == INTERIM__POLL_MOVED)
        interim__resumption_deliver(op);
    if (!op->stop)
        interim__job_go_on(op, outcome);
}

/* Of what the copy lacks for want of memory nothing is missed: the job is polled then. */
void interim__job_told(interim__operation *op, const interim_message *answer,
                       const interim__uri *uri)
{
    interim__answer *own;

    if (interim__operation_room(op) < 0)
        return;
    own = &op->talk->answer;
    *own = (interim__answer){.request = op->request, .uri = uri, .status = answer->status};
    interim__progress_init(&own->progress);
    own->fields.items = interim__fields_clone(answer->fields, answer->field_count);
    own->fields.count = answer->field_count;
    own->reason = "";
    op->last_status = answer->status;
    op->sink = INTERIM__SINK_LOOK;
    if (own->fields.items == NULL ||
        interim__buffer_append(&op->talk->looked, answer->body, answer->body_size) < 0) {
        interim__operation_drop_exchange(op);
        return;
    }
    interim__accepted_ask(op->job);
    op->hop_index = op->job->polls;
    interim__job_polled(op);
}

void interim__job_result(interim__operation *op)
{
    int status = op->talk->answer.status;

    if (status >= 300) {
        interim__ending_conclude(op, INTERIM_DONE,
                                 "the job is done; its result was not to be had: %d", status);
        return;
    }
    interim__following_adopt(op);
    interim__ending_conclude(op, INTERIM_DONE, "the job is done, its result answered %d", status);
}
