/* How a COPY or MOVE is answered: the final response only, 102 Processing meanwhile, or 202
 * Accepted at once.
 *
 * --answer chooses; Prefer: respond-async (RFC 7240) or Prefer: processing
 * (draft-wright-http-progress) on the request overrides. What needs no work to be refused is
 * refused at once and plainly. */
#ifndef DAVORIGIN_ANSWER_H
#define DAVORIGIN_ANSWER_H

#include "exchange.h"
#include "transfer.h"

void transfer_handle(struct exchange *exchange);

/* The final response that an outcome is. */
void answer_outcome(struct exchange *exchange, const struct outcome *outcome);

#endif
