/* dialect.c - see dialect.h. A dialect is added by its functions and a row. */
#include "operation/dialect.h"

#include "base/text.h"
#include "operation/guards.h"

#include <string.h>

static interim__naming nothing(void)
{
    return (interim__naming){0};
}

static interim__naming by_field(const interim_field *field)
{
    return field == NULL ? nothing() : (interim__naming){field->value, field->value_length, NULL};
}

static const interim_field *find(const interim__answer *answer, const char *name)
{
    return interim__fields_next(&answer->fields, name, NULL);
}

const interim_field *interim__dialect_field(const interim__dialect *dialect,
                                            const interim__answer *answer)
{
    return interim__fields_get(&answer->fields, dialect->field, dialect->field_length, NULL);
}

/* ---- what a 2xx of a monitor means ---- */

static bool is_terminal(interim__word word)
{
    return word == INTERIM__WORD_GOOD || word == INTERIM__WORD_BAD;
}

/* The status code and nothing else. */
static interim__verdict judge_status(const interim__answer *poll, int status, bool *latched)
{
    (void)poll, (void)latched;
    return status == 202 ? INTERIM__VERDICT_RUNNING : INTERIM__VERDICT_DONE;
}

/* The status code is believed first, and the body as a second opinion: some services answer 200
 * with "running", some 202 with "completed". */
static interim__verdict judge_generic(const interim__answer *poll, int status, bool *latched)
{
    const interim__document *document = &poll->document;
    bool strict = poll->request->polling.mode == INTERIM_POLL_STRICT;

    if (strict || document->word == INTERIM__WORD_NONE ||
        !(*latched || document->corroborated || find(poll, "retry-after") != NULL ||
          (document->word == INTERIM__WORD_BAD && document->has_error)))
        return judge_status(poll, status, latched);
    /* A state that nobody knows is believed to be "running" only where states were seen before. */
    if (document->word == INTERIM__WORD_UNKNOWN)
        return status == 202 || *latched ? INTERIM__VERDICT_RUNNING : INTERIM__VERDICT_DONE;
    *latched = true;
    if (!is_terminal(document->word))
        return INTERIM__VERDICT_RUNNING;
    return document->word == INTERIM__WORD_GOOD ? INTERIM__VERDICT_DONE : INTERIM__VERDICT_FAILED;
}

/* The monitor always answers with a document, and only its words count. Which words mean "not
 * finished" is each service's own affair: there are dozens. */
static interim__verdict judge_document(const interim__answer *poll, int status, bool *latched)
{
    const interim__document *document = &poll->document;

    (void)status;
    *latched = true;
    if (document->word == INTERIM__WORD_GOOD)
        return INTERIM__VERDICT_DONE;
    if (document->word == INTERIM__WORD_BAD)
        return INTERIM__VERDICT_FAILED;
    return document->word == INTERIM__WORD_NONE ? INTERIM__VERDICT_UNCLEAR
                                                : INTERIM__VERDICT_RUNNING;
}

/* Azure Automation ends with an empty 200. */
static interim__verdict judge_azure(const interim__answer *poll, int status, bool *latched)
{
    if (poll->document.is_empty)
        return judge_status(poll, status, latched);
    return judge_document(poll, status, latched);
}

/* x-ms-copy-status: pending, success, aborted, failed. */
static interim__verdict judge_target(const interim__answer *poll, int status, bool *latched)
{
    const interim_field *state = find(poll, "x-ms-copy-status");

    (void)status, (void)latched;
    if (state == NULL)
        return INTERIM__VERDICT_UNCLEAR;
    if (interim__text_equal(state->value, "pending"))
        return INTERIM__VERDICT_RUNNING;
    return interim__text_equal(state->value, "success") ? INTERIM__VERDICT_DONE
                                                        : INTERIM__VERDICT_FAILED;
}

/* ---- which response begins a job ---- */

