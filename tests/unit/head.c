/* head.c - the head of a response: status line and fields. */
#include "exchange/head.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static interim_error error;

static void set_up(void)
{
    interim__error_init(&error);
}

/* Parses all at once, at the end of what may be read. */
static ptrdiff_t parse(interim__head *head, const char *text, size_t length)
{
    interim__error_init(&error);
    interim__head_clear(head);
    return interim__head_parse(head, guarded(text, length), length, &error);
}

/* Parses byte by byte, the text moving each time; *fed gets how many bytes that took. */
static ptrdiff_t parse_bytewise(interim__head *head, const char *text, size_t length, size_t *fed)
{
    interim__error_init(&error);
    interim__head_clear(head);
    for (*fed = 1; *fed <= length; ++*fed) {
        char *data = guarded(text, *fed);
        ptrdiff_t size = interim__head_parse(head, data, *fed, &error);

        if (size != 0)
            return size;
    }
    *fed = length;
    return 0;
}

/* "name=value|" for each field, after the status, the version and the reason. */
static void describe(char *out, size_t size, const interim__head *head)
{
    size_t at =
        (size_t)snprintf(out, size, "%d 1.%d '%s' ", head->status, head->minor, head->reason);

    for (size_t i = 0; i < head->fields.count && at < size; i++) {
        const interim_field *field = &head->fields.items[i];

        ck_assert_uint_eq(strlen(field->name), field->name_length);
        ck_assert_uint_eq(strlen(field->value), field->value_length);
        at += (size_t)snprintf(out + at, size - at, "%s=%s|", field->name, field->value);
    }
    ck_assert_uint_lt(at, size);
}

static const struct {
    const char *text, *description;
} good[] = {
    {"HTTP/1.1 200 OK\r\n\r\n", "200 1.1 'OK' "},
    {"HTTP/1.0 200 OK\r\n\r\n", "200 1.0 'OK' "},
    {"HTTP/1.9 200 OK\r\n\r\n", "200 1.9 'OK' "},
    {"HTTP/1.1 102 Processing\r\n\r\n", "102 1.1 'Processing' "},
    {"HTTP/1.1 102 \r\n\r\n", "102 1.1 '' "}, /* RFC 9112 section 4: the reason may be empty */
    {"HTTP/1.1 102\r\n\r\n", "102 1.1 '' "},  /* the blank before it is often left out */
    {"HTTP/1.1 102\n\n", "102 1.1 '' "},
    {"HTTP/1.1 200 a  b\tc \r\n\r\n", "200 1.1 'a  b\tc ' "},
    {"HTTP/1.1 200 \xc3\xa9t\xe9\r\n\r\n", "200 1.1 '\xc3\xa9t\xe9' "},
    {"HTTP/1.1 100 \r\n\r\n", "100 1.1 '' "},
    {"HTTP/1.1 999 x\r\n\r\n", "999 1.1 'x' "},
    {"HTTP/1.1 200 OK\r\nA: b\r\n\r\n", "200 1.1 'OK' A=b|"},
    {"HTTP/1.1 200 OK\r\nA:b\r\nB:\t c \t\r\n\r\n", "200 1.1 'OK' A=b|B=c|"},
    {"HTTP/1.1 200 OK\r\nA:\r\nB: \r\nC:x\r\n\r\n", "200 1.1 'OK' A=|B=|C=x|"},
    {"HTTP/1.1 200 OK\r\nA: b:c: d\r\n\r\n", "200 1.1 'OK' A=b:c: d|"},
    {"HTTP/1.1 200 OK\r\nA: b\r\na: c\r\n\r\n", "200 1.1 'OK' A=b|a=c|"},
    {"HTTP/1.1 200 OK\r\n!#$%&'*+-.^_`|~09azAZ: v\r\n\r\n",
     "200 1.1 'OK' !#$%&'*+-.^_`|~09azAZ=v|"},
    {"HTTP/1.1 200 OK\r\nA: \xe9\x80\xff\r\n\r\n", "200 1.1 'OK' A=\xe9\x80\xff|"},
    /* a bare LF ends a line, also mixed with CRLF */
    {"HTTP/1.1 200 OK\nA: b\nC: d\n\n", "200 1.1 'OK' A=b|C=d|"},
    {"HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\n", "200 1.1 'OK' A=b|C=d|"},
    {"HTTP/1.1 200 OK\nA: b\r\n\r\n", "200 1.1 'OK' A=b|"},
    {"HTTP/1.1 200 OK\nA:\nB:\n\n", "200 1.1 'OK' A=|B=|"},
    /* obs-fold */
    {"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "200 1.1 'OK' A=b   c|"},
    {"HTTP/1.1 200 OK\r\nA: b\n\tc\n\n", "200 1.1 'OK' A=b  c|"},
    {"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n  d \r\nE: f\r\n\r\n", "200 1.1 'OK' A=b   c    d|E=f|"},
    {"HTTP/1.1 200 OK\r\nA:\r\n b\r\n\r\n", "200 1.1 'OK' A=b|"},
    {"HTTP/1.1 200 OK\r\nA: \r\n \t b\r\n\r\n", "200 1.1 'OK' A=b|"},
    {"HTTP/1.1 200 OK\nA:\n b\n\n", "200 1.1 'OK' A=b|"},
    {"HTTP/1.1 200 OK\r\nA: b\r\n \t\r\nC: d\r\n\r\n", "200 1.1 'OK' A=b|C=d|"},
    {"HTTP/1.1 200 OK\r\nA: b\r\n \r\n c\r\n\r\n", "200 1.1 'OK' A=b      c|"},
    {"HTTP/1.1 200 OK\r\nA: b\r\n x: y\r\n\r\n", "200 1.1 'OK' A=b   x: y|"},
};

START_TEST(head_is_understood_whole)
{
    interim__head head = {0};
    char description[256];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t length = strlen(good[i].text);

        ck_assert_msg(parse(&head, good[i].text, length) == (ptrdiff_t)length, "%s: %s",
                      good[i].text, error.text);
        describe(description, sizeof description, &head);
        ck_assert_str_eq(description, good[i].description);
    }
    interim__head_dispose(&head);
}
END_TEST

