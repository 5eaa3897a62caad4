/* authentication.c - which challenge is answered, how often, and with whose credentials. */
#include "operation/authentication.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "transport/tls_hash.h"

#include <stdio.h>
#include <string.h>

#define DIGEST(more) "Digest realm=\"r\", qop=\"auth\", " more
#define MD5 DIGEST("nonce=\"n\"")
#define SHA DIGEST("nonce=\"n\", algorithm=SHA-256")
#define BASIC "Basic realm=\"b\""

static const interim__hasher hasher = {interim__tls_hash, NULL};
static const interim__space clear = {false, "dav.example", true, &hasher};
static const interim__space secure = {true, "dav.example:8443", true, &hasher};

static char user[] = "u", password[] = "p", token[] = "t0ken";

/* What the callback was asked, and what it answers. */
static struct {
    unsigned calls;
    bool wrong;
    int answer, refused;
    const char *user, *password, *token;
    char origin[64], scheme[16], realm[64];
} caller;

static int on_challenge(interim_challenge *challenge, void *data)
{
    /* Check allocates when it asserts, which must not happen while allocations fail. */
    caller.wrong = data != &caller || challenge->size != sizeof *challenge ||
                   challenge->user != NULL || challenge->password != NULL ||
                   challenge->token != NULL;
    caller.calls++;
    caller.refused = challenge->refused;
    snprintf(caller.origin, sizeof caller.origin, "%s", challenge->origin);
    snprintf(caller.scheme, sizeof caller.scheme, "%s", challenge->scheme);
    snprintf(caller.realm, sizeof caller.realm, "%s", challenge->realm);
    challenge->user = caller.user;
    challenge->password = caller.password;
    challenge->token = caller.token;
    return caller.answer;
}

static interim__credentials with(interim_scheme scheme, bool callback)
{
    memset(&caller, 0, sizeof caller);
    return (interim__credentials){.scheme = scheme,
                                  .user = scheme == INTERIM_SCHEME_BEARER ? NULL : user,
                                  .password = scheme == INTERIM_SCHEME_BEARER ? NULL : password,
                                  .token = scheme == INTERIM_SCHEME_BEARER ? token : NULL,
                                  .fresh = callback ? on_challenge : NULL,
                                  .fresh_user = &caller};
}

/* What is sent now: "" nothing. */
static const char *sent(interim__authentication *authentication)
{
    static char text[512];
    interim__digest_subject subject = {.method = "GET", .target = "/", .body_known = true};
    interim__buffer out = {0};
    uint64_t random = 1;

    ck_assert_int_eq(interim__authentication_write(&out, authentication, &subject, &random), 0);
    snprintf(text, sizeof text, "%s", out.length == 0 ? "" : out.data);
    interim__buffer_dispose(&out);
    return text;
}

static int challenged(interim__authentication *authentication, const char *value,
                      const interim__space *space)
{
    interim_field item = {"WWW-Authenticate", value, 16, strlen(value)};
    interim__fields fields = {.items = &item, .count = *value == '\0' ? 0 : 1};

    return interim__authentication_challenged(authentication, &fields, space);
}

static void accepted(interim__authentication *authentication, const char *info)
{
    interim_field item = {"Authentication-Info", info, 19, strlen(info)};
    interim__fields fields = {.items = &item, .count = *info == '\0' ? 0 : 1};

    interim__authentication_accepted(authentication, &fields);
}

#define BEGINS(text, prefix) ck_assert_msg(strncmp(text, prefix, strlen(prefix)) == 0, "%s", text)

START_TEST(authentication_chooses_the_strongest)
{
    static const struct {
        const char *value;
        bool tls;
        const char *chosen, *realm;
    } table[] = {
        {BASIC ", " MD5 ", " SHA, true, "Digest", "algorithm=SHA-256"},
        {SHA ", " MD5 ", " BASIC, true, "Digest", "algorithm=SHA-256"},
        {BASIC ", " MD5, true, "Digest", "username"},
        {BASIC ", NTLM, Negotiate", true, "Basic", ""},
        {BASIC ", Digest realm=\"r\", nonce=\"n\", algorithm=SHA-1", true, "Basic", ""},
        {BASIC, false, "", ""},
        {BASIC ", " MD5, false, "Digest", "username"},
        {DIGEST("nonce=\"n\", algorithm=SHA-512-256") ", " SHA, true, "Digest", "SHA-512-256"},
        {SHA ", " DIGEST("nonce=\"n\", algorithm=SHA-512-256"), true, "Digest", "SHA-256"},
        {"Bearer realm=\"b\"", true, "", ""},
        {"NTLM", true, "", ""},
        {"", true, "", ""},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        interim__credentials given = with(INTERIM_SCHEME_AUTO, false);
        interim__authentication authentication;
        int answer;

        interim__authentication_init(&authentication, &given, false);
        ck_assert_str_eq(sent(&authentication), "");
        answer = challenged(&authentication, table[i].value, table[i].tls ? &secure : &clear);
        ck_assert_msg(answer == (*table[i].chosen != '\0'), "%s", table[i].value);
        ck_assert_str_eq(interim__authentication_scheme(&authentication), table[i].chosen);
        ck_assert((authentication.refusal != NULL) == (answer == 0));
        BEGINS(sent(&authentication), table[i].chosen);
        ck_assert_ptr_nonnull(strstr(sent(&authentication), table[i].realm));
        interim__authentication_dispose(&authentication);
    }
}
END_TEST

