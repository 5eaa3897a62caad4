/* cancel_job.c - asking the server to stop a job, which is not the same as to stop waiting. */
#include "operation/operation.h"

#include "suites.h"
#include "support/fake.h"

#include <stdio.h>
#include <string.h>

#define JOB "Location: /jobs/1?k=secret\nAllow: GET, DELETE\n"
#define RUNNING "A: b\n\n{\"status\":\"running\",\"jobId\":1}"
#define CANCELLED "A: b\n\n{\"status\":\"cancelled\",\"jobId\":1}"
#define FIRST_WAIT                                                                                 \
    6 /* sequence of the event: start, connected, sent, response, accepted, waiting */

static struct fake run;

/* Runs a COPY, and asks to stop its job at the event of this number. */
static void play(uint64_t at, const fake_step *script)
{
    run.cancel_job_at = at;
    fake_run(&run, fake_request("COPY", "http://dav.example/a/", "Destination: /b\n"), script);
}

static void check(interim_outcome outcome, int error)
{
    ck_assert_msg(run.result->outcome == outcome, "%s", run.result->reason);
    ck_assert_msg(run.result->error->code == error, "%s", run.result->reason);
}

static unsigned deletes(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < run.connections; i++)
        count += strncmp(run.sent[i], "DELETE /jobs/1?k=secret HTTP/1.1\r\n", 34) == 0;
    return count;
}

START_TEST(cancel_job_that_is_stopped)
{
    play(FIRST_WAIT, SCRIPT(SAY(202, JOB), SAY(204, ""), SAY(202, RUNNING), SAY(200, CANCELLED)));
    check(INTERIM_CANCELLED, 0);
    ck_assert_int_eq(run.cancel_job_code, 0);
    ck_assert_uint_eq(deletes(), 1);
    ck_assert_ptr_null(strstr(run.sent[1], "Destination"));
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_RESPONSE, 1)->hop, INTERIM_HOP_CANCEL);
    ck_assert_str_eq(fake_find(&run, INTERIM_EVENT_RESPONSE, 1)->url,
                     "http://dav.example/jobs/1?...");
    fake_finish(&run);
}
END_TEST

START_TEST(cancel_job_whose_monitor_goes_away)
{
    static const int gone[] = {404, 410};

    for (size_t i = 0; i < 2; i++) {
        play(FIRST_WAIT, SCRIPT(SAY(202, JOB), SAY(202, ""), SAY(gone[i], "")));
        check(INTERIM_CANCELLED, 0);
        fake_finish(&run);
        play(FIRST_WAIT, SCRIPT(SAY(202, JOB), SAY(gone[i], ""), SAY(gone[i], "")));
        check(INTERIM_CANCELLED, 0);
        fake_finish(&run);
    }
}
END_TEST

START_TEST(cancel_job_too_late)
{
    play(FIRST_WAIT, SCRIPT(SAY(202, JOB), SAY(200, ""), SAY(200, "")));
    check(INTERIM_DONE, 0);
    fake_finish(&run);
    play(FIRST_WAIT, SCRIPT(SAY(202, JOB), SAY(204, ""),
                            SAY(200, "A: b\n\n{\"status\":\"failed\",\"jobId\":1}")));
    check(INTERIM_FAILED, 0);
    fake_finish(&run);
}
END_TEST

/* Waiting goes on as if nobody had asked, and what the monitor says is the job's own affair. */
START_TEST(cancel_job_that_is_refused)
{
    static const int refusals[] = {400, 403, 405, 409, 500, 501, 503};

    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        play(FIRST_WAIT,
             SCRIPT(SAY(202, JOB), SAY(refusals[i], ""), SAY(202, RUNNING), SAY(200, CANCELLED)));
        check(INTERIM_FAILED, 0);
        ck_assert_uint_eq(deletes(), 1);
        fake_finish(&run);
    }
    play(FIRST_WAIT, SCRIPT(SAY(202, JOB), SAY(405, ""), SAY(202, ""), SAY(404, "")));
    check(INTERIM_UNKNOWN, INTERIM_EPOLL_GONE);
    fake_finish(&run);
}
END_TEST

