/* follow.c - see follow.h. */
#include "operation/follow.h"

#include "base/text.h"
#include "exchange/request_head.h"
#include "operation/route.h"

#include <stdio.h>
#include <string.h>

#define PREFERENCE_SIZE 80        /* bytes of a field Prefer of ours */
#define EXPECT_FROM (1024 * 1024) /* bytes of a body that are worth a round trip */

static bool follows_freely(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0 || strcmp(method, "PROPFIND") == 0;
}

interim__redirect interim__follow_redirect(const char *method, int status)
{
    switch (status) {
    case 301:
    case 302:
        return follows_freely(method) ? INTERIM__REDIRECT_SAME : INTERIM__REDIRECT_NONE;
    case 303:
        if (strcmp(method, "HEAD") == 0)
            return INTERIM__REDIRECT_SAME;
        return follows_freely(method) ? INTERIM__REDIRECT_AS_GET : INTERIM__REDIRECT_NONE;
    case 307:
    case 308:
        return INTERIM__REDIRECT_SAME;
    default:
        return INTERIM__REDIRECT_NONE;
    }
}

/* Whether the caller's fields may go to uri with the request itself: to its origin, and those of a
 * third-party copy to the hosts that the caller trusts with them. */
static bool trusts(const interim_request *request, const interim__uri *uri)
{
    return interim__uri_same_origin(request->uri, uri) ||
           (request->third_party && interim__route_lists(request->trusted, uri));
}

bool interim__follow_stays(const interim_request *request, const interim__uri *to)
{
    return trusts(request, to) && request->body.reader == NULL;
}

int interim__follow_resolve(interim__uri **out, const interim_request *request,
                            const interim__uri *from, const interim_field *reference,
                            const char **problem)
{
    int failed =
        interim__uri_resolve(out, from, reference->value, reference->value_length, problem);

    if (failed < 0)
        return failed;
    if (reference->value_length == 0)
        *problem = "it is empty";
    else if (!(*out)->tls && (from->tls || request->uri->tls))
        *problem = "it goes from https to http";
    else
        return 0;
    interim__uri_dispose(out);
    return INTERIM_EURL;
}

int interim__follow_monitor(interim__uri **out, const interim_request *request,
                            const interim__uri *from, const interim_field *reference,
                            const char **problem)
{
    int failed = interim__follow_resolve(out, request, from, reference, problem);

    if (failed < 0 || request->polling.cross_origin != INTERIM_CROSS_ORIGIN_REJECT ||
        interim__uri_same_origin(request->uri, *out))
        return failed;
    *problem = "it is on another origin";
    interim__uri_dispose(out);
    return INTERIM_EURL;
}

/* Fields that say who asks and how to answer, not what for or with which rights: any origin may see
 * them. */
