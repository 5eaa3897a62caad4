/* history.h - the last interims of an operation, however long it takes: a ring of copies. May be
 * included by operation and client. */
#ifndef INTERIM_OPERATION_HISTORY_H
#define INTERIM_OPERATION_HISTORY_H

#include <interim.h>

#define INTERIM__HISTORY_MAX 64

typedef struct interim__history {
    interim_event **events; /* NULL until the first one */
    size_t kept;
    size_t next;   /* the place of the next one */
    uint64_t seen; /* in all */
} interim__history;

/* Keeps a copy of an event with all that it points to, in place of the oldest if there are 64. What
 * cannot be kept for want of memory is only counted. */
void interim__history_keep(interim__history *history, const interim_event *event);

/* The i-th that is kept, from the oldest; NULL when there is none. */
const interim_event *interim__history_at(const interim__history *history, size_t i);

void interim__history_dispose(interim__history *history);

#endif