static interim__naming names_by_field(const interim__dialect *dialect, const interim__answer *first)
{
    return by_field(interim__dialect_field(dialect, first));
}

/* Azure: also a 200 or 201 that is not yet the end of it, but not a 200 to PATCH. */
static interim__naming names_azure(const interim__dialect *dialect, const interim__answer *first)
{
    if (first->status == 200 && strcmp(first->request->method, "PATCH") == 0)
        return nothing();
    return names_by_field(dialect, first);
}

static interim__naming names_generic(const interim__dialect *dialect, const interim__answer *first)
{
    const interim_field *location = interim__dialect_field(dialect, first);
    interim__naming naming = by_field(location);

    if (location != NULL)
        naming.refusal = interim__guards_refusal(first, location);
    return naming;
}

/* FHIR: Content-Location has another meaning everywhere else (RFC 9110 section 8.7), so only a
 * request that asked to be answered later is understood. */
static interim__naming names_fhir(const interim__dialect *dialect, const interim__answer *first)
{
    const interim_field *prefer = interim__fields_next(&first->request->fields, "prefer", NULL);
    bool asked = (first->request->polling.flags & INTERIM_POLL_PREFER_ASYNC) != 0;

    if (prefer != NULL)
        asked = strstr(prefer->value, "respond-async") != NULL;
    return asked ? names_by_field(dialect, first) : nothing();
}

static interim__naming names_created(const interim__dialect *dialect, const interim__answer *first)
{
    return first->document.word == INTERIM__WORD_RUNNING ? names_by_field(dialect, first)
                                                         : nothing();
}

/* Its monitor was learnt from an interim. */
static interim__naming names_nothing(const interim__dialect *dialect, const interim__answer *first)
{
    (void)dialect, (void)first;
    return nothing();
}

static interim__naming names_itself(const interim__answer *first)
{
    return (interim__naming){first->uri->text, strlen(first->uri->text), NULL};
}

static interim__naming names_target(const interim__dialect *dialect, const interim__answer *first)
{
    const interim_field *state = find(first, "x-ms-copy-status");

    (void)dialect;
    return state != NULL && interim__text_equal(state->value, "pending") ? names_itself(first)
                                                                         : nothing();
}

static interim__naming names_link(const interim__dialect *dialect, const interim__answer *first)
{
    const char *link = first->document.link;

    (void)dialect;
    return link == NULL ? nothing() : (interim__naming){link, strlen(link), NULL};
}

static interim__naming names_same_url(const interim__dialect *dialect, const interim__answer *first)
{
    const char *method = first->request->method;
    bool wanted = (first->request->polling.flags & INTERIM_POLL_SAME_URL) != 0 ||
                  find(first, "retry-after") != NULL;

    (void)dialect;
    if (!wanted || (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0))
        return nothing();
    return names_itself(first);
}

/* ---- the table: the first row that knows a response has it ---- */

#define FIELD(name) .field = name, .field_length = sizeof name - 1

static const interim__dialect dialects[] = {
    {.name = "operation-location",
     FIELD("operation-location"),
     .reads_bodies = true,
     .may_end_at_once = true,
     .has_result = true,
     .names = names_azure,
     .judge = judge_azure},
    {.name = "azure-asyncoperation",
     FIELD("azure-asyncoperation"),
     .reads_bodies = true,
     .may_end_at_once = true,
     .has_result = true,
     .names = names_azure,
     .judge = judge_azure},
    {.name = "lazyops", /* ownCloud */
     .status = 202,
     FIELD("oc-jobstatus-location"),
     .reads_bodies = true,
     .names = names_by_field,
     .judge = judge_document},
    {.name = "generic",
     .status = 202,
     FIELD("location"),
     .names = names_generic,
     .judge = judge_generic},
    {.name = "fhir",
     .status = 202,
     FIELD("content-location"),
     .deletes = true,
     .names = names_fhir,
     .judge = judge_status},
    {.name = "created",
     .flag = INTERIM_POLL_CREATED,
     .status = 201,
     FIELD("location"),
     .reads_bodies = true,
     .begins_in_body = true,
     .deletes = true,
     .names = names_created,
     .judge = judge_generic},
    {.name = "target",
     .flag = INTERIM_POLL_TARGET,
     .status = 202,
     .method = "HEAD",
     .names = names_target,
     .judge = judge_target},
    {.name = "link",
     .flag = INTERIM_POLL_LINK,
     .status = 202,
     .reads_bodies = true,
     .begins_in_body = true,
     .names = names_link,
     .judge = judge_generic},
    {.name = "same-url",
     .status = 202,
     .repeats = true,
     .names = names_same_url,
     .judge = judge_status},
    {.name = "interim",
     .flag = INTERIM_POLL_INTERIM,
     .status = 102,
     FIELD("location"),
     .names = names_nothing,
     .judge = judge_generic},
};

