/* operation_authentication.c - 401 in the course of an operation: what is sent again, to whom, and
 * what is said of it. */
#include "operation/operation.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/fake.h"

#include <stdio.h>
#include <string.h>

#define NONCE(nonce) "WWW-Authenticate: Digest realm=\"r\", qop=\"auth\", nonce=\"" nonce "\"\n"
#define DENY SAY(401, NONCE("n1") "\ndenied")
#define HOME "http://dav.example/a/"

static struct fake run;

static interim_request *login(interim_request *request, interim_scheme scheme,
                              interim_challenge_fn fresh)
{
    interim_authentication login = INTERIM_AUTHENTICATION_INIT;

    login.scheme = scheme;
    if (scheme == INTERIM_SCHEME_BEARER) {
        login.token = "t0ken";
    } else {
        login.user = "Mufasa";
        login.password = "hushhush";
    }
    login.fresh = fresh;
    ck_assert_int_eq(interim_request_set_authentication(request, &login), 0);
    return request;
}

static interim_request *copy(void)
{
    return login(fake_request("COPY", HOME, "Destination: http://dav.example/b/\n"),
                 INTERIM_SCHEME_AUTO, NULL);
}

static bool has(unsigned exchange, const char *text)
{
    return strstr(run.sent[exchange], text) != NULL;
}

static void check(interim_outcome outcome, int status, unsigned exchanges)
{
    ck_assert_msg(run.result->outcome == outcome, "%s", run.result->reason);
    ck_assert_int_eq(run.result->status, status);
    ck_assert_uint_eq(run.exchanges, exchanges);
}

START_TEST(login_answers_a_copy_once)
{
    const fake_event *event;

    fake_run(&run, copy(), SCRIPT(DENY, SAY(102, ""), SAY(201, "A: b\n\ndone")));
    check(INTERIM_DONE, 201, 2);
    ck_assert_str_eq(fake_trace(&run), "sctryctire");
    ck_assert(!has(0, "Authorization"));
    ck_assert(has(1, "COPY /a/ HTTP/1.1\r\n"));
    ck_assert(has(1, "Destination: http://dav.example/b/\r\n"));
    ck_assert(has(1, "Authorization: Digest username=\"Mufasa\", realm=\"r\", nonce=\"n1\", "
                     "uri=\"/a/\", response=\""));
    event = fake_find(&run, INTERIM_EVENT_RETRY, 0);
    ck_assert_int_eq(event->status, 401);
    ck_assert_str_eq(event->text, "with Digest");
    event = fake_find(&run, INTERIM_EVENT_INTERIM, 0);
    ck_assert_int_eq(event->hop, INTERIM_HOP_AUTHENTICATION);
    ck_assert_uint_eq(event->hop_index, 1);
    ck_assert_str_eq(event->url, HOME);
    ck_assert_str_eq(run.result->body.data, "done");
    ck_assert_uint_eq(run.kept, 2);
    fake_finish(&run);
}
END_TEST

START_TEST(login_sends_a_body_from_memory_again)
{
    interim_request *request = login(fake_request("POST", HOME, NULL), INTERIM_SCHEME_AUTO, NULL);

    fake_set_body(request, "payload");
    fake_run(&run, request,
             SCRIPT(SAY(401, "WWW-Authenticate: Digest realm=\"r\", qop=\"auth-int\", nonce=n\n"),
                    SAY(200, "")));
    check(INTERIM_DONE, 200, 2);
    ck_assert(has(1, "qop=auth-int") && has(1, "\r\n\r\npayload"));
    fake_finish(&run);
}
END_TEST

static unsigned reads;

static ptrdiff_t read_four(void *buffer, size_t size, void *user)
{
    (void)user, (void)size;
    memcpy(buffer, "four", 4);
    reads++;
    return 4;
}

