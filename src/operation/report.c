/* report.c - see report.h. */
#include "operation/report.h"

#include <stdlib.h>

#define KIND(name) (1U << INTERIM_EVENT_##name)

static bool is_one_of(interim_event_kind kind, unsigned kinds)
{
    return (kinds >> kind & 1) != 0;
}

static bool is_sign_of_life(interim_event_kind kind)
{
    return is_one_of(kind, KIND(INTERIM) | KIND(POLL) | KIND(MARKER));
}

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* Whether anybody would see it. */
static bool is_wanted(const interim__operation *op, interim_event_kind kind)
{
    return !op->environment->quiet || op->request->on_event != NULL ||
           (op->request->on_interim != NULL && is_sign_of_life(kind));
}

static void add_fields(interim_event *event, const interim__fields *fields)
{
    event->fields = fields->items;
    event->field_count = fields->count;
    event->server = interim__fields_value(fields, "server", "");
    event->via = interim__fields_value(fields, "via", "");
}

static void add_progress(interim_event *event, const interim__progress *progress)
{
    event->percent = progress->percent;
    event->done = progress->done;
    event->total = progress->total;
}

/* What is known without a report. */
static void describe(interim_event *event, interim__operation *op, interim_event_kind kind,
                     int64_t silence_ms)
{
    *event = (interim_event){.size = sizeof *event,
                             .kind = kind,
                             .hop = op->hop,
                             .hop_index = op->hop_index,
                             .operation = op->number,
                             .sequence = op->sequence,
                             .wall_ns = op->now.wall,
                             .monotonic_ns = op->now.monotonic,
                             .elapsed_ms = (op->now.monotonic - op->dog.start) / INTERIM__NS_PER_MS,
                             .silence_ms = silence_ms,
                             .reason = "",
                             .method = op->method,
                             .url = interim__operation_url_text(op),
                             .peer = interim__operation_peer(op),
                             .server = "",
                             .via = "",
                             .percent = -1,
                             .done = -1,
                             .total = -1,
                             .wait_ms = -1,
                             .outcome = INTERIM_PENDING,
                             .text = ""};
}

static void tell(interim__operation *op, const interim_event *event)
{
    if (op->environment->observe(op, event) != 0)
        op->stop = true;
}

static void tell_report(interim__operation *op, const interim__report *report, int64_t silence_ms)
{
    char *url = report->about == NULL ? NULL : interim__uri_redacted(report->about, true);
    interim_event event;

    describe(&event, op, report->kind, silence_ms);
    event.status = report->status;
    event.error = report->error;
    event.reason = or_empty(report->reason);
    event.text = or_empty(report->text);
    if (url != NULL)
        event.url = url;
    if (is_one_of(report->kind, KIND(WAITING) | KIND(RETRY)))
        event.wait_ms = report->wait_ms;
    if (report->kind == INTERIM_EVENT_END)
        event.outcome = op->result->outcome;
    if (report->fields != NULL)
        add_fields(&event, report->fields);
    if (report->progress != NULL)
        add_progress(&event, report->progress);
    tell(op, &event);
    free(url);
}

void interim__report_event(interim__operation *op, const interim__report *report)
{
    bool wanted = is_wanted(op, report->kind);
    int64_t silence_ms = wanted ? interim__watchdog_silence_ms(&op->dog, op->now.monotonic) : 0;

    op->sequence++;
    if (is_sign_of_life(report->kind)) {
        op->signs++;
        interim__watchdog_life(&op->dog, op->now.monotonic);
    }
    /* Something else lies between the interims of two exchanges. */
    if (report->kind != INTERIM_EVENT_GAP)
        interim__history_turn(&op->result->history);
    if (wanted)
        tell_report(op, report, silence_ms);
}

/* The head is the one before, byte for byte, if its reason still lies where it was read. */
static bool is_repeated(const interim_event *event, const interim__head *head)
{
    return event->reason == head->reason && event->status == head->status &&
           event->field_count + head->fields.count == 0;
}

static void describe_interim(interim_event *event, interim__operation *op,
                             const interim__head *head, const interim__progress *progress)
{
    if (event->size == 0) {
        describe(event, op, INTERIM_EVENT_INTERIM,
                 interim__watchdog_silence_ms(&op->dog, op->now.monotonic));
        interim__watchdog_life(&op->dog, op->now.monotonic);
    } else {
        event->silence_ms = 0;
        event->sequence = op->sequence;
    }
    event->status = head->status;
    event->reason = head->reason;
    if (event->field_count + head->fields.count > 0) {
        add_fields(event, &head->fields);
        add_progress(event, progress);
    }
    interim__history_keep(&op->result->history, event, op->dog.start);
}

void interim__report_interim(interim__operation *op, interim_event *event,
                             const interim__head *head, const interim__progress *progress)
{
    op->sequence++;
    op->signs++;
    if (event->size > 0 && is_repeated(event, head) &&
        interim__history_repeat(&op->result->history, op->sequence)) {
        event->silence_ms = 0;
        event->sequence = op->sequence;
    } else {
        describe_interim(event, op, head, progress);
    }
    if (is_wanted(op, INTERIM_EVENT_INTERIM))
        tell(op, event);
}

void interim__report_plain(interim__operation *op, interim_event_kind kind, const char *text)
{
    if (!interim__report_passes(op))
        interim__report_event(op, &(interim__report){.kind = kind, .text = text});
}
