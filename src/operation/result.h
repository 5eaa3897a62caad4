/* result.h - what an operation came to. Made with it, so that there is one even when memory has run
 * out. May be included by operation, drive and client. */
#ifndef INTERIM_OPERATION_RESULT_H
#define INTERIM_OPERATION_RESULT_H

#include "base/buffer.h"
#include "operation/history.h"
#include "operation/problem.h"

/* A response that is kept beside the final one. */
typedef struct interim__message {
    interim_message view; /* of what follows; status is 0 when there is none */
    interim_field *fields;
    interim__buffer body;
    char *url;
} interim__message;

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
    interim__message accepted, monitor;
    interim__problem problem;
    interim__history history;
    interim_timing timing;
};

/* Keeps a message in place of the one before; fields (a clone) and url are transferred, body is
 * emptied into it. */
void interim__message_keep(interim__message *out, int status, interim_field *fields, size_t count,
                           interim__buffer *body, char *url);

/* The monitor's last answer is the final response: shows it as such too. */
void interim__result_show_final(interim_result *result);

/* Reads the problem details of the final response, or else those of the monitor's last answer, if
 * there are any and none were read before. */
void interim__result_read_problem(interim_result *result, bool final);

/* NULL included. */
void interim__result_free(interim_result *result);

#endif