START_TEST(login_does_not_ask_a_reader_twice)
{
    interim_request *request = login(fake_request("PUT", HOME, NULL), INTERIM_SCHEME_AUTO, NULL);

    reads = 0;
    request->body = (interim__body_source){.reader = read_four, .length = 4};
    fake_run(&run, request, SCRIPT(DENY, SAY(201, "")));
    check(INTERIM_FAILED, 401, 1);
    ck_assert_uint_eq(reads, 1);
    ck_assert_ptr_nonnull(strstr(run.result->reason, ": the body cannot be sent again"));
    fake_finish(&run);
    /* But one that was not asked because of Expect. */
    request = login(fake_request("PUT", HOME, NULL), INTERIM_SCHEME_AUTO, NULL);
    request->expect = INTERIM_EXPECT_ALWAYS;
    request->body = (interim__body_source){.reader = read_four, .length = 4};
    fake_run(&run, request, SCRIPT(DENY, SAY(100, ""), SAY(201, "")));
    check(INTERIM_DONE, 201, 2);
    ck_assert_uint_eq(reads, 2);
    ck_assert(!has(0, "four") && has(1, "\r\n\r\nfour"));
    fake_finish(&run);
}
END_TEST

START_TEST(login_that_is_refused_is_final)
{
    interim_request *request = login(fake_request("GET", HOME, NULL), INTERIM_SCHEME_AUTO, NULL);

    request->on_body = fake_body;
    request->body_user = &run;
    fake_run(&run, request, SCRIPT(DENY, SAY(401, NONCE("n2") "\nno"), SAY(200, "")));
    check(INTERIM_FAILED, 401, 2);
    ck_assert_ptr_nonnull(strstr(run.result->reason, ": the credentials were refused"));
    /* The body of the first 401 is nobody's. */
    ck_assert_uint_eq(run.body_length, 2);
    fake_finish(&run);
    fake_run(&run, copy(),
             SCRIPT(DENY,
                    SAY(401, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", stale=true\n"),
                    SAY(204, "")));
    check(INTERIM_DONE, 204, 3);
    ck_assert(has(2, "nonce=\"n2\""));
    ck_assert_uint_eq(fake_find(&run, INTERIM_EVENT_END, 0)->hop_index, 2);
    fake_finish(&run);
}
END_TEST

START_TEST(login_basic_needs_tls)
{
    static const char basic[] = "WWW-Authenticate: Basic realm=\"r\"\n";

    fake_run(&run, copy(), SCRIPT(SAY(401, basic), SAY(201, "")));
    check(INTERIM_FAILED, 401, 1);
    ck_assert_ptr_nonnull(strstr(run.result->reason, ": what it asks for is not sent without TLS"));
    fake_finish(&run);
    fake_run(&run,
             login(fake_request("COPY", "https://dav.example/a/", NULL), INTERIM_SCHEME_AUTO, NULL),
             SCRIPT(SAY(401, basic), SAY(201, "")));
    check(INTERIM_DONE, 201, 2);
    ck_assert(has(1, "Authorization: Basic TXVmYXNhOmh1c2hodXNo\r\n"));
    fake_finish(&run);
}
END_TEST

START_TEST(login_is_for_the_origin_alone)
{
    static const char *const others[] = {"http://b.example/", "http://dav.example:81/",
                                         "https://dav.example/"};

    for (size_t i = 0; i < 3; i++) {
        char location[64];

        snprintf(location, sizeof location, "Location: %sx\n", others[i]);
        fake_run(&run, login(fake_request("GET", HOME, NULL), INTERIM_SCHEME_AUTO, NULL),
                 SCRIPT(DENY, SAY(302, location), DENY, SAY(200, "")));
        check(INTERIM_FAILED, 401, 3);
        ck_assert(has(1, "Authorization: Digest") && !has(2, "Authorization"));
        ck_assert_ptr_null(strstr(run.result->reason, "credentials"));
        fake_finish(&run);
        fake_run(&run, login(fake_request("GET", HOME, NULL), INTERIM_SCHEME_BEARER, NULL),
                 SCRIPT(SAY(302, location), SAY(401, "WWW-Authenticate: Bearer\n"), SAY(200, "")));
        check(INTERIM_FAILED, 401, 2);
        ck_assert(has(0, "Authorization: Bearer t0ken\r\n") && !has(1, "Authorization"));
        fake_finish(&run);
    }
}
END_TEST

