/* history.c - the last 64 interims, copied. */
#include "operation/history.h"

#include "suites.h"
#include "support/failing_alloc.h"

#include <stdio.h>
#include <string.h>

static interim__history history;

/* Keeps event number n, from memory that is overwritten afterwards. */
static void keep(unsigned n)
{
    char reason[32], value[32];
    interim_field fields[2] = {{"Number", value, 6, 0}, {"Empty", "", 5, 0}};
    interim_error error = {0};
    interim_event event = {.size = sizeof event,
                           .kind = INTERIM_EVENT_INTERIM,
                           .sequence = n,
                           .status = 102,
                           .reason = reason,
                           .fields = fields,
                           .field_count = 2,
                           .method = "COPY",
                           .url = "http://dav.example/",
                           .peer = "192.0.2.1:80",
                           .server = "x/1",
                           .via = "1.1 y",
                           .text = "",
                           .error = &error};

    snprintf(reason, sizeof reason, "number %u", n);
    fields[0].value_length = (size_t)snprintf(value, sizeof value, "%u", n);
    interim__history_keep(&history, &event);
    memset(reason, 'X', sizeof reason);
    memset(value, 'X', sizeof value);
    memset(fields, 0, sizeof fields);
}

static void check(size_t i, unsigned n)
{
    const interim_event *event = interim__history_at(&history, i);
    char text[32];

    ck_assert_ptr_nonnull(event);
    ck_assert_uint_eq(event->sequence, n);
    snprintf(text, sizeof text, "number %u", n);
    ck_assert_str_eq(event->reason, text);
    ck_assert_uint_eq(event->field_count, 2);
    ck_assert_str_eq(event->fields[0].name, "Number");
    ck_assert_str_eq(event->fields[0].value, text + 7);
    ck_assert_uint_eq(event->fields[0].value_length, strlen(text + 7));
    ck_assert_str_eq(event->fields[1].value, "");
    ck_assert_str_eq(event->method, "COPY");
    ck_assert_str_eq(event->url, "http://dav.example/");
    ck_assert_str_eq(event->peer, "192.0.2.1:80");
    ck_assert_str_eq(event->server, "x/1");
    ck_assert_str_eq(event->via, "1.1 y");
    ck_assert_str_eq(event->text, "");
    ck_assert_ptr_null(event->error);
}

START_TEST(history_keeps_the_last_64)
{
    for (unsigned n = 1; n <= 200; n++) {
        size_t kept = n < 64 ? n : 64;

        keep(n);
        ck_assert_uint_eq(history.seen, n);
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

START_TEST(history_counts_what_it_has_no_memory_for)
{
    for (unsigned nth = 1; nth <= 4; nth++) {
        failing_alloc_arm(nth);
        for (unsigned n = 1; n <= 100; n++)
            keep(n);
        ck_assert(failing_alloc_disarm());
        ck_assert_uint_eq(history.seen, 100);
        check(63, 100);
        check(0, 37);
        interim__history_dispose(&history);
    }
    for (unsigned n = 1; n <= 70; n++)
        keep(n);
    failing_alloc_arm(1);
    keep(71);
    ck_assert(failing_alloc_disarm());
    ck_assert_uint_eq(history.seen, 71);
    check(63, 70);
    check(0, 7);
    keep(72);
    check(63, 72);
    check(62, 70);
    interim__history_dispose(&history);
}
END_TEST

Suite *history_suite(void)
{
    Suite *suite = suite_create("history");
    TCase *tests = tcase_create("history");

    tcase_add_test(tests, history_keeps_the_last_64);
    tcase_add_test(tests, history_without_events_has_none);
    tcase_add_test(tests, history_counts_what_it_has_no_memory_for);
    suite_add_tcase(suite, tests);
    return suite;
}
