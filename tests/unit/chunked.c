/* chunked.c - the chunked transfer coding. */
#include "exchange/chunked.h"

#include "exchange/head.h"
#include "suites.h"
#include "support/failing_alloc.h"
#include "support/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFSET 1000 /* where the body begins in the answer */

static interim_error error;

/* What a body came to. */
struct outcome {
    int code;    /* 1: complete, 0: more is needed, or an error */
    size_t used; /* bytes of it */
    interim__buffer payload;
    interim__chunked chunked;
};

static void begin(struct outcome *outcome)
{
    memset(outcome, 0, sizeof *outcome);
    interim__error_init(&error);
}

static void dispose(struct outcome *outcome)
{
    interim__buffer_dispose(&outcome->payload);
    interim__chunked_dispose(&outcome->chunked);
}

/* Decodes one piece, which ends at a page that cannot be read. */
static void feed(struct outcome *outcome, const char *text, size_t length)
{
    char *data = guarded(text, length);

    for (;;) {
        const char *body = NULL;
        size_t body_length = 0, before = length;

        outcome->code = interim__chunked_next(&outcome->chunked, &data, &length,
                                              OFFSET + outcome->used, &body, &body_length, &error);
        outcome->used += before - length;
        if (outcome->code != 0)
            return;
        if (body_length == 0 && length > 0)
            ck_abort_msg("neither payload nor an end, and bytes are left");
        if (body_length == 0)
            return;
        if (interim__buffer_append(&outcome->payload, body, body_length) < 0)
            ck_abort_msg("out of memory");
    }
}

enum { WHOLE, BYTEWISE };

static void decode(struct outcome *outcome, const char *text, size_t length, int how)
{
    begin(outcome);
    if (how == WHOLE)
        feed(outcome, text, length);
    for (size_t i = 0; how == BYTEWISE && i < length && outcome->code == 0; i++)
        feed(outcome, text + i, 1);
}

static const char *payload_of(const struct outcome *outcome)
{
    return outcome->payload.data == NULL ? "" : outcome->payload.data;
}

#define TEXT(text) (text), sizeof(text) - 1

static const struct {
    const char *text;
    size_t length;
    const char *payload;
    size_t left; /* bytes that belong to what follows */
    size_t trailers;
} good[] = {
    {TEXT("0\r\n\r\n"), "", 0, 0},
    {TEXT("2\r\nab\r\n0\r\n\r\n"), "ab", 0, 0},
    {TEXT("2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"), "abcde", 0, 0},
    {TEXT("A\r\n0123456789\r\n0\r\n\r\n"), "0123456789", 0, 0},
    {TEXT("a\r\n0123456789\r\n00000\r\n\r\n"), "0123456789", 0, 0},
    {TEXT("0000000000000000000000002\r\nab\r\n0\r\n\r\n"), "ab", 0, 0},
    {TEXT("2\r\n\r\n\r\n0\r\n\r\n"), "\r\n", 0, 0},
    {TEXT("3\r\n0\r\n\r\n0\r\n\r\n"), "0\r\n", 0, 0},
    {TEXT("0\r\n\r\nHTTP/1.1"), "", 8, 0},
    {TEXT("1\r\nx\r\n0\r\n\r\n\r\n"), "x", 2, 0},
    /* extensions and blanks are skipped */
    {TEXT("2;a\r\nab\r\n0;b=c;d=\"e;\"\r\n\r\n"), "ab", 0, 0},
    {TEXT("2 ; a = b\r\nab\r\n0\t;c\r\n\r\n"), "ab", 0, 0},
    {TEXT("2;5\r\nab\r\n0\r\n\r\n"), "ab", 0, 0},
    {TEXT("2  \r\nab\r\n0 \r\n\r\n"), "ab", 0, 0},
    {TEXT("2;\xe9\r\nab\r\n0\r\n\r\n"), "ab", 0, 0},
    /* trailers */
    {TEXT("1\r\nx\r\n0\r\nA: b\r\n\r\n"), "x", 0, 1},
    {TEXT("0\r\nA: b\r\nContent-Length: 5\r\n\r\nzzzzz"), "", 5, 2},
    {TEXT("0\r\nA: b\n\n"), "", 0, 1},
    {TEXT("0\r\nA: b\r\n c\r\n\r\n"), "", 0, 1},
};

