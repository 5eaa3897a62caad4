/* ending.c - every outcome, and what a failure means for the work that was asked for. */
#include "operation/operation.h"

#include "suites.h"
#include "support/fake.h"

#include <stdio.h>
#include <string.h>

static struct fake run;

#define OUTCOME(outcome_, error_, status_)                                                         \
    do {                                                                                           \
        ck_assert_msg(run.result->outcome == (outcome_), "%d: %s", run.result->outcome,            \
                      run.result->reason);                                                         \
        ck_assert_msg(run.result->error->code == (error_), "%d: %s", run.result->error->code,      \
                      run.result->reason);                                                         \
        ck_assert_int_eq(run.result->status, status_);                                             \
    } while (0)

/* Runs a request without fields and checks what it comes to. */
#define CASE(method, outcome, error, status, ...)                                                  \
    do {                                                                                           \
        fake_run(&run, fake_request(method, "http://dav.example/a/", NULL), SCRIPT(__VA_ARGS__));  \
        OUTCOME(outcome, error, status);                                                           \
        fake_finish(&run);                                                                         \
    } while (0)

START_TEST(ending_by_the_final_status)
{
    static const int done[] = {200, 201, 204, 207, 226, 299};
    static const int failed[] = {300, 301, 302, 305, 400, 401, 403, 404, 405, 408, 409,
                                 412, 413, 417, 423, 429, 500, 501, 505, 507, 600, 999};

    for (size_t i = 0; i < sizeof done / sizeof *done; i++)
        CASE("COPY", INTERIM_DONE, 0, done[i], SAY(done[i], ""));
    for (size_t i = 0; i < sizeof failed / sizeof *failed; i++)
        CASE("COPY", INTERIM_FAILED, 0, failed[i], SAY(failed[i], ""));
    CASE("GET", INTERIM_DONE, 0, 304, SAY(304, ""));
    CASE("GET", INTERIM_FAILED, 0, 404, SAY(404, ""));
    CASE("COPY", INTERIM_DONE, 0, 201, SAY(102, ""), SAY(102, ""), SAY(201, ""));
}
END_TEST

START_TEST(ending_says_what_the_server_answered)
{
    fake_run(&run, fake_request("COPY", "http://dav.example/a/", NULL),
             SCRIPT(RAW("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")));
    ck_assert_str_eq(run.result->reason, "the server answered 201 Created");
    /* Nothing that the next operation of the client would take for its own. */
    ck_assert_int_eq(run.environment.error.code, 0);
    ck_assert_int_eq(run.environment.error.status, 0);
    ck_assert_str_eq(run.result->url, "http://dav.example/a/");
    ck_assert_str_eq(fake_find(&run, INTERIM_EVENT_END, 0)->text, run.result->reason);
    fake_finish(&run);
    fake_run(&run, fake_request("COPY", "http://dav.example/a/", NULL),
             SCRIPT(RAW("HTTP/1.1 403\r\nContent-Length: 0\r\n\r\n")));
    ck_assert_str_eq(run.result->reason, "the server answered 403");
    fake_finish(&run);
    /* Terminals are not for the peer to write to. */
    fake_run(&run, fake_request("COPY", "http://dav.example/a/", NULL),
             SCRIPT(RAW("HTTP/1.1 403 \x1b[2J\x07!\r\nContent-Length: 0\r\n\r\n")));
    ck_assert_str_eq(run.result->reason, "the server answered 403 ?[2J?!");
    fake_finish(&run);
}
END_TEST

/* ---- UNREACHABLE ---- */

