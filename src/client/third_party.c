/* third_party.c - the fields that make a COPY a third-party copy (WLCG HTTP-TPC). */
#include "operation/request.h"

#include "base/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STREAMS_MAX 1000

static bool is_set(const char *text)
{
    return text != NULL && *text != '\0';
}

static int check(const interim_request *request, const interim_third_party *wanted)
{
    const char *other = wanted->source == NULL ? wanted->destination : wanted->source;

    if (request->third_party || strcmp(request->method, "COPY") != 0 ||
        interim__fields_next(&request->fields, "source", NULL) != NULL ||
        interim__fields_next(&request->fields, "destination", NULL) != NULL)
        return INTERIM_EINVAL;
    if (other == NULL || (wanted->source != NULL && wanted->destination != NULL))
        return INTERIM_EINVAL;
    if (wanted->verify < -1 || wanted->verify > 1 || wanted->streams > STREAMS_MAX ||
        wanted->total_bytes < 0)
        return INTERIM_EINVAL;
    return interim_url_problem(other) == NULL ? 0 : INTERIM_EURL;
}

/* Adds a field unless an earlier one failed; value NULL: there is none. */
static void add(interim_request *request, int *failed, const char *name, const char *value)
{
    if (*failed == 0 && value != NULL)
        *failed = interim_request_add_header(request, name, value);
}

static int add_all(interim_request *request, const interim_third_party *wanted)
{
    char streams[16];
    int failed = 0;

    snprintf(streams, sizeof streams, "%u", wanted->streams);
    add(request, &failed, "Source", wanted->source);
    add(request, &failed, "Destination", wanted->destination);
    add(request, &failed, "Overwrite", wanted->overwrite != 0 ? "T" : "F");
    if (wanted->credential == NULL || is_set(wanted->credential))
        add(request, &failed, "Credential",
            wanted->credential == NULL ? "none" : wanted->credential);
    if (is_set(wanted->authorization))
        add(request, &failed, "TransferHeaderAuthorization", wanted->authorization);
    add(request, &failed, "X-Number-Of-Streams", wanted->streams > 0 ? streams : NULL);
    if (wanted->verify != 0)
        add(request, &failed, "RequireChecksumVerification", wanted->verify > 0 ? "true" : "false");
    if (is_set(wanted->want_repr_digest))
        add(request, &failed, "Want-Repr-Digest", wanted->want_repr_digest);
    return failed;
}

int interim_request_set_third_party(interim_request *request,
                                    const interim_third_party *third_party)
{
    interim_third_party known = INTERIM_THIRD_PARTY_INIT;
    size_t before = request->fields.count;
    char *trusted = NULL;
    int failed;

    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    failed = interim__options_copy(&known, sizeof known, third_party);
    if (failed == 0)
        failed = check(request, &known);
    if (failed == 0 && is_set(known.trusted) && (trusted = strdup(known.trusted)) == NULL)
        failed = INTERIM_ENOMEM;
    if (failed == 0)
        failed = add_all(request, &known);
    if (failed < 0) {
        interim__request_drop_fields(request, before);
        free(trusted);
        return failed;
    }
    request->third_party = true;
    request->trusted = trusted;
    request->wants_trailers = is_set(known.want_repr_digest);
    request->total_bytes = known.total_bytes;
    return 0;
}