START_TEST(chunked_body_is_decoded)
{
    for (int how = WHOLE; how <= BYTEWISE; how++)
        for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
            struct outcome outcome;

            decode(&outcome, good[i].text, good[i].length, how);
            ck_assert_msg(outcome.code == 1, "%s: %s", good[i].text, error.text);
            ck_assert_str_eq(payload_of(&outcome), good[i].payload);
            ck_assert_uint_eq(outcome.used, good[i].length - good[i].left);
            ck_assert_uint_eq(outcome.chunked.trailers.count, good[i].trailers);
            dispose(&outcome);
        }
}
END_TEST

START_TEST(chunked_body_is_decoded_at_every_split)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        for (size_t split = 0; split < good[i].length - good[i].left; split++) {
            struct outcome outcome;

            begin(&outcome);
            feed(&outcome, good[i].text, split);
            ck_assert_int_eq(outcome.code, 0);
            ck_assert_uint_eq(outcome.used, split);
            feed(&outcome, good[i].text + split, good[i].length - split);
            ck_assert_int_eq(outcome.code, 1);
            ck_assert_str_eq(payload_of(&outcome), good[i].payload);
            ck_assert_uint_eq(outcome.used, good[i].length - good[i].left);
            dispose(&outcome);
        }
}
END_TEST

/* Chunks of all sizes about the limit of what is joined: a large one, and one that is cut, begin a
 * piece of their own, and the payload is what it is byte by byte. */
START_TEST(chunked_small_chunks_come_as_one_piece)
{
    static char text[80000];
    static const size_t sizes[] = {1,    100,  100, INTERIM__CHUNK_SMALL,     7, 9000, 5,
                                   2047, 2049, 1,   INTERIM__CHUNK_SMALL + 1, 3, 16,   15};
    struct outcome whole, bytewise;
    unsigned pieces = 0;
    size_t length = 0;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        length += (size_t)sprintf(text + length, "%zx\r\n", sizes[i]);
        for (size_t at = 0; at < sizes[i]; at++)
            text[length++] = (char)('a' + (i + at) % 26);
        length += (size_t)sprintf(text + length, "\r\n");
    }
    length += (size_t)sprintf(text + length, "0\r\n\r\n");
    decode(&whole, text, length, WHOLE);
    decode(&bytewise, text, length, BYTEWISE);
    ck_assert_int_eq(whole.code, 1);
    ck_assert_int_eq(bytewise.code, 1);
    ck_assert_uint_eq(whole.used, length);
    ck_assert_uint_eq(whole.payload.length, bytewise.payload.length);
    ck_assert_mem_eq(whole.payload.data, bytewise.payload.data, whole.payload.length);
    ck_assert_uint_eq(whole.chunked.overhead, bytewise.chunked.overhead);
    ck_assert_uint_eq(whole.chunked.payload, bytewise.chunked.payload);
    dispose(&whole);
    dispose(&bytewise);

    begin(&whole);
    for (char *data = guarded(text, length); length > 0 && whole.code == 0;) {
        const char *body = NULL;
        size_t body_length = 0;

        whole.code =
            interim__chunked_next(&whole.chunked, &data, &length, 0, &body, &body_length, &error);
        pieces += body_length > 0;
    }
    ck_assert_uint_eq(pieces, 4); /* each of the three large ones begins one */
    dispose(&whole);
}
END_TEST

START_TEST(chunked_trailers_are_fields)
{
    struct outcome outcome;

    decode(&outcome, TEXT("1\r\nx\r\n0\r\nChecksum: 12 \r\nEmpty:\r\nFold: a\r\n b\r\n\r\n"),
           BYTEWISE);
    ck_assert_int_eq(outcome.code, 1);
    ck_assert_uint_eq(outcome.chunked.trailers.count, 3);
    ck_assert_str_eq(outcome.chunked.trailers.items[0].name, "Checksum");
    ck_assert_str_eq(outcome.chunked.trailers.items[0].value, "12");
    ck_assert_str_eq(outcome.chunked.trailers.items[1].value, "");
    ck_assert_str_eq(outcome.chunked.trailers.items[2].value, "a   b");
    dispose(&outcome);
}
END_TEST

