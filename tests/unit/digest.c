/* digest.c - RFC 7616's examples, what varies in the wild, and what is not answered. */
#include "operation/digest.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/guard.h"
#include "transport/tls_hash.h"

#include <stdio.h>
#include <string.h>

#define MUFASA "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\""
#define LONG_NONCE "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define LONG_OPAQUE "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
#define LONG_CNONCE "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"

static const interim__hasher hasher = {interim__tls_hash, NULL};

static const interim__digest_subject get = {.user = "Mufasa",
                                            .password = "Circle Of Life",
                                            .method = "GET",
                                            .target = "/dir/index.html",
                                            .body_known = true};

static int take(interim__digest *out, const char *value, bool body_known)
{
    interim_field item = {"WWW-Authenticate", guarded(value, strlen(value)), 16, strlen(value)};
    interim__fields fields = {.items = &item, .count = 1};
    interim__challenge_reader reader;
    interim__challenge challenge;

    interim__challenge_begin(&reader, &fields, "www-authenticate");
    if (!interim__challenge_next(&reader, &challenge)) {
        *out = (interim__digest){0};
        return 1;
    }
    return interim__digest_read(out, &challenge, &hasher, body_known);
}

/* The answer with a given cnonce. */
static const char *answer(interim__digest *digest, const interim__digest_subject *subject,
                          const char *cnonce)
{
    static char text[2048];
    interim__buffer out = {0};
    uint64_t random = 1;

    if (cnonce != NULL)
        snprintf(digest->cnonce, sizeof digest->cnonce, "%s", cnonce);
    ck_assert_int_eq(interim__digest_answer(&out, digest, subject, &random), 0);
    ck_assert_uint_lt(out.length, sizeof text);
    memcpy(text, out.data, out.length + 1);
    interim__buffer_dispose(&out);
    return text;
}

static const char *answer_to(const char *challenge, const interim__digest_subject *subject,
                             const char *cnonce)
{
    interim__digest digest;
    const char *text;

    ck_assert_msg(take(&digest, challenge, subject->body_known) == 0, "%s", challenge);
    text = answer(&digest, subject, cnonce);
    interim__digest_dispose(&digest);
    return text;
}

#define HAS(text, part) ck_assert_msg(strstr(text, part) != NULL, "%s lacks %s", text, part)
#define LACKS(text, part) ck_assert_msg(strstr(text, part) == NULL, "%s has %s", text, part)

START_TEST(digest_answers_rfc_7616_section_3_9_1)
{
    interim__digest_subject subject = get;
    static const char tail[] = ", qop=\"auth, auth-int\", nonce=\"" LONG_NONCE
                               "\", opaque=\"" LONG_OPAQUE "\", realm=\"http-auth@example.org\"";
    char challenge[512];

    subject.password = "Circle of Life";
    snprintf(challenge, sizeof challenge, "Digest algorithm=MD5%s", tail);
    ck_assert_str_eq(answer_to(challenge, &subject, LONG_CNONCE),
                     "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
                     "nonce=\"" LONG_NONCE "\", uri=\"/dir/index.html\", "
                     "response=\"8ca523f5e9506fed4657c9700eebdbec\", algorithm=MD5, "
                     "cnonce=\"" LONG_CNONCE "\", qop=auth, nc=00000001, "
                     "opaque=\"" LONG_OPAQUE "\"");
    snprintf(challenge, sizeof challenge, "Digest algorithm=SHA-256%s", tail);
    HAS(answer_to(challenge, &subject, LONG_CNONCE),
        "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", "
        "algorithm=SHA-256,");
}
END_TEST

/* With the hashes of erratum 4897: those of the RFC are not of its inputs. */
START_TEST(digest_answers_rfc_7616_section_3_9_2)
{
    static const char challenge[] =
        "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, "
        "nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", "
        "opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=";
    interim__digest_subject subject = {.user = "J\xc3\xa4s\xc3\xb8n Doe",
                                       .password = "Secret, or not?",
                                       .method = "GET",
                                       .target = "/doe.json"};
    char text[512];
    const char *answered;

    snprintf(text, sizeof text, "%strue", challenge);
    answered = answer_to(text, &subject, "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v");
    HAS(answered, "username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\"");
    HAS(answered, "response=\"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5\"");
    HAS(answered, "algorithm=SHA-512-256");
    HAS(answered, "userhash=true");
    LACKS(answered, "Doe");
    snprintf(text, sizeof text, "%sfalse", challenge);
    answered = answer_to(text, &subject, "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v");
    HAS(answered, "Digest username*=UTF-8''J%c3%a4s%c3%b8n%20Doe,");
    HAS(answered, "response=\"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5\"");
    LACKS(answered, "userhash");
}
END_TEST