START_TEST(head_is_understood_byte_by_byte)
{
    interim__head head = {0};
    char description[256];
    size_t fed;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t length = strlen(good[i].text);

        ck_assert_int_eq(parse_bytewise(&head, good[i].text, length, &fed), (ptrdiff_t)length);
        ck_assert_uint_eq(fed, length); /* not a byte earlier */
        describe(description, sizeof description, &head);
        ck_assert_str_eq(description, good[i].description);
    }
    interim__head_dispose(&head);
}
END_TEST

START_TEST(head_is_understood_at_every_split)
{
    interim__head head = {0};
    char description[256];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t length = strlen(good[i].text);

        for (size_t split = 0; split < length; split++) {
            ck_assert_int_eq(parse(&head, good[i].text, split), 0);
            ck_assert_int_eq(
                interim__head_parse(&head, guarded(good[i].text, length), length, &error),
                (ptrdiff_t)length);
            describe(description, sizeof description, &head);
            ck_assert_str_eq(description, good[i].description);
        }
    }
    interim__head_dispose(&head);
}
END_TEST

START_TEST(head_ends_before_what_follows)
{
    static const char text[] = "HTTP/1.1 102 P\r\nA: b\r\n\r\nHTTP/1.1 201 C\r\nD: e\r\n\r\nbody";
    interim__head head = {0};
    char copy[sizeof text];

    ck_assert_int_eq(parse(&head, text, sizeof text - 1), 24);
    memcpy(copy, text, sizeof text);
    ck_assert_int_eq(interim__head_parse(&(interim__head){0}, copy, 10, &error), 0);
    interim__head_clear(&head);
    ck_assert_int_eq(interim__head_parse(&head, copy, sizeof text - 1, &error), 24);
    ck_assert_int_eq(head.status, 102);
    /* what follows is not touched */
    ck_assert(memcmp(copy + 24, text + 24, sizeof text - 24) == 0);
    interim__head_clear(&head);
    ck_assert_uint_eq(head.fields.count, 0);
    ck_assert_int_eq(interim__head_parse(&head, copy + 24, sizeof text - 25, &error), 24);
    ck_assert_int_eq(head.status, 201);
    ck_assert_uint_eq(head.fields.count, 1);
    ck_assert_str_eq(head.fields.items[0].value, "e");
    interim__head_dispose(&head);
}
END_TEST