static const struct {
    const char *text;
    size_t length;
    int code;
    int64_t offset;
} bad[] = {
    {TEXT("\r\n"), INTERIM_ECHUNK, 0},
    {TEXT("x"), INTERIM_ECHUNK, 0},
    {TEXT(" 2\r\nab\r\n"), INTERIM_ECHUNK, 0},
    {TEXT(";a\r\n"), INTERIM_ECHUNK, 0},
    {TEXT("-1\r\n"), INTERIM_ECHUNK, 0},
    {TEXT("+2\r\nab\r\n"), INTERIM_ECHUNK, 0},
    {TEXT("0x2\r\nab\r\n"), INTERIM_ECHUNK, 1},
    {TEXT("2xyz\r\nab\r\n"), INTERIM_ECHUNK, 1},
    {TEXT("2 xyz\r\nab\r\n"), INTERIM_ECHUNK, 2},
    {TEXT("2 2\r\nab\r\n"), INTERIM_ECHUNK, 2},
    {TEXT("2\"\r\nab\r\n"), INTERIM_ECHUNK, 1},
    {TEXT("2\0\r\nab\r\n"), INTERIM_ECHUNK, 1},
    {TEXT("2;\0\r\nab\r\n"), INTERIM_ECHUNK, 2},
    /* lines end with CRLF and nothing else */
    {TEXT("2\nab\n0\n\n"), INTERIM_ECHUNK, 1},
    {TEXT("2;a\nab\r\n"), INTERIM_ECHUNK, 3},
    {TEXT("2 \nab\r\n"), INTERIM_ECHUNK, 2},
    {TEXT("2\rab\r\n"), INTERIM_ECHUNK, 2},
    {TEXT("2\r\r\nab\r\n"), INTERIM_ECHUNK, 2},
    {TEXT("2;a\rb\r\nab\r\n"), INTERIM_ECHUNK, 4},
    {TEXT("2\r\nab\n0\r\n\r\n"), INTERIM_ECHUNK, 5},
    {TEXT("2\r\nab\rx"), INTERIM_ECHUNK, 6},
    {TEXT("2\r\nabc\r\n"), INTERIM_ECHUNK, 5}, /* longer than it said */
    {TEXT("2\r\nab0\r\n\r\n"), INTERIM_ECHUNK, 5},
    {TEXT("3\r\nab\r\n0\r\n\r\n"), INTERIM_ECHUNK, 6}, /* shorter than it said */
    /* 8000000000000000 is negative, 10000000000000002 is 2, to who does not look */
    {TEXT("8000000000000000\r\n"), INTERIM_ECHUNK, 15},
    {TEXT("ffffffffffffffff\r\n"), INTERIM_ECHUNK, 15},
    {TEXT("10000000000000002\r\n"), INTERIM_ECHUNK, 16},
    /* trailers: errors of heads, counted from the beginning of the answer like the others */
    {TEXT("0\r\nAb\r\n\r\n"), INTERIM_EFIELD_LINE, 3},
    {TEXT("0\r\nA: b\r\nC : d\r\n\r\n"), INTERIM_EFIELD_LINE, 9},
    {TEXT("1\r\nx\r\n0\r\n A: b\r\n\r\n"), INTERIM_EFIELD_LINE, 9},
    {TEXT("0\r\nA: b\0\r\n\r\n"), INTERIM_EFIELD_LINE, 7},
    {TEXT("0\r\nA: b\rc\r\n\r\n"), INTERIM_EFIELD_LINE, 7},
};

START_TEST(chunked_malformed_is_refused_at_its_byte)
{
    for (int how = WHOLE; how <= BYTEWISE; how++)
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            struct outcome outcome;

            decode(&outcome, bad[i].text, bad[i].length, how);
            ck_assert_msg(outcome.code == bad[i].code, "%s: %d", bad[i].text, outcome.code);
            ck_assert_int_eq(error.code, bad[i].code);
            ck_assert_int_eq(error.stage, INTERIM_STAGE_BODY);
            ck_assert_msg(error.offset == OFFSET + bad[i].offset, "%s: offset %lld", bad[i].text,
                          (long long)error.offset);
            dispose(&outcome);
        }
}
END_TEST

