/* accepted.c - following a 202: what each answer of the monitor, or the lack of one, comes to. */
#include "accepted_cases.h"
#include "support/failing_alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the beginning ---- */

START_TEST(accepted_knows_its_monitor)
{
    ck_assert_int_eq(begin("Location: jobs/1?k=secret\nServer: x\n"), 0);
    ck_assert_str_eq(job->monitor->text, "http://dav.example/a/jobs/1?k=secret");
    ck_assert_str_eq(job->dialect->name, "generic");
    ck_assert(!job->latched);
    interim__accepted_ask(job);
    ck_assert_str_eq(job->current->text, job->monitor->text);
    ck_assert_uint_eq(job->polls, 1);
}
END_TEST

START_TEST(accepted_never_polls_at_once)
{
    static const struct {
        const char *text;
        int64_t least, most;
    } cases[] = {
        {"Location: /1\n", 1000, 1100},
        {"Location: /1\nRetry-After: 0\n", 250, 275},
        {"Location: /1\nRetry-After: 7\n", 7000, 7700},
        {"Location: /1\nRetry-After: 601\n", 600000, 660000},
        {"Location: /1\nRetry-After: 99999999999999999999\n", 600000, 660000},
        {"Location: /1\nRetry-After: -1\n", 1000, 1100},
        {"Location: /1\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\n", 250, 275},
        {"Location: /1\nRetry-After: Sun, 06 Nov 1994 08:49:47 GMT\n", 10000, 11000},
        {"Location: /1\nretry-after-ms: 300\n", 300, 330},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_int_eq(begin(cases[i].text), 0);
        ck_assert_msg(wait_ms() >= cases[i].least && wait_ms() <= cases[i].most, "%s: %lld",
                      cases[i].text, (long long)wait_ms());
        interim__accepted_free(job);
    }
    job = NULL;
}
END_TEST

START_TEST(accepted_polls_at_once_if_asked_to)
{
    request->polling.min_ms = INTERIM_AT_ONCE;
    ck_assert_int_eq(begin("Location: /1\n"), 0);
    ck_assert_int_ge(wait_ms(), 1000);
    interim__accepted_free(job);
    request->polling.first_ms = INTERIM_AT_ONCE;
    ck_assert_int_eq(begin("Location: /1\n"), 0);
    ck_assert_int_eq(job->poll_at, now);
    interim__accepted_ask(job);
    for (unsigned i = 0; i < 40; i++) { /* nobody says anything: no reason to hurry for ever */
        ck_assert_int_eq(unanswered(), 'A');
        ck_assert_int_ge(wait_ms(), 1);
        ck_assert_int_le(wait_ms(), i < 14 ? 2 << i : 30000);
    }
    ck_assert_int_eq(poll(202, "Retry-After: 2\n"), 'A');
    ck_assert_int_ge(wait_ms(), 2000);
    ck_assert_int_eq(poll(202, "Retry-After: Sun, 06 Nov 1994 08:49:00 GMT\n"), 'A');
    ck_assert_int_eq(job->poll_at, now);
    ck_assert_int_eq(poll(503, "Retry-After: 0\n"), 'A');
    ck_assert_int_eq(job->poll_at, now);
}
END_TEST

/* A server that always says "now", and another that always has progress. */
START_TEST(accepted_polls_at_once_a_hundred_times)
{
    static const char *const hurry[] = {"Location: /1\nRetry-After: 0\n", "Location: /1\n"};
    static const int64_t most[] = {600000, 100}, then[] = {250, 100};

    request->polling.min_ms = request->polling.first_ms = INTERIM_AT_ONCE;
    request->polling.max_ms = most[_i % 2];
    ck_assert_int_eq(begin(hurry[_i / 2]), 0);
    for (unsigned i = 1; i <= 1000; i++) {
        char text[64];

        snprintf(text, sizeof text, _i < 2 ? "Retry-After: 0\n" : "X-Progress: %u%%\n", i % 100);
        ck_assert_int_ge(wait_ms(), i <= 100 ? 0 : then[_i % 2]);
        ck_assert_int_le(wait_ms(), i <= 100 ? 0 : then[_i % 2] + then[_i % 2] / 10);
        ck_assert_int_eq(poll(202, text), 'A');
    }
}
END_TEST

