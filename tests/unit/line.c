/* line.c - lines of text for people, in a fixed room. */
#include "base/line.h"

#include "base/text.h"

#include "suites.h"

#include <stdint.h>
#include <string.h>

START_TEST(line_puts_pieces_together)
{
    interim__line line;

    interim__line_begin(&line);
    ck_assert_str_eq(line.text, "");
    interim__line_put(&line, "the server answered ");
    interim__line_put_number(&line, 200);
    interim__line_put(&line, "");
    interim__line_put(&line, " OK");
    ck_assert_str_eq(line.text, "the server answered 200 OK");
    ck_assert_uint_eq(line.length, strlen(line.text));
}
END_TEST

START_TEST(line_writes_every_number)
{
    static const struct {
        int64_t number;
        const char *text;
    } cases[] = {{0, "0"},
                 {7, "7"},
                 {-1, "-1"},
                 {10, "10"},
                 {INT64_MAX, "9223372036854775807"},
                 {INT64_MIN, "-9223372036854775808"}};
    interim__line line;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        interim__line_begin(&line);
        interim__line_put_number(&line, cases[i].number);
        ck_assert_str_eq(line.text, cases[i].text);
    }
}
END_TEST

START_TEST(line_is_cut_at_its_room)
{
    char piece[] = "x";
    interim__line line;

    interim__line_begin(&line);
    for (size_t i = 0; i < INTERIM__LINE_SIZE + 3; i++) {
        interim__line_put(&line, piece);
        ck_assert_uint_eq(line.length, i + 1 < INTERIM__LINE_SIZE ? i + 1 : INTERIM__LINE_SIZE - 1);
        ck_assert_uint_eq(strlen(line.text), line.length);
    }
    interim__line_put_number(&line, 12345);
    ck_assert_uint_eq(strlen(line.text), INTERIM__LINE_SIZE - 1);
}
END_TEST

START_TEST(line_has_no_control_characters)
{
    interim__line line;

    interim__line_begin(&line);
    interim__line_put(&line, "a\x1b[2J\r\n\x7f\t\xc3\xa9");
    interim__text_clean(line.text);
    ck_assert_str_eq(line.text, "a?[2J????\xc3\xa9");
}
END_TEST

Suite *line_suite(void)
{
    Suite *suite = suite_create("line");
    TCase *tests = tcase_create("line");

    tcase_add_test(tests, line_puts_pieces_together);
    tcase_add_test(tests, line_writes_every_number);
    tcase_add_test(tests, line_is_cut_at_its_room);
    tcase_add_test(tests, line_has_no_control_characters);
    suite_add_tcase(suite, tests);
    return suite;
}
