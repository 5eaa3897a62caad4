/* Answers; reply.h tells the concept. */
#include "reply.h"

#include "clock.h"
#include "status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What is left of a request body is read and thrown away up to this size; with more, closing is
 * cheaper. */
enum { DRAIN_BYTES = 65536 };

static void send_bytes(struct exchange *exchange, const void *data, size_t length)
{
    if (exchange->lost)
        return;
    if (connection_write(exchange->connection, data, length) < 0) {
        exchange->lost = true;
        exchange->close = true;
    }
}

bool reply_interim(struct exchange *exchange, int status, const char *fields)
{
    struct buffer head = {0};

    buffer_format(&head, "HTTP/1.1 %d %s\r\n%s\r\n", status, status_reason(status),
                  fields ? fields : "");
    if (!head.failed)
        send_bytes(exchange, head.data, head.length);
    buffer_free(&head);
    if (!exchange->lost)
        exchange->interims++;
    return !exchange->lost;
}

static void write_head(struct buffer *head, struct exchange *exchange, int status,
                       const char *fields, const char *type, int64_t length)
{
    char date[CLOCK_TEXT_SIZE];

    clock_http_date(date, time(NULL));
    buffer_format(head, "HTTP/1.1 %d %s\r\nDate: %s\r\nServer: davorigin\r\n", status,
                  status_reason(status), date);
    if (fields)
        buffer_text(head, fields);
    if (type)
        buffer_format(head, "Content-Type: %s\r\n", type);
    if (length >= 0 && status != 204 && status != 304)
        buffer_format(head, "Content-Length: %" PRId64 "\r\n", length);
    if (exchange->chunked)
        buffer_text(head, "Transfer-Encoding: chunked\r\n");
    if (exchange->close)
        buffer_text(head, "Connection: close\r\n");
    else if (exchange->request.minor < 1)
        buffer_text(head, "Connection: keep-alive\r\n");
    buffer_text(head, "\r\n");
}

void reply_begin(struct exchange *exchange, int status, const char *fields, const char *type,
                 int64_t length)
{
    struct buffer head = {0};

    exchange->status = status;
    if (!exchange->request.keep_alive || !body_is_short(&exchange->body, DRAIN_BYTES))
        exchange->close = true;
    if (length < 0 && exchange->request.minor < 1)
        exchange->close = true;
    exchange->chunked = length < 0 && exchange->request.minor >= 1;
    write_head(&head, exchange, status, fields, type, length);
    if (head.failed)
        exchange->lost = exchange->close = true;
    else
        send_bytes(exchange, head.data, head.length);
    buffer_free(&head);
}

void reply_data(struct exchange *exchange, const void *data, size_t length)
{
    char size[32];

    if (length == 0 || exchange->is_head)
        return;
    if (!exchange->chunked) {
        send_bytes(exchange, data, length);
        return;
    }
    send_bytes(exchange, size, (size_t)snprintf(size, sizeof size, "%zx\r\n", length));
    send_bytes(exchange, data, length);
    send_bytes(exchange, "\r\n", 2);
}

void reply_end(struct exchange *exchange)
{
    if (exchange->chunked && !exchange->is_head)
        send_bytes(exchange, "0\r\n\r\n", 5);
}

void reply_whole(struct exchange *exchange, int status, const char *fields, const char *type,
                 const void *body, size_t length)
{
    reply_begin(exchange, status, fields, type, (int64_t)length);
    reply_data(exchange, body, length);
}

void reply_buffer(struct exchange *exchange, int status, const char *fields, const char *type,
                  const struct buffer *body)
{
    if (body->failed)
        reply_status(exchange, 503, "there is not enough memory");
    else
        reply_whole(exchange, status, fields, type, body->data, body->length);
}

void reply_status(struct exchange *exchange, int status, const char *why)
{
    char text[320];
    int length = 0;

    if (status < 300) {
        reply_whole(exchange, status, NULL, NULL, NULL, 0);
        return;
    }
    length = snprintf(text, sizeof text, "%d %s: %.200s\n", status, status_reason(status),
                      why ? why : status_explanation(status));
    reply_whole(exchange, status, NULL, "text/plain; charset=utf-8", text, (size_t)length);
}
