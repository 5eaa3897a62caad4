/* scan_cases.h - looks for bytes: the same cases for both ways in which scan.h does it. For scan.c
 * and scan_plain.c. */
#ifndef TESTS_UNIT_SCAN_CASES_H
#define TESTS_UNIT_SCAN_CASES_H

#include "base/scan.h"

#include "suites.h"
#include "support/guard.h"

#include <stdlib.h>
#include <string.h>

static bool is_control(unsigned char byte)
{
    return byte < 0x20;
}

static bool is_other(unsigned char byte)
{
    return !((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '-');
}

static size_t expected(const char *text, size_t at, size_t length, interim__scan_for what)
{
    while (at < length && !(what == INTERIM__SCAN_CONTROL ? is_control((unsigned char)text[at])
                                                          : is_other((unsigned char)text[at])))
        at++;
    return at;
}

static void look_for(interim__scan_for what, const char *text, size_t length)
{
    char *data = guarded(text, length);
    size_t at = 0;

    while (at <= length &&
           interim__scan(data, at, length, what) == expected(text, at, length, what))
        at++;
    ck_assert_msg(at > length, "from byte %zu of %zu", at, length);
}

/* From every byte of a text that ends where nothing may be read any more. */
static void look(const char *text, size_t length)
{
    look_for(INTERIM__SCAN_CONTROL, text, length);
    look_for(INTERIM__SCAN_OTHER, text, length);
}

/* Each byte among letters, at each place of texts of each length up to some steps. */
START_TEST(scan_knows_each_byte)
{
    char text[40];

    for (size_t length = 0; length <= sizeof text; length += length < 18 ? 1 : 7)
        for (unsigned byte = 0; byte < 256; byte++)
            for (size_t place = 0; place < length; place += place < 17 ? 1 : 5) {
                memset(text, 'k', sizeof text);
                text[place] = (char)byte;
                look(text, length);
            }
}
END_TEST

START_TEST(scan_finds_the_first_of_many)
{
    static const char bytes[] = "\r\n\t\0 -azAZ[@`{:\x7f\x80\xff\x1f\x20\x21";
    char text[50];
    unsigned random = 1;

    for (int round = 0; round < 20000; round++) {
        for (size_t i = 0; i < sizeof text; i++) {
            random = random * 1103515245 + 12345;
            text[i] = bytes[(random >> 16) % (sizeof bytes - 1)];
        }
        look(text, (size_t)(random >> 8) % (sizeof text + 1));
    }
}
END_TEST

static Suite *cases(const char *name)
{
    Suite *suite = suite_create(name);
    TCase *tests = tcase_create(name);

    tcase_add_test(tests, scan_knows_each_byte);
    tcase_add_test(tests, scan_finds_the_first_of_many);
    suite_add_tcase(suite, tests);
    return suite;
}

#endif
