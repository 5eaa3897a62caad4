/* result.c - see result.h. */
#include "operation/result.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

static const interim_error no_error = {.size = sizeof no_error, .offset = -1};
static const interim_error no_memory = {
    .size = sizeof no_memory, .code = INTERIM_ENOMEM, .offset = -1, .text = "out of memory"};
static const char untold[] = "", forgotten[] = "the reason was lost: out of memory";

interim_result *interim__result_new(void)
{
    interim_result *result = malloc(sizeof *result); /* see talk.c */

    if (result == NULL)
        return NULL;
    *result = (interim_result){.reason = untold, .error = &no_error};
    result->timing = (interim_timing){.size = sizeof result->timing,
                                      .connected_ms = -1,
                                      .sent_ms = -1,
                                      .first_interim_ms = -1,
                                      .accepted_ms = -1,
                                      .response_ms = -1,
                                      .end_ms = -1};
    return result;
}

static void forget_reason(interim_result *result)
{
    if (result->reason != untold && result->reason != forgotten)
        free((char *)result->reason);
    if (result->error != &no_error && result->error != &no_memory)
        free((interim_error *)result->error);
}

void interim__result_explain(interim_result *result, const char *reason, const interim_error *error)
{
    char *text = strdup(reason);
    interim_error *copy = error->code == 0 ? NULL : malloc(sizeof *copy);

    forget_reason(result);
    result->reason = text == NULL ? forgotten : text;
    result->error = error->code == 0 ? &no_error : &no_memory;
    if (copy == NULL)
        return;
    *copy = *error;
    result->error = copy;
}

void interim__message_free(interim__message *message)
{
    if (message == NULL)
        return;
    free(message->fields);
    free(message->url);
    interim__buffer_dispose(&message->body);
    free(message);
}

void interim__message_keep(interim__message **out, int status, interim_field *fields, size_t count,
                           interim__buffer *body, char *url)
{
    interim__message *message = malloc(sizeof *message);

    interim__message_free(*out);
    *out = message;
    if (message == NULL) {
        free(fields);
        free(url);
        interim__buffer_dispose(body);
        return;
    }
    message->fields = fields;
    message->url = url;
    message->body = *body;
    *body = (interim__buffer){0};
    message->view = (interim_message){.size = sizeof message->view,
                                      .status = status,
                                      .url = url == NULL ? "" : url,
                                      .fields = fields,
                                      .field_count = fields == NULL ? 0 : count,
                                      .body = message->body.data == NULL ? "" : message->body.data,
                                      .body_size = message->body.length};
}

void interim__result_show_final(interim_result *result)
{
    interim__buffer none = {0};

    if (result->monitor == NULL)
        interim__message_keep(&result->monitor, result->status, NULL, 0, &none, NULL);
    if (result->monitor == NULL)
        return;
    result->monitor->view =
        (interim_message){.size = sizeof result->monitor->view,
                          .status = result->status,
                          .url = result->url == NULL ? "" : result->url,
                          .fields = result->fields,
                          .field_count = result->field_count,
                          .body = result->body.data == NULL ? "" : result->body.data,
                          .body_size = result->body.length};
}

/* Made when it is needed; NULL when out of memory: there are no problem details then. */
static interim__problem *problem_of(interim_result *result)
{
    if (result->problem == NULL)
        result->problem = calloc(1, sizeof *result->problem);
    return result->problem;
}

void interim__result_note_problem(interim_result *result, const char *data, size_t size)
{
    interim__problem *problem = problem_of(result);

    if (problem != NULL)
        interim__problem_note(problem, data, size);
}

static void read_problem(interim_result *result, interim_field *items, size_t count,
                         const interim__buffer *body)
{
    const interim__fields fields = {.items = items, .count = count};
    interim__problem *problem = interim__problem_is(&fields) ? problem_of(result) : NULL;

    if (problem == NULL)
        return;
    if (body == NULL)
        body = problem->streamed.length > 0 ? &problem->streamed : &result->body;
    interim__problem_read(problem, body->data, body->length);
}

void interim__result_read_problem(interim_result *result, bool final)
{
    const interim__message *monitor = result->monitor;

    if (final)
        read_problem(result, result->fields, result->field_count, NULL);
    else if ((result->problem == NULL || result->problem->view.size == 0) && monitor != NULL)
        read_problem(result, monitor->fields, monitor->view.field_count, &monitor->body);
}

void interim__result_free(interim_result *result)
{
    if (result == NULL)
        return;
    forget_reason(result);
    free(result->url);
    free(result->fields);
    free(result->trailers);
    interim__buffer_dispose(&result->body);
    interim__message_free(result->accepted);
    interim__message_free(result->monitor);
    if (result->problem != NULL)
        interim__problem_dispose(result->problem);
    free(result->problem);
    interim__history_dispose(&result->history);
    free(result);
}
