/* exchange.c - see exchange.h. */
#include "exchange/exchange.h"

#include "base/text.h"

#include <string.h>

INTERIM__COLD static int broken(interim__exchange *exchange)
{
    exchange->state = INTERIM__EXCHANGE_BROKEN;
    return exchange->error->code;
}

void interim__exchange_init(interim__exchange *exchange, const char *method, interim_error *error)
{
    memset(exchange, 0, INTERIM__EXCHANGE_BEGUN);
    exchange->method = method;
    exchange->error = error;
    interim__head_clear(&exchange->head);
}

void interim__exchange_dispose(interim__exchange *exchange)
{
    interim__sender_dispose(&exchange->sender);
    interim__head_dispose(&exchange->head);
    interim__buffer_dispose(&exchange->pending);
    if (exchange->framing.kind == INTERIM__FRAMING_CHUNKED)
        interim__chunked_dispose(&exchange->chunked);
}

bool interim__exchange_can_rest(const interim__exchange *exchange)
{
    const interim__sender *sender = &exchange->sender;

    return exchange->state == INTERIM__EXCHANGE_HEAD && exchange->pending.length == 0 &&
           interim__sender_done(sender) && !sender->held;
}

interim__exchange_rest interim__exchange_lay_down(const interim__exchange *exchange)
{
    return (interim__exchange_rest){.received = exchange->received,
                                    .interim_count = exchange->interim_count,
                                    .last_interim = (uint16_t)exchange->last_interim,
                                    .rewritten = exchange->rewritten};
}

void interim__exchange_go_on(interim__exchange *exchange, const interim__exchange_rest *rest,
                             const char *method, interim_error *error)
{
    interim__exchange_init(exchange, method, error);
    exchange->sender.ended = true;
    exchange->received = rest->received;
    exchange->interim_count = rest->interim_count;
    exchange->last_interim = rest->last_interim;
    exchange->rewritten = rest->rewritten;
}

/* nginx, and proxies like it, take an interim of their origin for its final response and give it
 * fields that belong to one. What they do with the connection after that cannot be relied on. */
static bool was_rewritten(const interim__head *head)
{
    return interim__fields_next(&head->fields, "date", NULL) != NULL ||
           interim__fields_next(&head->fields, "connection", NULL) != NULL;
}

static int interim_response(interim__exchange *exchange)
{
    const interim__head *head = &exchange->head;

    /* RFC 9110 section 15.2.2: what follows would not be HTTP/1. */
    if (head->status == 101) {
        interim__error_set(exchange->error, INTERIM_EUPGRADE, INTERIM_STAGE_HEAD,
                           "101 to a request that had no Upgrade field");
        exchange->error->offset = (int64_t)head->at;
        return broken(exchange);
    }
    exchange->interim_count++;
    exchange->last_interim = head->status;
    exchange->interim_given = true;
    exchange->rewritten = exchange->rewritten || was_rewritten(head);
    return INTERIM__STEP_INTERIM;
}

/* RFC 9112 section 9.3. */
static bool is_persistent(const interim__head *head)
{
    if (interim__fields_has_element(&head->fields, "connection", "close"))
        return false;
    return head->minor > 0 ||
           interim__fields_has_element(&head->fields, "connection", "keep-alive");
}

static int final_response(interim__exchange *exchange)
{
    if (interim__framing_decide(&exchange->framing, &exchange->head, exchange->method,
                                exchange->error) < 0)
        return broken(exchange);
    exchange->persistent = !exchange->framing.close && is_persistent(&exchange->head);
    exchange->state = INTERIM__EXCHANGE_BODY;
    return INTERIM__STEP_RESPONSE;
}

/* The bytes of a head that came in pieces are joined; those of a head that came whole stay where
 * the caller has them. Returns the length of a complete head, 0, or an error. */
static ptrdiff_t gather_head(interim__exchange *exchange, char **data, size_t *length)
{
    interim__buffer *pending = &exchange->pending;
    size_t before = pending->length;
    ptrdiff_t size;

    if (before == 0) {
        size = interim__head_parse(&exchange->head, *data, *length, exchange->error);
        if (size != 0)
            return size;
    }
    if (interim__buffer_append(pending, *data, *length) < 0)
        return interim__error_set(exchange->error, INTERIM_ENOMEM, INTERIM_STAGE_HEAD,
                                  "out of memory");
    size = before == 0 ? 0
                       : interim__head_parse(&exchange->head, pending->data, pending->length,
                                             exchange->error);
    if (size > 0) {
        exchange->pending_done = true;
        return size - (ptrdiff_t)before;
    }
    *data += *length;
    exchange->received += *length;
    *length = 0;
    return size;
}

static int head_step(interim__exchange *exchange, char **data, size_t *length)
{
    ptrdiff_t size;

    exchange->head.at = exchange->received - exchange->pending.length;
    size = gather_head(exchange, data, length);
    if (size < 0)
        return broken(exchange);
    if (size == 0)
        return INTERIM__STEP_MORE;
    *data += size;
    *length -= (size_t)size;
    exchange->received += (uint64_t)size;
    exchange->behind = exchange->pending_done ? NULL : *data;
    return exchange->head.status < 200 ? interim_response(exchange) : final_response(exchange);
}

static int over(interim__exchange *exchange)
{
    interim__sender_abandon(&exchange->sender);
    exchange->state = INTERIM__EXCHANGE_OVER;
    return INTERIM__STEP_OVER;
}