START_TEST(accepted_refuses_what_is_no_monitor)
{
    static const char *const refused[] = {
        "A: b\n",
        "Location: \n",
        "Location: ftp://dav.example/1\n",
        "Location: mailto:x@dav.example\n",
        "Location: http://u:p@dav.example/1\n",
        "Location: /1\nLocation: /2\n",
        "Location: /1\nDocker-Upload-UUID: 1\n",
        "Location: /a b\n",
        "Location: /a/\n",
    };

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        ck_assert_int_eq(begin(refused[i]), 0);
        ck_assert_msg(job == NULL && refusal != NULL && *refusal != '\0', "%s", refused[i]);
    }
    request->polling.cross_origin = INTERIM_CROSS_ORIGIN_REJECT;
    ck_assert_int_eq(begin("Location: http://b.example/1\n"), 0);
    ck_assert_ptr_null(job);
    interim__request_release(request);
    request = fake_request("COPY", "https://dav.example/a/", NULL);
    ck_assert_int_eq(begin("Location: http://dav.example/1\n"), 0); /* f14 */
    ck_assert_ptr_null(job);
}
END_TEST

START_TEST(accepted_without_memory_transfers_nothing)
{
    unsigned long nth = 0;
    bool failed;

    do {
        interim__answer answer;
        int code;

        fake_answer(&answer, request, 202, "Location: /jobs/1\n");
        failing_alloc_arm(++nth);
        job = interim__accepted_new(&answer, &seed, now, FAKE_WALL_NS, &refusal, &code);
        failed = failing_alloc_disarm();
        ck_assert((job != NULL) == !failed);
        ck_assert(!failed || code == INTERIM_ENOMEM || refusal != NULL);
        fake_answer_free(&answer);
    } while (failed);
    ck_assert_uint_gt(nth, 4);
}
END_TEST

/* ---- 2xx ---- */

START_TEST(accepted_polls_until_the_status_changes)
{
    ck_assert_int_eq(begin("Location: /1\n"), 0);
    for (unsigned i = 1; i <= 100; i++) {
        ck_assert_int_eq(poll(202, ""), 'A');
        ck_assert_uint_eq(job->polls, i);
        ck_assert_int_ge(wait_ms(), 1000);
        ck_assert_int_le(wait_ms(), 30000);
    }
    ck_assert_int_eq(poll(202, "Retry-After: 3\n"), 'A');
    ck_assert_int_ge(wait_ms(), 3000);
    ck_assert_int_le(wait_ms(), 3300);
    ck_assert_int_eq(poll(200, ""), 'D');
    ck_assert_int_eq(poll(201, ""), 'D');
    ck_assert_int_eq(poll(204, ""), 'D');
}
END_TEST

START_TEST(accepted_latches_on_the_body_of_the_202)
{
    ck_assert_int_eq(begin("Location: /1\n\n{\"status\":\"queued\"}"), 0);
    ck_assert(job->latched);
    ck_assert_int_eq(poll(200, "A: b\n\n{\"status\":\"whirring\"}"), 'A');
    ck_assert_int_eq(poll(200, "A: b\n\n{\"status\":\"failed\"}"), 'F');
    ck_assert_int_eq(poll(202, "A: b\n\n{\"status\":\"completed\"}"), 'D'); /* f05 */
    interim__accepted_free(job);
    ck_assert_int_eq(begin("Location: /1\n\n{\"status\":\"completed\"}"), 0);
    ck_assert(!job->latched);
    ck_assert_int_eq(poll(202, "A: b\n\n{\"status\":\"completed\"}"), 'A');
}
END_TEST

