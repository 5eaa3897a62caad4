/* delay.c - what a server says of when to come back, and the back-off when it says nothing. */
#include "operation/delay.h"

#include "suites.h"

#include <stdio.h>
#include <string.h>

#define NOW_S INT64_C(784111777) /* Sun, 06 Nov 1994 08:49:37 GMT */
#define NOW_NS (NOW_S * 1000000000)
#define FAR_MS (INT64_C(366) * 86400 * 1000)

/* What an answer with these fields asks for; date: NULL, or its Date. */
static int64_t asked(const char *name, const char *value, const char *date)
{
    interim__fields fields = {0};
    int64_t result;

    ck_assert_int_eq(interim__fields_add(&fields, name, strlen(name), value, strlen(value)), 0);
    if (date != NULL)
        ck_assert_int_eq(interim__fields_add(&fields, "date", 4, date, strlen(date)), 0);
    result = interim__delay_asked_ms(&fields, NOW_NS);
    interim__fields_dispose(&fields);
    return result;
}

START_TEST(delay_of_seconds)
{
    ck_assert_int_eq(asked("Retry-After", "0", NULL), 0);
    ck_assert_int_eq(asked("retry-after", "1", NULL), 1000);
    ck_assert_int_eq(asked("RETRY-AFTER", "120", NULL), 120000);
    ck_assert_int_eq(asked("Retry-After", "0000000000000000000000005", NULL), 5000);
    ck_assert_int_eq(asked("Retry-After", "31622400", NULL), FAR_MS);
    ck_assert_int_eq(asked("Retry-After", "31622401", NULL), FAR_MS);
    ck_assert_int_eq(asked("Retry-After", "9223372036854775807", NULL), FAR_MS);
    ck_assert_int_eq(asked("Retry-After", "9223372036854775808", NULL), FAR_MS);
    ck_assert_int_eq(asked("Retry-After", "99999999999999999999999999999999999", NULL), FAR_MS);
}
END_TEST

START_TEST(delay_of_garbage_is_none)
{
    static const char *const garbage[] = {"",
                                          " ",
                                          "-1",
                                          "+1",
                                          "1.5",
                                          "1e3",
                                          "0x10",
                                          "5s",
                                          "5, 6",
                                          "soon",
                                          "99999999999999999999999999x",
                                          "Sun, 06 Nov 1994 08:49:37",
                                          "Sun, 06 Nov 1994 08:49:37 CET",
                                          "Mon, 06 Nov 1994 08:49:37 GMT",
                                          "Sun, 31 Feb 1994 08:49:37 GMT"};

    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++)
        for (int again = 0; again < 2; again++) /* the second time on a stack of other contents */
            ck_assert_msg(asked("Retry-After", garbage[i], NULL) == -1, "\"%s\"", garbage[i]);
    ck_assert_int_eq(asked("Retry-Afterwards", "5", NULL), -1);
}
END_TEST

START_TEST(delay_of_dates_in_three_forms)
{
    static const char *const forms[] = {"Sun, 06 Nov 1994 08:51:37 GMT",
                                        "Sunday, 06-Nov-94 08:51:37 GMT",
                                        "Sun Nov  6 08:51:37 1994"};

    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(asked("Retry-After", forms[i], NULL), 120000);
        /* Their clock is an hour behind, or ahead: only the difference counts. */
        ck_assert_int_eq(asked("Retry-After", forms[i], "Sun, 06 Nov 1994 08:51:07 GMT"), 30000);
        ck_assert_int_eq(asked("Retry-After", forms[i], "Sun, 06 Nov 1994 07:51:37 GMT"), 3600000);
        ck_assert_int_eq(asked("Retry-After", forms[i], "Sun, 06 Nov 1994 09:00:00 GMT"), 0);
        /* A Date that is none: our own clock. */
        ck_assert_int_eq(asked("Retry-After", forms[i], "yesterday"), 120000);
    }
    ck_assert_int_eq(asked("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT", NULL), 0);
    ck_assert_int_eq(asked("Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT", NULL), 0);
    ck_assert_int_eq(asked("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT", NULL), FAR_MS);
    ck_assert_int_eq(
        asked("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:50 GMT"),
        9000);
}
END_TEST

