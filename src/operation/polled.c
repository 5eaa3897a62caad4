/* polled.c - what an answer of a monitor comes to, or the lack of one: see accepted.h. */
#include "operation/accepted_parts.h"

#include "base/error.h"
#include "operation/follow.h"
#include "operation/patience.h"

#include <string.h>

#define GRACE_NS (15 * INT64_C(1000000000)) /* for a monitor that is not there yet */
#define GRACE_POLLS 4
#define OUTAGE_POLLS 10
#define OUTAGE_MS 300000
#define OUTAGE_REDFISH_MS 1800000 /* a controller that restarts with new firmware */
#define SERVER_ERRORS 3           /* the third 500 in a row is the job's end */

static interim__poll_outcome stop(interim__accepted *job, interim_error *error, int code,
                                  const char *text, int status)
{
    job->note = code == INTERIM_EPOLL_GONE   ? "gone"
                : code == INTERIM_EPOLL_AUTH ? "refused"
                                             : "lost in redirects";
    interim__error_set(error, code, INTERIM_STAGE_WAIT, "the monitor answered %d%s", status, text);
    error->status = status;
    return INTERIM__POLL_STOP;
}

static interim__poll_outcome again(interim__accepted *job, const interim__answer *answer,
                                   int64_t now, int64_t wall, const char *note)
{
    job->note = note;
    interim__accepted_schedule(job, answer == NULL ? NULL : &answer->fields, now, wall);
    return INTERIM__POLL_AGAIN;
}

static int64_t outage_limit_ms(const interim__accepted *job)
{
    int64_t limit = job->request->polling.outage_ms;

    if (limit != 0)
        return limit;
    return job->is_redfish ? OUTAGE_REDFISH_MS : OUTAGE_MS;
}

/* Refused, reset, overloaded: the monitor's trouble and not the job's. Both limits must have
 * passed, so that neither a quick refusal nor one long silence is the end. */
static interim__poll_outcome transient(interim__accepted *job, const interim__answer *answer,
                                       int64_t now, int64_t wall, interim_error *error)
{
    int code = job->unclear ? INTERIM_EPOLL_DOCUMENT : INTERIM_EPOLL_UNREACHABLE;

    job->server_errors = 0;
    if (job->failures++ == 0)
        job->outage_since = now;
    if (job->failures < OUTAGE_POLLS ||
        (now - job->outage_since) / INTERIM__NS_PER_MS < outage_limit_ms(job))
        return again(job, answer, now, wall, job->unclear ? "no status document" : "out of reach");
    interim__error_set(error, code, INTERIM_STAGE_WAIT, "%u polls in a row failed during %lld s",
                       job->failures, (long long)((now - job->outage_since) / 1000000000));
    return INTERIM__POLL_STOP;
}

/* The monitor has said its last word; a Redfish Task knows better how the job ended, since
 * OpenBMC's monitor answers 204 once, whatever happened, and 404 after that. */
static interim__poll_outcome verify(interim__accepted *job, int status, int64_t now)
{
    bool gone = status >= 400;

    interim__accepted_move_to(job, job->task);
    job->task = NULL;
    job->verifying = true;
    job->gone = gone;
    job->said_little = status == 204;
    job->poll_at = now;
    job->note = gone ? "gone, its Task is asked" : "over, its Task is asked";
    return INTERIM__POLL_VERIFY;
}

static bool has_task(const interim__accepted *job)
{
    return job->task != NULL && !job->verifying && !interim__uri_equal(job->task, job->current);
}

interim__poll_outcome interim__accepted_unanswered(interim__accepted *job, int64_t now,
                                                   interim_error *error)
{
    job->unclear = false;
    return transient(job, NULL, now, 0, error);
}

/* Right after a 202 the monitor may not be there yet; later it is gone, and nobody knows how the
 * job ended. */
static interim__poll_outcome missing(interim__accepted *job, const interim__answer *answer,
                                     int64_t now, int64_t wall, interim_error *error)
{
    job->server_errors = 0;
    if (job->cancelling) {
        job->note = "gone, as was asked for";
        return INTERIM__POLL_CANCELLED;
    }
    job->not_found++;
    if (job->answers == 0 && (job->not_found < GRACE_POLLS || now - job->since < GRACE_NS))
        return again(job, answer, now, wall, "not there yet");
    if (has_task(job) && job->answers > 0)
        return verify(job, answer->status, now);
    return stop(job, error, INTERIM_EPOLL_GONE,
                job->answers > 0 ? " after it had told the state of the job"
                                 : " from the beginning on",
                answer->status);
}

