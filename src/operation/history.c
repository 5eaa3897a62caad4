/* history.c - see history.h.
 *
 * A day of 102s, a hundred thousand operations: what is kept of an interim has to be small and to
 * cost next to nothing. So the records lie one behind another in one block, and what those of an
 * exchange have in common lies once in front of them, as a group:
 *
 *     group record record record group record ... free
 *     ^     ^
 *     group first                               end
 *
 * A record of an interim without fields takes 32 bytes, and stands for all that say the same at the
 * same time. The oldest record goes by moving `first`; when the block is full, what is left moves
 * to its beginning, or the block grows if little is free: so it stays within 5/4 of what is kept
 * and some bytes more. The block is made an array of events when somebody asks, which is when the
 * operation is over. */
#include "operation/history.h"

#include "base/fields.h"
#include "operation/patience.h"

#include <stdlib.h>
#include <string.h>

typedef struct group {
    uint32_t size; /* with its texts: reason, method, url, peer */
    uint32_t left; /* records that are kept */
    uint64_t operation, sequence;
    int64_t start;
    interim_hop hop;
    unsigned hop_index;
    int status;
} group;

typedef struct record {
    uint32_t size : 24; /* with its extras, if there are any: a head has at most 64 KiB */
    uint32_t times : 8; /* how many interims it stands for: at most one more than are kept */
    uint32_t after;     /* sequence of the first less that of the group */
    int64_t wall_ns, monotonic_ns;
    int64_t silence_ms; /* of the first; there was none between them */
} record;

/* Behind a record of an interim that says more: the lengths of the fields, and their texts. */
typedef struct extras {
    double percent;
    int64_t done, total;
    size_t field_count;
} extras;

typedef struct lengths {
    uint32_t name, value;
} lengths;

struct interim__kept {
    interim_event *views; /* made of all records; NULL: not asked for yet */
    /* Offsets: 64 heads of 64 KiB are far below 4 GiB. */
    uint32_t capacity, end;
    uint32_t group, first;     /* the oldest record, and its group */
    uint32_t last, last_group; /* the youngest, likewise */
    uint32_t count;            /* interims */
    bool turned;               /* the next record begins a group */
    _Alignas(8) char bytes[];
};

