/* ending.c - how an operation ends, and what a failure means for the work that was asked for. The
 * rule behind it: nothing is said to have failed, or to have succeeded, that we do not know of. */
#include "base/text.h"
#include "operation/report.h"
#include "operation/steps.h"
#include "operation/tunnel.h"
#include "operation/uploading.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void finish_timing(interim__operation *op)
{
    interim_timing *timing = &op->result->timing;

    interim__operation_note_time(&timing->end_ms, op);
    timing->longest_silence_ms = interim__watchdog_longest_ms(&op->dog, op->now.monotonic);
}

void interim__ending_conclude(interim__operation *op, interim_outcome outcome, const char *format,
                              ...)
{
    interim__line reason;
    va_list arguments;

    interim__line_begin(&reason);
    va_start(arguments, format);
    vsnprintf(reason.text, sizeof reason.text, format, arguments);
    va_end(arguments);
    interim__ending_tell(op, outcome, &reason);
}

/* The reason lies with the result's fields, or is to be copied. */
static void end(interim__operation *op, interim_outcome outcome, const char *reason, bool lies)
{
    interim_result *result = op->result;

    result->outcome = (uint8_t)outcome;
    if (outcome != INTERIM_DONE && outcome != INTERIM_FAILED) /* that is what is known then */
        interim__result_find_problem(result);
    if (result->status == 0)
        result->status = (uint16_t)op->last_status;
    /* Else it is no failure, and nothing stays in what the operations of a client share. */
    if (op->error->code != 0 && op->error->status == 0)
        op->error->status = op->last_status;
    if (lies)
        interim__result_state(result, reason, op->error);
    else
        interim__result_explain(result, reason, op->error);
    if (result->url == NULL)
        interim__result_set_url(result, interim__operation_url(op));
    finish_timing(op);
    op->need = INTERIM__NEED_NOTHING;
    if (interim__report_passes(op))
        return;
    interim__report_event(
        op, &(interim__report){.kind = INTERIM_EVENT_END,
                               .status = result->status,
                               .error = result->error->code == 0 ? NULL : result->error,
                               .text = result->reason});
}

void interim__ending_tell(interim__operation *op, interim_outcome outcome, interim__line *reason)
{
    interim__text_clean(reason->text);
    end(op, outcome, reason->text, false);
}

void interim__ending_told(interim__operation *op, interim_outcome outcome, const char *reason)
{
    end(op, outcome, reason, true);
}

/* A safe request that the server may never have seen: the connection had been idle, and ended
 * without one byte of an answer. Asked once more, on a new one (RFC 9112 section 9.3.1). The same
 * goes for a second CONNECT on a connection whose proxy does not keep it after a 407, as it said.
 */
static bool may_ask_again(const interim__operation *op, bool tunnel)
{
    int code = op->error->code;

    if (!op->reused || op->retried || !interim__talk_exchanges(op->talk) ||
        op->talk->exchange.received > 0 || (!tunnel && !interim__method_is_safe(op->method)))
        return false;
    if (!tunnel && (op->hop == INTERIM_HOP_REQUEST || op->hop == INTERIM_HOP_AUTHENTICATION) &&
        op->request->body.reader != NULL)
        return false;
    /* Some proxies answer nothing more on a connection that once carried an interim. */
    return code == INTERIM_ESILENCE || code == INTERIM_EDISCONNECTED || code == INTERIM_ETLS;
}

static void ask_again(interim__operation *op, bool tunnel)
{
    op->retried = true;
    op->fresh_connection = true;
    op->result->timing.retry_count++;
    interim__report_event(op, &(interim__report){.kind = INTERIM_EVENT_RETRY,
                                                 .wait_ms = 0,
                                                 .error = op->error,
                                                 .text = tunnel ? "the proxy closed the connection"
                                                                : "the connection had been idle"});
    interim__operation_begin(op, op->hop, op->hop_index, op->method, interim__uri_share(op->uri));
}

/* The failure in one clause. */
static void conclude_failed(interim__operation *op, interim_outcome outcome, const char *meaning)
{
    interim__ending_conclude(op, outcome, "%s%s%s%s", interim_strerror(op->error->code),
                             op->error->text[0] == '\0' ? "" : ": ", op->error->text, meaning);
}

/* After a 401 or 407 something was sent, and refused. */
static const char *nothing(const interim__operation *op)
{
    return op->answered > 0 || op->challenged ? "; nothing was done" : "; nothing was sent";
}

static void conclude_lost(interim__operation *op)
{
    if (op->begun && interim__job_learnt(op))
        return;
    if (!op->begun)
        conclude_failed(op, INTERIM_UNREACHABLE, nothing(op));
    else if (interim__method_is_safe(op->request->method))
        conclude_failed(op, INTERIM_FAILED, "");
    else
        conclude_failed(op, INTERIM_UNKNOWN, "; the server may have done, or be doing, the work");
}

