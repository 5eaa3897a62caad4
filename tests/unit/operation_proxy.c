/* operation_proxy.c - 407 in the course of operations: what is sent to which proxy, what is left
 * for the operations after it, and what is said of it. */
#include "operation/operation.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/fake.h"

#include <stdio.h>
#include <string.h>

#define NONCE(nonce) "Proxy-Authenticate: Digest realm=\"r\", qop=\"auth\", nonce=\"" nonce "\"\n"
#define DENY SAY(407, NONCE("n1") "\ndenied")
#define BASIC "Proxy-Authenticate: Basic realm=\"r\"\n"
#define PLAIN "http://dav.example/a/"
#define SECURE "https://dav.example/a/"
#define TUNNELLED RAW("HTTP/1.1 200 OK\r\n\r\n")

static struct fake run, other;
static interim__routes routes;

static interim__route *route_of(const char *url)
{
    interim__route *route;
    const char *problem;

    ck_assert_int_eq(interim__route_parse(&route, url, &problem), 0);
    return route;
}

static void one_proxy(void)
{
    routes.http = routes.https = route_of("http://Mufasa:hushhush@proxy.test:3128");
}

static void no_proxies(void)
{
    interim__routes_dispose(&routes);
}

static void start(struct fake *fake, interim_request *request)
{
    ck_assert_int_eq(fake_start(fake, request), 0);
    fake->environment.routes = &routes;
}

static void play(const char *method, const char *url, const fake_step *script)
{
    start(&run, fake_request(method, url, NULL));
    fake_play(&run, script);
    fake_check(&run);
}

static bool has(const struct fake *fake, unsigned connection, const char *text)
{
    return strstr(fake->sent[connection], text) != NULL;
}

static void check(interim_outcome outcome, int status, int code)
{
    ck_assert_msg(run.result->outcome == outcome && run.result->error->code == code, "%s: %s",
                  interim_error_name(run.result->error->code), run.result->reason);
    ck_assert_int_eq(run.result->status, status);
}

/* ---- what is left for the next ---- */

START_TEST(proxy_digest_goes_on_in_the_next_operation)
{
    play("COPY", PLAIN, SCRIPT(DENY, SAY(201, "")));
    check(INTERIM_DONE, 201, 0);
    ck_assert(!has(&run, 0, "Proxy-Authorization"));
    ck_assert(has(&run, 1, "nonce=\"n1\", uri=\"" PLAIN "\"") && has(&run, 1, "nc=00000001"));
    ck_assert_str_eq(fake_find(&run, INTERIM_EVENT_RETRY, 0)->text, "with Digest, to the proxy");
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_RETRY, 0)->status, 407);
    fake_finish(&run);

    play("COPY", PLAIN, SCRIPT(SAY(201, "Proxy-Authentication-Info: nextnonce=\"n2\"\n")));
    check(INTERIM_DONE, 201, 0);
    ck_assert(has(&run, 0, "nonce=\"n1\"") && has(&run, 0, "nc=00000002"));
    fake_finish(&run);

    play("COPY", SECURE, SCRIPT(TUNNELLED, SAY(201, "")));
    check(INTERIM_DONE, 201, 0);
    ck_assert(has(&run, 0, "CONNECT dav.example:443 HTTP/1.1\r\nHost: dav.example:443\r\n"));
    ck_assert(has(&run, 0, "nonce=\"n2\", uri=\"dav.example:443\"") && has(&run, 0, "nc=00000001"));
    ck_assert(!has(&run, 1, "Proxy-Authorization"));
    fake_finish(&run);

    /* Too old, and the proxy does not say so; then it does. */
    play("COPY", PLAIN, SCRIPT(SAY(407, NONCE("n3")), SAY(201, "")));
    check(INTERIM_DONE, 201, 0);
    ck_assert(has(&run, 0, "nc=00000002") && has(&run, 1, "nonce=\"n3\""));
    fake_finish(&run);
}
END_TEST

START_TEST(proxy_digest_counts_for_one_operation_at_a_time)
{
    play("GET", PLAIN, SCRIPT(DENY, SAY(200, "")));
    fake_finish(&run);
    start(&run, fake_request("GET", PLAIN, NULL));
    interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
    start(&other, fake_request("GET", PLAIN, NULL));
    fake_play(&other, SCRIPT(SAY(407, NONCE("m1")), SAY(200, "")));
    ck_assert(!has(&other, 0, "Proxy-Authorization") && has(&other, 1, "nonce=\"m1\""));
    fake_finish(&other);
    run.connections = 1;
    fake_play(&run, SCRIPT(SAY(200, "")));
    ck_assert(has(&run, 0, "nonce=\"n1\"") && has(&run, 0, "nc=00000002"));
    fake_finish(&run);
    play("GET", PLAIN, SCRIPT(SAY(200, ""))); /* the last one that was given back */
    ck_assert(has(&run, 0, "nonce=\"n1\"") && has(&run, 0, "nc=00000003"));
    fake_finish(&run);
}
END_TEST

