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
    if (result->owns_reason)
        free((char *)result->reason);
    result->owns_reason = false;
    if (result->error != &no_error && result->error != &no_memory)
        free((interim_error *)result->error);
}

void interim__result_state(interim_result *result, const char *reason, const interim_error *error)
{
    interim_error *copy = error->code == 0 ? NULL : malloc(sizeof *copy);

    forget_reason(result);
    result->reason = reason;
    result->error = error->code == 0 ? &no_error : &no_memory;
    if (copy == NULL)
        return;
    *copy = *error;
    result->error = copy;
}

void interim__result_explain(interim_result *result, const char *reason, const interim_error *error)
{
    interim__result_state(result, strdup(reason), error);
    result->owns_reason = result->reason != NULL;
    if (!result->owns_reason)
        result->reason = forgotten;
}

static void set_url(interim_result *result, const char *url, bool owned)
{
    if (result->owns_url)
        free((char *)result->url);
    result->url = url;
    result->owns_url = owned;
}

void interim__result_set_fields(interim_result *result, interim_field *fields, size_t count,
                                const char *url)
{
    set_url(result, url, false);
    free(result->fields);
    result->fields = fields;
    result->field_count = (uint16_t)count;
}

void interim__result_set_url(interim_result *result, char *url)
{
    set_url(result, url, true);
}

void interim__result_end_by_monitor(interim_result *result)
{
    interim__message_free(result->monitor);
    result->monitor = NULL;
    result->monitor_is_final = true;
}

/* Most results are never asked for it. */
static void show_final(interim_result *result)
{
    static const interim__fields none;
    interim_message *view = malloc(sizeof *view);

    if (view != NULL)
        result->monitor = interim__message_new(result->status, "", &none, NULL, 0);
    if (result->monitor == NULL) {
        free(view);
        return;
    }
    result->monitor->view = view;
    *view = (interim_message){.size = sizeof *view,
                              .status = result->status,
                              .url = result->url == NULL ? "" : result->url,
                              .fields = result->fields,
                              .field_count = result->field_count,
                              .body = result->body.data == NULL ? "" : result->body.data,
                              .body_size = result->body.length};
}

const interim_message *interim__result_monitor(interim_result *result)
{
    if (result->monitor_is_final && result->monitor == NULL)
        show_final(result);
    return interim__message_view(result->monitor);
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

static void read_problem(interim_result *result, const char *body, size_t size)
{
    interim__problem *problem = problem_of(result);

    if (problem == NULL)
        return;
    if (problem->streamed.length > 0)
        interim__problem_read(problem, problem->streamed.data, problem->streamed.length);
    else
        interim__problem_read(problem, body, size);
}

void interim__result_read_problem(interim_result *result)
{
    read_problem(result, result->body.data, result->body.length);
}

void interim__result_find_problem(interim_result *result)
{
    const interim_message *monitor = interim__result_monitor(result);
    interim__fields fields;

    if (monitor == NULL || (result->problem != NULL && result->problem->view.size > 0))
        return;
    fields =
        (interim__fields){.items = (interim_field *)monitor->fields, .count = monitor->field_count};
    if (interim__problem_is(&fields))
        read_problem(result, monitor->body, monitor->body_size);
}

static void forget_problem(interim_result *result)
{
    if (result->problem == NULL)
        return;
    interim__problem_dispose(result->problem);
    free(result->problem);
    result->problem = NULL;
}

void interim__result_forget_body(interim_result *result)
{
    interim__buffer_dispose(&result->body);
    forget_problem(result);
}

void interim__result_free(interim_result *result)
{
    if (result == NULL)
        return;
    forget_reason(result);
    interim__result_set_fields(result, NULL, 0, NULL);
    free(result->trailers);
    interim__buffer_dispose(&result->body);
    interim__message_free(result->accepted);
    interim__message_free(result->monitor);
    forget_problem(result);
    interim__history_dispose(&result->history);
    free(result);
}