static bool is_local(int code)
{
    return code == INTERIM_ENOMEM || code == INTERIM_ESYSTEM || code == INTERIM_ECALLBACK ||
           code == INTERIM_EREWIND;
}

/* Our own trouble, before anything was sent, is no word about the server. */
static void conclude_request(interim__operation *op)
{
    if (!op->begun && is_local(op->error->code))
        conclude_failed(op, INTERIM_FAILED, nothing(op));
    else
        conclude_lost(op);
}

void interim__ending_failed(interim__operation *op)
{
    interim_error error = *op->error;
    interim__poll_outcome outcome;
    bool tunnel = op->hop == INTERIM_HOP_TUNNEL;

    interim__tunnel_leave(op);
    if (interim__marking_failed(op))
        return;
    if (may_ask_again(op, tunnel)) {
        ask_again(op, tunnel);
        return;
    }
    if (interim__uploading_lost(op, error.code))
        return;
    switch (op->hop) {
    case INTERIM_HOP_POLL:
        /* Its status said that the job has ended; asking again would not make its body shorter. */
        if (interim__talk_exchanges(op->talk) && op->sink == INTERIM__SINK_FINAL) {
            conclude_failed(op, INTERIM_UNKNOWN, "; the job has ended, but how was not to be read");
            break;
        }
        op->fresh_connection = true;
        interim__error_init(op->error);
        outcome = interim__accepted_unanswered(op->job, op->now.monotonic, op->error);
        interim__report_event(op,
                              &(interim__report){.kind = INTERIM_EVENT_RETRY,
                                                 .wait_ms = (op->job->poll_at - op->now.monotonic) /
                                                            INTERIM__NS_PER_MS,
                                                 .error = &error,
                                                 .text = "poll"});
        if (!op->stop)
            interim__job_go_on(op, outcome);
        break;
    case INTERIM_HOP_CANCEL:
        /* Whether it arrived is not known, and the monitor will tell. */
        interim__accepted_cancel_answered(op->job, 0, op->now.monotonic);
        interim__report_event(
            op, &(interim__report){.kind = INTERIM_EVENT_RETRY, .error = &error, .text = "cancel"});
        interim__error_init(op->error);
        op->fresh_connection = true;
        if (!op->stop)
            interim__operation_wait(op);
        break;
    case INTERIM_HOP_RESULT:
        interim__ending_conclude(op, INTERIM_DONE,
                                 "the job is done; its result was not to be had: %s",
                                 interim_strerror(error.code));
        break;
    default:
        conclude_request(op);
    }
}

/* In which it is while nothing goes wrong. */
static interim_stage stage_of(const interim__operation *op)
{
    static const interim_stage stages[] = {INTERIM_STAGE_CONNECT, INTERIM_STAGE_HEAD,
                                           INTERIM_STAGE_WAIT};

    return stages[op->dog.phase];
}

void interim__ending_deadline(interim__operation *op)
{
    /* The final answer was on its way already: it is not the work that took too long. */
    if (op->hop == INTERIM_HOP_RESULT ||
        (interim__talk_exchanges(op->talk) && op->talk->exchange.state == INTERIM__EXCHANGE_BODY &&
         op->sink == INTERIM__SINK_FINAL))
        interim__ending_failed(op);
    else if (op->job == NULL && interim__uploading_unfinished(op))
        conclude_failed(op, INTERIM_UNKNOWN, "; the server has not got all of the body");
    else if (op->job != NULL || (op->begun && op->signs > 0))
        conclude_failed(op, INTERIM_STILL_RUNNING, "; the server was still working");
    else
        conclude_request(op);
}

void interim__ending_starved(interim__operation *op)
{
    interim__error_set(op->error, INTERIM_ENOMEM, stage_of(op), "there is none for a timer");
    interim__ending_deadline(op);
    if (op->need != INTERIM__NEED_NOTHING) /* it would go on elsewhere */
        conclude_failed(op, INTERIM_UNKNOWN, "; the server may be doing the work");
}

void interim__ending_cancelled(interim__operation *op)
{
    interim__error_init(op->error);
    interim__error_set(op->error, INTERIM_ECANCELLED, stage_of(op), "after %u sign%s of life",
                       op->signs, op->signs == 1 ? "" : "s");
    interim__ending_conclude(op, INTERIM_CANCELLED, "the caller stopped waiting%s",
                             op->begun && !interim__method_is_safe(op->request->method)
                                 ? "; the server may go on with the work"
                                 : "");
}
