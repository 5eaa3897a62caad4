/* history_show.c - the interims that a history holds, as events. */
#include "operation/history_parts.h"

#include "base/fields.h"

#include <stdlib.h>
#include <string.h>

static interim_field *show_fields(interim_event *event, const char *from, interim_field *fields)
{
    extras more;
    const char *length_at = from + sizeof more, *text;
    interim__fields shown = {.items = fields};

    memcpy(&more, from, sizeof more);
    shown.count = more.field_count;
    text = length_at + more.field_count * sizeof(lengths);
    for (size_t i = 0; i < more.field_count; i++) {
        lengths length;

        memcpy(&length, length_at + i * sizeof length, sizeof length);
        fields[i] = (interim_field){text, text + length.name + 1, length.name, length.value};
        text = fields[i].value + length.value + 1;
    }
    event->percent = more.percent;
    event->done = more.done;
    event->total = more.total;
    event->fields = fields;
    event->field_count = more.field_count;
    event->server = interim__fields_value(&shown, "server", "");
    event->via = interim__fields_value(&shown, "via", "");
    return fields + more.field_count;
}

static void show(interim_event *event, const group *own, const record *from, int64_t start)
{
    const char *reason = (const char *)(own + 1), *method = reason + strlen(reason) + 1;
    const char *url = method + strlen(method) + 1;

    *event = (interim_event){.size = sizeof *event,
                             .kind = INTERIM_EVENT_INTERIM,
                             .hop = (interim_hop)own->hop,
                             .hop_index = own->hop_index,
                             .operation = own->operation,
                             .sequence = from->at.sequence,
                             .wall_ns = from->at.wall_ns,
                             .monotonic_ns = from->at.monotonic_ns,
                             .elapsed_ms = (from->at.monotonic_ns - start) / INTERIM__NS_PER_MS,
                             .silence_ms = from->silence_ms,
                             .status = own->status,
                             .reason = reason,
                             .method = method,
                             .url = url,
                             .peer = url + strlen(url) + 1,
                             .server = "",
                             .via = "",
                             .percent = -1,
                             .done = -1,
                             .total = -1,
                             .wait_ms = -1,
                             .outcome = INTERIM_PENDING,
                             .text = ""};
}

/* Goes from record to record. */
typedef struct walk {
    uint32_t group, record; /* that come next */
    uint32_t left;          /* records of this group */
    point before;
} walk;

static void walk_group(walk *way, struct interim__kept *kept, uint32_t offset)
{
    const group *own = at(kept, offset);

    *way = (walk){offset, offset + own->size, own->left, own->before};
}

static walk walk_from_oldest(struct interim__kept *kept)
{
    walk way;

    walk_group(&way, kept, kept->group);
    way.record = kept->first;
    return way;
}

/* Not to be called behind the last one. */
static record step(struct interim__kept *kept, walk *way)
{
    record here;

    if (way->left == 0)
        walk_group(way, kept, (uint32_t)aligned(way->record));
    here = interim__history_record(kept, way->record, &way->before);
    if (way->record == kept->first && ((group *)at(kept, way->group))->mute)
        here.silence_ms = 0;
    way->before = behind(&here);
    way->record = here.end;
    way->left--;
    return here;
}

static size_t count_fields(struct interim__kept *kept)
{
    walk way = walk_from_oldest(kept);
    size_t count = 0;

    for (uint32_t i = 0; i < kept->count;) {
        record from = step(kept, &way);
        extras more = {0};

        if (from.extras != 0)
            memcpy(&more, at(kept, from.extras), sizeof more);
        count += more.field_count;
        i += from.times;
    }
    return count;
}

static interim_event *show_all(struct interim__kept *kept)
{
    walk way = walk_from_oldest(kept);
    interim_event *events =
        malloc(kept->count * sizeof *events + count_fields(kept) * sizeof(interim_field));
    interim_event *event = events;
    interim_field *fields;

    if (events == NULL)
        return NULL;
    fields = (interim_field *)(events + kept->count);
    while (event < events + kept->count) {
        record from = step(kept, &way);

        show(event, at(kept, way.group), &from, kept->start);
        if (from.extras != 0)
            fields = show_fields(event, at(kept, from.extras), fields);
        for (unsigned i = 1; i < from.times; i++) {
            event[1] = event[0];
            event++;
            event->sequence++;
            event->silence_ms = 0;
        }
        event++;
    }
    return events;
}

const interim_event *interim__history_at(const interim__history *history, size_t i)
{
    struct interim__kept *kept = history->kept;

    if (kept == NULL || i >= kept->count)
        return NULL;
    if (kept->views == NULL)
        kept->views = show_all(kept);
    return kept->views == NULL ? NULL : &kept->views[i];
}
