/* marking.c - an answer to COPY whose body is a stream of markers (marker.h): which one that is,
 * what its lines mean for the operation, and how it ends.
 *
 *     none --COPY, 201 or 202--> WATCHED --its first line is something else--> none
 *                                        --announced, "Perf Marker", a verdict--> STREAM
 *     STREAM --End--> STREAM         a sign of life, and the only one
 *            --verdict--> STREAM     whose rest has ten seconds to come
 *            --end--> ended          as the verdict says; without one nobody knows how, unless a
 * 102 named a monitor, which is asked then
 *
 * The status tells nothing: servers answer 201 or 202 before they have begun. Nor does the media
 * type alone: dCache says text/perf-marker-stream, XRootD text/plain, StoRM nothing. So a stream is
 * what announces itself by that type, or what is answered to a third-party copy and has such lines,
 * or is a 202 without a length that names no monitor; and, whoever asked, what begins with "Perf
 * Marker". The 201 of a plain WebDAV server stays what it was. */
#include "base/text.h"
#include "operation/marker.h"
#include "operation/report.h"
#include "operation/steps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 65536      /* bytes of a stream that are kept: the last ones */
#define VERDICT_GRACE 10000 /* ms, from the verdict to the end of the body */

struct interim__marking {
    interim__markers markers;
    bool trusting; /* any line may be one of a stream; else the first must be "Perf Marker" */
    bool stream;
    unsigned count; /* complete markers */
};

/* ---- which answer ---- */

/* 1, 0 or ENOMEM. */
static int is_elsewhere(const interim_request *request, const interim_field *destination)
{
    interim__uri *to = NULL;
    int failed = interim__uri_resolve(&to, request->uri, destination->value,
                                      destination->value_length, NULL);
    int elsewhere = failed == 0 && !interim__uri_same_origin(request->uri, to);

    interim__uri_dispose(&to);
    return failed == INTERIM_ENOMEM ? failed : elsewhere;
}

/* Whether two servers are to take part; 1, 0 or ENOMEM. */
static int is_third_party(const interim_request *request)
{
    const interim_field *destination = interim__fields_next(&request->fields, "destination", NULL);

    if (request->third_party || interim__fields_next(&request->fields, "source", NULL) != NULL)
        return 1;
    return destination == NULL ? 0 : is_elsewhere(request, destination);
}

static bool is_announced(const interim__operation *op)
{
    const char *type = interim__fields_value(&op->talk->answer.fields, "content-type", "");

    return interim__text_begins(type, strlen(type), "text/perf-marker-stream");
}

static bool may_be_one(const interim__operation *op)
{
    return (op->talk->answer.status == 201 || op->talk->answer.status == 202) &&
           (op->hop == INTERIM_HOP_REQUEST || op->hop == INTERIM_HOP_REDIRECT ||
            op->hop == INTERIM_HOP_AUTHENTICATION) &&
           strcmp(op->method, "COPY") == 0;
}

static bool names_monitor(const interim__operation *op)
{
    interim__naming naming;

    return interim__dialect_find(&naming, &op->talk->answer) != NULL ||
           interim__dialect_may_begin(&op->talk->answer);
}

static bool has_no_length(const interim__operation *op)
{
    return op->talk->exchange.framing.kind == INTERIM__FRAMING_CHUNKED ||
           op->talk->exchange.framing.kind == INTERIM__FRAMING_CLOSE;
}

static int no_memory(interim__operation *op)
{
    return interim__error_set(op->error, INTERIM_ENOMEM, INTERIM_STAGE_BODY, "out of memory");
}

/* From now on the bytes that markers tell of must move. */
static void become_stream(interim__operation *op)
{
    if (op->talk->marking->stream)
        return;
    op->talk->marking->stream = true;
    interim__watchdog_moved(&op->dog, op->now.monotonic);
}

int interim__marking_begin(interim__operation *op)
{
    bool announced;
    int third_party;

    if (!may_be_one(op))
        return 0;
    announced = is_announced(op);
    if (!announced && names_monitor(op))
        return 0;
    third_party = is_third_party(op->request);
    op->talk->marking = third_party < 0 ? NULL : malloc(sizeof *op->talk->marking);
    if (op->talk->marking == NULL)
        return no_memory(op);
    interim__markers_init(&op->talk->marking->markers);
    op->talk->marking->trusting = announced || third_party > 0;
    op->talk->marking->stream = false;
    op->talk->marking->count = 0;
    if (announced || (third_party > 0 && op->talk->answer.status == 202 && has_no_length(op)))
        become_stream(op);
    return 0;
}

bool interim__marking_is_stream(const interim__operation *op)
{
    return op->talk != NULL && op->talk->marking != NULL && op->talk->marking->stream;
}

/* ---- lines ---- */

static int report(interim__operation *op)
{
    const interim__markers *markers = &op->talk->marking->markers;
    int64_t total = op->request->total_bytes;
    interim__progress progress = {-1, markers->done, total > 0 ? total : -1};

    if (total > 0 && markers->done >= 0 && markers->done <= total)
        progress.percent = 100.0 * (double)markers->done / (double)total;
    if (markers->moved)
        interim__watchdog_moved(&op->dog, op->now.monotonic);
    op->talk->marking->count++;
    op->result->timing.marker_count++;
    interim__report_event(op, &(interim__report){.kind = INTERIM_EVENT_MARKER,
                                                 .status = op->talk->answer.status,
                                                 .progress = &progress,
                                                 .text = markers->text});
    if (interim__watchdog_admit(&op->dog, op->now.monotonic))
        return 0;
    return interim__error_set(op->error, INTERIM_EFLOOD, INTERIM_STAGE_BODY,
                              "markers: more than %u a second after the first %u",
                              op->request->patience.interim_rate,
                              op->request->patience.interim_burst);
}

