/* follow.c - which URLs of a server's making are asked, and the exact bytes of what is sent. */
#include "operation/follow.h"

#include "exchange/request_head.h"
#include "suites.h"
#include "support/failing_alloc.h"
#include "support/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static interim__uri *uri_of(const char *text)
{
    interim__uri *uri;

    ck_assert_msg(interim__uri_parse(&uri, text, strlen(text), NULL) == 0, "%s", text);
    return uri;
}

/* ---- redirects ---- */

START_TEST(follow_redirects_by_method_and_status)
{
    static const struct {
        const char *method;
        int status;
        interim__redirect redirect;
    } table[] = {
        {"GET", 301, INTERIM__REDIRECT_SAME},      {"GET", 302, INTERIM__REDIRECT_SAME},
        {"GET", 303, INTERIM__REDIRECT_AS_GET},    {"GET", 307, INTERIM__REDIRECT_SAME},
        {"GET", 308, INTERIM__REDIRECT_SAME},      {"HEAD", 301, INTERIM__REDIRECT_SAME},
        {"HEAD", 302, INTERIM__REDIRECT_SAME},     {"HEAD", 303, INTERIM__REDIRECT_SAME},
        {"HEAD", 307, INTERIM__REDIRECT_SAME},     {"HEAD", 308, INTERIM__REDIRECT_SAME},
        {"OPTIONS", 301, INTERIM__REDIRECT_SAME},  {"OPTIONS", 303, INTERIM__REDIRECT_AS_GET},
        {"PROPFIND", 302, INTERIM__REDIRECT_SAME}, {"PROPFIND", 303, INTERIM__REDIRECT_AS_GET},
        {"PROPFIND", 308, INTERIM__REDIRECT_SAME}, {"COPY", 301, INTERIM__REDIRECT_NONE},
        {"COPY", 302, INTERIM__REDIRECT_NONE},     {"COPY", 303, INTERIM__REDIRECT_NONE},
        {"COPY", 307, INTERIM__REDIRECT_SAME},     {"COPY", 308, INTERIM__REDIRECT_SAME},
        {"MOVE", 301, INTERIM__REDIRECT_NONE},     {"MOVE", 307, INTERIM__REDIRECT_SAME},
        {"POST", 301, INTERIM__REDIRECT_NONE},     {"POST", 302, INTERIM__REDIRECT_NONE},
        {"POST", 303, INTERIM__REDIRECT_NONE},     {"POST", 308, INTERIM__REDIRECT_SAME},
        {"PUT", 302, INTERIM__REDIRECT_NONE},      {"DELETE", 301, INTERIM__REDIRECT_NONE},
        {"get", 302, INTERIM__REDIRECT_NONE},      {"GET", 300, INTERIM__REDIRECT_NONE},
        {"GET", 304, INTERIM__REDIRECT_NONE},      {"GET", 305, INTERIM__REDIRECT_NONE},
        {"GET", 306, INTERIM__REDIRECT_NONE},      {"GET", 309, INTERIM__REDIRECT_NONE},
        {"GET", 200, INTERIM__REDIRECT_NONE},      {"GET", 201, INTERIM__REDIRECT_NONE},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        ck_assert_msg(interim__follow_redirect(table[i].method, table[i].status) ==
                          table[i].redirect,
                      "%s %d", table[i].method, table[i].status);
}
END_TEST

static ptrdiff_t no_body(void *buffer, size_t size, void *user)
{
    (void)buffer, (void)size, (void)user;
    return 0;
}

START_TEST(follow_stays_on_the_origin_with_a_body_from_memory)
{
    static const struct {
        const char *to;
        bool stays;
    } table[] = {
        {"http://dav.example/x", true},      {"http://DAV.example:80/", true},
        {"https://dav.example/x", false},    {"http://dav.example:8080/x", false},
        {"http://www.dav.example/x", false}, {"http://dav.example.org/x", false},
        {"https://dav.example:80/x", false},
    };
    interim_request *request = fake_request("POST", "http://dav.example/a/", NULL);

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        interim__uri *to = uri_of(table[i].to);

        fake_set_body(request, "x");
        ck_assert_msg(interim__follow_stays(request, to) == table[i].stays, "%s", table[i].to);
        free(request->body_memory);
        request->body_memory = NULL;
        request->body = (interim__body_source){.reader = no_body, .length = 5};
        ck_assert(!interim__follow_stays(request, to));
        interim__uri_dispose(&to);
    }
    interim__request_release(request);
}
END_TEST

/* ---- URLs of a server's making ---- */