START_TEST(digest_answers_rfc_2617_and_rfc_2069)
{
    const char *answered = answer_to(MUFASA ", qop=auth, opaque=\"5ccc\"", &get, "0a4f113b");

    HAS(answered, "response=\"6629fae49393a05397450978507c4ef1\"");
    LACKS(answered, "algorithm");
    answered = answer_to(MUFASA ", opaque=\"\"", &get, NULL);
    HAS(answered, "response=\"670fd8c2df070c60b045671b8b24ff02\", opaque=\"\"");
    LACKS(answered, "qop");
    LACKS(answered, "cnonce");
    LACKS(answered, "nc=");
}
END_TEST

START_TEST(digest_answers_sessions)
{
    interim__digest digest;

    HAS(answer_to(MUFASA ", qop=auth, algorithm=MD5-sess", &get, "0a4f113b"),
        "response=\"8e3825c57e897f5a0dec6c2d4e5059d0\", algorithm=MD5-sess");
    HAS(answer_to(MUFASA ", qop=auth, algorithm=\"sha-256-SESS\"", &get, "0a4f113b"),
        "response=\"b8822e12417cb7750f4e2b8515f0dcf25b7dd26993e80bee1426201446a7f59b\", "
        "algorithm=SHA-256-sess");
    HAS(answer_to(MUFASA ", qop=auth, algorithm=SHA-512-256-sess", &get, "0a4f113b"),
        "response=\"0d21f0db3ec5cda5b850c0afa3bc29b4a3c5a6191959ff1baf511d4b38eb6b1e\"");
    /* The key is of the first nonce, for good. */
    ck_assert_int_eq(take(&digest, MUFASA ", qop=auth, algorithm=MD5-sess", true), 0);
    answer(&digest, &get, "0a4f113b");
    interim__digest_info(&digest, "nextnonce=\"next\"", 16);
    HAS(answer(&digest, &get, NULL), "response=\"22f97774abdeccf972655ffb0e73344e\"");
    interim__digest_dispose(&digest);
}
END_TEST

START_TEST(digest_protects_bodies_that_it_knows)
{
    interim__digest_subject post = get;
    interim__digest digest;
    interim__buffer out = {0};
    uint64_t random = 1;

    post.method = "POST";
    post.target = "/p";
    post.body = "hello";
    post.body_length = 5;
    HAS(answer_to(MUFASA ", qop=\"auth-int\"", &post, "0a4f113b"),
        "response=\"cdb865dc12ab8011ee0659726e864487\", cnonce=\"0a4f113b\", qop=auth-int");
    post.body = NULL;
    post.body_length = 0;
    HAS(answer_to(MUFASA ", qop=\" , AUTH-INT,x\"", &post, "0a4f113b"),
        "response=\"4ba899d8ed5541d7ccbb6208b45aaeb8\"");
    HAS(answer_to(MUFASA ", qop=\"auth-int,auth\"", &post, "0a4f113b"), "qop=auth,");
    ck_assert_int_eq(take(&digest, MUFASA ", qop=\"auth-int\"", false), INTERIM_EUNSUPPORTED);
    ck_assert_int_eq(take(&digest, MUFASA ", qop=\"auth-int\"", true), 0);
    post.body_known = false;
    ck_assert_int_eq(interim__digest_answer(&out, &digest, &post, &random), INTERIM_EUNSUPPORTED);
    ck_assert_uint_eq(out.length, 0);
    interim__digest_dispose(&digest);
}
END_TEST

