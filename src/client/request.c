/* request.c - building a request: everything that a caller gives is checked here, once. */
#include "operation/request.h"

#include "base/options.h"
#include "base/text.h"
#include "exchange/request_head.h"
#include "operation/patience.h"
#include "operation/token.h"

#include <stdlib.h>
#include <string.h>

#define METHOD_MAX 32
#define LIMIT_MAX ((int64_t)366 * 86400 * 1000)
#define POLL_FLAGS ((INTERIM_POLL_PREFER_PROCESSING << 1) - 1) /* all of them */

int interim_request_new(interim_request **out, const char *method, const char *url)
{
    interim_request *request;
    size_t length = strlen(method);
    int failed;

    *out = NULL;
    if (length > METHOD_MAX || !interim__text_is_token(method, length) ||
        strcmp(method, "CONNECT") == 0)
        return INTERIM_EMETHOD;
    request = calloc(1, sizeof *request);
    if (request == NULL)
        return INTERIM_ENOMEM;
    request->references = 1;
    request->body.length = INTERIM__BODY_NONE;
    interim__patience_fill(&request->patience);
    interim__polling_fill(&request->polling);
    request->method = strdup(method);
    failed = request->method == NULL ? INTERIM_ENOMEM
                                     : interim__uri_parse(&request->uri, url, strlen(url), NULL);
    if (failed < 0) {
        interim__request_release(request);
        return failed;
    }
    request->safe = interim__method_is_safe(method);
    *out = request;
    return 0;
}

void interim_request_free(interim_request *request)
{
    interim__request_release(request);
}

int interim_request_add_header(interim_request *request, const char *name, const char *value)
{
    size_t name_length = strlen(name), value_length = strlen(value);
    const char *problem, *trimmed = value;
    char *block;

    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    if (interim__request_field_check(name, value, &problem) < 0)
        return INTERIM_EFIELD;
    if (interim__text_is(name, name_length, "host") &&
        interim__fields_next(&request->fields, "host", NULL) != NULL)
        return INTERIM_EFIELD;
    interim__text_trim(&trimmed, &value_length);
    block = malloc(name_length + value_length + 2);
    if (block == NULL)
        return INTERIM_ENOMEM;
    memcpy(block, name, name_length + 1);
    memcpy(block + name_length + 1, trimmed, value_length);
    block[name_length + 1 + value_length] = '\0';
    if (interim__fields_add(&request->fields, block, name_length, block + name_length + 1,
                            value_length) == 0)
        return 0;
    free(block);
    return INTERIM_ENOMEM;
}

/* Takes over what login says, copied; what was there is overwritten. */
static int set_login(interim_request *request, const interim_authentication *login)
{
    interim__credentials *credentials = &request->credentials;

    if (interim__credentials_check(login->user, login->password, login->token) < 0)
        return INTERIM_EINVAL;
    if (interim__credentials_set(credentials, login->user, login->password, login->token) < 0)
        return INTERIM_ENOMEM;
    credentials->scheme = login->scheme;
    credentials->clear_text = login->clear_text != 0;
    credentials->fresh = login->fresh;
    credentials->fresh_user = login->fresh_user;
    return 0;
}

int interim_request_set_credentials(interim_request *request, const char *user,
                                    const char *password)
{
    interim_authentication login = INTERIM_AUTHENTICATION_INIT;

    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    if (user == NULL)
        return set_login(request, &login);
    if (password == NULL)
        return INTERIM_EINVAL;
    login.scheme = INTERIM_SCHEME_BASIC;
    login.user = user;
    login.password = password;
    return set_login(request, &login);
}

/* Whether there is something that the scheme can use. */
static bool can_log_in(const interim_authentication *login)
{
    bool by_name = login->scheme != INTERIM_SCHEME_BEARER;
    bool by_token = login->scheme == INTERIM_SCHEME_BEARER || login->scheme == INTERIM_SCHEME_AUTO;

    return login->fresh != NULL || (by_name && login->user != NULL) ||
           (by_token && login->token != NULL);
}

int interim_request_set_authentication(interim_request *request,
                                       const interim_authentication *authentication)
{
    interim_authentication known = INTERIM_AUTHENTICATION_INIT;

    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    if (authentication == NULL)
        return set_login(request, &known);
    if (interim__options_copy(&known, sizeof known, authentication) < 0 ||
        known.scheme < INTERIM_SCHEME_AUTO || known.scheme > INTERIM_SCHEME_BEARER ||
        !can_log_in(&known))
        return INTERIM_EINVAL;
    return set_login(request, &known);
}

int interim_request_set_body(interim_request *request, const void *data, size_t size)
{
    char *copy;

    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    copy = malloc(size + 1);
    if (copy == NULL || size > INT64_MAX) {
        free(copy);
        return INTERIM_ENOMEM;
    }
    if (size > 0)
        memcpy(copy, data, size);
    free(request->body_memory);
    request->body_memory = copy;
    request->body = (interim__body_source){.data = copy, .length = (int64_t)size};
    return 0;
}