/* The URL that a reference comes to, "" when it is refused. */
static const char *resolve(interim_request *request, const char *from_text, const char *reference)
{
    static char text[INTERIM__URI_MAX + 1];
    interim__uri *from = uri_of(from_text), *out = NULL;
    interim_field field = {"Location", reference, 8, strlen(reference)};
    const char *problem = NULL;
    int failed = interim__follow_monitor(&out, request, from, &field, &problem);

    text[0] = '\0';
    if (failed == 0)
        snprintf(text, sizeof text, "%s", out->text);
    ck_assert(failed == 0 || (failed == INTERIM_EURL && problem != NULL));
    ck_assert(failed == 0 || out == NULL);
    interim__uri_dispose(&out);
    interim__uri_dispose(&from);
    return text;
}

START_TEST(follow_resolves_references)
{
    interim_request *request = fake_request("COPY", "http://dav.example/a/", NULL);
    static const char base[] = "http://dav.example/a/b?c";

    ck_assert_str_eq(resolve(request, base, "/jobs/1"), "http://dav.example/jobs/1");
    ck_assert_str_eq(resolve(request, base, "jobs/1?x=y"), "http://dav.example/a/jobs/1?x=y");
    ck_assert_str_eq(resolve(request, base, "../1#part"), "http://dav.example/1");
    ck_assert_str_eq(resolve(request, base, "//o.example/1"), "http://o.example/1");
    ck_assert_str_eq(resolve(request, base, "https://o.example:443"), "https://o.example/");
    ck_assert_str_eq(resolve(request, base, "?d"), "http://dav.example/a/b?d");
    interim__request_release(request);
}
END_TEST

START_TEST(follow_refuses_references)
{
    static const char *const refused[] = {"",
                                          "ftp://dav.example/1",
                                          "file:///etc/passwd",
                                          "mailto:a@b.c",
                                          "javascript:alert(1)",
                                          "urn:x",
                                          "http://u:p@dav.example/1",
                                          "http://u@dav.example/",
                                          "//u@dav.example/",
                                          "http:///1",
                                          "http://dav.example:0/",
                                          "http://dav.example:x/",
                                          "/a b",
                                          "/a\tb",
                                          "http://[::1/",
                                          "/%zz",
                                          "http://dav.example:65536/",
                                          "/\x01",
                                          "gopher://dav.example",
                                          "a:b"};
    interim_request *request = fake_request("COPY", "http://dav.example/a/", NULL);

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        ck_assert_msg(*resolve(request, "http://dav.example/a/", refused[i]) == '\0', "%s",
                      refused[i]);
    interim__request_release(request);
}
END_TEST

START_TEST(follow_refuses_what_is_longer_than_16_kib)
{
    static char reference[INTERIM__URI_MAX + 64];
    interim_request *request = fake_request("COPY", "http://dav.example/a/", NULL);
    size_t origin = strlen("http://dav.example");

    for (size_t length = INTERIM__URI_MAX - 1; length <= INTERIM__URI_MAX + 1; length++) {
        memset(reference, 'x', length - origin);
        reference[0] = '/';
        reference[length - origin] = '\0';
        ck_assert_uint_eq(strlen(resolve(request, "http://dav.example/a/", reference)),
                          length <= INTERIM__URI_MAX ? length : 0);
    }
    interim__request_release(request);
}
END_TEST

START_TEST(follow_refuses_to_leave_tls)
{
    interim_request *plain = fake_request("GET", "http://dav.example/", NULL);
    interim_request *secure = fake_request("GET", "https://dav.example/", NULL);

    ck_assert_str_eq(resolve(plain, "http://dav.example/", "https://b.example/"),
                     "https://b.example/");
    ck_assert_str_eq(resolve(plain, "https://b.example/", "http://dav.example/"), "");
    ck_assert_str_eq(resolve(secure, "https://dav.example/", "http://dav.example/"), "");
    /* Not by a detour either. */
    ck_assert_str_eq(resolve(secure, "http://b.example/", "/x"), "");
    ck_assert_str_eq(resolve(secure, "https://dav.example/", "https://b.example/"),
                     "https://b.example/");
    interim__request_release(plain);
    interim__request_release(secure);
}
END_TEST

START_TEST(follow_refuses_other_origins_if_it_shall)
{
    interim_request *request = fake_request("GET", "http://dav.example/", NULL);

    request->polling.cross_origin = INTERIM_CROSS_ORIGIN_REJECT;
    ck_assert_str_ne(resolve(request, "http://dav.example/", "/x"), "");
    ck_assert_str_eq(resolve(request, "http://dav.example/", "http://dav.example:81/x"), "");
    ck_assert_str_eq(resolve(request, "http://dav.example/", "https://dav.example/x"), "");
    /* The origin is that of the request, not of the hop before. */
    ck_assert_str_eq(resolve(request, "http://b.example/", "/x"), "");
    interim__request_release(request);
}
END_TEST