START_TEST(delay_in_milliseconds)
{
    interim__fields fields = {0};

    ck_assert_int_eq(asked("retry-after-ms", "1500", NULL), 1500);
    ck_assert_int_eq(asked("X-MS-Retry-After-MS", "0", NULL), 0);
    ck_assert_int_eq(asked("x-ms-retry-after-ms", "99999999999999999999999", NULL), FAR_MS);
    ck_assert_int_eq(asked("retry-after-ms", "1.5", NULL), -1);
    ck_assert_int_eq(asked("retry-after-ms", "Sun, 06 Nov 1994 08:51:37 GMT", NULL), -1);
    /* The finer one wins, and one that is no number counts as absent. */
    interim__fields_add(&fields, "Retry-After", 11, "7", 1);
    interim__fields_add(&fields, "x-ms-retry-after-ms", 19, "300", 3);
    interim__fields_add(&fields, "retry-after-ms", 14, "-200", 4);
    ck_assert_int_eq(interim__delay_asked_ms(&fields, NOW_NS), 300);
    fields.items[2].value_length = 0;
    fields.items[1].value = "none";
    fields.items[1].value_length = 4;
    ck_assert_int_eq(interim__delay_asked_ms(&fields, NOW_NS), 7000);
    interim__fields_dispose(&fields);
}
END_TEST

START_TEST(delay_is_never_spread_to_earlier_nor_by_more_than_a_tenth)
{
    static const struct {
        int64_t asked, clamped;
    } cases[] = {{0, 250},         {249, 250},       {250, 250},       {251, 251},
                 {599999, 599999}, {600000, 600000}, {600001, 600000}, {FAR_MS, 600000}};
    uint64_t random = 42;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t least = INT64_MAX, most = 0;

        for (int round = 0; round < 5000; round++) {
            int64_t delay = interim__delay_spread_ms(cases[i].asked, 250, 600000, &random);

            least = delay < least ? delay : least;
            most = delay > most ? delay : most;
        }
        ck_assert_int_ge(least, cases[i].clamped);
        ck_assert_int_le(most, cases[i].clamped + cases[i].clamped / 10);
        ck_assert_int_gt(most, cases[i].clamped + cases[i].clamped / 12); /* it does spread */
        ck_assert_int_lt(least, cases[i].clamped + cases[i].clamped / 50);
    }
    ck_assert_int_eq(interim__delay_spread_ms(5, 0, 9, &random), 5);
}
END_TEST

START_TEST(delay_backs_off_between_bounds)
{
    static const int64_t upper[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000};
    uint64_t random = 1;

    for (unsigned count = 0; count < 7; count++) {
        int64_t least = INT64_MAX, most = 0;

        for (int round = 0; round < 2000; round++) {
            int64_t delay = interim__delay_backoff_ms(1000, count, &random);

            least = delay < least ? delay : least;
            most = delay > most ? delay : most;
        }
        ck_assert_int_ge(least, 1000);
        ck_assert_int_le(most, upper[count]);
        ck_assert_int_ge(most, upper[count] - upper[count] / 50);
    }
    for (int round = 0; round < 100; round++) {
        ck_assert_int_le(interim__delay_backoff_ms(1000, UINT32_MAX, &random), 30000);
        ck_assert_int_eq(interim__delay_backoff_ms(1000, 0, &random), 1000);
        ck_assert_int_eq(interim__delay_backoff_ms(45000, 9, &random), 45000);
        ck_assert_int_eq(interim__delay_backoff_ms(FAR_MS, 9, &random), FAR_MS);
        ck_assert_int_le(interim__delay_backoff_ms(29999, 3, &random), 30000);
    }
}
END_TEST

START_TEST(delay_random_numbers_differ_by_seed)
{
    uint64_t one = 1, same = 1, two = 2;
    uint64_t first = interim__random_next(&one);

    ck_assert_uint_eq(first, interim__random_next(&same));
    ck_assert_uint_ne(first, interim__random_next(&two));
    ck_assert_uint_ne(first, interim__random_next(&one));
}
END_TEST

Suite *delay_suite(void)
{
    Suite *suite = suite_create("delay");
    TCase *tests = tcase_create("delay");

    tcase_add_test(tests, delay_of_seconds);
    tcase_add_test(tests, delay_of_garbage_is_none);
    tcase_add_test(tests, delay_of_dates_in_three_forms);
    tcase_add_test(tests, delay_in_milliseconds);
    tcase_add_test(tests, delay_is_never_spread_to_earlier_nor_by_more_than_a_tenth);
    tcase_add_test(tests, delay_backs_off_between_bounds);
    tcase_add_test(tests, delay_random_numbers_differ_by_seed);
    suite_add_tcase(suite, tests);
    return suite;
}