static size_t aligned(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

static void *at(struct interim__kept *kept, size_t offset)
{
    return kept->bytes + offset;
}

/* ---- Adding ---- */

/* Progress is said by fields: without any there is none. */
static size_t record_size(const interim_event *event)
{
    size_t size = sizeof(record) + sizeof(extras) + event->field_count * sizeof(lengths);

    if (event->field_count == 0)
        return sizeof(record);
    for (size_t i = 0; i < event->field_count; i++)
        size += event->fields[i].name_length + event->fields[i].value_length + 2;
    return aligned(size);
}

static size_t group_size(const interim_event *event)
{
    return aligned(sizeof(group) + strlen(event->reason) + strlen(event->method) +
                   strlen(event->url) + strlen(event->peer) + 4);
}

static bool joins(struct interim__kept *kept, const interim_event *event)
{
    const group *last = at(kept, kept->last_group);

    return !kept->turned && last->status == event->status &&
           event->sequence - last->sequence <= UINT32_MAX &&
           strcmp((const char *)(last + 1), event->reason) == 0;
}

/* Moves what is kept to the beginning. Returns how much that freed. */
static size_t compact(struct interim__kept *kept)
{
    size_t head = ((group *)at(kept, kept->group))->size, rest = kept->end - kept->first;
    size_t freed = kept->end - head - rest;

    if (kept->last_group == kept->group)
        kept->last_group = 0;
    else
        kept->last_group -= (uint32_t)freed;
    kept->last -= (uint32_t)freed;
    memmove(at(kept, 0), at(kept, kept->group), head);
    memmove(at(kept, head), at(kept, kept->first), rest);
    kept->group = 0;
    kept->first = (uint32_t)head;
    kept->end = (uint32_t)(head + rest);
    return freed;
}

/* False: there is no memory. */
static bool make_room(interim__history *history, size_t need)
{
    struct interim__kept *kept = history->kept;
    size_t used = kept == NULL ? 0 : kept->end, capacity;

    if (kept != NULL && need <= kept->capacity - used)
        return true;
    if (kept != NULL && compact(kept) >= kept->end / 8 && need <= kept->capacity - kept->end)
        return true;
    used = kept == NULL ? 0 : kept->end;
    capacity = aligned(used + used / 4 + need + 64);
    kept = realloc(kept, sizeof *kept + capacity);
    if (kept == NULL)
        return false;
    if (history->kept == NULL)
        *kept = (struct interim__kept){.turned = true};
    kept->capacity = (uint32_t)capacity;
    history->kept = kept;
    return true;
}

static void drop_oldest(struct interim__kept *kept)
{
    group *own = at(kept, kept->group);
    record *oldest = at(kept, kept->first);

    kept->count--;
    if (--oldest->times > 0) {
        oldest->after++;
        oldest->silence_ms = 0;
        return;
    }
    kept->first += oldest->size;
    if (--own->left > 0)
        return;
    kept->group = kept->first;
    kept->first += ((group *)at(kept, kept->group))->size;
}

static void forget_views(struct interim__kept *kept)
{
    free(kept->views);
    kept->views = NULL;
}

static char *put(char *to, const char *text, size_t length)
{
    memcpy(to, text, length);
    to[length] = '\0';
    return to + length + 1;
}

static void put_group(struct interim__kept *kept, const interim_event *event, int64_t start)
{
    group *made = at(kept, kept->end);
    char *text = (char *)(made + 1);

    *made = (group){.size = (uint32_t)group_size(event),
                    .operation = event->operation,
                    .sequence = event->sequence,
                    .start = start,
                    .hop = event->hop,
                    .hop_index = event->hop_index,
                    .status = event->status};
    text = put(text, event->reason, strlen(event->reason));
    text = put(text, event->method, strlen(event->method));
    text = put(text, event->url, strlen(event->url));
    put(text, event->peer, strlen(event->peer));
    if (kept->count == 0) {
        kept->group = kept->end;
        kept->first = kept->end + made->size;
    }
    kept->last_group = kept->end;
    kept->end += made->size;
    kept->turned = false;
}

static void put_extras(extras *more, const interim_event *event)
{
    lengths *length = (lengths *)(more + 1);
    char *text = (char *)(length + event->field_count);

    *more = (extras){event->percent, event->done, event->total, event->field_count};
    for (size_t i = 0; i < event->field_count; i++) {
        const interim_field *field = &event->fields[i];

        length[i] = (lengths){(uint32_t)field->name_length, (uint32_t)field->value_length};
        text = put(text, field->name, field->name_length);
        text = put(text, field->value, field->value_length);
    }
}

static void put_record(struct interim__kept *kept, const interim_event *event, size_t size)
{
    group *own = at(kept, kept->last_group);
    record *made = at(kept, kept->end);

    *made = (record){.size = (uint32_t)size & 0xffffff,
                     .times = 1,
                     .after = (uint32_t)(event->sequence - own->sequence),
                     .wall_ns = event->wall_ns,
                     .monotonic_ns = event->monotonic_ns,
                     .silence_ms = event->silence_ms};
    if (size > sizeof *made)
        put_extras((extras *)(made + 1), event);
    kept->last = kept->end;
    kept->end += (uint32_t)size;
    kept->count++;
    own->left++;
}

void interim__history_keep(interim__history *history, const interim_event *event, int64_t start)
{
    bool joined = history->kept != NULL && joins(history->kept, event);
    size_t size = record_size(event);
    struct interim__kept *kept;

    if (!make_room(history, size + (joined ? 0 : group_size(event))))
        return;
    kept = history->kept;
    forget_views(kept);
    if (!joined)
        put_group(kept, event, start);
    put_record(kept, event, size);
    if (kept->count > INTERIM__HISTORY_MAX)
        drop_oldest(kept);
}

bool interim__history_repeat(interim__history *history, uint64_t sequence)
{
    struct interim__kept *kept = history->kept;
    const group *own;
    record *last;

    if (kept == NULL || kept->turned)
        return false;
    own = at(kept, kept->last_group);
    last = at(kept, kept->last);
    if (own->sequence + last->after + last->times != sequence)
        return false; /* the one before was not kept */
    last->times++;
    if (kept->views != NULL)
        forget_views(kept);
    if (++kept->count > INTERIM__HISTORY_MAX)
        drop_oldest(kept);
    return true;
}

void interim__history_turn(interim__history *history)
{
    if (history->kept != NULL)
        history->kept->turned = true;
}

/* ---- Showing ---- */

static interim_field *show_fields(interim_event *event, const extras *more, interim_field *fields)
{
    const lengths *length = (const lengths *)(more + 1);
    const char *text = (const char *)(length + more->field_count);
    const interim__fields shown = {.items = fields, .count = more->field_count};

    for (size_t i = 0; i < more->field_count; i++) {
        fields[i] =
            (interim_field){text, text + length[i].name + 1, length[i].name, length[i].value};
        text = fields[i].value + length[i].value + 1;
    }
    event->percent = more->percent;
    event->done = more->done;
    event->total = more->total;
    event->fields = fields;
    event->field_count = more->field_count;
    event->server = interim__fields_value(&shown, "server", "");
    event->via = interim__fields_value(&shown, "via", "");
    return fields + more->field_count;
}

static void show(interim_event *event, const group *own, const record *from)
{
    const char *reason = (const char *)(own + 1), *method = reason + strlen(reason) + 1;
    const char *url = method + strlen(method) + 1;

    *event = (interim_event){.size = sizeof *event,
                             .kind = INTERIM_EVENT_INTERIM,
                             .hop = own->hop,
                             .hop_index = own->hop_index,
                             .operation = own->operation,
                             .sequence = own->sequence + from->after,
                             .wall_ns = from->wall_ns,
                             .monotonic_ns = from->monotonic_ns,
                             .elapsed_ms = (from->monotonic_ns - own->start) / INTERIM__NS_PER_MS,
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

static const extras *extras_of(const record *from)
{
    return from->size > sizeof *from ? (const extras *)(from + 1) : NULL;
}

/* Goes from record to record. */
typedef struct walk {
    uint32_t group, record; /* that come next */
    uint32_t left;          /* records of this group */
} walk;

static walk walk_from_oldest(struct interim__kept *kept)
{
    return (walk){kept->group, kept->first, ((group *)at(kept, kept->group))->left};
}

/* Not to be called behind the last one. */
static const record *step(struct interim__kept *kept, walk *way)
{
    const record *here;

    if (way->left == 0) {
        const group *next = at(kept, way->record);

        way->group = way->record;
        way->record += next->size;
        way->left = next->left;
    }
    here = at(kept, way->record);
    way->record += here->size;
    way->left--;
    return here;
}

static size_t count_fields(struct interim__kept *kept)
{
    walk way = walk_from_oldest(kept);
    size_t count = 0;

    for (uint32_t i = 0; i < kept->count;) {
        const record *from = step(kept, &way);
        const extras *more = extras_of(from);

        count += more == NULL ? 0 : more->field_count;
        i += from->times;
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
        const record *from = step(kept, &way);
        const extras *more = extras_of(from);

        show(event, at(kept, way.group), from);
        if (more != NULL)
            fields = show_fields(event, more, fields);
        for (unsigned i = 1; i < from->times; i++) {
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

void interim__history_dispose(interim__history *history)
{
    if (history->kept != NULL)
        free(history->kept->views);
    free(history->kept);
    *history = (interim__history){0};
}