START_TEST(ending_unreachable_when_nothing_was_sent)
{
    static const int codes[] = {INTERIM_ERESOLVE, INTERIM_ECONNECT, INTERIM_ETLS,
                                INTERIM_ECERTIFICATE, INTERIM_ECONNECT_TIMEOUT};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        CASE("COPY", INTERIM_UNREACHABLE, codes[i], 0, REFUSE(codes[i]));
        CASE("GET", INTERIM_UNREACHABLE, codes[i], 0, REFUSE(codes[i]));
    }
    CASE("COPY", INTERIM_UNREACHABLE, INTERIM_ECONNECT_TIMEOUT, 0, HANG);
    CASE("COPY", INTERIM_UNREACHABLE, INTERIM_EDISCONNECTED, 0, STEP(STUCK, 0), CUT);
    fake_run(&run, fake_request("COPY", "http://dav.example/a/", NULL),
             SCRIPT(REFUSE(INTERIM_ECONNECT)));
    ck_assert_ptr_nonnull(strstr(run.result->reason, "nothing was sent"));
    ck_assert_str_eq(fake_trace(&run), "se");
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_END, 0)->error, INTERIM_ECONNECT);
    fake_finish(&run);
}
END_TEST

START_TEST(ending_failed_by_ourselves_before_anything_was_sent)
{
    CASE("COPY", INTERIM_FAILED, INTERIM_ENOMEM, 0, REFUSE(INTERIM_ENOMEM));
    CASE("COPY", INTERIM_FAILED, INTERIM_ESYSTEM, 0, REFUSE(INTERIM_ESYSTEM));
}
END_TEST

/* ---- UNKNOWN ---- */

START_TEST(ending_unknown_when_the_request_was_sent)
{
    static const char *const methods[] = {"COPY", "MOVE", "POST", "PUT", "DELETE", "PATCH"};

    for (size_t i = 0; i < 6; i++) {
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_EDISCONNECTED, 0, END);
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_EDISCONNECTED, 0, CUT);
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_EDISCONNECTED, 0, REUSE, CUT);
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_EDISCONNECTED, 102, SAY(102, ""), CUT);
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_ESILENCE, 0, OPEN, HANG);
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_ESILENCE, 0, REUSE, HANG);
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_ESILENCE, 102, SAY(102, ""), HANG);
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_EHEAD_TIMEOUT, 0, RAW("HTTP/1.1 201 C"), HANG);
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_ETRUNCATED, 0, RAW("HTTP/1.1 201 C"), END);
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_ETRUNCATED, 201,
             RAW("HTTP/1.1 201 C\r\nContent-Length: 5\r\n\r\nabc"), END);
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_ETRUNCATED, 201, RAW("HTTP/1.1 201 C\r\n\r\nabc"),
             CUT);
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_ESILENCE, 201,
             RAW("HTTP/1.1 201 C\r\nContent-Length: 5\r\n\r\nabc"), HANG);
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_ESTATUS_LINE, 0, RAW("SSH-2.0-OpenSSH\r\n"));
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_EFIELD_LINE, 0,
             RAW("HTTP/1.1 201 C\r\nno colon\r\n\r\n"));
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_EUPGRADE, 0, SAY(101, "Upgrade: h2c\n"));
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_EFRAMING, 0,
             RAW("HTTP/1.1 201 C\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"));
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_ECHUNK, 201,
             RAW("HTTP/1.1 201 C\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"));
        CASE(methods[i], INTERIM_UNKNOWN, INTERIM_EHEAD_LIMIT, 0, RAW("HTTP/1.1 201 C\r\nA: "),
             STEP(FILL, 70000));
    }
}
END_TEST

START_TEST(ending_failed_when_the_request_changes_nothing)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"};

    for (size_t i = 0; i < 5; i++) {
        CASE(methods[i], INTERIM_FAILED, INTERIM_EDISCONNECTED, 0, END);
        CASE(methods[i], INTERIM_FAILED, INTERIM_EDISCONNECTED, 102, SAY(102, ""), CUT);
        CASE(methods[i], INTERIM_FAILED, INTERIM_ESILENCE, 0, OPEN, HANG);
        CASE(methods[i], INTERIM_FAILED, INTERIM_ESTATUS_LINE, 0, RAW("HTTP/2 200\r\n\r\n"));
    }
}
END_TEST

