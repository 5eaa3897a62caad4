/* sender.c - the sending half of an exchange. */
#include "exchange/sender.h"

#include "exchange/request_head.h"
#include "suites.h"
#include "support/failing_alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "PUT / HTTP/1.1\r\n\r\n"
#define HEAD_LENGTH (sizeof HEAD - 1)

static interim_error error;

/* A reader with a script: piece bytes a call, up to total; the call number fail_at (from 1) answers
 * wrong. */
struct script {
    size_t piece, total, given;
    unsigned calls, fail_at;
    ptrdiff_t wrong;
    size_t asked_most;
};

static ptrdiff_t read_script(void *buffer, size_t size, void *user)
{
    struct script *script = user;
    size_t rest = script->total - script->given, give = script->piece;

    if (size > script->asked_most)
        script->asked_most = size;
    if (++script->calls == script->fail_at)
        return script->wrong;
    if (give > rest)
        give = rest;
    if (give > size)
        give = size;
    for (size_t i = 0; i < give; i++)
        ((char *)buffer)[i] = (char)('a' + (script->given + i) % 26);
    script->given += give;
    return (ptrdiff_t)give;
}

static void start(interim__sender *sender, const char *data, struct script *script, int64_t length)
{
    interim__body_source body = {.data = data,
                                 .reader = script == NULL ? NULL : read_script,
                                 .user = script,
                                 .length = length};

    memset(sender, 0, sizeof *sender);
    interim__error_init(&error);
    ck_assert_int_eq(interim__buffer_append_text(&sender->out, HEAD), 0);
    interim__sender_start(sender, &body);
}

/* Sends at most step bytes at a time until there are none; what came, appended to wire. 0 or the
 * error. */
static int drain(interim__sender *sender, size_t step, interim__buffer *wire)
{
    const char *data;
    ptrdiff_t size;

    while ((size = interim__sender_output(sender, &data, &error)) > 0) {
        const char *again;
        size_t taken = (size_t)size < step ? (size_t)size : step;

        if (interim__sender_done(sender))
            ck_abort_msg("done, and yet there are bytes");
        if (interim__sender_output(sender, &again, &error) != size || again != data)
            ck_abort_msg("asked twice without sending, it does not say the same");
        if (interim__buffer_append(wire, data, taken) < 0)
            ck_abort_msg("out of memory");
        interim__sender_sent(sender, taken);
    }
    return (int)size;
}

static char *letters(size_t size)
{
    char *text = malloc(size + 1);

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + i % 26);
    text[size] = '\0';
    return text;
}

static const size_t steps[] = {1, 2, 3, 7, 1000, 16384, 16385, SIZE_MAX};

START_TEST(sender_without_body_sends_the_head)
{
    static const int64_t lengths[] = {INTERIM__BODY_NONE, 0};

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
            interim__sender sender;
            interim__buffer wire = {0};

            start(&sender, NULL, NULL, lengths[i]);
            ck_assert(!interim__sender_done(&sender));
            ck_assert_int_eq(drain(&sender, steps[s], &wire), 0);
            ck_assert(interim__sender_done(&sender));
            ck_assert_str_eq(wire.data, HEAD);
            ck_assert_ptr_null(sender.out.data); /* nothing is held while the answer is awaited */
            interim__buffer_dispose(&wire);
            interim__sender_dispose(&sender);
        }
}
END_TEST

START_TEST(sender_sends_a_body_from_memory)
{
    static const size_t sizes[] = {1, 2, 100, 16384, 40000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
            char *body = letters(sizes[i]);
            interim__sender sender;
            interim__buffer wire = {0};

            start(&sender, body, NULL, (int64_t)sizes[i]);
            ck_assert_int_eq(drain(&sender, steps[s], &wire), 0);
            ck_assert(interim__sender_done(&sender));
            ck_assert_uint_eq(wire.length, HEAD_LENGTH + sizes[i]);
            ck_assert(memcmp(wire.data, HEAD, HEAD_LENGTH) == 0);
            ck_assert_str_eq(wire.data + HEAD_LENGTH, body);
            interim__buffer_dispose(&wire);
            interim__sender_dispose(&sender);
            free(body);
        }
}
END_TEST

