/* upload.c - see upload.h: what the server says of an upload, and what to do then. */
#include "operation/upload.h"

#include "base/error.h"
#include "operation/delay.h"
#include "operation/follow.h"
#include "operation/patience.h"
#include "operation/upload_said.h"

#include <inttypes.h>

#define RESUMED_MAX 1000 /* interruptions of one upload */
#define PARTS_MAX 100000 /* appends that a limit may ask for */
#define PART_MIN 65536   /* bytes; a 413 to so little is no matter of size */
#define REDIRECTS_MAX 5
#define RETRY_MIN_MS 250 /* what Retry-After is clamped to */
#define RETRY_MAX_MS 600000

/* ---- what the server says ---- */

static void note_limits(interim__upload *upload, const interim__upload_said *said, int64_t now)
{
    if (said->max_size >= 0)
        upload->max_size = said->max_size;
    if (said->max_append >= 0)
        upload->max_append = said->max_append;
    if (said->min_append >= 0)
        upload->min_append = said->min_append;
    if (said->max_age >= 0)
        upload->expires_at = said->max_age > (INTERIM__FAR - now) / 1000000000
                                 ? INTERIM__FAR
                                 : now + said->max_age * 1000000000;
}

/* Resolves a URL that the server names for the upload, which gets what is left of the body: as for
 * a redirect of such a request, it is on the origin that the caller named unless that is allowed.
 * Errors: EURL, ENOMEM, and *problem says why. */
static int resolve(interim__uri **out, const interim__upload *upload, const interim__uri *from,
                   const interim_field *reference, const char **problem)
{
    int failed = interim__follow_resolve(out, upload->request, from, reference, problem);

    if (failed < 0 || upload->request->resumption.other_origins ||
        interim__uri_same_origin(upload->request->uri, *out))
        return failed;
    interim__uri_dispose(out);
    *problem = "it is on another origin";
    return INTERIM_EURL;
}

static void adopt(interim__upload *upload, interim__uri *resource)
{
    upload->current = interim__uri_share(resource);
    upload->resource = resource;
    upload->refusal = NULL;
}

static int no_memory(interim_error *error)
{
    return interim__error_set(error, INTERIM_ENOMEM, INTERIM_STAGE_HEAD, "out of memory");
}

/* All messages that name the upload resource name the same one. */
static int note_location(interim__upload *upload, const interim__fields *fields,
                         const interim__uri *from, interim_error *error)
{
    const interim_field *location = interim__fields_next(fields, "location", NULL);
    const char *problem = NULL;
    interim__uri *named = NULL;
    int failed;
    bool same;

    if (location == NULL)
        return 0;
    failed = resolve(&named, upload, from, location, &problem);
    if (failed == INTERIM_ENOMEM)
        return no_memory(error);
    same = failed == 0 && interim__fields_next(fields, "location", location) == NULL;
    if (upload->resource == NULL && failed < 0) {
        upload->refusal = problem;
        return 0;
    }
    if (upload->resource == NULL && same) {
        adopt(upload, named);
        return 0;
    }
    same = same && interim__uri_equal(named, upload->resource);
    interim__uri_dispose(&named);
    return same ? 0
                : interim__error_set(error, INTERIM_EUPLOAD_RULES, INTERIM_STAGE_HEAD,
                                     "the server named two upload resources");
}

/* Whether the server is known not to have done the work: it has not got all of it, or it said so by
 * the answer that interrupted the upload. */
static bool is_undone(const interim__upload *upload)
{
    return !upload->all_handed || (upload->answered >= 400 && upload->answered < 502) ||
           upload->answered > 504;
}

static bool is_too_large(const interim__upload *upload)
{
    return upload->max_size >= 0 && upload->length > upload->max_size;
}

static int too_large(interim__upload *upload, interim_error *error)
{
    upload->failed = is_undone(upload);
    return interim__error_set(error, INTERIM_EUPLOAD_LIMIT, INTERIM_STAGE_HEAD,
                              "it has %" PRId64 " bytes, and the server takes %" PRId64,
                              upload->length, upload->max_size);
}

