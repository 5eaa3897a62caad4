/* token.c - the text of a token: every part goes there and back, and nothing else is taken. */
#include "operation/token.h"

#include "base/error.h"
#include "suites.h"
#include "support/failing_alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PLAIN                                                                                      \
    "interim1 method=COPY url=https://dav.example/a/ dialect=generic "                             \
    "monitor=https://dav.example/jobs/7?sig=s until=1795428000000 flags=none after=1795341602000"

/* A text with the checksum that it should have. */
static const char *signed_text(const char *text)
{
    static char out[INTERIM__TOKEN_MAX + 100];

    snprintf(out, sizeof out, "%s crc32=%08x", text,
             (unsigned)crc32(0, (const Bytef *)text, (uInt)strlen(text)));
    return out;
}

static interim_error error;

static int try(const char *text)
{
    interim__token token;
    int failed;

    interim__error_init(&error);
    failed = interim__token_read(&token, text, &error);
    ck_assert_int_eq(failed, error.code);
    ck_assert((failed == 0) == (error.text[0] == '\0'));
    ck_assert((failed == 0) == (token.monitor != NULL));
    interim__token_dispose(&token);
    return failed;
}

static void put_url(interim__uri **out, const char *text)
{
    ck_assert_int_eq(interim__uri_parse(out, text, strlen(text), NULL), 0);
}

static void make_full(interim__token *token)
{
    *token = (interim__token){.dialect = interim__dialect_named("operation-location", 18),
                              .until_ms = -1,
                              .after_ms = 1,
                              .flags = 0x3fe};
    strcpy(token->method, "MKCALENDAR");
    put_url(&token->url, "http://[2001:db8::1]:8080/a;b=c,d?e=f&g");
    put_url(&token->monitor, "https://b.example/1?x=%20y");
    put_url(&token->task, "http://dav.example/redfish/v1/TaskService/Tasks/1");
    put_url(&token->result, "http://dav.example/r");
}

START_TEST(token_is_this_text)
{
    interim__token token;
    interim__buffer out = {0};

    make_full(&token);
    ck_assert_int_eq(interim__token_write(&out, &token, NULL), 0);
    ck_assert_str_eq(
        out.data,
        signed_text("interim1 method=MKCALENDAR url=http://[2001:db8::1]:8080/a;b=c,d?e=f&g "
                    "dialect=operation-location monitor=https://b.example/1?x=%20y "
                    "task=http://dav.example/redfish/v1/TaskService/Tasks/1 "
                    "result=http://dav.example/r until=never flags=own-origin,embedded,processing,"
                    "answered,latched,redfish,verifying,cancellable,cancelling after=1"));
    interim__buffer_dispose(&out);
    interim__token_dispose(&token);
}
END_TEST

START_TEST(token_goes_there_and_back)
{
    interim__token first, second;
    interim__buffer out = {0};

    make_full(&first);
    first.flags &= ~(unsigned)INTERIM__TOKEN_OWN_ORIGIN; /* its monitor is elsewhere */
    ck_assert_int_eq(interim__token_write(&out, &first, NULL), 0);
    interim__error_init(&error);
    ck_assert_msg(interim__token_read(&second, out.data, &error) == 0, "%s", error.text);
    ck_assert_ptr_eq(second.dialect, first.dialect);
    ck_assert_str_eq(second.method, first.method);
    ck_assert(interim__uri_equal(second.url, first.url));
    ck_assert(interim__uri_equal(second.monitor, first.monitor));
    ck_assert(interim__uri_equal(second.task, first.task));
    ck_assert(interim__uri_equal(second.result, first.result));
    ck_assert_int_eq(second.until_ms, -1);
    ck_assert_int_eq(second.after_ms, 1);
    ck_assert_uint_eq(second.flags, first.flags);
    interim__buffer_dispose(&out);
    interim__token_dispose(&first);
    interim__token_dispose(&second);
    ck_assert_int_eq(try(signed_text(PLAIN)), 0);
}
END_TEST

START_TEST(token_state_is_all_but_when_to_ask)
{
    interim__token token;
    interim__buffer out = {0};
    uint32_t states[4];

    make_full(&token);
    ck_assert_int_eq(interim__token_write(&out, &token, &states[0]), 0);
    token.after_ms = 99;
    ck_assert_int_eq(interim__token_write(&out, &token, &states[1]), 0);
    token.flags = 0;
    ck_assert_int_eq(interim__token_write(&out, &token, &states[2]), 0);
    token.until_ms = 5;
    ck_assert_int_eq(interim__token_write(&out, &token, &states[3]), 0);
    ck_assert_uint_eq(states[0], states[1]);
    ck_assert_uint_ne(states[1], states[2]);
    ck_assert_uint_ne(states[2], states[3]);
    interim__buffer_dispose(&out);
    interim__token_dispose(&token);
}
END_TEST