START_TEST(follow_without_memory_is_enomem)
{
    interim_request *request = fake_request("GET", "http://dav.example/", NULL);
    interim_field field = {"Location", "/x", 8, 2};
    unsigned long nth = 0;
    bool failed;

    do {
        interim__uri *out;
        const char *problem = NULL;
        int code;

        failing_alloc_arm(++nth);
        code = interim__follow_resolve(&out, request, request->uri, &field, &problem);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(code, failed ? INTERIM_ENOMEM : 0);
        interim__uri_dispose(&out);
    } while (failed);
    ck_assert_uint_gt(nth, 1);
    interim__request_release(request);
}
END_TEST

/* ---- what is sent ---- */

static const char *authorization; /* of this test's requests */
static bool closes;

/* The bytes of a request head, and the length of its body. */
static const char *head(const interim_request *request, interim_hop hop, const char *method,
                        const char *url, int64_t *body_length)
{
    static char text[4096];
    interim__buffer out = {0};
    interim__uri *uri = uri_of(url);
    interim__body_source body;

    ck_assert_int_eq(
        interim__follow_write(&out, &body, request, hop, method, uri,
                              &(interim__proofs){.to_origin = authorization, .closes = closes},
                              "fake/1", NULL, &(bool){false}),
        0);
    snprintf(text, sizeof text, "%s", out.data);
    *body_length = body.length;
    interim__buffer_dispose(&out);
    interim__uri_dispose(&uri);
    return text;
}

#define FIELDS                                                                                     \
    "Destination: http://dav.example/b/\nOverwrite: F\nDepth: infinity\nX-Api-Key: k\n"            \
    "Cookie: c=1\nContent-Type: text/x\nAccept-Language: de\nIf-Match: \"e\"\nRange: bytes=0-1\n"  \
    "Accept: text/plain\nIf: (<t>)\nTimeout: Second-9\nLock-Token: <t>\nPrefer: respond-async\n"   \
    "Source: https://s.example/\nTransferHeaderAuthorization: Bearer b\nCredential: none\n"        \
    "OC-LazyOps: 1\nOperation-Id: 1\nIdempotency-Key: 1\nCache-Control: max-age=9\n"               \
    "X-HTTP-Method-Override: COPY\nOData-Version: 4.0\nAuthorization: Bearer secret\n"             \
    "Accept-Encoding: gzip\n"

START_TEST(follow_writes_the_request_itself)
{
    interim_request *request =
        fake_request("PROPFIND", "http://dav.example/a/", "Depth: 1\nUser-Agent: mine\n");
    int64_t body;

    fake_set_body(request, "<x/>");
    authorization = "Basic dTpw";
    ck_assert_str_eq(
        head(request, INTERIM_HOP_REQUEST, "PROPFIND", "http://dav.example/a/", &body),
        "PROPFIND /a/ HTTP/1.1\r\nHost: dav.example\r\nDepth: 1\r\nUser-Agent: mine\r\n"
        "Authorization: Basic dTpw\r\nContent-Length: 4\r\n\r\n");
    ck_assert_int_eq(body, 4);
    /* Elsewhere on the same origin; on another; as a GET. */
    ck_assert_str_eq(
        head(request, INTERIM_HOP_REDIRECT, "PROPFIND", "http://dav.example:80/c", &body),
        "PROPFIND /c HTTP/1.1\r\nHost: dav.example\r\nDepth: 1\r\nUser-Agent: mine\r\n"
        "Authorization: Basic dTpw\r\nContent-Length: 4\r\n\r\n");
    ck_assert_str_eq(head(request, INTERIM_HOP_REDIRECT, "PROPFIND", "http://b.example/c", &body),
                     "PROPFIND /c HTTP/1.1\r\nHost: b.example\r\nUser-Agent: mine\r\n"
                     "Content-Length: 4\r\n\r\n");
    ck_assert_str_eq(head(request, INTERIM_HOP_REDIRECT, "GET", "http://dav.example/c", &body),
                     "GET /c HTTP/1.1\r\nHost: dav.example\r\nUser-Agent: mine\r\n"
                     "Authorization: Basic dTpw\r\n\r\n");
    ck_assert_int_eq(body, INTERIM__BODY_NONE);
    authorization = NULL;
    interim__request_release(request);
}
END_TEST