START_TEST(chunked_size_may_be_int64_max)
{
    struct outcome outcome;

    decode(&outcome, TEXT("7fffffffffffffff\r\nabc"), WHOLE);
    ck_assert_int_eq(outcome.code, 0);
    ck_assert_str_eq(payload_of(&outcome), "abc");
    ck_assert_uint_eq(outcome.chunked.remaining, (uint64_t)INT64_MAX - 3);
    dispose(&outcome);
}
END_TEST

START_TEST(chunked_size_line_may_have_4096_bytes)
{
    for (size_t size = INTERIM__CHUNK_LINE_MAX - 1; size <= INTERIM__CHUNK_LINE_MAX + 1; size++)
        for (int how = WHOLE; how <= BYTEWISE; how++) {
            static char text[INTERIM__CHUNK_LINE_MAX + 64];
            size_t length = size + 1; /* of the line with its end */
            struct outcome outcome;

            memset(text, 'e', size);
            memcpy(text, "2;", 2);
            memcpy(text + size - 1, "\r\n", 2);
            memcpy(text + length, "ab\r\n0\r\n\r\n", 9);
            decode(&outcome, text, length + 9, how);
            if (size <= INTERIM__CHUNK_LINE_MAX) {
                ck_assert_int_eq(outcome.code, 1);
                ck_assert_str_eq(payload_of(&outcome), "ab");
            } else {
                ck_assert_int_eq(outcome.code, INTERIM_ECHUNK);
                ck_assert_int_eq(error.offset, OFFSET + INTERIM__CHUNK_LINE_MAX);
            }
            dispose(&outcome);
        }
}
END_TEST

START_TEST(chunked_size_line_without_end_is_refused)
{
    static char text[200000];
    struct outcome outcome;

    memset(text, 'x', sizeof text);
    memcpy(text, "2;", 2);
    decode(&outcome, text, sizeof text, WHOLE);
    ck_assert_int_eq(outcome.code, INTERIM_ECHUNK);
    dispose(&outcome);
    memset(text, '0', sizeof text); /* a number of one value and many digits */
    decode(&outcome, text, sizeof text, WHOLE);
    ck_assert_int_eq(outcome.code, INTERIM_ECHUNK);
    ck_assert_int_eq(error.offset, OFFSET + INTERIM__CHUNK_LINE_MAX);
    dispose(&outcome);
}
END_TEST

/* Chunks of this payload with an extension, until it fails or count were taken; how many bytes that
 * was. */
static size_t chunks(struct outcome *outcome, size_t payload, size_t extension, size_t count)
{
    char *text = malloc(payload + extension + 64);
    size_t at = (size_t)sprintf(text, "%zx;", payload);

    memset(text + at, 'e', extension);
    at += extension;
    memcpy(text + at, "\r\n", 2);
    at += 2;
    memset(text + at, 'p', payload);
    at += payload;
    memcpy(text + at, "\r\n", 2);
    at += 2;
    begin(outcome);
    for (size_t i = 0; i < count && outcome->code == 0; i++)
        feed(outcome, text, at);
    free(text);
    return outcome->used;
}

START_TEST(chunked_framing_without_payload_is_refused_at_its_limit)
{
    struct outcome outcome;

    /* 1 byte in 1,000: refused, at the first byte beyond the limit */
    chunks(&outcome, 1, 993, 1000);
    ck_assert_int_eq(outcome.code, INTERIM_ECHUNK);
    ck_assert_uint_eq(outcome.chunked.overhead, INTERIM__CHUNK_OVERHEAD_MAX + 1);
    ck_assert_int_eq(error.offset, (int64_t)(OFFSET + outcome.used));
    dispose(&outcome);
    /* a quarter of all is payload: goes on for ever */
    chunks(&outcome, 400, 1000, 2000);
    ck_assert_int_eq(outcome.code, 0);
    ck_assert_uint_gt(outcome.chunked.overhead, 10 * INTERIM__CHUNK_OVERHEAD_MAX);
    ck_assert_uint_eq(outcome.payload.length, 2000 * 400);
    dispose(&outcome);
    /* a little less than a quarter does not */
    chunks(&outcome, 330, 1000, 2000);
    ck_assert_int_eq(outcome.code, INTERIM_ECHUNK);
    dispose(&outcome);
}
END_TEST