START_TEST(token_with_a_bit_flipped_is_refused)
{
    char *text = strdup(signed_text(PLAIN));

    for (size_t i = 0; text[i] != '\0'; i++)
        for (int bit = 0; bit < 8; bit++) {
            text[i] ^= (char)(1 << bit);
            ck_assert_msg(try(text) == INTERIM_ETOKEN, "byte %zu, bit %d", i, bit);
            text[i] ^= (char)(1 << bit);
        }
    ck_assert_int_eq(try(text), 0);
    free(text);
}
END_TEST

START_TEST(token_cut_short_or_with_more_is_refused)
{
    char text[400];
    size_t length = strlen(signed_text(PLAIN));

    for (size_t cut = 0; cut < length; cut++) {
        memcpy(text, signed_text(PLAIN), cut);
        text[cut] = '\0';
        ck_assert_int_eq(try(text), INTERIM_ETOKEN);
    }
    for (int byte = 1; byte < 256; byte++) {
        snprintf(text, sizeof text, "%s%c", signed_text(PLAIN), byte);
        ck_assert_int_eq(try(text), INTERIM_ETOKEN);
    }
    for (size_t i = 0; i < length; i++) { /* a byte left out */
        memcpy(text, signed_text(PLAIN), length + 1);
        memmove(text + i, text + i + 1, length - i);
        ck_assert_int_eq(try(text), INTERIM_ETOKEN);
    }
}
END_TEST

/* The word must be in the reason. */
static void refused(const char *text, const char *word)
{
    ck_assert_msg(try(text) == INTERIM_ETOKEN, "%s is taken", text);
    ck_assert_msg(strstr(error.text, word) != NULL, "%s: %s", text, error.text);
}

START_TEST(token_of_another_version_is_refused)
{
    refused(signed_text("interim2 x=y"), "newer libinterim");
    refused(signed_text("interim10 x=y"), "newer libinterim");
    refused(signed_text("interim99999999999999999999 x=y"), "newer libinterim");
    refused(signed_text("interim x=y"), "does not begin");
    refused(signed_text("interim1"), "method");
    refused(signed_text("Interim1 x=y"), "does not begin");
    refused("", "does not begin");
    refused("{\"token\":1}", "does not begin");
    refused(PLAIN, "does not end");
    refused("interim1 crc32=00000000", "checksum");
    refused("interim1  crc32=0000000", "does not end");
}
END_TEST

/* PLAIN with a part in place of another. */
static const char *with(const char *part, const char *other)
{
    static char out[INTERIM__TOKEN_MAX];
    const char *at = strstr(PLAIN, part);

    ck_assert_ptr_nonnull(at);
    snprintf(out, sizeof out, "%.*s%s%s", (int)(at - PLAIN), PLAIN, other, at + strlen(part));
    return signed_text(out);
}

/* What whoever knows the checksum may try. */
START_TEST(token_that_makes_no_sense_is_refused)
{
    refused(with("COPY", ""), "method");
    refused(with("COPY", "CO/PY"), "method");
    refused(with("COPY", "CONNECT"), "method");
    refused(with("COPY", "ABCDEFGHIJABCDEFGHIJABCDEFGHIJABC"), "method");
    refused(with(" method=COPY", ""), "method");
    refused(with("method", "Method"), "method");
    refused(with("https://dav.example/a/", ""), "url");
    refused(with("https://dav.example/a/", "/a/"), "url: ");
    refused(with("https://dav.example/a/", "ftp://dav.example/a/"), "url: ");
    refused(with("https://dav.example/a/", "https://u:p@dav.example/a/"), "user name");
    refused(with("https://dav.example/jobs", "https://u@dav.example/jobs"), "user name");
    refused(with("https://dav.example/jobs", "http://dav.example/jobs"), "from https to http");
    refused(with("https://dav.example/jobs", "file:///jobs"), "monitor: ");
    refused(with(" until", " task=http://dav.example/t until"), "from https to http");
    refused(with(" until", " result=http://dav.example/t until"), "from https to http");
    refused(with(" until", " result=javascript:1 until"), "result: ");
    refused(with(" until", " task= until"), "task: ");
    refused(with(" monitor=https://dav.example/jobs/7?sig=s", ""), "monitor: it is not there");
    refused(with("generic", "generi"), "dialect");
    refused(with("generic", "genericc"), "dialect");
    refused(with("generic", ""), "dialect");
    refused(with("1795428000000", "-5"), "time");
    refused(with("1795428000000", ""), "time");
    refused(with("1795428000000", "1e12"), "time");
    refused(with("1795428000000", "99999999999999999999999"), "time");
    refused(with("1795428000000", "253402300800000"), "time");
    refused(with("1795341602000", "never"), "time");
    refused(with("none", "nonee"), "flag");
    refused(with("none", "latched,strange"), "flag");
    refused(with("flags=none", "flag=none"), "flags");
    refused(with("1795341602000", "1795341602000 x=y"), "more in it");
    refused(with(" until", " monitor=https://dav.example/2 until"), "time");
    refused(with("generic", "same-url"), "sent again");
}
END_TEST