START_TEST(authentication_sends_basic_in_clear_text_only_if_told)
{
    interim__credentials given = with(INTERIM_SCHEME_AUTO, false);
    interim__authentication authentication;

    interim__authentication_init(&authentication, &given, false);
    sent(&authentication);
    ck_assert_int_eq(challenged(&authentication, BASIC, &clear), 0);
    ck_assert_str_eq(authentication.refusal, "what it asks for is not sent without TLS");
    given.clear_text = true;
    ck_assert_int_eq(challenged(&authentication, BASIC, &clear), 1);
    ck_assert_str_eq(sent(&authentication), "Basic dTpw");
    interim__authentication_dispose(&authentication);
    given = with(INTERIM_SCHEME_BASIC, false);
    interim__authentication_init(&authentication, &given, false);
    ck_assert_str_eq(sent(&authentication), "Basic dTpw");
    ck_assert_int_eq(challenged(&authentication, BASIC, &clear), 0);
    ck_assert_str_eq(authentication.refusal, "the credentials were refused");
    interim__authentication_dispose(&authentication);
}
END_TEST

START_TEST(authentication_sticks_to_a_named_scheme)
{
    interim__credentials given = with(INTERIM_SCHEME_DIGEST, false);
    interim__authentication authentication;

    interim__authentication_init(&authentication, &given, false);
    ck_assert_str_eq(sent(&authentication), "");
    ck_assert_int_eq(challenged(&authentication, BASIC, &secure), 0);
    ck_assert_int_eq(challenged(&authentication, BASIC ", " MD5, &secure), 1);
    interim__authentication_dispose(&authentication);
    given = with(INTERIM_SCHEME_BEARER, false);
    interim__authentication_init(&authentication, &given, false);
    ck_assert_str_eq(sent(&authentication), "Bearer t0ken");
    ck_assert_int_eq(challenged(&authentication, BASIC ", " MD5, &secure), 0);
    interim__authentication_dispose(&authentication);
}
END_TEST

START_TEST(authentication_answers_bearer_when_asked)
{
    interim__credentials given = with(INTERIM_SCHEME_BEARER, false);
    interim__authentication authentication;

    given.scheme = INTERIM_SCHEME_AUTO;
    interim__authentication_init(&authentication, &given, false);
    ck_assert_str_eq(sent(&authentication), "");
    ck_assert_int_eq(challenged(&authentication, BASIC, &secure), 0);
    ck_assert_int_eq(challenged(&authentication, "Bearer", &clear), 0);
    ck_assert_int_eq(challenged(&authentication, BASIC ", Bearer", &secure), 1);
    ck_assert_str_eq(sent(&authentication), "Bearer t0ken");
    interim__authentication_dispose(&authentication);
}
END_TEST

START_TEST(authentication_tries_once_for_each_challenge)
{
    interim__credentials given = with(INTERIM_SCHEME_AUTO, false);
    interim__authentication authentication;

    interim__authentication_init(&authentication, &given, false);
    sent(&authentication);
    ck_assert_int_eq(challenged(&authentication, MD5, &secure), 1);
    BEGINS(sent(&authentication), "Digest");
    /* Another nonce is no reason to send a wrong password again, nor is a weaker scheme. */
    ck_assert_int_eq(challenged(&authentication, DIGEST("nonce=\"m\"") ", " BASIC, &secure), 0);
    ck_assert_str_eq(authentication.refusal, "the credentials were refused");
    interim__authentication_dispose(&authentication);
}
END_TEST

START_TEST(authentication_stale_does_not_count)
{
    interim__credentials given = with(INTERIM_SCHEME_AUTO, false);
    interim__authentication authentication;
    unsigned rounds = 0;

    interim__authentication_init(&authentication, &given, false);
    sent(&authentication);
    ck_assert_int_eq(challenged(&authentication, MD5, &secure), 1);
    sent(&authentication);
    ck_assert_int_eq(challenged(&authentication, DIGEST("nonce=\"2\", stale=true"), &secure), 1);
    ck_assert_ptr_nonnull(strstr(sent(&authentication), "nonce=\"2\""));
    ck_assert_ptr_nonnull(strstr(sent(&authentication), "nc=00000002"));
    ck_assert_int_eq(challenged(&authentication, DIGEST("nonce=\"3\""), &secure), 0);
    /* A server that calls everything stale is not believed for ever. */
    accepted(&authentication, "");
    for (sent(&authentication);
         challenged(&authentication, DIGEST("nonce=\"4\", stale=true"), &secure) > 0;
         sent(&authentication))
        rounds++;
    ck_assert_uint_eq(rounds, INTERIM__STALES_MAX);
    interim__authentication_dispose(&authentication);
}
END_TEST

