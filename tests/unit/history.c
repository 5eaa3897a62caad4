/* history.c - the last 64 interims, copied. */
#include "operation/history.h"

#include "suites.h"
#include "support/failing_alloc.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START INT64_C(5000000)

static interim__history history;

/* Keeps event number n, from memory that is overwritten afterwards. */
static void keep(unsigned n)
{
    char reason[32], value[32];
    interim_field fields[4] = {{"Number", value, 6, 0},
                               {"Empty", "", 5, 0},
                               {"Server", "x/1", 6, 3},
                               {"via", "1.1 y", 3, 5}};
    interim_error error = {0};
    interim_event event = {.size = sizeof event,
                           .kind = INTERIM_EVENT_INTERIM,
                           .sequence = n,
                           .status = 102,
                           .reason = reason,
                           .fields = fields,
                           .field_count = 4,
                           .method = "COPY",
                           .url = "http://dav.example/",
                           .peer = "192.0.2.1:80",
                           .server = "x/1",
                           .via = "1.1 y",
                           .percent = 12.5,
                           .done = n,
                           .total = 200,
                           .text = "",
                           .error = &error};

    snprintf(reason, sizeof reason, "number %u", n);
    fields[0].value_length = (size_t)snprintf(value, sizeof value, "%u", n);
    interim__history_keep(&history, &event, START);
    memset(reason, 'X', sizeof reason);
    memset(value, 'X', sizeof value);
    memset(fields, 0, sizeof fields);
}

/* One without fields; those of an exchange have the rest in common. */
static void keep_plain(uint64_t n, unsigned exchange)
{
    char url[64];
    interim_event event = {.size = sizeof event,
                           .kind = INTERIM_EVENT_INTERIM,
                           .hop = INTERIM_HOP_POLL,
                           .hop_index = exchange,
                           .operation = 7,
                           .sequence = n,
                           .wall_ns = (int64_t)n * 3000000,
                           .monotonic_ns = START + (int64_t)n * 2000000,
                           .elapsed_ms = (int64_t)n * 2,
                           .silence_ms = INT64_C(5000000000) + (int64_t)n,
                           .status = 102,
                           .reason = "Processing",
                           .method = "GET",
                           .url = url,
                           .peer = "[2001:db8::1]:443",
                           .server = "",
                           .via = "",
                           .percent = -1,
                           .done = -1,
                           .total = -1,
                           .wait_ms = -1,
                           .text = ""};

    snprintf(url, sizeof url, "http://dav.example/%u", exchange);
    interim__history_keep(&history, &event, START);
}

static void check_plain(size_t i, uint64_t n, unsigned exchange)
{
    const interim_event *event = interim__history_at(&history, i);
    char url[64];

    ck_assert_ptr_nonnull(event);
    snprintf(url, sizeof url, "http://dav.example/%u", exchange);
    ck_assert_uint_eq(event->size, sizeof *event);
    ck_assert_int_eq(event->kind, INTERIM_EVENT_INTERIM);
    ck_assert_int_eq(event->hop, INTERIM_HOP_POLL);
    ck_assert_uint_eq(event->hop_index, exchange);
    ck_assert_uint_eq(event->operation, 7);
    ck_assert_uint_eq(event->sequence, n);
    ck_assert_int_eq(event->wall_ns, (int64_t)n * 3000000);
    ck_assert_int_eq(event->monotonic_ns, START + (int64_t)n * 2000000);
    ck_assert_int_eq(event->elapsed_ms, (int64_t)n * 2);
    ck_assert_int_eq(event->silence_ms, INT64_C(5000000000) + (int64_t)n);
    ck_assert_int_eq(event->status, 102);
    ck_assert_str_eq(event->reason, "Processing");
    ck_assert_uint_eq(event->field_count, 0);
    ck_assert_str_eq(event->method, "GET");
    ck_assert_str_eq(event->url, url);
    ck_assert_str_eq(event->peer, "[2001:db8::1]:443");
    ck_assert_str_eq(event->server, "");
    ck_assert_str_eq(event->via, "");
    ck_assert(event->percent == -1);
    ck_assert_int_eq(event->done, -1);
    ck_assert_int_eq(event->total, -1);
    ck_assert_int_eq(event->wait_ms, -1);
    ck_assert_int_eq(event->outcome, INTERIM_PENDING);
    ck_assert_str_eq(event->text, "");
    ck_assert_ptr_null(event->error);
}

