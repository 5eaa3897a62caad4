/* uri.c - tests of src/exchange/uri.c, uri_parts.c and uri_host.c; the rest is in uri_resolve.c. */
#include "exchange/uri.h"

#include "exchange/uri_parts.h"
#include "suites.h"
#include "support/guard.h"
#include "uri_cases.h"

#include <interim.h>
#include <stdio.h>

static const char *refusal(const char *text)
{
    interim__uri *uri;
    const char *problem = NULL;
    size_t length = strlen(text);
    int status = interim__uri_parse(&uri, guarded(text, length), length, &problem);

    ck_assert_msg((status == INTERIM_EURL) == (problem != NULL), "%s", text);
    if (status == INTERIM_EURL)
        ck_assert_ptr_null(uri);
    interim__uri_dispose(&uri);
    return problem;
}

static void parse(interim__uri **out, const char *text)
{
    const char *problem = NULL;
    size_t length = strlen(text);
    int status = interim__uri_parse(out, guarded(text, length), length, &problem);

    ck_assert_msg(status == 0, "%s: %s", text, problem == NULL ? "memory" : problem);
}

static void check_parts(const char *url, const char *text, const char *host, const char *authority,
                        const char *target, int port)
{
    interim__uri *uri, *again;

    parse(&uri, url);
    ck_assert_str_eq(uri->text, text);
    ck_assert_str_eq(uri->host, host);
    ck_assert_str_eq(uri->authority, authority);
    ck_assert_str_eq(uri->target, target);
    ck_assert_int_eq(uri->port, port);
    ck_assert_int_eq(uri->tls, strncmp(text, "https:", 6) == 0);
    ck_assert_uint_eq(uri->path_length, strcspn(target, "?"));
    /* Its text, parsed again, is itself. */
    parse(&again, uri->text);
    ck_assert_str_eq(again->text, uri->text);
    ck_assert(interim__uri_equal(uri, again));
    interim__uri_dispose(&again);
    interim__uri_dispose(&uri);
}

START_TEST(parses)
{
    check_parts("http://h", "http://h/", "h", "h", "/", 80);
    check_parts("HTTPS://Example.ORG:8443/A/b?C=d&e#f", "https://example.org:8443/A/b?C=d&e",
                "example.org", "example.org:8443", "/A/b?C=d&e", 8443);
    check_parts("http://h?q", "http://h/?q", "h", "h", "/?q", 80);
    check_parts("http://h#f", "http://h/", "h", "h", "/", 80);
    check_parts("http://h/p?", "http://h/p?", "h", "h", "/p?", 80);
    check_parts("http://h/p?a?b/c#?/", "http://h/p?a?b/c", "h", "h", "/p?a?b/c", 80);
    check_parts("http://h//a/../b/./c//", "http://h//a/../b/./c//", "h", "h", "//a/../b/./c//", 80);
    check_parts("http://h/%2f%2F%aB%00", "http://h/%2f%2F%aB%00", "h", "h", "/%2f%2F%aB%00", 80);
    check_parts("http://h/~a-._!$&'()*+,;=:@", "http://h/~a-._!$&'()*+,;=:@", "h", "h",
                "/~a-._!$&'()*+,;=:@", 80);
    check_parts("http://x_y-1.a~b!c,d/", "http://x_y-1.a~b!c,d/", "x_y-1.a~b!c,d", "x_y-1.a~b!c,d",
                "/", 80);
    check_parts("http://%45xample.%6frg/", "http://example.org/", "example.org", "example.org", "/",
                80);
    /* The authority ends at the '#', whatever follows it (RFC 3986 section 3.2). */
    check_parts("http://good.example#@evil.example/", "http://good.example/", "good.example",
                "good.example", "/", 80);
}
END_TEST

