/* uploading.c - see uploading.h. */
#include "operation/uploading.h"

#include "operation/follow.h"
#include "operation/report.h"
#include "operation/steps.h"

#include <stdlib.h>
#include <string.h>

static bool is_creating(const interim__operation *op)
{
    return op->uploading && op->hop != INTERIM_HOP_UPLOAD;
}

static bool is_asking(const interim__operation *op)
{
    return op->hop == INTERIM_HOP_UPLOAD && strcmp(op->method, "HEAD") == 0;
}

int interim__uploading_begin(interim__operation *op)
{
    op->uploading = op->hop == INTERIM_HOP_UPLOAD;
    op->continues = false;
    if (op->uploading || !interim__upload_can(op->request) || op->hop == INTERIM_HOP_POLL ||
        op->hop == INTERIM_HOP_RESULT || strcmp(op->method, op->request->method) != 0)
        return 0;
    if (op->upload == NULL)
        op->upload = calloc(1, sizeof *op->upload);
    if (op->upload == NULL)
        return INTERIM_ENOMEM;
    interim__upload_create(op->upload, op->request, &op->random);
    op->uploading = true;
    return 0;
}

interim__body_source interim__uploading_body(const interim__operation *op)
{
    return op->uploading
               ? interim__upload_body(op->upload, op->hop, op->method)
               : interim__follow_body(op->request, interim__operation_asks_as(op), op->method);
}

static void note_handed(interim__operation *op)
{
    if (op->uploading && interim__talk_exchanges(op->talk) && op->hop != INTERIM_HOP_TUNNEL &&
        !is_asking(op))
        interim__upload_handed(op->upload, &op->talk->exchange.sender);
}

int interim__uploading_told(interim__operation *op, interim__progress *progress)
{
    if (!op->uploading || op->hop == INTERIM_HOP_TUNNEL)
        return 0;
    note_handed(op);
    return interim__upload_told(op->upload, &op->talk->exchange.head.fields, op->uri,
                                is_creating(op), progress, op->now.monotonic, op->error);
}

void interim__uploading_judge(interim__operation *op)
{
    if (op->hop == INTERIM_HOP_TUNNEL)
        return;
    op->continues =
        !interim__upload_is_final(op->upload, &op->talk->answer, is_creating(op), is_asking(op));
    op->talk->answer.uploaded =
        !op->continues && interim__upload_is_of_target(op->upload, &op->talk->answer);
}

/* ---- where to go ---- */

static void stop(interim__operation *op)
{
    bool failed = op->upload->failed;
    int status = op->upload->answered;

    if (status > 0)
        op->last_status = status;
    interim__ending_conclude(op, failed ? INTERIM_FAILED : INTERIM_UNKNOWN, "%s: %s%s",
                             interim_strerror(op->error->code), op->error->text,
                             op->upload->all_handed && !failed
                                 ? "; the server may have done, or be doing, the work"
                                 : "");
}

static void go(interim__operation *op, const char *method)
{
    interim__uri *uri = interim__uri_share(op->upload->current);

    interim__operation_begin(op, INTERIM_HOP_UPLOAD, op->upload->asked, method, uri);
}

/* why: what interrupted the upload, if its code is not 0. */
static void take_turn(interim__operation *op, interim__upload_turn turn, const interim_error *why)
{
    int64_t wait = op->upload->ask_at - op->now.monotonic;

    if (turn == INTERIM__UPLOAD_STOP) {
        stop(op);
    } else if (turn == INTERIM__UPLOAD_APPEND) {
        go(op, "PATCH");
    } else {
        op->result->timing.retry_count++;
        interim__report_event(op, &(interim__report){.kind = INTERIM_EVENT_RETRY,
                                                     .status = interim__talk_status(op->talk),
                                                     .wait_ms = wait / INTERIM__NS_PER_MS,
                                                     .error = why->code == 0 ? NULL : why,
                                                     .text = "upload"});
        interim__operation_sleep(op, op->upload->ask_at);
    }
}

void interim__uploading_answered(interim__operation *op)
{
    interim__upload *upload = op->upload;
    const interim__answer *answer = &op->talk->answer;
    int64_t now = op->now.monotonic, wall = op->now.wall;
    bool whole = interim__sender_done(&op->talk->exchange.sender);
    interim__upload_turn turn;

    note_handed(op);
    interim__error_init(op->error);
    op->fresh_connection = false;
    if (is_creating(op))
        turn = interim__upload_created(upload, answer, now, wall, op->error);
    else if (is_asking(op))
        turn = interim__upload_asked(upload, answer, now, wall, op->error);
    else
        turn = interim__upload_appended(upload, answer, whole, now, wall, op->error);
    take_turn(op, turn, op->error);
}

/* The connection's trouble, or time's; and, of a HEAD, which changes nothing, whatever the peer
 * made of its answer. */
static bool is_interruption(const interim__operation *op, int code)
{
    switch (code) {
    case 0:
    case INTERIM_ERESOLVE:
    case INTERIM_ECONNECT:
    case INTERIM_ETLS:
    case INTERIM_EPROXY:
    case INTERIM_ETRUNCATED:
    case INTERIM_EDISCONNECTED:
    case INTERIM_ECONNECT_TIMEOUT:
    case INTERIM_EHEAD_TIMEOUT:
    case INTERIM_ESILENCE:
        return true;
    default:
        return is_asking(op) && code <= INTERIM_ESTATUS_LINE && code > INTERIM_ECONNECT_TIMEOUT &&
               code != INTERIM_EFLOOD;
    }
}

bool interim__uploading_lost(interim__operation *op, int code)
{
    interim_error why = *op->error;
    bool answered = interim__talk_exchanges(op->talk) &&
                    op->talk->exchange.state == INTERIM__EXCHANGE_BODY &&
                    op->sink == INTERIM__SINK_FINAL;

    note_handed(op);
    if (op->uploading && code <= INTERIM_EUPLOAD_GONE) {
        stop(op);
        return true;
    }
    if (!op->uploading || op->upload->resource == NULL || answered || !is_interruption(op, code))
        return false;
    op->fresh_connection = code != 0;
    interim__error_init(op->error);
    take_turn(op, interim__upload_unanswered(op->upload, code, op->now.monotonic, op->error), &why);
    return true;
}

void interim__uploading_ask(interim__operation *op)
{
    if (interim__upload_ask(op->upload, op->now.monotonic, op->error) == INTERIM__UPLOAD_STOP)
        stop(op);
    else
        go(op, "HEAD");
}

bool interim__uploading_unfinished(interim__operation *op)
{
    note_handed(op);
    return op->uploading && op->upload->resource != NULL && !op->upload->all_handed;
}
