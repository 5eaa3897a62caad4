/* uri_resolve.c - tests of src/exchange/uri_resolve.c and uri_relation.c, of the public functions
 * of src/client/url.c, and of all of them without memory. */
#include "exchange/uri.h"

#include "exchange/uri_parts.h"
#include "support/failing_alloc.h"
#include "support/guard.h"
#include "uri_cases.h"

#include <interim.h>
#include <stdio.h>

static void parse(interim__uri **out, const char *text)
{
    const char *problem = NULL;
    size_t length = strlen(text);
    int status = interim__uri_parse(out, guarded(text, length), length, &problem);

    ck_assert_msg(status == 0, "%s: %s", text, problem == NULL ? "memory" : problem);
}

/* ---- Resolving ------------------------------------------------------------------------------- */

/* NULL as expected: refused. */
static void check_resolve(const char *base, const char *reference, const char *expected)
{
    interim__uri *from, *uri;
    const char *problem = NULL;
    size_t length = strlen(reference);
    int status;

    parse(&from, base);
    status = interim__uri_resolve(&uri, from, guarded(reference, length), length, &problem);
    if (expected == NULL) {
        ck_assert_msg(status == INTERIM_EURL && problem != NULL, "%s", reference);
    } else {
        ck_assert_msg(status == 0, "%s: %s", reference, problem);
        ck_assert_msg(!strcmp(uri->text, expected), "%s: %s", reference, uri->text);
    }
    interim__uri_dispose(&uri);
    interim__uri_dispose(&from);
}