START_TEST(proxy_basic_is_sent_unasked_once_it_was_asked_for)
{
    play("COPY", SECURE, SCRIPT(SAY(407, BASIC), TUNNELLED, SAY(201, "")));
    check(INTERIM_DONE, 201, 0);
    ck_assert(has(&run, 0, "Proxy-Authorization: Basic TXVmYXNhOmh1c2hodXNo\r\n"));
    fake_finish(&run);
    play("COPY", PLAIN, SCRIPT(SAY(201, "")));
    ck_assert(has(&run, 0, "Proxy-Authorization: Basic TXVmYXNhOmh1c2hodXNo\r\n"));
    fake_finish(&run);
    /* Refused: the next one asks first. */
    play("COPY", PLAIN, SCRIPT(SAY(407, BASIC)));
    check(INTERIM_FAILED, 407, 0);
    ck_assert_ptr_nonnull(strstr(run.result->reason, ": the credentials were refused"));
    fake_finish(&run);
    play("COPY", PLAIN, SCRIPT(SAY(201, "")));
    ck_assert(!has(&run, 0, "Proxy-Authorization"));
    fake_finish(&run);
    play("COPY", PLAIN, SCRIPT(SAY(201, ""))); /* which needed none: nothing to remember */
    ck_assert(!has(&run, 0, "Proxy-Authorization"));
    fake_finish(&run);
}
END_TEST

/* ---- to whom ---- */

START_TEST(proxy_login_is_for_one_proxy)
{
    routes.http = route_of("http://Mufasa:hushhush@one.test:1");
    routes.https = route_of("http://two.test:2");
    play("GET", PLAIN, SCRIPT(DENY, SAY(302, "Location: " SECURE "\n"), DENY));
    check(INTERIM_FAILED, 407, INTERIM_EPROXY);
    ck_assert(has(&run, 1, "Proxy-Authorization: Digest"));
    ck_assert(has(&run, 2, "CONNECT ") && !has(&run, 2, "Authorization"));
    fake_finish(&run);
}
END_TEST

START_TEST(proxy_gets_nothing_of_the_origin)
{
    interim_request *request = fake_request("COPY", SECURE, "Cookie: c=1\n");

    fake_set_login(request, "alice", "wonderland");
    start(&run, request);
    fake_play(&run, SCRIPT(DENY, TUNNELLED, SAY(401, "WWW-Authenticate: Basic realm=\"x\"\n")));
    check(INTERIM_FAILED, 401, 0);
    ck_assert(!has(&run, 0, "\r\nAuthorization") && !has(&run, 0, "Cookie"));
    ck_assert(has(&run, 1, "\r\nAuthorization: Basic") && !has(&run, 1, "Proxy-Authorization"));
    fake_finish(&run);
}
END_TEST

START_TEST(proxy_challenge_of_an_unproxied_origin_is_final)
{
    interim__routes_dispose(&routes);
    routes.http = routes.https = route_of("http://Mufasa:hushhush@proxy.test:3128");
    routes.exceptions = strdup("dav.example");
    play("COPY", PLAIN, SCRIPT(DENY));
    check(INTERIM_FAILED, 407, 0);
    ck_assert_uint_eq(run.exchanges, 1);
    fake_finish(&run);
    play("COPY", SECURE, SCRIPT(SAY(407, BASIC)));
    check(INTERIM_FAILED, 407, 0);
    fake_finish(&run);
}
END_TEST

/* ---- schemes ---- */