#define COUNT (sizeof dialects / sizeof *dialects)

static bool is_looked_for(const interim__dialect *dialect, const interim__answer *first)
{
    const interim_polling *polling = &first->request->polling;
    bool begins = dialect->status == 0 ? first->status >= 200 && first->status <= 202
                                       : first->status == dialect->status;

    if (!begins)
        return false;
    if (dialect->flag != 0 && (polling->flags & dialect->flag) == 0)
        return false;
    return polling->mode != INTERIM_POLL_OFF &&
           (!dialect->reads_bodies || polling->mode != INTERIM_POLL_STRICT);
}

const interim__dialect *interim__dialect_find(interim__naming *naming, const interim__answer *first)
{
    if (first->asked && !first->document.is_object) {
        *naming = first->naming;
        return first->dialect;
    }
    for (size_t i = 0; i < COUNT; i++) {
        if (!is_looked_for(&dialects[i], first))
            continue;
        *naming = dialects[i].names(&dialects[i], first);
        if (naming->monitor != NULL)
            return &dialects[i];
    }
    *naming = nothing();
    return NULL;
}

bool interim__dialect_may_begin(interim__answer *first)
{
    if (first->status < 200 || first->status > 202 ||
        first->request->polling.mode == INTERIM_POLL_OFF)
        return false;
    first->dialect = interim__dialect_find(&first->naming, first);
    first->asked = first->naming.refusal != interim__guards_no_memory;
    if (first->dialect != NULL)
        return first->naming.refusal == NULL || !first->asked;
    for (size_t i = 0; i < COUNT; i++)
        if (dialects[i].begins_in_body && is_looked_for(&dialects[i], first) &&
            (dialects[i].field == NULL || interim__dialect_field(&dialects[i], first) != NULL))
            return true;
    return false;
}

const interim__dialect *interim__dialect_named(const char *name, size_t length)
{
    for (size_t i = 0; i < COUNT; i++)
        if (interim__text_is(name, length, dialects[i].name))
            return &dialects[i];
    return NULL;
}

/* "AsyncResult: 200" or "AsyncResult: 200 OK", a value ends with NUL; 0 if it is no status. */
static int status_in(const interim_field *field)
{
    int64_t status;

    if (field == NULL || field->value_length < 3 ||
        (field->value[3] != '\0' && field->value[3] != ' ') ||
        !interim__text_decimal(&status, field->value, 3, NULL) || status < 200 || status > 599)
        return 0;
    return (int)status;
}

int interim__dialect_effective_status(const interim__answer *poll)
{
    int status = poll->embedded;

    if (status == 0)
        status = status_in(interim__fields_next(&poll->fields, "asyncresult", NULL));
    if (status == 0)
        status = status_in(interim__fields_next(&poll->fields, "x-export-status", NULL));
    if (status == 0)
        status = status_in(interim__fields_next(&poll->fields, "status-uri", NULL));
    return status == 0 ? poll->status : status;
}