int interim_request_set_body_reader(interim_request *request, interim_body_reader_fn reader,
                                    int64_t length, void *user)
{
    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    if (reader == NULL || length < -1)
        return INTERIM_EINVAL;
    free(request->body_memory);
    request->body_memory = NULL;
    request->body = (interim__body_source){
        .reader = reader, .user = user, .length = length < 0 ? INTERIM__BODY_CHUNKED : length};
    return 0;
}

int interim_request_set_expect(interim_request *request, interim_expect expect)
{
    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    if (expect < INTERIM_EXPECT_AUTO || expect > INTERIM_EXPECT_NEVER)
        return INTERIM_EINVAL;
    request->expect = expect;
    return 0;
}

int interim_request_set_decoding(interim_request *request, int on, uint64_t max_bytes)
{
    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    request->decode = on != 0;
    request->decoded_max = max_bytes;
    return 0;
}

static bool is_limit(int64_t value, bool forever)
{
    return (value >= 0 && value <= LIMIT_MAX) || (forever && value == INTERIM_FOREVER);
}

int interim_request_set_patience(interim_request *request, const interim_patience *patience)
{
    interim_patience known = INTERIM_PATIENCE_INIT;

    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    if (interim__options_copy(&known, sizeof known, patience) < 0 ||
        !is_limit(known.connect_ms, false) || !is_limit(known.head_ms, false) ||
        !is_limit(known.silence_ms, false) || !is_limit(known.gap_warning_ms, true) ||
        !is_limit(known.total_ms, true) || !is_limit(known.continue_ms, false) ||
        !is_limit(known.stall_ms, true))
        return INTERIM_EINVAL;
    interim__patience_fill(&known);
    request->patience = known;
    return 0;
}

/* A job that is there already can only be polled, and by what its dialect needs. */
static bool suits_token(const interim__token *token, const interim_polling *polling)
{
    return token == NULL ||
           (polling->mode != INTERIM_POLL_OFF &&
            !(polling->mode == INTERIM_POLL_STRICT && token->dialect->reads_bodies));
}

static bool is_limit_or_at_once(int64_t value)
{
    return value == INTERIM_AT_ONCE || is_limit(value, false);
}

int interim_request_set_polling(interim_request *request, const interim_polling *polling)
{
    interim_polling known = INTERIM_POLLING_INIT;
    size_t length;
    bool own_deadline;

    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    if (interim__options_copy(&known, sizeof known, polling) < 0 ||
        !is_limit(known.deadline_ms, true) || !is_limit_or_at_once(known.first_ms) ||
        !is_limit_or_at_once(known.min_ms) || !is_limit(known.max_ms, false) ||
        !is_limit(known.outage_ms, false) || known.mode < INTERIM_POLL_STANDARD ||
        known.mode > INTERIM_POLL_OFF || known.cross_origin < INTERIM_CROSS_ORIGIN_STRIP ||
        known.cross_origin > INTERIM_CROSS_ORIGIN_REJECT || known.flags > POLL_FLAGS ||
        known.wait_s < 0 || known.wait_s > 86400)
        return INTERIM_EINVAL;
    own_deadline = known.deadline_ms != 0;
    interim__polling_fill(&known);
    length = strlen(known.link_member);
    if (!suits_token(request->resumed, &known) || known.min_ms > known.max_ms || length == 0 ||
        length >= sizeof request->link_member)
        return INTERIM_EINVAL;
    memcpy(request->link_member, known.link_member, length + 1);
    known.link_member = request->link_member;
    request->own_deadline = own_deadline;
    request->polling = known;
    return 0;
}

int interim_request_on_poll(interim_request *request, interim_poll_fn fn, void *user)
{
    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    request->on_poll = fn;
    request->poll_user = user;
    return 0;
}

int interim_request_set_upload_resumption(interim_request *request,
                                          const interim_upload_resumption *resumption)
{
    interim_upload_resumption known = INTERIM_UPLOAD_RESUMPTION_INIT;

    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    request->resumes = false;
    if (resumption == NULL)
        return 0;
    if (interim__options_copy(&known, sizeof known, resumption) < 0 ||
        !is_limit(known.outage_ms, false) || !is_limit(known.first_ms, false))
        return INTERIM_EINVAL;
    interim__resumption_fill(&known);
    request->resumption = known;
    request->resumes = true;
    return 0;
}

int interim_request_on_interim(interim_request *request, interim_event_fn fn, void *user)
{
    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    request->on_interim = fn;
    request->interim_user = user;
    return 0;
}

int interim_request_on_event(interim_request *request, interim_event_fn fn, void *user)
{
    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    request->on_event = fn;
    request->event_user = user;
    return 0;
}

int interim_request_on_body(interim_request *request, interim_body_fn fn, void *user)
{
    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    request->to_descriptor = false;
    request->on_body = fn;
    request->body_user = user;
    return 0;
}
