/* redfish.c - accepted.c with a Task: it is asked once when the monitor has said its last word, and
 * decides. */
#include "accepted_cases.h"
#include "support/failing_alloc.h"

#include <stdio.h>
#include <string.h>

#define TASK(state, status)                                                                        \
    "A: "                                                                                          \
    "b\n\n{\"@odata.type\":\"#Task.v1_4_3.Task\",\"@odata.id\":\"/tasks/"                          \
    "1\",\"TaskState\":\"" state "\",\"TaskStatus\":\"" status "\"}"
#define FIRST "Location: /monitors/1\nRetry-After: 30\n" TASK("Running", "OK")
#define MONITOR "http://dav.example/monitors/1"
#define TASK_URL "http://dav.example/tasks/1"

static void ask_task(int status, const char *text)
{
    ck_assert_int_eq(begin(FIRST), 0);
    ck_assert_int_eq(poll(status, text), 'V');
    ck_assert(job->verifying);
    ck_assert_int_eq(wait_ms(), 0);
    ck_assert_str_eq(job->monitor->text, TASK_URL);
}

START_TEST(redfish_knows_its_task)
{
    ck_assert_int_eq(begin(FIRST), 0);
    ck_assert(job->is_redfish && job->latched);
    ck_assert_str_eq(job->task->text, TASK_URL);
    ck_assert_str_eq(job->monitor->text, MONITOR);
    ck_assert_int_ge(wait_ms(), 30000);
    interim__accepted_free(job);
    /* Some controllers name it only later. */
    ck_assert_int_eq(begin("Location: /monitors/1\n"), 0);
    ck_assert_ptr_null(job->task);
    ck_assert_int_eq(poll(202, TASK("Running", "OK")), 'A');
    ck_assert_str_eq(job->task->text, TASK_URL);
    ck_assert(job->is_redfish);
}
END_TEST

START_TEST(redfish_task_decides)
{
    static const struct {
        const char *text;
        char outcome;
    } cases[] = {
        {TASK("Completed", "OK"), 'D'},       {TASK("Completed", "Warning"), 'D'},
        {TASK("Completed", "Critical"), 'F'}, {TASK("Exception", "OK"), 'F'},
        {TASK("Killed", "OK"), 'F'},          {TASK("Cancelled", "OK"), 'C'},
    };
    static const int statuses[] = {200, 201, 204, 404, 410};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t at = 0; at < sizeof statuses / sizeof *statuses; at++) {
            char outcome;

            ck_assert_int_eq(begin(FIRST), 0);
            ck_assert_int_eq(poll(202, ""), 'A');
            ck_assert_int_eq(poll(statuses[at], ""), 'V');
            outcome = poll(200, cases[i].text);
            ck_assert_msg(outcome == cases[i].outcome ||
                              (cases[i].outcome == 'C' && outcome == 'F'),
                          "%d, %s: %c", statuses[at], cases[i].text, outcome);
            interim__accepted_free(job);
        }
    job = NULL;
}
END_TEST

START_TEST(redfish_task_that_runs_is_the_monitor)
{
    static const char *const running[] = {TASK("Running", "OK"),     TASK("Stopping", "OK"),
                                          TASK("Cancelling", "OK"),  TASK("Service", "OK"),
                                          TASK("Interrupted", "OK"), TASK("Suspended", "OK"),
                                          TASK("Pending", "OK"),     TASK("SomethingNew", "OK")};

    for (size_t i = 0; i < sizeof running / sizeof *running; i++) {
        ask_task(204, "");
        ck_assert_int_eq(poll(200, running[i]), 'A');
        ck_assert(!job->verifying);
        ck_assert_str_eq(job->monitor->text, TASK_URL);
        ck_assert_int_eq(poll(200, running[i]), 'A');
        ck_assert_int_eq(poll(200, TASK("Completed", "OK")), 'D');
        interim__accepted_free(job);
    }
    job = NULL;
}
END_TEST

/* What the monitor said counts when the Task does not tell, unless it said nothing. */
START_TEST(redfish_task_that_does_not_tell)
{
    static const struct {
        int status;
        const char *text;
    } cases[] = {{404, ""}, {403, ""}, {401, ""}, {200, ""}, {200, "A: b\n\n[]"}, {204, ""}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ask_task(200, "");
        ck_assert_int_eq(poll(cases[i].status, cases[i].text), 'D');
        interim__accepted_free(job);
        ask_task(204, "");
        STOPS(poll(cases[i].status, cases[i].text), INTERIM_EPOLL_GONE);
        ck_assert_ptr_nonnull(strstr(error.text, "204"));
        interim__accepted_free(job);
        ck_assert_int_eq(begin(FIRST), 0);
        ck_assert_int_eq(poll(202, ""), 'A');
        ck_assert_int_eq(poll(404, ""), 'V');
        STOPS(poll(cases[i].status, cases[i].text), INTERIM_EPOLL_GONE);
        interim__accepted_free(job);
    }
    job = NULL;
}
END_TEST

