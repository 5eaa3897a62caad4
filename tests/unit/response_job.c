/* response_job.c - taking an answer in: the bodies of a 202 and of the polls after it. */
#include "operation/operation.h"

#include "suites.h"
#include "support/fake.h"

#include <stdio.h>
#include <string.h>

#define JOB SAY(202, "Location: /1\n")
#define LONG "HTTP/1.1 200 O\r\nContent-Length: "

static struct fake run;

static interim_request *copy(void)
{
    return fake_request("COPY", "http://dav.example/a/", NULL);
}

static void check_outcome(interim_outcome outcome, int error)
{
    ck_assert_msg(run.result->outcome == outcome && run.result->error->code == error, "%s",
                  run.result->reason);
}

static void check_body(const char *body)
{
    ck_assert_uint_eq(run.result->body.length, strlen(body));
    if (*body != '\0')
        ck_assert_str_eq(run.result->body.data, body);
}

static interim_request *streaming(interim_request *request)
{
    request->on_body = fake_body;
    request->body_user = &run;
    return request;
}

/* ---- the body of a 202 ---- */

START_TEST(response_202_without_a_monitor_is_streamed_as_it_comes)
{
    interim_request *request = streaming(fake_request("COPY", "http://dav.example/a/", NULL));

    /* A stream of whatever: more than is looked at, and slowly. */
    ck_assert_int_eq(fake_start(&run, request), 0);
    interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
    interim__operation_sent(&run.op, 1, run.now);
    for (int i = 0; i < 3000; i++) {
        char head[] = "HTTP/1.1 202 A\r\nContent-Type: text/plain\r\n\r\n";
        char text[1000];

        memset(text, 'm', sizeof text);
        if (i == 0)
            interim__operation_received(&run.op, head, sizeof head - 1, run.now);
        run.now.monotonic += 5 * FAKE_SECOND;
        interim__operation_received(&run.op, text, sizeof text, run.now);
        interim__operation_tick(&run.op, run.now);
        ck_assert_int_eq(run.op.need, INTERIM__NEED_EXCHANGE);
        if (i == 0)
            ck_assert_uint_eq(run.body_length, 1000);
    }
    interim__operation_ended(&run.op, true, NULL, run.now);
    fake_play(&run, SCRIPT(END));
    check_outcome(INTERIM_ACCEPTED, 0);
    fake_finish(&run);
}
END_TEST

START_TEST(response_202_without_a_monitor_is_kept)
{
    fake_run(&run, copy(), SCRIPT(RAW("HTTP/1.1 202 A\r\n\r\n"), STEP(FILL, 200000), END));
    check_outcome(INTERIM_ACCEPTED, 0);
    ck_assert_uint_eq(run.result->body.length, 200000);
    fake_finish(&run);
    fake_run(&run, copy(),
             SCRIPT(SAY(202, "Location: /db/x\nETag: \"1\"\n\n{\"ok\":true,\"id\":\"x\","
                             "\"rev\":\"1\"}")));
    check_outcome(INTERIM_ACCEPTED, 0);
    check_body("{\"ok\":true,\"id\":\"x\",\"rev\":\"1\"}");
    fake_finish(&run);
}
END_TEST

START_TEST(response_202_with_a_monitor_is_not_the_final_body)
{
    fake_run(&run, streaming(copy()),
             SCRIPT(SAY(202, "Location: /1\n\n{\"id\":5}"), SAY(202, "A: b\n\nno"),
                    SAY(503, "A: b\n\nno"), SAY(200, "A: b\n\nfinal")));
    check_outcome(INTERIM_DONE, 0);
    ck_assert_str_eq(run.body, "final");
    fake_finish(&run);
    /* Of any length: it is followed none the less. */
    fake_run(&run, copy(),
             SCRIPT(RAW("HTTP/1.1 202 A\r\nLocation: /1\r\nContent-Length: 66000\r\n\r\n"),
                    STEP(FILL, 66000), SAY(200, "A: b\n\nfinal")));
    check_outcome(INTERIM_DONE, 0);
    check_body("final");
    ck_assert_uint_eq(run.kept, 2);
    fake_finish(&run);
    /* Without end: the connection is given up, the job is not. */
    fake_run(&run, copy(),
             SCRIPT(RAW("HTTP/1.1 202 A\r\nLocation: /1\r\n\r\n"), STEP(FILL, 1200000),
                    SAY(200, "A: b\n\nfinal")));
    check_outcome(INTERIM_DONE, 0);
    check_body("final");
    ck_assert_uint_eq(run.closed, 1);
    fake_finish(&run);
}
END_TEST

START_TEST(response_202_that_is_final_after_all_has_its_body)
{
    fake_run(&run, copy(),
             SCRIPT(SAY(202, "Location: /1\nServer: s\n\nthe 202"), SAY(405, "A: b\n\nno")));
    check_outcome(INTERIM_ACCEPTED, 0);
    ck_assert_int_eq(run.result->status, 202);
    ck_assert_uint_eq(run.result->field_count, 3);
    ck_assert_str_eq(run.result->url, "http://dav.example/a/");
    check_body("the 202");
    fake_finish(&run);
    /* Even if that is too long to be kept. */
    ck_assert_int_eq(fake_start(&run, copy()), 0);
    run.environment.body_cap = 3;
    fake_play(&run, SCRIPT(SAY(202, "Location: /1\n\nthe 202"), SAY(405, "")));
    fake_check(&run);
    check_outcome(INTERIM_UNKNOWN, INTERIM_EBODY_LIMIT);
    ck_assert_uint_eq(run.exchanges, 2);
    fake_finish(&run);
}
END_TEST

