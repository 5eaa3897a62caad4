/* result.h - what an operation came to. Made with it, so that there is one even when memory has run
 * out. May be included by operation, drive and client. */
#ifndef INTERIM_OPERATION_RESULT_H
#define INTERIM_OPERATION_RESULT_H

#include "base/buffer.h"
#include "operation/history.h"
#include "operation/message.h"
#include "operation/problem.h"

/* What not every operation comes to is NULL until it does: most wait for long before that. */
struct interim_result {
    uint8_t outcome;           /* an interim_outcome */
    bool owns_reason : 1;      /* else it is a constant, or lies with the fields */
    bool owns_url : 1;         /* else it lies with the fields */
    bool monitor_is_final : 1; /* what the monitor answered last is this result itself */
    uint16_t status, field_count, trailer_count; /* a head has at most 1024 fields */
    const char *reason;                          /* never NULL */
    const char *url;                             /* NULL when it could not be written down */
    const interim_error *error;                  /* never NULL */
    interim_field *fields;                       /* a block, see interim__answer */
    interim_field *trailers;
    interim__buffer body;
    interim__message *accepted, *monitor;
    interim__problem *problem;
    interim__history history;
    interim_timing timing;
};

/* NULL when out of memory. */
interim_result *interim__result_new(void);

/* Has the reason, which lies with the fields, and copies the error when its code is not 0; without
 * memory for that there is one that says so. */
void interim__result_state(interim_result *result, const char *reason, const interim_error *error);

/* The same with a copy of the reason, or a text that says that there is no memory. */
void interim__result_explain(interim_result *result, const char *reason,
                             const interim_error *error);

/* Takes a block of fields, in which the URL may lie (NULL: it does not), in place of the former. */
void interim__result_set_fields(interim_result *result, interim_field *fields, size_t count,
                                const char *url);

/* Takes a URL (transferred; NULL: there is no memory). */
void interim__result_set_url(interim_result *result, char *url);

/* What came of a body that was cut is not that of the answer which comes instead of it. */
void interim__result_forget_body(interim_result *result);

/* A piece of the body, which is problem details, goes to the caller and is not kept elsewhere. */
void interim__result_note_problem(interim_result *result, const char *data, size_t size);

/* The monitor's last answer is the final response, and not kept beside it. */
void interim__result_end_by_monitor(interim_result *result);

/* The monitor's last answer; NULL: none, or no memory to show it. */
const interim_message *interim__result_monitor(interim_result *result);

/* Reads the problem details of the final response, whose body they are. */
void interim__result_read_problem(interim_result *result);

/* Reads those of the monitor's last answer, if there are any and none were read before. */
void interim__result_find_problem(interim_result *result);

/* NULL included. */
void interim__result_free(interim_result *result);

#endif
