/* chunked.h - the chunked transfer coding (RFC 9112 section 7.1), as a decoder of bytes in place.
 *
 *     SIZE -> EXTENSION -> SIZE_LF -> DATA -> DATA_CR -> DATA_LF -> SIZE ...
 *                             `-> TRAILERS -> (end)
 *
 * Line ends are CRLF and nothing else here: a bare LF is where two readers disagree. Extensions are
 * bounded, by line and in proportion to the payload. May be included by exchange. */
#ifndef INTERIM_EXCHANGE_CHUNKED_H
#define INTERIM_EXCHANGE_CHUNKED_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/fields.h"

#include <stdint.h>

#define INTERIM__CHUNK_LINE_MAX 4096       /* bytes of a chunk-size line */
#define INTERIM__CHUNK_OVERHEAD_MAX 102400 /* framing bytes, unless a quarter of all is payload */
#define INTERIM__CHUNK_SMALL 2048          /* bytes of a chunk that is joined to the one before */
#define INTERIM__TRAILERS_MAX 16384        /* bytes of a trailer section */

typedef struct interim__chunked {
    int state;
    unsigned digits;    /* of the size, so far */
    size_t line;        /* bytes of the size line, so far */
    uint64_t remaining; /* of the chunk */
    uint64_t payload, overhead;
    size_t scanned; /* of the trailer section */
    interim__buffer trailer_text;
    interim__fields trailers; /* complete when next answered 1 */
} interim__chunked;

/* Takes bytes off *data: 1 at the end of the body; 0 with *body_length > 0, a piece of the payload
 * at *body, to be asked again (the payload of small chunks is joined in place); 0 with *body_length
 * == 0, more bytes are needed; or ECHUNK, EHEAD_LIMIT (trailers), EFIELD_LINE (in a trailer),
 * ENOMEM with the offset in the body that *data counts from offset. */
int interim__chunked_next(interim__chunked *chunked, char **data, size_t *length, uint64_t offset,
                          const char **body, size_t *body_length, interim_error *error);

void interim__chunked_dispose(interim__chunked *chunked);

#endif
