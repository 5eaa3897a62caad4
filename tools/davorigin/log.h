/* The access log: one line a request, written whole, so that lines of several threads never mix.
 *
 *     2026-11-22T10:48:05Z COPY /a 201 1503ms 102s=2
 */
#ifndef DAVORIGIN_LOG_H
#define DAVORIGIN_LOG_H

#include "exchange.h"

/* Opens the file for appending; "-" is standard error. A descriptor, or a negative errno. */
int log_open(const char *file);
/* Nothing where `fd` is negative. */
void log_write(int fd, const struct exchange *exchange, int64_t duration_ms);

#endif
