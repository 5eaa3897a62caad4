/* dialect.h - the ways in which services answer 202, as a table: a row tells when a response speaks
 * its dialect and where the monitor is, and what a 2xx of the monitor means. What all dialects
 * share (redirects, failures, grace, delays) is in accepted.h. docs/polling.md names the services.
 * May be included by operation. */
#ifndef INTERIM_OPERATION_DIALECT_H
#define INTERIM_OPERATION_DIALECT_H

#include "operation/answer.h"

typedef enum interim__verdict {
    INTERIM__VERDICT_RUNNING,
    INTERIM__VERDICT_DONE,
    INTERIM__VERDICT_FAILED,
    INTERIM__VERDICT_UNCLEAR /* it is not what this monitor answers with */
} interim__verdict;

typedef struct interim__dialect {
    const char *name;
    unsigned flag;     /* INTERIM_POLL_*: only with that; 0: always */
    int status;        /* of the response that begins a job; 0: 200, 201 or 202 */
    const char *field; /* names the monitor, and moves it later; in lower case. NULL: none does */
    uint8_t field_length;
    bool reads_bodies;    /* it cannot do without: not in INTERIM_POLL_STRICT */
    bool begins_in_body;  /* only the body of the first response tells */
    bool may_end_at_once; /* the first response may tell that the job has ended */
    bool repeats;         /* a poll is the request once more, with all its fields */
    bool has_result;      /* elsewhere: see interim__accepted_new */
    bool deletes;         /* DELETE of the monitor stops the job */
    const char *method;   /* of a poll; NULL: GET */
    interim__naming (*names)(const struct interim__dialect *dialect, const interim__answer *first);
    /* Looks at a 2xx of the monitor, which has this effective status. latched: an answer of this
     * job was a status document before; set it when this one is. */
    interim__verdict (*judge)(const interim__answer *poll, int status, bool *latched);
} interim__dialect;

/* The field of an answer that names, or moves, the monitor; NULL: it has none. Not of a dialect
 * without one. */
const interim_field *interim__dialect_field(const interim__dialect *dialect,
                                            const interim__answer *answer);

/* The row whose dialect a response speaks; naming gets what it said. NULL: none, it names no
 * monitor. What the head told is not looked for again when the body tells nothing. */
const interim__dialect *interim__dialect_find(interim__naming *naming,
                                              const interim__answer *first);

/* Whether a response, of which only the head is known, may begin a job: its body is to be looked at
 * then. */
bool interim__dialect_may_begin(interim__answer *first);

/* The row of that name; NULL: there is none. */
const interim__dialect *interim__dialect_named(const char *name, size_t length);

/* What a response says was the status of another: one that it embeds, OData's AsyncResult, FHIR's
 * X-Export-Status, Status-URI; or its own. */
int interim__dialect_effective_status(const interim__answer *poll);

#endif
