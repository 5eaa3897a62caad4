/* sender.h - the sending half of an exchange: a head, then a body from memory or from a reader, by
 * length or chunked.
 *
 *     HEAD -> (held) -> BODY -> SENT          ABANDONED: the answer came first, or the reader
 * failed
 *
 * May be included by exchange. */
#ifndef INTERIM_EXCHANGE_SENDER_H
#define INTERIM_EXCHANGE_SENDER_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

/* Fills buffer with up to size bytes of the body from offset on: how many, or negative when it
 * cannot. */
typedef ptrdiff_t (*interim__body_piece_fn)(void *buffer, size_t size, int64_t offset, void *user);

/* Where a body comes from. */
typedef struct interim__body_source {
    const char *data;              /* memory, borrowed until the exchange ended; or NULL */
    interim_body_reader_fn reader; /* or a reader; or NULL: no body */
    void *user;
    int64_t length;               /* bytes, INTERIM__BODY_NONE or INTERIM__BODY_CHUNKED */
    interim__body_piece_fn piece; /* instead of reader: a source that can be read twice; or NULL */
    bool movable; /* piece reads a file, whose bytes whoever sends may move by itself */
    int64_t from; /* the offset in piece at which the body begins */
} interim__body_source;

typedef struct interim__sender {
    interim__buffer out; /* head, or a part of the body that a reader gave; sent from at. Without
                            capacity: borrowed */
    size_t at;
    interim__body_source body;
    int64_t left; /* of a body of known length: what the source has not given yet */
    bool held;    /* the body waits until it is asked for (RFC 9110 section 10.1.1) */
    bool ended;   /* the source has given everything */
    bool abandoned;
} interim__sender;

/* Has a head sent that is borrowed until it is, instead of one that is in sender->out. */
void interim__sender_borrow(interim__sender *sender, const char *head, size_t length);

/* Starts to send; the head is in sender->out already. */
void interim__sender_start(interim__sender *sender, const interim__body_source *body);

/* The next bytes to send: how many, at *data; 0 when there are none (any more); or ECALLBACK,
 * ENOMEM with error filled. The bytes stay where they are until interim__sender_sent. */
ptrdiff_t interim__sender_output(interim__sender *sender, const char **data, interim_error *error);
void interim__sender_sent(interim__sender *sender, size_t size);

/* How many bytes of a movable body come next, with nothing before them, and where they begin in it:
 * whoever moves some of them says so by interim__sender_sent. 0: there are none, or not yet. They
 * can be had by interim__sender_output all the same. */
int64_t interim__sender_movable(const interim__sender *sender, int64_t *offset);

/* The head has been sent, and the body waits; or is let go. */
bool interim__sender_waits(const interim__sender *sender);
void interim__sender_release(interim__sender *sender);

/* Everything was sent, the end of the body included. */
static inline bool interim__sender_done(const interim__sender *sender)
{
    return sender->ended && sender->at == sender->out.length;
}

/* Whether interim__sender_output has something, or asks the source for it. */
static inline bool interim__sender_has_more(const interim__sender *sender)
{
    return !sender->abandoned &&
           (sender->at < sender->out.length || (!sender->ended && !sender->held));
}

/* Nothing more is to be sent: the connection cannot be used again unless everything was. */
static inline void interim__sender_abandon(interim__sender *sender)
{
    if (!interim__sender_done(sender))
        sender->abandoned = true;
}

static inline void interim__sender_dispose(interim__sender *sender)
{
    if (sender->out.capacity > 0)
        interim__buffer_dispose(&sender->out);
}

#endif
