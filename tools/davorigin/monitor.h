/* The status resource of a job: /.davorigin/jobs/ID, which a 202 Accepted names in Location.
 *
 * GET answers 202 with a JSON document while the job runs. At its end, by --end: 200 with the
 * document, or, for a success, 303 to the destination, and for a failure the status of the failure
 * itself. DELETE cancels a running job and forgets an ended one. */
#ifndef DAVORIGIN_MONITOR_H
#define DAVORIGIN_MONITOR_H

#include "exchange.h"
#include "job.h"

/* Whether the target names something in the server's own space. */
bool monitor_owns(const char *target);
void monitor_handle(struct exchange *exchange);

/* Answers the request that started `job` with 202; `asked` if the client preferred that (RFC 7240
 * §3). */
void monitor_accept(struct exchange *exchange, struct job *job, bool asked);

#endif