START_TEST(redfish_task_may_be_busy_or_moved)
{
    ask_task(204, "");
    ck_assert_int_eq(poll(503, "Retry-After: 7\n"), 'A');
    ck_assert_int_ge(wait_ms(), 7000);
    ck_assert_int_eq(unanswered(), 'A');
    ck_assert_int_eq(poll(307, "Location: /elsewhere\n"), 'M');
    ck_assert_int_eq(answered(200, TASK("Completed", "OK")), 'D');
}
END_TEST

START_TEST(redfish_failure_of_the_monitor_is_not_asked_about)
{
    ck_assert_int_eq(begin(FIRST), 0);
    ck_assert_int_eq(poll(400, "A: b\n\n{\"error\":{\"message\":\"m\"}}"), 'F');
    ck_assert(!job->verifying);
}
END_TEST

/* iDRAC: the Location is the Task. */
START_TEST(redfish_monitor_that_is_the_task)
{
    ck_assert_int_eq(begin("Location: /tasks/1\n" TASK("Running", "OK")), 0);
    ck_assert_int_eq(poll(200, TASK("Running", "OK")), 'A');
    ck_assert_int_eq(poll(200, TASK("Completed", "OK")), 'D');
    interim__accepted_free(job);
    ck_assert_int_eq(begin("Location: /tasks/1\n" TASK("Running", "OK")), 0);
    ck_assert_int_eq(poll(200, TASK("Completed", "Critical")), 'F');
}
END_TEST

/* A controller that restarts: half an hour, and not one second more. */
START_TEST(redfish_outage_is_half_an_hour)
{
    ck_assert_int_eq(begin(FIRST), 0);
    ck_assert_int_eq(poll(202, ""), 'A');
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(unanswered(), 'A');
    now = START + 1800 * SECOND - 1;
    ck_assert_int_eq(unanswered(), 'A');
    now = START + 1800 * SECOND;
    STOPS(unanswered(), INTERIM_EPOLL_UNREACHABLE);
}
END_TEST

/* The caller's own limit goes before that. */
START_TEST(redfish_outage_of_the_caller)
{
    request->polling.outage_ms = 1000;
    ck_assert_int_eq(begin(FIRST), 0);
    for (int i = 0; i < 9; i++)
        ck_assert_int_eq(unanswered(), 'A');
    now += SECOND;
    STOPS(unanswered(), INTERIM_EPOLL_UNREACHABLE);
}
END_TEST

START_TEST(redfish_without_memory)
{
    unsigned long nth = 0;
    bool failed;

    do {
        interim__answer answer;
        int code;

        fake_answer(&answer, request, 202, FIRST);
        failing_alloc_arm(++nth);
        job = interim__accepted_new(&answer, &seed, now, FAKE_WALL_NS, &refusal, &code);
        failed = failing_alloc_disarm();
        ck_assert((job == NULL) == failed);
        ck_assert(job == NULL || job->task != NULL);
        fake_answer_free(&answer);
        interim__accepted_free(job);
        job = NULL;
    } while (failed);
    ck_assert_uint_gt(nth, 4);
}
END_TEST

/* f30: jobs that began together do not poll together. */
START_TEST(redfish_and_all_others_are_spread)
{
    unsigned buckets[10] = {0};

    for (int i = 0; i < 1000; i++) {
        seed = (uint64_t)i;
        ck_assert_int_eq(begin("Location: /1\nRetry-After: 10\n"), 0);
        ck_assert(wait_ms() >= 10000 && wait_ms() <= 11000);
        buckets[wait_ms() == 11000 ? 9 : (wait_ms() - 10000) / 100]++;
        interim__accepted_free(job);
    }
    for (size_t i = 0; i < 10; i++)
        ck_assert_msg(buckets[i] > 50 && buckets[i] < 200, "%u", buckets[i]);
    job = NULL;
}
END_TEST

Suite *redfish_suite(void)
{
    Suite *suite = suite_create("redfish");
    TCase *tests = tcase_create("redfish");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, redfish_knows_its_task);
    tcase_add_test(tests, redfish_task_decides);
    tcase_add_test(tests, redfish_task_that_runs_is_the_monitor);
    tcase_add_test(tests, redfish_task_that_does_not_tell);
    tcase_add_test(tests, redfish_task_may_be_busy_or_moved);
    tcase_add_test(tests, redfish_failure_of_the_monitor_is_not_asked_about);
    tcase_add_test(tests, redfish_monitor_that_is_the_task);
    tcase_add_test(tests, redfish_outage_is_half_an_hour);
    tcase_add_test(tests, redfish_outage_of_the_caller);
    tcase_add_test(tests, redfish_without_memory);
    tcase_add_test(tests, redfish_and_all_others_are_spread);
    suite_add_tcase(suite, tests);
    return suite;
}
