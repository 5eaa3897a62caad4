/* Tests of src/operation/route.c. */
#include "operation/route.h"

#include "suites.h"
#include "support/failing_alloc.h"

#include <interim.h>
#include <string.h>

static interim__uri *uri_of(const char *text)
{
    interim__uri *uri;

    ck_assert_int_eq(interim__uri_parse(&uri, text, strlen(text), NULL), 0);
    return uri;
}

static const struct {
    const char *url;
    interim__route_kind kind;
    const char *host;
    unsigned port;
    const char *user, *password;
} good[] = {
    {"http://p.test", INTERIM__ROUTE_HTTP, "p.test", 80, NULL, NULL},
    {"http://p.test:3128/", INTERIM__ROUTE_HTTP, "p.test", 3128, NULL, NULL},
    {"HTTP://P.test:80", INTERIM__ROUTE_HTTP, "p.test", 80, NULL, NULL},
    {"http://u:p@p.test:1", INTERIM__ROUTE_HTTP, "p.test", 1, "u", "p"},
    {"http://u@p.test:1", INTERIM__ROUTE_HTTP, "p.test", 1, "u", ""},
    {"http://a%40b:c%3Ad@p.test", INTERIM__ROUTE_HTTP, "p.test", 80, "a@b", "c:d"},
    {"http://[::1]:8080", INTERIM__ROUTE_HTTP, "::1", 8080, NULL, NULL},
    {"socks5h://p.test", INTERIM__ROUTE_SOCKS5, "p.test", 1080, NULL, NULL},
    {"socks5://u:p@p.test:80", INTERIM__ROUTE_SOCKS5, "p.test", 80, "u", "p"},
    {"socks5h://[::80]", INTERIM__ROUTE_SOCKS5, "::80", 1080, NULL, NULL},
};

static void same(const char *a, const char *b)
{
    ck_assert((a == NULL) == (b == NULL));
    if (a != NULL)
        ck_assert_str_eq(a, b);
}

START_TEST(proxies_are_parsed)
{
    interim__route *route;
    const char *problem;

    ck_assert_int_eq(interim__route_parse(&route, good[_i].url, &problem), 0);
    ck_assert_int_eq(route->kind, good[_i].kind);
    ck_assert_str_eq(route->host, good[_i].host);
    ck_assert_uint_eq(route->port, good[_i].port);
    same(route->login.user, good[_i].user);
    same(route->login.password, good[_i].password);
    interim__route_free(route);
}
END_TEST

START_TEST(bad_proxies_are_refused_with_a_reason)
{
    static const char *const bad[] = {"",
                                      "p.test",
                                      "p.test:3128",
                                      "https://p.test",
                                      "ftp://p.test",
                                      "http://",
                                      "http://p.test/x",
                                      "http://p.test:0",
                                      "http://p.test:99999",
                                      "http://%zz@p.test",
                                      "http://a%3Ab:c@p.test",
                                      "http://%00@p.test",
                                      "http://a%4@p.test",
                                      "http://a b",
                                      "http://p.test?q",
                                      "socks4://p.test"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        interim__route *route;
        const char *problem = NULL;

        ck_assert_msg(interim__route_parse(&route, bad[i], &problem) == INTERIM_EURL, "%s", bad[i]);
        ck_assert_ptr_null(route);
        ck_assert_ptr_nonnull(problem);
    }
}
END_TEST

START_TEST(credentials_have_a_cap)
{
    char url[600] = "http://";

    for (size_t length = 254; length <= 256; length++) {
        interim__route *route;
        const char *problem;

        memset(url + 7, 'u', length);
        strcpy(url + 7 + length, "@p.test");
        ck_assert_int_eq(interim__route_parse(&route, url, &problem),
                         length <= 255 ? 0 : INTERIM_EURL);
        interim__route_free(route);
    }
}
END_TEST