static void check(size_t i, unsigned n)
{
    const interim_event *event = interim__history_at(&history, i);
    char text[32];

    ck_assert_ptr_nonnull(event);
    ck_assert_uint_eq(event->sequence, n);
    snprintf(text, sizeof text, "number %u", n);
    ck_assert_str_eq(event->reason, text);
    ck_assert_uint_eq(event->field_count, 4);
    ck_assert_str_eq(event->fields[0].name, "Number");
    ck_assert_str_eq(event->fields[0].value, text + 7);
    ck_assert_uint_eq(event->fields[0].value_length, strlen(text + 7));
    ck_assert_str_eq(event->fields[1].value, "");
    ck_assert_str_eq(event->method, "COPY");
    ck_assert_str_eq(event->url, "http://dav.example/");
    ck_assert_str_eq(event->peer, "192.0.2.1:80");
    ck_assert_str_eq(event->server, "x/1");
    ck_assert_str_eq(event->via, "1.1 y");
    ck_assert(event->percent == 12.5);
    ck_assert_int_eq(event->done, n);
    ck_assert_int_eq(event->total, 200);
    ck_assert_str_eq(event->text, "");
    ck_assert_ptr_null(event->error);
}

START_TEST(history_keeps_the_last_64)
{
    for (unsigned n = 1; n <= 200; n++) {
        size_t kept = n < 64 ? n : 64;

        keep(n);
        for (size_t i = 0; i < kept; i += n < 3 || n % 64 < 2 ? 1 : 63)
            check(i, n - (unsigned)kept + 1 + (unsigned)i);
        ck_assert_ptr_null(interim__history_at(&history, kept));
        ck_assert_ptr_null(interim__history_at(&history, SIZE_MAX));
    }
    interim__history_dispose(&history);
    ck_assert_ptr_null(interim__history_at(&history, 0));
    interim__history_dispose(&history);
}
END_TEST

START_TEST(history_without_events_has_none)
{
    interim__history empty = {0};

    ck_assert_ptr_null(interim__history_at(&empty, 0));
    interim__history_dispose(&empty);
}
END_TEST

START_TEST(history_misses_what_it_has_no_memory_for)
{
    for (unsigned nth = 1; nth <= 6; nth++) {
        failing_alloc_arm(nth);
        for (unsigned n = 1; n <= 100; n++)
            keep(n);
        ck_assert(failing_alloc_disarm());
        check(63, 100);
        check(0, interim__history_at(&history, 0)->sequence == 36 ? 36 : 37);
        interim__history_dispose(&history);
    }
}
END_TEST

/* A record that was not kept is not repeated either. */
START_TEST(history_without_memory_keeps_what_it_has)
{
    failing_alloc_arm(1);
    keep_plain(1, 1);
    ck_assert(failing_alloc_disarm());
    ck_assert(!interim__history_repeat(&history, 2));
    ck_assert_ptr_null(interim__history_at(&history, 0));
    keep_plain(2, 1);
    ck_assert(!interim__history_repeat(&history, 4));
    ck_assert(interim__history_repeat(&history, 3));
    failing_alloc_arm(1);
    ck_assert_ptr_null(interim__history_at(&history, 0));
    ck_assert(failing_alloc_disarm());
    check_plain(0, 2, 1);
    interim__history_dispose(&history);
}
END_TEST

/* Groups, records with and without fields, and repetitions, in any order: what is shown is what a
 * plain list of the last 64 would show. */
START_TEST(history_of_many_kinds_is_as_they_came)
{
    struct {
        unsigned sequence, exchange; /* exchange 0: with fields; else plain */
        bool again;
    } came[2000];
    unsigned exchange = 1, random = 1, turned = 0;

    for (unsigned n = 0; n < 2000; n++) {
        size_t kept = n < 63 ? n + 1 : 64;
        bool can_repeat = n > 0 && came[n - 1].exchange == exchange && turned != n;

        random = random * 1103515245 + 12345;
        came[n].sequence = n + 1;
        came[n].exchange = random >> 16 & 8 ? 0 : exchange;
        came[n].again = can_repeat && (random >> 16 & 7) != 0;
        if (came[n].again) {
            came[n].exchange = exchange;
            ck_assert(interim__history_repeat(&history, n + 1));
        } else if (came[n].exchange == 0) {
            keep(n + 1);
        } else {
            keep_plain(n + 1, exchange);
        }
        if ((random >> 20 & 15) == 0) {
            interim__history_turn(&history);
            ck_assert(!interim__history_repeat(&history, n + 2));
            turned = n + 1;
            exchange++;
        }
        for (size_t i = 0; i < kept && n % 7 == 0; i++) {
            size_t j = n + 1 - kept + i;

            if (came[j].exchange == 0)
                check(i, came[j].sequence);
            else if (!came[j].again)
                check_plain(i, came[j].sequence, came[j].exchange);
            else
                ck_assert_uint_eq(interim__history_at(&history, i)->sequence, j + 1);
        }
        ck_assert_ptr_null(interim__history_at(&history, kept));
    }
    interim__history_dispose(&history);
}
END_TEST