START_TEST(authentication_goes_on_after_acceptance)
{
    interim__credentials given = with(INTERIM_SCHEME_AUTO, false);
    interim__authentication authentication;

    interim__authentication_init(&authentication, &given, false);
    sent(&authentication);
    ck_assert_int_eq(challenged(&authentication, MD5, &secure), 1);
    sent(&authentication);
    accepted(&authentication, "nextnonce=\"next\"");
    ck_assert_ptr_nonnull(strstr(sent(&authentication), "nonce=\"next\""));
    accepted(&authentication, "");
    /* A nonce that is too old, and a server that does not call it stale ... */
    sent(&authentication);
    ck_assert_int_eq(challenged(&authentication, DIGEST("nonce=\"5\""), &secure), 1);
    sent(&authentication);
    accepted(&authentication, "");
    /* ... but the same nonce again says that we may not. */
    sent(&authentication);
    ck_assert_int_eq(challenged(&authentication, DIGEST("nonce=\"5\""), &secure), 0);
    interim__authentication_dispose(&authentication);
}
END_TEST

START_TEST(authentication_does_nothing_without_credentials)
{
    interim__credentials given = {0};
    interim__authentication authentication;

    interim__authentication_init(&authentication, &given, false);
    ck_assert_str_eq(sent(&authentication), "");
    ck_assert_int_eq(challenged(&authentication, MD5 ", " BASIC, &secure), 0);
    ck_assert_ptr_null(authentication.refusal);
    interim__authentication_dispose(&authentication);
}
END_TEST

START_TEST(authentication_asks_the_caller)
{
    interim__credentials given = with(INTERIM_SCHEME_AUTO, true);
    interim__authentication authentication;

    given.user = given.password = NULL;
    interim__authentication_init(&authentication, &given, false);
    sent(&authentication);
    caller.user = "fresh";
    caller.password = "p";
    ck_assert_int_eq(challenged(&authentication, BASIC ", " MD5, &secure), 1);
    ck_assert_uint_eq(caller.calls, 1);
    ck_assert(!caller.wrong);
    ck_assert_str_eq(caller.origin, "https://dav.example:8443");
    ck_assert_str_eq(caller.scheme, "Digest");
    ck_assert_str_eq(caller.realm, "r");
    ck_assert_int_eq(caller.refused, 0);
    BEGINS(sent(&authentication), "Digest username=\"fresh\"");
    /* Refused: once is enough. */
    ck_assert_int_eq(challenged(&authentication, MD5, &secure), 0);
    ck_assert_uint_eq(caller.calls, 1);
    /* Nor is it asked for what could not be sent. */
    accepted(&authentication, "");
    ck_assert_int_eq(challenged(&authentication, BASIC, &clear), 0);
    ck_assert_int_eq(challenged(&authentication, "NTLM", &secure), 0);
    ck_assert_uint_eq(caller.calls, 1);
    interim__authentication_dispose(&authentication);
}
END_TEST

START_TEST(authentication_renews_what_expires)
{
    interim__credentials given = with(INTERIM_SCHEME_BEARER, true);
    interim__authentication authentication;

    interim__authentication_init(&authentication, &given, false);
    for (unsigned i = 1; i <= 3; i++) {
        char fresh[16];

        snprintf(fresh, sizeof fresh, "fresh%u", i);
        caller.token = fresh;
        BEGINS(sent(&authentication), "Bearer ");
        /* Without a proper challenge, too. */
        ck_assert_int_eq(
            challenged(&authentication, i == 1 ? "" : "Bearer error=\"invalid_token\"", &secure),
            1);
        ck_assert_uint_eq(caller.calls, i);
        ck_assert_int_eq(caller.refused, 1);
        ck_assert_str_eq(caller.scheme, "Bearer");
        ck_assert_str_eq(sent(&authentication) + strlen("Bearer "), fresh);
        accepted(&authentication, "");
    }
    interim__authentication_dispose(&authentication);
}
END_TEST