static int chunked_step(interim__exchange *exchange, char **data, size_t *length)
{
    size_t before = *length;
    int ended = interim__chunked_next(&exchange->chunked, data, length, exchange->received,
                                      &exchange->body, &exchange->body_length, exchange->error);

    exchange->received += before - *length;
    if (ended < 0)
        return broken(exchange);
    if (ended > 0)
        return over(exchange);
    return exchange->body_length > 0 ? INTERIM__STEP_BODY : INTERIM__STEP_MORE;
}

static int body_step(interim__exchange *exchange, char **data, size_t *length)
{
    interim__framing *framing = &exchange->framing;
    size_t size = *length;

    if (framing->kind == INTERIM__FRAMING_CHUNKED)
        return chunked_step(exchange, data, length);
    if (framing->kind == INTERIM__FRAMING_NONE ||
        (framing->kind == INTERIM__FRAMING_LENGTH && framing->length == 0))
        return over(exchange);
    if (framing->kind == INTERIM__FRAMING_LENGTH && (uint64_t)framing->length < size)
        size = (size_t)framing->length;
    if (size == 0)
        return INTERIM__STEP_MORE;
    exchange->body = *data;
    exchange->body_length = size;
    *data += size;
    *length -= size;
    exchange->received += size;
    if (framing->kind == INTERIM__FRAMING_LENGTH)
        framing->length -= (int64_t)size;
    return INTERIM__STEP_BODY;
}

/* The interim of the step before is not needed any more; nor is memory for its fields, until the
 * next one comes. */
static void forget_interim(interim__exchange *exchange, bool waits)
{
    exchange->interim_given = false;
    if (waits)
        interim__head_dispose(&exchange->head);
    interim__head_clear(&exchange->head);
    if (exchange->pending_done)
        interim__buffer_dispose(&exchange->pending);
    exchange->pending_done = false;
}

/* The interim of the step before once more, byte for byte, right behind it: many come so, without
 * fields, and one look was enough. The parser may have written a NUL at the end of its line. */
static bool step_again(interim__exchange *exchange, char **data, size_t *length)
{
    interim__head *head = &exchange->head;
    size_t size, line;

    if (*data != exchange->behind || head->fields.count > 0)
        return false;
    size = (size_t)(*data - head->start);
    line = size - 4;
    if (*length < size || memcmp(head->start + line + 1, "\n\r\n", 3) != 0 ||
        memcmp(*data + line, "\r\n\r\n", 4) != 0 || memcmp(*data, head->start, line) != 0)
        return false;
    head->start = *data;
    head->at += size;
    *data += size;
    *length -= size;
    exchange->received += size;
    exchange->behind = *data;
    exchange->interim_count++;
    return true;
}

int interim__exchange_step(interim__exchange *exchange, char **data, size_t *length)
{
    switch (exchange->state) {
    case INTERIM__EXCHANGE_HEAD:
        if (exchange->interim_given && step_again(exchange, data, length))
            return INTERIM__STEP_INTERIM;
        if (exchange->interim_given)
            forget_interim(exchange, *length == 0);
        return *length == 0 ? INTERIM__STEP_MORE : head_step(exchange, data, length);
    case INTERIM__EXCHANGE_BODY:
        return body_step(exchange, data, length);
    case INTERIM__EXCHANGE_OVER:
        return INTERIM__STEP_OVER;
    default:
        return exchange->error->code;
    }
}

static int truncated(interim__exchange *exchange, interim_stage stage, const char *where)
{
    interim__error_set(exchange->error, INTERIM_ETRUNCATED, stage,
                       "the connection ended in %s, after %llu bytes of the answer", where,
                       (unsigned long long)exchange->received);
    exchange->error->offset = (int64_t)exchange->received;
    return broken(exchange);
}

/* What is known when the stream ends where it must not. */
static int cut_short(interim__exchange *exchange)
{
    unsigned count = exchange->interim_count;

    if (exchange->state == INTERIM__EXCHANGE_BODY)
        return truncated(exchange, INTERIM_STAGE_BODY, "the body");
    if (interim__exchange_in_head(exchange))
        return truncated(exchange, INTERIM_STAGE_HEAD, "a head");
    if (count > 0)
        interim__error_set(exchange->error, INTERIM_EDISCONNECTED, INTERIM_STAGE_HEAD,
                           "the connection ended after %u interim response%s, the last a %d", count,
                           count == 1 ? "" : "s", exchange->last_interim);
    else
        interim__error_set(exchange->error, INTERIM_EDISCONNECTED, INTERIM_STAGE_HEAD,
                           "the connection ended without any answer");
    return broken(exchange);
}

int interim__exchange_end(interim__exchange *exchange, bool clean)
{
    if (exchange->state == INTERIM__EXCHANGE_OVER)
        return INTERIM__STEP_OVER;
    if (exchange->state == INTERIM__EXCHANGE_BROKEN)
        return exchange->error->code;
    if (exchange->state == INTERIM__EXCHANGE_BODY && clean &&
        exchange->framing.kind == INTERIM__FRAMING_CLOSE)
        return over(exchange);
    return cut_short(exchange);
}

bool interim__exchange_in_head(const interim__exchange *exchange)
{
    return exchange->state == INTERIM__EXCHANGE_HEAD && exchange->pending.length > 0 &&
           !exchange->pending_done;
}
