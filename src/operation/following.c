/* following.c - where to go from a complete answer: a redirect, a 202 and its monitor, a result, or
 * the end. */
#include "base/text.h"
#include "operation/embedded.h"
#include "operation/follow.h"
#include "operation/report.h"
#include "operation/resumption.h"
#include "operation/steps.h"
#include "operation/tunnel.h"
#include "operation/uploading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEM_SIZE 140 /* of the problem details in a reason */

/* The answer of this exchange becomes that of the operation. */
static void adopt_answer(interim__operation *op)
{
    interim_result *result = op->result;

    result->status = op->answer.embedded != 0 ? op->answer.embedded : op->answer.status;
    free(result->fields);
    result->fields = op->answer.fields.items;
    result->field_count = op->answer.fields.count;
    op->answer.fields = (interim__fields){0};
    free(result->url);
    result->url = interim__operation_url(op);
    interim__result_read_problem(result, true);
    if (result->timing.response_ms < 0)
        result->timing.response_ms = (op->now.monotonic - op->dog.start) / INTERIM__NS_PER_MS;
}

void interim__following_adopt(interim__operation *op)
{
    adopt_answer(op);
}

/* ---- redirects ---- */

/* The head node of a storage sends a third-party copy to the disk node by 302 as well: the method
 * stays all the same (davix, gfal2). */
static interim__redirect redirect_of(const interim__operation *op)
{
    int status = op->answer.status;

    if (op->request->third_party && (status == 301 || status == 302))
        return INTERIM__REDIRECT_SAME;
    return interim__follow_redirect(op->method, status);
}

/* Whether a redirect of a method that changes something would leave the origin, or need a body that
 * cannot be read twice: it is the final answer then. */
static bool must_stay(const interim__operation *op, const interim_field *location)
{
    interim__uri to = {0};
    const char *problem;
    bool stays;

    if (op->request->body.reader != NULL && redirect_of(op) == INTERIM__REDIRECT_SAME)
        return true;
    if (interim__method_is_safe(op->method) ||
        interim__follow_resolve(&to, op->request, &op->uri, location, &problem) < 0)
        return false;
    stays = interim__follow_stays(op->request, &to);
    interim__uri_dispose(&to);
    return !stays;
}

/* Where a redirect that is to be followed goes to; NULL when the response is final. */
const interim_field *interim__following_location(const interim__operation *op)
{
    const interim_field *location;

    if (interim__follow_is_poll(op->hop) || op->hop == INTERIM_HOP_TUNNEL ||
        op->hop == INTERIM_HOP_UPLOAD || redirect_of(op) == INTERIM__REDIRECT_NONE)
        return NULL;
    location = interim__fields_next(&op->answer.fields, "location", NULL);
    return location == NULL || must_stay(op, location) ? NULL : location;
}

bool interim__following_unexpected(const interim__operation *op)
{
    return op->answer.status == 417 && op->expects && op->exchange.sender.held;
}

static void ask_without_expect(interim__operation *op)
{
    op->expects_nothing = true;
    op->result->timing.retry_count++;
    interim__report_event(op, &(interim__report){.kind = INTERIM_EVENT_RETRY,
                                                 .status = op->answer.status,
                                                 .text = "without Expect: 100-continue"});
    interim__operation_begin(op, op->hop, op->hop_index, op->method, &op->uri);
}

/* ---- challenges ---- */

/* A 401 or 407 says that nothing was done, but not that we are able, or sure enough, to ask again.
 */
static const char *why_not_again(const interim__operation *op)
{
    interim__body_source body = interim__uploading_body(op);
    const interim__exchange *exchange = &op->exchange;

    if (body.reader != NULL && !exchange->sender.held)
        return "the body cannot be sent again";
    if (exchange->interim_count > 0 && exchange->last_interim != 100 &&
        !interim__method_is_safe(op->method))
        return "it had given signs of life before";
    return NULL;
}

/* The exchange is the caller's request, and not about a job or an upload that it began. */
static bool is_own(const interim__operation *op)
{
    return !interim__follow_is_poll(op->hop) && op->hop != INTERIM_HOP_RESULT &&
           op->hop != INTERIM_HOP_UPLOAD;
}