#define TEXT(text) (text), sizeof(text) - 1

static const struct {
    const char *text;
    size_t length;
    int code;
    int64_t offset;
} bad[] = {
    /* found at the first wrong byte, without a line end */
    {TEXT("S"), INTERIM_ESTATUS_LINE, 0},
    {TEXT("SSH-2.0-OpenSSH_9.2p1"), INTERIM_ESTATUS_LINE, 0},
    {TEXT("\r\nHTTP/1.1 200 OK\r\n\r\n"), INTERIM_ESTATUS_LINE, 0},
    {TEXT("\0"), INTERIM_ESTATUS_LINE, 0},
    {TEXT("http/1.1 200 OK\r\n\r\n"), INTERIM_ESTATUS_LINE, 0},
    {TEXT("HTTP/2"), INTERIM_ESTATUS_LINE, 5},
    {TEXT("HTTP/0.9 200 OK\r\n\r\n"), INTERIM_ESTATUS_LINE, 5},
    {TEXT("HTTP/11 200 OK\r\n\r\n"), INTERIM_ESTATUS_LINE, 6},
    {TEXT("HTTP /1.1 200 OK\r\n\r\n"), INTERIM_ESTATUS_LINE, 4},
    {TEXT("ICY 200 OK\r\n\r\n"), INTERIM_ESTATUS_LINE, 0},
    /* found at the end of the line */
    {TEXT("HTTP/1.\r\n"), INTERIM_ESTATUS_LINE, 7},
    {TEXT("HTTP/1.1\r\n"), INTERIM_ESTATUS_LINE, 7},
    {TEXT("HTTP/1.x 200 OK\r\n"), INTERIM_ESTATUS_LINE, 7},
    {TEXT("HTTP/1.1200 OK\r\n"), INTERIM_ESTATUS_LINE, 7},
    {TEXT("HTTP/1.1\t200 OK\r\n"), INTERIM_ESTATUS_LINE, 7},
    {TEXT("HTTP/1.10 200 OK\r\n"), INTERIM_ESTATUS_LINE, 7},
    {TEXT("HTTP/1.1 20\r\n"), INTERIM_ESTATUS_LINE, 7},
    {TEXT("HTTP/1.1 20x OK\r\n"), INTERIM_ESTATUS_LINE, 11},
    {TEXT("HTTP/1.1 20 OK\r\n"), INTERIM_ESTATUS_LINE, 11},
    {TEXT("HTTP/1.1  200 OK\r\n"), INTERIM_ESTATUS_LINE, 9},
    {TEXT("HTTP/1.1 -20 OK\r\n"), INTERIM_ESTATUS_LINE, 9},
    {TEXT("HTTP/1.1 +20 OK\r\n"), INTERIM_ESTATUS_LINE, 9},
    {TEXT("HTTP/1.1 099 OK\r\n"), INTERIM_ESTATUS_LINE, 9},
    {TEXT("HTTP/1.1 000 OK\r\n"), INTERIM_ESTATUS_LINE, 9},
    {TEXT("HTTP/1.1 1000 OK\r\n"), INTERIM_ESTATUS_LINE, 9},
    {TEXT("HTTP/1.1 200OK\r\n"), INTERIM_ESTATUS_LINE, 9},
    {TEXT("HTTP/1.1 200\tOK\r\n"), INTERIM_ESTATUS_LINE, 9},
    {TEXT("HTTP/1.1 200 a\0b\r\n"), INTERIM_ESTATUS_LINE, 14},
    {TEXT("HTTP/1.1 200 a\rb\r\n"), INTERIM_ESTATUS_LINE, 14},
    {TEXT("HTTP/1.1 200 a\r\r\n"), INTERIM_ESTATUS_LINE, 14},
    /* found at the end of the head */
    {TEXT("HTTP/1.1 200 OK\r\nA b\r\n\r\n"), INTERIM_EFIELD_LINE, 17},
    {TEXT("HTTP/1.1 200 OK\r\nA: b\r\nCd\r\n\r\n"), INTERIM_EFIELD_LINE, 23},
    {TEXT("HTTP/1.1 200 OK\r\nA : b\r\n\r\n"), INTERIM_EFIELD_LINE, 17},
    {TEXT("HTTP/1.1 200 OK\r\nA\t: b\r\n\r\n"), INTERIM_EFIELD_LINE, 17},
    {TEXT("HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n"), INTERIM_EFIELD_LINE, 17},
    {TEXT("HTTP/1.1 200 OK\r\n: b\r\n\r\n"), INTERIM_EFIELD_LINE, 17},
    {TEXT("HTTP/1.1 200 OK\r\nA\xe9: b\r\n\r\n"), INTERIM_EFIELD_LINE, 17},
    {TEXT("HTTP/1.1 200 OK\r\nA\"B: b\r\n\r\n"), INTERIM_EFIELD_LINE, 17},
    {TEXT("HTTP/1.1 200 OK\r\nA\0B: b\r\n\r\n"), INTERIM_EFIELD_LINE, 18},
    {TEXT("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n"), INTERIM_EFIELD_LINE, 21},
    {TEXT("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n"), INTERIM_EFIELD_LINE, 21},
    {TEXT("HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n"), INTERIM_EFIELD_LINE, 21},
    {TEXT("HTTP/1.1 200 OK\r\nA: b\r\n\r\r\n\r\n"), INTERIM_EFIELD_LINE, 23},
    {TEXT("HTTP/1.1 200 OK\r\n A: b\r\n\r\n"), INTERIM_EFIELD_LINE, 17},
    {TEXT("HTTP/1.1 200 OK\r\n\t\r\nA: b\r\n\r\n"), INTERIM_EFIELD_LINE, 17},
    {TEXT("HTTP/1.1 200 OK\r\nA: b\r\n c\0d\r\n\r\n"), INTERIM_EFIELD_LINE, 25},
};

