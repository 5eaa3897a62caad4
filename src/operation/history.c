/* history.c - see history.h; history_parts.h tells how records lie. */
#include "operation/history_parts.h"

#include <stdlib.h>
#include <string.h>

#define NUMBERS_MAX 40 /* bytes of four numbers */
#define SPARE 48       /* bytes that a block has to grow into */

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

record interim__history_record(struct interim__kept *kept, uint32_t offset, const point *before)
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
    oldest = interim__history_record(kept, kept->first, &own->before);
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

void interim__history_dispose(interim__history *history)
{
    if (history->kept == NULL)
        return;
    free(history->kept->views);
    free(history->kept);
    *history = (interim__history){0};
}