START_TEST(accepted_takes_replayed_statuses)
{
    ck_assert_int_eq(begin("Location: /1\n"), 0);
    ck_assert_int_eq(poll(200, "X-Export-Status: 202\n"), 'A');
    ck_assert_int_eq(poll(200, "AsyncResult: 500\n"), 'F'); /* f19 */
    ck_assert_int_eq(poll(200, "X-Export-Status: 404\n"), 'F');
    ck_assert_int_eq(poll(202, "AsyncResult: 200\n"), 'D');
}
END_TEST

START_TEST(accepted_backs_off_again_after_progress)
{
    ck_assert_int_eq(begin("Location: /1\n"), 0);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(poll(202, "X-Progress: 10%\n"), 'A');
    ck_assert_uint_gt(job->backoff, 5);
    ck_assert_int_eq(poll(202, "X-Progress: 11%\n"), 'A');
    ck_assert_int_ge(wait_ms(), 1000);
    ck_assert_int_le(wait_ms(), 1100);
    ck_assert_int_eq(poll(202, "X-Progress: 11%\n"), 'A');
    ck_assert_int_le(wait_ms(), 2000);
    job->backoff = UINT16_MAX - 2; /* a month later */
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(poll(202, "X-Progress: 11%\n"), 'A');
    ck_assert_uint_eq(job->backoff, UINT16_MAX);
}
END_TEST

START_TEST(accepted_follows_a_monitor_that_moves)
{
    ck_assert_int_eq(begin("Location: /jobs/1\n"), 0);
    ck_assert_int_eq(poll(202, "Location: 2\n"), 'A'); /* f02: relative to the monitor */
    ck_assert_str_eq(job->monitor->text, "http://dav.example/jobs/2");
    ck_assert_int_eq(poll(200, "location: http://b.example/3\n\n{\"status\":\"new\",\"jobId\":1}"),
                     'A');
    ck_assert_str_eq(job->monitor->text, "http://b.example/3");
    /* What cannot be followed changes nothing. */
    ck_assert_int_eq(poll(202, "Location: \n"), 'A');
    ck_assert_int_eq(poll(202, "Location: ftp://b.example/4\n"), 'A');
    ck_assert_int_eq(poll(202, "Location: http://u:p@b.example/4\n"), 'A');
    ck_assert_str_eq(job->monitor->text, "http://b.example/3");
    /* A Location of another answer is something else. */
    ck_assert_int_eq(poll(503, "Location: /5\n"), 'A');
    ck_assert_int_eq(poll(404, "Location: /5\n"), 'S');
    ck_assert_int_eq(poll(201, "Location: /5\n"), 'D');
    ck_assert_str_eq(job->monitor->text, "http://b.example/3");
}
END_TEST

/* ---- redirects ---- */

START_TEST(accepted_follows_redirects_of_a_poll)
{
    static const int statuses[] = {301, 302, 307, 308};

    for (size_t i = 0; i < 4; i++) {
        bool for_good = statuses[i] == 301 || statuses[i] == 308;

        ck_assert_int_eq(begin("Location: /jobs/1\n"), 0);
        ck_assert_int_eq(poll(statuses[i], "Location: there\n"), 'M');
        ck_assert_str_eq(job->current->text, "http://dav.example/jobs/there");
        ck_assert_int_eq(answered(202, ""), 'A');
        interim__accepted_ask(job);
        ck_assert_str_eq(job->current->text,
                         for_good ? "http://dav.example/jobs/there" : "http://dav.example/jobs/1");
        ck_assert_int_eq(answered(statuses[i], "Location: http://b.example/x\n"), 'M');
        ck_assert_int_eq(answered(200, ""), 'D');
        interim__accepted_free(job);
    }
    job = NULL;
}
END_TEST

START_TEST(accepted_303_is_the_end)
{
    ck_assert_int_eq(begin("Location: /jobs/1\n"), 0);
    ck_assert_int_eq(poll(303, "Location: ../b/\n"), 'E');
    ck_assert_str_eq(job->current->text, "http://dav.example/b/");
    ck_assert_str_eq(job->monitor->text, "http://dav.example/jobs/1");
    STOPS(poll(303, ""), INTERIM_EPOLL_REDIRECT);
}
END_TEST

