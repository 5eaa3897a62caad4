/* Tests of src/exchange/coding.c. What is decoded is coded here, by zlib. */
#include "exchange/coding.h"

#include "suites.h"
#include "support/failing_alloc.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define GZIP (16 + 15)
#define ZLIB 15
#define RAW (-15)

typedef struct bytes {
    char *data;
    size_t size;
} bytes;

static bytes code(int window, const void *data, size_t size)
{
    z_stream stream = {0};
    bytes out = {malloc(size + 1000), size + 1000};

    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (unsigned char *)(uintptr_t)data;
    stream.avail_in = (unsigned)size;
    stream.next_out = (unsigned char *)out.data;
    stream.avail_out = (unsigned)out.size;
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.size -= stream.avail_out;
    deflateEnd(&stream);
    return out;
}

static interim__fields coded_by(const char *list)
{
    interim__fields fields = {0};

    ck_assert_int_eq(interim__fields_add(&fields, "Content-Encoding", 16, list, strlen(list)), 0);
    return fields;
}

typedef struct sunk {
    char data[200000];
    size_t size;
    int refuse; /* what to answer */
} sunk;

static int sink(void *user, const char *data, size_t size)
{
    sunk *into = user;

    if (into->refuse < 0)
        return into->refuse;
    if (into->size + size <= sizeof into->data)
        memcpy(into->data + into->size, data, size);
    into->size += size;
    return 0;
}

/* Decodes in pieces of `step` bytes. Returns the first failure, or what finish says. */
static int decode(const char *list, bytes coded, size_t step, uint64_t max, sunk *into)
{
    interim__fields fields = coded_by(list);
    interim__coding *coding;
    interim_error error;
    int failed;

    into->size = 0;
    interim__error_init(&error);
    failed = interim__coding_new(&coding, &fields, max, &error);
    interim__fields_dispose(&fields);
    for (size_t at = 0; failed == 0 && coding != NULL && at < coded.size; at += step)
        failed = interim__coding_feed(coding, coded.data + at,
                                      coded.size - at < step ? coded.size - at : step, sink, into,
                                      &error);
    if (failed == 0 && coding != NULL)
        failed = interim__coding_finish(coding, &error);
    interim__coding_free(coding);
    return failed;
}

static char text[100000];
static sunk out;

static void make_text(void)
{
    unsigned state = 1;

    for (size_t i = 0; i < sizeof text; i++) {
        state = state * 1103515245u + 12345u;
        text[i] = (char)('a' + (state >> 16) % 16);
    }
    out.refuse = 0;
}

static const struct {
    const char *list;
    int window;
} single[] = {{"gzip", GZIP},    {"x-gzip", GZIP}, {"GZip", GZIP},
              {"deflate", ZLIB}, {"deflate", RAW}, {" identity , gzip", GZIP}};

START_TEST(each_coding_in_pieces_of_any_size)
{
    static const size_t steps[] = {1, 2, 3, 7, 1000, sizeof text};
    bytes coded = code(single[_i].window, text, sizeof text);

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        ck_assert_int_eq(decode(single[_i].list, coded, steps[i], 0, &out), 0);
        ck_assert_uint_eq(out.size, sizeof text);
        ck_assert_mem_eq(out.data, text, sizeof text);
    }
    free(coded.data);
}
END_TEST

START_TEST(truncation_is_an_error_at_every_byte)
{
    bytes coded = code(single[_i].window, "hello, world", 12);

    for (size_t size = 1; size < coded.size; size++)
        ck_assert_int_eq(decode(single[_i].list, (bytes){coded.data, size}, size, 0, &out),
                         INTERIM_ECODING);
    ck_assert_int_eq(decode(single[_i].list, (bytes){coded.data, 0}, 1, 0, &out), 0);
    ck_assert_uint_eq(out.size, 0);
    free(coded.data);
}
END_TEST

START_TEST(damage_is_an_error)
{
    bytes coded = code(GZIP, text, 5000);

    coded.data[coded.size - 6] ^= 1; /* the CRC */
    ck_assert_int_eq(decode("gzip", coded, 100, 0, &out), INTERIM_ECODING);
    coded.data[0] = 'x'; /* the magic */
    ck_assert_int_eq(decode("gzip", coded, 100, 0, &out), INTERIM_ECODING);
    free(coded.data);
}
END_TEST

START_TEST(members_follow_one_another)
{
    bytes a = code(GZIP, "one ", 4), b = code(GZIP, "two", 3);
    bytes both = {malloc(a.size + b.size + 4), a.size + b.size};

    memcpy(both.data, a.data, a.size);
    memcpy(both.data + a.size, b.data, b.size);
    for (size_t step = 1; step <= both.size; step++) {
        ck_assert_int_eq(decode("gzip", both, step, 0, &out), 0);
        ck_assert_uint_eq(out.size, 7);
        ck_assert_mem_eq(out.data, "one two", 7);
    }
    memcpy(both.data + both.size, "junk", 4);
    both.size += 4;
    ck_assert_int_eq(decode("gzip", both, 5, 0, &out), INTERIM_ECODING);
    free(a.data);
    free(b.data);
    free(both.data);
}
END_TEST

