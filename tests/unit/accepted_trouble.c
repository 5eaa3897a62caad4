/* accepted_trouble.c - a monitor that is not there yet, not there any more, out of reach, out of
 * order or forbidden. */
#include "accepted_cases.h"

/* ---- the monitor is not there ---- */

START_TEST(accepted_404_has_grace_by_count_and_by_time)
{
    for (int status = 404; status <= 410; status += 6) {
        /* Late polls: three go by, the fourth does not. */
        now = START;
        ck_assert_int_eq(begin("Location: /1\n"), 0);
        now = START + 100 * SECOND;
        for (int i = 0; i < 3; i++)
            ck_assert_int_eq(poll(status, ""), 'A');
        STOPS(poll(status, ""), INTERIM_EPOLL_GONE);
        ck_assert_int_eq(error.status, status);
        interim__accepted_free(job);
        /* Early polls: any number, until 15 s have passed. */
        now = START;
        ck_assert_int_eq(begin("Location: /1\n"), 0);
        for (int i = 0; i < 50; i++)
            ck_assert_int_eq(poll(status, ""), 'A');
        now = START + 15 * SECOND - 1;
        ck_assert_int_eq(poll(status, ""), 'A');
        now = START + 15 * SECOND;
        STOPS(poll(status, ""), INTERIM_EPOLL_GONE);
        interim__accepted_free(job);
        /* Once it has answered, none (f10). */
        now = START;
        ck_assert_int_eq(begin("Location: /1\n"), 0);
        ck_assert_int_eq(poll(status, ""), 'A'); /* f09 */
        ck_assert_int_eq(poll(status, ""), 'A');
        ck_assert_int_eq(poll(202, ""), 'A');
        STOPS(poll(status, ""), INTERIM_EPOLL_GONE);
        interim__accepted_free(job);
    }
    job = NULL;
}
END_TEST

START_TEST(accepted_404_is_waited_for_as_long_as_it_says)
{
    ck_assert_int_eq(begin("Location: /1\n"), 0);
    ck_assert_int_eq(poll(404, "Retry-After: 60\n"), 'A');
    ck_assert_int_ge(wait_ms(), 60000);
}
END_TEST

START_TEST(accepted_405_means_that_there_is_no_monitor)
{
    static const int statuses[] = {405, 406, 501};

    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(begin("Location: /1\n"), 0);
        ck_assert_int_eq(poll(statuses[i], ""), 'N');
        interim__accepted_free(job);
        ck_assert_int_eq(begin("Location: /1\n"), 0);
        ck_assert_int_eq(poll(404, ""), 'A');
        ck_assert_int_eq(poll(503, ""), 'A');
        ck_assert_int_eq(poll(statuses[i], ""), 'N');
        interim__accepted_free(job);
        ck_assert_int_eq(begin("Location: /1\n"), 0);
        ck_assert_int_eq(poll(202, ""), 'A');
        ck_assert_int_eq(poll(statuses[i], ""), 'F');
        interim__accepted_free(job);
    }
    job = NULL;
}
END_TEST

/* ---- trouble that passes ---- */

START_TEST(accepted_bears_an_outage_by_count_and_by_time)
{
    static const int statuses[] = {0, 408, 425, 429, 502, 503, 504};

    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
#define OUT() (statuses[i] == 0 ? unanswered() : poll(statuses[i], ""))
        /* Ten polls, although the time has passed long ago. */
        now = START;
        ck_assert_int_eq(begin("Location: /1\n"), 0);
        ck_assert_int_eq(OUT(), 'A');
        now += 1000 * SECOND;
        for (int n = 2; n <= 9; n++)
            ck_assert_int_eq(OUT(), 'A');
        STOPS(OUT(), INTERIM_EPOLL_UNREACHABLE);
        interim__accepted_free(job);
        /* The time, although there were more than ten. */
        now = START;
        ck_assert_int_eq(begin("Location: /1\n"), 0);
        now += 7 * SECOND;
        for (int n = 1; n <= 50; n++)
            ck_assert_int_eq(OUT(), 'A');
        now += 300 * SECOND - 1;
        ck_assert_int_eq(OUT(), 'A');
        /* A good poll in between, and all begins again (f26). */
        ck_assert_int_eq(poll(202, ""), 'A');
        for (int n = 1; n <= 50; n++)
            ck_assert_int_eq(OUT(), 'A');
        now += 300 * SECOND - 1;
        ck_assert_int_eq(OUT(), 'A');
        now += 1;
        STOPS(OUT(), INTERIM_EPOLL_UNREACHABLE);
        interim__accepted_free(job);
    }
    job = NULL;
}
END_TEST

