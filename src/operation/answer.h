/* answer.h - a final response, as what is to come of it is decided by. What it holds of the head is
 * one block: the fields and their text, what people are told of it, and its URL. The block becomes
 * the result's, with all that, when the answer becomes the operation's. May be included by
 * operation. */
#ifndef INTERIM_OPERATION_ANSWER_H
#define INTERIM_OPERATION_ANSWER_H

#include "exchange/head.h"
#include "exchange/uri.h"
#include "operation/document.h"
#include "operation/request.h"

#define INTERIM__REASON_MAX 47 /* bytes of a reason phrase that are kept */

struct interim__dialect;

/* Whether a response names a monitor. */
typedef struct interim__naming {
    const char *monitor; /* a reference to it; NULL: it does not */
    size_t length;
    const char *refusal; /* why it is not to be polled although it looks like one; or NULL */
} interim__naming;

typedef struct interim__answer {
    const interim_request *request; /* the one that the operation is for */
    const interim__uri *uri; /* of the exchange that gave it: references are relative to this */
    int status;
    int embedded;  /* the status of the response that its body was; 0: it was none */
    bool uploaded; /* the final one of an upload: its Upload fields do not explain its Location */
    signed char problem; /* 1: its body is problem details, -1: it is not, 0: nobody has asked */
    bool asked;          /* whether it may begin a job, when only its head was known: */
    const struct interim__dialect *dialect; /* what interim__dialect_find gave then */
    interim__naming naming;
    interim__fields fields;
    /* What was kept of a head; all NULL if it was another operation's. */
    interim_field *block;       /* owned: its fields, and what the others lie in */
    char *reason;               /* cut */
    char *told;                 /* "the server answered 200 OK" */
    const char *url;            /* NULL too if it was not given */
    interim__document document; /* nothing in it before the body was read */
    interim__progress progress;
} interim__answer;

/* Keeps a head, and url (NULL: nothing), in an answer that is all zeros but for request and uri.
 * Errors: ENOMEM. */
int interim__answer_keep(interim__answer *answer, const interim__head *head, const char *url);

/* Whether its body is problem details: asked for each piece, found out at the first. */
bool interim__answer_is_problem(interim__answer *answer);

/* Other fields, a block of interim__fields_clone (transferred), take the place of its own. */
void interim__answer_replace_fields(interim__answer *answer, interim_field *items, size_t count);

/* Gives its fields away, with what lies in their block; told and url are NULL if these are not
 * those of the head. */
interim_field *interim__answer_give_fields(interim__answer *answer);

void interim__answer_dispose(interim__answer *answer);

#endif
