/* Status codes: their reason phrases, and which one an operating-system error becomes. */
#ifndef DAVORIGIN_STATUS_H
#define DAVORIGIN_STATUS_H

const char *status_reason(int status);

/* What `error` (an errno) means for the resource that was asked for: ENOENT 404, EACCES and ELOOP
 * 403, ENOSPC 507, … */
int status_of_errno(int error);

/* The same for the folder in which a resource shall be made: a missing or unfit parent is 409 (RFC
 * 4918 §9.3.1, §9.7.1). */
int status_of_parent_errno(int error);

/* One sentence for people about a failure with this status. */
const char *status_explanation(int status);

#endif
