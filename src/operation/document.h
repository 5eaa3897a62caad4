/* document.h - a status document: the JSON with which a monitor tells the state of a job. There is
 * no standard; what is read here is what the services of docs/polling.md send. Bounded: a document
 * is looked at up to INTERIM__DOCUMENT_MAX bytes. May be included by operation. */
#ifndef INTERIM_OPERATION_DOCUMENT_H
#define INTERIM_OPERATION_DOCUMENT_H

#include "operation/progress.h"

#define INTERIM__DOCUMENT_MAX 65536

typedef enum interim__word {
    INTERIM__WORD_NONE = 0, /* no member tells a state */
    INTERIM__WORD_RUNNING,  /* a word that is known to mean "not finished" */
    INTERIM__WORD_GOOD,
    INTERIM__WORD_BAD,
    INTERIM__WORD_UNKNOWN
} interim__word;

typedef struct interim__document {
    bool is_empty;  /* there was no body */
    bool is_object; /* it is a JSON object at all */
    interim__word word;
    char state[32];    /* the word as it stands there, cut; "" when there is none */
    bool corroborated; /* another member shows that this is a status document, and not a resource
                          that happens to have a status */
    bool has_error;    /* a member tells an error */
    bool couch;        /* {"ok":true,"id":...,"rev":...}: CouchDB stored a document */
    bool transient;    /* FHIR: an OperationOutcome says that asking failed, and not the job */
    bool is_cancelled; /* the state says that somebody stopped it */
    bool is_lxd;       /* metadata.status_code: LXD or Incus */
    char message[96];  /* of the error, cut; "" when there is none */
    /* URL references, "" never; NULL when there is none. */
    char *resource; /* the result: resourceLocation, or a link whose relation ends with "results" */
    char *task;     /* @odata.id of a Redfish Task */
    char *link;     /* the member that the caller named */
} interim__document;

/* Reads a body that may be one; progress gets what it tells. link: the name of a member that holds
 * the URL of the monitor, or NULL. Disposes of what out held. False when out of memory. */
bool interim__document_read(interim__document *out, interim__progress *progress, const char *body,
                            size_t length, const char *link);
void interim__document_dispose(interim__document *document);

#endif
