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
 * A record tells how it differs from the one before, or from the point that its group begins with:
 *
 *     times, MORE   a byte: how many interims it stands for, which say the same at the same time
 *     numbers       sequence, both clocks, silence; 7 bits a byte, of those that may be negative
 * the sign last extras        with MORE: their size, as a number, and what an interim with fields
 * says
 *
 * One without fields takes some ten bytes, mostly for nanoseconds. The oldest record goes by moving
 * `first` and that point; when the block is full, what is left moves to its beginning, or the block
 * grows if little is free. The block is made an array of events when somebody asks, which is when
 * the operation is over. */
#include "operation/history.h"

#include "base/fields.h"
#include "operation/patience.h"

#include <stdlib.h>
#include <string.h>

#define MORE 0x80u     /* in the first byte of a record; at most one more than are kept is below */
#define NUMBERS_MAX 40 /* bytes of four numbers */
#define SPARE 48       /* bytes that a block has to grow into */

typedef struct point {
    uint64_t sequence; /* that would come next */
    int64_t monotonic_ns, wall_ns;
} point;

typedef struct group {
    uint32_t size; /* with its texts: reason, method, url, peer */
    uint32_t left; /* records that are kept */
    point before;  /* its oldest record */
    uint64_t operation;
    unsigned hop_index;
    uint16_t status;
    uint8_t hop;
    bool mute; /* the oldest record has lost its first interim: the others had no silence */
} group;

/* A record as it is read. */
typedef struct record {
    point at;
    int64_t silence_ms; /* of the first; there was none between them */
    unsigned times;
    uint32_t extras; /* offset, 0: none */
    uint32_t end;    /* offset */
} record;

/* They lie as they come, and so do the lengths of the fields, and their texts. */
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
    int64_t start;        /* of the operation */
    point after;          /* the youngest record */
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

/* ---- Numbers ---- */

static char *put_number(char *to, uint64_t number)
{
    for (; number > 0x7f; number >>= 7)
        *to++ = (char)(number | 0x80);
    *to++ = (char)number;
    return to;
}

static const char *get_number(const char *from, uint64_t *out)
{
    unsigned shift = 0;

    *out = 0;
    do
        *out |= (uint64_t)(*from & 0x7f) << shift;
    while (shift += 7, *from++ & 0x80);
    return from;
}

