/* upload.c - see upload.h: what to do next, by what the server answered. */
#include "base/error.h"
#include "operation/delay.h"
#include "operation/patience.h"
#include "operation/upload_parts.h"

#include <inttypes.h>

#define RESUMED_MAX 1000 /* interruptions of one upload */
#define PARTS_MAX 100000 /* appends that a limit may ask for */
#define REDIRECTS_MAX 5
#define RETRY_MIN_MS 250 /* what Retry-After is clamped to */
#define RETRY_MAX_MS 600000

static interim__upload_turn gone(interim__upload *upload, interim_error *error, const char *method,
                                 int status, const char *more)
{
    bool lost = upload->replaying;

    upload->failed = !lost && interim__upload_is_undone(upload);
    interim__error_set(error, lost ? INTERIM_EUPLOAD_LOST : INTERIM_EUPLOAD_GONE,
                       INTERIM_STAGE_HEAD, "%s of the upload resource was answered %d%s%s", method,
                       status, *more == '\0' ? "" : ", and ", more);
    return INTERIM__UPLOAD_STOP;
}

/* It is tried again, later; up to two limits that must both have passed, so that neither a few
 * quick refusals nor one long silence is the end. */
static interim__upload_turn later(interim__upload *upload, int64_t asked_ms, int64_t now,
                                  interim_error *error)
{
    const interim_upload_resumption *limits = &upload->request->resumption;
    int64_t delay;

    if (upload->failures++ == 0)
        upload->outage_since = now;
    if (upload->failures > limits->attempts &&
        (now - upload->outage_since) / INTERIM__NS_PER_MS >= limits->outage_ms) {
        interim__error_set(error, INTERIM_EUPLOAD_UNREACHABLE, INTERIM_STAGE_WAIT,
                           "%u attempts during %" PRId64 " s brought no byte more; the last: %s",
                           upload->failures, (now - upload->outage_since) / 1000000000,
                           upload->last);
        return INTERIM__UPLOAD_STOP;
    }
    if (asked_ms >= 0)
        delay = interim__delay_spread_ms(asked_ms, RETRY_MIN_MS, RETRY_MAX_MS, upload->random);
    else
        delay = interim__delay_backoff_ms(limits->first_ms, upload->failures, upload->random);
    upload->ask_at = now + delay * INTERIM__NS_PER_MS;
    upload->redirects = 0;
    return INTERIM__UPLOAD_ASK;
}

static interim__upload_turn interrupted(interim__upload *upload, int64_t asked_ms, int64_t now,
                                        interim_error *error)
{
    if (++upload->resumed <= RESUMED_MAX)
        return later(upload, asked_ms, now, error);
    interim__error_set(error, INTERIM_EUPLOAD_UNREACHABLE, INTERIM_STAGE_WAIT,
                       "it was interrupted %u times", upload->resumed);
    return INTERIM__UPLOAD_STOP;
}

static interim__upload_turn at_once(interim__upload *upload, int64_t now)
{
    upload->ask_at = now;
    return INTERIM__UPLOAD_ASK;
}

interim__upload_turn interim__upload_unanswered(interim__upload *upload, int code, int64_t now,
                                                interim_error *error)
{
    if (code == 0)
        return at_once(upload, now);
    upload->answered = 0;
    upload->last = interim_strerror(code);
    return interrupted(upload, -1, now, error);
}

static interim__upload_turn redirected(interim__upload *upload, const interim__answer *answer,
                                       const char *method, int64_t now, interim_error *error)
{
    const interim_field *location = interim__fields_next(&answer->fields, "location", NULL);
    const char *problem = "there is no Location";
    interim__uri *to = NULL;
    int failed = INTERIM_EURL;

    if (location != NULL)
        failed = interim__upload_resolve(&to, upload, answer->uri, location, &problem);
    if (failed == INTERIM_ENOMEM) {
        upload->last = interim_strerror(failed);
        return later(upload, -1, now, error);
    }
    if (failed == 0)
        problem = interim__uri_equal(to, upload->current) || upload->redirects == REDIRECTS_MAX
                      ? "the redirects do not end"
                      : NULL;
    if (problem != NULL) {
        interim__uri_dispose(&to);
        return gone(upload, error, method, answer->status, problem);
    }
    upload->redirects++;
    interim__uri_dispose(&upload->current);
    upload->current = to;
    if (answer->status == 308) { /* for good */
        interim__uri_dispose(&upload->resource);
        upload->resource = interim__uri_share(to);
    }
    return at_once(upload, now);
}

