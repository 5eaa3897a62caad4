/* resumption.h - between a job and its token: gives the caller the token of a job that is followed,
 * and starts an operation with the job of a token. May be included by operation and client. */
#ifndef INTERIM_OPERATION_RESUMPTION_H
#define INTERIM_OPERATION_RESUMPTION_H

#include "operation/operation.h"

/* Appends the token of the job that is followed; nothing when there is none. state: see
 * interim__token_write. Errors: ENOMEM. */
int interim__resumption_write(interim__buffer *out, const interim__operation *op, uint32_t *state);

/* Gives the caller the token unless it has it. When there is no memory for it, the next call does.
 */
void interim__resumption_deliver(interim__operation *op);

/* Has an operation follow the job of its request's token; it begins at the next tick. Errors:
 * ENOMEM. */
int interim__resumption_prepare(interim__operation *op);

/* The first tick. */
void interim__resumption_begin(interim__operation *op);

#endif
