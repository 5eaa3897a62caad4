/* chunked.c - see chunked.h. */
#include "exchange/chunked.h"

#include "base/text.h"
#include "exchange/head.h"

enum { SIZE, BLANKS, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILERS };

static int fail(interim_error *error, int code, const char *what)
{
    return interim__error_set(error, code, INTERIM_STAGE_BODY, "in the chunked body: %s", what);
}

/* One byte of the size line: 1*HEXDIG, then blanks, which some servers pad it with, and extensions,
 * which are skipped. */
static int size_byte(interim__chunked *chunked, char c, interim_error *error)
{
    int digit = chunked->state == SIZE ? interim__text_hex(c) : -1;

    if (++chunked->line > INTERIM__CHUNK_LINE_MAX)
        return fail(error, INTERIM_ECHUNK, "a size line is longer than 4096 bytes");
    if (digit >= 0) {
        if (chunked->remaining > (uint64_t)INT64_MAX >> 4)
            return fail(error, INTERIM_ECHUNK, "a chunk size is too large");
        chunked->remaining = chunked->remaining << 4 | (unsigned)digit;
        chunked->digits++;
        return 0;
    }
    if (chunked->digits == 0)
        return fail(error, INTERIM_ECHUNK, "a chunk size is not a hexadecimal number");
    if (c == '\r')
        chunked->state = SIZE_LF;
    else if (chunked->state == EXTENSION && (c == '\n' || c == '\0'))
        return fail(error, INTERIM_ECHUNK, "a chunk extension holds LF or NUL");
    else if (chunked->state == EXTENSION || c == ';')
        chunked->state = EXTENSION;
    else if (c == ' ' || c == '\t')
        chunked->state = BLANKS;
    else
        return fail(error, INTERIM_ECHUNK, "a chunk size is followed by something else");
    return 0;
}

/* A byte that must be there. */
static int expect(interim__chunked *chunked, char c, char expected, int next, interim_error *error)
{
    if (c != expected)
        return fail(error, INTERIM_ECHUNK, "a line does not end with CRLF");
    chunked->state = next;
    return 0;
}

static void begin_size(interim__chunked *chunked)
{
    chunked->digits = 0;
    chunked->line = 0;
    chunked->remaining = 0;
}

static int framing_byte(interim__chunked *chunked, char c, interim_error *error)
{
    int failed;

    if (++chunked->overhead > INTERIM__CHUNK_OVERHEAD_MAX &&
        chunked->payload < chunked->overhead / 3)
        return fail(error, INTERIM_ECHUNK, "there is far more framing than payload");
    switch (chunked->state) {
    case SIZE_LF:
        return expect(chunked, c, '\n', chunked->remaining > 0 ? DATA : TRAILERS, error);
    case DATA_CR:
        return expect(chunked, c, '\r', DATA_LF, error);
    case DATA_LF:
        failed = expect(chunked, c, '\n', SIZE, error);
        begin_size(chunked);
        return failed;
    default:
        return size_byte(chunked, c, error);
    }
}

/* A failure in the trailer section, at a byte of the answer. */
static int fail_trailers(interim_error *error, int code, uint64_t offset, const char *what)
{
    interim__error_set(error, code, INTERIM_STAGE_BODY, "in the trailers: %s", what);
    error->offset = (int64_t)offset;
    return code;
}

/* Collects the trailer section until its empty line; *data is at byte offset of the answer. */
static int trailer_bytes(interim__chunked *chunked, char **data, size_t *length, uint64_t offset,
                         interim_error *error)
{
    interim__buffer *text = &chunked->trailer_text;
    uint64_t start = offset - text->length;
    size_t before = text->length, end;
    interim_error malformed;

    if (interim__buffer_append(text, *data, *length) < 0)
        return fail(error, INTERIM_ENOMEM, "out of memory");
    end = interim__head_find_end(text->data, text->length, &chunked->scanned);
    if (end > INTERIM__TRAILERS_MAX || (end == 0 && text->length >= INTERIM__TRAILERS_MAX))
        return fail_trailers(error, INTERIM_EHEAD_LIMIT, start + INTERIM__TRAILERS_MAX,
                             "they are larger than 16 KiB");
    *data += end == 0 ? *length : end - before;
    *length -= end == 0 ? *length : end - before;
    if (end == 0)
        return 0;
    interim__error_init(&malformed);
    if (interim__head_parse_fields(&chunked->trailers, text->data, end, 0, &malformed) == 0)
        return 1;
    if (malformed.code == INTERIM_ENOMEM)
        return fail(error, INTERIM_ENOMEM, "out of memory");
    return fail_trailers(error, malformed.code, start + (uint64_t)malformed.offset, malformed.text);
}

int interim__chunked_next(interim__chunked *chunked, char **data, size_t *length, uint64_t offset,
                          const char **body, size_t *body_length, interim_error *error)
{
    char *start = *data;

    *body_length = 0;
    while (*length > 0) {
        if (chunked->state == TRAILERS)
            return trailer_bytes(chunked, data, length, offset + (uint64_t)(*data - start), error);
        if (chunked->state == DATA) {
            size_t size = *length < chunked->remaining ? *length : (size_t)chunked->remaining;

            *body = *data;
            *body_length = size;
            *data += size;
            *length -= size;
            chunked->payload += size;
            chunked->remaining -= size;
            if (chunked->remaining == 0)
                chunked->state = DATA_CR;
            return 0;
        }
        if (framing_byte(chunked, **data, error) < 0) {
            error->offset = (int64_t)(offset + (uint64_t)(*data - start));
            return error->code;
        }
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