/* before: the verdict so far. */
static int take_line(interim__operation *op, interim__marker_step step,
                     interim__marker_verdict before)
{
    interim__marking *marking = op->talk->marking;

    switch (step) {
    case INTERIM__MARKER_UNKNOWN:
    case INTERIM__MARKER_VERDICT:
        if (!marking->trusting && !marking->stream) {
            free(marking);
            op->talk->marking = NULL;
        } else if (step == INTERIM__MARKER_VERDICT && before == INTERIM__MARKER_NONE) {
            become_stream(op);
            interim__watchdog_hurry(&op->dog, VERDICT_GRACE, op->now.monotonic);
        }
        return 0;
    case INTERIM__MARKER_BEGIN:
        become_stream(op);
        return 0;
    case INTERIM__MARKER_END:
        return before == INTERIM__MARKER_NONE ? report(op) : 0;
    default:
        return 0;
    }
}

/* A line is given on before it is told what it means, so that both come in one order however the
 * bytes were cut. */
int interim__marking_take(interim__operation *op, const char *data, size_t size)
{
    while (size > 0 && op->talk->marking != NULL && !op->stop) {
        interim__markers *markers = &op->talk->marking->markers;
        interim__marker_verdict before = markers->verdict;
        interim__marker_step step;
        size_t piece = interim__markers_feed(markers, &step, data, size);

        if (interim__response_give(op, data, piece) < 0 || take_line(op, step, before) < 0)
            return op->error->code;
        data += piece;
        size -= piece;
    }
    return size > 0 && !op->stop ? interim__response_give(op, data, size) : 0;
}

int interim__marking_keep(interim__operation *op, const char *data, size_t size)
{
    interim__buffer *kept = &op->result->body;
    size_t cap = op->environment->body_cap < KEPT_MAX ? op->environment->body_cap : KEPT_MAX;

    if (size > cap) {
        data += size - cap;
        size = cap;
    }
    if (size > cap - (kept->length < cap ? kept->length : cap)) {
        size_t excess = kept->length + size - cap, half = kept->length / 2;

        interim__buffer_drop(kept, excess > half ? excess : half);
    }
    return interim__buffer_append(kept, data, size) < 0 ? no_memory(op) : 0;
}

/* ---- the end ---- */

/* What was last seen, for the reason. */
static void write_last_seen(char *out, size_t size, const interim__operation *op)
{
    const interim__marking *marking = op->talk->marking;

    if (marking->count == 0)
        snprintf(out, size, "no marker had come");
    else if (marking->markers.done < 0)
        snprintf(out, size, "%u marker%s had come", marking->count, marking->count == 1 ? "" : "s");
    else
        snprintf(out, size, "%" PRId64 " bytes by the last of %u marker%s", marking->markers.done,
                 marking->count, marking->count == 1 ? "" : "s");
}

static void conclude(interim__operation *op)
{
    const interim__markers *markers = &op->talk->marking->markers;
    char seen[80];

    write_last_seen(seen, sizeof seen, op);
    if (markers->verdict == INTERIM__MARKER_NONE && interim__job_learnt(op))
        return;
    interim__following_adopt(op);
    switch (markers->verdict) {
    case INTERIM__MARKER_SUCCESS:
        interim__ending_conclude(op, INTERIM_DONE, "the server reported %s", markers->reason);
        break;
    case INTERIM__MARKER_FAILURE:
    case INTERIM__MARKER_ABORTED:
        interim__ending_conclude(op, INTERIM_FAILED, "the server reported %s", markers->reason);
        break;
    case INTERIM__MARKER_CONTRADICTION:
        interim__error_set(op->error, INTERIM_EMARKERS, INTERIM_STAGE_BODY,
                           "it says both: success, and the contrary");
        interim__ending_conclude(op, INTERIM_UNKNOWN,
                                 "the server reported success and failure of the same copy");
        break;
    default:
        interim__error_set(op->error, INTERIM_EMARKERS, INTERIM_STAGE_BODY, "%s", seen);
        interim__ending_conclude(op, INTERIM_UNKNOWN, "%s: %s; the server may have done the work",
                                 interim_strerror(INTERIM_EMARKERS), seen);
    }
}

bool interim__marking_over(interim__operation *op)
{
    interim__marker_verdict before = op->talk->marking->markers.verdict;

    if (take_line(op, interim__markers_finish(&op->talk->marking->markers), before) < 0) {
        interim__ending_failed(op);
        return true;
    }
    if (!interim__marking_is_stream(op))
        return false;
    if (!op->stop)
        conclude(op);
    return true;
}

/* Trouble of this machine: not the server's, and not hidden by its verdict. */
static bool is_local(int code)
{
    return code <= INTERIM_ENOMEM && code > INTERIM_ERESOLVE;
}

bool interim__marking_failed(interim__operation *op)
{
    char seen[80];

    if (!interim__marking_is_stream(op))
        return false;
    if (op->talk->marking->markers.verdict != INTERIM__MARKER_NONE) {
        if (!is_local(op->error->code))
            interim__error_init(op->error);
        conclude(op);
        return true;
    }
    if (interim__job_learnt(op))
        return true;
    write_last_seen(seen, sizeof seen, op);
    interim__ending_conclude(op, INTERIM_UNKNOWN, "%s; %s; the server may be doing the work",
                             interim_strerror(op->error->code), seen);
    return true;
}
