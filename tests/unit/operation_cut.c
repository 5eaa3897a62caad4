/* operation_cut.c - the connection ends at every byte of an answer, and memory at every allocation:
 * nothing is sent twice, nothing is said that is not known, and there is always one end. */
#include "operation/operation.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/fake.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fake run;

static interim_request *copy(void)
{
    return fake_request("COPY", "http://dav.example/a/", "Destination: http://dav.example/b/\n");
}

/* ---- the connection ---- */

static const char answer[] = "HTTP/1.1 102 Processing\r\n\r\n"
                             "HTTP/1.1 102 Processing\r\nX-Progress: 50%\r\n\r\n"
                             "HTTP/1.1 103\r\n\r\n"
                             "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "4\r\nbody\r\n2\r\n!!\r\n0\r\nA: b\r\n\r\n";

START_TEST(cut_at_every_byte_a_copy_is_unknown_and_sent_once)
{
    static const fake_action ends[] = {FAKE_END, FAKE_CUT, FAKE_HANG};
    const char *final = strstr(answer, "HTTP/1.1 201");
    const char *body = strstr(final, "\r\n\r\n") + 4;

    for (size_t length = 0; length < sizeof answer - 1; length++)
        for (size_t way = 0; way < 12; way++) {
            const fake_step first = {way % 2 == 0 ? FAKE_REUSE : FAKE_OPEN, 0, NULL};
            const fake_step bytes = {length == 0 ? FAKE_LATER : FAKE_RAW, (int)length, answer};
            const fake_step last = {ends[way / 2 % 3], 0, NULL};

            run.bytewise = way >= 6;
            fake_run(&run, copy(), SCRIPT(first, bytes, last, SAY(201, ""), SAY(201, "")));
            ck_assert_msg(run.result->outcome == INTERIM_UNKNOWN, "after %zu bytes: %s", length,
                          run.result->reason);
            ck_assert_uint_eq(run.exchanges, 1);
            ck_assert_uint_eq(run.connections, 1);
            ck_assert_uint_eq(run.closed, 1);
            ck_assert_int_ne(run.result->error->code, 0);
            ck_assert_str_ne(run.result->error->text, "");
            if (answer + length >= body)
                ck_assert_int_eq(run.result->status, 201);
            else if (length < 27)
                ck_assert_int_eq(run.result->status, 0);
            else
                ck_assert_int_ge(run.result->status, 102);
            ck_assert_uint_eq(run.result->timing.interim_count,
                              fake_count(&run, INTERIM_EVENT_INTERIM));
            fake_finish(&run);
        }
}
END_TEST

START_TEST(cut_at_every_byte_a_get_is_asked_again_only_before_the_first)
{
    for (size_t length = 0; length < sizeof answer - 1; length++) {
        const fake_step bytes = {length == 0 ? FAKE_LATER : FAKE_RAW, (int)length, answer};

        fake_run(&run, fake_request("GET", "http://dav.example/a/", NULL),
                 SCRIPT(REUSE, bytes, CUT, SAY(200, "")));
        ck_assert_int_eq(run.result->outcome, length == 0 ? INTERIM_DONE : INTERIM_FAILED);
        ck_assert_uint_eq(run.exchanges, length == 0 ? 2 : 1);
        fake_finish(&run);
    }
}
END_TEST

START_TEST(cut_at_no_byte_the_answer_is_whole)
{
    for (size_t split = 1; split < sizeof answer - 1; split++) {
        const fake_step first = {FAKE_RAW, (int)split, answer};

        fake_run(&run, copy(), SCRIPT(first, RAW(answer + split)));
        ck_assert_int_eq(run.result->outcome, INTERIM_DONE);
        ck_assert_str_eq(run.result->body.data, "body!!");
        ck_assert_str_eq(fake_trace(&run), "sctiiire");
        ck_assert_uint_eq(run.kept, 1);
        fake_finish(&run);
    }
}
END_TEST

START_TEST(cut_at_every_byte_of_a_202_a_copy_is_sent_once)
{
    static const char accepted[] = "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 202 Accepted\r\nLocation: /1\r\n"
                                   "Content-Length: 16\r\n\r\n{\"status\":\"new\"}";

    for (size_t length = 1; length < sizeof accepted - 1; length++) {
        const fake_step bytes = {FAKE_RAW, (int)length, accepted};

        fake_run(&run, copy(), SCRIPT(bytes, CUT, SAY(200, "")));
        ck_assert_int_eq(run.result->outcome, INTERIM_UNKNOWN);
        ck_assert_uint_eq(run.exchanges, 1);
        fake_finish(&run);
    }
}
END_TEST

START_TEST(cut_at_every_byte_a_poll_is_asked_again)
{
    static const char done[] = "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 200 O\r\nContent-Length: 17\r\n\r\n"
                               "{\"status\":\"done\"}";

    for (size_t length = 1; length < sizeof done - 1; length++) {
        const fake_step bytes = {FAKE_RAW, (int)length, done};

        fake_run(
            &run, copy(),
            SCRIPT(SAY(202, "Location: /1\n"), bytes, CUT, bytes, END, bytes, HANG, RAW(done)));
        ck_assert_msg(run.result->outcome == INTERIM_DONE, "%s", run.result->reason);
        ck_assert_str_eq(run.result->body.data, "{\"status\":\"done\"}");
        ck_assert_uint_eq(run.exchanges, 5);
        for (unsigned n = 1; n < 5; n++) /* the COPY once, and then only polls */
            ck_assert_int_eq(strncmp(run.sent[n], "GET /1 ", 7), 0);
        fake_finish(&run);
    }
}
END_TEST

