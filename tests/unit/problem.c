/* problem.c - problem details: documents of any kind, bounds, and what of them reaches a reason. */
#include "operation/problem.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static interim__problem problem;

static void forget(void)
{
    interim__problem_dispose(&problem);
    problem = (interim__problem){0};
}

static bool reads(const char *body)
{
    forget();
    interim__problem_read(&problem, body, strlen(body));
    return problem.view.size != 0;
}

START_TEST(problem_is_told_by_its_media_type)
{
    static const struct {
        const char *type;
        bool is;
    } cases[] = {
        {"application/problem+json", true},     {"Application/Problem+JSON", true},
        {"application/problem+json;q=1", true}, {"application/problem+json ; charset=utf-8", true},
        {"application/problem+jsonx", false},   {"application/json", false},
        {"application/problem+xml", false},     {"", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        interim__fields fields = {0};
        const char *type = cases[i].type;

        ck_assert_int_eq(interim__fields_add(&fields, "Content-Type", 12, type, strlen(type)), 0);
        ck_assert_msg(interim__problem_is(&fields) == cases[i].is, "%s", type);
        interim__fields_dispose(&fields);
    }
    ck_assert(!interim__problem_is(&(interim__fields){0}));
}
END_TEST

START_TEST(problem_has_five_members)
{
    ck_assert(reads("{\"type\":\"t\",\"title\":\"T\",\"status\":409,\"detail\":\"d\",\"instance\":"
                    "\"i\",\"balance\":30}"));
    ck_assert_uint_eq(problem.view.size, sizeof problem.view);
    ck_assert_str_eq(problem.view.type, "t");
    ck_assert_str_eq(problem.view.title, "T");
    ck_assert_int_eq(problem.view.status, 409);
    ck_assert_str_eq(problem.view.detail, "d");
    ck_assert_str_eq(problem.view.instance, "i");
    ck_assert(reads("\xef\xbb\xbf{}"));
    ck_assert_str_eq(problem.view.type, "about:blank");
    ck_assert_str_eq(problem.view.title, "");
    ck_assert_int_eq(problem.view.status, 0);
    forget();
}
END_TEST

START_TEST(problem_members_of_a_wrong_type_are_absent)
{
    ck_assert(reads("{\"type\":1,\"title\":[\"T\"],\"status\":\"409\",\"detail\":null,"
                    "\"instance\":{\"a\":\"b\"}}"));
    ck_assert_str_eq(problem.view.type, "about:blank");
    ck_assert_str_eq(problem.view.title, "");
    ck_assert_int_eq(problem.view.status, 0);
    ck_assert_str_eq(problem.view.detail, "");
    ck_assert(reads("{\"status\":99}") && problem.view.status == 0);
    ck_assert(reads("{\"status\":100}") && problem.view.status == 100);
    ck_assert(reads("{\"status\":599}") && problem.view.status == 599);
    ck_assert(reads("{\"status\":600}") && problem.view.status == 0);
    ck_assert(reads("{\"status\":-9223372036854775807}") && problem.view.status == 0);
    ck_assert(reads("{\"status\":409.5}") && problem.view.status == 0);
    ck_assert(reads("{\"status\":99999999999999999999}") && problem.view.status == 0);
    ck_assert(reads("{\"status\":1e999}") && problem.view.status == 0);
    forget();
}
END_TEST

START_TEST(problem_is_no_other_document)
{
    static const char *const others[] = {"",
                                         "\xef\xbb\xbf",
                                         "[]",
                                         "\"title\"",
                                         "7",
                                         "null",
                                         "{",
                                         "{\"title\":\"T\"",
                                         "{\"a\":1}}",
                                         "{\"title\":\"\\u0000\"}",
                                         "{\"title\":\"\xff\"}",
                                         "<p>no</p>"};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert_msg(!reads(others[i]), "%s", others[i]);
    forget();
}
END_TEST

/* A document of this size, all of it the title. */
static char *sized(size_t size)
{
    char *body = malloc(size + 1);

    memset(body, 'x', size);
    memcpy(body, "{\"title\":\"", 10);
    memcpy(body + size - 2, "\"}", 3);
    return body;
}

START_TEST(problem_is_bounded)
{
    static const size_t sizes[] = {INTERIM__PROBLEM_MAX - 1, INTERIM__PROBLEM_MAX,
                                   INTERIM__PROBLEM_MAX + 1};

    for (size_t i = 0; i < 3; i++) {
        char *body = sized(sizes[i]), out[140];

        ck_assert(reads(body) == (sizes[i] <= INTERIM__PROBLEM_MAX));
        interim__problem_write(out, sizeof out, &problem, "");
        ck_assert_uint_eq(strlen(out), sizes[i] <= INTERIM__PROBLEM_MAX ? sizeof out - 1 : 0);
        /* The same in pieces, as it is streamed. */
        forget();
        for (size_t at = 0; at < sizes[i]; at += 1000)
            interim__problem_note(&problem, body + at, sizes[i] - at < 1000 ? sizes[i] - at : 1000);
        ck_assert(problem.spoiled == (sizes[i] > INTERIM__PROBLEM_MAX));
        ck_assert_uint_eq(problem.streamed.length, problem.spoiled ? 0 : sizes[i]);
        free(body);
    }
    forget();
}
END_TEST

START_TEST(problem_of_deep_json_is_none)
{
    char body[9000];

    memset(body, '[', sizeof body);
    memcpy(body, "{\"a\":", 5);
    interim__problem_read(&problem, body, sizeof body);
    ck_assert_uint_eq(problem.view.size, 0);
    forget();
}
END_TEST

static const char *written(const char *body, size_t size, const char *known)
{
    static char out[200];

    ck_assert(reads(body));
    memset(out, 'z', sizeof out);
    interim__problem_write(out, size, &problem, known);
    ck_assert_uint_lt(strlen(out), size);
    return out;
}

START_TEST(problem_text_is_one_clean_line)
{
    ck_assert_str_eq(written("{\"title\":\"T\",\"detail\":\"d\"}", 140, ""), "T: d");
    ck_assert_str_eq(written("{\"title\":\"T\"}", 140, ""), "T");
    ck_assert_str_eq(written("{\"detail\":\"d\"}", 140, ""), "d");
    ck_assert_str_eq(written("{}", 140, ""), "");
    /* What the reason phrase says already is not said again. */
    ck_assert_str_eq(written("{\"title\":\"conflict\",\"detail\":\"d\"}", 140, "Conflict"), "d");
    ck_assert_str_eq(
        written("{\"title\":\"a\\u001b[1m\\r\\n\\u007f\\u0080\\u009f\\u00a0\"}", 140, ""),
        "a?[1m?????\xc2\xa0");
    /* Cut at a character: of one, two, three and four bytes. */
    ck_assert_str_eq(written("{\"title\":\"abc\"}", 3, ""), "ab");
    ck_assert_str_eq(written("{\"title\":\"a\\u00e4\"}", 3, ""), "a");
    ck_assert_str_eq(written("{\"title\":\"a\\u20ac\"}", 4, ""), "a");
    ck_assert_str_eq(written("{\"title\":\"a\\ud83d\\ude00\"}", 5, ""), "a");
    ck_assert_str_eq(written("{\"title\":\"a\\ud83d\\ude00\"}", 6, ""), "a\xf0\x9f\x98\x80");
    forget();
}
END_TEST

static struct fake run;

#define PROBLEM                                                                                    \
    "Content-Type: application/problem+json\n\n{\"title\":\"Locked\",\"detail\":\"by alice\"}"

START_TEST(problem_of_a_streamed_body)
{
    interim_request *request = fake_request("COPY", "http://dav.example/a/", NULL);

    request->on_body = fake_body;
    request->body_user = &run;
    run.bytewise = true;
    fake_run(&run, request, SCRIPT(SAY(409, PROBLEM)));
    ck_assert_str_eq(interim_result_problem(run.result)->title, "Locked");
    ck_assert_ptr_nonnull(strstr(run.result->reason, ": Locked: by alice"));
    ck_assert_uint_eq(run.result->body.length, 0);
    ck_assert_uint_gt(run.body_length, 0);
    fake_finish(&run);
}
END_TEST

/* Without memory there is none, or the operation says so; never anything else. */
START_TEST(problem_without_memory)
{
    unsigned long nth = 0;
    bool failed;

    do {
        const interim_problem *read;

        if (fake_start(&run, FAKE_COPY(NULL)) < 0)
            ck_abort();
        failing_alloc_arm(++nth);
        fake_play(&run, SCRIPT(SAY(202, "Location: /1\n"), SAY(507, PROBLEM)));
        failed = failing_alloc_disarm();
        ck_assert_ptr_nonnull(run.result);
        read = interim_result_problem(run.result);
        ck_assert(read == NULL || strcmp(read->detail, "by alice") == 0);
        ck_assert(failed || read != NULL);
        ck_assert(read == NULL || run.result->outcome == INTERIM_FAILED);
        fake_finish(&run);
    } while (failed);
    ck_assert_uint_gt(nth, 20);
}
END_TEST

Suite *problem_suite(void)
{
    Suite *suite = suite_create("problem");
    TCase *tests = tcase_create("problem");

    tcase_add_test(tests, problem_is_told_by_its_media_type);
    tcase_add_test(tests, problem_has_five_members);
    tcase_add_test(tests, problem_members_of_a_wrong_type_are_absent);
    tcase_add_test(tests, problem_is_no_other_document);
    tcase_add_test(tests, problem_is_bounded);
    tcase_add_test(tests, problem_of_deep_json_is_none);
    tcase_add_test(tests, problem_text_is_one_clean_line);
    tcase_add_test(tests, problem_of_a_streamed_body);
    tcase_add_test(tests, problem_without_memory);
    suite_add_tcase(suite, tests);
    return suite;
}
