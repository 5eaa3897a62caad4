/* history_parts.h - how the records of a history lie. For history.c, which adds them, and
 * history_show.c, which shows them.
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
 *     numbers       sequence, both clocks, silence: 7 bits a byte; of those that may be negative
 *                   the sign comes last
 *     extras        with MORE: their size, as a number, and what an interim with fields says
 *
 * One without fields takes some ten bytes, mostly for nanoseconds. The oldest record goes by moving
 * `first` and that point; when the block is full, what is left moves to its beginning, or the block
 * grows if little is free. The block is made an array of events when somebody asks, which is when
 * the operation is over. */
#ifndef INTERIM_OPERATION_HISTORY_PARTS_H
#define INTERIM_OPERATION_HISTORY_PARTS_H

#include "operation/history.h"
#include "operation/patience.h"

#include <stddef.h>
#include <stdint.h>

#define MORE 0x80u /* in the first byte of a record; at most one more than are kept is below */

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

static inline size_t aligned(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

static inline void *at(struct interim__kept *kept, size_t offset)
{
    return kept->bytes + offset;
}

/* The record at an offset, which has this point before it. */
record interim__history_record(struct interim__kept *kept, uint32_t offset, const point *before);

/* The point behind a record. */
static inline point behind(const record *from)
{
    point out = from->at;

    out.sequence += from->times;
    return out;
}

#endif