START_TEST(ending_tells_what_was_seen_last)
{
    fake_run(&run, fake_request("COPY", "http://dav.example/a/", NULL),
             SCRIPT(SAY(102, ""), LATER(7000), SAY(103, ""), LATER(9000), CUT));
    OUTCOME(INTERIM_UNKNOWN, INTERIM_EDISCONNECTED, 103);
    ck_assert_int_eq(run.result->error->status, 103);
    ck_assert_int_ne(run.result->error->os_error, 0);
    ck_assert_ptr_nonnull(
        strstr(run.result->error->text, "after 2 interim responses, the last a 103"));
    ck_assert_ptr_nonnull(strstr(run.result->reason, "may have done, or be doing, the work"));
    ck_assert_int_eq(run.result->timing.longest_silence_ms, 9000);
    fake_finish(&run);
}
END_TEST

START_TEST(ending_keeps_what_tls_says)
{
    interim_error tls;

    interim__error_init(&tls);
    interim__error_set(&tls, INTERIM_ETLS, INTERIM_STAGE_BODY, "bad record");
    tls.tls_error = 5;
    ck_assert_int_eq(fake_start(&run, fake_request("COPY", "https://dav.example/", NULL)), 0);
    interim__operation_opened(&run.op, "192.0.2.1:443", false, run.now);
    interim__operation_sent(&run.op, 1, run.now);
    interim__operation_ended(&run.op, false, &tls, run.now);
    fake_play(&run, SCRIPT(END));
    fake_check(&run);
    OUTCOME(INTERIM_UNKNOWN, INTERIM_ETLS, 0);
    ck_assert_str_eq(run.result->error->text, "bad record");
    ck_assert_uint_eq(run.result->error->tls_error, 5);
    fake_finish(&run);
}
END_TEST

/* ---- the total ---- */

static interim_request *total_of(const char *method, int64_t ms)
{
    interim_request *request = fake_request(method, "http://dav.example/a/", NULL);

    request->patience.total_ms = ms;
    return request;
}

#define TOTAL(method, outcome, error, status, ...)                                                 \
    do {                                                                                           \
        fake_run(&run, total_of(method, 20000), SCRIPT(__VA_ARGS__));                              \
        OUTCOME(outcome, error, status);                                                           \
        ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_END, 0)->at, 20 * FAKE_SECOND);             \
        fake_finish(&run);                                                                         \
    } while (0)

START_TEST(ending_at_the_total)
{
    TOTAL("COPY", INTERIM_UNKNOWN, INTERIM_ETOTAL, 0, OPEN,
          HANG); /* nobody said that it works at it */
    TOTAL("GET", INTERIM_FAILED, INTERIM_ETOTAL, 0, OPEN, HANG);
    TOTAL("COPY", INTERIM_STILL_RUNNING, INTERIM_ETOTAL, 102, SAY(102, ""), HANG);
    TOTAL("GET", INTERIM_STILL_RUNNING, INTERIM_ETOTAL, 102, SAY(102, ""), HANG);
    /* Between polls, in a poll, and while the monitor cannot be reached. */
    TOTAL("COPY", INTERIM_STILL_RUNNING, INTERIM_ETOTAL, 202,
          SAY(202, "Location: /1\nRetry-After: 60\n"));
    TOTAL("COPY", INTERIM_STILL_RUNNING, INTERIM_ETOTAL, 202,
          SAY(202, "Location: /1\nRetry-After: 15\n"), OPEN, HANG);
    TOTAL("COPY", INTERIM_STILL_RUNNING, INTERIM_ETOTAL, 202, SAY(202, "Location: /1\n"),
          SAY(202, "Retry-After: 600\n"));
    /* The work is done, or at an end, and only the answer was still on its way. */
    TOTAL("COPY", INTERIM_UNKNOWN, INTERIM_ETOTAL, 201, SAY(102, ""),
          RAW("HTTP/1.1 201 C\r\nContent-Length: 5\r\n\r\nab"), HANG);
    TOTAL("POST", INTERIM_DONE, INTERIM_ETOTAL, 303, SAY(202, "Location: /1\n"),
          SAY(303, "Location: /r\n"), OPEN, HANG);
    TOTAL("POST", INTERIM_DONE, INTERIM_ETOTAL, 303, SAY(202, "Location: /1\n"),
          SAY(303, "Location: /r\n"), RAW("HTTP/1.1 200 O\r\nContent-Length: 5\r\n\r\nab"), HANG);
    TOTAL("COPY", INTERIM_UNKNOWN, INTERIM_ETOTAL, 200, SAY(202, "Location: /1\n"),
          RAW("HTTP/1.1 200 O\r\nContent-Length: 500000\r\n\r\n"), STEP(FILL, 66000), HANG);
}
END_TEST