START_TEST(head_malformed_is_refused_at_its_byte)
{
    interim__head head = {0};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ptrdiff_t size = parse(&head, bad[i].text, bad[i].length);
        size_t fed;

        ck_assert_msg(size == bad[i].code, "%s: %td", bad[i].text, size);
        ck_assert_int_eq(error.code, bad[i].code);
        ck_assert_int_eq(error.stage, INTERIM_STAGE_HEAD);
        ck_assert_msg(error.offset == bad[i].offset, "%s: offset %lld", bad[i].text,
                      (long long)error.offset);
        ck_assert_uint_gt(strlen(error.text), 0);

        ck_assert_int_eq(parse_bytewise(&head, bad[i].text, bad[i].length, &fed), bad[i].code);
        ck_assert_int_eq(error.offset, bad[i].offset);
        ck_assert_uint_le(fed, bad[i].length);
    }
    interim__head_dispose(&head);
}
END_TEST

START_TEST(head_of_another_protocol_is_refused_at_its_first_wrong_byte)
{
    interim__head head = {0};
    size_t fed;

    ck_assert_int_eq(parse_bytewise(&head, TEXT("SSH-2.0-x\r\n"), &fed), INTERIM_ESTATUS_LINE);
    ck_assert_uint_eq(fed, 1);
    ck_assert_int_eq(parse_bytewise(&head, TEXT("HTTP/2 200\r\n\r\n"), &fed), INTERIM_ESTATUS_LINE);
    ck_assert_uint_eq(fed, 6);
    interim__head_dispose(&head);
}
END_TEST

/* A head of exactly this many bytes: one long field, or one long reason. */
static char *long_head(size_t size, bool in_reason)
{
    char *text = malloc(size);

    ck_assert_ptr_nonnull(text);
    memset(text, 'x', size);
    memcpy(text, in_reason ? "HTTP/1.1 200 O" : "HTTP/1.1 200\nA", 14);
    if (!in_reason)
        text[14] = ':';
    memcpy(text + size - 4, "\r\n\r\n", 4);
    return text;
}