START_TEST(history_repeats_at_the_same_time_without_silence)
{
    keep_plain(1, 1);
    for (unsigned n = 2; n <= 100; n++)
        ck_assert(interim__history_repeat(&history, n));
    for (size_t i = 0; i < 64; i++) {
        const interim_event *event = interim__history_at(&history, i);

        ck_assert_uint_eq(event->sequence, 37 + i);
        ck_assert_int_eq(event->silence_ms, 0);
        ck_assert_int_eq(event->wall_ns, 3000000);
        ck_assert_str_eq(event->url, "http://dav.example/1");
    }
    ck_assert_ptr_null(interim__history_at(&history, 64));
    interim__history_dispose(&history);
    keep_plain(1, 1);
    ck_assert(interim__history_repeat(&history, 2));
    check_plain(0, 1, 1);
    ck_assert_int_eq(interim__history_at(&history, 1)->silence_ms, 0);
    interim__history_dispose(&history);
}
END_TEST

/* An interim each second for as long as you like. */
START_TEST(history_is_small)
{
    for (unsigned n = 1; n <= 10000; n++) {
        keep_plain(n, 1);
        if (n == 1)
            ck_assert_uint_le(malloc_usable_size(history.kept), 350);
        if (n == 10)
            ck_assert_uint_le(malloc_usable_size(history.kept), 500);
    }
    ck_assert_uint_le(malloc_usable_size(history.kept), 1400);
    check_plain(63, 10000, 1);
    interim__history_dispose(&history);
}
END_TEST

/* A sequence that has gone further than a record can tell begins a group. */
START_TEST(history_of_a_very_long_operation)
{
    keep_plain(1, 1);
    keep_plain(UINT64_C(0x100000000), 1);
    keep_plain(UINT64_C(0x100000001), 1);
    keep_plain(UINT64_C(0x100000002), 1);
    check_plain(0, 1, 1);
    check_plain(1, UINT64_C(0x100000000), 1);
    check_plain(2, UINT64_C(0x100000001), 1);
    check_plain(3, UINT64_C(0x100000002), 1);
    interim__history_dispose(&history);
}
END_TEST

/* Somebody sets the clock, or nobody has made sure of anything. */
START_TEST(history_of_clocks_that_jump)
{
    static const int64_t times[] = {0, INT64_MAX, INT64_MIN, -1, 1, INT64_MIN + 1, 1000000000, 7};
    const size_t count = sizeof times / sizeof *times;
    interim_event event = {.size = sizeof event,
                           .kind = INTERIM_EVENT_INTERIM,
                           .status = 102,
                           .reason = "",
                           .method = "",
                           .url = "",
                           .peer = ""};

    for (size_t i = 0; i < 100 * count; i++) {
        event.sequence = i;
        event.wall_ns = times[i % count];
        event.silence_ms = times[(i + 2) % count];
        event.monotonic_ns = times[(i + i / count) % count];
        interim__history_keep(&history, &event, 0);
    }
    for (size_t i = 99 * count; i < 100 * count; i++) {
        const interim_event *shown = interim__history_at(&history, 64 - 100 * count + i);

        ck_assert_uint_eq(shown->sequence, i);
        ck_assert_int_eq(shown->wall_ns, times[i % count]);
        ck_assert_int_eq(shown->silence_ms, times[(i + 2) % count]);
        ck_assert_int_eq(shown->monotonic_ns, times[(i + i / count) % count]);
    }
    interim__history_dispose(&history);
}
END_TEST

Suite *history_suite(void)
{
    Suite *suite = suite_create("history");
    TCase *tests = tcase_create("history");

    tcase_add_test(tests, history_keeps_the_last_64);
    tcase_add_test(tests, history_without_events_has_none);
    tcase_add_test(tests, history_misses_what_it_has_no_memory_for);
    tcase_add_test(tests, history_without_memory_keeps_what_it_has);
    tcase_add_test(tests, history_of_many_kinds_is_as_they_came);
    tcase_add_test(tests, history_repeats_at_the_same_time_without_silence);
    tcase_add_test(tests, history_is_small);
    tcase_add_test(tests, history_of_a_very_long_operation);
    tcase_add_test(tests, history_of_clocks_that_jump);
    suite_add_tcase(suite, tests);
    return suite;
}