START_TEST(follow_writes_a_poll_of_the_same_origin)
{
    interim_request *request = fake_request("COPY", "http://dav.example/a/", FIELDS);
    int64_t body;

    fake_set_body(request, "body");
    for (int hop = INTERIM_HOP_POLL; hop <= INTERIM_HOP_RESULT; hop++) {
        ck_assert_str_eq(
            head(request, (interim_hop)hop, "GET", "http://dav.example/jobs/1?k=v", &body),
            "GET /jobs/1?k=v HTTP/1.1\r\nHost: dav.example\r\nUser-Agent: fake/1\r\n"
            "X-Api-Key: k\r\nCookie: c=1\r\nAccept-Language: de\r\nAccept: text/plain\r\n"
            "OData-Version: 4.0\r\nAuthorization: Bearer secret\r\nCache-Control: no-cache\r\n"
            "\r\n");
        ck_assert_int_eq(body, INTERIM__BODY_NONE);
    }
    interim__request_release(request);
}
END_TEST

START_TEST(follow_writes_a_poll_of_another_origin)
{
    static const char *const others[] = {"http://dav.example:8080/1", "https://dav.example/1",
                                         "http://www.dav.example/1"};
    interim_request *request = fake_request("COPY", "http://dav.example/a/", FIELDS);
    int64_t body;

    authorization = "Basic dTpw";
    for (size_t i = 0; i < 3; i++) {
        char wanted[300];
        interim__uri *uri = uri_of(others[i]);

        snprintf(wanted, sizeof wanted,
                 "GET /1 HTTP/1.1\r\nHost: %s\r\nUser-Agent: fake/1\r\nAccept-Language: de\r\n"
                 "Accept: text/plain\r\nOData-Version: 4.0\r\nCache-Control: no-cache\r\n\r\n",
                 uri->authority);
        interim__uri_dispose(&uri);
        ck_assert_str_eq(head(request, INTERIM_HOP_POLL, "GET", others[i], &body), wanted);
        ck_assert_str_eq(head(request, INTERIM_HOP_RESULT, "GET", others[i], &body), wanted);
    }
    authorization = NULL;
    interim__request_release(request);
}
END_TEST

START_TEST(follow_asks_for_json_first)
{
    interim_request *request = fake_request("COPY", "http://dav.example/a/", NULL);
    int64_t body;

    ck_assert_str_eq(head(request, INTERIM_HOP_POLL, "GET", "http://dav.example/1", &body),
                     "GET /1 HTTP/1.1\r\nHost: dav.example\r\nUser-Agent: fake/1\r\n"
                     "Accept: application/json, */*;q=0.8\r\nCache-Control: no-cache\r\n\r\n");
    interim__request_release(request);
}
END_TEST

/* A Host of the caller's chooses among the sites of one origin: the monitor is on the same site. */
START_TEST(follow_keeps_the_host_field_on_the_origin_only)
{
    interim_request *request =
        fake_request("COPY", "http://127.0.0.1:8080/a/", "Host: dav.example\n");
    int64_t body;

    ck_assert_ptr_nonnull(
        strstr(head(request, INTERIM_HOP_POLL, "GET", "http://127.0.0.1:8080/1", &body),
               "\r\nHost: dav.example\r\n"));
    ck_assert_ptr_nonnull(
        strstr(head(request, INTERIM_HOP_POLL, "GET", "http://b.example/1", &body),
               "\r\nHost: b.example\r\n"));
    ck_assert_ptr_nonnull(
        strstr(head(request, INTERIM_HOP_REDIRECT, "COPY", "http://127.0.0.1:81/1", &body),
               "\r\nHost: 127.0.0.1:81\r\n"));
    interim__request_release(request);
}
END_TEST

START_TEST(follow_sends_one_authorization)
{
    interim_request *request =
        fake_request("GET", "http://dav.example/", "authorization: Bearer b\n");
    int64_t body;

    authorization = "Basic dTpw";
    ck_assert_str_eq(head(request, INTERIM_HOP_REQUEST, "GET", "http://dav.example/", &body),
                     "GET / HTTP/1.1\r\nHost: dav.example\r\nUser-Agent: fake/1\r\n"
                     "authorization: Bearer b\r\n\r\n");
    authorization = NULL;
    interim__request_release(request);
}
END_TEST