int interim__upload_told(interim__upload *upload, const interim__fields *fields,
                         const interim__uri *from, bool creating, interim__progress *progress,
                         int64_t now, interim_error *error)
{
    interim__upload_said said;

    interim__progress_init(progress);
    interim__upload_said_read(&said, fields);
    if (!said.version)
        return 0; /* it is of another draft: MUST be ignored */
    if (creating && note_location(upload, fields, from, error) < 0)
        return error->code;
    note_limits(upload, &said, now);
    if (said.offset >= 0 && said.offset <= upload->handed) {
        if (said.offset > upload->confirmed)
            upload->confirmed = said.offset;
        progress->done = upload->confirmed;
        progress->total = upload->length;
        progress->percent = 100.0 * (double)upload->confirmed / (double)upload->length;
    }
    if (upload->all_handed)
        return 0;
    if (is_too_large(upload))
        return too_large(upload, error);
    return upload->resource != NULL && upload->max_append >= 0 && upload->size > upload->max_append;
}

/* ---- final responses ---- */

/* How much a request may have after a 413 to one that had more; 0: it was no matter of size. */
static int64_t smaller_part(const interim__upload *upload, const interim__upload_said *said)
{
    int64_t most = said->max_append >= 0 ? said->max_append : upload->max_append;
    int64_t least = said->min_append >= 0 ? said->min_append : upload->min_append;
    int64_t half = upload->size / 2;

    if (most > 0 && most < upload->size)
        return most;
    if (least < PART_MIN)
        least = PART_MIN;
    if (upload->size <= least)
        return 0;
    return half < least ? least : half;
}

bool interim__upload_is_final(const interim__upload *upload, const interim__answer *answer,
                              bool creating, bool asking)
{
    interim__upload_said said;
    bool known = upload->resource != NULL;
    int status = answer->status;

    if (asking)
        return false;
    interim__upload_said_read(&said, &answer->fields);
    if (said.complete == 1)
        return true;
    if (!creating)
        return false;
    if (status >= 200 && status < 300)
        return !upload->careful && (said.complete != 0 || !known);
    return !known || (status < 500 && (status != 413 || smaller_part(upload, &said) == 0));
}

bool interim__upload_is_of_target(const interim__upload *upload, const interim__answer *answer)
{
    const interim_field *location = interim__fields_next(&answer->fields, "location", NULL);
    interim__uri *named = NULL;
    interim__upload_said said;
    bool other;

    interim__upload_said_read(&said, &answer->fields);
    if (said.complete != 1 || location == NULL)
        return said.complete == 1;
    if (interim__uri_resolve(&named, answer->uri, location->value, location->value_length, NULL) <
        0)
        return false;
    other = upload->resource == NULL || !interim__uri_equal(named, upload->resource);
    interim__uri_dispose(&named);
    return other;
}

static interim__upload_turn gone(interim__upload *upload, interim_error *error, const char *method,
                                 int status, const char *more)
{
    bool lost = upload->replaying;

    upload->failed = !lost && is_undone(upload);
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
        failed = resolve(&to, upload, answer->uri, location, &problem);
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

    interim__upload_said_read(&said, &answer->fields);
    part = smaller_part(upload, &said);
    note_limits(upload, &said, now);
    if (part > 0)
        upload->max_append = part;
    return part > 0;
}

static interim__upload_turn limited(interim__upload *upload, interim_error *error, const char *why)
{
    upload->failed = is_undone(upload);
    interim__error_set(error, INTERIM_EUPLOAD_LIMIT, INTERIM_STAGE_HEAD, "%s", why);
    return INTERIM__UPLOAD_STOP;
}

/* What is appended next, from the confirmed offset on. */
static interim__upload_turn append(interim__upload *upload, interim_error *error)
{
    int64_t left = upload->length - upload->confirmed;
    int64_t most = upload->max_append < 0 ? left : upload->max_append;

    if (is_too_large(upload)) {
        too_large(upload, error);
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

    if (note_location(upload, &answer->fields, answer->uri, error) < 0)
        return INTERIM__UPLOAD_STOP;
    interim__upload_said_read(&said, &answer->fields);
    note_limits(upload, &said, now);
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
    interim__upload_said_read(&said, &answer->fields);
    note_limits(upload, &said, now);
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

    interim__upload_said_read(&said, &answer->fields);
    note_limits(upload, &said, now);
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
    upload->failed = is_undone(upload);
    interim__error_set(error, INTERIM_EUPLOAD_GONE, INTERIM_STAGE_WAIT,
                       "the lifetime that the server gave it is over");
    return INTERIM__UPLOAD_STOP;
}