START_TEST(ending_at_the_total_before_the_connection)
{
    fake_run(&run, total_of("COPY", 5000), SCRIPT(HANG));
    OUTCOME(INTERIM_UNREACHABLE, INTERIM_ETOTAL, 0);
    fake_finish(&run);
}
END_TEST

/* ---- polling ---- */

#define JOB SAY(202, "Location: /1\n")

START_TEST(ending_of_a_job)
{
    CASE("COPY", INTERIM_DONE, 0, 200, JOB, SAY(202, ""), SAY(200, ""));
    CASE("COPY", INTERIM_DONE, 0, 204, JOB, SAY(204, ""));
    CASE("COPY", INTERIM_DONE, 0, 303, JOB, SAY(303, "Location: /b/\n"));
    CASE("COPY", INTERIM_FAILED, 0, 409, JOB, SAY(202, ""), SAY(409, ""));
    CASE("COPY", INTERIM_FAILED, 0, 500, JOB, SAY(500, ""), SAY(500, ""), SAY(500, ""));
    CASE("COPY", INTERIM_FAILED, 0, 200, JOB, SAY(200, "AsyncResult: 507\n"));
    CASE("COPY", INTERIM_ACCEPTED, 0, 202, JOB, SAY(405, ""));
    CASE("COPY", INTERIM_UNKNOWN, INTERIM_EPOLL_AUTH, 401, JOB, SAY(401, ""));
    CASE("COPY", INTERIM_UNKNOWN, INTERIM_EPOLL_GONE, 404, JOB, SAY(202, ""), SAY(404, ""));
    CASE("COPY", INTERIM_UNKNOWN, INTERIM_EPOLL_REDIRECT, 302, JOB, SAY(302, "Location: /1\n"));
    CASE("COPY", INTERIM_UNKNOWN, INTERIM_EPOLL_REDIRECT, 303, JOB, SAY(303, ""));
    CASE("COPY", INTERIM_UNKNOWN, INTERIM_ETRUNCATED, 200, JOB,
         RAW("HTTP/1.1 200 O\r\nContent-Length: 500000\r\n\r\n"), STEP(FILL, 66000), CUT);
}
END_TEST

START_TEST(ending_of_a_202_that_is_final)
{
    static const char *const texts[] = {"A: b\n", "Location: \n", "Location: /a/\n",
                                        "Location: /1\nUpload-Offset: 0\n",
                                        "Location: http://u:p@x.example/\n"};
    interim_request *request;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CASE("COPY", INTERIM_ACCEPTED, 0, 202, SAY(202, texts[i]));
        CASE("COPY", INTERIM_ACCEPTED, 0, 202, SAY(102, ""), SAY(202, texts[i]));
    }
    request = fake_request("COPY", "http://dav.example/a/", NULL);
    request->polling.mode = INTERIM_POLL_OFF;
    fake_run(&run, request, SCRIPT(JOB));
    OUTCOME(INTERIM_ACCEPTED, 0, 202);
    ck_assert_str_eq(run.result->reason,
                     "the server answered 202, which is not polled: polling is off");
    ck_assert_str_eq(fake_trace(&run), "sctre");
    fake_finish(&run);
}
END_TEST