START_TEST(login_follows_redirects_of_the_origin)
{
    fake_run(&run, copy(),
             SCRIPT(SAY(307, "Location: /moved?secret\n"), DENY,
                    SAY(308, "Location: /again?secret\n"), SAY(201, "")));
    check(INTERIM_DONE, 201, 4);
    ck_assert(has(2, "COPY /moved?secret ") && has(2, "uri=\"/moved?secret\"") &&
              has(2, "nc=00000001"));
    ck_assert(has(3, "COPY /again?secret ") && has(3, "nc=00000002"));
    ck_assert_str_eq(fake_find(&run, INTERIM_EVENT_SENT, 2)->url, "http://dav.example/moved?...");
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_SENT, 2)->hop, INTERIM_HOP_AUTHENTICATION);
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_SENT, 3)->hop, INTERIM_HOP_REDIRECT);
    fake_finish(&run);
}
END_TEST

START_TEST(login_does_not_follow_signs_of_life)
{
    fake_run(&run, copy(), SCRIPT(SAY(102, ""), DENY, SAY(201, "")));
    check(INTERIM_FAILED, 401, 1);
    ck_assert_ptr_nonnull(strstr(run.result->reason, ": it had given signs of life before"));
    fake_finish(&run);
    fake_run(&run, login(fake_request("PROPFIND", HOME, NULL), INTERIM_SCHEME_AUTO, NULL),
             SCRIPT(SAY(102, ""), DENY, SAY(207, "")));
    check(INTERIM_DONE, 207, 2);
    fake_finish(&run);
}
END_TEST

START_TEST(login_leaves_the_callers_own_field_alone)
{
    fake_run(
        &run,
        login(fake_request("GET", HOME, "Authorization: Bearer mine\n"), INTERIM_SCHEME_AUTO, NULL),
        SCRIPT(DENY, SAY(200, "")));
    check(INTERIM_FAILED, 401, 1);
    ck_assert(has(0, "Authorization: Bearer mine\r\n"));
    fake_finish(&run);
}
END_TEST

START_TEST(login_after_a_401_nothing_was_done)
{
    fake_run(&run, copy(),
             SCRIPT(SAY(401, NONCE("n1") "Connection: close\n"), REFUSE(INTERIM_ECONNECT)));
    check(INTERIM_UNREACHABLE, 401, 1);
    ck_assert_ptr_nonnull(strstr(run.result->reason, "; nothing was done"));
    fake_finish(&run);
    fake_run(&run, copy(), SCRIPT(DENY, CUT));
    check(INTERIM_UNKNOWN, 401, 2);
    fake_finish(&run);
}
END_TEST

/* ---- jobs ---- */

static unsigned calls;
static int none; /* what renew answers */

static int renew(interim_challenge *challenge, void *user)
{
    static char token[16];

    (void)user;
    snprintf(token, sizeof token, "fresh%u", ++calls);
    challenge->token = token;
    return none;
}

static interim_request *copy_with_token(void)
{
    calls = 0;
    none = 0;
    return login(fake_request("COPY", HOME, NULL), INTERIM_SCHEME_BEARER, renew);
}

START_TEST(login_is_renewed_while_polling)
{
    fake_run(&run, copy_with_token(),
             SCRIPT(SAY(202, "Location: /jobs/1\n"), SAY(202, ""), SAY(401, ""), SAY(202, ""),
                    SAY(401, ""), SAY(200, "")));
    check(INTERIM_DONE, 200, 6);
    ck_assert_uint_eq(calls, 2);
    ck_assert(has(2, "GET /jobs/1 ") && has(2, "Bearer t0ken\r\n"));
    ck_assert(has(3, "GET /jobs/1 ") && has(3, "Bearer fresh1\r\n"));
    ck_assert(has(4, "Bearer fresh1\r\n") && has(5, "Bearer fresh2\r\n"));
    ck_assert_uint_eq(run.result->timing.poll_count, 3);
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_RETRY, 0)->hop, INTERIM_HOP_POLL);
    ck_assert_uint_eq(fake_find(&run, INTERIM_EVENT_RETRY, 0)->hop_index, 2);
    fake_finish(&run);
}
END_TEST

