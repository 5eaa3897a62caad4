/* result.c - reading a result. */
#include "operation/result.h"

#include "base/text.h"

interim_outcome interim_result_outcome(const interim_result *result)
{
    return result->outcome;
}

int interim_result_status(const interim_result *result)
{
    return result->status;
}

const char *interim_result_reason(const interim_result *result)
{
    return result->reason;
}

const char *interim_result_url(const interim_result *result)
{
    return result->url == NULL ? "" : result->url;
}

const interim_error *interim_result_error(const interim_result *result)
{
    return result->error;
}

const char *interim_result_header(const interim_result *result, const char *name)
{
    for (size_t i = 0; i < result->field_count; i++)
        if (interim__text_equal(result->fields[i].name, name))
            return result->fields[i].value;
    return NULL;
}

const interim_field *interim_result_headers(const interim_result *result, size_t *count)
{
    *count = result->field_count;
    return result->fields;
}

const interim_field *interim_result_trailers(const interim_result *result, size_t *count)
{
    *count = result->trailer_count;
    return result->trailers;
}

const interim_message *interim_result_accepted(const interim_result *result)
{
    return interim__message_view(result->accepted);
}

const interim_message *interim_result_monitor(const interim_result *result)
{
    return interim__result_monitor((interim_result *)result); /* see there: made when asked for */
}

const interim_problem *interim_result_problem(const interim_result *result)
{
    const interim__problem *problem = result->problem;

    return problem == NULL || problem->view.size == 0 ? NULL : &problem->view;
}

const void *interim_result_body(const interim_result *result, size_t *size)
{
    if (size != NULL)
        *size = result->body.length;
    return result->body.data == NULL ? "" : result->body.data;
}

size_t interim_result_interim_count(const interim_result *result)
{
    return result->timing.interim_count;
}

const interim_event *interim_result_interim(const interim_result *result, size_t i)
{
    return interim__history_at(&result->history, i);
}

const interim_timing *interim_result_timing(const interim_result *result)
{
    return &result->timing;
}

void interim_result_free(interim_result *result)
{
    interim__result_free(result);
}