/* ---- the bodies of polls ---- */

START_TEST(response_poll_is_looked_at_up_to_64_kib)
{
    static char body[INTERIM__DOCUMENT_MAX + 2];

    for (size_t length = INTERIM__DOCUMENT_MAX - 1; length <= INTERIM__DOCUMENT_MAX + 1; length++) {
        static const char start[] = "{\"status\":\"failed\",\"error\":\"e\",\"pad\":\"";
        char head[100];

        memset(body, 'x', sizeof body);
        memcpy(body, start, sizeof start - 1);
        memcpy(body + length - 2, "\"}", 3);
        snprintf(head, sizeof head, LONG "%zu\r\n\r\n", length);
        for (int streams = 0; streams < 2; streams++) {
            fake_run(&run, streams ? streaming(copy()) : copy(), SCRIPT(JOB, RAW(head), RAW(body)));
            check_outcome(length <= INTERIM__DOCUMENT_MAX ? INTERIM_FAILED : INTERIM_DONE, 0);
            ck_assert_uint_eq(run.result->body.length, streams ? 0 : length);
            ck_assert_uint_eq(run.body_length, streams ? sizeof run.body - 1 : 0);
            fake_finish(&run);
        }
    }
}
END_TEST

START_TEST(response_poll_that_is_not_the_last_gives_no_body)
{
    static const char *const heads[] = {
        "HTTP/1.1 202 O\r\nContent-Length: 70000\r\n\r\n",
        "HTTP/1.1 404 O\r\nContent-Length: 70000\r\n\r\n",
        "HTTP/1.1 500 O\r\nContent-Length: 70000\r\n\r\n",
        "HTTP/1.1 503 O\r\nContent-Length: 70000\r\n\r\n",
        "HTTP/1.1 302 O\r\nLocation: /2\r\nContent-Length: 70000\r\n\r\n",
        "HTTP/1.1 200 O\r\nX-Export-Status: 202\r\nContent-Length: 70000\r\n\r\n"};

    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        fake_run(&run, copy(),
                 SCRIPT(JOB, RAW(heads[i]), STEP(FILL, 70000), SAY(200, "A: b\n\nfinal")));
        check_outcome(INTERIM_DONE, 0);
        check_body("final");
        fake_finish(&run);
        fake_run(&run, streaming(copy()),
                 SCRIPT(JOB, RAW(heads[i]), STEP(FILL, 70000), SAY(200, "A: b\n\nfinal")));
        ck_assert_str_eq(run.body, "final");
        fake_finish(&run);
    }
    fake_run(&run, streaming(copy()),
             SCRIPT(SAY(202, "Location: /1\n\nthe 202"),
                    RAW("HTTP/1.1 405 O\r\nContent-Length: 70000\r\n\r\n"), STEP(FILL, 70000)));
    check_outcome(INTERIM_ACCEPTED, 0);
    ck_assert_str_eq(run.body, "the 202");
    fake_finish(&run);
}
END_TEST

START_TEST(response_poll_without_end_is_broken_off)
{
    fake_run(&run, copy(),
             SCRIPT(JOB, RAW("HTTP/1.1 202 O\r\n\r\n"), STEP(FILL, 1200000), SAY(200, "")));
    check_outcome(INTERIM_DONE, 0);
    ck_assert_str_eq(fake_trace(&run), "sctrawctpwctpe");
    fake_finish(&run);
}
END_TEST

START_TEST(response_poll_that_was_cut_short_is_asked_again)
{
    fake_run(&run, copy(),
             SCRIPT(JOB, RAW(LONG "9\r\n\r\n{\"sta"), CUT, SAY(200, "A: b\n\nfinal")));
    check_outcome(INTERIM_DONE, 0);
    check_body("final");
    ck_assert_str_eq(fake_trace(&run), "sctrawctywctpe");
    fake_finish(&run);
}
END_TEST

Suite *response_job_suite(void)
{
    Suite *suite = suite_create("response_job");
    TCase *tests = tcase_create("response_job");

    tcase_add_test(tests, response_202_without_a_monitor_is_streamed_as_it_comes);
    tcase_add_test(tests, response_202_without_a_monitor_is_kept);
    tcase_add_test(tests, response_202_with_a_monitor_is_not_the_final_body);
    tcase_add_test(tests, response_202_that_is_final_after_all_has_its_body);
    tcase_add_test(tests, response_poll_is_looked_at_up_to_64_kib);
    tcase_add_test(tests, response_poll_that_is_not_the_last_gives_no_body);
    tcase_add_test(tests, response_poll_without_end_is_broken_off);
    tcase_add_test(tests, response_poll_that_was_cut_short_is_asked_again);
    suite_add_tcase(suite, tests);
    return suite;
}
