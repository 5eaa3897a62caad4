/* request.c - see request.h. */
#include "operation/request.h"

#include "operation/prepared.h"
#include "operation/token.h"

#include <stdlib.h>
#include <string.h>

bool interim__request_may_change(interim_request *request)
{
    if (request->in_flight > 0)
        return false;
    interim__prepared_forget(request);
    return true;
}

void interim__request_drop_fields(interim_request *request, size_t count)
{
    /* A value may be a credential too (a bearer token in Authorization). */
    for (size_t i = count; i < request->fields.count; i++) {
        explicit_bzero((char *)request->fields.items[i].value,
                       request->fields.items[i].value_length);
        free((char *)request->fields.items[i].name);
    }
    request->fields.count = count;
}

void interim__request_release(interim_request *request)
{
    if (request == NULL || --request->references > 0)
        return;
    interim__prepared_forget(request);
    free(request->method);
    interim__uri_dispose(&request->uri);
    free(request->way.socket_path);
    free(request->way.host);
    free(request->way.local);
    interim__request_drop_fields(request, 0);
    interim__fields_dispose(&request->fields);
    interim__credentials_dispose(&request->credentials);
    free(request->body_memory);
    free(request->trusted);
    if (request->resumed != NULL)
        interim__token_dispose(request->resumed);
    free(request->resumed);
    free(request);
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool have_same_fields(const interim__fields *a, const interim__fields *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!is_same(a->items[i].name, b->items[i].name) ||
            !is_same(a->items[i].value, b->items[i].value))
            return false;
    return true;
}

static bool log_in_as_same(const interim__credentials *a, const interim__credentials *b)
{
    return a->scheme == b->scheme && a->clear_text == b->clear_text && is_same(a->user, b->user) &&
           is_same(a->password, b->password) && is_same(a->token, b->token) &&
           a->fresh == b->fresh && a->fresh_user == b->fresh_user;
}

bool interim__request_asks_same(const interim_request *a, const interim_request *b)
{
    return a == b ||
           (strcmp(a->method, b->method) == 0 && interim__uri_same_origin(a->uri, b->uri) &&
            have_same_fields(&a->fields, &b->fields) &&
            log_in_as_same(&a->credentials, &b->credentials) &&
            is_same(a->way.socket_path, b->way.socket_path) && is_same(a->way.host, b->way.host) &&
            a->way.port == b->way.port && is_same(a->way.local, b->way.local) &&
            a->polling.cross_origin == b->polling.cross_origin &&
            a->polling.flags == b->polling.flags);
}

static void fill(int64_t *value, int64_t preset)
{
    if (*value == 0)
        *value = preset;
}

void interim__polling_fill(interim_polling *polling)
{
    fill(&polling->deadline_ms, INT64_C(24) * 3600 * 1000);
    fill(&polling->first_ms, 1000);
    fill(&polling->min_ms, 250);
    fill(&polling->max_ms, 600000);
    if (polling->link_member == NULL)
        polling->link_member = "href";
}

void interim__resumption_fill(interim_upload_resumption *resumption)
{
    if (resumption->attempts == 0)
        resumption->attempts = 10;
    fill(&resumption->first_ms, 1000);
    fill(&resumption->outage_ms, 300000);
}

bool interim__method_is_safe(const char *method)
{
    static const char safe[][9] = {"GET",      "HEAD",   "OPTIONS", "TRACE",
                                   "PROPFIND", "REPORT", "SEARCH"};

    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
        if (strcmp(safe[i], method) == 0)
            return true;
    return false;
}