/* The trouble of this moment, by what the status means. */
static bool is_transient(int status)
{
    return status == 408 || status == 409 || status == 423 || status == 425 || status == 429 ||
           status >= 500;
}

static interim__upload_turn refused(interim__upload *upload, const interim__answer *answer,
                                    const char *method, int64_t now, int64_t wall,
                                    interim_error *error)
{
    int status = answer->status;

    if (status == 307 || status == 308)
        return redirected(upload, answer, method, now, error);
    if (!is_transient(status))
        return gone(upload, error, method, status, "");
    upload->last = status >= 500   ? "the server answered 5xx"
                   : status == 409 ? "the server expects another offset"
                                   : "the server asked to come back later";
    return interrupted(upload, interim__delay_asked_ms(&answer->fields, wall), now, error);
}

/* ---- parts ---- */

static bool shrink(interim__upload *upload, const interim__answer *answer, int64_t now)
{
    interim__upload_said said;
    int64_t part;

    interim__upload_hear(upload, &said, &answer->fields, now);
    part = interim__upload_smaller_part(upload, &said);
    if (part > 0)
        upload->max_append = part;
    return part > 0;
}

static interim__upload_turn limited(interim__upload *upload, interim_error *error, const char *why)
{
    upload->failed = interim__upload_is_undone(upload);
    interim__error_set(error, INTERIM_EUPLOAD_LIMIT, INTERIM_STAGE_HEAD, "%s", why);
    return INTERIM__UPLOAD_STOP;
}

/* What is appended next, from the confirmed offset on. */
static interim__upload_turn append(interim__upload *upload, interim_error *error)
{
    int64_t left = upload->length - upload->confirmed;
    int64_t most = upload->max_append < 0 ? left : upload->max_append;

    if (interim__upload_is_too_large(upload)) {
        interim__upload_too_large(upload, error);
        return INTERIM__UPLOAD_STOP;
    }
    if (left > most && (most < upload->min_append || most < 1 || left / most >= PARTS_MAX))
        return limited(upload, error, "its limits for one append leave no way to send the rest");
    upload->from = upload->confirmed;
    upload->size = left < most ? left : most;
    upload->completes = upload->size == left;
    return INTERIM__UPLOAD_APPEND;
}

static interim__upload_turn bad_offset(interim_error *error, const char *what, int64_t offset,
                                       int64_t bound)
{
    interim__error_set(error, INTERIM_EUPLOAD_OFFSET, INTERIM_STAGE_HEAD,
                       "it is %" PRId64 ", and %s %" PRId64, offset, what, bound);
    return INTERIM__UPLOAD_STOP;
}

/* The server says how much it has. True: that may be. */
static bool confirm(interim__upload *upload, int64_t offset, interim_error *error)
{
    if (offset > upload->length)
        bad_offset(error, "the length is", offset, upload->length);
    else if (offset < upload->confirmed)
        bad_offset(error, "it was", offset, upload->confirmed);
    else if (offset > upload->handed)
        bad_offset(error, "what was sent is", offset, upload->handed);
    else
        upload->confirmed = offset;
    return upload->confirmed == offset && error->code == 0;
}

static void note_progress(interim__upload *upload)
{
    if (upload->confirmed > upload->base)
        upload->failures = 0;
    upload->base = upload->confirmed;
}

/* ---- answers ---- */

/* The empty request was answered: its Location is the upload resource. */
static interim__upload_turn begin_carefully(interim__upload *upload, const interim__answer *answer,
                                            int64_t now, interim_error *error)
{
    interim__upload_said said;

    if (interim__upload_note_location(upload, &answer->fields, answer->uri, error) < 0)
        return INTERIM__UPLOAD_STOP;
    interim__upload_hear(upload, &said, &answer->fields, now);
    if (upload->resource == NULL) {
        upload->failed = true;
        interim__error_set(error, INTERIM_EUPLOAD_RULES, INTERIM_STAGE_HEAD,
                           "the server took an empty request%s%s",
                           upload->refusal == NULL ? " and named no upload resource"
                                                   : ", but its upload resource cannot be used: ",
                           upload->refusal == NULL ? "" : upload->refusal);
        return INTERIM__UPLOAD_STOP;
    }
    return append(upload, error);
}

