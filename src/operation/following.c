/* following.c - where to go from a complete answer: once more, by a redirect, to a job (job.c), or
 * to the end. */
#include "base/text.h"
#include "operation/follow.h"
#include "operation/report.h"
#include "operation/steps.h"
#include "operation/tunnel.h"
#include "operation/uploading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The answer of this exchange becomes that of the operation. */
void interim__following_adopt(interim__operation *op)
{
    interim_result *result = op->result;
    interim__answer *answer = &op->talk->answer;
    size_t count = answer->fields.count;
    bool explains = interim__answer_is_problem(answer);
    interim_field *fields = interim__answer_give_fields(answer);

    result->status = (uint16_t)(answer->embedded != 0 ? answer->embedded : answer->status);
    interim__result_set_fields(result, fields, count, answer->url);
    if (result->url == NULL)
        interim__result_set_url(result, interim__operation_url(op));
    if (explains)
        interim__result_read_problem(result);
    interim__operation_note_time(&result->timing.response_ms, op);
}

/* ---- redirects ---- */

/* The head node of a storage sends a third-party copy to the disk node by 302 as well: the method
 * stays all the same (davix, gfal2). */
static interim__redirect redirect_of(const interim__operation *op)
{
    int status = op->talk->answer.status;

    if (op->request->third_party && (status == 301 || status == 302))
        return INTERIM__REDIRECT_SAME;
    return interim__follow_redirect(op->method, status);
}

/* Whether a redirect of a method that changes something would leave the origin, or need a body that
 * cannot be read twice: it is the final answer then. */
static bool must_stay(const interim__operation *op, const interim_field *location)
{
    interim__uri *to = NULL;
    const char *problem;
    bool stays;

    if (op->request->body.reader != NULL && redirect_of(op) == INTERIM__REDIRECT_SAME)
        return true;
    if (interim__method_is_safe(op->method) ||
        interim__follow_resolve(&to, op->request, op->uri, location, &problem) < 0)
        return false;
    stays = interim__follow_stays(op->request, to);
    interim__uri_dispose(&to);
    return !stays;
}

/* Where a redirect that is to be followed goes to; NULL when the response is final. */
const interim_field *interim__following_redirect(const interim__operation *op)
{
    const interim_field *location;

    if (interim__follow_is_poll(op->hop) || op->hop == INTERIM_HOP_TUNNEL ||
        op->hop == INTERIM_HOP_UPLOAD || redirect_of(op) == INTERIM__REDIRECT_NONE)
        return NULL;
    location = interim__fields_next(&op->talk->answer.fields, "location", NULL);
    return location == NULL || must_stay(op, location) ? NULL : location;
}

static void ask_without_expect(interim__operation *op)
{
    op->expects_nothing = true;
    op->result->timing.retry_count++;
    interim__report_event(op, &(interim__report){.kind = INTERIM_EVENT_RETRY,
                                                 .status = op->talk->answer.status,
                                                 .text = "without Expect: 100-continue"});
    interim__operation_begin(op, op->hop, op->hop_index, op->method, interim__uri_share(op->uri));
}

/* ---- challenges ---- */

/* A 401 or 407 says that nothing was done, but not that we are able, or sure enough, to ask again.
 */
static const char *why_not_again(const interim__operation *op)
{
    interim__body_source body = interim__uploading_body(op);
    const interim__exchange *exchange = &op->talk->exchange;

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
    return interim__error_set(op->error, INTERIM_ENOMEM, INTERIM_STAGE_HEAD, "out of memory");
}

/* The proxy has passed nothing on, and wants to know who asks. That the body is gone is told only
 * if there was an answer to give. */
static int challenged_by_proxy(interim__operation *op)
{
    interim__proxy_login *login = &op->passage->login;
    interim__body_source body = interim__follow_body(op->request, op->hop, op->method);
    const char *refusal = why_not_again(op);
    bool lost = body.reader != NULL && !op->talk->exchange.sender.held;
    int answer = 0;

    if (refusal == NULL || lost)
        answer =
            interim__proxy_login_challenged(login, &op->talk->answer.fields,
                                            &op->environment->hasher, interim__follow_knows(&body));
    else
        login->authentication.refusal = refusal;
    if (answer < 0)
        return no_memory(op);
    op->challenged = answer == 1;
    if (op->challenged && is_own(op))
        op->begun = false;
    return !op->challenged || !lost
               ? 0
               : interim__error_set(op->error, INTERIM_EREWIND, INTERIM_STAGE_SEND,
                                    "%.60s answered 407", interim__operation_peer(op));
}