START_TEST(accepted_waits_as_an_overloaded_monitor_says)
{
    ck_assert_int_eq(begin("Location: /1\n"), 0);
    ck_assert_int_eq(poll(429, "Retry-After: 50\n"), 'A');
    ck_assert_int_ge(wait_ms(), 50000);
    ck_assert_int_eq(unanswered(), 'A');
    ck_assert_int_le(wait_ms(), 30000);
}
END_TEST

START_TEST(accepted_500_counts_three_times)
{
    ck_assert_int_eq(begin("Location: /1\n"), 0);
    ck_assert_int_eq(poll(500, "A: b\n\noops"), 'A');
    ck_assert_int_eq(poll(500, ""), 'A');
    ck_assert_int_eq(poll(202, ""), 'A');
    ck_assert_int_eq(poll(500, ""), 'A');
    ck_assert_int_eq(poll(500, ""), 'A');
    ck_assert_int_eq(poll(500, ""), 'F');
    interim__accepted_free(job);
    /* In a row: a gateway that is out of reach in between tells nothing of the job. */
    ck_assert_int_eq(begin("Location: /1\n"), 0);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(poll(500, ""), 'A');
        ck_assert_int_eq(poll(500, ""), 'A');
        ck_assert_int_eq(i % 2 == 0 ? poll(503, "") : unanswered(), 'A');
    }
}
END_TEST

START_TEST(accepted_500_with_a_document_is_an_answer)
{
    ck_assert_int_eq(begin("Location: /1\n"), 0);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(poll(500, RUNNING), 'A');                       /* f11 */
    ck_assert_int_eq(poll(500, "A: b\n\n{\"status\":\"failed\"}"), 'F'); /* latched */
    interim__accepted_free(job);
    ck_assert_int_eq(begin("Location: /1\n"), 0);
    ck_assert_int_eq(poll(500, "A: b\n\n{\"status\":\"failed\"}"), 'A'); /* not known as one */
    interim__accepted_free(job);
    request->polling.mode = INTERIM_POLL_STRICT;
    ck_assert_int_eq(begin("Location: /1\n"), 0);
    ck_assert_int_eq(poll(500, RUNNING), 'A');
    ck_assert_int_eq(poll(500, RUNNING), 'A');
    ck_assert_int_eq(poll(500, RUNNING), 'F');
}
END_TEST

/* ---- refusals ---- */

START_TEST(accepted_401_stops)
{
    ck_assert_int_eq(begin("Location: /1\n"), 0);
    STOPS(poll(401, "WWW-Authenticate: Basic\n"), INTERIM_EPOLL_AUTH);
    ck_assert_int_eq(error.status, 401);
    STOPS(poll(407, ""), INTERIM_EPOLL_AUTH);
    ck_assert_int_eq(poll(202, ""), 'A');
    STOPS(poll(401, ""), INTERIM_EPOLL_AUTH);
}
END_TEST

START_TEST(accepted_other_refusals_are_the_outcome)
{
    static const int statuses[] = {400, 402, 403, 409, 412, 418, 423, 451,
                                   505, 507, 508, 511, 599, 600, 999};

    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        ck_assert_int_eq(begin("Location: /1\n"), 0);
        ck_assert_msg(poll(statuses[i], "") == 'F', "%d", statuses[i]);
        interim__accepted_free(job);
    }
    job = NULL;
}
END_TEST

Suite *accepted_trouble_suite(void)
{
    Suite *suite = suite_create("accepted_trouble");
    TCase *tests = tcase_create("accepted_trouble");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, accepted_404_has_grace_by_count_and_by_time);
    tcase_add_test(tests, accepted_404_is_waited_for_as_long_as_it_says);
    tcase_add_test(tests, accepted_405_means_that_there_is_no_monitor);
    tcase_add_test(tests, accepted_bears_an_outage_by_count_and_by_time);
    tcase_add_test(tests, accepted_waits_as_an_overloaded_monitor_says);
    tcase_add_test(tests, accepted_500_counts_three_times);
    tcase_add_test(tests, accepted_500_with_a_document_is_an_answer);
    tcase_add_test(tests, accepted_401_stops);
    tcase_add_test(tests, accepted_other_refusals_are_the_outcome);
    suite_add_tcase(suite, tests);
    return suite;
}