START_TEST(login_of_a_poll_is_refused_once)
{
    fake_run(&run, copy_with_token(),
             SCRIPT(SAY(202, "Location: /jobs/1\n"), SAY(401, ""), SAY(401, ""), SAY(200, "")));
    check(INTERIM_UNKNOWN, 401, 3);
    ck_assert_int_eq(run.result->error->code, INTERIM_EPOLL_AUTH);
    ck_assert_uint_eq(calls, 1);
    fake_finish(&run);
    none = 1;
    fake_run(&run, login(fake_request("COPY", HOME, NULL), INTERIM_SCHEME_BEARER, renew),
             SCRIPT(SAY(202, "Location: /jobs/1\n"), SAY(401, ""), SAY(200, "")));
    check(INTERIM_UNKNOWN, 401, 2);
    ck_assert_int_eq(run.result->error->code, INTERIM_EPOLL_AUTH);
    fake_finish(&run);
    /* A monitor elsewhere gets nothing, and nobody is asked. */
    fake_run(&run, copy_with_token(),
             SCRIPT(SAY(202, "Location: http://b.example/1\n"), SAY(401, ""), SAY(200, "")));
    check(INTERIM_UNKNOWN, 401, 2);
    ck_assert(!has(1, "Authorization"));
    ck_assert_uint_eq(calls, 0);
    fake_finish(&run);
}
END_TEST

START_TEST(login_by_digest_goes_on_in_polls_and_results)
{
    fake_run(&run,
             login(fake_request("POST", "https://dav.example/a", NULL), INTERIM_SCHEME_AUTO, NULL),
             SCRIPT(DENY, SAY(202, "Location: /jobs/1\nAuthentication-Info: nextnonce=\"n2\"\n"),
                    SAY(202, ""), SAY(401, NONCE("n3")), SAY(303, "Location: /r\n"),
                    SAY(401, NONCE("n4")), SAY(200, "A: b\n\nresult")));
    check(INTERIM_DONE, 200, 7);
    ck_assert(has(2, "nonce=\"n2\"") && has(2, "nc=00000001") && has(2, "uri=\"/jobs/1\""));
    ck_assert(has(3, "nonce=\"n2\"") && has(3, "nc=00000002"));
    ck_assert(has(4, "nonce=\"n3\"") && has(5, "nonce=\"n3\"") && has(6, "nonce=\"n4\""));
    ck_assert_str_eq(run.result->body.data, "result");
    fake_finish(&run);
}
END_TEST

/* ---- the caller ---- */

static int cancel(interim_challenge *challenge, void *user)
{
    (void)user;
    challenge->token = "t";
    interim__operation_cancel(&run.op);
    return 0;
}

START_TEST(login_callback_may_cancel)
{
    fake_run(&run, login(fake_request("COPY", HOME, NULL), INTERIM_SCHEME_BEARER, cancel),
             SCRIPT(SAY(401, ""), SAY(200, "")));
    check(INTERIM_CANCELLED, 401, 1);
    fake_finish(&run);
}
END_TEST

START_TEST(login_says_no_secret)
{
    static const char *const secrets[] = {"hushhush", "TXVmYXNh", "response="};

    fake_run(&run, copy(), SCRIPT(DENY, SAY(202, "Location: /m\n"), SAY(401, ""), SAY(200, "")));
    for (size_t i = 0; i < run.event_count; i++)
        for (size_t s = 0; s < 3; s++) {
            ck_assert_ptr_null(strstr(run.events[i].url, secrets[s]));
            ck_assert_ptr_null(strstr(run.events[i].text, secrets[s]));
        }
    for (size_t s = 0; s < 3; s++) {
        ck_assert_ptr_null(strstr(run.result->reason, secrets[s]));
        ck_assert_ptr_null(strstr(run.result->error->text, secrets[s]));
    }
    for (unsigned i = 0; i < run.exchanges; i++)
        ck_assert(!has(i, "hushhush"));
    fake_finish(&run);
}
END_TEST

START_TEST(login_without_memory_ends_once)
{
    unsigned long nth = 0;
    bool failed;

    do {
        interim_request *request = copy();

        ck_assert_int_eq(fake_start(&run, request), 0);
        failing_alloc_arm(++nth);
        fake_play(&run, SCRIPT(DENY, SAY(201, ""), SAY(201, "")));
        failed = failing_alloc_disarm();
        fake_check(&run);
        ck_assert_uint_eq(run.ends, 1);
        ck_assert_uint_le(run.exchanges, 2);
        fake_finish(&run);
    } while (failed);
    ck_assert_uint_gt(nth, 10);
}
END_TEST

