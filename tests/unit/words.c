/* words.c - lists of words in one text. */
#include "base/words.h"

#include "suites.h"

#include <stddef.h>
#include <string.h>

static const char few[] = "done\0failed\0not started\0";

START_TEST(words_are_counted_from_nought)
{
    ck_assert_str_eq(interim__words_at(few, 0), "done");
    ck_assert_str_eq(interim__words_at(few, 2), "not started");
    ck_assert_ptr_null(interim__words_at(few, 3));
    ck_assert_ptr_null(interim__words_at(few, 1000));
    ck_assert_ptr_null(interim__words_at(few, -1));
    ck_assert_ptr_null(interim__words_at("", 0));
}
END_TEST

START_TEST(words_are_found_without_case_and_whole)
{
    ck_assert_int_eq(interim__words_find(few, "done", 4), 0);
    ck_assert_int_eq(interim__words_find(few, "Not Started!", 11), 2);
    ck_assert_int_eq(interim__words_find(few, "failed", 4), -1);
    ck_assert_int_eq(interim__words_find(few, "faile", 5), -1);
    ck_assert_int_eq(interim__words_find(few, "done\0failed", 11), -1);
    ck_assert_int_eq(interim__words_find(few, "", 0), -1);
    ck_assert_int_eq(interim__words_find("", "", 0), -1);
}
END_TEST

START_TEST(words_end_with_an_empty_one)
{
    size_t count = 0;

    for (const char *word = few; *word != '\0'; word = interim__words_next(word))
        count++;
    ck_assert_uint_eq(count, 3);
}
END_TEST

Suite *words_suite(void)
{
    Suite *suite = suite_create("words");
    TCase *tests = tcase_create("words");

    tcase_add_test(tests, words_are_counted_from_nought);
    tcase_add_test(tests, words_are_found_without_case_and_whole);
    tcase_add_test(tests, words_end_with_an_empty_one);
    suite_add_tcase(suite, tests);
    return suite;
}