START_TEST(deflate_has_one_end)
{
    bytes coded = code(ZLIB, "one", 3);

    coded.data[coded.size++] = 'x';
    ck_assert_int_eq(decode("deflate", coded, 1, 0, &out), INTERIM_ECODING);
    free(coded.data);
}
END_TEST

/* Codes text so many times; list gets as many names. */
static bytes code_often(int times, char *list)
{
    bytes coded = code(GZIP, "nested", 6);

    strcpy(list, "gzip");
    for (int i = 1; i < times; i++) {
        bytes next = code(i % 2 ? ZLIB : GZIP, coded.data, coded.size);

        strcat(list, i % 2 ? ", deflate" : ", gzip");
        free(coded.data);
        coded = next;
    }
    return coded;
}

START_TEST(layers_are_undone_in_reverse_up_to_five)
{
    char list[100];

    for (int times = 1; times <= 6; times++) {
        bytes coded = code_often(times, list);

        for (size_t step = 1; step < 5; step++)
            ck_assert_int_eq(decode(list, coded, step, 0, &out), times > 5 ? INTERIM_ECODING : 0);
        if (times <= 5)
            ck_assert_mem_eq(out.data, "nested", 6);
        free(coded.data);
    }
}
END_TEST

START_TEST(an_unknown_coding_is_an_error)
{
    ck_assert_int_eq(decode("br", (bytes){text, 10}, 10, 0, &out), INTERIM_ECODING);
    ck_assert_int_eq(decode("identity", (bytes){text, 10}, 10, 0, &out), 0);
}
END_TEST

START_TEST(the_output_has_a_limit)
{
    bytes coded = code(GZIP, text, sizeof text);

    ck_assert_int_eq(decode("gzip", coded, 999, sizeof text + 1, &out), 0);
    ck_assert_int_eq(decode("gzip", coded, 999, sizeof text, &out), 0);
    ck_assert_int_eq(decode("gzip", coded, 999, sizeof text - 1, &out), INTERIM_ECODING);
    free(coded.data);
}
END_TEST

START_TEST(a_bomb_of_layers_is_an_error_and_one_layer_is_none)
{
    size_t size = 16 << 20;
    char *zeros = calloc(1, size);
    bytes once = code(GZIP, zeros, size), twice = code(GZIP, once.data, once.size);

    ck_assert_int_eq(decode("gzip", once, 4096, 0, &out), 0);
    ck_assert_uint_eq(out.size, size);
    ck_assert_int_eq(decode("gzip, gzip", twice, 4096, 0, &out), INTERIM_ECODING);
    ck_assert_uint_le(out.size, INTERIM__CODING_RATIO_FROM + 65536 + twice.size * 1100);
    free(zeros);
    free(once.data);
    free(twice.data);
}
END_TEST

START_TEST(the_sink_can_stop_it)
{
    bytes coded = code(GZIP, text, 100);

    out.refuse = -7;
    ck_assert_int_eq(decode("gzip", coded, 100, 0, &out), -7);
    free(coded.data);
}
END_TEST

static int sink_and_pause(void *user, const char *data, size_t size)
{
    int failed = sink(user, data, size);

    return failed < 0 ? failed : 1;
}

/* The same as decode, for a sink that wants no more after each piece. *pieces: how many it got. */
static int decode_pausing(const char *list, bytes coded, size_t step, sunk *into, unsigned *pieces)
{
    interim__fields fields = coded_by(list);
    interim__coding *coding;
    interim_error error;
    size_t before;
    int failed;

    into->size = 0;
    *pieces = 0;
    interim__error_init(&error);
    failed = interim__coding_new(&coding, &fields, 0, &error);
    interim__fields_dispose(&fields);
    for (size_t at = 0; failed == 0 && at < coded.size; at += step) {
        size_t size = coded.size - at < step ? coded.size - at : step;

        failed = interim__coding_feed(coding, coded.data + at, size, sink_and_pause, into, &error);
        do {
            before = into->size;
            ++*pieces;
            if (failed == 0)
                failed = interim__coding_resume(coding, sink_and_pause, into, &error);
        } while (into->size > before);
    }
    if (failed == 0)
        failed = interim__coding_finish(coding, &error);
    interim__coding_free(coding);
    return failed;
}

