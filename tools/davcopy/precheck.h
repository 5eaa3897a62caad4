/* precheck.h - what is learnt before anything is changed: whether the source exists and whether it
 * is a collection, which decides how both URLs are written; and what is at both ends, to compare
 * with if nobody tells how the COPY ended. Included by transfer.c.
 */
#ifndef DAVCOPY_PRECHECK_H
#define DAVCOPY_PRECHECK_H

#include <stdbool.h>

#include "plan.h"
#include "session.h"

struct precheck {
    bool webdav;                /* the source was seen by PROPFIND */
    interim_settlement *before; /* what was seen, NULL when nothing was */
};

/* Looks at the places of the request, and adapts the plan. Returns EXIT_DONE to go on; else what is
 * wrong has been said. precheck_dispose is to be called in every case. */
int precheck_run(struct precheck *out, struct session *session, struct plan *plan,
                 interim_request *request);

void precheck_dispose(struct precheck *precheck);

#endif
