/* rest.c - an exchange whose request is sent, and of whose answer no final response has begun, may
 * be silent for hours, or say 102 from time to time: it has no room for an answer then. What it
 * knows lies in op->rest, and it gets room again with the next bytes, or the end. See operation.h.
 */
#include "operation/steps.h"

void interim__operation_rest(interim__operation *op)
{
    /* An upload asks its exchange at any time how much of it was sent. */
    if (op->need != INTERIM__NEED_EXCHANGE || op->talk == NULL || op->uploading ||
        !interim__exchange_can_rest(&op->talk->exchange, &op->rest))
        return;
    interim__talk_free(op->talk, &op->environment->spare);
    op->talk = NULL;
}

int interim__operation_wake(interim__operation *op)
{
    if (op->talk != NULL)
        return 0;
    op->talk = interim__talk_new(&op->environment->spare);
    if (op->talk == NULL)
        return INTERIM_ENOMEM;
    interim__exchange_go_on(&op->talk->exchange, &op->rest, op->method, op->error);
    op->talk->exchanging = true;
    return 0;
}