START_TEST(ports)
{
    check_parts("http://h:80/", "http://h/", "h", "h", "/", 80);
    check_parts("https://h:443/", "https://h/", "h", "h", "/", 443);
    check_parts("https://h:80/", "https://h:80/", "h", "h:80", "/", 80);
    check_parts("http://h:/", "http://h/", "h", "h", "/", 80);
    check_parts("http://h:", "http://h/", "h", "h", "/", 80);
    check_parts("http://h:00081/", "http://h:81/", "h", "h:81", "/", 81);
    check_parts("http://h:1/", "http://h:1/", "h", "h:1", "/", 1);
    check_parts("http://h:65535/", "http://h:65535/", "h", "h:65535", "/", 65535);
    const char *const refused[] = {
        "http://h:0/",     "http://h:65536/", "http://h:99999999999999999999/",
        "http://h:-1/",    "http://h:+80/",   "http://h:8a/",
        "http://h:80:80/", "http://h:%38/"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        ck_assert_pstr_eq(refusal(refused[i]), "the port is not a number from 1 to 65535");
}
END_TEST

START_TEST(addresses)
{
    check_parts("http://192.0.2.255:81/", "http://192.0.2.255:81/", "192.0.2.255", "192.0.2.255:81",
                "/", 81);
    check_parts("http://[::1]:8080/", "http://[::1]:8080/", "::1", "[::1]:8080", "/", 8080);
    check_parts("http://[::]", "http://[::]/", "::", "[::]", "/", 80);
    check_parts("https://[2001:DB8:0:0:0:0:0:1]/", "https://[2001:db8::1]/", "2001:db8::1",
                "[2001:db8::1]", "/", 443);
    check_parts("http://[1:0:0:2:0:0:0:3]/", "http://[1:0:0:2::3]/", "1:0:0:2::3", "[1:0:0:2::3]",
                "/", 80);
    check_parts("http://[1:0:2:3:4:5:6:7]/", "http://[1:0:2:3:4:5:6:7]/", "1:0:2:3:4:5:6:7",
                "[1:0:2:3:4:5:6:7]", "/", 80);
    check_parts("http://[1:2:3:4:5:6:7::]/", "http://[1:2:3:4:5:6:7:0]/", "1:2:3:4:5:6:7:0",
                "[1:2:3:4:5:6:7:0]", "/", 80);
    check_parts("http://[0:0:3:4:5:6:0:0]/", "http://[::3:4:5:6:0:0]/", "::3:4:5:6:0:0",
                "[::3:4:5:6:0:0]", "/", 80);
    check_parts("http://[1::]/", "http://[1::]/", "1::", "[1::]", "/", 80);
    check_parts("http://[::FFFF:192.0.2.1]/", "http://[::ffff:192.0.2.1]/", "::ffff:192.0.2.1",
                "[::ffff:192.0.2.1]", "/", 80);
    check_parts("http://[::ffff:c000:201]/", "http://[::ffff:192.0.2.1]/", "::ffff:192.0.2.1",
                "[::ffff:192.0.2.1]", "/", 80);
    check_parts("http://[64:ff9b::192.0.2.1]/", "http://[64:ff9b::c000:201]/", "64:ff9b::c000:201",
                "[64:ff9b::c000:201]", "/", 80);
    /* RFC 6874: the zone is for this machine only. */
    check_parts("http://[FE80::1%25eth0]:81/", "http://[fe80::1%25eth0]:81/", "fe80::1%eth0",
                "[fe80::1]:81", "/", 81);
    check_parts("http://[fe80::1%25Eth%30.2]/", "http://[fe80::1%25Eth0.2]/", "fe80::1%Eth0.2",
                "[fe80::1]", "/", 80);
}
END_TEST

START_TEST(refuses)
{
    static const char *const cases[][2] = {
        {"", "there is no scheme"},
        {"h", "there is no scheme"},
        {"/p", "there is no scheme"},
        {"//h/p", "there is no scheme"},
        {"://h/", "there is no scheme"},
        {"1http://h/", "there is no scheme"},
        {"ht_tp://h/", "there is no scheme"},
        {"h%74tp://h/", "there is no scheme"},
        {"ftp://h/", "the scheme is neither http nor https"},
        {"httpss://h/", "the scheme is neither http nor https"},
        {"localhost:80/", "the scheme is neither http nor https"},
        {"http:h", "there is no // behind the scheme"},
        {"http:/h", "there is no // behind the scheme"},
        {"http:", "there is no // behind the scheme"},
        {"http://", "the host is empty"},
        {"http:///p", "the host is empty"},
        {"http://:80/", "the host is empty"},
        {"http://?q", "the host is empty"},
        {"http://u@h/", "it holds user name or password"},
        {"http://u:p@h/", "it holds user name or password"},
        {"http://@h/", "it holds user name or password"},
        {"http://a@b@h/", "it holds user name or password"},
        {"http://h /", "it holds a space or a control character"},
        {"http://h/a b", "it holds a space or a control character"},
        {" http://h/", "it holds a space or a control character"},
        {"http://h/\r\nX: y", "it holds a space or a control character"},
        {"http://h/\x7f", "it holds a space or a control character"},
        {"http://h/\t", "it holds a space or a control character"},
        {"http://h/#\x01", "it holds a space or a control character"},
        {"http://h\\@evil/", "it holds a backslash"},
        {"http:\\\\h/", "it holds a backslash"},
        {"http://h/\xc3\xa4", "it holds a byte that is not ASCII"},
        {"http://\xc3\xa4.example/", "it holds a byte that is not ASCII"},
        {"http://h/<", "it holds a character that must be percent-encoded"},
        {"http://h/a|b", "it holds a character that must be percent-encoded"},
        {"http://h/{a}", "it holds a character that must be percent-encoded"},
        {"http://h/\"", "it holds a character that must be percent-encoded"},
        {"http://h/^`", "it holds a character that must be percent-encoded"},
        {"http://h/%", "a percent sign is not followed by two hexadecimal digits"},
        {"http://h/%4", "a percent sign is not followed by two hexadecimal digits"},
        {"http://h/%4g", "a percent sign is not followed by two hexadecimal digits"},
        {"http://h/?%-1", "a percent sign is not followed by two hexadecimal digits"},
        {"http://h/a#%x", "a percent sign is not followed by two hexadecimal digits"},
        {"http://h/[a]", "it holds a bracket outside the host"},
        {"http://h/?a[0]=b", "it holds a bracket outside the host"},
        {"http://h/#a#b", "it holds a second number sign"},
        {"http://a%2Fb/", "the host holds a percent-encoded character that no host has"},
        {"http://a%40b/", "the host holds a percent-encoded character that no host has"},
        {"http://a%23b/", "the host holds a percent-encoded character that no host has"},
        {"http://a%3a80/", "the host holds a percent-encoded character that no host has"},
        {"http://a%5cb/", "the host holds a percent-encoded character that no host has"},
        {"http://a%00b/", "the host holds a percent-encoded character that no host has"},
        {"http://a%20b/", "the host holds a percent-encoded character that no host has"},
        {"http://a%25b/", "the host holds a percent-encoded character that no host has"},
        {"http://%e4.example/", "the host holds a percent-encoded character that no host has"},
        {"http://a[b/", "the host holds a character that no host has"},
        {"http://127.1/", "the host looks like an IPv4 address and is not one"},
        {"http://2130706433/", "the host looks like an IPv4 address and is not one"},
        {"http://0177.0.0.1/", "the host looks like an IPv4 address and is not one"},
        {"http://0x7f.0.0.0X1/", "the host looks like an IPv4 address and is not one"},
        {"http://1.2.3.256/", "the host looks like an IPv4 address and is not one"},
        {"http://1.2.3.4.5/", "the host looks like an IPv4 address and is not one"},
        {"http://127.0.0.1./", "the host looks like an IPv4 address and is not one"},
        {"http://127.0.0.%31%32%33%34/", "the host looks like an IPv4 address and is not one"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(refusal(cases[i][0]) != NULL && !strcmp(refusal(cases[i][0]), cases[i][1]),
                      "%s: %s", cases[i][0], refusal(cases[i][0]));
}
END_TEST

START_TEST(refuses_literals)
{
    static const char *const not_ipv6[] = {"[]",
                                           "[:]",
                                           "[:::]",
                                           "[1]",
                                           "[1:2:3:4:5:6:7]",
                                           "[:1::]",
                                           "[1::2::3]",
                                           "[12345::]",
                                           "[g::]",
                                           "[1:2:3:4:5:6:7:8:9]",
                                           "[::1:]",
                                           "[:1]",
                                           "[1.2.3.4]",
                                           "[::1.2.3]",
                                           "[1:2:3:4:5:6:7::8]",
                                           "[::1.2.3.4.5]",
                                           "[::01.2.3.4]",
                                           "[1:2:3:4:5:6:7:1.2.3.4]",
                                           "[::1.2.3.4:1]",
                                           "[v1.x]"};
    static const char *const others[] = {"[::1",
                                         "[::1]x",
                                         "[::1]80",
                                         "[::1]:80:80",
                                         "[fe80::1%eth0]",
                                         "[fe80::1%25]",
                                         "[fe80::1%25a%2Fb]",
                                         "[fe80::1%25a%5D]",
                                         "[fe80::1%25a]b]",
                                         "[[::1]]",
                                         "[fe80::1%25a:b]",
                                         "[fe80::1%20eth0]",
                                         "[%3a:1]",
                                         "[::%31]"};
    char url[64];

    for (size_t i = 0; i < sizeof not_ipv6 / sizeof not_ipv6[0]; i++) {
        snprintf(url, sizeof url, "http://%s/", not_ipv6[i]);
        ck_assert_msg(refusal(url) != NULL, "%s", url);
        ck_assert_pstr_eq(refusal(url), "the host in brackets is not an IPv6 address");
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        snprintf(url, sizeof url, "http://%s/", others[i]);
        ck_assert_msg(refusal(url) != NULL, "%s", url);
    }
}
END_TEST

START_TEST(refuses_nul)
{
    interim__uri *uri;
    const char *problem;

    ck_assert_int_eq(interim__uri_parse(&uri, "http://h/\0/", 11, &problem), INTERIM_EURL);
    ck_assert_str_eq(problem, "it holds a space or a control character");
    ck_assert_int_eq(interim__uri_parse(&uri, "http://h\0.evil/", 15, NULL), INTERIM_EURL);
    ck_assert_int_eq(interim__uri_parse(&uri, NULL, 0, NULL), INTERIM_EURL);
}
END_TEST

/* Every prefix of a URL that has everything, each at the end of memory. */
START_TEST(prefixes)
{
    static const char url[] = "https://[fe80::1:2%25et%300]:8443/a/%2e%2E/b%2fc;d?e=%41#f%42";
    interim__uri *base, *uri;

    parse(&base, "http://a/b/c/d;p?q");
    for (size_t length = 0; length <= strlen(url); length++) {
        interim__uri_parse(&uri, guarded(url, length), length, NULL);
        interim__uri_dispose(&uri);
        interim__uri_resolve(&uri, base, guarded(url, length), length, NULL);
        interim__uri_dispose(&uri);
        interim__uri_resolve(&uri, base, guarded(url + 6, strlen(url) - 6), length % 50, NULL);
        interim__uri_dispose(&uri);
    }
    interim__uri_dispose(&base);
}
END_TEST

#define ALNUM "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define MARKS "-._~!$&'()*+,;=" /* unreserved and sub-delims */

/* No byte but those of RFC 3986 gets through, anywhere. A '/', '?' or '#' in the host or the port
 * ends it, and what follows is fine as a path, a query or a fragment. */
START_TEST(every_byte)
{
    static const char *const places[][2] = {
        {"h*ttp://h/", ""},
        {"http://h*t/", ALNUM MARKS "/?#"},
        {"http://h:8*/", "0123456789/?#"},
        {"http://h/*", ALNUM MARKS ":@/?#"},
        {"http://h/?*", ALNUM MARKS ":@/?#"},
        {"http://h/#*", ALNUM MARKS ":@/?"},
    };

    for (size_t place = 0; place < sizeof places / sizeof places[0]; place++)
        for (int byte = 0; byte < 256; byte++) {
            const char *url = places[place][0];
            size_t length = strlen(url);
            bool fine = byte != 0 && strchr(places[place][1], byte) != NULL;
            char text[16];
            interim__uri *uri;
            int status;

            memcpy(text, url, length);
            text[strcspn(url, "*")] = (char)byte;
            status = interim__uri_parse(&uri, guarded(text, length), length, NULL);
            ck_assert_msg(status == (fine ? 0 : INTERIM_EURL), "%s %d: %d", url, byte, status);
            interim__uri_dispose(&uri);
        }
}
END_TEST

static int parse_of_length(const char *start, size_t length, const char **problem)
{
    static char url[INTERIM__URI_MAX + 2];
    interim__uri *uri;
    int status;

    memset(url, 'a', sizeof url);
    memcpy(url, start, strlen(start));
    status = interim__uri_parse(&uri, guarded(url, length), length, problem);
    interim__uri_dispose(&uri);
    return status;
}

START_TEST(length_limits)
{
    const char *problem;
    char host[300];
    interim__uri *uri;

    ck_assert_int_eq(parse_of_length("http://h/", INTERIM__URI_MAX - 1, NULL), 0);
    ck_assert_int_eq(parse_of_length("http://h/", INTERIM__URI_MAX, NULL), 0);
    ck_assert_int_eq(parse_of_length("http://h/", INTERIM__URI_MAX + 1, &problem), INTERIM_EURL);
    ck_assert_str_eq(problem, "it is longer than 16384 bytes");
    /* Its text would have one byte more, the path's '/'. */
    ck_assert_int_eq(parse_of_length("http://h?", INTERIM__URI_MAX - 1, NULL), 0);
    ck_assert_int_eq(parse_of_length("http://h?", INTERIM__URI_MAX, NULL), INTERIM_EURL);
    for (int length = 254; length <= 256; length++) {
        memset(host, 'a', sizeof host);
        memcpy(host, "http://", 7);
        problem = NULL;
        int status = interim__uri_parse(&uri, host, 7 + (size_t)length, &problem);
        ck_assert_int_eq(status, length <= 255 ? 0 : INTERIM_EURL);
        ck_assert_pstr_eq(problem, length <= 255 ? NULL : "the host is longer than 255 bytes");
        interim__uri_dispose(&uri);
    }
    ck_assert_uint_eq(INTERIM__URI_HOST_MAX, 255);
}
END_TEST

START_TEST(longest_zone)
{
    char url[300] = "http://[1:2:3:4:5:6:7::%25";
    interim__uri *uri;

    memset(url + strlen(url), 'z', 255 - 19);
    memcpy(url + 7 + 254, "]", 2);
    parse(&uri, url);
    ck_assert_str_eq(uri->authority, "[1:2:3:4:5:6:7:0]");
    ck_assert_uint_eq(strlen(uri->host), 15 + 1 + 235);
    interim__uri_dispose(&uri);
}
END_TEST

START_TEST(origins_and_equality)
{
    interim__uri *a, *b, *copy;

    parse(&a, "http://h/a?b");
    parse(&b, "http://H:80/%61?b");
    ck_assert(interim__uri_same_origin(a, b));
    ck_assert(!interim__uri_equal(a, b)); /* servers may tell them apart */
    copy = interim__uri_share(a);
    ck_assert(interim__uri_equal(a, copy));
    interim__uri_dispose(&a);
    ck_assert_str_eq(copy->text, "http://h/a?b");
    ck_assert_str_eq(copy->target, "/a?b");
    ck_assert_str_eq(copy->host, "h");
    ck_assert_str_eq(copy->authority, "h");
    interim__uri_dispose(&copy);
    interim__uri_dispose(&copy);
    interim__uri_dispose(&b);
}
END_TEST

START_TEST(redacted)
{
    static const char *const cases[][3] = {
        {"http://h/p?secret=1", "http://h/p?...", "http://h/p?secret=1"},
        {"http://h?s", "http://h/?...", "http://h/?s"},
        {"http://h/p?", "http://h/p?...", "http://h/p?"},
        {"http://h/p", "http://h/p", "http://h/p"},
        {"http://h/p?a?b", "http://h/p?...", "http://h/p?a?b"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        interim__uri *uri;

        parse(&uri, cases[i][0]);
        char *blank = interim__uri_redacted(uri, true), *whole = interim__uri_redacted(uri, false);
        ck_assert_str_eq(blank, cases[i][1]);
        ck_assert_str_eq(whole, cases[i][2]);
        free(blank);
        free(whole);
        interim__uri_dispose(&uri);
    }
}
END_TEST

Suite *uri_suite(void)
{
    const TTest *const tests[] = {
        parses,   ports,      addresses,     refuses,      refuses_literals,     refuses_nul,
        prefixes, every_byte, length_limits, longest_zone, origins_and_equality, redacted};
    Suite *suite = suite_create("uri");
    TCase *parsing = tcase_create("parse");

    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(parsing, tests[i]);
    suite_add_tcase(suite, parsing);
    suite_add_tcase(suite, uri_resolve_case());
    return suite;
}
