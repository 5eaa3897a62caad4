/* request.c - see request.h. */
#include "operation/request.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

void interim__request_drop_fields(interim_request *request, size_t count)
{
    /* A value may be a credential too (a bearer token in Authorization). */
    for (size_t i = count; i < request->fields.count; i++) {
        OPENSSL_cleanse((char *)request->fields.items[i].value,
                        request->fields.items[i].value_length);
        free((char *)request->fields.items[i].name);
    }
    request->fields.count = count;
}

void interim__request_release(interim_request *request)
{
    if (request == NULL || --request->references > 0)
        return;
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
    free(request);
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
    static const char *const safe[] = {"GET",      "HEAD",   "OPTIONS", "TRACE",
                                       "PROPFIND", "REPORT", "SEARCH"};

    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
        if (strcmp(safe[i], method) == 0)
            return true;
    return false;
}
