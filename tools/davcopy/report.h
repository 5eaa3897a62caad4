/* report.h - the last words: members that failed, the verdict, the summary. Included by precheck.c
 * and transfer.c.
 */
#ifndef DAVCOPY_REPORT_H
#define DAVCOPY_REPORT_H

#include "answer.h"
#include "plan.h"
#include "session.h"
#include "verdict.h"

/* One line on standard error: what was wrong, where; what to do. Returns the verdict's exit code.
 */
int report_verdict(struct session *session, const struct verdict *verdict, const struct plan *plan);

/* A line on standard error with the problem details of the answer (RFC 9457), if it has some that
 * the verdict does not quote. */
void report_problem(struct session *session, const struct verdict *verdict,
                    const interim_result *result);

/* A line on standard error for each member that failed and was kept. */
void report_members(struct session *session, const struct members_report *report);

/* One line on standard output: what was done, how and in what time. Nothing with --quiet. Returns
 * EXIT_DONE, or EXIT_LOCAL after saying that it could not be written. */
int report_summary(struct session *session, const struct answer *answer, const struct plan *plan);

#endif