static int no_memory(interim__operation *op)
{
    return interim__error_set(&op->error, INTERIM_ENOMEM, INTERIM_STAGE_HEAD, "out of memory");
}

/* The proxy has passed nothing on, and wants to know who asks. That the body is gone is told only
 * if there was an answer to give. */
static int challenged_by_proxy(interim__operation *op)
{
    interim__proxy_login *login = &op->proxy_login;
    interim__body_source body = interim__follow_body(op->request, op->hop, op->method);
    const char *refusal = why_not_again(op);
    bool lost = body.reader != NULL && !op->exchange.sender.held;
    int answer = 0;

    if (refusal == NULL || lost)
        answer = interim__proxy_login_challenged(login, &op->answer.fields,
                                                 interim__follow_knows(&body));
    else
        login->authentication.refusal = refusal;
    if (answer < 0)
        return no_memory(op);
    op->challenged = answer == 1;
    if (op->challenged && is_own(op))
        op->begun = false;
    return !op->challenged || !lost
               ? 0
               : interim__error_set(&op->error, INTERIM_EREWIND, INTERIM_STAGE_SEND,
                                    "%.60s answered 407", op->peer);
}

int interim__following_challenged(interim__operation *op)
{
    interim__authentication *authentication = &op->authentication;
    interim__body_source body = interim__uploading_body(op);
    const interim__space space = {op->uri.tls, op->uri.authority, interim__follow_knows(&body)};
    int answer;

    if (op->hop == INTERIM_HOP_TUNNEL)
        return 0;
    if (interim__operation_is_forwarded(op)) {
        if (op->answer.status == 407)
            return challenged_by_proxy(op);
        interim__proxy_login_accepted(&op->proxy_login, &op->answer.fields);
    }
    if (!interim__follow_logs_in(op->request, &op->uri))
        return 0;
    if (op->answer.status != 401) {
        /* 407 is of a proxy, and not a word of the origin's. */
        if (op->answer.status != 407)
            interim__authentication_accepted(authentication, &op->answer.fields);
        return 0;
    }
    authentication->refusal = why_not_again(op);
    if (authentication->refusal != NULL)
        return 0;
    answer = interim__authentication_challenged(authentication, &op->answer.fields, &space);
    op->challenged = answer == 1;
    if (op->challenged && is_own(op))
        op->begun = false;
    return answer >= 0 ? 0 : no_memory(op);
}

void interim__following_report_answer(interim__operation *op)
{
    bool proxy = op->answer.status == 407;
    const interim__authentication *authentication =
        proxy ? &op->proxy_login.authentication : &op->authentication;
    char text[40];

    snprintf(text, sizeof text, "with %s%s", interim__authentication_scheme(authentication),
             proxy ? ", to the proxy" : "");
    interim__report_event(
        op,
        &(interim__report){.kind = INTERIM_EVENT_RETRY, .status = op->answer.status, .text = text});
}

/* The same request again, now with an answer; nothing was done yet. */
static void ask_with_answer(interim__operation *op)
{
    bool own = is_own(op);

    interim__following_report_answer(op);
    op->answered++;
    interim__operation_begin(op, own ? INTERIM_HOP_AUTHENTICATION : op->hop,
                             own ? op->answered : op->hop_index, op->method, &op->uri);
}

static void follow_redirect(interim__operation *op, const interim_field *location)
{
    bool as_get = redirect_of(op) == INTERIM__REDIRECT_AS_GET;
    const char *problem = NULL;
    interim__uri to = {0};
    bool result = op->hop == INTERIM_HOP_RESULT;
    int code = INTERIM_EREDIRECT;

    if (interim__follow_resolve(&to, op->request, &op->uri, location, &problem) == INTERIM_ENOMEM)
        code = INTERIM_ENOMEM, problem = "out of memory";
    else if (problem == NULL &&
             (interim__uri_equal(&to, &op->uri) || op->redirects == INTERIM__REDIRECTS_MAX))
        problem = "the redirects do not end";
    if (problem != NULL) {
        interim__error_set(&op->error, code, INTERIM_STAGE_HEAD, "%d, and %s", op->answer.status,
                           problem);
        interim__uri_dispose(&to);
        if (!result)
            adopt_answer(op);
        interim__ending_failed(op);
        return;
    }
    op->redirects++;
    interim__operation_begin(op, result ? INTERIM_HOP_RESULT : INTERIM_HOP_REDIRECT, op->redirects,
                             as_get ? "GET" : op->method, &to);
    interim__report_plain(op, INTERIM_EVENT_REDIRECT, "");
}

