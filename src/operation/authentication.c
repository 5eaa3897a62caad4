/* authentication.c - see authentication.h. */
#include "operation/authentication.h"

#include "base/words.h"
#include "operation/basic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_MAX ((size_t)65535) /* bytes of a user name, a password or a token */

/* ---- credentials ---- */

static bool is_sendable(const char *text, bool visible)
{
    if (strlen(text) > SECRET_MAX)
        return false;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f ||
            (visible && (*text == ' ' || (unsigned char)*text >= 0x80)))
            return false;
    return true;
}

int interim__credentials_check(const char *user, const char *password, const char *token)
{
    if ((user == NULL) != (password == NULL) || (token != NULL && *token == '\0') ||
        (user != NULL && (strchr(user, ':') != NULL || !is_sendable(user, false) ||
                          !is_sendable(password, false))) ||
        (token != NULL && !is_sendable(token, true)))
        return INTERIM_EINVAL;
    return 0;
}

static void wipe(char **secret)
{
    if (*secret != NULL)
        explicit_bzero(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

static bool copy(char **out, const char *text)
{
    *out = text == NULL ? NULL : strdup(text);
    return text == NULL || *out != NULL;
}

int interim__credentials_set(interim__credentials *out, const char *user, const char *password,
                             const char *token)
{
    interim__credentials set = *out;
    bool copied;

    set.user = set.password = set.token = NULL;
    copied = copy(&set.user, user) && copy(&set.password, password) && copy(&set.token, token);
    interim__credentials_dispose(copied ? out : &set);
    if (!copied)
        return INTERIM_ENOMEM;
    *out = set;
    return 0;
}

bool interim__credentials_are_there(const interim__credentials *credentials)
{
    return credentials->user != NULL || credentials->token != NULL || credentials->fresh != NULL;
}

void interim__credentials_dispose(interim__credentials *credentials)
{
    wipe(&credentials->user);
    wipe(&credentials->password);
    wipe(&credentials->token);
}

static const interim__credentials *current(const interim__authentication *authentication)
{
    const interim__credentials *fresh = &authentication->fresh;

    return fresh->user != NULL || fresh->token != NULL ? fresh : authentication->given;
}

static bool suffices(const interim__credentials *credentials, interim__speaking speaking)
{
    return speaking == INTERIM__SPEAKING_BEARER ? credentials->token != NULL
                                                : credentials->user != NULL;
}

/* ---- the state ---- */

/* The scheme that is sent without being asked for. */
static interim__speaking unasked(const interim__credentials *given)
{
    switch (given->scheme) {
    case INTERIM_SCHEME_BASIC:
        return INTERIM__SPEAKING_BASIC;
    case INTERIM_SCHEME_BEARER:
        return INTERIM__SPEAKING_BEARER;
    default:
        return INTERIM__SPEAKING_NOTHING;
    }
}

void interim__authentication_init(interim__authentication *out, const interim__credentials *given,
                                  bool proxy)
{
    *out = (interim__authentication){.given = given, .proxy = proxy};
    if (suffices(given, unasked(given)))
        out->speaking = unasked(given);
}

void interim__authentication_dispose(interim__authentication *authentication)
{
    interim__credentials_dispose(&authentication->fresh);
    interim__digest_dispose(&authentication->digest);
    *authentication = (interim__authentication){.given = authentication->given};
}

static const char *name_of(interim__speaking speaking)
{
    static const char names[][8] = {"", "Basic", "Bearer", "Digest"};

    return names[speaking];
}

const char *interim__authentication_scheme(const interim__authentication *authentication)
{
    return name_of(authentication->speaking);
}

/* ---- what is sent ---- */

static int write_basic(interim__buffer *out, const char *user, const char *password)
{
    char *basic = interim__basic_new(user, password);
    int failed = basic == NULL ? INTERIM_ENOMEM : interim__buffer_append_text(out, basic);

    interim__basic_free(basic);
    return failed;
}

static int write_bearer(interim__buffer *out, const char *token)
{
    size_t before = out->length;

    if (interim__buffer_append_text(out, "Bearer ") == 0 &&
        interim__buffer_append_text(out, token) == 0)
        return 0;
    out->length = before;
    return INTERIM_ENOMEM;
}

int interim__authentication_write(interim__buffer *out, interim__authentication *authentication,
                                  const interim__digest_subject *subject, uint64_t *random)
{
    const interim__credentials *credentials = current(authentication);
    interim__digest_subject whole = *subject;
    int failed;

    authentication->answered = false;
    switch (authentication->speaking) {
    case INTERIM__SPEAKING_BASIC:
        failed = write_basic(out, credentials->user, credentials->password);
        break;
    case INTERIM__SPEAKING_BEARER:
        failed = write_bearer(out, credentials->token);
        break;
    case INTERIM__SPEAKING_DIGEST:
        whole.user = credentials->user;
        whole.password = credentials->password;
        failed = interim__digest_answer(out, &authentication->digest, &whole, random);
        break;
    default:
        return 0;
    }
    authentication->answered = failed == 0;
    return failed == INTERIM_EUNSUPPORTED ? 0 : failed;
}

/* ---- challenges ---- */

typedef struct offer {
    interim__speaking speaking; /* NOTHING: no challenge can be answered */
    int rank;
    interim__digest digest;
    char realm[256]; /* for the callback */
    bool clear_text; /* one could be answered, but not without TLS */
} offer;

/* Whether a scheme may be spoken, by what the caller has said of schemes. */
static bool allows(const interim__credentials *given, interim__speaking speaking)
{
    switch (given->scheme) {
    case INTERIM_SCHEME_BASIC:
        return speaking == INTERIM__SPEAKING_BASIC;
    case INTERIM_SCHEME_BEARER:
        return speaking == INTERIM__SPEAKING_BEARER;
    case INTERIM_SCHEME_DIGEST:
        return speaking == INTERIM__SPEAKING_DIGEST;
    default:
        return true;
    }
}

static interim__speaking scheme_of(const interim__challenge *challenge)
{
    /* In the order of interim__speaking; -1, none of them, becomes NOTHING. */
    return (interim__speaking)(interim__words_find("basic\0bearer\0digest\0", challenge->scheme,
                                                   challenge->scheme_length) +
                               INTERIM__SPEAKING_BASIC);
}

/* What can be read on the way is not sent where the server alone has asked for it. */
static bool is_too_open(const interim__credentials *given, interim__speaking speaking,
                        const interim__space *space)
{
    return given->scheme == INTERIM_SCHEME_AUTO && speaking != INTERIM__SPEAKING_DIGEST &&
           !space->tls && !given->clear_text;
}

/* Digest before Bearer before Basic. */
static int rank_of(interim__speaking speaking, const interim__digest *digest)
{
    switch (speaking) {
    case INTERIM__SPEAKING_DIGEST:
        return 2 + interim__digest_strength(digest);
    case INTERIM__SPEAKING_BEARER:
        return 2;
    default:
        return 1;
    }
}

/* Takes the challenge if it can be answered, and better than those before. Errors: ENOMEM, ETLS. */
static int consider(offer *best, const interim__challenge *challenge, interim__speaking speaking,
                    const interim__space *space)
{
    const interim__parameter *realm = interim__challenge_find(challenge, "realm");
    interim__digest digest = {0};
    int failed = speaking == INTERIM__SPEAKING_DIGEST
                     ? interim__digest_read(&digest, challenge, space->hasher, space->body_known)
                     : 0;

    if (failed < 0)
        return failed == INTERIM_EUNSUPPORTED ? 0 : failed;
    if (rank_of(speaking, &digest) <= best->rank) {
        interim__digest_dispose(&digest);
        return 0;
    }
    interim__digest_dispose(&best->digest);
    best->digest = digest;
    best->speaking = speaking;
    best->rank = rank_of(speaking, &digest);
    if (realm == NULL || interim__challenge_value(best->realm, sizeof best->realm, realm) < 0)
        best->realm[0] = '\0';
    return 0;
}

/* The best challenge for these credentials; NULL: for any. */
static int choose(offer *out, const interim__authentication *authentication,
                  const interim__credentials *credentials, const interim__fields *fields,
                  const interim__space *space)
{
    interim__challenge_reader reader;
    interim__challenge challenge;
    int failed;

    *out = (offer){0};
    interim__challenge_begin(&reader, fields,
                             authentication->proxy ? "proxy-authenticate" : "www-authenticate");
    while (interim__challenge_next(&reader, &challenge)) {
        interim__speaking speaking = scheme_of(&challenge);

        if (speaking == INTERIM__SPEAKING_NOTHING || !allows(authentication->given, speaking) ||
            (credentials != NULL && !suffices(credentials, speaking)))
            continue;
        if (is_too_open(authentication->given, speaking, space)) {
            out->clear_text = true;
            continue;
        }
        failed = consider(out, &challenge, speaking, space);
        if (failed < 0) {
            interim__digest_dispose(&out->digest);
            return failed;
        }
    }
    return 0;
}

/* Whether the challenge is one that the credentials were not refused for already. */
static bool is_news(interim__authentication *authentication, const offer *offered)
{
    if (offered->speaking == INTERIM__SPEAKING_NOTHING)
        return false;
    if (!authentication->answered)
        return authentication->rounds == 0;
    if (authentication->speaking != INTERIM__SPEAKING_DIGEST ||
        offered->speaking != INTERIM__SPEAKING_DIGEST)
        return false;
    if (offered->digest.stale)
        return authentication->stales++ < INTERIM__STALES_MAX;
    /* A nonce from an earlier answer may be too old without the server saying so. */
    return authentication->rounds == 0 &&
           strcmp(offered->digest.nonce, authentication->digest.nonce) != 0;
}

static int speak(interim__authentication *authentication, offer *chosen)
{
    interim__digest_dispose(&authentication->digest);
    authentication->digest = chosen->digest;
    authentication->speaking = chosen->speaking;
    /* A stale nonce says nothing of the credentials. */
    authentication->rounds += !chosen->digest.stale || authentication->rounds == 0;
    return 1;
}

static int refuse(interim__authentication *authentication, offer *offered)
{
    authentication->refusal = authentication->answered ? "the credentials were refused"
                              : offered->clear_text    ? "what it asks for is not sent without TLS"
                                                       : "it asks for nothing that can be answered";
    interim__digest_dispose(&offered->digest);
    return 0;
}

/* Has the caller give fresh credentials. 1, 0: there are none; ENOMEM. */
static int ask_caller(interim__authentication *authentication, interim__speaking speaking,
                      const char *realm, const interim__space *space)
{
    const interim__credentials *given = authentication->given;
    char origin[320];
    interim_challenge challenge = {.size = sizeof challenge,
                                   .origin = origin,
                                   .scheme = name_of(speaking),
                                   .realm = realm,
                                   .refused = authentication->answered,
                                   .proxy = authentication->proxy};

    authentication->asked = true;
    snprintf(origin, sizeof origin, "%s://%s", space->tls ? "https" : "http", space->authority);
    if (given->fresh(&challenge, given->fresh_user) != 0 ||
        (challenge.user == NULL && challenge.token == NULL) ||
        interim__credentials_check(challenge.user, challenge.password, challenge.token) < 0)
        return 0;
    if (interim__credentials_set(&authentication->fresh, challenge.user, challenge.password,
                                 challenge.token) < 0)
        return INTERIM_ENOMEM;
    return 1;
}

/* Answers with what the callback gives. */
static int renew(interim__authentication *authentication, offer *offered,
                 const interim__fields *fields, const interim__space *space)
{
    const interim__credentials *given = authentication->given;
    interim__speaking named = unasked(given);
    int got = choose(offered, authentication, NULL, fields, space);

    if (got < 0)
        return got;
    /* Services that take tokens often refuse without a proper challenge. */
    if (named == INTERIM__SPEAKING_NOTHING && offered->speaking == INTERIM__SPEAKING_NOTHING)
        return refuse(authentication, offered);
    got = ask_caller(authentication, named == INTERIM__SPEAKING_NOTHING ? offered->speaking : named,
                     offered->realm, space);
    if (got <= 0) {
        refuse(authentication, offered);
        return got;
    }
    interim__digest_dispose(&offered->digest);
    got = choose(offered, authentication, current(authentication), fields, space);
    if (got < 0)
        return got;
    if (named != INTERIM__SPEAKING_NOTHING)
        offered->speaking = suffices(current(authentication), named) ? named : 0;
    return offered->speaking == INTERIM__SPEAKING_NOTHING ? refuse(authentication, offered)
                                                          : speak(authentication, offered);
}

int interim__authentication_challenged(interim__authentication *authentication,
                                       const interim__fields *fields, const interim__space *space)
{
    const interim__credentials *credentials = current(authentication);
    offer offered;
    int failed;

    authentication->refusal = NULL;
    if (!interim__credentials_are_there(credentials))
        return 0;
    failed = choose(&offered, authentication, credentials, fields, space);
    if (failed < 0)
        return failed;
    if (is_news(authentication, &offered))
        return speak(authentication, &offered);
    if (authentication->asked || authentication->given->fresh == NULL)
        return refuse(authentication, &offered);
    interim__digest_dispose(&offered.digest);
    return renew(authentication, &offered, fields, space);
}

void interim__authentication_accepted(interim__authentication *authentication,
                                      const interim__fields *fields)
{
    const char *name = authentication->proxy ? "proxy-authentication-info" : "authentication-info";
    const interim_field *info = interim__fields_next(fields, name, NULL);

    authentication->rounds = authentication->stales = 0;
    authentication->asked = false;
    if (info != NULL && authentication->speaking == INTERIM__SPEAKING_DIGEST &&
        authentication->answered)
        interim__digest_info(&authentication->digest, info->value, info->value_length);
}