/* ---- memory ---- */

static void *plain_malloc(size_t size)
{
    return malloc(size);
}

/* Fails each allocation in turn. */
static void starve(const char *method, const fake_step *script, interim_outcome expected,
                   bool bytewise)
{
    unsigned long nth = 0;
    bool failed;

    cJSON_InitHooks(&(cJSON_Hooks){plain_malloc, free}); /* ours can fail */
    do {
        interim_request *request =
            fake_request(method, "http://dav.example/a/", "Destination: http://dav.example/b/\n");
        unsigned first = 0;
        int started;

        run.bytewise = bytewise;
        (void)fake_start(&run, fake_request("GET", "http://dav.example/", NULL)); /* warms up */
        fake_finish(&run);
        run.bytewise = bytewise;
        failing_alloc_arm(++nth);
        started = fake_start(&run, request);
        if (started == 0)
            fake_play(&run, script);
        failed = failing_alloc_disarm();
        if (started < 0) {
            ck_assert_int_eq(started, INTERIM_ENOMEM);
            ck_assert_uint_eq(run.event_count, 0);
            continue;
        }
        fake_check(&run);
        for (unsigned n = 0; n < run.connections; n++)
            first += strncmp(run.sent[n], "COPY ", 5) == 0;
        ck_assert_uint_le(first, 1);
        if (run.result->outcome != expected) {
            /* Never a success or a failure of the server's that was none. */
            ck_assert(failed);
            ck_assert_msg(run.result->outcome == INTERIM_UNKNOWN ||
                              run.result->outcome == INTERIM_ACCEPTED ||
                              (run.result->outcome == INTERIM_FAILED &&
                               run.result->error->code == INTERIM_ENOMEM),
                          "allocation %lu: %s", nth, run.result->reason);
        }
        fake_finish(&run);
    } while (failed);
    ck_assert_uint_gt(nth, 10);
}

START_TEST(starved_102_operation_has_one_end)
{
    static const fake_step script[] = {SAY(102, "X-Progress: 1%\nServer: s\n"), SAY(103, ""),
                                       SAY(201, "Server: s\nVia: 1.1 v\n\nthe body of it"),
                                       STEP(STOP, 0)};

    starve("COPY", script, INTERIM_DONE, false);
    starve("COPY", script, INTERIM_DONE, true);
}
END_TEST

START_TEST(starved_202_operation_has_one_end)
{
    static const fake_step script[] = {
        SAY(102, "A: b\n"),
        SAY(202, "Location: /1\n\n{\"status\":\"new\"}"),
        SAY(404, "A: b\n\n-"),
        SAY(200, "Location: /2\n\n{\"status\":\"running\",\"percentComplete\":5}"),
        SAY(301, "Location: /3\n"),
        SAY(503, ""),
        SAY(200, "A: b\n\n{\"status\":\"running\",\"percentComplete\":50}"),
        SAY(200, "A: b\n\n{\"status\":\"running\",\"percentComplete\":60}"),
        SAY(200, "A: b\n\n{\"status\":\"failed\",\"error\":\"no room\"}"),
        SAY(200, "A: b\n\n{\"status\":\"failed\",\"error\":\"no room\"}"),
        SAY(200, "A: b\n\n{\"status\":\"failed\",\"error\":\"no room\"}"),
        STEP(STOP, 0)};

    starve("COPY", script, INTERIM_FAILED, false);
    starve("COPY", script, INTERIM_FAILED, true);
}
END_TEST

START_TEST(starved_result_has_one_end)
{
    static const fake_step script[] = {SAY(307, "Location: /c\n"),
                                       SAY(202, "Location: /1\n"),
                                       SAY(303, "Location: /r\n"),
                                       SAY(302, "Location: /s\n"),
                                       SAY(200, "A: b\n\nresult"),
                                       SAY(200, "A: b\n\nresult"),
                                       STEP(STOP, 0)};

    starve("POST", script, INTERIM_DONE, false);
}
END_TEST

START_TEST(starved_guard_does_not_poll)
{
    static const fake_step script[] = {SAY(202, "Location: /b/\n\n{\"ok\":true}"), SAY(200, ""),
                                       STEP(STOP, 0)};

    starve("COPY", script, INTERIM_ACCEPTED, false);
}
END_TEST

Suite *operation_cut_suite(void)
{
    Suite *suite = suite_create("operation_cut");
    TCase *tests = tcase_create("operation_cut");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, cut_at_every_byte_a_copy_is_unknown_and_sent_once);
    tcase_add_test(tests, cut_at_every_byte_a_get_is_asked_again_only_before_the_first);
    tcase_add_test(tests, cut_at_no_byte_the_answer_is_whole);
    tcase_add_test(tests, cut_at_every_byte_of_a_202_a_copy_is_sent_once);
    tcase_add_test(tests, cut_at_every_byte_a_poll_is_asked_again);
    tcase_add_test(tests, starved_102_operation_has_one_end);
    tcase_add_test(tests, starved_202_operation_has_one_end);
    tcase_add_test(tests, starved_result_has_one_end);
    tcase_add_test(tests, starved_guard_does_not_poll);
    suite_add_tcase(suite, tests);
    return suite;
}