static bool is_harmless(const interim_field *field)
{
    static const char *const names[] = {"accept", "accept-language", "user-agent", "odata-version"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (interim__text_is(field->name, field->name_length, names[i]))
            return true;
    return false;
}

bool interim__follow_is_about_the_method(const interim_field *field)
{
    static const char *const names[] = {"destination",
                                        "source",
                                        "overwrite",
                                        "depth",
                                        "lock-token",
                                        "if",
                                        "timeout",
                                        "range",
                                        "prefer",
                                        "oc-lazyops",
                                        "credential",
                                        "operation-id",
                                        "x-method-override",
                                        "idempotency-key",
                                        "scitag",
                                        "repr-digest",
                                        "requirechecksumverification"};
    static const char *const beginnings[] = {"content-",      "if-",          "transferheader",
                                             "x-http-method", "x-number-of-", "want-"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (interim__text_is(field->name, field->name_length, names[i]))
            return true;
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (interim__text_begins(field->name, field->name_length, beginnings[i]))
            return true;
    return false;
}

/* Monitors are asked past caches, and their short answers without a coding. */
static bool is_for_results(const interim_field *field)
{
    return interim__text_is(field->name, field->name_length, "cache-control") ||
           interim__text_is(field->name, field->name_length, "accept-encoding");
}

static int add(interim__fields *fields, const char *name, const char *value)
{
    return interim__fields_add(fields, name, strlen(name), value, strlen(value));
}

static bool is_monitor(interim_hop hop)
{
    return interim__follow_is_poll(hop) || hop == INTERIM_HOP_RESULT;
}

bool interim__follow_decodes(const interim_request *request, interim_hop hop)
{
    return request->decode && !interim__follow_is_poll(hop);
}

/* Whether a request with this body asks before it sends it (RFC 9110 section 10.1.1): a large one,
 * or one of unknown length, unless the caller has decided. */
static bool asks_first(const interim_request *request, const interim__body_source *body)
{
    if (body->length == INTERIM__BODY_NONE || body->length == 0)
        return false;
    if (request->expect != INTERIM_EXPECT_AUTO)
        return request->expect == INTERIM_EXPECT_ALWAYS;
    return body->length == INTERIM__BODY_CHUNKED || body->length > EXPECT_FROM;
}

interim__body_source interim__follow_body(const interim_request *request, interim_hop hop,
                                          const char *method)
{
    if (is_monitor(hop) || strcmp(method, request->method) != 0)
        return (interim__body_source){.length = INTERIM__BODY_NONE};
    return request->body;
}

bool interim__follow_knows(const interim__body_source *body)
{
    return body->reader == NULL && body->piece == NULL;
}

bool interim__follow_logs_in(const interim_request *request, const interim__uri *uri)
{
    return interim__uri_same_origin(request->uri, uri) &&
           interim__fields_next(&request->fields, "authorization", NULL) == NULL;
}

/* What the request says of how it wants to be answered, unless the caller said it (RFC 7240). value
 * is room for it, as long as out is used. */
static int add_preference(interim__fields *out, const interim_request *request, bool changed,
                          char value[PREFERENCE_SIZE])
{
    const interim_polling *polling = &request->polling;
    bool async = !changed && (polling->flags & INTERIM_POLL_PREFER_ASYNC) != 0;
    bool processing = (polling->flags & INTERIM_POLL_PREFER_PROCESSING) != 0;
    char wait[32] = "";

    if ((!async && !processing) || interim__fields_next(out, "prefer", NULL) != NULL)
        return 0;
    if (async && polling->wait_s > 0)
        snprintf(wait, sizeof wait, ", wait=%lld", (long long)polling->wait_s);
    snprintf(value, PREFERENCE_SIZE, "%s%s%s%s", async ? "respond-async" : "", wait,
             async && processing ? ", " : "", processing ? "processing" : "");
    return add(out, "Prefer", value);
}

static int choose_fields(interim__fields *out, const interim_request *request, interim_hop hop,
                         const char *method, bool trusted, const char *authorization, bool closes,
                         char preference[PREFERENCE_SIZE])
{
    bool monitor = is_monitor(hop);
    bool changed = monitor || hop == INTERIM_HOP_UPLOAD || strcmp(method, request->method) != 0;
    int failed = 0;

    for (size_t i = 0; failed == 0 && i < request->fields.count; i++) {
        const interim_field *field = &request->fields.items[i];

        if ((trusted || is_harmless(field)) &&
            !(changed && interim__follow_is_about_the_method(field)) &&
            !(monitor && is_for_results(field)))
            failed = interim__fields_add(out, field->name, field->name_length, field->value,
                                         field->value_length);
    }
    if (failed == 0 && authorization != NULL)
        failed = add(out, "Authorization", authorization);
    /* RFC 9110 section 10.1.4 */
    if (failed == 0 && !changed && request->wants_trailers)
        failed = add(out, "TE", "trailers") < 0
                     ? INTERIM_ENOMEM
                     : add(out, "Connection", closes ? "close, TE" : "TE");
    else if (failed == 0 && closes)
        failed = add(out, "Connection", "close");
    if (failed == 0 && monitor && interim__fields_next(out, "accept", NULL) == NULL)
        failed = add(out, "Accept", "application/json, */*;q=0.8");
    if (failed == 0 && monitor)
        failed = add(out, "Cache-Control", "no-cache");
    if (failed == 0)
        failed = add_preference(out, request, changed, preference);
    if (failed == 0 && interim__follow_decodes(request, hop) &&
        interim__fields_next(out, "accept-encoding", NULL) == NULL)
        failed = add(out, "Accept-Encoding", "gzip, deflate");
    return failed;
}

int interim__follow_write(interim__buffer *out, interim__body_source *body,
                          const interim_request *request, interim_hop hop, const char *method,
                          const interim__uri *uri, const interim__proofs *proofs,
                          const char *user_agent, interim__upload *upload, bool *expects)
{
    bool trusted =
        is_monitor(hop) ? interim__uri_same_origin(request->uri, uri) : trusts(request, uri);
    interim__fields fields = {0};
    char preference[PREFERENCE_SIZE];
    int failed;

    *body = upload == NULL ? interim__follow_body(request, hop, method)
                           : interim__upload_body(upload, hop, method);
    *expects = *expects && asks_first(request, body);
    failed = choose_fields(&fields, request, hop, method, trusted,
                           interim__follow_logs_in(request, uri) ? proofs->to_origin : NULL,
                           proofs->closes, preference);
    if (failed == 0 && upload != NULL)
        failed = interim__upload_fields(upload, &fields, hop, method);
    if (failed == 0 && *expects)
        failed = add(&fields, "Expect", "100-continue");
    /* For the proxy; it goes no further. */
    if (failed == 0 && proofs->by_proxy && proofs->to_proxy != NULL)
        failed = add(&fields, "Proxy-Authorization", proofs->to_proxy);
    if (failed == 0)
        failed = interim__request_head_write(
            out, method, proofs->by_proxy ? uri->text : uri->target, /* RFC 9112 section 3.2.2 */
            uri, &fields, user_agent, body->length);
    interim__fields_dispose(&fields);
    return failed;
}
