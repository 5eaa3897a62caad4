/* A request body; body.h tells the concept. */
#include "body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CHUNK_LINE_BYTES = 4096, TRAILER_BYTES = 16384 };

static bool parse_length(uint64_t *out, const char *text)
{
    uint64_t value = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

/* RFC 9112 §6.3: both framings at once, or two lengths, smell of request smuggling. */
static int choose_framing(struct body *out, const struct request *request)
{
    size_t codings = request_field_count(request, "Transfer-Encoding");
    size_t lengths = request_field_count(request, "Content-Length");

    if (codings > 0) {
        if (codings > 1 || lengths > 0 || request->minor < 1)
            return 400;
        if (strcasecmp(request_field(request, "Transfer-Encoding"), "chunked") != 0)
            return 501;
        out->chunked = true;
        out->first_chunk = true;
        return 0;
    }
    if (lengths > 1 ||
        (lengths == 1 && !parse_length(&out->left, request_field(request, "Content-Length"))))
        return 400;
    out->done = out->left == 0;
    return 0;
}

int body_open(struct body *out, const struct request *request, struct connection *connection)
{
    int failure = 0;

    memset(out, 0, sizeof *out);
    out->connection = connection;
    failure = choose_framing(out, request);
    if (failure)
        return failure;
    if (request->minor >= 1 && request_field(request, "Expect")) {
        if (request_field_count(request, "Expect") > 1 ||
            strcasecmp(request_field(request, "Expect"), "100-continue") != 0)
            return 417;
        out->continue_wanted = !out->done;
    }
    return 0;
}

static ssize_t fail(struct body *body, int status)
{
    body->failure = -status;
    return body->failure;
}

/* Reads a line that ends with CR LF into `line`. Its length, or -1. */
static ssize_t read_line(struct connection *connection, char line[CHUNK_LINE_BYTES])
{
    size_t length = 0;

    while (length < CHUNK_LINE_BYTES) {
        int byte = connection_read_byte(connection);

        if (byte < 0)
            return -1;
        if (byte == '\n') {
            if (length == 0 || line[length - 1] != '\r')
                return -1;
            line[length - 1] = '\0';
            return (ssize_t)length - 1;
        }
        line[length++] = (char)byte;
    }
    return -1;
}

/* Extensions after the size are skipped (RFC 9112 §7.1.1). */
static bool parse_chunk_size(uint64_t *out, const char *line)
{
    size_t digits = strspn(line, "0123456789abcdefABCDEF");

    if (digits == 0 || digits > 15 || !strchr("; \t", line[digits]))
        return false;
    *out = strtoull(line, NULL, 16);
    return true;
}

static bool skip_trailers(struct connection *connection)
{
    char line[CHUNK_LINE_BYTES];
    ssize_t total = 0;

    while (total < TRAILER_BYTES) {
        ssize_t length = read_line(connection, line);

        if (length <= 0)
            return length == 0;
        total += length;
    }
    return false;
}

/* From the end of one chunk into the next. */
static bool next_chunk(struct body *body)
{
    char line[CHUNK_LINE_BYTES];

    if (!body->first_chunk && read_line(body->connection, line) != 0)
        return false;
    body->first_chunk = false;
    if (read_line(body->connection, line) < 0 || !parse_chunk_size(&body->left, line))
        return false;
    if (body->left == 0) {
        body->done = true;
        return skip_trailers(body->connection);
    }
    return true;
}

ssize_t body_read(struct body *body, void *data, size_t size)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    ssize_t got = 0;

    if (body->failure)
        return body->failure;
    if (body->done)
        return 0;
    if (body->continue_wanted) {
        body->continue_wanted = false;
        if (connection_write(body->connection, go_on, sizeof go_on - 1) < 0)
            return fail(body, 400);
    }
    if (body->chunked && body->left == 0) {
        if (!next_chunk(body))
            return fail(body, 400);
        if (body->done)
            return 0;
    }
    if (size > body->left)
        size = (size_t)body->left;
    got = connection_read(body->connection, data, size);
    if (got <= 0)
        return fail(body, got == -ETIMEDOUT ? 408 : 400);
    body->left -= (uint64_t)got;
    if (body->left == 0 && !body->chunked)
        body->done = true;
    return got;
}

int body_read_all(struct buffer *out, struct body *body, size_t limit)
{
    char block[4096];
    size_t total = 0;

    if (!body->chunked && body->left > limit)
        return 413;
    for (;;) {
        ssize_t got = body_read(body, block, sizeof block);

        if (got <= 0)
            return got < 0 ? (int)-got : 0;
        total += (size_t)got;
        if (total > limit)
            return 413;
        if (out)
            buffer_append(out, block, (size_t)got);
    }
}

bool body_is_short(const struct body *body, size_t limit)
{
    return body->done ||
           (!body->failure && !body->chunked && !body->continue_wanted && body->left <= limit);
}