START_TEST(rfc3986_normal)
{
    static const char *const cases[][2] = {
        {"g:h", NULL}, /* neither http nor https */
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {"g?y#s", "http://a/b/c/g?y"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_resolve("http://a/b/c/d;p?q", cases[i][0], cases[i][1]);
}
END_TEST

START_TEST(rfc3986_abnormal)
{
    static const char *const cases[][2] = {
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/./x", "http://a/b/c/g"},
        {"g#s/../x", "http://a/b/c/g"},
        {"http:g", NULL}, /* strict */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_resolve("http://a/b/c/d;p?q", cases[i][0], cases[i][1]);
}
END_TEST

START_TEST(resolves_more)
{
    check_resolve("http://a", "g", "http://a/g");
    check_resolve("http://a?q", "", "http://a/?q");
    check_resolve("http://a/b", "..", "http://a/");
    check_resolve("http://a/b//c", "../d", "http://a/b/d");
    check_resolve("http://a/b/", "c//d/..//e", "http://a/b/c///e");
    check_resolve("http://a/b/../c", "", "http://a/b/../c");
    check_resolve("http://a/b/../c", "d", "http://a/d");
    check_resolve("http://a/b", "%2e%2E/x", "http://a/%2e%2E/x"); /* bytes of a name, here */
    check_resolve("https://[fe80::1%25eth0]:1/x", "y", "https://[fe80::1%25eth0]:1/y");
    check_resolve("https://a:81/x", "//b/../y", "https://b/y");
    check_resolve("https://a:81/x", "HTTP://B:443/./y?", "http://b:443/y?");
    check_resolve("https://a/x?q", "?", "https://a/x?");
    check_resolve("http://a/b", "./c:d", "http://a/c:d");
    check_resolve("http://a/b", "c/d:e", "http://a/c/d:e");
    check_resolve("http://a/b", "?c:d", "http://a/b?c:d");
    check_resolve("http://a/b", "c:d", NULL);
    check_resolve("http://a/b", "1c:d", NULL);
    check_resolve("http://a/b", ":80/x", NULL);
    check_resolve("http://a/b", "//", NULL);
    check_resolve("http://a/b", "///x", NULL);
    check_resolve("http://a/b", "//u:p@h/", NULL);
    check_resolve("http://a/b", "c d", NULL);
    check_resolve("http://a/b", "c d/../e", NULL); /* what dot segments remove is checked, too */
    check_resolve("http://a/b", "[]/../e", NULL);
    check_resolve("http://a/b", "\\\\h\\x", NULL);
    check_resolve("http://a/b", "javascript:alert(1)", NULL);
    check_resolve("http://a/b", "file:///etc/passwd", NULL);
}
END_TEST

START_TEST(resolve_limits)
{
    static char reference[INTERIM__URI_MAX + 1];
    interim__uri *base, *uri;

    parse(&base, "http://a/b");
    memset(reference, 'x', sizeof reference);
    ck_assert_int_eq(interim__uri_resolve(&uri, base, reference, INTERIM__URI_MAX - 9, NULL), 0);
    ck_assert_uint_eq(strlen(uri->text), INTERIM__URI_MAX);
    interim__uri_dispose(&uri);
    ck_assert_int_eq(interim__uri_resolve(&uri, base, reference, INTERIM__URI_MAX - 8, NULL),
                     INTERIM_EURL);
    ck_assert_int_eq(interim__uri_resolve(&uri, base, reference, INTERIM__URI_MAX + 1, NULL),
                     INTERIM_EURL);
    interim__uri_dispose(&base);
}
END_TEST

/* ---- Comparing ------------------------------------------------------------------------------- */

static int mirrored(int relation)
{
    return relation == INTERIM_URL_INSIDE   ? INTERIM_URL_AROUND
           : relation == INTERIM_URL_AROUND ? INTERIM_URL_INSIDE
                                            : relation;
}

static void check_relation(const char *a, const char *b, int expected)
{
    ck_assert_msg(interim_url_compare(a, b) == expected, "%s %s: %d", a, b,
                  interim_url_compare(a, b));
    ck_assert_int_eq(interim_url_compare(b, a), mirrored(expected));
}

START_TEST(relations)
{
    check_relation("http://h/a", "http://h/a", INTERIM_URL_SAME);
    check_relation("http://h/a/", "http://h/a", INTERIM_URL_SAME);
    check_relation("http://h", "http://h/", INTERIM_URL_SAME);
    check_relation("http://h/a?x", "http://h/a?y#z", INTERIM_URL_SAME);
    check_relation("HTTP://H:80/%61", "http://h/a", INTERIM_URL_SAME);
    check_relation("http://h/%c3%A4", "http://h/%C3%a4", INTERIM_URL_SAME);
    check_relation("http://h/a//b", "http://h/a/b", INTERIM_URL_SAME);
    check_relation("http://h//a/b//", "http://h/a/b", INTERIM_URL_SAME);
    check_relation("http://h/a/./b", "http://h/a/b/.", INTERIM_URL_SAME);
    check_relation("http://h/a/x/../b", "http://h/a/b", INTERIM_URL_SAME);
    check_relation("http://h/../../a", "http://h/a", INTERIM_URL_SAME);
    check_relation("http://h/a/%2e%2E/b", "http://h/b", INTERIM_URL_SAME);
    check_relation("http://h/a%2Fb", "http://h/a%2fb", INTERIM_URL_SAME);
    check_relation("http://[::1]/a", "http://[0:0::0:1]/a", INTERIM_URL_SAME);
    check_relation("http://h/a", "http://h/a/b", INTERIM_URL_INSIDE);
    check_relation("http://h/a/", "http://h/a/b/c", INTERIM_URL_INSIDE);
    check_relation("http://h/", "http://h/a", INTERIM_URL_INSIDE);
    check_relation("http://h/a/x/..", "http://h//a//b", INTERIM_URL_INSIDE);
    check_relation("http://h/a", "http://h/b/../%61/b", INTERIM_URL_INSIDE);
    check_relation("http://h/a/b/c", "http://h/a", INTERIM_URL_AROUND);
    check_relation("http://h/a", "http://h/ab", INTERIM_URL_APART);
    check_relation("http://h/a", "http://h/A", INTERIM_URL_APART);
    check_relation("http://h/a", "http://h/b/a", INTERIM_URL_APART);
    check_relation("http://h/a", "http://h/a%2Fb", INTERIM_URL_APART);
    check_relation("http://h/a%2Fb", "http://h/a/b", INTERIM_URL_APART);
    check_relation("http://h/a%00b", "http://h/a%00c", INTERIM_URL_APART);
    check_relation("http://h/a/../b", "http://h/a", INTERIM_URL_APART);
    check_relation("http://h/a", "https://h/a", INTERIM_URL_OTHER_ORIGIN);
    check_relation("http://h/a", "http://i/a", INTERIM_URL_OTHER_ORIGIN);
    check_relation("http://h/a", "http://h:81/a", INTERIM_URL_OTHER_ORIGIN);
    check_relation("http://[fe80::1%25a]/", "http://[fe80::1%25b]/", INTERIM_URL_OTHER_ORIGIN);
    check_relation("https://h:80/a", "http://h/a", INTERIM_URL_OTHER_ORIGIN);
}
END_TEST

/* ---- The public functions -------------------------------------------------------------------- */

START_TEST(public_resolve)
{
    char out[32] = "untouched";

    ck_assert_int_eq(interim_url_resolve(out, sizeof out, "http://a/b/c", "../d?e#f"), 12);
    ck_assert_str_eq(out, "http://a/d?e");
    strcpy(out, "untouched");
    ck_assert_int_eq(interim_url_resolve(out, 12, "http://a/b/c", "../d?e"), 12);
    ck_assert_str_eq(out, "untouched");
    ck_assert_int_eq(interim_url_resolve(out, 13, "http://a/b/c", "../d?e"), 12);
    ck_assert_str_eq(out, "http://a/d?e");
    ck_assert_int_eq(interim_url_resolve(NULL, 0, "http://a/b/c", "../d?e"), 12);
    ck_assert_int_eq(interim_url_resolve(out, sizeof out, "a/b", "c"), INTERIM_EURL);
    ck_assert_int_eq(interim_url_resolve(out, sizeof out, "http://a/", "mailto:x"), INTERIM_EURL);
    ck_assert_int_eq(interim_url_resolve(out, sizeof out, NULL, "x"), INTERIM_EINVAL);
    ck_assert_int_eq(interim_url_resolve(out, sizeof out, "http://a/", NULL), INTERIM_EINVAL);
    ck_assert_int_eq(interim_url_resolve(NULL, 1, "http://a/", "b"), INTERIM_EINVAL);
}
END_TEST

START_TEST(public_compare_and_problem)
{
    ck_assert_int_eq(interim_url_compare("http://h/", "/x"), INTERIM_EURL);
    ck_assert_int_eq(interim_url_compare("ftp://h/", "http://h/"), INTERIM_EURL);
    ck_assert_int_eq(interim_url_compare(NULL, "http://h/"), INTERIM_EINVAL);
    ck_assert_int_eq(interim_url_compare("http://h/", NULL), INTERIM_EINVAL);
    ck_assert_pstr_eq(interim_url_problem("http://h/"), NULL);
    ck_assert_pstr_eq(interim_url_problem("http://h/a b"),
                      "it holds a space or a control character");
    ck_assert_pstr_eq(interim_url_problem(NULL), "there is no URL");
}
END_TEST

/* ---- Without memory -------------------------------------------------------------------------- */

/* All of it, with the n-th allocation failing. Whether one did. */
static bool run_without_memory(unsigned long nth)
{
    static const char url[] = "https://[::1]:8443/a/b?c";
    static const char *const references[] = {"//[::1]:8443/a/d", "../d"};
    interim__uri *base = NULL, *uri = NULL;
    char *text = NULL;
    int status;
    bool failed;

    failing_alloc_arm(nth);
    status = interim__uri_parse(&base, url, strlen(url), NULL);
    for (size_t i = 0; status == 0 && i < 2; i++) {
        interim__uri_dispose(&uri);
        status = interim__uri_resolve(&uri, base, references[i], strlen(references[i]), NULL);
    }
    if (status == 0)
        status = interim__uri_relation(base, uri);
    if (status >= 0) {
        text = interim__uri_redacted(base, true);
        status = text == NULL ? INTERIM_ENOMEM : 0;
    }
    failed = failing_alloc_disarm();
    ck_assert_int_eq(status, failed ? INTERIM_ENOMEM : 0);
    free(text);
    interim__uri_dispose(&uri);
    interim__uri_dispose(&base);
    return failed;
}

START_TEST(out_of_memory)
{
    unsigned long nth = 1;

    while (run_without_memory(nth))
        nth++;
    ck_assert_uint_eq(nth, 8);
}
END_TEST

TCase *uri_resolve_case(void)
{
    const TTest *const tests[] = {
        rfc3986_normal, rfc3986_abnormal,           resolves_more, resolve_limits, relations,
        public_resolve, public_compare_and_problem, out_of_memory};
    TCase *resolving = tcase_create("resolve");

    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(resolving, tests[i]);
    return resolving;
}