START_TEST(chunked_chunks_of_a_line_go_on_for_ever)
{
    struct outcome outcome;

    /* A markers' stream: "5\r\nxxxx\n\r\n" has as much framing as payload. */
    chunks(&outcome, 5, 0, 200000);
    ck_assert_int_eq(outcome.code, 0);
    ck_assert_uint_eq(outcome.payload.length, 1000000);
    dispose(&outcome);
}
END_TEST

START_TEST(chunked_trailers_may_have_16384_bytes)
{
    for (size_t size = INTERIM__TRAILERS_MAX - 1; size <= INTERIM__TRAILERS_MAX + 1; size++)
        for (int how = WHOLE; how <= BYTEWISE; how++) {
            static char text[INTERIM__TRAILERS_MAX + 64] = "0\r\n";
            struct outcome outcome;

            memset(text + 3, 't', size);
            memcpy(text + 3, "T:", 2);
            memcpy(text + 3 + size - 4, "\r\n\r\nz", 5);
            decode(&outcome, text, 3 + size + 1, how);
            if (size <= INTERIM__TRAILERS_MAX) {
                ck_assert_int_eq(outcome.code, 1);
                ck_assert_uint_eq(outcome.used, 3 + size);
                ck_assert_uint_eq(outcome.chunked.trailers.items[0].value_length, size - 6);
            } else {
                ck_assert_int_eq(outcome.code, INTERIM_EHEAD_LIMIT);
                ck_assert_int_eq(error.offset, OFFSET + 3 + INTERIM__TRAILERS_MAX);
            }
            dispose(&outcome);
        }
}
END_TEST

START_TEST(chunked_trailers_without_end_are_refused_at_16384_bytes)
{
    static char text[INTERIM__TRAILERS_MAX + 3];
    struct outcome outcome;

    memset(text, 't', sizeof text);
    memcpy(text, "0\r\n", 3);
    decode(&outcome, text, sizeof text - 1, WHOLE);
    ck_assert_int_eq(outcome.code, 0);
    dispose(&outcome);
    decode(&outcome, text, sizeof text, WHOLE);
    ck_assert_int_eq(outcome.code, INTERIM_EHEAD_LIMIT);
    dispose(&outcome);
}
END_TEST

START_TEST(chunked_without_memory_is_enomem)
{
    static const char text[] = "2\r\nab\r\n0\r\nA: b\r\nC: d\r\n\r\n";
    unsigned long nth = 0;
    bool failed;

    do {
        interim__chunked chunked = {0};
        char *data = guarded(text, sizeof text - 1);
        size_t length = sizeof text - 1, body_length;
        const char *body;
        int code;

        interim__error_init(&error);
        failing_alloc_arm(++nth);
        do
            code = interim__chunked_next(&chunked, &data, &length, 0, &body, &body_length, &error);
        while (code == 0 && body_length > 0);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(code, failed ? INTERIM_ENOMEM : 1);
        ck_assert_int_eq(error.code, failed ? INTERIM_ENOMEM : 0);
        ck_assert_int_eq(error.offset, -1);
        interim__chunked_dispose(&chunked);
    } while (failed);
    ck_assert_uint_gt(nth, 2);
}
END_TEST

Suite *chunked_suite(void)
{
    Suite *suite = suite_create("chunked");
    TCase *tests = tcase_create("chunked");

    tcase_add_test(tests, chunked_body_is_decoded);
    tcase_add_test(tests, chunked_body_is_decoded_at_every_split);
    tcase_add_test(tests, chunked_small_chunks_come_as_one_piece);
    tcase_add_test(tests, chunked_trailers_are_fields);
    tcase_add_test(tests, chunked_malformed_is_refused_at_its_byte);
    tcase_add_test(tests, chunked_size_may_be_int64_max);
    tcase_add_test(tests, chunked_size_line_may_have_4096_bytes);
    tcase_add_test(tests, chunked_size_line_without_end_is_refused);
    tcase_add_test(tests, chunked_framing_without_payload_is_refused_at_its_limit);
    tcase_add_test(tests, chunked_chunks_of_a_line_go_on_for_ever);
    tcase_add_test(tests, chunked_trailers_may_have_16384_bytes);
    tcase_add_test(tests, chunked_trailers_without_end_are_refused_at_16384_bytes);
    tcase_add_test(tests, chunked_without_memory_is_enomem);
    suite_add_tcase(suite, tests);
    return suite;
}
