/* progress.c - how far a job is, by the fields that say so. */
#include "operation/progress.h"

#include "suites.h"

#include <string.h>

static interim__progress take(const char *name, const char *value)
{
    interim__fields fields = {0};
    interim__progress progress;

    ck_assert_int_eq(interim__fields_add(&fields, name, strlen(name), value, strlen(value)), 0);
    interim__progress_init(&progress);
    interim__progress_read(&progress, &fields);
    interim__fields_dispose(&fields);
    return progress;
}

#define CHECK(name, value, percent_, done_, total_)                                                \
    do {                                                                                           \
        interim__progress got = take(name, value);                                                 \
        ck_assert_msg(got.percent > percent_ - 1e-9 && got.percent < percent_ + 1e-9, "%s: %g",    \
                      value, got.percent);                                                         \
        ck_assert_int_eq(got.done, done_);                                                         \
        ck_assert_int_eq(got.total, total_);                                                       \
    } while (0)

START_TEST(progress_of_a_fraction)
{
    CHECK("Progress", "3/20", 15.0, 3, 20);
    CHECK("progress", "0/20", 0.0, 0, 20);
    CHECK("PROGRESS", "20/20", 100.0, 20, 20);
    CHECK("Progress", "3/20 \"POST http://x\" 8020/8591489 (bytes)", 15.0, 3, 20);
    CHECK("Progress", "0/0", -1.0, 0, 0);
    CHECK("Progress", "9223372036854775807/9223372036854775807", 100.0, INT64_MAX, INT64_MAX);
}
END_TEST

START_TEST(progress_of_a_fraction_that_is_none)
{
    static const char *const none[] = {"",
                                       "3",
                                       "3/",
                                       "/3",
                                       "3 / 20",
                                       "-3/20",
                                       "3/-20",
                                       "21/20",
                                       "x/20",
                                       "3.5/20",
                                       "/",
                                       "%",
                                       "1e3/4",
                                       "3/ 20 x",
                                       "18446744073709551617/2",
                                       "3/99999999999999999999999"};

    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK("Progress", none[i], -1.0, -1, -1);
}
END_TEST

START_TEST(progress_of_a_percentage)
{
    CHECK("X-Progress", "45%", 45.0, -1, -1);
    CHECK("x-progress", "60.25% Done", 60.25, -1, -1);
    CHECK("X-Progress", "In Progress (10%), then 20%", 10.0, -1, -1);
    CHECK("X-Progress", "0%", 0.0, -1, -1);
    CHECK("X-Progress", "100.0%", 100.0, -1, -1);
    CHECK("X-Progress", "100.1%", -1.0, -1, -1);
    CHECK("X-Progress", "1000%", -1.0, -1, -1);
    CHECK("X-Progress", "-5%", -1.0, -1, -1);
    CHECK("X-Progress", "1.2.3%", -1.0, -1, -1);
    CHECK("X-Progress", "%", -1.0, -1, -1);
    CHECK("X-Progress", ".%", -1.0, -1, -1);
    CHECK("X-Progress", "half %", -1.0, -1, -1);
    CHECK("X-Progress", "in progress", -1.0, -1, -1);
    CHECK("X-Progress", "00000000000000000000000000005%", -1.0, -1, -1);
}
END_TEST

START_TEST(progress_of_an_upload)
{
    CHECK("Upload-Offset", "0", -1.0, 0, -1);
    CHECK("upload-offset", "123456", -1.0, 123456, -1);
    CHECK("Upload-Offset", "", -1.0, -1, -1);
    CHECK("Upload-Offset", "-1", -1.0, -1, -1);
    CHECK("Upload-Offset", "12x", -1.0, -1, -1);
    CHECK("Upload-Offset", "92233720368547758070", -1.0, -1, -1);
}
END_TEST

START_TEST(progress_takes_percentages_only)
{
    interim__progress progress;

    interim__progress_init(&progress);
    interim__progress_set_percent(&progress, 0.0 / 1.0 - 0.001);
    ck_assert(progress.percent < 0);
    interim__progress_set_percent(&progress, 100.0001);
    ck_assert(progress.percent < 0);
    interim__progress_set_percent(&progress, 100);
    ck_assert(progress.percent > 99.999 && progress.percent < 100.001);
    interim__progress_set_percent(&progress, -1); /* what cannot be understood changes nothing */
    ck_assert(progress.percent > 99.999);
}
END_TEST

Suite *progress_suite(void)
{
    Suite *suite = suite_create("progress");
    TCase *tests = tcase_create("progress");

    tcase_add_test(tests, progress_of_a_fraction);
    tcase_add_test(tests, progress_of_a_fraction_that_is_none);
    tcase_add_test(tests, progress_of_a_percentage);
    tcase_add_test(tests, progress_of_an_upload);
    tcase_add_test(tests, progress_takes_percentages_only);
    suite_add_tcase(suite, tests);
    return suite;
}