/* ---- the end, or a job ---- */

/* A gateway that lost patience or its connection: the origin may well be at it, so this is no word
 * about work that was to be done. */
static bool is_of_a_gateway(const interim__operation *op)
{
    int status = op->answer.status;

    return status >= 502 && status <= 504 && !interim__method_is_safe(op->method);
}

/* What is to be added to the status. */
static const char *remark_on(const interim__operation *op, interim_outcome outcome)
{
    int status = op->answer.status;

    if (outcome == INTERIM_UNKNOWN)
        return ", which does not tell how it ended";
    if (status == 401 && op->authentication.refusal != NULL)
        return op->authentication.refusal;
    if (status == 407 && interim__operation_is_forwarded(op) &&
        op->proxy_login.authentication.refusal != NULL)
        return op->proxy_login.authentication.refusal;
    return outcome == INTERIM_FAILED && status < 400 ? ", which is not followed" : "";
}

static void conclude_final(interim__operation *op)
{
    int status = op->answer.status;
    bool done = status < 300 || status == 303 || status == 304;
    interim_outcome outcome = done ? INTERIM_DONE : INTERIM_FAILED;
    char told[PROBLEM_SIZE];
    const char *remark;

    if (is_of_a_gateway(op) && interim__following_learnt(op))
        return;
    if (is_of_a_gateway(op))
        outcome = INTERIM_UNKNOWN;
    remark = remark_on(op, outcome);
    adopt_answer(op);
    interim__problem_write(told, sizeof told, &op->result->problem, op->answer_reason);
    if (status == 202)
        interim__ending_conclude(
            op, INTERIM_ACCEPTED, "the server answered 202, which is not polled: %s",
            op->request->polling.mode == INTERIM_POLL_OFF ? "polling is off" : "it is no poll");
    else
        interim__ending_conclude(op, outcome, "the server answered %d%s%s%s%s%s%s", status,
                                 op->answer_reason[0] == '\0' ? "" : " ", op->answer_reason,
                                 *remark == '\0' || *remark == ',' ? "" : ": ", remark,
                                 told[0] == '\0' ? "" : ": ", told);
}

/* The body that was looked at is the caller's after all. */
static bool release_looked(interim__operation *op)
{
    if (op->sink != INTERIM__SINK_LOOK)
        return true;
    op->sink = INTERIM__SINK_FINAL;
    if (interim__response_give(op, op->looked.data, op->looked.length) == 0)
        return true;
    interim__ending_failed(op);
    return false;
}

/* The job has ended; what told so is the final response. */
static void conclude_job(interim__operation *op, bool done)
{
    const interim__document *document = &op->answer.document;
    char message[PROBLEM_SIZE], state[sizeof document->state];
    bool by_monitor = op->hop == INTERIM_HOP_POLL;
    int status = op->answer.status, meant = interim__dialect_effective_status(&op->answer);
    char stands_for[16] = "";

    snprintf(message, sizeof message, "%s", document->message);
    snprintf(state, sizeof state, "%s", document->state);
    if (meant != status)
        snprintf(stands_for, sizeof stands_for, " for %d", meant);
    if (!release_looked(op) || op->stop)
        return;
    adopt_answer(op);
    if (message[0] == '\0' && !done)
        interim__problem_write(message, sizeof message, &op->result->problem, op->answer_reason);
    if (message[0] == '\0' && !done && !interim__text_equal(state, "failed"))
        snprintf(message, sizeof message, "%s", state);
    interim__ending_conclude(op, done ? INTERIM_DONE : INTERIM_FAILED,
                             "the %s answered %d%s: the job %s%s%s",
                             by_monitor ? "monitor" : "server", status, stands_for,
                             done ? "is done" : "failed", message[0] == '\0' ? "" : ": ", message);
    if (by_monitor)
        interim__result_show_final(op->result);
}

