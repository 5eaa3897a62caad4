/* settle.h - after a COPY or MOVE whose outcome nobody told: has the library look what became of
 * it, and says what it found, how sure that is, and why. The COPY is never sent again. Included by
 * transfer.c.
 */
#ifndef DAVCOPY_SETTLE_H
#define DAVCOPY_SETTLE_H

#include "plan.h"
#include "session.h"
#include "verdict.h"

/* before: what precheck.c saw; request: what was sent, sent_ago_ms ago. Replaces the verdict, which
 * is EXIT_UNKNOWN, by what was found. */
void settle_run(struct verdict *verdict, struct session *session, const struct plan *plan,
                const interim_settlement *before, interim_request *request, int64_t sent_ago_ms);

#endif
