/* tls_report.h - failures of OpenSSL, and of files that it reads, as errors of ours. OpenSSL keeps
 * a queue of errors for each thread: the first is the cause, later ones are what came of it. Both
 * functions empty it. May be included by tls*.c. */
#ifndef INTERIM_TRANSPORT_TLS_REPORT_H
#define INTERIM_TRANSPORT_TLS_REPORT_H

#include "base/error.h"

/* Sets ETLS, or ENOMEM if it was that: "WHAT: REASON". Returns the code. */
int interim__tls_report(interim_error *error, interim_stage stage, const char *what);

/* Sets ETLS at INTERIM_STAGE_START for a file that the caller named: "WHAT PATH: why the system did
 * not open it", or, if that is not the cause, "WHAT PATH: OTHERWISE". Returns the code. */
int interim__tls_report_file(interim_error *error, const char *what, const char *path,
                             const char *otherwise);

#endif
