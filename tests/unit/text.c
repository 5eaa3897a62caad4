/* text.c - the character classes and lists of HTTP. */
#include "base/text.h"

#include "suites.h"
#include "support/guard.h"

#include <stdio.h>
#include <string.h>

static const char token_chars[] = "!#$%&'*+-.^_`|~0123456789"
                                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

START_TEST(text_token_is_the_set_of_rfc9110)
{
    for (int c = 0; c < 256; c++) {
        char text[3] = {'a', (char)c, 'b'};
        bool expected = c != 0 && strchr(token_chars, c) != NULL;

        ck_assert_msg(interim__text_is_token(text, 3) == expected, "byte %d inside", c);
        ck_assert_msg(interim__text_is_token(text + 1, 1) == expected, "byte %d alone", c);
    }
    ck_assert(!interim__text_is_token("", 0));
}
END_TEST

START_TEST(text_compares_letters_without_case_and_nothing_else)
{
    ck_assert(interim__text_is("ChUnKeD", 7, "chunked"));
    ck_assert(!interim__text_is("chunked", 6, "chunked"));
    ck_assert(!interim__text_is("chunkedx", 8, "chunked"));
    ck_assert(!interim__text_is("", 0, "chunked"));
    ck_assert(interim__text_is("", 0, ""));
    /* '[' differs from '{', and '@' from '`', in the bit that case is. */
    ck_assert(!interim__text_is("[", 1, "{"));
    ck_assert(!interim__text_is("@", 1, "`"));
    /* No locale: the Turkish dotless i, the Kelvin sign. */
    ck_assert(!interim__text_is("\xc4\xb0", 2, "i"));

    ck_assert(interim__text_equal("Location", "lOCATION"));
    ck_assert(!interim__text_equal("Location", "Locatio"));
    ck_assert(!interim__text_equal("Locatio", "Location"));
    ck_assert(!interim__text_equal("[", "{"));
    ck_assert(interim__text_equal("", ""));

    ck_assert(interim__text_begins("Basic x", 7, "basic "));
    ck_assert(!interim__text_begins("Basic", 5, "basic "));
    ck_assert(interim__text_begins("", 0, ""));
}
END_TEST

START_TEST(text_trim_takes_blanks_off_both_ends)
{
    static const struct {
        const char *text, *trimmed;
    } cases[] = {
        {"", ""},           {" ", ""},
        {" \t ", ""},       {"a", "a"},
        {" a", "a"},        {"a\t", "a"},
        {" a b ", "a b"},   {"\t\ta\t", "a"},
        {"\ra", "\ra"},     {"a\n", "a\n"},
        {"\va", "\va"},     {"\xa0x", "\xa0x"},
        {" a, b ", "a, b"}, {"  \"x \" ", "\"x \""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].text;
        size_t length = strlen(text);

        interim__text_trim(&text, &length);
        ck_assert_uint_eq(length, strlen(cases[i].trimmed));
        ck_assert(memcmp(text, cases[i].trimmed, length) == 0);
    }
}
END_TEST

/* The elements of a list, joined with '|'. */
static void elements(char *joined, const char *list, size_t list_length)
{
    const char *text;
    size_t length;

    *joined = '\0';
    while (interim__text_next_element(&list, &list_length, &text, &length)) {
        ck_assert_uint_gt(length, 0);
        strcat(joined, "|");
        strncat(joined, text, length);
    }
    ck_assert_uint_eq(list_length, 0);
}

START_TEST(text_list_skips_empty_elements)
{
    static const struct {
        const char *list, *joined;
    } cases[] = {
        {"", ""},
        {"a", "|a"},
        {"a,b", "|a|b"},
        {" a , b\t,c ", "|a|b|c"},
        {",", ""},
        {",,, ,\t,", ""},
        {",a,,b,", "|a|b"},
        {"a b,c", "|a b|c"},
        {"\"x,y\"", "|\"x|y\""}, /* quoted strings are not looked into */
    };
    char joined[64];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = strlen(cases[i].list);

        elements(joined, guarded(cases[i].list, length), length);
        ck_assert_str_eq(joined, cases[i].joined);
    }
}
END_TEST

