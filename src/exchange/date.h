/* date.h - dates of HTTP, calendar arithmetic without the C library's clock or time zone. May be
 * included by exchange and all above. */
#ifndef INTERIM_EXCHANGE_DATE_H
#define INTERIM_EXCHANGE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Parses an HTTP-date in any of its three forms (RFC 9110 section 5.6.7: IMF-fixdate, RFC 850 with
 * a two-digit year that is read as the nearest one not more than 50 years after now_s, asctime) to
 * seconds since 1970. False when it is not one: nothing is guessed. */
bool interim__date_parse(int64_t *out_s, const char *text, size_t length, int64_t now_s);

/* Parses a date of RFC 3339 ("2026-11-22T10:38:00.5+01:00"), as WebDAV's creationdate is one;
 * fractions of a second are dropped. */
bool interim__date_parse_rfc3339(int64_t *out_s, const char *text, size_t length);

/* Writes RFC 3339 in UTC with nanoseconds: "2026-11-22T10:38:00.123456789Z" and NUL, 31 bytes.
 * Years 0 to 9999; others are clamped. */
#define INTERIM__RFC3339_SIZE 31
void interim__date_rfc3339(char out[INTERIM__RFC3339_SIZE], int64_t wall_ns);

#endif
