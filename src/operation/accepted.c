/* accepted.c - see accepted.h. */
#include "operation/accepted.h"

#include "base/error.h"
#include "operation/delay.h"
#include "operation/follow.h"
#include "operation/patience.h"

#include <stdlib.h>

#define GRACE_NS (15 * INT64_C(1000000000)) /* for a monitor that is not there yet */
#define GRACE_POLLS 4
#define OUTAGE_POLLS 10
#define SERVER_ERRORS 3 /* the third 500 in a row is the job's end */

static void schedule(interim__accepted *job, const interim__fields *fields, int64_t now,
                     int64_t wall)
{
    const interim_polling *polling = &job->request->polling;
    int64_t asked = fields == NULL ? -1 : interim__delay_asked_ms(fields, wall);
    int64_t delay;

    if (asked >= 0)
        delay = interim__delay_spread_ms(asked, polling->min_ms, polling->max_ms, job->random);
    else
        delay = interim__delay_backoff_ms(polling->first_ms, job->backoff, job->random);
    if (job->backoff < UINT16_MAX)
        job->backoff++;
    job->poll_at = now + delay * INTERIM__NS_PER_MS;
    /* When the server asks us to come back too late, we come once more at the very end. */
    if (job->poll_at > job->deadline)
        job->poll_at = job->deadline;
}

static interim__accepted *allocate(const interim__answer *answer, uint64_t *random, int64_t now)
{
    interim__accepted *job = calloc(1, sizeof *job);

    if (job == NULL)
        return NULL;
    job->request = answer->request;
    job->random = random;
    job->since = now;
    job->deadline = answer->request->polling.deadline_ms == INTERIM_FOREVER
                        ? INTERIM__FAR
                        : now + answer->request->polling.deadline_ms * INTERIM__NS_PER_MS;
    job->seen = answer->progress;
    job->latched = answer->document.word == INTERIM__WORD_RUNNING;
    job->note = "";
    job->url = interim__uri_redacted(answer->uri, false);
    if (job->url == NULL) {
        free(job);
        return NULL;
    }
    return job;
}

interim__accepted *interim__accepted_new(const interim__answer *answer, interim_field *fields,
                                         interim__buffer *body, uint64_t *random, int64_t now,
                                         int64_t wall, const char **refusal, int *failed)
{
    interim__naming naming;
    const interim__dialect *dialect = interim__dialect_find(&naming, answer);
    interim__uri monitor = {0};
    interim__accepted *job;

    *failed = 0;
    *refusal = dialect == NULL ? "it names no monitor" : naming.refusal;
    if (*refusal != NULL)
        return NULL;
    *failed =
        interim__follow_resolve(&monitor, answer->request, answer->uri, naming.monitor, refusal);
    if (*failed == INTERIM_EURL) {
        *failed = 0;
        return NULL;
    }
    job = *failed < 0 ? NULL : allocate(answer, random, now);
    if (job == NULL) {
        interim__uri_dispose(&monitor);
        *failed = INTERIM_ENOMEM;
        return NULL;
    }
    job->dialect = dialect;
    job->monitor = monitor;
    job->status = answer->status;
    job->fields = fields;
    job->field_count = answer->fields.count;
    job->body = *body;
    *body = (interim__buffer){0};
    schedule(job, &answer->fields, now, wall);
    return job;
}

void interim__accepted_free(interim__accepted *job)
{
    if (job == NULL)
        return;
    interim__uri_dispose(&job->monitor);
    interim__uri_dispose(&job->current);
    interim__buffer_dispose(&job->body);
    free(job->fields);
    free(job->url);
    free(job);
}

int interim__accepted_ask(interim__accepted *job)
{
    interim__uri_dispose(&job->current);
    job->polls++;
    job->redirects = 0;
    return interim__uri_copy(&job->current, &job->monitor);
}

static interim__poll_outcome stop(interim_error *error, int code, const char *text, int status)
{
    interim__error_set(error, code, INTERIM_STAGE_WAIT, "the monitor answered %d%s", status, text);
    error->status = status;
    return INTERIM__POLL_STOP;
}