int interim__following_challenged(interim__operation *op)
{
    interim__authentication *authentication = op->authentication;
    interim__body_source body;
    interim__space space;
    int answer;

    if (op->hop == INTERIM_HOP_TUNNEL)
        return 0;
    if (interim__operation_is_forwarded(op)) {
        if (op->talk->answer.status == 407)
            return challenged_by_proxy(op);
        interim__proxy_login_accepted(&op->passage->login, &op->talk->answer.fields);
    }
    if (authentication == NULL || !interim__follow_logs_in(op->request, op->uri))
        return 0;
    if (op->talk->answer.status != 401) {
        /* 407 is of a proxy, and not a word of the origin's. */
        if (op->talk->answer.status != 407)
            interim__authentication_accepted(authentication, &op->talk->answer.fields);
        return 0;
    }
    authentication->refusal = why_not_again(op);
    if (authentication->refusal != NULL)
        return 0;
    body = interim__uploading_body(op);
    space = (interim__space){op->uri->tls, op->uri->authority, interim__follow_knows(&body),
                             &op->environment->hasher};
    answer = interim__authentication_challenged(authentication, &op->talk->answer.fields, &space);
    op->challenged = answer == 1;
    if (op->challenged && is_own(op))
        op->begun = false;
    return answer >= 0 ? 0 : no_memory(op);
}

void interim__following_report_answer(interim__operation *op)
{
    bool proxy = op->talk->answer.status == 407;
    const interim__authentication *authentication =
        proxy ? &op->passage->login.authentication : op->authentication;
    char text[40];

    snprintf(text, sizeof text, "with %s%s", interim__authentication_scheme(authentication),
             proxy ? ", to the proxy" : "");
    interim__report_event(op, &(interim__report){.kind = INTERIM_EVENT_RETRY,
                                                 .status = op->talk->answer.status,
                                                 .text = text});
}

/* The same request again, now with an answer; nothing was done yet. */
static void ask_with_answer(interim__operation *op)
{
    bool own = is_own(op);

    interim__following_report_answer(op);
    op->answered++;
    interim__operation_begin(op, own ? INTERIM_HOP_AUTHENTICATION : op->hop,
                             own ? op->answered : op->hop_index, op->method,
                             interim__uri_share(op->uri));
}

static void follow_redirect(interim__operation *op, const interim_field *location)
{
    bool as_get = redirect_of(op) == INTERIM__REDIRECT_AS_GET;
    const char *problem = NULL;
    interim__uri *to = NULL;
    bool result = op->hop == INTERIM_HOP_RESULT;
    int code = INTERIM_EREDIRECT;

    if (interim__follow_resolve(&to, op->request, op->uri, location, &problem) == INTERIM_ENOMEM)
        code = INTERIM_ENOMEM, problem = "out of memory";
    else if (problem == NULL &&
             (interim__uri_equal(to, op->uri) || op->redirects == INTERIM__REDIRECTS_MAX))
        problem = "the redirects do not end";
    if (problem != NULL) {
        interim__error_set(op->error, code, INTERIM_STAGE_HEAD, "%d, and %s",
                           op->talk->answer.status, problem);
        interim__uri_dispose(&to);
        if (!result)
            interim__following_adopt(op);
        interim__ending_failed(op);
        return;
    }
    op->redirects++;
    interim__operation_begin(op, result ? INTERIM_HOP_RESULT : INTERIM_HOP_REDIRECT, op->redirects,
                             as_get ? "GET" : op->method, to);
    interim__report_plain(op, INTERIM_EVENT_REDIRECT, "");
}

/* ---- the end ---- */

/* A gateway that lost patience or its connection: the origin may well be at it, so this is no word
 * about work that was to be done. */
static bool is_of_a_gateway(const interim__operation *op)
{
    int status = op->talk->answer.status;

    return status >= 502 && status <= 504 && !interim__method_is_safe(op->method);
}

