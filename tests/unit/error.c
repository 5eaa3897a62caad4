/* error.c - the first failure wins, and its text is fit to be printed. */
#include "base/error.h"

#include "suites.h"

#include <string.h>

START_TEST(error_begins_as_no_failure)
{
    interim_error error;

    memset(&error, 0xff, sizeof error);
    interim__error_init(&error);
    ck_assert_uint_eq(error.size, sizeof error);
    ck_assert_int_eq(error.code, 0);
    ck_assert_int_eq(error.stage, INTERIM_STAGE_START);
    ck_assert_int_eq(error.os_error, 0);
    ck_assert_uint_eq(error.tls_error, 0);
    ck_assert_int_eq(error.status, 0);
    ck_assert_int_eq(error.offset, -1);
    ck_assert_str_eq(error.text, "");
}
END_TEST

START_TEST(error_keeps_the_first_failure)
{
    interim_error error;

    interim__error_init(&error);
    ck_assert_int_eq(interim__error_set(&error, INTERIM_ECHUNK, INTERIM_STAGE_BODY, "at %d", 7),
                     INTERIM_ECHUNK);
    ck_assert_int_eq(interim__error_set(&error, INTERIM_ENOMEM, INTERIM_STAGE_SEND, "later"),
                     INTERIM_ECHUNK);
    ck_assert_int_eq(error.code, INTERIM_ECHUNK);
    ck_assert_int_eq(error.stage, INTERIM_STAGE_BODY);
    ck_assert_str_eq(error.text, "at 7");
}
END_TEST

START_TEST(error_text_ends_at_159_bytes)
{
    static const size_t lengths[] = {158, 159, 160, 161, 1000};
    char text[1001];

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        interim_error error;

        memset(text, 'x', lengths[i]);
        text[lengths[i]] = '\0';
        interim__error_init(&error);
        interim__error_set(&error, INTERIM_EURL, INTERIM_STAGE_START, "%s", text);
        ck_assert_uint_eq(strlen(error.text), lengths[i] < 159 ? lengths[i] : 159);
    }
}
END_TEST

START_TEST(error_text_is_printable_ascii)
{
    for (int c = 1; c < 256; c++) {
        char quoted[4] = {'<', (char)c, '>', '\0'};
        interim_error error;

        interim__error_init(&error);
        interim__error_set(&error, INTERIM_ECHUNK, INTERIM_STAGE_BODY, "%s", quoted);
        ck_assert_uint_eq(strlen(error.text), 3);
        ck_assert_int_eq(error.text[1], c >= 0x20 && c <= 0x7e ? c : '?');
    }
}
END_TEST

Suite *error_suite(void)
{
    Suite *suite = suite_create("error");
    TCase *tests = tcase_create("error");

    tcase_add_test(tests, error_begins_as_no_failure);
    tcase_add_test(tests, error_keeps_the_first_failure);
    tcase_add_test(tests, error_text_ends_at_159_bytes);
    tcase_add_test(tests, error_text_is_printable_ascii);
    suite_add_tcase(suite, tests);
    return suite;
}
