/* talk.h - one exchange of an operation, and what is made of its answer: everything that an
 * operation needs while bytes come and go, and not while it waits, not even for its answer: see
 * rest.c. Most of its memory is in here; since that is needed by one operation after the other,
 * those of a client keep a spare one. May be included by operation. */
#ifndef INTERIM_OPERATION_TALK_H
#define INTERIM_OPERATION_TALK_H

#include "exchange/coding.h"
#include "exchange/exchange.h"
#include "operation/answer.h"

/* A body that may be a stream of markers: marking.c. */
typedef struct interim__marking interim__marking;

typedef struct interim__talk {
    interim__coding *coding; /* undoes the content coding of the body; NULL: there is none */
    interim__answer answer;  /* the final response of the exchange */
    interim__buffer backlog; /* bytes of the connection that came before a pause */
    interim__buffer held;    /* content that was decoded before a pause */
    uint64_t discarded;
    interim__marking *marking; /* NULL: the body is no stream of markers */
    bool exchanging;           /* exchange is initialised */
    interim__exchange exchange;
    /* These keep their memory, if it is little, when the talk goes from hand to hand. */
    interim__buffer looked; /* the body so far, for SINK_LOOK */
    interim__buffer asked;  /* the head of a poll, while it is lent to the sender */
} interim__talk;

/* Takes the spare one, if there is one. NULL when out of memory. */
interim__talk *interim__talk_new(interim__talk **spare);

/* NULL included. It becomes the spare one, if there is none. */
void interim__talk_free(interim__talk *talk, interim__talk **spare);

/* Frees the spare one, if there is one. */
void interim__talk_forget(interim__talk **spare);

/* Whether there is one, about an exchange: an answer may also be another operation's. */
static inline bool interim__talk_exchanges(const interim__talk *talk)
{
    return talk != NULL && talk->exchanging;
}

/* The status of the final response; 0: there is none yet. */
static inline int interim__talk_status(const interim__talk *talk)
{
    return talk == NULL ? 0 : talk->answer.status;
}

#endif
