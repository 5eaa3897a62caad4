/* problem.h - problem details (RFC 9457): the JSON with which a server tells people and programs
 * why it refused something. Bounded: a document is read up to INTERIM__PROBLEM_MAX bytes. May be
 * included by operation and client. */
#ifndef INTERIM_OPERATION_PROBLEM_H
#define INTERIM_OPERATION_PROBLEM_H

#include "base/buffer.h"
#include "base/fields.h"

#define INTERIM__PROBLEM_MAX 65536

#define INTERIM__PROBLEM_SIZE 140 /* of the problem details in a reason */

typedef struct interim__problem {
    interim_problem view;     /* size is 0 when there is none */
    char *strings;            /* those of view */
    interim__buffer streamed; /* a copy of what the caller gets piece by piece ... */
    bool spoiled;             /* ... unless that is too long, or there was no memory for it */
} interim__problem;

/* Whether a response with these fields holds problem details. */
bool interim__problem_is(const interim__fields *fields);

/* A piece of the body of such a response goes to the caller, and is not kept elsewhere. */
void interim__problem_note(interim__problem *problem, const char *data, size_t size);

/* Reads a body; what is no problem document, or finds no memory, leaves it as it was. */
void interim__problem_read(interim__problem *problem, const char *body, size_t size);

/* Writes title and detail on one line, cut to size at a character, without control characters; ""
 * when there is none (NULL). known: a reason phrase that was said already and is not repeated. */
void interim__problem_write(char *out, size_t size, const interim__problem *problem,
                            const char *known);

void interim__problem_dispose(interim__problem *problem);

#endif