START_TEST(proxy_schemes_are_those_that_were_named)
{
    interim__credentials *login = &routes.http->login;

    login->scheme = INTERIM_SCHEME_BASIC;
    play("COPY", SECURE, SCRIPT(TUNNELLED, SAY(201, "")));
    ck_assert(has(&run, 0, "Proxy-Authorization: Basic TXVmYXNhOmh1c2hodXNo\r\n"));
    fake_finish(&run);
    no_proxies();
    one_proxy();
    login = &routes.http->login;
    login->scheme = INTERIM_SCHEME_DIGEST;
    play("COPY", SECURE, SCRIPT(SAY(407, BASIC)));
    check(INTERIM_UNREACHABLE, 407, INTERIM_EPROXY);
    ck_assert_ptr_nonnull(strstr(run.result->reason, "it asks for nothing that can be answered"));
    fake_finish(&run);
    login->scheme = INTERIM_SCHEME_AUTO;
    login->clear_text = false;
    play("COPY", SECURE, SCRIPT(SAY(407, BASIC)));
    check(INTERIM_UNREACHABLE, 407, INTERIM_EPROXY);
    ck_assert_ptr_nonnull(strstr(run.result->reason, "is not sent without TLS"));
    ck_assert(!has(&run, 0, "Proxy-Authorization"));
    fake_finish(&run);
}
END_TEST

/* ---- the callback ---- */

static char asked[128];
static unsigned calls;
static int none, stop;

static int give(interim_challenge *challenge, void *user)
{
    (void)user;
    calls++;
    snprintf(asked, sizeof asked, "%d %s %s %s %d", challenge->proxy, challenge->origin,
             challenge->scheme, challenge->realm, challenge->refused);
    challenge->user = "fresh";
    challenge->password = "secret";
    if (stop)
        interim__operation_cancel(&run.op);
    return none;
}

static void with_callback(const char *url)
{
    interim__routes_dispose(&routes);
    routes.http = routes.https = route_of(url);
    routes.http->login.fresh = give;
    calls = 0;
    none = stop = 0;
}

START_TEST(proxy_callback_is_told_which_proxy)
{
    with_callback("http://[2001:db8::1]:3128");
    play("COPY", SECURE, SCRIPT(DENY, TUNNELLED, SAY(201, "")));
    check(INTERIM_DONE, 201, 0);
    ck_assert_str_eq(asked, "1 http://[2001:db8::1]:3128 Digest r 0");
    ck_assert(has(&run, 0, "username=\"fresh\""));
    fake_finish(&run);
    play("COPY", SECURE, SCRIPT(TUNNELLED, SAY(201, "")));
    ck_assert(has(&run, 0, "username=\"fresh\""));
    ck_assert_uint_eq(calls, 1);
    fake_finish(&run);

    with_callback("http://old:gone@proxy.test");
    play("COPY", PLAIN, SCRIPT(DENY, DENY, SAY(407, NONCE("n2")), SAY(201, "")));
    check(INTERIM_FAILED, 407, 0);
    ck_assert_str_eq(asked, "1 http://proxy.test:80 Digest r 1");
    ck_assert_uint_eq(calls, 1);
    ck_assert(has(&run, 1, "username=\"old\"") && has(&run, 2, "username=\"fresh\""));
    fake_finish(&run);
    ck_assert_str_eq(routes.http->login.user, "old"); /* they were not taken */

    none = 1;
    play("COPY", PLAIN, SCRIPT(DENY, DENY));
    check(INTERIM_FAILED, 407, 0);
    fake_finish(&run);
}
END_TEST

START_TEST(proxy_callback_may_cancel)
{
    with_callback("http://proxy.test");
    stop = 1;
    play("COPY", SECURE, SCRIPT(DENY, TUNNELLED));
    check(INTERIM_CANCELLED, 407, INTERIM_ECANCELLED);
    fake_finish(&run);
}
END_TEST

START_TEST(proxy_callback_of_the_request_is_not_asked)
{
    interim_request *request = fake_request("COPY", SECURE, NULL);
    interim_authentication login = INTERIM_AUTHENTICATION_INIT;

    with_callback("http://proxy.test");
    routes.http->login.fresh = NULL;
    login.fresh = give;
    ck_assert_int_eq(interim_request_set_authentication(request, &login), 0);
    start(&run, request);
    fake_play(&run, SCRIPT(DENY));
    check(INTERIM_UNREACHABLE, 407, INTERIM_EPROXY);
    ck_assert_uint_eq(calls, 0);
    fake_finish(&run);
}
END_TEST

/* ---- jobs, bodies, endings ---- */

START_TEST(proxy_login_is_renewed_while_polling)
{
    play("COPY", PLAIN,
         SCRIPT(DENY, SAY(202, "Location: /jobs/1\n"), SAY(202, ""),
                SAY(407, "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n2\", stale=true\n"),
                SAY(200, "")));
    check(INTERIM_DONE, 200, 0);
    ck_assert(has(&run, 2, "nonce=\"n1\"") && has(&run, 3, "nc=00000003") &&
              has(&run, 4, "nonce=\"n2\""));
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_RETRY, 1)->hop, INTERIM_HOP_POLL);
    fake_finish(&run);
}
END_TEST

