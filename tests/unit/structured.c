/* structured.c - structured field values (RFC 9651). */
#include "exchange/structured.h"

#include "suites.h"
#include "support/guard.h"

#include <stdio.h>
#include <string.h>

START_TEST(structured_integer_has_up_to_15_digits)
{
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } table[] = {
        {"0", true, 0},
        {"25000000", true, 25000000},
        {"007", true, 7},
        {"-5", true, -5},
        {"999999999999999", true, INTERIM__STRUCTURED_MAX},
        {"1000000000000000", false, 0},
        {"9223372036854775808", false, 0},
        {"5;a", true, 5},
        {"5; a=1;b=\"x;\\\"y\";*c=?0;d=:YWI=:;e=tok/en:x;f=1.5;g=@1", true, 5},
        {"5;a=%\"x\"", true, 5},
        {"5;", false, 0},
        {"5;A", false, 0},
        {"5;a=", false, 0},
        {"5;a=\"x", false, 0},
        {"5;a=\"\\x\"", false, 0},
        {"5;a=\"\x80\"", false, 0},
        {"5;a=:b", false, 0},
        {"5;a=?2", false, 0},
        {"5;a=@x", false, 0},
        {"5;a=%x", false, 0},
        {"5;a=1.2345", false, 0},
        {"5;a=1.", false, 0},
        {"5.0", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+5", false, 0},
        {"5 ", false, 0},
        {"5, 6", false, 0},
        {"0x5", false, 0},
        {"\"5\"", false, 0},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t length = strlen(table[i].text);
        int64_t value = 0;

        ck_assert_msg(interim__structured_integer(&value, guarded(table[i].text, length), length) ==
                          table[i].good,
                      "%s", table[i].text);
        if (table[i].good)
            ck_assert_int_eq(value, table[i].value);
    }
}
END_TEST

START_TEST(structured_boolean_is_one_of_two)
{
    static const char *const bad[] = {"", "?", "?2", "1", "true", "?1 ", "?1x", "?1;", "?01"};
    bool value = false;

    ck_assert(interim__structured_boolean(&value, "?1", 2) && value);
    ck_assert(interim__structured_boolean(&value, "?0;x=y", 6) && !value);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(
            !interim__structured_boolean(&value, guarded(bad[i], strlen(bad[i])), strlen(bad[i])),
            "%s", bad[i]);
}
END_TEST

/* The members as "key=integer " or "key "; "!" at the end when it is no dictionary. */
static const char *members(const char *text)
{
    static char out[200];
    size_t length = strlen(text), at = 0;
    interim__structured_member member;
    int next;

    text = guarded(text, length);
    *out = '\0';
    while ((next = interim__structured_next(&member, &text, &length)) > 0) {
        at +=
            (size_t)snprintf(out + at, sizeof out - at, "%.*s", (int)member.key_length, member.key);
        if (member.is_integer)
            at += (size_t)snprintf(out + at, sizeof out - at, "=%lld", (long long)member.integer);
        at += (size_t)snprintf(out + at, sizeof out - at, " ");
    }
    if (next < 0)
        snprintf(out + at, sizeof out - at, "!");
    return out;
}

START_TEST(structured_dictionary_is_read_member_by_member)
{
    ck_assert_str_eq(members("max-size=10,min-size=0 \t,\t max-age=3600;x"),
                     "max-size=10 min-size=0 max-age=3600 ");
    ck_assert_str_eq(members("a, b=?1, c=\"x,y\", d=(1 \"a\";q  tok), e=(), *f=1.5, g=-3"),
                     "a b c d e *f g=-3 ");
    ck_assert_str_eq(members(""), "");
    ck_assert_str_eq(members("a=1,"), "!");
    ck_assert_str_eq(members("a=1, b="), "a=1 !");
    ck_assert_str_eq(members("a=1 b=2"), "!");
    ck_assert_str_eq(members("A=1"), "!");
    ck_assert_str_eq(members("a=(1"), "!");
    ck_assert_str_eq(members("a=(1\"x\")"), "!");
    ck_assert_str_eq(members(",a"), "!");
}
END_TEST

Suite *structured_suite(void)
{
    Suite *suite = suite_create("structured");
    TCase *tests = tcase_create("structured");

    tcase_add_test(tests, structured_integer_has_up_to_15_digits);
    tcase_add_test(tests, structured_boolean_is_one_of_two);
    tcase_add_test(tests, structured_dictionary_is_read_member_by_member);
    suite_add_tcase(suite, tests);
    return suite;
}
