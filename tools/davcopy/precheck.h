/* precheck.h - what is learnt before anything is changed: whether the source exists and whether it
 * is a collection, which decides how both URLs are written. Included by transfer.c.
 */
#ifndef DAVCOPY_PRECHECK_H
#define DAVCOPY_PRECHECK_H

#include <stdbool.h>

#include "plan.h"
#include "propfind.h"
#include "session.h"

struct precheck {
    bool webdav;                   /* the source was seen by PROPFIND */
    enum sight destination_before; /* asked only of a server that may be no WebDAV server */
};

/* Looks, and adapts the plan. Returns EXIT_DONE to go on; else what is wrong has been said. */
int precheck_run(struct precheck *out, struct session *session, struct plan *plan);

#endif