START_TEST(authentication_takes_no_bad_answer)
{
    static const struct {
        int answer;
        const char *user, *password, *token;
    } table[] = {{1, "u", "p", NULL},   {-1, "u", "p", NULL},    {0, NULL, NULL, NULL},
                 {0, "a:b", "p", NULL}, {0, "u\r\n", "p", NULL}, {0, "u", NULL, NULL},
                 {0, "u", "p\n", NULL}, {0, NULL, NULL, "a b"},  {0, NULL, NULL, ""},
                 {0, NULL, "p", NULL},  {0, NULL, NULL, "t"}};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        interim__credentials given = with(INTERIM_SCHEME_BASIC, true);
        interim__authentication authentication;

        caller.answer = table[i].answer;
        caller.user = table[i].user;
        caller.password = table[i].password;
        caller.token = table[i].token;
        interim__authentication_init(&authentication, &given, false);
        sent(&authentication);
        ck_assert_int_eq(challenged(&authentication, BASIC, &secure), 0);
        ck_assert_uint_eq(caller.calls, 1);
        ck_assert_str_eq(authentication.refusal, "the credentials were refused");
        interim__authentication_dispose(&authentication);
    }
}
END_TEST

START_TEST(authentication_of_a_proxy_is_its_own)
{
    interim_field items[] = {{"WWW-Authenticate", MD5, 16, strlen(MD5)},
                             {"Proxy-Authenticate", BASIC, 18, strlen(BASIC)}};
    interim__fields fields = {.items = items, .count = 2};
    interim__credentials given = with(INTERIM_SCHEME_AUTO, false);
    interim__authentication authentication;

    interim__authentication_init(&authentication, &given, true);
    ck_assert_int_eq(interim__authentication_challenged(&authentication, &fields, &secure), 1);
    ck_assert_str_eq(sent(&authentication), "Basic dTpw");
    interim__authentication_dispose(&authentication);
}
END_TEST

START_TEST(authentication_checks_credentials)
{
    static char longest[65537];

    memset(longest, 'x', 65536);
    ck_assert_int_eq(interim__credentials_check(NULL, NULL, longest), INTERIM_EINVAL);
    longest[65535] = '\0';
    ck_assert_int_eq(interim__credentials_check(longest, longest, longest), 0);
    ck_assert_int_eq(interim__credentials_check("\xc3\xa4 b", "c:d", NULL), 0);
    ck_assert_int_eq(interim__credentials_check("", "", NULL), 0);
    ck_assert_int_eq(interim__credentials_check("a\x7f", "b", NULL), INTERIM_EINVAL);
    ck_assert_int_eq(interim__credentials_check("a", "\x1f", NULL), INTERIM_EINVAL);
    ck_assert_int_eq(interim__credentials_check(NULL, NULL, "\xc3\xa4"), INTERIM_EINVAL);
}
END_TEST

START_TEST(authentication_without_memory_is_enomem)
{
    interim__credentials given = with(INTERIM_SCHEME_AUTO, true);
    interim__digest_subject subject = {.method = "GET", .target = "/"};
    unsigned long nth = 0;
    bool failed;

    given.user = given.password = NULL;
    caller.user = "fresh";
    caller.password = "p";
    do {
        interim__authentication authentication;
        interim__buffer out = {0};
        uint64_t random = 1;
        int code;

        interim__authentication_init(&authentication, &given, false);
        failing_alloc_arm(++nth);
        code = challenged(&authentication, nth % 2 == 0 ? BASIC : MD5, &secure);
        if (code == 1)
            code = interim__authentication_write(&out, &authentication, &subject, &random);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(code, failed ? INTERIM_ENOMEM : 0);
        interim__buffer_dispose(&out);
        interim__authentication_dispose(&authentication);
    } while (failed || nth < 20);
    ck_assert_uint_gt(nth, 5);
}
END_TEST

Suite *authentication_suite(void)
{
    Suite *suite = suite_create("authentication");
    TCase *tests = tcase_create("authentication");

    tcase_add_test(tests, authentication_chooses_the_strongest);
    tcase_add_test(tests, authentication_sends_basic_in_clear_text_only_if_told);
    tcase_add_test(tests, authentication_sticks_to_a_named_scheme);
    tcase_add_test(tests, authentication_answers_bearer_when_asked);
    tcase_add_test(tests, authentication_tries_once_for_each_challenge);
    tcase_add_test(tests, authentication_stale_does_not_count);
    tcase_add_test(tests, authentication_goes_on_after_acceptance);
    tcase_add_test(tests, authentication_does_nothing_without_credentials);
    tcase_add_test(tests, authentication_asks_the_caller);
    tcase_add_test(tests, authentication_renews_what_expires);
    tcase_add_test(tests, authentication_takes_no_bad_answer);
    tcase_add_test(tests, authentication_of_a_proxy_is_its_own);
    tcase_add_test(tests, authentication_checks_credentials);
    tcase_add_test(tests, authentication_without_memory_is_enomem);
    suite_add_tcase(suite, tests);
    return suite;
}
