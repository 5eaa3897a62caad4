/* accepted.c - see accepted.h. */
#include "operation/accepted_parts.h"

#include "base/text.h"
#include "operation/delay.h"
#include "operation/follow.h"
#include "operation/patience.h"

#include <stdlib.h>
#include <string.h>

#define AT_ONCE_POLLS 100   /* after these nothing is at once any more ... */
#define AT_ONCE_THEN_MS 250 /* ... but after this */

/* An option that may be INTERIM_AT_ONCE. A server that always says "now" is not asked so for ever.
 */
static int64_t delay_ms(const interim__accepted *job, int64_t option)
{
    if (option != INTERIM_AT_ONCE)
        return option;
    if (job->polls < AT_ONCE_POLLS)
        return 0;
    return job->request->polling.max_ms < AT_ONCE_THEN_MS ? job->request->polling.max_ms
                                                          : AT_ONCE_THEN_MS;
}

void interim__accepted_schedule(interim__accepted *job, const interim__fields *fields, int64_t now,
                                int64_t wall)
{
    const interim_polling *polling = &job->request->polling;
    int64_t asked = fields == NULL ? -1 : interim__delay_asked_ms(fields, wall);
    int64_t first = delay_ms(job, polling->first_ms), delay;

    if (asked >= 0)
        delay = interim__delay_spread_ms(asked, delay_ms(job, polling->min_ms), polling->max_ms,
                                         job->random);
    else if (job->backoff == 0) /* many jobs that began together do not poll together */
        delay = interim__delay_spread_ms(first, 0, first, job->random);
    else
        delay = interim__delay_backoff_ms(first == 0 ? 1 : first, job->backoff, job->random);
    if (job->backoff < UINT16_MAX)
        job->backoff++;
    job->poll_at = now + delay * INTERIM__NS_PER_MS;
    /* When the server asks us to come back too late, we come once more at the very end. */
    if (job->poll_at > job->deadline)
        job->poll_at = job->deadline;
}

/* NULL when out of memory. */
static interim__accepted *make(const interim__dialect *dialect, const interim_request *request,
                               interim__uri **monitor, uint64_t *random, int64_t now)
{
    int64_t deadline_ms = request->polling.deadline_ms;
    interim__accepted *job = malloc(sizeof *job);

    if (job == NULL)
        return NULL;
    *job = (interim__accepted){.dialect = dialect,
                               .request = request,
                               .random = random,
                               .since = now,
                               .deadline = deadline_ms == INTERIM_FOREVER
                                               ? INTERIM__FAR
                                               : now + deadline_ms * INTERIM__NS_PER_MS,
                               .monitor = *monitor,
                               .note = ""};
    *monitor = NULL;
    interim__progress_init(&job->seen);
    return job;
}

interim__accepted *interim__accepted_known(const interim__dialect *dialect,
                                           const interim_request *request, interim__uri **monitor,
                                           uint64_t *random, int64_t now)
{
    interim__accepted *job = make(dialect, request, monitor, random, now);

    if (job != NULL)
        interim__accepted_schedule(job, NULL, now, 0);
    return job;
}

void interim__accepted_move_to(interim__accepted *job, interim__uri *monitor)
{
    interim__uri_dispose(&job->monitor);
    job->monitor = monitor;
    job->moved = true;
}

bool interim__accepted_take_reference(interim__uri **out, const interim__answer *answer,
                                      const char *text, size_t length)
{
    const interim_field reference = {.value = text, .value_length = length};
    const char *problem;

    return interim__follow_monitor(out, answer->request, answer->uri, &reference, &problem) !=
           INTERIM_ENOMEM;
}

/* Azure: where the result of a job will be, unless its documents say so: PUT and PATCH made the
 * resource that they named, POST tells by Location. False when out of memory. */
static bool take_result_place(interim__accepted *job, const interim__answer *answer)
{
    const char *method = job->request->method;
    const interim_field *location = interim__fields_next(&answer->fields, "location", NULL);

    if (!job->dialect->has_result)
        return true;
    if (strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0)
        job->result = interim__uri_share(job->request->uri);
    if (strcmp(method, "POST") != 0 || location == NULL)
        return true;
    return interim__accepted_take_reference(&job->result, answer, location->value,
                                            location->value_length);
}

static bool allows_delete(const interim__answer *answer)
{
    const interim_field *allow = interim__fields_next(&answer->fields, "allow", NULL);
    const char *list = allow == NULL ? "" : allow->value, *method;
    size_t left = allow == NULL ? 0 : allow->value_length, length;

    while (interim__text_next_element(&list, &left, &method, &length))
        if (interim__text_is(method, length, "delete"))
            return true;
    return false;
}

void interim__accepted_note_abilities(interim__accepted *job, const interim__answer *answer)
{
    if (job->dialect->deletes || answer->document.is_lxd || allows_delete(answer))
        job->can_cancel = true;
}

/* What the first answer tells beyond the monitor. False when out of memory. */
static bool take_first(interim__accepted *job, const interim__answer *answer)
{
    const char *task = answer->document.task;

    job->seen = answer->progress;
    /* A monitor that a document named answers with documents, and needs no other sign of it. */
    job->latched = job->dialect->begins_in_body || answer->document.word == INTERIM__WORD_RUNNING;
    job->is_redfish = task != NULL;
    interim__accepted_note_abilities(job, answer);
    if (task != NULL && !interim__accepted_take_reference(&job->task, answer, task, strlen(task)))
        return false;
    return take_result_place(job, answer);
}

interim__accepted *interim__accepted_new(const interim__answer *answer, uint64_t *random,
                                         int64_t now, int64_t wall, const char **refusal,
                                         int *failed)
{
    interim__naming naming;
    const interim__dialect *dialect = interim__dialect_find(&naming, answer);
    const interim_field reference = {.value = naming.monitor, .value_length = naming.length};
    interim__uri *monitor = NULL;
    interim__accepted *job;

    *failed = 0;
    *refusal = dialect == NULL ? "it names no monitor" : naming.refusal;
    if (*refusal != NULL)
        return NULL;
    *failed = interim__follow_monitor(&monitor, answer->request, answer->uri, &reference, refusal);
    if (*failed == INTERIM_EURL) {
        *failed = 0;
        return NULL;
    }
    if (*failed == 0) {
        job = make(dialect, answer->request, &monitor, random, now);
        if (job != NULL && take_first(job, answer)) {
            interim__accepted_schedule(job, &answer->fields, now, wall);
            return job;
        }
        interim__accepted_free(job);
        interim__uri_dispose(&monitor);
    }
    *failed = INTERIM_ENOMEM;
    return NULL;
}

void interim__accepted_free(interim__accepted *job)
{
    if (job == NULL)
        return;
    interim__uri_dispose(&job->monitor);
    interim__uri_dispose(&job->current);
    interim__uri_dispose(&job->result);
    interim__uri_dispose(&job->task);
    free(job);
}

const char *interim__accepted_method(const interim__accepted *job)
{
    if (job->dialect->repeats)
        return job->request->method;
    return job->dialect->method == NULL ? "GET" : job->dialect->method;
}

void interim__accepted_ask(interim__accepted *job)
{
    interim__uri_dispose(&job->current);
    job->polls++;
    job->redirects = 0;
    job->current = interim__uri_share(job->monitor);
}

void interim__accepted_cancel_answered(interim__accepted *job, int status, int64_t now)
{
    /* What is not there any more, or not known, may have been stopped. */
    job->cancelling = status < 400 || status == 404 || status == 410;
    job->backoff = 0;
    interim__accepted_schedule(job, NULL, now, 0);
}
