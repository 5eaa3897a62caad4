/* request_head.c - what is written as the head of a request. */
#include "exchange/request_head.h"

#include "suites.h"
#include "support/failing_alloc.h"

#include <stdio.h>
#include <string.h>

static interim__uri *uri;

static void set_up(void)
{
    static const char url[] = "http://origin.test:8080/a%2Fb?q=1";

    ck_assert_int_eq(interim__uri_parse(&uri, url, sizeof url - 1, NULL), 0);
}

static void tear_down(void)
{
    interim__uri_dispose(&uri);
}

static void add(interim__fields *fields, const char *name, const char *value)
{
    ck_assert_int_eq(interim__fields_add(fields, name, strlen(name), value, strlen(value)), 0);
}

static void written(const char *expected, const char *method, const interim__fields *fields,
                    const char *user_agent, int64_t body_length)
{
    interim__buffer out = {0};

    ck_assert_int_eq(interim__request_head_write(&out, method, uri->target, uri, fields, user_agent,
                                                 body_length),
                     0);
    ck_assert_str_eq(out.data, expected);
    ck_assert_uint_eq(out.length, strlen(expected));
    interim__buffer_dispose(&out);
}

START_TEST(request_head_begins_with_line_and_host)
{
    written("GET /a%2Fb?q=1 HTTP/1.1\r\nHost: origin.test:8080\r\n\r\n", "GET",
            &(interim__fields){0}, NULL, INTERIM__BODY_NONE);
    written("GET /a%2Fb?q=1 HTTP/1.1\r\nHost: origin.test:8080\r\nUser-Agent: u/1\r\n\r\n", "GET",
            &(interim__fields){0}, "u/1", INTERIM__BODY_NONE);
    written("GET /a%2Fb?q=1 HTTP/1.1\r\nHost: origin.test:8080\r\n\r\n", "GET",
            &(interim__fields){0}, "", INTERIM__BODY_NONE);
}
END_TEST

START_TEST(request_head_has_the_fields_in_their_order)
{
    interim__fields fields = {0};

    add(&fields, "Destination", "http://origin.test/b");
    add(&fields, "Overwrite", "F");
    add(&fields, "X", "");
    add(&fields, "destination", "again");
    written(
        "COPY /a%2Fb?q=1 HTTP/1.1\r\nHost: origin.test:8080\r\nUser-Agent: u\r\n"
        "Destination: http://origin.test/b\r\nOverwrite: F\r\nX: \r\ndestination: again\r\n\r\n",
        "COPY", &fields, "u", INTERIM__BODY_NONE);
    interim__fields_dispose(&fields);
}
END_TEST

START_TEST(request_head_lets_the_caller_replace_host_and_user_agent)
{
    interim__fields fields = {0};

    add(&fields, "A", "1");
    add(&fields, "hOST", "other.test");
    add(&fields, "user-agent", "mine");
    written("GET /a%2Fb?q=1 HTTP/1.1\r\nHost: other.test\r\nA: 1\r\nuser-agent: mine\r\n\r\n",
            "GET", &fields, "u/1", INTERIM__BODY_NONE);
    interim__fields_dispose(&fields);
}
END_TEST

START_TEST(request_head_tells_the_length_of_the_body)
{
    static const struct {
        const char *method;
        int64_t length;
        const char *expected;
    } cases[] = {
        {"GET", INTERIM__BODY_NONE, ""},
        {"COPY", INTERIM__BODY_NONE, ""},
        {"DELETE", INTERIM__BODY_NONE, ""},
        {"PROPFIND", INTERIM__BODY_NONE, ""},
        /* RFC 9110 section 8.6: a method for which a body is usual says that it has none */
        {"PUT", INTERIM__BODY_NONE, "Content-Length: 0\r\n"},
        {"POST", INTERIM__BODY_NONE, "Content-Length: 0\r\n"},
        {"PATCH", INTERIM__BODY_NONE, "Content-Length: 0\r\n"},
        {"put", INTERIM__BODY_NONE, ""},
        {"GET", 0, "Content-Length: 0\r\n"},
        {"PUT", 0, "Content-Length: 0\r\n"},
        {"PUT", 9, "Content-Length: 9\r\n"},
        {"PUT", 10, "Content-Length: 10\r\n"},
        {"PUT", INT64_MAX, "Content-Length: 9223372036854775807\r\n"},
        {"PUT", INTERIM__BODY_CHUNKED, "Transfer-Encoding: chunked\r\n"},
        {"PROPFIND", INTERIM__BODY_CHUNKED, "Transfer-Encoding: chunked\r\n"},
    };
    char expected[256];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(expected, sizeof expected,
                 "%s /a%%2Fb?q=1 HTTP/1.1\r\nHost: origin.test:8080\r\n%s\r\n", cases[i].method,
                 cases[i].expected);
        written(expected, cases[i].method, &(interim__fields){0}, NULL, cases[i].length);
    }
}
END_TEST