START_TEST(head_may_have_65536_bytes)
{
    interim__head head = {0};

    for (int in_reason = 0; in_reason < 2; in_reason++)
        for (size_t size = INTERIM__HEAD_MAX - 1; size <= INTERIM__HEAD_MAX + 1; size++) {
            char *text = long_head(size, in_reason);
            bool fits = size <= INTERIM__HEAD_MAX;
            ptrdiff_t expected = fits ? (ptrdiff_t)size : INTERIM_EHEAD_LIMIT;

            ck_assert_int_eq(parse(&head, text, size), expected);
            ck_assert_int_eq(error.offset, fits ? -1 : INTERIM__HEAD_MAX);
            /* the same in two pieces */
            ck_assert_int_eq(parse(&head, text, size / 2), 0);
            ck_assert_int_eq(interim__head_parse(&head, guarded(text, size), size, &error),
                             expected);
            free(text);
        }
    interim__head_dispose(&head);
}
END_TEST

START_TEST(head_without_end_is_refused_at_65536_bytes)
{
    interim__head head = {0};

    for (int in_reason = 0; in_reason < 2; in_reason++) {
        char *text = long_head(INTERIM__HEAD_MAX + 100, in_reason);

        ck_assert_int_eq(parse(&head, text, INTERIM__HEAD_MAX - 1), 0);
        ck_assert_int_eq(parse(&head, text, INTERIM__HEAD_MAX), INTERIM_EHEAD_LIMIT);
        ck_assert_int_eq(error.offset, INTERIM__HEAD_MAX);
        ck_assert_int_eq(parse(&head, text, INTERIM__HEAD_MAX + 1), INTERIM_EHEAD_LIMIT);
        free(text);
    }
    interim__head_dispose(&head);
}
END_TEST

START_TEST(head_may_have_1024_fields)
{
    interim__head head = {0};
    static char text[16384];

    for (size_t count = INTERIM__HEAD_FIELDS_MAX - 1; count <= INTERIM__HEAD_FIELDS_MAX + 1;
         count++) {
        char *at = text + sprintf(text, "HTTP/1.1 102 Processing\r\n");
        size_t last = 0;

        for (size_t i = 0; i < count; i++) {
            last = (size_t)(at - text);
            at += sprintf(at, "X%zu: %zu\r\n", i, i);
        }
        at += sprintf(at, "\r\n");
        if (count <= INTERIM__HEAD_FIELDS_MAX) {
            ck_assert_int_eq(parse(&head, text, (size_t)(at - text)), at - text);
            ck_assert_uint_eq(head.fields.count, count);
            ck_assert_str_eq(interim__fields_value(&head.fields, "x1000", ""), "1000");
        } else {
            ck_assert_int_eq(parse(&head, text, (size_t)(at - text)), INTERIM_EHEAD_LIMIT);
            ck_assert_int_eq(error.offset, (int64_t)last);
        }
    }
    interim__head_dispose(&head);
}
END_TEST

START_TEST(head_clear_keeps_nothing_but_memory)
{
    interim__head head = {0};
    interim_field *items;

    ck_assert_int_gt(parse(&head, TEXT("HTTP/1.1 102 P\r\nA: b\r\n\r\n")), 0);
    items = head.fields.items;
    interim__head_clear(&head);
    ck_assert_int_eq(head.status, 0);
    ck_assert_str_eq(head.reason, "");
    ck_assert_uint_eq(head.fields.count, 0);
    ck_assert_ptr_eq(head.fields.items, items);
    ck_assert_int_gt(parse(&head, TEXT("HTTP/1.0 204\r\n\r\n")), 0);
    ck_assert_int_eq(head.status, 204);
    ck_assert_uint_eq(head.fields.count, 0);
    interim__head_dispose(&head);
    interim__head_dispose(&head);
}
END_TEST

START_TEST(head_without_memory_is_enomem)
{
    static char text[1024];
    char *at = text + sprintf(text, "HTTP/1.1 200 OK\r\n");
    unsigned long nth = 0;
    bool failed;

    for (int i = 0; i < 40; i++)
        at += sprintf(at, "A: b\r\n");
    at += sprintf(at, "\r\n");
    do {
        interim__head head = {0};

        interim__error_init(&error);
        interim__head_clear(&head);
        failing_alloc_arm(++nth);
        ptrdiff_t size = interim__head_parse(&head, guarded(text, (size_t)(at - text)),
                                             (size_t)(at - text), &error);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(size, failed ? INTERIM_ENOMEM : at - text);
        ck_assert_int_eq(error.code, failed ? INTERIM_ENOMEM : 0);
        ck_assert_int_eq(error.offset, -1);
        interim__head_dispose(&head);
    } while (failed);
    ck_assert_uint_gt(nth, 2);
}
END_TEST