START_TEST(ending_unreachable_monitor)
{
    interim_request *request = fake_request("COPY", "http://dav.example/a/", NULL);

    request->polling.outage_ms = 1;
    fake_run(&run, request,
             SCRIPT(JOB, REFUSE(INTERIM_ECONNECT), CUT, END, SAY(503, ""), OPEN, HANG, SAY(429, ""),
                    RAW("garbage"), REUSE, CUT, CUT, SAY(101, ""),
                    RAW("HTTP/1.1 200 O\r\nContent-Length: 9\r\n\r\nx"), END));
    OUTCOME(INTERIM_UNREACHABLE, INTERIM_EPOLL_UNREACHABLE, 200);
    ck_assert_uint_eq(run.result->timing.poll_count, 2);
    fake_finish(&run);
}
END_TEST

START_TEST(ending_at_the_polling_deadline)
{
    static const fake_step running[] = {JOB,
                                        SAY(202, "Retry-After: 3\n"),
                                        SAY(202, "Retry-After: 3\n"),
                                        SAY(202, "Retry-After: 60\n"),
                                        SAY(202, "Retry-After: 3\n"),
                                        STEP(STOP, 0)};
    interim_request *request = fake_request("COPY", "http://dav.example/a/", NULL);

    request->polling.deadline_ms = 10000;
    fake_run(&run, request, running);
    OUTCOME(INTERIM_STILL_RUNNING, INTERIM_EPOLL_DEADLINE, 202);
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_END, 0)->at, 10 * FAKE_SECOND);
    ck_assert_uint_eq(run.result->timing.poll_count, 4); /* the last one at the very end */
    fake_finish(&run);
    /* The last poll may take five seconds. */
    request = fake_request("COPY", "http://dav.example/a/", NULL);
    request->polling.deadline_ms = 10000;
    fake_run(&run, request,
             SCRIPT(SAY(202, "Location: /1\nRetry-After: 20\n"), OPEN, LATER(4999), SAY(200, "")));
    OUTCOME(INTERIM_DONE, 0, 200);
    fake_finish(&run);
    request = fake_request("COPY", "http://dav.example/a/", NULL);
    request->polling.deadline_ms = 10000;
    fake_run(&run, request, SCRIPT(SAY(202, "Location: /1\nRetry-After: 20\n"), OPEN, HANG));
    OUTCOME(INTERIM_STILL_RUNNING, INTERIM_EPOLL_DEADLINE, 202);
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_END, 0)->at, 15 * FAKE_SECOND);
    ck_assert_uint_eq(fake_count(&run, INTERIM_EVENT_RETRY), 0); /* it is over, not asked again */
    fake_finish(&run);
    request = fake_request("COPY", "http://dav.example/a/", NULL);
    request->polling.deadline_ms = 10000;
    fake_run(&run, request,
             SCRIPT(SAY(202, "Location: /1\nRetry-After: 20\n"), RAW("HTTP/1.1 2"), HANG));
    OUTCOME(INTERIM_STILL_RUNNING, INTERIM_EPOLL_DEADLINE, 202);
    fake_finish(&run);
}
END_TEST

START_TEST(ending_waits_for_the_body_of_the_last_poll)
{
    interim_request *request = fake_request("COPY", "http://dav.example/a/", NULL);

    request->polling.deadline_ms = 10000;
    fake_run(&run, request,
             SCRIPT(SAY(202, "Location: /1\nRetry-After: 20\n"),
                    RAW("HTTP/1.1 200 O\r\nContent-Length: 66001\r\n\r\n"), STEP(FILL, 66000),
                    LATER(50000), RAW("x")));
    OUTCOME(INTERIM_DONE, 0, 200); /* the job has ended in time */
    ck_assert_uint_eq(run.result->body.length, 66001);
    fake_finish(&run);
}
END_TEST

