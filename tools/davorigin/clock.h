/* Time: a monotonic clock for deadlines, and dates as HTTP (RFC 9110 §5.6.7) and WebDAV (RFC 3339)
 * write them. */
#ifndef DAVORIGIN_CLOCK_H
#define DAVORIGIN_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { CLOCK_TEXT_SIZE = 64 };

/* Milliseconds since an arbitrary start; never goes back. */
int64_t clock_ms(void);

void clock_http_date(char out[CLOCK_TEXT_SIZE], time_t when);
void clock_rfc3339(char out[CLOCK_TEXT_SIZE], time_t when);

/* Reads an IMF-fixdate. The two obsolete forms are not read: a condition in such a form counts as
 * absent. */
bool clock_parse_http_date(time_t *out, const char *text);

#endif
