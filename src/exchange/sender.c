/* sender.c - see sender.h. */
#include "exchange/sender.h"

#include "exchange/request_head.h"

#include <stdint.h>
#include <string.h>

#define PIECE 16384   /* how much a reader is asked for at once */
#define CHUNK_LINE 12 /* room for a chunk-size line before the piece */

void interim__sender_borrow(interim__sender *sender, const char *head, size_t length)
{
    sender->out = (interim__buffer){.data = (char *)head, .length = length};
}

static bool is_borrowed(const interim__sender *sender)
{
    return sender->out.capacity == 0;
}

static void drop_output(interim__sender *sender)
{
    if (is_borrowed(sender))
        sender->out = (interim__buffer){0};
    else
        interim__buffer_dispose(&sender->out);
    sender->at = 0;
}

void interim__sender_start(interim__sender *sender, const interim__body_source *body)
{
    sender->body = *body;
    sender->left = body->length;
    sender->ended = body->length == INTERIM__BODY_NONE || body->length == 0;
}

static ptrdiff_t ask(const interim__sender *sender, char *buffer, size_t want)
{
    const interim__body_source *body = &sender->body;

    if (body->piece != NULL)
        return body->piece(buffer, want, body->from + body->length - sender->left, body->user);
    return body->reader(buffer, want, body->user);
}

/* Writes the chunk-size line before the piece. */
static void put_size(interim__sender *sender, size_t size)
{
    char *out = sender->out.data;

    out[--sender->at] = '\n';
    out[--sender->at] = '\r';
    do
        out[--sender->at] = "0123456789abcdef"[size % 16];
    while ((size /= 16) > 0);
}

/* Asks the reader for a piece, straight into the buffer and framed there. */
static int fill(interim__sender *sender, interim_error *error)
{
    bool chunked = sender->body.length == INTERIM__BODY_CHUNKED;
    size_t want = chunked || sender->left > PIECE ? PIECE : (size_t)sender->left;
    ptrdiff_t got;

    sender->out.length = 0;
    if (interim__buffer_reserve(&sender->out, CHUNK_LINE + PIECE + 2) < 0)
        return interim__error_set(error, INTERIM_ENOMEM, INTERIM_STAGE_SEND, "out of memory");
    got = ask(sender, sender->out.data + CHUNK_LINE, want);
    if (got < 0 || (size_t)got > want)
        return interim__error_set(error, INTERIM_ECALLBACK, INTERIM_STAGE_SEND,
                                  "the body reader answered %td, asked for %zu bytes", got, want);
    if (got == 0 && !chunked)
        return interim__error_set(error, INTERIM_ECALLBACK, INTERIM_STAGE_SEND,
                                  "the body reader ended, %lld bytes before the end",
                                  (long long)sender->left);
    sender->at = CHUNK_LINE;
    sender->out.length = CHUNK_LINE + (size_t)got;
    if (!chunked) {
        sender->left -= got;
        sender->ended = sender->left == 0;
        return 0;
    }
    sender->ended = got == 0;
    put_size(sender, (size_t)got);
    return interim__buffer_append(&sender->out, "\r\n", 2);
}

bool interim__sender_waits(const interim__sender *sender)
{
    return sender->held && sender->at == sender->out.length;
}

void interim__sender_release(interim__sender *sender)
{
    sender->held = false;
}

ptrdiff_t interim__sender_output(interim__sender *sender, const char **data, interim_error *error)
{
    if (!interim__sender_has_more(sender))
        return 0;
    if (sender->at == sender->out.length && !sender->ended && sender->body.data == NULL &&
        fill(sender, error) < 0) {
        sender->abandoned = true;
        return error->code;
    }
    if (sender->at < sender->out.length) {
        *data = sender->out.data + sender->at;
        return (ptrdiff_t)(sender->out.length - sender->at);
    }
    *data = sender->body.data + (sender->body.length - sender->left);
    return (ptrdiff_t)(sender->left < PTRDIFF_MAX ? sender->left : PTRDIFF_MAX);
}

int64_t interim__sender_movable(const interim__sender *sender, int64_t *offset)
{
    if (!sender->body.movable || sender->at < sender->out.length || sender->held ||
        sender->abandoned || sender->ended)
        return 0;
    *offset = sender->body.from + sender->body.length - sender->left;
    return sender->left;
}

void interim__sender_sent(interim__sender *sender, size_t size)
{
    if (sender->at < sender->out.length) {
        sender->at += size;
        /* The head's memory is not needed while the answer is waited for. */
        if (sender->at == sender->out.length && (sender->ended || sender->body.data != NULL ||
                                                 sender->body.movable || is_borrowed(sender)))
            drop_output(sender);
        return;
    }
    sender->left -= (int64_t)size;
    sender->ended = sender->left == 0;
}
