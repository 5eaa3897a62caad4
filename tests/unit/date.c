/* date.c - tests of src/exchange/date.c. */
#include "exchange/date.h"

#include "suites.h"
#include "support/guard.h"

#include <stdio.h>
#include <time.h>

#define NOW INT64_C(1795305600) /* 2026-11-22T00:00:00Z */

static bool parse_at(int64_t *out, const char *text, int64_t now)
{
    size_t length = strlen(text);

    return interim__date_parse(out, guarded(text, length), length, now);
}

static void check(const char *text, int64_t expected)
{
    int64_t seconds = -1;

    ck_assert_msg(parse_at(&seconds, text, NOW), "%s", text);
    ck_assert_msg(seconds == expected, "%s: %lld", text, (long long)seconds);
}

START_TEST(three_forms)
{
    check("Sun, 06 Nov 1994 08:49:37 GMT", 784111777);
    check("Sunday, 06-Nov-94 08:49:37 GMT", 784111777);
    check("Sun Nov  6 08:49:37 1994", 784111777);
    check("Sun Nov 06 08:49:37 1994", 784111777);
    check("Wed Nov 16 08:49:37 1994", 784975777);
    check("Thu, 01 Jan 1970 00:00:00 GMT", 0);
    check("Wed, 31 Dec 1969 23:59:59 GMT", -1);
    check("Tue, 29 Feb 2000 12:00:00 GMT", 951825600);
    check("Thu, 29 Feb 2024 00:00:00 GMT", 1709164800);
    check("Sat, 31 Dec 2016 23:59:60 GMT", 1483228800);
    check("Fri, 31 Dec 9999 23:59:59 GMT", 253402300799);
    check("Saturday, 31-Dec-16 23:59:60 GMT", 1483228800);
}
END_TEST

START_TEST(refuses)
{
    static const char *const cases[] = {
        "",
        "0",
        "120",
        "now",
        "Mon, 06 Nov 1994 08:49:37 GMT",  /* it was a Sunday */
        "Monday, 06-Nov-94 08:49:37 GMT", /* likewise */
        "Mon Nov  6 08:49:37 1994",       /* likewise */
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 NOV 1994 08:49:37 GMT",
        "Sun,  06 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sat, 31 Dec 2016 23:59:61 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Thu, 31 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 00:00:00 GMT",
        "Mon, 29 Feb 1900 00:00:00 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 94",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "2026-11-22T10:38:00Z",
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t seconds = 42;

        ck_assert_msg(!parse_at(&seconds, cases[i], NOW), "%s", cases[i]);
        ck_assert_int_eq(seconds, 42);
    }
}
END_TEST

START_TEST(refuses_every_prefix_and_change)
{
    static const char *const dates[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                        "Sunday, 06-Nov-94 08:49:37 GMT",
                                        "Sun Nov  6 08:49:37 1994"};
    int64_t seconds;

    for (size_t i = 0; i < 3; i++) {
        char text[32];
        size_t length = strlen(dates[i]);

        for (size_t cut = 0; cut < length; cut++) {
            ck_assert(!interim__date_parse(&seconds, guarded(dates[i], cut), cut, NOW));
            strcpy(text, dates[i]);
            text[cut] = '\0';
            ck_assert(!interim__date_parse(&seconds, guarded(text, length), length, NOW));
            text[cut] = '\xb6';
            ck_assert(!interim__date_parse(&seconds, guarded(text, length), length, NOW));
        }
    }
}
END_TEST

/* Asserted only when it is wrong: there are hundreds of thousands, and Check notes each. */
static void check_written(const struct tm *tm, const char *format, time_t expected)
{
    int64_t seconds = -1;
    char text[64];
    size_t length = strftime(text, sizeof text, format, tm);

    if (!interim__date_parse(&seconds, text, length, NOW) || seconds != (int64_t)expected)
        ck_abort_msg("%s: %lld", text, (long long)seconds);
}

/* Every day of four centuries against the C library, which knows the calendar, too. */
START_TEST(every_day)
{
    for (int64_t day = -135140; day < 146097 - 135140; day++) {
        time_t at = (time_t)(day * 86400 + 86399);
        struct tm tm;

        if (gmtime_r(&at, &tm) == NULL)
            ck_abort_msg("day %lld", (long long)day);
        check_written(&tm, "%a, %d %b %Y %H:%M:%S GMT", at);
        check_written(&tm, "%a %b %e %H:%M:%S %Y", at);
    }
}
END_TEST

START_TEST(two_digit_years)
{
    int64_t seconds;

    /* Now is Sunday, 2026-11-22 00:00:00: 2076-11-22 00:00:00 is 50 years ahead, a second more is
     * too much. 2076-11-22 is a Sunday, 1976-11-22 a Monday. */
    ck_assert(parse_at(&seconds, "Sunday, 22-Nov-76 00:00:00 GMT", NOW));
    ck_assert_int_eq(seconds, 3373228800);
    ck_assert(!parse_at(&seconds, "Sunday, 22-Nov-76 00:00:01 GMT", NOW));
    ck_assert(parse_at(&seconds, "Monday, 22-Nov-76 00:00:01 GMT", NOW));
    ck_assert_int_eq(seconds, 217468801);
    /* The next century is near at the end of this one. */
    ck_assert(parse_at(&seconds, "Friday, 01-Jan-00 00:00:00 GMT", 4102444800 - 86400));
    ck_assert_int_eq(seconds, 4102444800);
    ck_assert(parse_at(&seconds, "Saturday, 01-Jan-00 00:00:00 GMT", 0));
    ck_assert_int_eq(seconds, 946684800);
    /* The 29th of February of 1900 or 2100 was never. */
    ck_assert(parse_at(&seconds, "Tuesday, 29-Feb-00 00:00:00 GMT", NOW));
    ck_assert(!parse_at(&seconds, "Thursday, 29-Feb-00 00:00:00 GMT", NOW));
    ck_assert(!parse_at(&seconds, "Monday, 29-Feb-00 00:00:00 GMT", 4102444800));
    /* A clock that is wrong by any amount harms nothing. */
    parse_at(&seconds, "Sunday, 06-Nov-94 08:49:37 GMT", INT64_MAX);
    parse_at(&seconds, "Sunday, 06-Nov-94 08:49:37 GMT", INT64_MIN);
}
END_TEST

START_TEST(rfc3339)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000000000Z"},
        {1, "1970-01-01T00:00:00.000000001Z"},
        {-1, "1969-12-31T23:59:59.999999999Z"},
        {INT64_C(1795343880123456789), "2026-11-22T10:38:00.123456789Z"},
        {INT64_C(951868799999999999), "2000-02-29T23:59:59.999999999Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
        {INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[INTERIM__RFC3339_SIZE];

        memset(out, 'x', sizeof out);
        interim__date_rfc3339(out, cases[i].ns);
        ck_assert_str_eq(out, cases[i].text);
        ck_assert_uint_eq(strlen(out), INTERIM__RFC3339_SIZE - 1);
    }
}
END_TEST

Suite *date_suite(void)
{
    const TTest *const tests[] = {three_forms, refuses,         refuses_every_prefix_and_change,
                                  every_day,   two_digit_years, rfc3339};
    Suite *suite = suite_create("date");
    TCase *date = tcase_create("date");

    tcase_set_timeout(date, 60); /* valgrind */
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(date, tests[i]);
    suite_add_tcase(suite, date);
    return suite;
}
