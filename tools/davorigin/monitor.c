/* The status resource of a job; monitor.h tells the concept. */
#include "monitor.h"

#include "answer.h"
#include "clock.h"
#include "reply.h"
#include "status.h"

#include <inttypes.h>
#include <string.h>

#define SPACE "/.davorigin"
#define JOBS SPACE "/jobs/"
#define ALLOW "Allow: GET, HEAD, DELETE, OPTIONS\r\n"
#define JSON "application/json"

/* A short tree is counted within this time; then the first document tells the total already. */
enum { COUNTING_MS = 50 };

bool monitor_owns(const char *target)
{
    size_t length = strlen(SPACE);

    return strncmp(target, SPACE, length) == 0 &&
           (target[length] == '/' || target[length] == '?' || target[length] == '\0');
}

static void write_progress(struct buffer *out, const struct progress_view *view)
{
    uint64_t percent = view->total ? view->done * 100 / view->total : 0;

    buffer_format(out, ",\"done\":%" PRIu64, view->done);
    if (view->total > 0)
        buffer_format(out, ",\"percentComplete\":%" PRIu64 ",\"total\":%" PRIu64, percent,
                      view->total);
}

/* Codes in the way of other such services: the reason phrase without its spaces. */
static void write_error(struct buffer *out, const char *code, const char *message)
{
    buffer_text(out, ",\"error\":{\"code\":\"");
    for (; *code; code++)
        if (*code != ' ' && *code != '-')
            buffer_append(out, code, 1);
    buffer_format(out, "\",\"message\":\"%s\"}", message);
}

/* Hrefs are percent-encoded and need no escaping. */
static void write_failures(struct buffer *out, const struct failures *failures)
{
    buffer_text(out, ",\"members\":[");
    for (size_t i = 0; i < failures->count; i++)
        buffer_format(out, "%s{\"href\":\"%s\",\"status\":%d}", i ? "," : "",
                      failures->items[i].href, failures->items[i].status);
    buffer_format(out, "],\"membersNotShown\":%zu", failures->dropped);
}

static bool has_succeeded(const struct job *job)
{
    return job->outcome.status == 201 || job->outcome.status == 204;
}

static void write_end(struct buffer *out, const struct job *job)
{
    const struct outcome *outcome = &job->outcome;

    if (outcome->status == 0) {
        write_error(out, "Cancelled", "the job was cancelled; what was done before stays");
        return;
    }
    buffer_format(out, ",\"result\":%d", outcome->status);
    if (has_succeeded(job)) {
        buffer_text(out, ",\"resource\":\"");
        path_encode(out, job->transfer.destination.text);
        buffer_text(out, "\"");
        return;
    }
    write_error(out, status_reason(outcome->status), status_explanation(outcome->status));
    if (outcome->status == 207)
        write_failures(out, &outcome->failures);
}

static void write_document(struct buffer *out, const struct job *job,
                           const struct progress_view *view)
{
    const char *status = "running";

    if (view->finished)
        status = has_succeeded(job) ? "succeeded" : job->outcome.status ? "failed" : "cancelled";
    buffer_format(out, "{\"status\":\"%s\"", status);
    write_progress(out, view);
    if (view->finished)
        write_end(out, job);
    buffer_text(out, "}\n");
}

static void reply_document(struct exchange *exchange, int status, const char *fields,
                           const struct job *job, const struct progress_view *view)
{
    struct buffer body = {0};

    write_document(&body, job, view);
    reply_buffer(exchange, status, fields, JSON, &body);
    buffer_free(&body);
}

void monitor_accept(struct exchange *exchange, struct job *job, bool asked)
{
    struct buffer fields = {0};
    struct progress_view view;

    progress_wait_total(&job->progress, clock_ms() + COUNTING_MS);
    view = progress_get(&job->progress);
    /* Also a job that has ended already is reported by its status resource: one way, not two. */
    view.finished = false;
    buffer_format(&fields,
                  "Location: " JOBS "%s\r\nRetry-After: %u\r\nCache-Control: no-store\r\n%s%s",
                  job->id, exchange->site->options->retry_after_s,
                  asked ? "Preference-Applied: respond-async\r\n" : "", ALLOW);
    if (fields.failed)
        reply_status(exchange, 503, NULL);
    else
        reply_document(exchange, 202, fields.data, job, &view);
    buffer_free(&fields);
}

static void get_running(struct exchange *exchange, const struct job *job,
                        const struct progress_view *view)
{
    struct buffer fields = {0};

    buffer_format(&fields, "Retry-After: %u\r\nCache-Control: no-store\r\n%s",
                  exchange->site->options->retry_after_s, ALLOW);
    reply_document(exchange, 202, fields.failed ? NULL : fields.data, job, view);
    buffer_free(&fields);
}

static void get_redirect(struct exchange *exchange, const struct job *job,
                         const struct progress_view *view)
{
    struct buffer fields = {0};

    buffer_text(&fields, "Cache-Control: no-store\r\nLocation: ");
    path_encode(&fields, job->transfer.destination.text);
    buffer_text(&fields, "\r\n");
    if (fields.failed)
        reply_status(exchange, 503, NULL);
    else
        reply_document(exchange, 303, fields.data, job, view);
    buffer_free(&fields);
}

static void get_job(struct exchange *exchange, struct job *job)
{
    struct progress_view view = progress_get(&job->progress);
    const char *fields = "Cache-Control: no-store\r\n";
    int status = 0;

    if (!view.finished) {
        get_running(exchange, job, &view);
        return;
    }
    status = job->outcome.status;
    if (!exchange->site->options->end_by_redirect)
        reply_document(exchange, 200, fields, job, &view);
    else if (has_succeeded(job))
        get_redirect(exchange, job, &view);
    else if (status == 207)
        answer_outcome(exchange, &job->outcome);
    else
        reply_document(exchange, status ? status : 410, fields, job, &view);
}

static void delete_job(struct exchange *exchange, struct job *job)
{
    if (progress_get(&job->progress).finished)
        job_forget(job);
    else
        progress_cancel(&job->progress);
    reply_status(exchange, 204, NULL);
}

void monitor_handle(struct exchange *exchange)
{
    const char *target = exchange->request.target;
    const char *method = exchange->request.method;
    int failure = body_read_all(NULL, &exchange->body, 65536);
    struct job *job = NULL;

    if (!failure && strncmp(target, JOBS, strlen(JOBS)) == 0)
        job = job_find(exchange->site->jobs, target + strlen(JOBS));
    if (!job) {
        reply_status(exchange, failure ? failure : 404, NULL);
        return;
    }
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        get_job(exchange, job);
    else if (strcmp(method, "DELETE") == 0)
        delete_job(exchange, job);
    else
        reply_whole(exchange, strcmp(method, "OPTIONS") == 0 ? 200 : 405, ALLOW, NULL, NULL, 0);
    job_release(job);
}