START_TEST(sender_sends_a_body_from_a_reader)
{
    static const size_t sizes[] = {1, 2, 100, 16383, 16384, 16385, 40000};
    static const size_t pieces[] = {1, 7, 16383, 16384, SIZE_MAX};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++)
            for (size_t s = 3; s < sizeof steps / sizeof *steps; s++) {
                struct script script = {.piece = pieces[p], .total = sizes[i]};
                char *body = letters(sizes[i]);
                interim__sender sender;
                interim__buffer wire = {0};

                start(&sender, NULL, &script, (int64_t)sizes[i]);
                ck_assert_int_eq(drain(&sender, steps[s], &wire), 0);
                ck_assert(interim__sender_done(&sender));
                ck_assert_uint_eq(wire.length, HEAD_LENGTH + sizes[i]);
                ck_assert_str_eq(wire.data + HEAD_LENGTH, body);
                /* it is not asked again after it gave what it promised */
                ck_assert_uint_eq(script.given, sizes[i]);
                ck_assert_uint_le(script.asked_most, sizes[i]);
                interim__buffer_dispose(&wire);
                interim__sender_dispose(&sender);
                free(body);
            }
}
END_TEST

/* Takes the chunks of a wire apart into the payload. */
static void unchunk(interim__buffer *payload, const char *at)
{
    size_t size;

    do {
        char *end;

        size = strtoul(at, &end, 16);
        if (end == at || memcmp(end, "\r\n", 2) != 0 || memcmp(end + 2 + size, "\r\n", 2) != 0)
            ck_abort_msg("this is not a chunk: %.40s", at);
        if (interim__buffer_append(payload, end + 2, size) < 0)
            ck_abort_msg("out of memory");
        at = end + 2 + size + 2;
    } while (size > 0);
    ck_assert_str_eq(at, "");
}

START_TEST(sender_sends_a_body_of_unknown_length_chunked)
{
    static const size_t sizes[] = {0, 1, 2, 100, 16383, 16384, 16385, 40000};
    static const size_t pieces[] = {1, 15, 16, 4095, 4096, 16384};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++)
            for (size_t s = 3; s < sizeof steps / sizeof *steps; s++) {
                struct script script = {.piece = pieces[p], .total = sizes[i]};
                char *body = letters(sizes[i]);
                interim__sender sender;
                interim__buffer wire = {0}, payload = {0};

                start(&sender, NULL, &script, INTERIM__BODY_CHUNKED);
                ck_assert_int_eq(drain(&sender, steps[s], &wire), 0);
                ck_assert(interim__sender_done(&sender));
                ck_assert(memcmp(wire.data, HEAD, HEAD_LENGTH) == 0);
                unchunk(&payload, wire.data + HEAD_LENGTH);
                ck_assert_str_eq(payload.data, body);
                interim__buffer_dispose(&wire);
                interim__buffer_dispose(&payload);
                interim__sender_dispose(&sender);
                free(body);
            }
}
END_TEST

START_TEST(sender_chunks_are_written_plainly)
{
    struct script script = {.piece = 17, .total = 19};
    interim__sender sender;
    interim__buffer wire = {0};

    start(&sender, NULL, &script, INTERIM__BODY_CHUNKED);
    ck_assert_int_eq(drain(&sender, 1, &wire), 0);
    ck_assert_str_eq(wire.data, HEAD "11\r\nabcdefghijklmnopq\r\n2\r\nrs\r\n0\r\n\r\n");
    interim__buffer_dispose(&wire);
    interim__sender_dispose(&sender);
}
END_TEST