START_TEST(digest_counts_and_takes_the_next_nonce)
{
    static const struct {
        const char *info;
        bool taken;
    } table[] = {{"nextnonce=\"b\", qop=auth", true}, {"rspauth=\"x\", NEXTNONCE=c", true},
                 {"nextnonce=\"\"", false},           {"nextnonce=\"a\\\"b\"", false},
                 {"nextnonce=\"open", false},         {"nextnonce=a, nextnonce=b", false},
                 {"Digest nextnonce=a", false},       {"", false}};
    interim__digest digest;
    char cnonce[sizeof digest.cnonce];

    ck_assert_int_eq(take(&digest, MUFASA ", qop=auth", true), 0);
    HAS(answer(&digest, &get, NULL), "nc=00000001");
    memcpy(cnonce, digest.cnonce, sizeof cnonce);
    ck_assert_uint_eq(strlen(cnonce), 32);
    HAS(answer(&digest, &get, NULL), "nc=00000002");
    ck_assert_str_eq(digest.cnonce, cnonce);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t length = strlen(table[i].info);

        digest.count = 254;
        interim__digest_info(&digest, guarded(table[i].info, length), length);
        HAS(answer(&digest, &get, NULL), table[i].taken ? "nc=00000001" : "nc=000000ff");
    }
    HAS(answer(&digest, &get, NULL), "nonce=\"c\"");
    digest.count = UINT32_MAX;
    {
        interim__buffer out = {0};
        uint64_t random = 1;

        ck_assert_int_eq(interim__digest_answer(&out, &digest, &get, &random),
                         INTERIM_EUNSUPPORTED);
    }
    interim__digest_dispose(&digest);
    interim__digest_info(&digest, "nextnonce=a", 11);
    ck_assert_ptr_null(digest.nonce);
}
END_TEST

START_TEST(digest_cnonce_is_of_the_random_numbers)
{
    char seen[3][65];

    for (int i = 0; i < 3; i++) {
        interim__digest digest;
        interim__buffer out = {0};
        uint64_t random = i < 2 ? 7 : 8;

        ck_assert_int_eq(take(&digest, MUFASA ", qop=auth", true), 0);
        ck_assert_int_eq(interim__digest_answer(&out, &digest, &get, &random), 0);
        memcpy(seen[i], digest.cnonce, sizeof seen[i]);
        interim__buffer_dispose(&out);
        interim__digest_dispose(&digest);
    }
    ck_assert_str_eq(seen[0], seen[1]);
    ck_assert_str_ne(seen[0], seen[2]);
}
END_TEST

START_TEST(digest_escapes_names_and_realms)
{
    interim__digest_subject subject = get;

    subject.user = "DOM\\u\"x";
    subject.password = "p";
    subject.target = "/";
    HAS(answer_to("Digest realm=\"a\\\"b\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
                  "qop=auth",
                  &subject, "0a4f113b"),
        "Digest username=\"DOM\\\\u\\\"x\", realm=\"a\\\"b\", "
        "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/\", "
        "response=\"743bd9eeeceb7e2bb88462a551356e68\"");
    /* Without charset, bytes are sent as they are. */
    subject.user = "\xc3\xa4";
    HAS(answer_to(MUFASA, &subject, NULL), "username=\"\xc3\xa4\"");
}
END_TEST

START_TEST(digest_refuses_names_with_controls)
{
    static const char *const names[] = {"a\r\nX: y", "a\x01", "\x7f", "\t"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        interim__digest_subject subject = get;
        interim__digest digest;
        interim__buffer out = {0};
        uint64_t random = 1;

        subject.user = names[i];
        ck_assert_int_eq(take(&digest, MUFASA, true), 0);
        ck_assert_int_eq(interim__digest_answer(&out, &digest, &subject, &random),
                         INTERIM_EUNSUPPORTED);
        ck_assert_uint_eq(out.length, 0);
        interim__digest_dispose(&digest);
    }
}
END_TEST