interim__upload_turn interim__upload_created(interim__upload *upload, const interim__answer *answer,
                                             int64_t now, int64_t wall, interim_error *error)
{
    upload->answered = answer->status;
    if (answer->status == 413)
        shrink(upload, answer, now);
    if (answer->status >= 200 && answer->status < 300 && upload->careful)
        return begin_carefully(upload, answer, now, error);
    upload->last = answer->status == 413  ? "the server takes less at once"
                   : answer->status < 300 ? "the server says that the upload is not complete"
                                          : "the server answered 5xx";
    return interrupted(upload, interim__delay_asked_ms(&answer->fields, wall), now, error);
}

interim__upload_turn interim__upload_asked(interim__upload *upload, const interim__answer *answer,
                                           int64_t now, int64_t wall, interim_error *error)
{
    interim__upload_said said;

    if (answer->status < 200 || answer->status > 299)
        return refused(upload, answer, "HEAD", now, wall, error);
    interim__upload_hear(upload, &said, &answer->fields, now);
    if (said.offset < 0) {
        interim__error_set(error, INTERIM_EUPLOAD_OFFSET, INTERIM_STAGE_HEAD,
                           "HEAD was answered %d without one", answer->status);
        return INTERIM__UPLOAD_STOP;
    }
    if (said.length >= 0 && said.length != upload->length)
        return bad_offset(error, "the length is said to be", said.offset, said.length);
    if (!confirm(upload, said.offset, error))
        return INTERIM__UPLOAD_STOP;
    note_progress(upload);
    /* Its answer was lost. It may be replayed to an append of nothing. */
    upload->replaying = said.complete == 1;
    if (upload->replaying && said.offset < upload->length) {
        interim__error_set(error, INTERIM_EUPLOAD_LOST, INTERIM_STAGE_HEAD,
                           "the server ended it after %" PRId64 " of %" PRId64 " bytes",
                           said.offset, upload->length);
        return INTERIM__UPLOAD_STOP;
    }
    upload->answered = 0;
    return append(upload, error);
}

/* A part was taken, or so the server says. */
static interim__upload_turn taken(interim__upload *upload, const interim__answer *answer,
                                  bool whole, int64_t now, interim_error *error)
{
    interim__upload_said said;
    int64_t end = upload->from + upload->size;

    interim__upload_hear(upload, &said, &answer->fields, now);
    if (said.offset > end)
        return bad_offset(error, "the part ended at", said.offset, end);
    if (said.offset >= 0 && !confirm(upload, said.offset, error))
        return INTERIM__UPLOAD_STOP;
    if (said.offset < 0 && whole)
        upload->confirmed = end;
    if (upload->replaying)
        return gone(upload, error, "PATCH", answer->status, "its answer is not to be had");
    if (!upload->completes && upload->confirmed > upload->from) {
        note_progress(upload);
        return append(upload, error);
    }
    upload->last = "the server says that the upload is not complete";
    return interrupted(upload, -1, now, error);
}

interim__upload_turn interim__upload_appended(interim__upload *upload,
                                              const interim__answer *answer, bool whole,
                                              int64_t now, int64_t wall, interim_error *error)
{
    if (answer->status >= 200 && answer->status < 300)
        return taken(upload, answer, whole, now, error);
    if (answer->status == 413 && shrink(upload, answer, now)) {
        upload->last = "the server takes less at once";
        return interrupted(upload, interim__delay_asked_ms(&answer->fields, wall), now, error);
    }
    if (answer->status == 409 && upload->replaying)
        return gone(upload, error, "PATCH", answer->status, "");
    return refused(upload, answer, "PATCH", now, wall, error);
}

interim__upload_turn interim__upload_ask(interim__upload *upload, int64_t now, interim_error *error)
{
    upload->asked++;
    if (now < upload->expires_at)
        return INTERIM__UPLOAD_ASK;
    upload->failed = interim__upload_is_undone(upload);
    interim__error_set(error, INTERIM_EUPLOAD_GONE, INTERIM_STAGE_WAIT,
                       "the lifetime that the server gave it is over");
    return INTERIM__UPLOAD_STOP;
}
