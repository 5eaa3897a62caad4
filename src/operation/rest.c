/* rest.c - an exchange whose request is sent, and of whose answer no final response has begun, may
 * be silent for hours, or say 102 from time to time: it has no room for an answer then. What it
 * knows lies in op->rest, and it gets room again with the next bytes, or the end. See operation.h.
 *
 * The last one to be silent keeps its room until another operation needs one: where there is one at
 * a time its answer comes next. */
#include "operation/steps.h"

void interim__environment_make_room(interim__environment *environment)
{
    interim__operation *silent = environment->silent;

    if (silent == NULL)
        return;
    environment->silent = NULL;
    silent->rest = interim__exchange_lay_down(&silent->talk->exchange);
    interim__talk_free(silent->talk, &environment->spare);
    silent->talk = NULL;
}

int interim__operation_room(interim__operation *op)
{
    interim__environment_make_room(op->environment);
    op->talk = interim__talk_new(&op->environment->spare);
    return op->talk == NULL ? INTERIM_ENOMEM : 0;
}

void interim__operation_rest(interim__operation *op)
{
    /* An upload asks its exchange at any time how much of it was sent. */
    if (op->need != INTERIM__NEED_EXCHANGE || op->talk == NULL || op->uploading ||
        !interim__exchange_can_rest(&op->talk->exchange))
        return;
    interim__environment_make_room(op->environment);
    op->environment->silent = op;
}

int interim__operation_wake(interim__operation *op)
{
    if (op->environment->silent == op)
        op->environment->silent = NULL;
    if (op->talk != NULL)
        return 0;
    if (interim__operation_room(op) < 0)
        return INTERIM_ENOMEM;
    interim__exchange_go_on(&op->talk->exchange, &op->rest, op->method, op->error);
    op->talk->exchanging = true;
    return 0;
}
