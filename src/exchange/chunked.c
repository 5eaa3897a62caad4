/* chunked.c - see chunked.h. */
#include "exchange/chunked.h"

#include "base/text.h"
#include "exchange/head.h"

#include <string.h>

#define PLAIN_MAX 19 /* CRLF, 15 digits, CRLF */

enum { SIZE, BLANKS, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILERS };

static int fail(interim_error *error, int code, uint64_t offset, const char *what)
{
    interim__error_set(error, code, INTERIM_STAGE_BODY, "byte %llu: %s", (unsigned long long)offset,
                       what);
    error->offset = (int64_t)offset;
    return code;
}

static int no_memory(interim_error *error)
{
    return interim__error_set(error, INTERIM_ENOMEM, INTERIM_STAGE_BODY, "out of memory");
}

/* What the functions of single bytes return: NULL, or what is wrong with this one. */
typedef const char *problem;

/* One byte of the size line: 1*HEXDIG, then blanks, which some servers pad it with, and extensions,
 * which are skipped. */
static problem size_byte(interim__chunked *chunked, char c)
{
    int digit = chunked->state == SIZE ? interim__text_hex(c) : -1;

    if (++chunked->line > INTERIM__CHUNK_LINE_MAX)
        return "the chunk-size line is longer than 4096 bytes";
    if (digit >= 0) {
        if (chunked->remaining > (uint64_t)INT64_MAX >> 4)
            return "the chunk size is too large";
        chunked->remaining = chunked->remaining << 4 | (unsigned)digit;
        chunked->digits++;
        return NULL;
    }
    if (chunked->digits == 0)
        return "the chunk size is not a hexadecimal number";
    if (c == '\r')
        chunked->state = SIZE_LF;
    else if (chunked->state == EXTENSION && (c == '\n' || c == '\0'))
        return "the chunk extension holds LF or NUL";
    else if (chunked->state == EXTENSION || c == ';')
        chunked->state = EXTENSION;
    else if (c == ' ' || c == '\t')
        chunked->state = BLANKS;
    else
        return "the chunk size is followed by something else";
    return NULL;
}

/* A byte that must be there. */
static problem expect(interim__chunked *chunked, char c, char expected, int next)
{
    if (c != expected)
        return "a line of the chunked coding does not end with CRLF";
    chunked->state = next;
    return NULL;
}

static bool is_out_of_proportion(const interim__chunked *chunked, uint64_t overhead)
{
    return overhead > INTERIM__CHUNK_OVERHEAD_MAX && chunked->payload < overhead / 3;
}

static problem framing_byte(interim__chunked *chunked, char c)
{
    if (is_out_of_proportion(chunked, ++chunked->overhead))
        return "the chunked coding has far more framing than payload";
    switch (chunked->state) {
    case SIZE_LF:
        return expect(chunked, c, '\n', chunked->remaining > 0 ? DATA : TRAILERS);
    case DATA_CR:
        return expect(chunked, c, '\r', DATA_LF);
    case DATA_LF:
        chunked->digits = 0;
        chunked->line = 0;
        return expect(chunked, c, '\n', SIZE);
    default:
        return size_byte(chunked, c);
    }
}

/* The usual: a size line of at most 15 digits and CRLF, behind the end of a chunk if there was one,
 * all there. Its length, or 0 for whatever is else: that goes byte by byte, and any fault in it is
 * found there. */
static inline size_t plain_framing(const char *data, size_t length, bool behind, uint64_t *size)
{
    const char *end = data + (length < PLAIN_MAX ? length : PLAIN_MAX), *at = data, *digits;
    uint64_t value = 0;
    int digit;

    if (behind) {
        if (end - at < 2 || at[0] != '\r' || at[1] != '\n')
            return 0;
        at += 2;
    }
    for (digits = at; at < end && (digit = interim__text_hex(*at)) >= 0; at++)
        value = value << 4 | (unsigned)digit;
    if (at == digits || end - at < 2 || at - digits > 15 || at[0] != '\r' || at[1] != '\n')
        return 0;
    *size = value;
    return (size_t)(at + 2 - data);
}

/* What is behind a size line: the payload of a chunk, or the trailers. */
static inline void begin_chunk(interim__chunked *chunked, uint64_t size)
{
    chunked->digits = 0;
    chunked->line = 0;
    chunked->remaining = size;
    chunked->state = size > 0 ? DATA : TRAILERS;
}