/* Clocks are set, and may be anything: nothing overflows. */
static int64_t sum(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t difference(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static char *put_change(char *to, int64_t now, int64_t before)
{
    uint64_t change = (uint64_t)difference(now, before);

    return put_number(to, change << 1 ^ (0 - (change >> 63)));
}

static const char *get_change(const char *from, int64_t *now, int64_t before)
{
    uint64_t change;

    from = get_number(from, &change);
    *now = sum(before, (int64_t)(change >> 1 ^ (0 - (change & 1))));
    return from;
}

/* The clocks run alike, and what there is of silence is mostly since the record before. */
static char *put_numbers(char *to, const interim_event *event, const point *before)
{
    int64_t passed = difference(event->monotonic_ns, before->monotonic_ns);

    to = put_number(to, event->sequence - before->sequence);
    to = put_change(to, passed, 0);
    to = put_change(to, event->wall_ns, sum(before->wall_ns, passed));
    return put_change(to, event->silence_ms, passed / INTERIM__NS_PER_MS);
}

static record get_record(struct interim__kept *kept, uint32_t offset, const point *before)
{
    const char *from = at(kept, offset);
    unsigned char first = (unsigned char)*from++;
    record out = {.times = first & ~MORE};
    uint64_t ahead, size = 0;
    int64_t passed;

    from = get_number(from, &ahead);
    from = get_change(from, &passed, 0);
    out.at.sequence = before->sequence + ahead;
    out.at.monotonic_ns = sum(before->monotonic_ns, passed);
    from = get_change(from, &out.at.wall_ns, sum(before->wall_ns, passed));
    from = get_change(from, &out.silence_ms, passed / INTERIM__NS_PER_MS);
    if (first & MORE) {
        from = get_number(from, &size);
        out.extras = (uint32_t)(from - kept->bytes);
    }
    out.end = (uint32_t)(from - kept->bytes) + (uint32_t)size;
    return out;
}

static point behind(const record *from)
{
    point out = from->at;

    out.sequence += from->times;
    return out;
}

/* ---- Adding ---- */

/* Progress is said by fields: without any there is none. */
static size_t extras_size(const interim_event *event)
{
    size_t size = sizeof(extras) + event->field_count * sizeof(lengths);

    if (event->field_count == 0)
        return 0;
    for (size_t i = 0; i < event->field_count; i++)
        size += event->fields[i].name_length + event->fields[i].value_length + 2;
    return size;
}

/* What the records of a group have in common, as text; each with its NUL. */
typedef struct texts {
    struct {
        const char *at;
        size_t size;
    } each[4];
    size_t group_size; /* with them */
} texts;

static texts texts_of(const interim_event *event)
{
    texts out = {.each = {{.at = event->reason},
                          {.at = event->method},
                          {.at = event->url},
                          {.at = event->peer}},
                 .group_size = sizeof(group)};

    for (size_t i = 0; i < 4; i++)
        out.group_size += out.each[i].size = strlen(out.each[i].at) + 1;
    out.group_size = aligned(out.group_size);
    return out;
}

static bool joins(struct interim__kept *kept, const interim_event *event)
{
    const group *last = at(kept, kept->last_group);

    return !kept->turned && last->status == event->status &&
           strcmp((const char *)(last + 1), event->reason) == 0;
}

/* Moves what is kept to the beginning, but for up to seven bytes: groups stay aligned. Returns how
 * much that freed. */
static size_t compact(struct interim__kept *kept)
{
    size_t head = ((group *)at(kept, kept->group))->size, rest = kept->end - kept->first;
    size_t first = head + (kept->first & 7), freed = kept->first - first;

    kept->last_group = kept->last_group == kept->group ? 0 : kept->last_group - (uint32_t)freed;
    kept->last -= (uint32_t)freed;
    memmove(at(kept, 0), at(kept, kept->group), head);
    memmove(at(kept, first), at(kept, kept->first), rest);
    kept->group = 0;
    kept->first = (uint32_t)first;
    kept->end = (uint32_t)(first + rest);
    return freed;
}

/* False: there is no memory. */
static bool make_room(interim__history *history, size_t need)
{
    struct interim__kept *kept = history->kept;
    size_t used, capacity;

    if (kept != NULL && need <= kept->capacity - kept->end)
        return true;
    if (kept != NULL && compact(kept) >= kept->end / 8 && need <= kept->capacity - kept->end)
        return true;
    used = kept == NULL ? 0 : kept->end;
    capacity = aligned(used + used / 8 + need + SPARE);
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
    record oldest;

    kept->count--;
    /* One of several that are alike is not read. */
    own->mute = ((unsigned char)kept->bytes[kept->first] & ~MORE) > 1;
    if (own->mute) {
        kept->bytes[kept->first]--;
        own->before.sequence++;
        return;
    }
    oldest = get_record(kept, kept->first, &own->before);
    own->before = behind(&oldest);
    kept->first = oldest.end;
    if (--own->left > 0)
        return;
    kept->group = (uint32_t)aligned(kept->first);
    kept->first = kept->group + ((group *)at(kept, kept->group))->size;
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

static void put_group(struct interim__kept *kept, const interim_event *event, const texts *common)
{
    uint32_t offset = (uint32_t)aligned(kept->end);
    group *made = at(kept, offset);
    char *text = (char *)(made + 1);

    kept->after = (point){event->sequence, event->monotonic_ns, event->wall_ns};
    *made = (group){.size = (uint32_t)common->group_size,
                    .before = kept->after,
                    .operation = event->operation,
                    .hop = (uint8_t)event->hop,
                    .hop_index = event->hop_index,
                    .status = (uint16_t)event->status};
    for (size_t i = 0; i < 4; text += common->each[i++].size)
        memcpy(text, common->each[i].at, common->each[i].size);
    kept->last_group = offset;
    kept->end = offset + made->size;
    kept->turned = false;
    if (kept->count == 0) {
        kept->group = offset;
        kept->first = kept->end;
    }
}

static char *put_extras(char *to, const interim_event *event)
{
    const extras more = {event->percent, event->done, event->total, event->field_count};
    char *text = to + sizeof more + event->field_count * sizeof(lengths);

    memcpy(to, &more, sizeof more);
    to += sizeof more;
    for (size_t i = 0; i < event->field_count; i++) {
        const interim_field *field = &event->fields[i];
        const lengths length = {(uint32_t)field->name_length, (uint32_t)field->value_length};

        memcpy(to + i * sizeof length, &length, sizeof length);
        text = put(text, field->name, field->name_length);
        text = put(text, field->value, field->value_length);
    }
    return text;
}

static void put_record(struct interim__kept *kept, const interim_event *event, size_t more)
{
    char *to = at(kept, kept->end);

    *to++ = (char)(more > 0 ? 1 | MORE : 1);
    to = put_numbers(to, event, &kept->after);
    if (more > 0)
        to = put_extras(put_number(to, more), event);
    kept->after = (point){event->sequence + 1, event->monotonic_ns, event->wall_ns};
    kept->last = kept->end;
    kept->end = (uint32_t)(to - kept->bytes);
    kept->count++;
    ((group *)at(kept, kept->last_group))->left++;
}

void interim__history_keep(interim__history *history, const interim_event *event, int64_t start)
{
    bool joined = history->kept != NULL && joins(history->kept, event);
    size_t more = extras_size(event);
    size_t size = 1 + NUMBERS_MAX + (more > 0 ? NUMBERS_MAX / 4 + more : 0);
    struct interim__kept *kept;
    texts common;

    if (!joined) {
        common = texts_of(event);
        size += 7 + common.group_size;
    }
    if (!make_room(history, size))
        return;
    kept = history->kept;
    kept->start = start;
    forget_views(kept);
    if (!joined)
        put_group(kept, event, &common);
    put_record(kept, event, more);
    if (kept->count > INTERIM__HISTORY_MAX)
        drop_oldest(kept);
}

bool interim__history_repeat(interim__history *history, uint64_t sequence)
{
    struct interim__kept *kept = history->kept;

    /* The one before may not have been kept. */
    if (kept == NULL || kept->turned || kept->after.sequence != sequence)
        return false;
    kept->bytes[kept->last]++;
    kept->after.sequence++;
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
    here = get_record(kept, way->record, &way->before);
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

void interim__history_dispose(interim__history *history)
{
    if (history->kept == NULL)
        return;
    free(history->kept->views);
    free(history->kept);
    *history = (interim__history){0};
}