static ptrdiff_t read_nothing(void *buffer, size_t size, void *user)
{
    (void)buffer, (void)size, (void)user;
    return 0;
}

static void put_from_reader(const fake_step *script)
{
    interim_request *request = fake_request("PUT", PLAIN, NULL);

    ck_assert_int_eq(interim_request_set_body_reader(request, read_nothing, -1, NULL), 0);
    request->expect = INTERIM_EXPECT_NEVER;
    start(&run, request);
    fake_play(&run, script);
}

START_TEST(proxy_body_that_cannot_be_rewound_is_an_error)
{
    put_from_reader(SCRIPT(DENY, SAY(201, "")));
    check(INTERIM_FAILED, 407, INTERIM_EREWIND);
    ck_assert_ptr_nonnull(strstr(run.result->reason, "nothing was done"));
    ck_assert_uint_eq(run.exchanges, 1);
    fake_finish(&run);
    /* That is not what is wrong with a wrong password. */
    routes.http->login.scheme = INTERIM_SCHEME_BASIC;
    put_from_reader(SCRIPT(SAY(407, BASIC)));
    check(INTERIM_FAILED, 407, 0);
    ck_assert_ptr_nonnull(strstr(run.result->reason, ": the credentials were refused"));
    fake_finish(&run);
}
END_TEST

START_TEST(proxy_hangs_up_for_ever)
{
    play("COPY", SECURE, SCRIPT(DENY, CUT, CUT));
    check(INTERIM_UNREACHABLE, 407, INTERIM_EDISCONNECTED);
    fake_finish(&run);
}
END_TEST

START_TEST(proxy_login_says_no_secret)
{
    static const char *const secrets[] = {"hushhush", "response=", "nonce"};

    play("COPY", SECURE, SCRIPT(DENY, DENY));
    for (size_t s = 0; s < 3; s++) {
        for (size_t i = 0; i < run.event_count; i++)
            ck_assert_ptr_null(strstr(run.events[i].text, secrets[s]));
        ck_assert_ptr_null(strstr(run.result->reason, secrets[s]));
        ck_assert_ptr_null(strstr(run.result->error->text, secrets[s]));
    }
    ck_assert_ptr_nonnull(strstr(run.result->error->text, "answered 407 Reason to CONNECT: the "
                                                          "credentials were refused"));
    fake_finish(&run);
}
END_TEST

START_TEST(proxy_login_without_memory_ends_once)
{
    unsigned long nth = 0;
    bool failed;

    do {
        no_proxies();
        one_proxy();
        start(&run, fake_request("COPY", _i == 0 ? PLAIN : SECURE, NULL));
        failing_alloc_arm(++nth);
        fake_play(&run, _i == 0 ? SCRIPT(DENY, SAY(201, ""), SAY(201, ""))
                                : SCRIPT(DENY, TUNNELLED, SAY(201, ""), SAY(201, "")));
        failed = failing_alloc_disarm();
        fake_check(&run);
        ck_assert_uint_le(run.exchanges, 2);
        fake_finish(&run);
    } while (failed);
    ck_assert_uint_gt(nth, 10);
}
END_TEST

Suite *operation_proxy_suite(void)
{
    const TTest *const tests[] = {
        proxy_digest_goes_on_in_the_next_operation,
        proxy_digest_counts_for_one_operation_at_a_time,
        proxy_basic_is_sent_unasked_once_it_was_asked_for,
        proxy_gets_nothing_of_the_origin,
        proxy_challenge_of_an_unproxied_origin_is_final,
        proxy_schemes_are_those_that_were_named,
        proxy_callback_is_told_which_proxy,
        proxy_callback_may_cancel,
        proxy_callback_of_the_request_is_not_asked,
        proxy_login_is_renewed_while_polling,
        proxy_body_that_cannot_be_rewound_is_an_error,
        proxy_hangs_up_for_ever,
        proxy_login_says_no_secret,
    };
    Suite *suite = suite_create("operation_proxy");
    TCase *one = tcase_create("one proxy"), *two = tcase_create("two proxies");

    tcase_add_checked_fixture(one, one_proxy, no_proxies);
    tcase_add_checked_fixture(two, NULL, no_proxies);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(one, tests[i]);
    tcase_add_loop_test(one, proxy_login_without_memory_ends_once, 0, 2);
    tcase_add_test(two, proxy_login_is_for_one_proxy);
    suite_add_tcase(suite, one);
    suite_add_tcase(suite, two);
    return suite;
}