START_TEST(cancel_job_is_asked_once_although_the_answer_is_lost)
{
    play(FIRST_WAIT, SCRIPT(SAY(202, JOB), OPEN, CUT, SAY(202, RUNNING), SAY(200, CANCELLED)));
    check(INTERIM_CANCELLED, 0);
    ck_assert_uint_eq(deletes(), 1);
    fake_finish(&run);
    play(FIRST_WAIT, SCRIPT(SAY(202, JOB), REFUSE(INTERIM_ECONNECT), SAY(200, "")));
    check(INTERIM_DONE, 0);
    fake_finish(&run);
    play(FIRST_WAIT, SCRIPT(SAY(202, JOB), OPEN, HANG, SAY(404, "")));
    check(INTERIM_CANCELLED, 0);
    ck_assert_uint_eq(deletes(), 1);
    fake_finish(&run);
}
END_TEST

START_TEST(cancel_job_waits_for_the_poll_under_way)
{
    play(FIRST_WAIT + 2, SCRIPT(SAY(202, JOB), SAY(202, RUNNING), SAY(204, ""), SAY(404, "")));
    check(INTERIM_CANCELLED, 0);
    ck_assert_uint_eq(deletes(), 1);
    ck_assert_int_eq(strncmp(run.sent[1], "GET ", 4), 0);
    fake_finish(&run);
}
END_TEST

START_TEST(cancel_job_follows_no_redirect)
{
    play(FIRST_WAIT,
         SCRIPT(SAY(202, JOB), SAY(307, "Location: /b\n"), SAY(202, RUNNING), SAY(404, "")));
    check(INTERIM_CANCELLED, 0);
    ck_assert_int_eq(strncmp(run.sent[2], "GET /jobs/1", 11), 0);
    fake_finish(&run);
}
END_TEST

START_TEST(cancel_job_only_where_delete_means_that)
{
    static const char *const no[] = {"Location: /1\n", "Location: /1\nAllow: GET, UNDELETE\n",
                                     "Operation-Location: /1\nLocation: /b\n"};
    static const char *const yes[] = {
        "Location: /1\nAllow: delete\n",
        "Location: /1\n\n{\"metadata\":{\"status_code\":103,\"status\":\"Running\"}}"};

    for (size_t i = 0; i < 3; i++) {
        play(FIRST_WAIT, SCRIPT(SAY(202, no[i]), SAY(200, "A: b\n\n{\"status\":\"Succeeded\"}")));
        ck_assert_int_eq(run.cancel_job_code, INTERIM_EUNSUPPORTED);
        check(INTERIM_DONE, 0);
        fake_finish(&run);
    }
    for (size_t i = 0; i < 2; i++) {
        play(FIRST_WAIT, SCRIPT(SAY(202, yes[i]), SAY(204, ""), SAY(404, "")));
        ck_assert_int_eq(run.cancel_job_code, 0);
        check(INTERIM_CANCELLED, 0);
        fake_finish(&run);
    }
    /* Not before there is a job, and not when it is over. */
    for (uint64_t at = 1; at < 5; at++) {
        play(at, SCRIPT(SAY(202, JOB), SAY(204, "")));
        ck_assert_int_eq(run.cancel_job_code, INTERIM_EUNSUPPORTED);
        check(INTERIM_DONE, 0);
        fake_finish(&run);
    }
}
END_TEST

START_TEST(cancel_job_and_the_deadline)
{
    interim_request *request = fake_request("COPY", "http://dav.example/a/", NULL);

    request->polling.deadline_ms = 5000;
    run.cancel_job_at = FIRST_WAIT;
    fake_run(&run, request, SCRIPT(SAY(202, JOB), OPEN, HANG));
    check(INTERIM_STILL_RUNNING, INTERIM_EPOLL_DEADLINE);
    fake_finish(&run);
}
END_TEST

Suite *cancel_job_suite(void)
{
    Suite *suite = suite_create("cancel_job");
    TCase *tests = tcase_create("cancel_job");

    tcase_add_test(tests, cancel_job_that_is_stopped);
    tcase_add_test(tests, cancel_job_whose_monitor_goes_away);
    tcase_add_test(tests, cancel_job_too_late);
    tcase_add_test(tests, cancel_job_that_is_refused);
    tcase_add_test(tests, cancel_job_is_asked_once_although_the_answer_is_lost);
    tcase_add_test(tests, cancel_job_waits_for_the_poll_under_way);
    tcase_add_test(tests, cancel_job_follows_no_redirect);
    tcase_add_test(tests, cancel_job_only_where_delete_means_that);
    tcase_add_test(tests, cancel_job_and_the_deadline);
    suite_add_tcase(suite, tests);
    return suite;
}
