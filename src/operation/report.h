/* report.h - an operation's events: the one place that fills them in, so that the log is the
 * history. May be included by the files of operation.h. */
#ifndef INTERIM_OPERATION_REPORT_H
#define INTERIM_OPERATION_REPORT_H

#include "operation/operation.h"

/* What an event says beyond what is known of the operation; zero means nothing to say. */
typedef struct interim__report {
    interim_event_kind kind;
    int status;
    const char *reason;
    const interim__fields *fields;
    const interim__progress *progress;
    const interim__uri *about; /* instead of the exchange's URL; told without its query */
    int64_t wait_ms;           /* only for WAITING and RETRY */
    const interim_error *error;
    const char *text;
} interim__report;

/* Makes the event, if anybody wants it, and gives it to the observer; a sign of life ends the
 * silence. Not for INTERIM. */
void interim__report_event(interim__operation *op, const interim__report *report);

/* Whether nobody wants an event, which is counted then and need not be made. Not for signs of life
 * and gaps. */
static inline bool interim__report_passes(interim__operation *op)
{
    if (!op->environment->quiet || op->request->on_event != NULL)
        return false;
    op->sequence++;
    if (op->result->history.kept != NULL)
        interim__history_turn(&op->result->history);
    return true;
}

/* The same for an interim, which is kept as well. The interims of one exchange that came at one
 * time share the room of the event, of size 0 at first: only what differs is filled in again. */
void interim__report_interim(interim__operation *op, interim_event *event,
                             const interim__head *head, const interim__progress *progress);

/* An event without more to say. */
void interim__report_plain(interim__operation *op, interim_event_kind kind, const char *text);

#endif