static interim__poll_outcome redirected(interim__accepted *job, const interim__answer *answer,
                                        int64_t now, int64_t wall, interim_error *error)
{
    const interim_field *location = interim__fields_next(&answer->fields, "location", NULL);
    const char *problem = "there is no Location";
    interim__uri *to = NULL;
    int failed = INTERIM_EURL;

    if (location != NULL)
        failed = interim__follow_monitor(&to, job->request, job->current, location, &problem);
    if (failed == INTERIM_ENOMEM)
        return transient(job, answer, now, wall, error);
    if (failed < 0) {
        interim__error_set(error, INTERIM_EPOLL_REDIRECT, INTERIM_STAGE_WAIT,
                           "the monitor answered %d and %s", answer->status, problem);
        job->note = "lost in redirects";
        return INTERIM__POLL_STOP;
    }
    if (answer->status != 303 &&
        (job->redirects++ == INTERIM__POLL_REDIRECTS_MAX || interim__uri_equal(to, job->current))) {
        interim__uri_dispose(&to);
        return stop(job, error, INTERIM_EPOLL_REDIRECT, " once more: the redirects do not end",
                    answer->status);
    }
    interim__uri_dispose(&job->current);
    job->current = to;
    if (answer->status == 301 || answer->status == 308) /* for good */
        interim__accepted_move_to(job, interim__uri_share(to));
    job->note = answer->status == 303 ? "done, the result is elsewhere" : "moved";
    return answer->status == 303 ? INTERIM__POLL_ELSEWHERE : INTERIM__POLL_MOVED;
}

/* Most monitors name themselves again with each answer: a URL that is written as ours is, or a path
 * of the origin that was asked, needs no resolving. */
static bool stays(const interim__accepted *job, const interim_field *location)
{
    if (location->value[0] != '/')
        return strcmp(location->value, job->monitor->text) == 0;
    return location->value[1] != '/' && strcmp(location->value, job->monitor->target) == 0 &&
           interim__uri_same_origin(job->monitor, job->current);
}

/* A running monitor may move with each answer; a move that cannot be followed is ignored, the old
 * URL may still answer. */
static void move(interim__accepted *job, const interim__answer *answer)
{
    const interim_field *location =
        job->dialect->field == NULL ? NULL : interim__dialect_field(job->dialect, answer);
    interim__uri *to = NULL;
    const char *problem;

    if (location == NULL || location->value_length == 0 || stays(job, location) ||
        interim__follow_monitor(&to, job->request, job->current, location, &problem) < 0)
        return;
    interim__accepted_move_to(job, to);
}

static void note_progress(interim__accepted *job, const interim__progress *progress)
{
    if (progress->percent != job->seen.percent || progress->done != job->seen.done)
        job->backoff = 0;
    job->seen = *progress;
}

static interim__poll_outcome running(interim__accepted *job, const interim__answer *answer,
                                     int64_t now, int64_t wall)
{
    const char *task = answer->document.task;

    note_progress(job, &answer->progress);
    interim__accepted_note_abilities(job, answer);
    move(job, answer);
    /* Some controllers name the Task only now. */
    if (task != NULL && job->task == NULL && !job->is_redfish) {
        interim__accepted_take_reference(&job->task, answer, task, strlen(task));
        job->is_redfish = true;
    }
    return again(job, answer, now, wall, "running");
}

/* Microsoft Fabric: once the job is done, Location is no longer its state but its result. */
static void take_fabric_result(interim__uri **out, const interim__accepted *job,
                               const interim__answer *answer)
{
    const interim_field *id = interim__fields_next(&answer->fields, "x-ms-operation-id", NULL);
    const interim_field *location = interim__fields_next(&answer->fields, "location", NULL);

    if (id == NULL || location == NULL)
        return;
    interim__accepted_take_reference(out, answer, location->value, location->value_length);
    if (*out != NULL && strcmp((*out)->text, job->monitor->text) == 0)
        interim__uri_dispose(out); /* this one has no result */
}

/* The job is done, and its result here or elsewhere. */
static interim__poll_outcome done(interim__accepted *job, const interim__answer *answer,
                                  int64_t now)
{
    const char *resource = answer->document.resource;
    interim__uri *place = NULL;

    if (has_task(job))
        return verify(job, answer->status, now);
    job->note = "done";
    if (resource != NULL && job->latched)
        interim__accepted_take_reference(&place, answer, resource, strlen(resource));
    else if (job->result != NULL)
        place = interim__uri_share(job->result);
    else if (job->latched)
        take_fabric_result(&place, job, answer);
    if (place == NULL) /* none, or no memory for it: the job is done all the same */
        return INTERIM__POLL_DONE;
    interim__uri_dispose(&job->current);
    job->current = place;
    return INTERIM__POLL_ELSEWHERE;
}

static interim__poll_outcome failed(interim__accepted *job)
{
    job->note = "failed";
    return INTERIM__POLL_FAILED;
}

/* The monitor told the state of the job: a 2xx, or a status document with another code. */
static interim__poll_outcome told(interim__accepted *job, const interim__answer *answer,
                                  int64_t now, int64_t wall, interim_error *error)
{
    int effective = interim__dialect_effective_status(answer);
    interim__verdict verdict = INTERIM__VERDICT_FAILED;

    if (effective < 400 || answer->status >= 300)
        verdict = job->dialect->judge(answer, effective, &job->latched);
    if (verdict == INTERIM__VERDICT_UNCLEAR) {
        job->unclear = true;
        return transient(job, answer, now, wall, error);
    }
    job->answers++;
    job->failures = job->not_found = job->server_errors = 0;
    job->unclear = false;
    if (verdict == INTERIM__VERDICT_RUNNING)
        return running(job, answer, now, wall);
    if (verdict == INTERIM__VERDICT_DONE)
        return done(job, answer, now);
    if (!job->cancelling || !answer->document.is_cancelled)
        return failed(job);
    job->note = "cancelled";
    return INTERIM__POLL_CANCELLED;
}

