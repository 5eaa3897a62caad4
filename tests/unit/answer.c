/* answer.c - what is kept of a final response: one block, and what it tells. */
#include "operation/answer.h"

#include "base/error.h"

#include "suites.h"
#include "support/failing_alloc.h"

#include <stdlib.h>
#include <string.h>

#define URL "http://dav.example/a/"
#define X10 "xxxxxxxxxx"
#define X46 X10 X10 X10 X10 "xxxxxx"
#define X47 X46 "x"

static interim__head head;
static char bytes[256];

static void parse(const char *text)
{
    interim_error error;
    size_t length = strlen(text);

    ck_assert_uint_lt(length, sizeof bytes);
    memcpy(bytes, text, length);
    interim__error_init(&error);
    head = (interim__head){0};
    interim__head_clear(&head);
    ck_assert_int_eq(interim__head_parse(&head, bytes, length, &error), (int)length);
}

/* The head may be gone then. */
static void keep(interim__answer *answer, const char *text, const char *url)
{
    parse(text);
    *answer = (interim__answer){0};
    ck_assert_int_eq(interim__answer_keep(answer, &head, url), 0);
    interim__head_dispose(&head);
    memset(bytes, '-', sizeof bytes);
}

START_TEST(answer_tells_its_status_line)
{
    static const struct {
        const char *head, *reason, *told;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", "OK", "the server answered 200 OK"},
        {"HTTP/1.1 200 OK\r\nA: b\r\nC: \r\n\r\n", "OK", "the server answered 200 OK"},
        {"HTTP/1.0 404 Not Found\nA: b\n\n", "Not Found", "the server answered 404 Not Found"},
        {"HTTP/1.1 999 \r\nA: b\r\n\r\n", "", "the server answered 999"},
        {"HTTP/1.1 204\r\n\r\n", "", "the server answered 204"},
        {"HTTP/1.1 204\r\nA: b\r\n\r\n", "", "the server answered 204"},
        {"HTTP/1.1 200 " X46 "\r\n\r\n", X46, "the server answered 200 " X46},
        {"HTTP/1.1 200 " X47 "\n\n", X47, "the server answered 200 " X47},
        {"HTTP/1.1 200 " X47 "y\n\n", X47, "the server answered 200 " X47},
        {"HTTP/1.1 200 " X47 "\r\n\r\n", X47, "the server answered 200 " X47},
        {"HTTP/1.1 200 " X47 "y\r\nA: b\r\n\r\n", X47, "the server answered 200 " X47},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool fields = strchr(cases[i].head, ':') != NULL;
        interim__answer answer;

        keep(&answer, cases[i].head, URL);
        ck_assert_str_eq(answer.reason, cases[i].reason);
        ck_assert_str_eq(answer.told, cases[i].told);
        ck_assert_str_eq(answer.url, URL);
        ck_assert_str_eq(interim__fields_value(&answer.fields, "a", "-"), fields ? "b" : "-");
        ck_assert_str_eq(interim__fields_value(&answer.fields, "d", "-"), "-");
        interim__answer_dispose(&answer);
        keep(&answer, cases[i].head, NULL); /* nothing behind it that could be written to */
        ck_assert_str_eq(answer.reason, cases[i].reason);
        interim__answer_dispose(&answer);
    }
}
END_TEST

START_TEST(answer_gives_its_block_away)
{
    interim__answer answer;
    interim_field *fields;

    keep(&answer, "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", URL);
    fields = interim__answer_give_fields(&answer);
    interim__answer_dispose(&answer);
    ck_assert_str_eq(fields[0].value, "b");
    ck_assert_str_eq(answer.told, "the server answered 200 OK");
    ck_assert_str_eq(answer.url, URL);
    free(fields);
    keep(&answer, "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", NULL);
    ck_assert_ptr_null(answer.url);
    interim__answer_dispose(&answer);
}
END_TEST

/* They are another message's, which the status line and the URL say nothing of; but the reason is
 * still there. */
START_TEST(answer_with_other_fields_tells_nothing)
{
    const interim_field other = {"C", "d", 1, 1};
    interim__answer answer;
    interim_field *fields;

    keep(&answer, "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", URL);
    interim__answer_replace_fields(&answer, interim__fields_clone(&other, 1), 1);
    interim__answer_replace_fields(&answer, interim__fields_clone(&other, 1), 1);
    fields = interim__answer_give_fields(&answer);
    ck_assert_str_eq(fields[0].value, "d");
    ck_assert_ptr_null(answer.told);
    ck_assert_ptr_null(answer.url);
    ck_assert_str_eq(answer.reason, "OK");
    free(fields);
    interim__answer_dispose(&answer);
}
END_TEST

START_TEST(answer_without_memory_is_none)
{
    interim__answer answer = {0};

    parse("HTTP/1.1 200 OK\r\nA: b\r\n\r\n");
    failing_alloc_arm(1);
    ck_assert_int_eq(interim__answer_keep(&answer, &head, URL), INTERIM_ENOMEM);
    ck_assert(failing_alloc_disarm());
    ck_assert_uint_eq(answer.fields.count, 0);
    interim__answer_dispose(&answer);
    interim__head_dispose(&head);
}
END_TEST

Suite *answer_suite(void)
{
    Suite *suite = suite_create("answer");
    TCase *tests = tcase_create("answer");

    tcase_add_test(tests, answer_tells_its_status_line);
    tcase_add_test(tests, answer_gives_its_block_away);
    tcase_add_test(tests, answer_with_other_fields_tells_nothing);
    tcase_add_test(tests, answer_without_memory_is_none);
    suite_add_tcase(suite, tests);
    return suite;
}
