/* result.c - see result.h. */
#include "operation/result.h"

#include <stdlib.h>

static void dispose(interim__message *message)
{
    free(message->fields);
    free(message->url);
    interim__buffer_dispose(&message->body);
}

void interim__message_keep(interim__message *out, int status, interim_field *fields, size_t count,
                           interim__buffer *body, char *url)
{
    dispose(out);
    out->fields = fields;
    out->url = url;
    out->body = *body;
    *body = (interim__buffer){0};
    out->view = (interim_message){.size = sizeof out->view,
                                  .status = status,
                                  .url = url == NULL ? "" : url,
                                  .fields = fields,
                                  .field_count = fields == NULL ? 0 : count,
                                  .body = out->body.data == NULL ? "" : out->body.data,
                                  .body_size = out->body.length};
}

void interim__result_show_final(interim_result *result)
{
    result->monitor.view =
        (interim_message){.size = sizeof result->monitor.view,
                          .status = result->status,
                          .url = result->url == NULL ? "" : result->url,
                          .fields = result->fields,
                          .field_count = result->field_count,
                          .body = result->body.data == NULL ? "" : result->body.data,
                          .body_size = result->body.length};
}

static void read_problem(interim__problem *problem, interim_field *items, size_t count,
                         const interim__buffer *body)
{
    const interim__fields fields = {.items = items, .count = count};

    if (interim__problem_is(&fields))
        interim__problem_read(problem, body->data, body->length);
}

void interim__result_read_problem(interim_result *result, bool final)
{
    interim__problem *problem = &result->problem;
    const interim__message *monitor = &result->monitor;

    if (final)
        read_problem(problem, result->fields, result->field_count,
                     problem->streamed.length > 0 ? &problem->streamed : &result->body);
    else if (problem->view.size == 0)
        read_problem(problem, monitor->fields, monitor->view.field_count, &monitor->body);
}

void interim__result_free(interim_result *result)
{
    if (result == NULL)
        return;
    free(result->url);
    free(result->fields);
    free(result->trailers);
    interim__buffer_dispose(&result->body);
    dispose(&result->accepted);
    dispose(&result->monitor);
    interim__problem_dispose(&result->problem);
    interim__history_dispose(&result->history);
    free(result);
}
