/* steps.h - what the files of the drive call of each other: drive.c (the life of an operation, its
 * time), stream.c (its connection and bytes), seat.c (its places in lines), polls.c (what jobs that
 * are followed have to do with each other). May be included by these. */
#ifndef INTERIM_DRIVE_STEPS_H
#define INTERIM_DRIVE_STEPS_H

#include "drive/drive.h"

#include <stddef.h>

/* drive.c: gives the operation what it needs until it has to wait, or has ended. */
void interim__drive_advance(interim_operation *operation);

/* drive.c: has drive->now be the time of this turn. */
void interim__drive_look(interim__drive *drive);

/* stream.c: takes an idle connection, or begins to open one, or waits in line for that. Whether
 * there is something to do without waiting. */
bool interim__stream_seek(interim_operation *operation);

/* stream.c: begins TLS through a tunnel. */
void interim__stream_secure(interim_operation *operation);

/* stream.c: moves bytes until the connection takes and has no more, or others have their turn. */
void interim__stream_move(interim_operation *operation);

/* stream.c: waits a moment for bytes of this operation's connection and nothing else, and goes on
 * with them; false: none came, or there is more to wait for. */
bool interim__stream_await(interim_operation *operation);

/* stream.c: the exchange is over, or will not be: its connection is kept or closed. */
void interim__stream_release(interim_operation *operation);

/* seat.c: the seat of an operation, made if it has none; NULL without memory. */
interim__seat *interim__seat_take(interim_operation *operation);

/* Whether it has, or waits for, room for a connection; or for a poll. */
static inline bool interim__seat_is_in_queue(const interim_operation *operation)
{
    return operation->seat != NULL && operation->seat->queue.origin != NULL;
}

static inline bool interim__seat_is_in_herd(const interim_operation *operation)
{
    return operation->seat != NULL && operation->seat->herd.origin != NULL;
}

/* stream.c: gives up the room for a connection that the operation does not need now, to those in
 * line. */
void interim__stream_give_room(interim_operation *operation);
static inline void interim__stream_make_room(interim_operation *operation)
{
    if (interim__seat_is_in_queue(operation) && operation->connection == NULL &&
        operation->machine.need != INTERIM__NEED_CONNECTION)
        interim__stream_give_room(operation);
}

/* seat.c: leaves the queue; or the herd, and returns who may poll now, or NULL. Harmless for one
 * that is in neither. */
void interim__seat_leave_queue(interim_operation *operation);
interim_operation *interim__seat_leave_herd(interim_operation *operation);

/* Whether anything of polls.c concerns it: it follows a job. Most never do. */
static inline bool interim__polls_concern(const interim_operation *operation)
{
    return operation->machine.job != NULL;
}

/* polls.c: a poll that is due waits if a sibling is asking the same, and if its origin has enough
 * to do. */
void interim__polls_queue(interim_operation *operation);

/* polls.c: lets the next one go, when this one does not poll any more, or does not wait for it. */
void interim__polls_leave(interim_operation *operation);

/* polls.c: keeps the books of polls and of who waits for which monitor; the operation has ended. */
void interim__polls_follow(interim_operation *operation);
void interim__polls_over(interim_operation *operation);

#endif