/* Reads the body that was looked at, if it may be a status document. */
static bool read_document(interim__operation *op)
{
    unsigned flags = op->request->polling.flags;
    const char *link = (flags & INTERIM_POLL_LINK) != 0 ? op->request->link_member : NULL;
    bool unwraps = op->hop == INTERIM_HOP_POLL && (flags & INTERIM_POLL_EMBEDDED) != 0;

    if (op->sink != INTERIM__SINK_LOOK)
        return true;
    interim__progress_read(&op->answer.progress, &op->answer.fields);
    if ((!unwraps || interim__embedded_unwrap(&op->answer, &op->looked) == 0) &&
        interim__document_read(&op->answer.document, &op->answer.progress, op->looked.data,
                               op->looked.length, link))
        return true;
    interim__error_set(&op->error, INTERIM_ENOMEM, INTERIM_STAGE_BODY, "out of memory");
    interim__ending_failed(op);
    return false;
}

/* The answer is looked at later, by the caller. */
static void keep_answer(interim__operation *op, interim__message *out)
{
    interim__message_keep(out, op->answer.status, op->answer.fields.items, op->answer.fields.count,
                          &op->looked, interim__operation_url(op));
    op->answer.fields = (interim__fields){0};
}

/* Goes from the exchange to the first wait. The caller has the token before anybody hears of the
 * job. */
void interim__following_begin(interim__operation *op, int status)
{
    char *monitor = interim__uri_redacted(&op->job->monitor, true);
    interim__uri uri = {0};
    char text[48];

    interim__resumption_deliver(op);
    snprintf(text, sizeof text, "%s%s", op->job->dialect->name,
             op->request->resumed == NULL ? "" : ", resumed");
    op->result->timing.accepted_ms = (op->now.monotonic - op->dog.start) / INTERIM__NS_PER_MS;
    interim__report_event(op, &(interim__report){.kind = INTERIM_EVENT_ACCEPTED,
                                                 .status = status,
                                                 .progress = &op->job->seen,
                                                 .url = monitor,
                                                 .text = text});
    free(monitor);
    if (op->stop)
        return;
    /* What is told from here on is about the monitor. */
    if (interim__uri_copy(&uri, &op->job->monitor) < 0) {
        op->hop = INTERIM_HOP_POLL;
        interim__error_set(&op->error, INTERIM_ENOMEM, INTERIM_STAGE_WAIT, "out of memory");
        interim__ending_failed(op);
        return;
    }
    interim__operation_begin(op, INTERIM_HOP_POLL, 0, interim__accepted_method(op->job), &uri);
    interim__operation_wait(op);
}

/* No job comes of it after all. */
static void conclude_unfollowed(interim__operation *op, const char *refusal)
{
    if (!release_looked(op) || op->stop)
        return;
    if (op->answer.status != 202) {
        conclude_final(op);
        return;
    }
    adopt_answer(op);
    interim__ending_conclude(op, INTERIM_ACCEPTED,
                             "the server answered 202, which is not polled: %s", refusal);
}

/* The first answer tells already how the job ended. */
static bool has_ended(const interim__operation *op)
{
    interim__word word = op->answer.document.word;

    return op->job->dialect->may_end_at_once &&
           (word == INTERIM__WORD_GOOD || word == INTERIM__WORD_BAD);
}

bool interim__following_learnt(interim__operation *op)
{
    static const char name[] = "interim";
    int status = op->last_status;

    if (op->learnt.text == NULL || !is_own(op))
        return false;
    op->job = interim__accepted_known(interim__dialect_named(name, sizeof name - 1), op->request,
                                      &op->learnt, &op->random, op->now.monotonic);
    if (op->job == NULL)
        return false;
    interim__following_begin(op, status);
    return true;
}