static interim__poll_outcome again(interim__accepted *job, const interim__answer *answer,
                                   int64_t now, int64_t wall, const char *note)
{
    job->note = note;
    schedule(job, answer == NULL ? NULL : &answer->fields, now, wall);
    return INTERIM__POLL_AGAIN;
}

/* Refused, reset, overloaded: the monitor's trouble and not the job's. Both limits must have
 * passed, so that neither a quick refusal nor one long silence is the end. */
static interim__poll_outcome transient(interim__accepted *job, const interim__answer *answer,
                                       int64_t now, int64_t wall, interim_error *error)
{
    int64_t outage_ms = job->request->polling.outage_ms;

    job->server_errors = 0;
    if (job->failures++ == 0)
        job->outage_since = now;
    if (job->failures < OUTAGE_POLLS || (now - job->outage_since) / INTERIM__NS_PER_MS < outage_ms)
        return again(job, answer, now, wall, "out of reach");
    interim__error_set(error, INTERIM_EPOLL_UNREACHABLE, INTERIM_STAGE_WAIT,
                       "%u polls in a row failed during %lld s", job->failures,
                       (long long)((now - job->outage_since) / 1000000000));
    return INTERIM__POLL_STOP;
}

interim__poll_outcome interim__accepted_unanswered(interim__accepted *job, int64_t now,
                                                   interim_error *error)
{
    return transient(job, NULL, now, 0, error);
}

/* Right after a 202 the monitor may not be there yet; later it is gone, and nobody knows how the
 * job ended. */
static interim__poll_outcome missing(interim__accepted *job, const interim__answer *answer,
                                     int64_t now, int64_t wall, interim_error *error)
{
    job->server_errors = 0;
    job->not_found++;
    if (job->answers == 0 && (job->not_found < GRACE_POLLS || now - job->since < GRACE_NS))
        return again(job, answer, now, wall, "not there yet");
    return stop(error, INTERIM_EPOLL_GONE,
                job->answers > 0 ? " after it had told the state of the job"
                                 : " from the beginning on",
                answer->status);
}

static interim__poll_outcome redirected(interim__accepted *job, const interim__answer *answer,
                                        int64_t now, int64_t wall, interim_error *error)
{
    const interim_field *location = interim__fields_next(&answer->fields, "location", NULL);
    const char *problem = "there is no Location";
    interim__uri to = {0};
    int failed = INTERIM_EURL;

    if (location != NULL)
        failed = interim__follow_resolve(&to, job->request, &job->current, location, &problem);
    if (failed == INTERIM_ENOMEM)
        return transient(job, answer, now, wall, error);
    if (failed < 0) {
        interim__error_set(error, INTERIM_EPOLL_REDIRECT, INTERIM_STAGE_WAIT,
                           "the monitor answered %d and %s", answer->status, problem);
        return INTERIM__POLL_STOP;
    }
    if (answer->status != 303 && (job->redirects++ == INTERIM__POLL_REDIRECTS_MAX ||
                                  interim__uri_equal(&to, &job->current))) {
        interim__uri_dispose(&to);
        return stop(error, INTERIM_EPOLL_REDIRECT, " once more: the redirects do not end",
                    answer->status);
    }
    interim__uri_dispose(&job->current);
    job->current = to;
    /* 301 and 308 are for good; if there is no memory for that, the next poll is redirected again.
     */
    if (answer->status == 301 || answer->status == 308) {
        interim__uri kept = {0};

        if (interim__uri_copy(&kept, &to) == 0) {
            interim__uri_dispose(&job->monitor);
            job->monitor = kept;
        }
    }
    job->note = answer->status == 303 ? "done, the result is elsewhere" : "moved";
    return answer->status == 303 ? INTERIM__POLL_ELSEWHERE : INTERIM__POLL_MOVED;
}

/* A running monitor may move with each answer; a move that cannot be followed is ignored, the old
 * URL may still answer. */