static const struct {
    const char *exceptions, *url;
    int direct;
} cases[] = {
    {NULL, "http://a.test/", 0},
    {"", "http://a.test/", 0},
    {"*", "http://a.test/", 1},
    {"a.test", "http://a.test/", 1},
    {"a.test", "http://b.a.test/", 1},
    {".a.test", "http://a.test/", 1},
    {"a.test", "http://ba.test/", 0},
    {"A.Test", "http://a.test/", 1},
    {"x.test, a.test", "http://a.test:81/", 1},
    {"x.test a.test", "http://a.test/", 1},
    {"a.test:81", "http://a.test/", 0},
    {"a.test:81", "http://a.test:81/", 1},
    {"a.test:443", "https://a.test/", 1},
    {"127.0.0.1", "http://127.0.0.1/", 1},
    {"127.0.0.1", "http://127.0.0.2/", 0},
    {"127.0.0.0/8", "http://127.9.0.2/", 1},
    {"10.0.0.0/15", "http://10.1.255.1/", 1},
    {"10.0.0.0/15", "http://10.2.0.1/", 0},
    {"0.0.0.0/0", "http://10.2.0.1/", 1},
    {"0.0.0.0/33", "http://10.2.0.1/", 0},
    {"0.0.0.0/x", "http://10.2.0.1/", 0},
    {"::1", "http://[::1]/", 1},
    {"[::1]", "http://[::1]/", 1},
    {"[::1]:81", "http://[::1]/", 0},
    {"[::1]:81", "http://[::1]:81/", 1},
    {"fd00::/8", "http://[fdab::1]/", 1},
    {"fd00::/8", "http://[fe80::1]/", 0},
    {"127.0.0.1/8", "http://[::1]/", 0},
    {".", "http://a.test/", 0},
};

START_TEST(exceptions_are_reached_directly)
{
    interim__route *route;
    const char *problem;
    interim__uri *uri = uri_of(cases[_i].url);
    interim__routes routes = {0};

    ck_assert_int_eq(interim__route_parse(&route, "http://p.test", &problem), 0);
    routes.http = routes.https = route;
    routes.exceptions = cases[_i].exceptions == NULL ? NULL : strdup(cases[_i].exceptions);
    ck_assert_ptr_eq(interim__routes_find(&routes, uri), cases[_i].direct ? NULL : route);
    interim__uri_dispose(&uri);
    interim__routes_dispose(&routes);
}
END_TEST

START_TEST(schemes_have_their_own)
{
    interim__routes routes = {0};
    interim__uri *plain = uri_of("http://a.test/"), *tls = uri_of("https://a.test/");
    const char *problem;

    ck_assert_int_eq(interim__route_parse(&routes.https, "http://p.test", &problem), 0);
    ck_assert_ptr_null(interim__routes_find(&routes, plain));
    ck_assert_ptr_eq(interim__routes_find(&routes, tls), routes.https);
    interim__uri_dispose(&plain);
    interim__uri_dispose(&tls);
    interim__routes_dispose(&routes);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    for (unsigned long nth = 1;; nth++) {
        interim__route *route;
        const char *problem;
        int failed;

        failing_alloc_arm(nth);
        failed = interim__route_parse(&route, "http://u:p@p.test:3128", &problem);
        if (!failing_alloc_disarm()) {
            ck_assert_int_eq(failed, 0);
            interim__route_free(route);
            break;
        }
        ck_assert_int_eq(failed, INTERIM_ENOMEM);
        ck_assert_ptr_null(route);
    }
}
END_TEST

Suite *route_suite(void)
{
    Suite *suite = suite_create("route");
    TCase *tests = tcase_create("route");

    tcase_add_loop_test(tests, proxies_are_parsed, 0, (int)(sizeof good / sizeof *good));
    tcase_add_test(tests, bad_proxies_are_refused_with_a_reason);
    tcase_add_test(tests, credentials_have_a_cap);
    tcase_add_loop_test(tests, exceptions_are_reached_directly, 0,
                        (int)(sizeof cases / sizeof *cases));
    tcase_add_test(tests, schemes_have_their_own);
    tcase_add_test(tests, every_allocation_may_fail);
    suite_add_tcase(suite, tests);
    return suite;
}