/* Takes the usual framing off *data: whether it was there. */
static inline bool take_framing(interim__chunked *chunked, char **data, size_t *length)
{
    bool behind = chunked->state == DATA_CR;
    uint64_t size = 0;
    size_t framing = 0;

    if (behind || (chunked->state == SIZE && chunked->line == 0))
        framing = plain_framing(*data, *length, behind, &size);
    if (framing == 0 || is_out_of_proportion(chunked, chunked->overhead + framing))
        return false;
    *data += framing;
    *length -= framing;
    chunked->overhead += framing;
    begin_chunk(chunked, size);
    return true;
}

/* Collects the trailer section until its empty line; *data is at byte offset of the answer. */
static int trailer_bytes(interim__chunked *chunked, char **data, size_t *length, uint64_t offset,
                         interim_error *error)
{
    interim__buffer *text = &chunked->trailer_text;
    uint64_t start = offset - text->length;
    size_t before = text->length, end;
    int failed;

    if (interim__buffer_append(text, *data, *length) < 0)
        return no_memory(error);
    end = interim__head_find_end(text->data, text->length, &chunked->scanned);
    if (end > INTERIM__TRAILERS_MAX || (end == 0 && text->length >= INTERIM__TRAILERS_MAX))
        return fail(error, INTERIM_EHEAD_LIMIT, start + INTERIM__TRAILERS_MAX,
                    "the trailers are larger than 16 KiB");
    *data += end == 0 ? *length : end - before;
    *length -= end == 0 ? *length : end - before;
    if (end == 0)
        return 0;
    failed = interim__head_parse_fields(&chunked->trailers, text->data, end, start, error);
    if (failed == 0)
        return 1;
    error->stage = INTERIM_STAGE_BODY;
    return failed;
}

/* Takes the payload that is there off *data: how much. */
static inline size_t take_payload(interim__chunked *chunked, char **data, size_t *length)
{
    size_t size = *length < chunked->remaining ? *length : (size_t)chunked->remaining;

    *data += size;
    *length -= size;
    chunked->payload += size;
    chunked->remaining -= size;
    if (chunked->remaining == 0)
        chunked->state = DATA_CR;
    return size;
}

/* Small chunks that follow are moved up behind a piece, so that who takes the body is called once
 * for many: that costs more than moving them. Ends at whatever is not usual. What is stored for
 * each chunk is not read again at once: processors are slow at that. */
static void join(interim__chunked *chunked, char *body, char **data, size_t *length,
                 size_t *body_length)
{
    char *at = *data, *to = body + *body_length, *const end = at + *length;
    uint64_t overhead = chunked->overhead, size;
    size_t framing, part;

    while ((framing = plain_framing(at, (size_t)(end - at), true, &size)) > 0 &&
           !is_out_of_proportion(chunked, overhead + framing)) {
        overhead += framing;
        at += framing;
        if (size == 0 || size > INTERIM__CHUNK_SMALL) {
            begin_chunk(chunked, size);
            break;
        }
        part = size < (size_t)(end - at) ? (size_t)size : (size_t)(end - at);
        memmove(to, at, part);
        to += part;
        at += part;
        chunked->payload += part;
        if (part < size) {
            begin_chunk(chunked, size - part);
            break;
        }
    }
    chunked->overhead = overhead;
    *body_length = (size_t)(to - body);
    *length = (size_t)(end - at);
    *data = at;
}

int interim__chunked_next(interim__chunked *chunked, char **data, size_t *length, uint64_t offset,
                          const char **body, size_t *body_length, interim_error *error)
{
    char *start = *data;
    problem wrong;

    *body_length = 0;
    while (*length > 0) {
        if (chunked->state == TRAILERS)
            return trailer_bytes(chunked, data, length, offset + (uint64_t)(*data - start), error);
        if (chunked->state == DATA) {
            *body = *data;
            *body_length = take_payload(chunked, data, length);
            if (chunked->state == DATA_CR)
                join(chunked, (char *)*body, data, length, body_length);
            return 0;
        }
        if (take_framing(chunked, data, length))
            continue;
        wrong = framing_byte(chunked, **data);
        if (wrong != NULL)
            return fail(error, INTERIM_ECHUNK, offset + (uint64_t)(*data - start), wrong);
        (*data)++;
        (*length)--;
    }
    return 0;
}

void interim__chunked_dispose(interim__chunked *chunked)
{
    interim__buffer_dispose(&chunked->trailer_text);
    interim__fields_dispose(&chunked->trailers);
}
