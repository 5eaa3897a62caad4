/* exchange.h - one request on one connection: any number of interim responses, then one final
 * response (RFC 9110 section 15). Bytes in, bytes and events out; no socket, no clock.
 *
 * Sending and receiving are two machines. Receiving:
 *
 *     HEAD --1xx--> HEAD            each interim is an event of its own, and has no body
 *     HEAD --final--> BODY -> OVER  the body by its framing; a message without one ends at once
 *     any --> BROKEN                malformed, cut short; every later call gives the same error
 *
 * They are coupled in one place: when the final response is complete before the request was sent
 * completely, the rest is not sent and the connection is not used again.
 *
 * Fields of an interim touch nothing but the event that reports them. May be included by operation.
 */
#ifndef INTERIM_EXCHANGE_EXCHANGE_H
#define INTERIM_EXCHANGE_EXCHANGE_H

#include "exchange/chunked.h"
#include "exchange/framing.h"
#include "exchange/head.h"
#include "exchange/sender.h"

typedef enum interim__step {
    INTERIM__STEP_MORE = 0, /* nothing, until more bytes come */
    INTERIM__STEP_INTERIM,  /* head is a 1xx response */
    INTERIM__STEP_RESPONSE, /* head is the final response */
    INTERIM__STEP_BODY,     /* a piece of its body is at body */
    INTERIM__STEP_OVER      /* the exchange is complete */
} interim__step;

typedef enum interim__exchange_state {
    INTERIM__EXCHANGE_HEAD,
    INTERIM__EXCHANGE_BODY,
    INTERIM__EXCHANGE_OVER,
    INTERIM__EXCHANGE_BROKEN
} interim__exchange_state;

typedef struct interim__exchange {
    interim__exchange_state state;
    const char *method; /* borrowed until the exchange is disposed of */
    interim__sender sender;
    interim__buffer pending; /* the beginning of a head that did not come whole */
    bool pending_done;       /* the head is complete and its text is in pending */
    bool interim_given;      /* the step before was an interim ... */
    const char *behind;      /* ... that ended here, if it came whole */
    bool persistent;         /* the final response lets the connection be used again */
    interim__framing framing;
    interim__chunked chunked;
    uint64_t received; /* bytes of the answer that were taken */
    unsigned interim_count;
    int last_interim; /* status, 0: none yet */
    bool rewritten;   /* a proxy has made an answer of its own out of an interim */
    const char *body; /* STEP_BODY */
    size_t body_length;
    interim_error *error; /* the operation's */
    interim__head head;   /* of the last response; its text is borrowed until the next step */
} interim__exchange;

/* The size of what is to be zero at first. */
#define INTERIM__EXCHANGE_BEGUN offsetof(interim__exchange, head.room)

/* What is left of an exchange at rest. */
typedef struct interim__exchange_rest {
    uint64_t received;
    unsigned interim_count;
    uint16_t last_interim;
    bool rewritten;
} interim__exchange_rest;

/* Begins an exchange; its request head is to be appended to sender.out next. error is borrowed
 * until it is disposed of. */
void interim__exchange_init(interim__exchange *exchange, const char *method, interim_error *error);
void interim__exchange_dispose(interim__exchange *exchange);

/* Whether all that an exchange knows fits into a rest: its request is sent, and of its answer it
 * has interims at most, and all of the last one. What it knows; it is to be disposed of then, and
 * goes on, where it was, in another one. */
bool interim__exchange_can_rest(const interim__exchange *exchange);
interim__exchange_rest interim__exchange_lay_down(const interim__exchange *exchange);
void interim__exchange_go_on(interim__exchange *exchange, const interim__exchange_rest *rest,
                             const char *method, interim_error *error);

/* Takes bytes off *data and tells what they came to; to be asked again until it says MORE, OVER or
 * an error (negative). The bytes are changed in place. */
int interim__exchange_step(interim__exchange *exchange, char **data, size_t *length);

/* The peer ended the stream; clean says whether it can be trusted to mean it (RFC 9112
 * section 9.8). STEP_OVER when that completes the response, or an error. */
int interim__exchange_end(interim__exchange *exchange, bool clean);

/* A head has begun and is not complete. */
bool interim__exchange_in_head(const interim__exchange *exchange);

/* After STEP_OVER: the connection may be used for another exchange. */
static inline bool interim__exchange_reusable(const interim__exchange *exchange)
{
    return exchange->state == INTERIM__EXCHANGE_OVER && exchange->persistent &&
           !exchange->rewritten && interim__sender_done(&exchange->sender);
}

#endif