static void move(interim__accepted *job, const interim__answer *answer)
{
    const interim_field *location =
        interim__fields_next(&answer->fields, job->dialect->moves_by, NULL);
    interim__uri to = {0};
    const char *problem;

    if (location == NULL || location->value_length == 0 ||
        interim__follow_resolve(&to, job->request, &job->current, location, &problem) < 0)
        return;
    interim__uri_dispose(&job->monitor);
    job->monitor = to;
}

static void note_progress(interim__accepted *job, const interim__progress *progress)
{
    if (progress->percent != job->seen.percent || progress->done != job->seen.done)
        job->backoff = 0;
    job->seen = *progress;
}

/* The monitor told the state of the job: a 2xx, or a status document with another code. */
static interim__poll_outcome told(interim__accepted *job, const interim__answer *answer,
                                  int64_t now, int64_t wall)
{
    int effective = interim__dialect_effective_status(answer);
    interim__verdict verdict;

    job->answers++;
    job->failures = job->not_found = job->server_errors = 0;
    if (effective >= 400 && answer->status < 300) {
        job->note = "failed";
        return INTERIM__POLL_FAILED;
    }
    verdict = job->dialect->judge(answer, &job->latched);
    if (verdict == INTERIM__VERDICT_RUNNING) {
        note_progress(job, &answer->progress);
        move(job, answer);
        return again(job, answer, now, wall, "running");
    }
    job->note = verdict == INTERIM__VERDICT_DONE ? "done" : "failed";
    return verdict == INTERIM__VERDICT_DONE ? INTERIM__POLL_DONE : INTERIM__POLL_FAILED;
}

/* Some services answer 500 with a status document, some once in a while with nothing. */
static interim__poll_outcome server_error(interim__accepted *job, const interim__answer *answer,
                                          int64_t now, int64_t wall)
{
    if (answer->document.word != INTERIM__WORD_NONE &&
        (answer->document.corroborated || job->latched) &&
        job->request->polling.mode != INTERIM_POLL_STRICT)
        return told(job, answer, now, wall);
    if (++job->server_errors < SERVER_ERRORS)
        return again(job, answer, now, wall, "answered 500");
    job->note = "failed";
    return INTERIM__POLL_FAILED;
}

static bool is_transient(int status)
{
    return status == 408 || status == 425 || status == 429 || (status >= 502 && status <= 504);
}

static bool is_no_monitor(const interim__accepted *job, int status)
{
    return job->answers == 0 && (status == 405 || status == 406 || status == 501);
}

interim__poll_outcome interim__accepted_answered(interim__accepted *job,
                                                 const interim__answer *answer, int64_t now,
                                                 int64_t wall, interim_error *error)
{
    int status = answer->status;

    if (status >= 200 && status < 300)
        return told(job, answer, now, wall);
    if (status == 401 || status == 407)
        return stop(error, INTERIM_EPOLL_AUTH, "; the job goes on", status);
    if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308)
        return redirected(job, answer, now, wall, error);
    if (status < 400)
        return stop(error, INTERIM_EPOLL_REDIRECT, ", which tells nothing of the job", status);
    if (status == 404 || status == 410)
        return missing(job, answer, now, wall, error);
    if (is_transient(status))
        return transient(job, answer, now, wall, error);
    if (status == 500)
        return server_error(job, answer, now, wall);
    if (is_no_monitor(job, status)) {
        job->note = "not a monitor";
        return INTERIM__POLL_NO_MONITOR;
    }
    job->note = "failed";
    return INTERIM__POLL_FAILED;
}

bool interim__accepted_is_last_by_status(const interim__accepted *job,
                                         const interim__answer *answer)
{
    int status = answer->status;

    if (status < 300)
        return interim__dialect_effective_status(answer) != 202;
    if (status == 500)
        return job->server_errors + 1 >= SERVER_ERRORS;
    return status >= 400 && status != 401 && status != 404 && status != 407 && status != 410 &&
           !is_transient(status) && !is_no_monitor(job, status);
}