START_TEST(request_field_check_refuses_what_cannot_be_sent)
{
    static const struct {
        const char *name, *value;
        bool good;
    } cases[] = {
        {"Destination", "http://origin.test/b", true},
        {"X", "", true},
        {"X", "a\tb \xc3\xa9\xff", true},
        {"Host", "a", true},
        {"X-Content-Length", "1", true},
        {"", "a", false},
        {"X ", "a", false},
        {"X:", "a", false},
        {"X\r\nY", "a", false},
        {"X\xe9", "a", false},
        {"X", "a\r\nY: b", false},
        {"X", "a\nb", false},
        {"X", "a\rb", false},
        {"X", "\x01", false},
        {"X", "\x1f", false},
        {"X", "\x7f", false},
        {"Content-Length", "1", false},
        {"content-LENGTH", "1", false},
        {"Transfer-Encoding", "chunked", false},
        {"Connection", "close", false},
        {"Keep-Alive", "timeout=5", false},
        {"TE", "trailers", false},
        {"Trailer", "X", false},
        {"Upgrade", "h2c", false},
        {"Expect", "100-continue", false},
        {"Proxy-Authorization", "Basic x", false},
        {"Proxy-Connection", "close", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *problem = "untouched";
        int code = interim__request_field_check(cases[i].name, cases[i].value, &problem);

        ck_assert_msg(code == (cases[i].good ? 0 : INTERIM_EFIELD), "%s: %s", cases[i].name,
                      cases[i].value);
        ck_assert((problem == NULL) == cases[i].good);
        if (problem != NULL)
            ck_assert_str_ne(problem, "untouched");
    }
}
END_TEST

START_TEST(request_head_without_memory_is_enomem)
{
    static const char long_value[] =
        "0123456789012345678901234567890123456789012345678901234567890"
        "0123456789012345678901234567890123456789012345678901234567890";
    interim__fields fields = {0};
    unsigned long nth = 0;
    bool failed;

    for (int i = 0; i < 20; i++)
        add(&fields, "X", long_value);
    do {
        interim__buffer out = {0};

        failing_alloc_arm(++nth);
        int code = interim__request_head_write(&out, "PUT", uri->target, uri, &fields, "u", 5);

        failed = failing_alloc_disarm();
        ck_assert_int_eq(code, failed ? INTERIM_ENOMEM : 0);
        interim__buffer_dispose(&out);
    } while (failed);
    ck_assert_uint_eq(nth, 2); /* one allocation */
    interim__fields_dispose(&fields);
}
END_TEST

Suite *request_head_suite(void)
{
    Suite *suite = suite_create("request_head");
    TCase *tests = tcase_create("request_head");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, request_head_begins_with_line_and_host);
    tcase_add_test(tests, request_head_has_the_fields_in_their_order);
    tcase_add_test(tests, request_head_lets_the_caller_replace_host_and_user_agent);
    tcase_add_test(tests, request_head_tells_the_length_of_the_body);
    tcase_add_test(tests, request_field_check_refuses_what_cannot_be_sent);
    tcase_add_test(tests, request_head_without_memory_is_enomem);
    suite_add_tcase(suite, tests);
    return suite;
}
