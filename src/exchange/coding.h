/* coding.h - content codings of a response (RFC 9110 section 8.4): gzip and deflate, by zlib. A
 * chain of at most five layers, undone as the bytes come; what is kept between calls is bounded.
 * May be included by operation. */
#ifndef INTERIM_EXCHANGE_CODING_H
#define INTERIM_EXCHANGE_CODING_H

#include "base/error.h"
#include "base/fields.h"

#define INTERIM__CODING_LAYERS_MAX 5
/* A single layer of deflate gives at most 1032 bytes for one; more than that is layers upon layers
 * of nothing. Only looked at beyond the first mebibyte. */
#define INTERIM__CODING_RATIO_MAX 1100
#define INTERIM__CODING_RATIO_FROM (1 << 20)

typedef struct interim__coding interim__coding;

/* Takes decoded bytes; negative: an error that goes through to the caller of feed; positive: it
 * wants no more for now, and gets no more than what little of the input can give. */
typedef int (*interim__coding_sink)(void *user, const char *data, size_t size);

/* Makes the chain for the Content-Encoding of a response; *out is NULL when there is nothing to
 * undo. output_max: how many bytes it may give in all, 0 for no limit. Errors: ECODING for a coding
 * that is not known or too many of them, ENOMEM. */
int interim__coding_new(interim__coding **out, const interim__fields *fields, uint64_t output_max,
                        interim_error *error);
void interim__coding_free(interim__coding *coding);

/* Decodes the next bytes into sink. When that wants no more the rest of them is kept as it is,
 * until interim__coding_resume, which comes before any other bytes. Errors: ECODING (malformed, or
 * over a limit), ENOMEM, or sink's. */
int interim__coding_feed(interim__coding *coding, const char *data, size_t size,
                         interim__coding_sink sink, void *user, interim_error *error);
int interim__coding_resume(interim__coding *coding, interim__coding_sink sink, void *user,
                           interim_error *error);

/* The body is complete: it must have been the end of each layer too. ECODING when it was cut short.
 * A body of no bytes at all is an empty one (some servers send that). */
int interim__coding_finish(interim__coding *coding, interim_error *error);

#endif
