/* accepted_parts.h - what accepted.c, the beginning of a job and its times, has for polled.c, its
 * answers. */
#ifndef INTERIM_OPERATION_ACCEPTED_PARTS_H
#define INTERIM_OPERATION_ACCEPTED_PARTS_H

#include "operation/accepted.h"

/* When to ask next; fields of the last answer, or NULL. */
void interim__accepted_schedule(interim__accepted *job, const interim__fields *fields, int64_t now,
                                int64_t wall);

/* monitor is transferred. */
void interim__accepted_move_to(interim__accepted *job, interim__uri *monitor);

/* Resolves what an answer says of the job; that it is not usable is no reason to lose the job.
 * False when out of memory. */
bool interim__accepted_take_reference(interim__uri **out, const interim__answer *answer,
                                      const char *text, size_t length);

/* Whether DELETE of the monitor is known to stop the job; elsewhere it may delete a record, or what
 * the job made. */
void interim__accepted_note_abilities(interim__accepted *job, const interim__answer *answer);

#endif