START_TEST(login_is_checked_when_it_is_set)
{
    static const struct {
        interim_scheme scheme;
        const char *user, *password, *token;
        interim_challenge_fn fresh;
        int code;
    } table[] = {
        {INTERIM_SCHEME_AUTO, "u", "p", NULL, NULL, 0},
        {INTERIM_SCHEME_AUTO, NULL, NULL, "t", NULL, 0},
        {INTERIM_SCHEME_AUTO, NULL, NULL, NULL, renew, 0},
        {INTERIM_SCHEME_AUTO, NULL, NULL, NULL, NULL, INTERIM_EINVAL},
        {INTERIM_SCHEME_BASIC, "u", "p", NULL, NULL, 0},
        {INTERIM_SCHEME_BASIC, NULL, NULL, "t", NULL, INTERIM_EINVAL},
        {INTERIM_SCHEME_BASIC, "u", NULL, NULL, NULL, INTERIM_EINVAL},
        {INTERIM_SCHEME_DIGEST, "u:", "p", NULL, NULL, INTERIM_EINVAL},
        {INTERIM_SCHEME_DIGEST, NULL, NULL, NULL, renew, 0},
        {INTERIM_SCHEME_BEARER, "u", "p", NULL, NULL, INTERIM_EINVAL},
        {INTERIM_SCHEME_BEARER, NULL, NULL, "a b", NULL, INTERIM_EINVAL},
        {(interim_scheme)4, "u", "p", "t", renew, INTERIM_EINVAL},
        {(interim_scheme)-1, "u", "p", "t", renew, INTERIM_EINVAL},
    };
    interim_request *request = fake_request("GET", HOME, NULL);
    interim_authentication login = INTERIM_AUTHENTICATION_INIT;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        login.scheme = table[i].scheme;
        login.user = table[i].user;
        login.password = table[i].password;
        login.token = table[i].token;
        login.fresh = table[i].fresh;
        ck_assert_msg(interim_request_set_authentication(request, &login) == table[i].code, "%zu",
                      i);
    }
    ck_assert_ptr_nonnull((void *)(uintptr_t)request->credentials.fresh);
    ck_assert_int_eq(interim_request_set_authentication(request, NULL), 0);
    ck_assert(request->credentials.fresh == NULL && request->credentials.user == NULL);
    login.size = 1;
    ck_assert_int_eq(interim_request_set_authentication(request, &login), INTERIM_EINVAL);
    request->in_flight = 1;
    ck_assert_int_eq(interim_request_set_authentication(request, NULL), INTERIM_EBUSY);
    request->in_flight = 0;
    interim__request_release(request);
}
END_TEST

Suite *operation_authentication_suite(void)
{
    Suite *suite = suite_create("operation_authentication");
    TCase *tests = tcase_create("operation_authentication");

    tcase_add_test(tests, login_answers_a_copy_once);
    tcase_add_test(tests, login_sends_a_body_from_memory_again);
    tcase_add_test(tests, login_does_not_ask_a_reader_twice);
    tcase_add_test(tests, login_that_is_refused_is_final);
    tcase_add_test(tests, login_basic_needs_tls);
    tcase_add_test(tests, login_is_for_the_origin_alone);
    tcase_add_test(tests, login_follows_redirects_of_the_origin);
    tcase_add_test(tests, login_does_not_follow_signs_of_life);
    tcase_add_test(tests, login_leaves_the_callers_own_field_alone);
    tcase_add_test(tests, login_after_a_401_nothing_was_done);
    tcase_add_test(tests, login_is_renewed_while_polling);
    tcase_add_test(tests, login_of_a_poll_is_refused_once);
    tcase_add_test(tests, login_by_digest_goes_on_in_polls_and_results);
    tcase_add_test(tests, login_callback_may_cancel);
    tcase_add_test(tests, login_says_no_secret);
    tcase_add_test(tests, login_without_memory_ends_once);
    tcase_add_test(tests, login_is_checked_when_it_is_set);
    suite_add_tcase(suite, tests);
    return suite;
}
