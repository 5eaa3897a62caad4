/* dialect.h - the ways in which services answer 202, as a table: a row tells when a 202 speaks its
 * dialect and where the monitor is, and what a 2xx of the monitor means. What all dialects share
 * (redirects, failures, grace, delays) is in accepted.h. May be included by operation. */
#ifndef INTERIM_OPERATION_DIALECT_H
#define INTERIM_OPERATION_DIALECT_H

#include "base/fields.h"
#include "exchange/uri.h"
#include "operation/document.h"
#include "operation/request.h"

/* A response as dialects see it. */
typedef struct interim__answer {
    const interim_request *request; /* the one that the operation is for */
    const interim__uri *uri; /* of the exchange that gave it: references are relative to this */
    int status;
    interim__fields fields;
    interim__document document;
    interim__progress progress;
} interim__answer;

/* Whether a 202 names a monitor. */
typedef struct interim__naming {
    const interim_field *monitor; /* the field that names it; NULL: it does not */
    const char *refusal; /* why it is not to be polled although it looks like one; or NULL */
} interim__naming;

typedef enum interim__verdict {
    INTERIM__VERDICT_RUNNING,
    INTERIM__VERDICT_DONE,
    INTERIM__VERDICT_FAILED
} interim__verdict;

typedef struct interim__dialect {
    const char *name;
    /* Looks at the 202. */
    interim__naming (*names)(const interim__answer *accepted);
    /* Looks at a 2xx of the monitor. latched: an answer of this job was a status document before;
     * set it when this one is. */
    interim__verdict (*judge)(const interim__answer *poll, bool *latched);
    /* The field by which a running monitor moves to another URL, in lower case. */
    const char *moves_by;
} interim__dialect;

/* The row whose dialect a 202 speaks; naming gets what it said. NULL: none, it names no monitor. */
const interim__dialect *interim__dialect_find(interim__naming *naming,
                                              const interim__answer *accepted);

/* A status code that replays another in a 200 (OData's AsyncResult, FHIR's X-Export-Status), or the
 * status itself. */
int interim__dialect_effective_status(const interim__answer *poll);

#endif
