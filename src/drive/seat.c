/* seat.c - see steps.h. Of a million jobs that wait for their next poll a few ask at any time: only
 * these have places in lines, and the memory for them. */
#include "drive/steps.h"

#include <stdlib.h>

interim__seat *interim__seat_take(interim_operation *operation)
{
    interim__drive *drive = interim__drive_of(operation);

    if (operation->seat != NULL)
        return operation->seat;
    operation->seat =
        drive->spare_seat == NULL ? malloc(sizeof *operation->seat) : drive->spare_seat;
    drive->spare_seat = NULL;
    if (operation->seat != NULL)
        *operation->seat = (interim__seat){.operation = operation};
    return operation->seat;
}

static void forget_if_empty(interim_operation *operation)
{
    interim__drive *drive = interim__drive_of(operation);

    if (interim__seat_is_in_queue(operation) || interim__seat_is_in_herd(operation))
        return;
    if (drive->spare_seat == NULL)
        drive->spare_seat = operation->seat;
    else
        free(operation->seat);
    operation->seat = NULL;
}

void interim__seat_leave_queue(interim_operation *operation)
{
    if (operation->seat == NULL)
        return;
    interim__queue_leave(&interim__drive_of(operation)->queue, &operation->seat->queue);
    forget_if_empty(operation);
}

interim_operation *interim__seat_leave_herd(interim_operation *operation)
{
    interim__herd_place *next;

    if (operation->seat == NULL)
        return NULL;
    next = interim__herd_leave(&interim__drive_of(operation)->herd, &operation->seat->herd);
    forget_if_empty(operation);
    return next == NULL ? NULL
                        : ((interim__seat *)(void *)((char *)next - offsetof(interim__seat, herd)))
                              ->operation;
}
