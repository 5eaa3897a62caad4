/* buffer.c - bytes that grow. */
#include "base/buffer.h"

#include "suites.h"
#include "support/failing_alloc.h"

#include <interim.h>
#include <string.h>

START_TEST(buffer_grows_and_ends_with_nul)
{
    interim__buffer buffer = {0};
    char expected[1000];

    ck_assert_ptr_null(buffer.data);
    for (size_t i = 0; i < sizeof expected; i++) {
        expected[i] = (char)i;
        ck_assert_int_eq(interim__buffer_append(&buffer, &expected[i], 1), 0);
        ck_assert_uint_eq(buffer.length, i + 1);
        ck_assert_uint_gt(buffer.capacity, buffer.length);
        ck_assert_int_eq(buffer.data[buffer.length], '\0');
        ck_assert(memcmp(buffer.data, expected, buffer.length) == 0);
    }
    interim__buffer_dispose(&buffer);
}
END_TEST

START_TEST(buffer_of_nothing_is_an_empty_string)
{
    interim__buffer buffer = {0};

    ck_assert_int_eq(interim__buffer_append(&buffer, NULL, 0), 0);
    ck_assert_str_eq(buffer.data, "");
    ck_assert_int_eq(interim__buffer_append_text(&buffer, ""), 0);
    ck_assert_uint_eq(buffer.length, 0);
    interim__buffer_dispose(&buffer);
}
END_TEST

START_TEST(buffer_append_reaches_each_capacity_exactly)
{
    for (size_t size = 60; size < 70; size++) {
        interim__buffer buffer = {0};
        char data[128];

        memset(data, 'x', sizeof data);
        ck_assert_int_eq(interim__buffer_append(&buffer, data, size), 0);
        ck_assert_uint_eq(buffer.length, size);
        ck_assert_uint_eq(strlen(buffer.data), size);
        ck_assert_uint_gt(buffer.capacity, size);
        interim__buffer_dispose(&buffer);
    }
}
END_TEST

START_TEST(buffer_reserves_what_is_asked_for_and_no_more)
{
    interim__buffer buffer = {0};
    const char *data;

    ck_assert_int_eq(interim__buffer_reserve(&buffer, 1000), 0);
    ck_assert_uint_eq(buffer.capacity, 1001);
    ck_assert_uint_eq(buffer.length, 0);
    data = buffer.data;
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(interim__buffer_append(&buffer, "0123456789", 10), 0);
    ck_assert_ptr_eq(buffer.data, data);
    ck_assert_int_eq(interim__buffer_append(&buffer, "x", 1), 0);
    ck_assert_uint_eq(buffer.capacity, 2002);
    ck_assert_int_eq(interim__buffer_reserve(&buffer, SIZE_MAX), INTERIM_ENOMEM);
    ck_assert_uint_eq(buffer.length, 1001);
    interim__buffer_dispose(&buffer);
}
END_TEST

START_TEST(buffer_drop_keeps_the_rest)
{
    interim__buffer buffer = {0};

    interim__buffer_drop(&buffer, 0);
    ck_assert_ptr_null(buffer.data);
    ck_assert_int_eq(interim__buffer_append_text(&buffer, "hello world"), 0);
    interim__buffer_drop(&buffer, 0);
    ck_assert_str_eq(buffer.data, "hello world");
    interim__buffer_drop(&buffer, 6);
    ck_assert_str_eq(buffer.data, "world");
    ck_assert_uint_eq(buffer.length, 5);
    interim__buffer_drop(&buffer, 5);
    ck_assert_str_eq(buffer.data, "");
    ck_assert_uint_eq(buffer.length, 0);
    ck_assert_int_eq(interim__buffer_append_text(&buffer, "again"), 0);
    ck_assert_str_eq(buffer.data, "again");
    interim__buffer_dispose(&buffer);
}
END_TEST

START_TEST(buffer_refuses_a_size_that_overflows)
{
    interim__buffer buffer = {0};

    ck_assert_int_eq(interim__buffer_append(&buffer, "", SIZE_MAX), INTERIM_ENOMEM);
    ck_assert_ptr_null(buffer.data);
    ck_assert_int_eq(interim__buffer_append_text(&buffer, "abc"), 0);
    ck_assert_int_eq(interim__buffer_append(&buffer, "", SIZE_MAX), INTERIM_ENOMEM);
    ck_assert_int_eq(interim__buffer_append(&buffer, "", SIZE_MAX - 3), INTERIM_ENOMEM);
    ck_assert_int_eq(interim__buffer_append(&buffer, "", SIZE_MAX / 2), INTERIM_ENOMEM);
    ck_assert_str_eq(buffer.data, "abc");
    interim__buffer_dispose(&buffer);
}
END_TEST

START_TEST(buffer_is_unchanged_when_memory_runs_out)
{
    interim__buffer buffer = {0};
    char data[200];

    memset(data, 'y', sizeof data);
    failing_alloc_arm(1);
    ck_assert_int_eq(interim__buffer_append(&buffer, data, 10), INTERIM_ENOMEM);
    ck_assert(failing_alloc_disarm());
    ck_assert_ptr_null(buffer.data);
    ck_assert_int_eq(interim__buffer_append(&buffer, data, 60), 0);
    failing_alloc_arm(1);
    ck_assert_int_eq(interim__buffer_append(&buffer, data, 200), INTERIM_ENOMEM);
    ck_assert(failing_alloc_disarm());
    ck_assert_uint_eq(buffer.length, 60);
    ck_assert_uint_eq(strlen(buffer.data), 60);
    ck_assert_int_eq(interim__buffer_append(&buffer, data, 200), 0);
    ck_assert_uint_eq(buffer.length, 260);
    interim__buffer_dispose(&buffer);
}
END_TEST

START_TEST(buffer_can_be_used_again_once_disposed)
{
    interim__buffer buffer = {0};

    interim__buffer_dispose(&buffer);
    ck_assert_int_eq(interim__buffer_append_text(&buffer, "one"), 0);
    interim__buffer_dispose(&buffer);
    ck_assert_ptr_null(buffer.data);
    ck_assert_uint_eq(buffer.length, 0);
    ck_assert_uint_eq(buffer.capacity, 0);
    ck_assert_int_eq(interim__buffer_append_text(&buffer, "two"), 0);
    ck_assert_str_eq(buffer.data, "two");
    interim__buffer_dispose(&buffer);
}
END_TEST

Suite *buffer_suite(void)
{
    Suite *suite = suite_create("buffer");
    TCase *tests = tcase_create("buffer");

    tcase_add_test(tests, buffer_grows_and_ends_with_nul);
    tcase_add_test(tests, buffer_of_nothing_is_an_empty_string);
    tcase_add_test(tests, buffer_append_reaches_each_capacity_exactly);
    tcase_add_test(tests, buffer_reserves_what_is_asked_for_and_no_more);
    tcase_add_test(tests, buffer_drop_keeps_the_rest);
    tcase_add_test(tests, buffer_refuses_a_size_that_overflows);
    tcase_add_test(tests, buffer_is_unchanged_when_memory_runs_out);
    tcase_add_test(tests, buffer_can_be_used_again_once_disposed);
    suite_add_tcase(suite, tests);
    return suite;
}
