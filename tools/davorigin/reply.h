/* Answers: interim ones, whole ones, and ones whose body is sent piece by piece.
 *
 * `fields` are complete lines ("Name: value\r\n…") or NULL. A failed write marks the exchange lost;
 * calls after that do nothing. */
#ifndef DAVORIGIN_REPLY_H
#define DAVORIGIN_REPLY_H

#include "exchange.h"

/* A 1xx. Returns false when the client is gone. Never carries a length (RFC 9110 §15.2). */
bool reply_interim(struct exchange *exchange, int status, const char *fields);

/* A final response with this body; `type` NULL and `length` 0 for none. */
void reply_whole(struct exchange *exchange, int status, const char *fields, const char *type,
                 const void *body, size_t length);

/* The same with a buffer; 503 if that failed for want of memory. */
void reply_buffer(struct exchange *exchange, int status, const char *fields, const char *type,
                  const struct buffer *body);

/* A status with an explanation in plain text; `why` NULL takes the usual one. */
void reply_status(struct exchange *exchange, int status, const char *why);

/* A final head whose body follows by reply_data: `length` bytes, or of unknown length where
 * negative. */
void reply_begin(struct exchange *exchange, int status, const char *fields, const char *type,
                 int64_t length);
void reply_data(struct exchange *exchange, const void *data, size_t length);
/* Ends a body of unknown length. */
void reply_end(struct exchange *exchange);

#endif