START_TEST(accepted_redirects_come_to_an_end)
{
    char location[32];

    ck_assert_int_eq(begin("Location: /0\n"), 0);
    for (int round = 0; round < 3; round++) { /* five are allowed for each poll */
        interim__accepted_ask(job);
        for (int i = 1; i <= 5; i++) {
            snprintf(location, sizeof location, "Location: /%d\n", i);
            ck_assert_int_eq(answered(302, location), 'M');
        }
        ck_assert_int_eq(answered(202, ""), 'A');
    }
    interim__accepted_ask(job);
    for (int i = 1; i <= 5; i++)
        ck_assert_int_eq(answered(302, i % 2 == 0 ? "Location: /0\n" : "Location: /1\n"), 'M');
    STOPS(answered(302, "Location: /6\n"), INTERIM_EPOLL_REDIRECT);
    STOPS(poll(302, "Location: /0\n"), INTERIM_EPOLL_REDIRECT); /* f23 */
    STOPS(poll(308, "Location: http://dav.example:80/0#x\n"), INTERIM_EPOLL_REDIRECT);
}
END_TEST

START_TEST(accepted_redirects_that_cannot_be_followed)
{
    static const char *const bad[] = {"", "Location: \n", "Location: ftp://b.example/\n",
                                      "Location: http://u@b.example/\n", "Location: http://\n"};
    static const int statuses[] = {301, 302, 303, 307, 308};

    ck_assert_int_eq(begin("Location: /jobs/1\n"), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (size_t at = 0; at < 5; at++)
            STOPS(poll(statuses[at], bad[i]), INTERIM_EPOLL_REDIRECT);
    /* The 3xx that are no redirects say nothing of the job, not that it failed. */
    STOPS(poll(300, ""), INTERIM_EPOLL_REDIRECT);
    STOPS(poll(304, ""), INTERIM_EPOLL_REDIRECT);
    STOPS(poll(305, "Location: /x\n"), INTERIM_EPOLL_REDIRECT);
    STOPS(poll(399, ""), INTERIM_EPOLL_REDIRECT);
    request->polling.cross_origin = INTERIM_CROSS_ORIGIN_REJECT;
    STOPS(poll(302, "Location: http://b.example/1\n"), INTERIM_EPOLL_REDIRECT);
    ck_assert_str_eq(job->monitor->text, "http://dav.example/jobs/1");
}
END_TEST

START_TEST(accepted_redirects_without_memory_are_asked_again)
{
    unsigned long nth = 0;
    bool failed;

    do {
        interim__poll_outcome outcome;
        interim__answer answer;

        interim__accepted_free(job);
        ck_assert_int_eq(begin("Location: /jobs/1\n"), 0);
        interim__accepted_ask(job);
        fake_answer(&answer, request, 301, "Location: /jobs/2\n");
        interim__error_init(&error);
        failing_alloc_arm(++nth);
        outcome = interim__accepted_answered(job, &answer, INTERIM_POLL_VERDICT_DEFAULT, now,
                                             FAKE_WALL_NS, &error);
        failed = failing_alloc_disarm();
        fake_answer_free(&answer);
        ck_assert(outcome == INTERIM__POLL_MOVED || (failed && outcome == INTERIM__POLL_AGAIN));
        ck_assert_int_eq(error.code, 0);
    } while (failed);
    ck_assert_uint_gt(nth, 1);
}
END_TEST

/* ---- the deadline ---- */

START_TEST(accepted_polls_once_more_at_the_deadline)
{
    request->polling.deadline_ms = 10000;
    ck_assert_int_eq(begin("Location: /1\nRetry-After: 11\n"), 0);
    ck_assert_int_eq(job->deadline, START + 10 * SECOND);
    ck_assert_int_eq(job->poll_at, job->deadline);
    now = START + 5 * SECOND;
    ck_assert_int_eq(poll(202, "Retry-After: 4\n"), 'A');
    ck_assert_int_lt(job->poll_at, job->deadline);
    ck_assert_int_eq(poll(202, "Retry-After: 6\n"), 'A');
    ck_assert_int_eq(job->poll_at, job->deadline);
    interim__accepted_free(job);
    request->polling.deadline_ms = INTERIM_FOREVER;
    ck_assert_int_eq(begin("Location: /1\nRetry-After: 600\n"), 0);
    ck_assert_int_eq(job->deadline, INTERIM__FAR);
}
END_TEST

/* ---- bodies that are too long to be looked at ---- */

START_TEST(accepted_knows_the_last_answer_by_its_status)
{
    static const int after_an_answer[] = {405, 406, 501};
    interim__answer answer;

    /* Whatever is asked again, moves on or stops is not the last; what is done or failed is. */
    for (int status = 200; status < 1000; status++) {
        char outcome;

        ck_assert_int_eq(begin("Location: /1\n"), 0);
        fake_answer(&answer, request, status, "Location: /2\n");
        now = START;
        interim__accepted_ask(job);
        answer.uri = job->current;
        bool last = interim__accepted_is_last_by_status(job, &answer);
        fake_answer_free(&answer);
        outcome = answered(status, "Location: /2\n");
        ck_assert_msg(last == (outcome == 'D' || outcome == 'F'), "%d", status);
        interim__accepted_free(job);
    }
    ck_assert_int_eq(begin("Location: /1\n"), 0);
    fake_answer(&answer, request, 500, "");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(interim__accepted_is_last_by_status(job, &answer), i == 2);
        ck_assert_int_eq(poll(500, ""), i == 2 ? 'F' : 'A');
    }
    fake_answer_free(&answer);
    ck_assert_int_eq(poll(202, ""), 'A');
    for (size_t i = 0; i < 3; i++) {
        fake_answer(&answer, request, after_an_answer[i], "");
        ck_assert(interim__accepted_is_last_by_status(job, &answer));
        fake_answer_free(&answer);
    }
    fake_answer(&answer, request, 200, "AsyncResult: 202\n");
    ck_assert(!interim__accepted_is_last_by_status(job, &answer));
    fake_answer_free(&answer);
    fake_answer(&answer, request, 202, "AsyncResult: 503\n");
    ck_assert(interim__accepted_is_last_by_status(job, &answer));
    fake_answer_free(&answer);
}
END_TEST