START_TEST(ending_after_the_result_was_not_to_be_had)
{
    CASE("POST", INTERIM_DONE, 0, 200, JOB, SAY(303, "Location: /r\n"), SAY(200, ""));
    CASE("POST", INTERIM_DONE, 0, 303, JOB, SAY(303, "Location: /r\n"), SAY(401, "")); /* f04 */
    CASE("POST", INTERIM_DONE, 0, 303, JOB, SAY(303, "Location: /r\n"), SAY(500, ""));
    CASE("POST", INTERIM_DONE, INTERIM_EDISCONNECTED, 303, JOB, SAY(303, "Location: /r\n"), CUT);
    CASE("POST", INTERIM_DONE, INTERIM_ECONNECT, 303, JOB, SAY(303, "Location: /r\n"),
         REFUSE(INTERIM_ECONNECT));
    CASE("POST", INTERIM_DONE, INTERIM_ESILENCE, 303, JOB, SAY(303, "Location: /r\n"), OPEN, HANG);
    CASE("POST", INTERIM_DONE, INTERIM_EREDIRECT, 303, JOB, SAY(303, "Location: /r\n"),
         SAY(302, "Location: /r\n"));
}
END_TEST

/* Nobody cancelled it, and what is known is told. */
START_TEST(ending_for_want_of_a_timer)
{
    CASE("COPY", INTERIM_FAILED, INTERIM_ENOMEM, 0, STARVE);
    CASE("COPY", INTERIM_UNKNOWN, INTERIM_ENOMEM, 0, OPEN, STARVE);
    CASE("GET", INTERIM_FAILED, INTERIM_ENOMEM, 0, OPEN, STARVE);
    CASE("COPY", INTERIM_STILL_RUNNING, INTERIM_ENOMEM, 102, SAY(102, ""), STARVE);
    CASE("COPY", INTERIM_STILL_RUNNING, INTERIM_ENOMEM, 202, JOB, STARVE);
    CASE("COPY", INTERIM_STILL_RUNNING, INTERIM_ENOMEM, 202, JOB, OPEN, STARVE);
    CASE("COPY", INTERIM_STILL_RUNNING, INTERIM_ENOMEM, 200, JOB,
         RAW("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), STARVE);
    CASE("POST", INTERIM_DONE, INTERIM_ENOMEM, 303, JOB, SAY(303, "Location: /r\n"), STARVE);
}
END_TEST

Suite *ending_suite(void)
{
    Suite *suite = suite_create("ending");
    TCase *tests = tcase_create("ending");

    tcase_add_test(tests, ending_by_the_final_status);
    tcase_add_test(tests, ending_says_what_the_server_answered);
    tcase_add_test(tests, ending_unreachable_when_nothing_was_sent);
    tcase_add_test(tests, ending_failed_by_ourselves_before_anything_was_sent);
    tcase_add_test(tests, ending_unknown_when_the_request_was_sent);
    tcase_add_test(tests, ending_failed_when_the_request_changes_nothing);
    tcase_add_test(tests, ending_tells_what_was_seen_last);
    tcase_add_test(tests, ending_keeps_what_tls_says);
    tcase_add_test(tests, ending_at_the_total);
    tcase_add_test(tests, ending_at_the_total_before_the_connection);
    tcase_add_test(tests, ending_of_a_job);
    tcase_add_test(tests, ending_of_a_202_that_is_final);
    tcase_add_test(tests, ending_unreachable_monitor);
    tcase_add_test(tests, ending_at_the_polling_deadline);
    tcase_add_test(tests, ending_waits_for_the_body_of_the_last_poll);
    tcase_add_test(tests, ending_after_the_result_was_not_to_be_had);
    tcase_add_test(tests, ending_for_want_of_a_timer);
    suite_add_tcase(suite, tests);
    return suite;
}