static void accept(interim__operation *op)
{
    int status = op->answer.status, failed;
    const char *refusal;

    if (!read_document(op))
        return;
    op->job = interim__accepted_new(&op->answer, &op->random, op->now.monotonic, op->now.wall,
                                    &refusal, &failed);
    if (failed < 0) {
        interim__error_set(&op->error, failed, INTERIM_STAGE_HEAD, "out of memory");
        interim__ending_failed(op);
    } else if (op->job == NULL) {
        conclude_unfollowed(op, refusal);
    } else if (has_ended(op)) {
        conclude_job(op, op->answer.document.word == INTERIM__WORD_GOOD);
    } else {
        keep_answer(op, &op->result->accepted);
        interim__following_begin(op, status);
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
    interim_result *result = op->result;
    interim__uri uri = {0};

    if (!wants_result(op) || interim__uri_copy(&uri, &op->job->current) < 0) {
        conclude_job(op, true);
        return;
    }
    adopt_answer(op); /* should the result not be to be had */
    interim__message_keep(&result->monitor, result->status,
                          interim__fields_clone(result->fields, result->field_count),
                          result->field_count, &op->looked, interim__operation_url(op));
    op->redirects = 0;
    interim__operation_begin(op, INTERIM_HOP_RESULT, 0, "GET", &uri);
}

static void poll_again(interim__operation *op)
{
    if (op->now.monotonic >= op->job->deadline) {
        interim__error_set(&op->error, INTERIM_EPOLL_DEADLINE, INTERIM_STAGE_WAIT,
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
    int status = op->answer.status;

    if (!release_looked(op) || op->stop)
        return;
    adopt_answer(op);
    interim__ending_conclude(op, was_accepted ? INTERIM_ACCEPTED : INTERIM_UNKNOWN,
                             "the URL that was named as monitor answers %d and is none: nobody "
                             "tells how the job ends",
                             status);
    interim__result_show_final(op->result);
}

/* The 202 is the final response after all. */
static void return_to_accepted(interim__operation *op)
{
    interim_result *result = op->result;
    const interim_message *first = &result->accepted.view;
    int answered = op->answer.status;

    if (first->status == 0) {
        conclude_unasked(op);
        return;
    }
    op->sink = INTERIM__SINK_FINAL; /* what comes now is the caller's */
    keep_answer(op, &result->monitor);
    op->answer.status = first->status;
    op->answer.fields.items = interim__fields_clone(first->fields, first->field_count);
    op->answer.fields.count = op->answer.fields.items == NULL ? 0 : first->field_count;
    adopt_answer(op);
    free(result->url);
    result->url = strdup(first->url);
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
    interim__message *kept = &op->result->monitor;

    free(op->answer.fields.items);
    op->answer.status = kept->view.status;
    op->answer.fields = (interim__fields){.items = kept->fields, .count = kept->view.field_count};
    kept->fields = NULL;
    interim__buffer_dispose(&op->looked);
    op->looked = kept->body;
    kept->body = (interim__buffer){0};
    kept->view.status = 0;
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
    int status = op->answer.status;

    if (!release_looked(op) || op->stop)
        return;
    adopt_answer(op);
    interim__ending_conclude(op, INTERIM_CANCELLED,
                             "the server was asked to stop the job, and its monitor answered %d: "
                             "the job is cancelled",
                             status);
    interim__result_show_final(op->result);
}

/* The server was asked to stop the job: the monitor tells what came of it. */
static void take_cancel(interim__operation *op)
{
    interim__accepted_cancel_answered(op->job, op->answer.status, op->now.monotonic);
    interim__resumption_deliver(op);
    if (!op->stop)
        interim__operation_wait(op);
}

/* The caller's judgement of an answer, if it has one. */
static interim_poll_verdict ask_caller(const interim__operation *op)
{
    const interim_request *request = op->request;
    interim_message message = {.size = sizeof message,
                               .status = op->answer.status,
                               .url = op->url_text == NULL ? "" : op->url_text,
                               .fields = op->answer.fields.items,
                               .field_count = op->answer.fields.count,
                               .body = op->looked.data == NULL ? "" : op->looked.data,
                               .body_size = op->looked.length};

    return request->on_poll == NULL ? INTERIM_POLL_VERDICT_DEFAULT
                                    : request->on_poll(&message, request->poll_user);
}

static void ask_moved(interim__operation *op)
{
    interim__uri uri = {0};

    if (interim__uri_copy(&uri, &op->job->current) < 0) {
        interim__error_set(&op->error, INTERIM_ENOMEM, INTERIM_STAGE_WAIT, "out of memory");
        interim__ending_failed(op);
        return;
    }
    interim__operation_begin(op, INTERIM_HOP_POLL, op->job->polls,
                             interim__accepted_method(op->job), &uri);
}

void interim__following_polled(interim__operation *op, interim__poll_outcome outcome)
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
            op, op->error.code == INTERIM_EPOLL_UNREACHABLE ? INTERIM_UNREACHABLE : INTERIM_UNKNOWN,
            "%s: %s; the job may go on", interim_strerror(op->error.code), op->error.text);
        break;
    }
}

