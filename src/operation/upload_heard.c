/* upload_heard.c - what messages say of an upload: its resource, how much of it the server has, its
 * limits, and whether a final response is about it at all. */
#include "base/error.h"
#include "operation/follow.h"
#include "operation/patience.h"
#include "operation/upload_parts.h"

#include <inttypes.h>

#define PART_MIN 65536 /* bytes; a 413 to so little is no matter of size */

/* Keeps what it says of limits. */
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

void interim__upload_hear(interim__upload *upload, interim__upload_said *said,
                          const interim__fields *fields, int64_t now)
{
    interim__upload_said_read(said, fields);
    note_limits(upload, said, now);
}

int interim__upload_resolve(interim__uri **out, const interim__upload *upload,
                            const interim__uri *from, const interim_field *reference,
                            const char **problem)
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

int interim__upload_note_location(interim__upload *upload, const interim__fields *fields,
                                  const interim__uri *from, interim_error *error)
{
    const interim_field *location = interim__fields_next(fields, "location", NULL);
    const char *problem = NULL;
    interim__uri *named = NULL;
    int failed;
    bool same;

    if (location == NULL)
        return 0;
    failed = interim__upload_resolve(&named, upload, from, location, &problem);
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

bool interim__upload_is_undone(const interim__upload *upload)
{
    return !upload->all_handed || (upload->answered >= 400 && upload->answered < 502) ||
           upload->answered > 504;
}

bool interim__upload_is_too_large(const interim__upload *upload)
{
    return upload->max_size >= 0 && upload->length > upload->max_size;
}

int interim__upload_too_large(interim__upload *upload, interim_error *error)
{
    upload->failed = interim__upload_is_undone(upload);
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
    if (creating && interim__upload_note_location(upload, fields, from, error) < 0)
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
    if (interim__upload_is_too_large(upload))
        return interim__upload_too_large(upload, error);
    return upload->resource != NULL && upload->max_append >= 0 && upload->size > upload->max_append;
}

/* ---- final responses ---- */

int64_t interim__upload_smaller_part(const interim__upload *upload,
                                     const interim__upload_said *said)
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
    return !known ||
           (status < 500 && (status != 413 || interim__upload_smaller_part(upload, &said) == 0));
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