START_TEST(sender_reader_may_fail_at_each_call)
{
    static const ptrdiff_t wrong[] = {-1, -100, PTRDIFF_MIN, 16385, PTRDIFF_MAX};

    for (int known = 0; known < 2; known++)
        for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++)
            for (unsigned call = 1; call <= 5; call++) {
                struct script script = {
                    .piece = 10, .total = 50, .fail_at = call, .wrong = wrong[w]};
                interim__sender sender;
                interim__buffer wire = {0};
                const char *data;

                start(&sender, NULL, &script, known ? 50 : INTERIM__BODY_CHUNKED);
                ck_assert_int_eq(drain(&sender, SIZE_MAX, &wire), INTERIM_ECALLBACK);
                ck_assert_int_eq(error.code, INTERIM_ECALLBACK);
                ck_assert_int_eq(error.stage, INTERIM_STAGE_SEND);
                ck_assert_uint_eq(script.calls, call);
                if (known)
                    ck_assert_uint_eq(wire.length, HEAD_LENGTH + 10 * (call - 1));
                /* it stays so, and the reader is not asked again */
                ck_assert(!interim__sender_done(&sender));
                ck_assert_int_eq(interim__sender_output(&sender, &data, &error), 0);
                ck_assert_uint_eq(script.calls, call);
                interim__buffer_dispose(&wire);
                interim__sender_dispose(&sender);
            }
}
END_TEST

START_TEST(sender_reader_that_ends_early_has_failed)
{
    for (size_t given = 0; given < 5; given++) {
        struct script script = {.piece = 1, .total = given};
        interim__sender sender;
        interim__buffer wire = {0};

        start(&sender, NULL, &script, 5);
        ck_assert_int_eq(drain(&sender, SIZE_MAX, &wire), INTERIM_ECALLBACK);
        ck_assert_uint_eq(wire.length, HEAD_LENGTH + given);
        ck_assert(!interim__sender_done(&sender));
        interim__buffer_dispose(&wire);
        interim__sender_dispose(&sender);
    }
}
END_TEST

START_TEST(sender_error_text_makes_sense_without_a_length)
{
    struct script script = {.piece = 10, .total = 50, .fail_at = 2, .wrong = -7};
    interim__sender sender;
    interim__buffer wire = {0};

    start(&sender, NULL, &script, INTERIM__BODY_CHUNKED);
    ck_assert_int_eq(drain(&sender, SIZE_MAX, &wire), INTERIM_ECALLBACK);
    ck_assert_ptr_nonnull(strstr(error.text, "-7"));
    ck_assert_ptr_null(strstr(error.text, "-1"));
    interim__buffer_dispose(&wire);
    interim__sender_dispose(&sender);
}
END_TEST

START_TEST(sender_abandoned_sends_nothing_more)
{
    char *body = letters(40);

    for (size_t sent = 0; sent <= HEAD_LENGTH + 40; sent++)
        for (int from_reader = 0; from_reader < 2; from_reader++) {
            struct script script = {.piece = 8, .total = 40};
            interim__sender sender;
            const char *data;

            start(&sender, from_reader ? NULL : body, from_reader ? &script : NULL, 40);
            for (size_t i = 0; i < sent; i++) {
                ck_assert_int_gt(interim__sender_output(&sender, &data, &error), 0);
                interim__sender_sent(&sender, 1);
            }
            interim__sender_abandon(&sender);
            ck_assert(interim__sender_done(&sender) == (sent == HEAD_LENGTH + 40));
            ck_assert_int_eq(interim__sender_output(&sender, &data, &error), 0);
            ck_assert(interim__sender_done(&sender) == (sent == HEAD_LENGTH + 40));
            interim__sender_dispose(&sender);
        }
    free(body);
}
END_TEST

/* A source that can be read twice: letters by their offset; it fails at an offset, 0: never. */
struct letters_source {
    int64_t fail_at, last_offset;
};