static void take_poll(interim__operation *op)
{
    interim__poll_outcome outcome;

    if (!read_document(op))
        return;
    outcome = interim__accepted_answered(op->job, &op->answer, ask_caller(op), op->now.monotonic,
                                         op->now.wall, &op->error);
    op->fresh_connection = false;
    op->result->timing.poll_count++;
    interim__report_event(op, &(interim__report){.kind = INTERIM_EVENT_POLL,
                                                 .status = op->answer.status,
                                                 .reason = op->answer_reason,
                                                 .fields = &op->answer.fields,
                                                 .progress = &op->answer.progress,
                                                 .text = op->answer.document.state[0] != '\0'
                                                             ? op->answer.document.state
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
        interim__following_polled(op, outcome);
}

/* Of what the copy lacks for want of memory nothing is missed: the job is polled then. */
void interim__following_told(interim__operation *op, const interim_message *answer,
                             const interim__uri *uri)
{
    interim__answer *own = &op->answer;

    *own = (interim__answer){.request = op->request, .uri = uri, .status = answer->status};
    interim__progress_init(&own->progress);
    own->fields.items = interim__fields_clone(answer->fields, answer->field_count);
    own->fields.count = answer->field_count;
    op->answer_reason[0] = '\0';
    op->last_status = answer->status;
    op->sink = INTERIM__SINK_LOOK;
    if (own->fields.items == NULL || interim__accepted_ask(op->job) < 0 ||
        interim__buffer_append(&op->looked, answer->body, answer->body_size) < 0) {
        interim__operation_drop_exchange(op);
        return;
    }
    op->hop_index = op->job->polls;
    take_poll(op);
}

static void take_result(interim__operation *op)
{
    int status = op->answer.status;

    if (status >= 300) {
        interim__ending_conclude(op, INTERIM_DONE,
                                 "the job is done; its result was not to be had: %d", status);
        return;
    }
    adopt_answer(op);
    interim__ending_conclude(op, INTERIM_DONE, "the job is done, its result answered %d", status);
}

/* ---- the exchange ---- */

static void keep_trailers(interim__operation *op)
{
    const interim__fields *trailers = &op->exchange.chunked.trailers;
    interim_result *result = op->result;

    if (op->sink == INTERIM__SINK_DISCARD || trailers->count == 0)
        return;
    free(result->trailers);
    result->trailers = interim__fields_clone(trailers->items, trailers->count);
    result->trailer_count = result->trailers == NULL ? 0 : trailers->count;
}

static bool is_job(const interim__operation *op)
{
    if (op->request->polling.mode == INTERIM_POLL_OFF)
        return false;
    return op->answer.status == 202 || interim__dialect_may_begin(&op->answer);
}

void interim__following_over(interim__operation *op)
{
    const interim_field *location = interim__following_location(op);

    if (op->hop == INTERIM_HOP_TUNNEL) {
        interim__tunnel_answered(op);
        return;
    }
    if (interim__response_finish(op) < 0) {
        interim__ending_failed(op);
        return;
    }
    op->keep_connection = interim__exchange_reusable(&op->exchange);
    keep_trailers(op);
    if (op->challenged)
        ask_with_answer(op);
    else if (op->hop == INTERIM_HOP_POLL)
        take_poll(op);
    else if (op->hop == INTERIM_HOP_CANCEL)
        take_cancel(op);
    else if (interim__following_unexpected(op))
        ask_without_expect(op);
    else if (op->continues)
        interim__uploading_answered(op);
    else if (location != NULL)
        follow_redirect(op, location);
    else if (op->hop == INTERIM_HOP_RESULT)
        take_result(op);
    else if (interim__marking_over(op))
        return;
    else if (is_job(op))
        accept(op);
    else
        conclude_final(op);
}