START_TEST(the_sink_can_pause_it)
{
    static const size_t steps[] = {1, 3, 1000, sizeof text};
    bytes coded = code(single[_i].window, text, sizeof text);
    unsigned pieces;

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        ck_assert_int_eq(decode_pausing(single[_i].list, coded, steps[i], &out, &pieces), 0);
        ck_assert_uint_eq(out.size, sizeof text);
        ck_assert_mem_eq(out.data, text, sizeof text);
        ck_assert_uint_ge(pieces, 2); /* never more than 64 KiB after it said so */
    }
    free(coded.data);
}
END_TEST

START_TEST(layers_can_be_paused_and_so_can_members)
{
    char list[100];
    unsigned pieces;
    bytes once = code(GZIP, text, 50000), twice = {malloc(2 * once.size), 2 * once.size};

    memcpy(twice.data, once.data, once.size);
    memcpy(twice.data + once.size, once.data, once.size);
    for (size_t step = 1; step < 100000; step *= 7) {
        ck_assert_int_eq(decode_pausing("gzip", twice, step, &out, &pieces), 0);
        ck_assert_uint_eq(out.size, 100000);
        ck_assert_mem_eq(out.data + 50000, text, 50000);
    }
    free(once.data);
    free(twice.data);
    for (int times = 1; times <= 5; times++) {
        bytes coded = code_often(times, list);

        for (size_t step = 1; step < 100; step *= 3)
            ck_assert_int_eq(decode_pausing(list, coded, step, &out, &pieces), 0);
        ck_assert_mem_eq(out.data, "nested", 6);
        free(coded.data);
    }
}
END_TEST

/* While it is paused, a bomb is the kilobytes that came. */
START_TEST(a_bomb_that_is_paused_takes_no_room)
{
    size_t size = 16 << 20;
    char *zeros = calloc(1, size);
    bytes coded = code(GZIP, zeros, size);
    interim__fields fields = coded_by("gzip");
    interim__coding *coding;
    interim_error error;

    interim__error_init(&error);
    ck_assert_int_eq(interim__coding_new(&coding, &fields, 0, &error), 0);
    out.size = 0;
    ck_assert_int_eq(
        interim__coding_feed(coding, coded.data, coded.size, sink_and_pause, &out, &error), 0);
    ck_assert_uint_le(out.size, 2 * 65536);
    interim__coding_free(coding);

    /* ... for which there may be no room either. */
    for (unsigned long nth = 1, asked = 1; asked; nth++) {
        interim__coding_new(&coding, &fields, 0, &error);
        failing_alloc_arm(nth);
        int failed =
            interim__coding_feed(coding, coded.data, coded.size, sink_and_pause, &out, &error);
        asked = failing_alloc_disarm();
        ck_assert_int_eq(failed, asked ? INTERIM_ENOMEM : 0);
        interim__coding_free(coding);
        interim__error_init(&error);
    }
    interim__fields_dispose(&fields);
    free(coded.data);
    free(zeros);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    interim__fields fields = coded_by("gzip, identity, deflate");

    for (unsigned long nth = 1;; nth++) {
        interim__coding *coding;
        interim_error error;
        int failed;

        interim__error_init(&error);
        failing_alloc_arm(nth);
        failed = interim__coding_new(&coding, &fields, 0, &error);
        if (!failing_alloc_disarm()) {
            ck_assert_int_eq(failed, 0);
            ck_assert_uint_gt(nth, 3);
            interim__coding_free(coding);
            break;
        }
        ck_assert_int_eq(failed, INTERIM_ENOMEM);
        ck_assert_ptr_null(coding);
    }
    interim__fields_dispose(&fields);
}
END_TEST

Suite *coding_suite(void)
{
    Suite *suite = suite_create("coding");
    TCase *tests = tcase_create("coding");
    int count = (int)(sizeof single / sizeof *single);

    tcase_add_checked_fixture(tests, make_text, NULL);
    tcase_add_loop_test(tests, each_coding_in_pieces_of_any_size, 0, count);
    tcase_add_loop_test(tests, truncation_is_an_error_at_every_byte, 0, count);
    tcase_add_test(tests, damage_is_an_error);
    tcase_add_test(tests, members_follow_one_another);
    tcase_add_test(tests, deflate_has_one_end);
    tcase_add_test(tests, layers_are_undone_in_reverse_up_to_five);
    tcase_add_test(tests, an_unknown_coding_is_an_error);
    tcase_add_test(tests, the_output_has_a_limit);
    tcase_add_test(tests, a_bomb_of_layers_is_an_error_and_one_layer_is_none);
    tcase_add_test(tests, the_sink_can_stop_it);
    tcase_add_loop_test(tests, the_sink_can_pause_it, 0, count);
    tcase_add_test(tests, layers_can_be_paused_and_so_can_members);
    tcase_add_test(tests, a_bomb_that_is_paused_takes_no_room);
    tcase_add_test(tests, every_allocation_may_fail);
    suite_add_tcase(suite, tests);
    return suite;
}