START_TEST(text_decimal_takes_digits_only)
{
    static const struct {
        const char *text;
        int64_t value; /* -1: refused */
        bool overflow;
    } cases[] = {
        {"0", 0, false},
        {"7", 7, false},
        {"000000000000000000000000000012", 12, false},
        {"9223372036854775806", INT64_MAX - 1, false},
        {"9223372036854775807", INT64_MAX, false},
        {"9223372036854775808", -1, true},
        {"9223372036854775810", -1, true},
        {"10000000000000000000", -1, true},
        {"18446744073709551617", -1, true}, /* 1, to who forgets the 65th bit */
        {"99999999999999999999999999999999", -1, true},
        {"", -1, false},
        {"+2", -1, false},
        {"-1", -1, false},
        {" 1", -1, false},
        {"1 ", -1, false},
        {"1a", -1, false},
        {"0x10", -1, false},
        {"1.0", -1, false},
        {"1,1", -1, false},
        {"99999999999999999999x", -1, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = strlen(cases[i].text);
        const char *text = guarded(cases[i].text, length);
        int64_t value = 0;
        bool overflow = false;

        ck_assert_msg(interim__text_decimal(&value, text, length, &overflow) ==
                          (cases[i].value >= 0),
                      "\"%s\"", cases[i].text);
        if (cases[i].value >= 0)
            ck_assert_int_eq(value, cases[i].value);
        ck_assert_msg(overflow == cases[i].overflow, "\"%s\"", cases[i].text);
        ck_assert(interim__text_decimal(&value, text, length, NULL) == (cases[i].value >= 0));
    }
}
END_TEST

START_TEST(text_put_digits_has_zeros_in_front)
{
    char out[] = "----------", expected[16];

    for (unsigned digits = 0; digits <= 9; digits++) {
        memset(out, '-', sizeof out - 1);
        snprintf(expected, sizeof expected, "%09u", 4071u);
        ck_assert_ptr_eq(interim__text_put_digits(out, 4071, digits), out + digits);
        ck_assert_mem_eq(out, expected + 9 - digits, digits);
        ck_assert_int_eq(out[digits], '-');
    }
}
END_TEST

START_TEST(text_put_decimal_writes_what_printf_does)
{
    char out[INTERIM__DECIMAL], expected[INTERIM__DECIMAL];

    for (uint64_t power = 1; power <= UINT64_MAX / 10; power *= 10)
        for (uint64_t value = power - 1; value <= power + 1; value++) {
            int length = snprintf(expected, sizeof expected, "%llu", (unsigned long long)value);

            ck_assert_uint_eq(interim__text_put_decimal(out, value), (size_t)length);
            ck_assert_str_eq(out, expected);
        }
    ck_assert_uint_eq(interim__text_put_decimal(out, UINT64_MAX), 20);
    ck_assert_str_eq(out, "18446744073709551615");
}
END_TEST

START_TEST(text_put_copies_what_there_is_room_for)
{
    char out[] = "#####";

    interim__text_put(out, 4, guarded("abc", 4));
    ck_assert_str_eq(out, "abc");
    interim__text_put(out, 4, guarded("abcde", 6));
    ck_assert_str_eq(out, "abc");
    interim__text_put(out, 1, "abc");
    ck_assert_str_eq(out, "");
    ck_assert_int_eq(out[4], '#');
}
END_TEST

START_TEST(text_hex_is_the_value_of_22_bytes)
{
    static const char digits[] = "0123456789abcdef", upper[] = "ABCDEF";

    for (int c = 0; c < 256; c++) {
        const char *at = c == 0 ? NULL : strchr(digits, c);
        const char *big = c == 0 ? NULL : strchr(upper, c);
        int expected = at != NULL ? (int)(at - digits) : big != NULL ? (int)(big - upper) + 10 : -1;

        ck_assert_msg(interim__text_hex((char)c) == expected, "byte %d", c);
    }
}
END_TEST

Suite *text_suite(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");

    tcase_add_test(tests, text_token_is_the_set_of_rfc9110);
    tcase_add_test(tests, text_compares_letters_without_case_and_nothing_else);
    tcase_add_test(tests, text_trim_takes_blanks_off_both_ends);
    tcase_add_test(tests, text_list_skips_empty_elements);
    tcase_add_test(tests, text_decimal_takes_digits_only);
    tcase_add_test(tests, text_put_digits_has_zeros_in_front);
    tcase_add_test(tests, text_put_decimal_writes_what_printf_does);
    tcase_add_test(tests, text_put_copies_what_there_is_room_for);
    tcase_add_test(tests, text_hex_is_the_value_of_22_bytes);
    suite_add_tcase(suite, tests);
    return suite;
}