START_TEST(follow_says_that_a_connection_serves_once)
{
    interim_request *request = fake_request("COPY", "http://dav.example/a", NULL);
    int64_t length;

    closes = true;
    ck_assert_ptr_nonnull(
        strstr(head(request, INTERIM_HOP_POLL, "GET", "http://dav.example/m", &length),
               "\r\nConnection: close\r\n"));
    request->wants_trailers = true;
    ck_assert_ptr_nonnull(
        strstr(head(request, INTERIM_HOP_REQUEST, "COPY", "http://dav.example/a", &length),
               "\r\nConnection: close, TE\r\n"));
    closes = false;
    interim__request_release(request);
}
END_TEST

START_TEST(follow_expects_100_for_bodies_worth_it)
{
    static const struct {
        interim_expect expect;
        int64_t length;
        bool expects;
    } table[] = {
        {INTERIM_EXPECT_AUTO, INTERIM__BODY_NONE, false},
        {INTERIM_EXPECT_AUTO, 0, false},
        {INTERIM_EXPECT_AUTO, 1048575, false},
        {INTERIM_EXPECT_AUTO, 1048576, false},
        {INTERIM_EXPECT_AUTO, 1048577, true},
        {INTERIM_EXPECT_AUTO, INTERIM__BODY_CHUNKED, true},
        {INTERIM_EXPECT_ALWAYS, 1, true},
        {INTERIM_EXPECT_ALWAYS, 0, false},
        {INTERIM_EXPECT_ALWAYS, INTERIM__BODY_NONE, false},
        {INTERIM_EXPECT_NEVER, 2000000, false},
    };
    interim_request *request = fake_request("PUT", "http://dav.example/a", NULL);

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        for (int wanted = 0; wanted < 2; wanted++) {
            bool expects = wanted > 0;
            interim__buffer out = {0};
            interim__body_source body;

            request->expect = table[i].expect;
            request->body.length = table[i].length;
            ck_assert_int_eq(interim__follow_write(&out, &body, request, INTERIM_HOP_REQUEST, "PUT",
                                                   request->uri, &(interim__proofs){0}, NULL, NULL,
                                                   &expects),
                             0);
            ck_assert_int_eq(expects, wanted > 0 && table[i].expects);
            ck_assert_int_eq(strstr(out.data, "\r\nExpect: 100-continue\r\n") != NULL, expects);
            interim__buffer_dispose(&out);
        }
    }
    interim__request_release(request);
}
END_TEST

START_TEST(follow_writes_nothing_without_memory)
{
    interim_request *request = fake_request("COPY", "http://dav.example/a/", FIELDS);
    interim__uri *uri = uri_of("http://dav.example/1");
    unsigned long nth = 0;
    bool failed;

    do {
        interim__buffer out = {0};
        interim__body_source body;
        int code;

        failing_alloc_arm(++nth);
        code = interim__follow_write(&out, &body, request, INTERIM_HOP_REQUEST, "COPY", uri,
                                     &(interim__proofs){.to_origin = "Basic dTpw"}, "x", NULL,
                                     &(bool){false});
        failed = failing_alloc_disarm();
        ck_assert_int_eq(code, failed ? INTERIM_ENOMEM : 0);
        interim__buffer_dispose(&out);
    } while (failed);
    ck_assert_uint_gt(nth, 3);
    interim__uri_dispose(&uri);
    interim__request_release(request);
}
END_TEST

Suite *follow_suite(void)
{
    Suite *suite = suite_create("follow");
    TCase *tests = tcase_create("follow");

    tcase_add_test(tests, follow_redirects_by_method_and_status);
    tcase_add_test(tests, follow_stays_on_the_origin_with_a_body_from_memory);
    tcase_add_test(tests, follow_resolves_references);
    tcase_add_test(tests, follow_refuses_references);
    tcase_add_test(tests, follow_refuses_what_is_longer_than_16_kib);
    tcase_add_test(tests, follow_refuses_to_leave_tls);
    tcase_add_test(tests, follow_refuses_other_origins_if_it_shall);
    tcase_add_test(tests, follow_without_memory_is_enomem);
    tcase_add_test(tests, follow_writes_the_request_itself);
    tcase_add_test(tests, follow_writes_a_poll_of_the_same_origin);
    tcase_add_test(tests, follow_writes_a_poll_of_another_origin);
    tcase_add_test(tests, follow_asks_for_json_first);
    tcase_add_test(tests, follow_keeps_the_host_field_on_the_origin_only);
    tcase_add_test(tests, follow_sends_one_authorization);
    tcase_add_test(tests, follow_says_that_a_connection_serves_once);
    tcase_add_test(tests, follow_expects_100_for_bodies_worth_it);
    tcase_add_test(tests, follow_writes_nothing_without_memory);
    suite_add_tcase(suite, tests);
    return suite;
}
