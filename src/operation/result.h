/* result.h - what an operation came to. Made with it, so that there is one even when memory has run
 * out. May be included by operation, drive and client. */
#ifndef INTERIM_OPERATION_RESULT_H
#define INTERIM_OPERATION_RESULT_H

#include "base/buffer.h"
#include "operation/history.h"

struct interim_result {
    interim_outcome outcome;
    int status;
    char reason[200];
    char *url; /* NULL when it could not be written down */
    interim_error error;
    interim_field *fields; /* a clone, see interim__fields_clone */
    size_t field_count;
    interim_field *trailers;
    size_t trailer_count;
    interim__buffer body;
    interim__history history;
    interim_timing timing;
};

/* NULL included. */
void interim__result_free(interim_result *result);

#endif
