/* request_head.h - writes the head of a request (RFC 9112 section 3). May be included by exchange
 * and operation. */
#ifndef INTERIM_EXCHANGE_REQUEST_HEAD_H
#define INTERIM_EXCHANGE_REQUEST_HEAD_H

#include "base/buffer.h"
#include "base/fields.h"
#include "exchange/uri.h"

#include <stdint.h>

#define INTERIM__BODY_NONE (-1)
#define INTERIM__BODY_CHUNKED (-2) /* a body of a length that is not known yet */

/* What can be said of fields that come from a caller: 0, or EFIELD. A clause that tells why goes to
 * *problem (static). */
int interim__request_field_check(const char *name, const char *value, const char **problem);

/* Appends request line and fields with their empty line: Host (unless fields has it), User-Agent
 * (if not NULL and fields has none), fields, then Content-Length or Transfer-Encoding by
 * body_length. A method that has a meaning for a body gets Content-Length: 0 when it has none (RFC
 * 9110 section 8.6). 0 or ENOMEM. */
int interim__request_head_write(interim__buffer *out, const char *method, const char *target,
                                const interim__uri *uri, const interim__fields *fields,
                                const char *user_agent, int64_t body_length);

#endif