START_TEST(digest_refuses_challenges)
{
    static const char *const refused[] = {
        "Digest",
        "Digest YWJj",
        "Digest realm=\"r\"",
        "Digest nonce=\"n\"",
        "Digest realm=\"r\", nonce=\"\"",
        "Digest realm=\"r\", nonce=\"a\\\"b\"",
        "Digest realm=\"r\", nonce=\"a\\\\b\"",
        "Digest realm=\"r\", nonce=\"a\tb\"",
        "Digest realm=\"r\", nonce=\"n\", opaque=\"\\\"\"",
        MUFASA ", algorithm=SHA-1",
        MUFASA ", algorithm=\"\"",
        MUFASA ", algorithm=MD5-sess-sess",
        MUFASA ", algorithm=MD5-sess", /* no qop, no cnonce */
        MUFASA ", qop=\"\"",
        MUFASA ", qop=\"auth-conf\"",
        MUFASA ", qop=au",
    };

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        interim__digest digest;

        ck_assert_msg(take(&digest, refused[i], true) == INTERIM_EUNSUPPORTED, "%s", refused[i]);
        ck_assert_ptr_null(digest.realm);
        ck_assert_ptr_null(digest.nonce);
    }
}
END_TEST

START_TEST(digest_texts_are_bounded)
{
    static char value[INTERIM__DIGEST_TEXT_MAX + 100];

    for (int length = INTERIM__DIGEST_TEXT_MAX - 1; length <= INTERIM__DIGEST_TEXT_MAX + 1;
         length++) {
        interim__digest digest;
        int at = snprintf(value, sizeof value, "Digest realm=r, nonce=\"");

        memset(value + at, 'n', (size_t)length);
        memcpy(value + at + length, "\"", 2);
        ck_assert_int_eq(take(&digest, value, true),
                         length <= INTERIM__DIGEST_TEXT_MAX ? 0 : INTERIM_EUNSUPPORTED);
        interim__digest_dispose(&digest);
    }
}
END_TEST

START_TEST(digest_knows_stale_and_strength)
{
    interim__digest digest;

    ck_assert_int_eq(take(&digest, MUFASA ", stale=TRUE, domain=\"http://evil.example/\"", true),
                     0);
    ck_assert(digest.stale);
    ck_assert_int_eq(interim__digest_strength(&digest), 1);
    LACKS(answer(&digest, &get, NULL), "evil");
    interim__digest_dispose(&digest);
    ck_assert_int_eq(take(&digest, MUFASA ", stale=false, algorithm=SHA-256", true), 0);
    ck_assert(!digest.stale);
    ck_assert_int_eq(interim__digest_strength(&digest), 2);
    interim__digest_dispose(&digest);
    ck_assert_int_eq(take(&digest, MUFASA ", algorithm=SHA-512-256", true), 0);
    ck_assert_int_eq(interim__digest_strength(&digest), 2);
    interim__digest_dispose(&digest);
}
END_TEST

START_TEST(digest_without_memory_is_enomem)
{
    unsigned long nth = 0;
    bool failed;

    do {
        interim__digest digest;
        interim__buffer out = {0};
        uint64_t random = 1;
        int code;

        failing_alloc_arm(++nth);
        code = take(&digest, MUFASA ", qop=auth, opaque=o", true);
        if (code == 0)
            code = interim__digest_answer(&out, &digest, &get, &random);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(code, failed ? INTERIM_ENOMEM : 0);
        ck_assert(!failed || out.length == 0);
        interim__buffer_dispose(&out);
        interim__digest_dispose(&digest);
    } while (failed);
    ck_assert_uint_gt(nth, 5);
}
END_TEST

Suite *digest_suite(void)
{
    Suite *suite = suite_create("digest");
    TCase *tests = tcase_create("digest");

    tcase_add_test(tests, digest_answers_rfc_7616_section_3_9_1);
    tcase_add_test(tests, digest_answers_rfc_7616_section_3_9_2);
    tcase_add_test(tests, digest_answers_rfc_2617_and_rfc_2069);
    tcase_add_test(tests, digest_answers_sessions);
    tcase_add_test(tests, digest_protects_bodies_that_it_knows);
    tcase_add_test(tests, digest_counts_and_takes_the_next_nonce);
    tcase_add_test(tests, digest_cnonce_is_of_the_random_numbers);
    tcase_add_test(tests, digest_escapes_names_and_realms);
    tcase_add_test(tests, digest_refuses_names_with_controls);
    tcase_add_test(tests, digest_refuses_challenges);
    tcase_add_test(tests, digest_texts_are_bounded);
    tcase_add_test(tests, digest_knows_stale_and_strength);
    tcase_add_test(tests, digest_without_memory_is_enomem);
    suite_add_tcase(suite, tests);
    return suite;
}