Suite *accepted_suite(void)
{
    Suite *suite = suite_create("accepted");
    TCase *tests = tcase_create("accepted");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, accepted_knows_its_monitor);
    tcase_add_test(tests, accepted_never_polls_at_once);
    tcase_add_test(tests, accepted_polls_at_once_if_asked_to);
    tcase_add_loop_test(tests, accepted_polls_at_once_a_hundred_times, 0, 4);
    tcase_add_test(tests, accepted_refuses_what_is_no_monitor);
    tcase_add_test(tests, accepted_without_memory_transfers_nothing);
    tcase_add_test(tests, accepted_polls_until_the_status_changes);
    tcase_add_test(tests, accepted_latches_on_the_body_of_the_202);
    tcase_add_test(tests, accepted_takes_replayed_statuses);
    tcase_add_test(tests, accepted_backs_off_again_after_progress);
    tcase_add_test(tests, accepted_follows_a_monitor_that_moves);
    tcase_add_test(tests, accepted_follows_redirects_of_a_poll);
    tcase_add_test(tests, accepted_303_is_the_end);
    tcase_add_test(tests, accepted_redirects_come_to_an_end);
    tcase_add_test(tests, accepted_redirects_that_cannot_be_followed);
    tcase_add_test(tests, accepted_redirects_without_memory_are_asked_again);
    tcase_add_test(tests, accepted_polls_once_more_at_the_deadline);
    tcase_add_test(tests, accepted_knows_the_last_answer_by_its_status);
    suite_add_tcase(suite, tests);
    return suite;
}