/* The Task does not tell. What the monitor said counts then, if it said anything: a 204 is nothing,
 * see verify. */
static interim__poll_outcome unverified(interim__accepted *job, const interim__answer *answer,
                                        interim_error *error)
{
    if (job->gone)
        return stop(job, error, INTERIM_EPOLL_GONE, ", and its Task does not tell how it ended",
                    answer->status);
    if (job->said_little) {
        job->note = "over, and its Task does not tell how";
        interim__error_set(error, INTERIM_EPOLL_GONE, INTERIM_STAGE_WAIT,
                           "it had answered 204, and its Task answers %d", answer->status);
        return INTERIM__POLL_STOP;
    }
    job->note = "done, but its Task does not tell";
    return INTERIM__POLL_DONE;
}

static interim__poll_outcome verified(interim__accepted *job, const interim__answer *answer,
                                      int64_t now, int64_t wall, interim_error *error)
{
    switch (answer->document.word) {
    case INTERIM__WORD_NONE:
        return unverified(job, answer, error);
    case INTERIM__WORD_GOOD:
        job->note = "done";
        return INTERIM__POLL_DONE;
    case INTERIM__WORD_BAD:
        return failed(job);
    default: /* from here on the Task is the monitor */
        job->verifying = job->gone = false;
        job->latched = true;
        job->failures = 0;
        return running(job, answer, now, wall);
    }
}

/* Some services answer 500 with a status document, some once in a while with nothing. */
static interim__poll_outcome server_error(interim__accepted *job, const interim__answer *answer,
                                          int64_t now, int64_t wall, interim_error *error)
{
    if (answer->document.word != INTERIM__WORD_NONE &&
        (answer->document.corroborated || job->latched) &&
        job->request->polling.mode != INTERIM_POLL_STRICT)
        return told(job, answer, now, wall, error);
    if (++job->server_errors < SERVER_ERRORS)
        return again(job, answer, now, wall, "answered 500");
    return failed(job);
}

static bool is_transient(const interim__answer *answer)
{
    int status = answer->status;

    return answer->document.transient || status == 408 || status == 425 || status == 429 ||
           (status >= 502 && status <= 504);
}

static bool is_no_monitor(const interim__accepted *job, int status)
{
    return job->answers == 0 && (status == 405 || status == 406 || status == 501);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static interim__poll_outcome answered_by_task(interim__accepted *job, const interim__answer *answer,
                                              int64_t now, int64_t wall, interim_error *error)
{
    if (answer->status >= 200 && answer->status < 300)
        return verified(job, answer, now, wall, error);
    if (is_redirect(answer->status))
        return redirected(job, answer, now, wall, error);
    if (is_transient(answer))
        return transient(job, answer, now, wall, error);
    return unverified(job, answer, error);
}

/* What the caller makes of an answer goes before everything. */
static interim__poll_outcome answered_by_caller(interim__accepted *job,
                                                const interim__answer *answer,
                                                interim_poll_verdict verdict, int64_t now,
                                                int64_t wall)
{
    job->answers++;
    job->failures = job->not_found = job->server_errors = 0;
    if (verdict == INTERIM_POLL_VERDICT_RUNNING)
        return running(job, answer, now, wall);
    if (verdict == INTERIM_POLL_VERDICT_FAILED)
        return failed(job);
    job->note = "done";
    return INTERIM__POLL_DONE;
}

interim__poll_outcome interim__accepted_answered(interim__accepted *job,
                                                 const interim__answer *answer,
                                                 interim_poll_verdict verdict, int64_t now,
                                                 int64_t wall, interim_error *error)
{
    int status = answer->status;

    if (verdict != INTERIM_POLL_VERDICT_DEFAULT)
        return answered_by_caller(job, answer, verdict, now, wall);
    if (job->verifying)
        return answered_by_task(job, answer, now, wall, error);
    if (status >= 200 && status < 300)
        return told(job, answer, now, wall, error);
    job->unclear = false;
    if (status == 401 || status == 407)
        return stop(job, error, INTERIM_EPOLL_AUTH, "", status);
    if (is_redirect(status))
        return redirected(job, answer, now, wall, error);
    if (status < 400)
        return stop(job, error, INTERIM_EPOLL_REDIRECT, ", which tells nothing of the job", status);
    if (status == 404 || status == 410)
        return missing(job, answer, now, wall, error);
    if (is_transient(answer))
        return transient(job, answer, now, wall, error);
    if (status == 500)
        return server_error(job, answer, now, wall, error);
    if (is_no_monitor(job, status)) {
        job->note = "not a monitor";
        return INTERIM__POLL_NO_MONITOR;
    }
    return failed(job);
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
           !is_transient(answer) && !is_no_monitor(job, status);
}
