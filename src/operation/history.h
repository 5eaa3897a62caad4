/* history.h - the last interims of an operation, however long it takes. May be included by
 * operation and client. */
#ifndef INTERIM_OPERATION_HISTORY_H
#define INTERIM_OPERATION_HISTORY_H

#include <interim.h>
#include <stdbool.h>

#define INTERIM__HISTORY_MAX 64

/* See history.c. */
struct interim__kept;

typedef struct interim__history {
    struct interim__kept *kept; /* NULL until the first one */
} interim__history;

/* Keeps what an event INTERIM says, in place of the oldest if there are 64. start is that of the
 * operation, monotonic. What cannot be kept for want of memory is missing. */
void interim__history_keep(interim__history *history, const interim_event *event, int64_t start);

/* The same once more, at the same time, but for the sequence. False: the one before was not kept.
 */
bool interim__history_repeat(interim__history *history, uint64_t sequence);

/* The interims to come are those of another exchange, or may be: their method, URL, peer and hop
 * are not those of the ones before. */
void interim__history_turn(interim__history *history);

/* The i-th that is kept, from the oldest, for as long as none is added; NULL when there is none, or
 * no memory to show it. */
const interim_event *interim__history_at(const interim__history *history, size_t i);

void interim__history_dispose(interim__history *history);

#endif