static ptrdiff_t read_letters(void *buffer, size_t size, int64_t offset, void *user)
{
    struct letters_source *source = user;

    source->last_offset = offset;
    if (source->fail_at > 0 && offset >= source->fail_at)
        return -5;
    for (size_t i = 0; i < size; i++)
        ((char *)buffer)[i] = (char)('a' + ((size_t)offset + i) % 26);
    return (ptrdiff_t)size;
}

START_TEST(sender_asks_a_source_by_offset)
{
    static const size_t sizes[] = {1, 16384, 16385, 40000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int turn = 0; turn < 2; turn++) { /* the same source, twice */
            struct letters_source source = {0, -1};
            interim__body_source body = {
                .piece = read_letters, .user = &source, .length = (int64_t)sizes[i]};
            char *expected = letters(sizes[i]);
            interim__sender sender = {0};
            interim__buffer wire = {0};

            interim__error_init(&error);
            interim__sender_start(&sender, &body);
            ck_assert_int_eq(drain(&sender, 5000, &wire), 0);
            ck_assert(interim__sender_done(&sender));
            ck_assert_str_eq(wire.data, expected);
            ck_assert_int_eq(source.last_offset, (int64_t)((sizes[i] - 1) / 16384 * 16384));
            interim__buffer_dispose(&wire);
            interim__sender_dispose(&sender);
            free(expected);
        }
}
END_TEST

/* What is moved past the sender, and what it gives itself, in turns; of a body that begins in the
 * middle of its source. */
START_TEST(sender_of_a_movable_body_takes_both_ways)
{
    struct letters_source source = {0, -1};
    interim__body_source body = {
        .piece = read_letters, .user = &source, .length = 100, .movable = true, .from = 500};
    interim__sender sender = {0};
    int64_t offset = -1;
    const char *data;

    interim__error_init(&error);
    ck_assert_int_eq(interim__buffer_append(&sender.out, "head", 4), 0);
    interim__sender_start(&sender, &body);
    sender.held = true;
    ck_assert_int_eq(interim__sender_movable(&sender, &offset), 0); /* first the head */
    ck_assert_int_eq(interim__sender_output(&sender, &data, &error), 4);
    interim__sender_sent(&sender, 4);
    ck_assert_int_eq(interim__sender_movable(&sender, &offset), 0); /* not asked for */
    interim__sender_release(&sender);
    ck_assert_int_eq(interim__sender_movable(&sender, &offset), 100);
    ck_assert_int_eq(offset, 500);
    interim__sender_sent(&sender, 30);
    ck_assert_int_eq(interim__sender_movable(&sender, &offset), 70);
    ck_assert_int_eq(offset, 530);
    ck_assert_int_eq(interim__sender_output(&sender, &data, &error), 70);
    ck_assert_int_eq(source.last_offset, 530);
    ck_assert_int_eq(interim__sender_movable(&sender, &offset), 0); /* it has them already */
    interim__sender_sent(&sender, 70);
    ck_assert(interim__sender_done(&sender));
    ck_assert_int_eq(interim__sender_movable(&sender, &offset), 0);
    interim__sender_dispose(&sender);
}
END_TEST

START_TEST(sender_source_may_fail)
{
    struct letters_source source = {16384, -1};
    interim__body_source body = {.piece = read_letters, .user = &source, .length = 40000};
    interim__sender sender = {0};
    interim__buffer wire = {0};

    interim__error_init(&error);
    interim__sender_start(&sender, &body);
    ck_assert_int_eq(drain(&sender, SIZE_MAX, &wire), INTERIM_ECALLBACK);
    ck_assert_uint_eq(wire.length, 16384);
    ck_assert(!interim__sender_done(&sender));
    interim__buffer_dispose(&wire);
    interim__sender_dispose(&sender);
}
END_TEST

