/* report.c - see report.h. */
#include "operation/report.h"

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static bool is_sign_of_life(interim_event_kind kind)
{
    return kind == INTERIM_EVENT_INTERIM || kind == INTERIM_EVENT_POLL ||
           kind == INTERIM_EVENT_MARKER;
}

static bool is_about_a_wait(interim_event_kind kind)
{
    return kind == INTERIM_EVENT_WAITING || kind == INTERIM_EVENT_RETRY;
}

static void add_message(interim_event *event, const interim__report *report)
{
    static const interim__fields none;
    const interim__fields *fields = report->fields == NULL ? &none : report->fields;

    event->status = report->status;
    event->reason = or_empty(report->reason);
    event->fields = fields->items;
    event->field_count = fields->count;
    event->server = interim__fields_value(fields, "server", "");
    event->via = interim__fields_value(fields, "via", "");
}

static void add_progress(interim_event *event, const interim__progress *progress)
{
    event->percent = progress == NULL ? -1 : progress->percent;
    event->done = progress == NULL ? -1 : progress->done;
    event->total = progress == NULL ? -1 : progress->total;
}

static interim_event make(interim__operation *op, const interim__report *report)
{
    int64_t now = op->now.monotonic;
    interim_event event = {.size = sizeof event,
                           .kind = report->kind,
                           .hop = op->hop,
                           .hop_index = op->hop_index,
                           .operation = op->number,
                           .sequence = ++op->sequence,
                           .wall_ns = op->now.wall,
                           .monotonic_ns = now,
                           .elapsed_ms = (now - op->dog.start) / INTERIM__NS_PER_MS,
                           .silence_ms = interim__watchdog_silence_ms(&op->dog, now),
                           .method = op->method,
                           .peer = op->peer,
                           .outcome = INTERIM_PENDING,
                           .error = report->error,
                           .text = or_empty(report->text)};

    event.url = report->url == NULL ? interim__operation_url_text(op) : report->url;
    event.wait_ms = is_about_a_wait(report->kind) ? report->wait_ms : -1;
    if (report->kind == INTERIM_EVENT_END)
        event.outcome = op->result->outcome;
    add_message(&event, report);
    add_progress(&event, report->progress);
    return event;
}

void interim__report_event(interim__operation *op, const interim__report *report)
{
    interim_event event = make(op, report);

    if (is_sign_of_life(report->kind)) {
        op->signs++;
        interim__watchdog_life(&op->dog, op->now.monotonic);
    }
    if (report->kind == INTERIM_EVENT_INTERIM)
        interim__history_keep(&op->result->history, &event);
    if (op->environment->observe(op->observer, &event) != 0)
        op->stop = true;
}

void interim__report_plain(interim__operation *op, interim_event_kind kind, const char *text)
{
    interim__report_event(op, &(interim__report){.kind = kind, .text = text});
}