/* What means the same, and is not how it is written. */
START_TEST(token_that_is_spelt_differently_is_refused)
{
    static const char *const cases[][2] = {
        {"generic", "Generic"},
        {"https://dav.example/a/", "HTTPS://dav.example/a/"},
        {"https://dav.example/a/", "https://dav.example:443/a/"},
        {"https://dav.example/a/", "https://dav.example/a/#f"},
        {"1795428000000", "01795428000000"},
        {"until=1795428000000", "until=NEVER"},
        {"none", ""},
        {"none", "NONE"},
        {"none", "answered,answered"},
        {"none", "latched,answered"},
        {"none", "answered,,latched"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refused(with(cases[i][0], cases[i][1]), "not written");
}
END_TEST

START_TEST(token_that_leads_away_is_refused_if_it_must_not)
{
    refused(with("monitor=https://dav.example/jobs/7?sig=s until=1795428000000 flags=none",
                 "monitor=https://b.example/1 until=never flags=own-origin"),
            "another origin");
    refused(with("until=1795428000000 flags=none",
                 "result=https://dav.example:444/ until=never flags=own-origin"),
            "another origin");
    ck_assert_int_eq(try(with("none", "own-origin")), 0);
    refused(with("dialect=generic monitor=https://dav.example/jobs/7?sig=s until=1795428000000 "
                 "flags=none",
                 "dialect=lazyops monitor=https://dav.example/jobs/7 until=never flags=strict"),
            "status codes alone");
    ck_assert_int_eq(try(with("none", "strict")), 0);
}
END_TEST

static void fill_url(interim__uri **out, const char *begin, size_t length)
{
    char *text = malloc(length);

    memset(text, 'u', length);
    memcpy(text, begin, strlen(begin));
    ck_assert_int_eq(interim__uri_parse(out, text, length, NULL), 0);
    free(text);
}

START_TEST(token_may_have_four_of_the_longest_urls)
{
    interim__token token = {.dialect = interim__dialect_named("azure-asyncoperation", 20),
                            .method = "ABCDEFGHIJABCDEFGHIJABCDEFGHIJAB",
                            .until_ms = 253402300799999,
                            .after_ms = 253402300799999,
                            .flags = 0x3fc};
    interim__buffer out = {0};
    char *longer;

    fill_url(&token.url, "http://a.example/", INTERIM__URI_MAX);
    fill_url(&token.monitor, "http://b.example/", INTERIM__URI_MAX);
    fill_url(&token.task, "http://c.example/", INTERIM__URI_MAX);
    fill_url(&token.result, "http://d.example/", INTERIM__URI_MAX);
    ck_assert_int_eq(interim__token_write(&out, &token, NULL), 0);
    ck_assert_uint_le(out.length, INTERIM__TOKEN_MAX);
    ck_assert_int_eq(try(out.data), 0);
    longer = malloc(INTERIM__TOKEN_MAX + 2);
    memset(longer, 'x', INTERIM__TOKEN_MAX + 1);
    memcpy(longer, "interim1 ", 9);
    longer[INTERIM__TOKEN_MAX + 1] = '\0';
    ck_assert_int_eq(try(longer), INTERIM_ETOKEN);
    ck_assert_ptr_nonnull(strstr(error.text, "longer"));
    longer[INTERIM__TOKEN_MAX] = '\0';
    ck_assert_int_eq(try(longer), INTERIM_ETOKEN);
    ck_assert_ptr_nonnull(strstr(error.text, "end"));
    free(longer);
    interim__buffer_dispose(&out);
    interim__token_dispose(&token);
}
END_TEST

START_TEST(token_survives_want_of_memory)
{
    char *kept = strdup(with(" until=1795428000000 flags=none",
                             " task=https://b.example/t result=https://c.example/r "
                             "until=never flags=redfish"));
    bool failed = true;

    for (unsigned long nth = 1; failed; nth++) {
        interim__token token;
        int code;

        interim__error_init(&error);
        failing_alloc_arm(nth);
        code = interim__token_read(&token, kept, &error);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(code, failed ? INTERIM_ENOMEM : 0);
        ck_assert_int_eq(error.code, code);
        if (code == 0)
            interim__token_dispose(&token);
    }
    free(kept);
}
END_TEST

Suite *token_suite(void)
{
    Suite *suite = suite_create("token");
    TCase *tests = tcase_create("token");

    tcase_add_test(tests, token_is_this_text);
    tcase_add_test(tests, token_goes_there_and_back);
    tcase_add_test(tests, token_state_is_all_but_when_to_ask);
    tcase_add_test(tests, token_with_a_bit_flipped_is_refused);
    tcase_add_test(tests, token_cut_short_or_with_more_is_refused);
    tcase_add_test(tests, token_of_another_version_is_refused);
    tcase_add_test(tests, token_that_makes_no_sense_is_refused);
    tcase_add_test(tests, token_that_is_spelt_differently_is_refused);
    tcase_add_test(tests, token_that_leads_away_is_refused_if_it_must_not);
    tcase_add_test(tests, token_may_have_four_of_the_longest_urls);
    tcase_add_test(tests, token_survives_want_of_memory);
    suite_add_tcase(suite, tests);
    return suite;
}