START_TEST(sender_holds_the_body_until_it_is_released)
{
    for (int from_reader = 0; from_reader < 2; from_reader++) {
        struct script script = {.piece = 3, .total = 5};
        interim__sender sender;
        interim__buffer wire = {0};
        const char *data;

        start(&sender, from_reader ? NULL : "abcde", from_reader ? &script : NULL, 5);
        sender.held = true;
        ck_assert(!interim__sender_waits(&sender)); /* the head comes first */
        ck_assert_int_eq(drain(&sender, 7, &wire), 0);
        ck_assert_str_eq(wire.data, HEAD);
        ck_assert(interim__sender_waits(&sender));
        ck_assert(!interim__sender_done(&sender));
        ck_assert_uint_eq(script.calls, 0);
        ck_assert_int_eq(interim__sender_output(&sender, &data, &error), 0);
        interim__sender_release(&sender);
        ck_assert(!interim__sender_waits(&sender));
        ck_assert_int_eq(drain(&sender, 7, &wire), 0);
        ck_assert_str_eq(wire.data, HEAD "abcde");
        ck_assert(interim__sender_done(&sender));
        interim__buffer_dispose(&wire);
        interim__sender_dispose(&sender);
    }
}
END_TEST

START_TEST(sender_abandoned_while_it_holds_sends_no_body)
{
    interim__sender sender;
    interim__buffer wire = {0};
    const char *data;

    start(&sender, "abcde", NULL, 5);
    sender.held = true;
    ck_assert_int_eq(drain(&sender, SIZE_MAX, &wire), 0);
    interim__sender_abandon(&sender);
    interim__sender_release(&sender);
    ck_assert_int_eq(interim__sender_output(&sender, &data, &error), 0);
    ck_assert(!interim__sender_done(&sender));
    ck_assert_str_eq(wire.data, HEAD);
    interim__buffer_dispose(&wire);
    interim__sender_dispose(&sender);
}
END_TEST

START_TEST(sender_without_memory_is_enomem)
{
    unsigned long nth = 0;
    bool failed;

    do {
        struct script script = {.piece = 16384, .total = 40000};
        interim__sender sender;
        const char *data;
        ptrdiff_t size;

        start(&sender, NULL, &script, INTERIM__BODY_CHUNKED);
        failing_alloc_arm(++nth);
        while ((size = interim__sender_output(&sender, &data, &error)) > 0)
            interim__sender_sent(&sender, (size_t)size);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(size, failed ? INTERIM_ENOMEM : 0);
        ck_assert_int_eq(error.code, failed ? INTERIM_ENOMEM : 0);
        ck_assert(interim__sender_done(&sender) == !failed);
        ck_assert_int_eq(interim__sender_output(&sender, &data, &error), 0);
        interim__sender_dispose(&sender);
    } while (failed);
    ck_assert_uint_gt(nth, 1);
}
END_TEST

Suite *sender_suite(void)
{
    Suite *suite = suite_create("sender");
    TCase *tests = tcase_create("sender");

    tcase_add_test(tests, sender_without_body_sends_the_head);
    tcase_add_test(tests, sender_sends_a_body_from_memory);
    tcase_add_test(tests, sender_sends_a_body_from_a_reader);
    tcase_add_test(tests, sender_sends_a_body_of_unknown_length_chunked);
    tcase_add_test(tests, sender_chunks_are_written_plainly);
    tcase_add_test(tests, sender_reader_may_fail_at_each_call);
    tcase_add_test(tests, sender_reader_that_ends_early_has_failed);
    tcase_add_test(tests, sender_error_text_makes_sense_without_a_length);
    tcase_add_test(tests, sender_abandoned_sends_nothing_more);
    tcase_add_test(tests, sender_asks_a_source_by_offset);
    tcase_add_test(tests, sender_of_a_movable_body_takes_both_ways);
    tcase_add_test(tests, sender_source_may_fail);
    tcase_add_test(tests, sender_holds_the_body_until_it_is_released);
    tcase_add_test(tests, sender_abandoned_while_it_holds_sends_no_body);
    tcase_add_test(tests, sender_without_memory_is_enomem);
    suite_add_tcase(suite, tests);
    return suite;
}