/* What is to be added to the status. */
static const char *remark_on(const interim__operation *op, interim_outcome outcome)
{
    int status = op->talk->answer.status;

    if (outcome == INTERIM_UNKNOWN)
        return ", which does not tell how it ended";
    if (status == 401 && op->authentication != NULL && op->authentication->refusal != NULL)
        return op->authentication->refusal;
    if (status == 407 && interim__operation_is_forwarded(op) &&
        op->passage->login.authentication.refusal != NULL)
        return op->passage->login.authentication.refusal;
    return outcome == INTERIM_FAILED && status < 400 ? ", which is not followed" : "";
}

/* Nothing is added behind nothing. */
static void add(interim__line *line, const char *before, const char *text)
{
    if (*text == '\0')
        return;
    interim__line_put(line, before);
    interim__line_put(line, text);
}

static void tell_answer(interim__operation *op, interim_outcome outcome, const char *remark,
                        const char *told)
{
    interim__answer *answer = &op->talk->answer;
    interim__line line;

    if (answer->told != NULL && *remark == '\0' && *told == '\0') {
        interim__text_clean(answer->reason); /* with which it ends */
        interim__ending_told(op, outcome, answer->told);
        return;
    }
    interim__line_begin(&line);
    interim__line_put(&line, "the server answered ");
    interim__line_put_number(&line, answer->status);
    add(&line, " ", answer->reason);
    add(&line, *remark == ',' ? "" : ": ", remark);
    add(&line, ": ", told);
    interim__ending_tell(op, outcome, &line);
}

void interim__following_conclude(interim__operation *op)
{
    int status = op->talk->answer.status;
    bool done = status < 300 || status == 303 || status == 304;
    interim_outcome outcome = done ? INTERIM_DONE : INTERIM_FAILED;
    char told[INTERIM__PROBLEM_SIZE];
    const char *remark;

    if (is_of_a_gateway(op) && interim__job_learnt(op))
        return;
    if (is_of_a_gateway(op))
        outcome = INTERIM_UNKNOWN;
    remark = remark_on(op, outcome);
    interim__following_adopt(op);
    interim__problem_write(told, sizeof told, op->result->problem, op->talk->answer.reason);
    if (status == 202)
        interim__ending_conclude(
            op, INTERIM_ACCEPTED, "the server answered 202, which is not polled: %s",
            op->request->polling.mode == INTERIM_POLL_OFF ? "polling is off" : "it is no poll");
    else
        tell_answer(op, outcome, remark, told);
}

/* ---- the exchange ---- */

static void keep_trailers(interim__operation *op)
{
    const interim__fields *trailers = &op->talk->exchange.chunked.trailers;
    interim_result *result = op->result;

    if (op->sink == INTERIM__SINK_DISCARD || trailers->count == 0)
        return;
    free(result->trailers);
    result->trailers = interim__fields_clone(trailers->items, trailers->count);
    result->trailer_count = result->trailers == NULL ? 0 : (uint16_t)trailers->count;
}

static bool is_job(const interim__operation *op)
{
    if (op->request->polling.mode == INTERIM_POLL_OFF)
        return false;
    return op->talk->answer.status == 202 || interim__dialect_may_begin(&op->talk->answer);
}

void interim__following_over(interim__operation *op)
{
    const interim_field *location = interim__following_location(op);

    if (op->hop == INTERIM_HOP_TUNNEL) {
        interim__tunnel_answered(op);
        return;
    }
    if (op->talk->coding != NULL && interim__response_finish(op) < 0) {
        interim__ending_failed(op);
        return;
    }
    op->keep_connection = interim__exchange_reusable(&op->talk->exchange);
    keep_trailers(op);
    if (op->challenged)
        ask_with_answer(op);
    else if (op->hop == INTERIM_HOP_POLL)
        interim__job_polled(op);
    else if (op->hop == INTERIM_HOP_CANCEL)
        interim__job_cancelled(op);
    else if (interim__following_unexpected(op))
        ask_without_expect(op);
    else if (op->continues)
        interim__uploading_answered(op);
    else if (location != NULL)
        follow_redirect(op, location);
    else if (op->hop == INTERIM_HOP_RESULT)
        interim__job_result(op);
    else if (op->talk->marking != NULL && interim__marking_over(op))
        return;
    else if (is_job(op))
        interim__job_accept(op);
    else
        interim__following_conclude(op);
}