START_TEST(head_find_end_looks_at_lines_once)
{
    static const char text[] = "A: b\r\nC: d\n\r\nrest";
    size_t scanned = 0;

    ck_assert_uint_eq(interim__head_find_end(text, 0, &scanned), 0);
    ck_assert_uint_eq(scanned, 0);
    ck_assert_uint_eq(interim__head_find_end(text, 6, &scanned), 0);
    ck_assert_uint_eq(scanned, 6);
    ck_assert_uint_eq(interim__head_find_end(text, 12, &scanned), 0);
    ck_assert_uint_eq(interim__head_find_end(text, sizeof text - 1, &scanned), 13);
    scanned = 0;
    ck_assert_uint_eq(interim__head_find_end("\r\n", 2, &scanned), 2);
    scanned = 0;
    ck_assert_uint_eq(interim__head_find_end("\nx", 2, &scanned), 1);
    scanned = 0;
    ck_assert_uint_eq(interim__head_find_end("\r\r\n", 3, &scanned), 0);
}
END_TEST

/* What parsing in two steps, which is the slow way, says of a text, or parsing it whole. */
static void outcome(char *out, size_t size, const char *text, size_t length, bool slowly)
{
    interim__head head = {0};
    ptrdiff_t end = 0;

    interim__error_init(&error);
    interim__head_clear(&head);
    if (slowly)
        end = interim__head_parse(&head, guarded(text, 1), 1, &error);
    if (end == 0)
        end = interim__head_parse(&head, guarded(text, length), length, &error);
    if (end > 0)
        describe(out, size, &head);
    else
        snprintf(out, size, "%lld %s", (long long)error.offset, error.text);
    snprintf(out + strlen(out), size - strlen(out), " %td", end);
    interim__head_dispose(&head);
}

/* Each byte of heads that show every way to write one is replaced by each that could matter, left
 * out, and made the last. */
START_TEST(head_in_one_pass_is_what_it_is_in_steps)
{
    static const char bytes[] = "\0\t\n\r :A0-@\x1f\x7f\xff";
    char text[128], fast[512], slow[512];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        for (size_t at = 0; at < strlen(good[i].text); at++)
            for (size_t b = 0; b < sizeof bytes + 1; b++) {
                size_t length = strlen(good[i].text);

                memcpy(text, good[i].text, length);
                if (b < sizeof bytes - 1)
                    text[at] = bytes[b];
                else if (b == sizeof bytes - 1)
                    memmove(text + at, text + at + 1, --length - at);
                else
                    length = at + 1;
                outcome(fast, sizeof fast, text, length, false);
                outcome(slow, sizeof slow, text, length, true);
                ck_assert_str_eq(fast, slow);
            }
}
END_TEST

Suite *head_suite(void)
{
    Suite *suite = suite_create("head");
    TCase *tests = tcase_create("head");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, head_is_understood_whole);
    tcase_add_test(tests, head_is_understood_byte_by_byte);
    tcase_add_test(tests, head_is_understood_at_every_split);
    tcase_add_test(tests, head_ends_before_what_follows);
    tcase_add_test(tests, head_malformed_is_refused_at_its_byte);
    tcase_add_test(tests, head_of_another_protocol_is_refused_at_its_first_wrong_byte);
    tcase_add_test(tests, head_may_have_65536_bytes);
    tcase_add_test(tests, head_without_end_is_refused_at_65536_bytes);
    tcase_add_test(tests, head_may_have_1024_fields);
    tcase_add_test(tests, head_clear_keeps_nothing_but_memory);
    tcase_add_test(tests, head_without_memory_is_enomem);
    tcase_add_test(tests, head_find_end_looks_at_lines_once);
    tcase_add_test(tests, head_in_one_pass_is_what_it_is_in_steps);
    suite_add_tcase(suite, tests);
    return suite;
}
