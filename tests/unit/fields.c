/* fields.c - lists of fields. */
#include "base/fields.h"

#include "base/text.h"

#include "suites.h"
#include "support/failing_alloc.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(interim__fields *fields, const char *name, const char *value)
{
    ck_assert_int_eq(interim__fields_add(fields, name, strlen(name), value, strlen(value)), 0);
}

START_TEST(fields_keep_their_order)
{
    interim__fields fields = {0};
    char names[100][8];

    for (size_t i = 0; i < 100; i++) {
        snprintf(names[i], sizeof names[i], "X-%zu", i);
        add(&fields, names[i], names[i] + 2);
    }
    ck_assert_uint_eq(fields.count, 100);
    for (size_t i = 0; i < 100; i++) {
        ck_assert_ptr_eq(fields.items[i].name, names[i]);
        ck_assert_str_eq(fields.items[i].value, names[i] + 2);
        ck_assert_uint_eq(fields.items[i].name_length, strlen(names[i]));
        ck_assert_uint_eq(fields.items[i].value_length, strlen(names[i] + 2));
    }
    interim__fields_dispose(&fields);
}
END_TEST

START_TEST(fields_are_found_without_case)
{
    interim__fields fields = {0};
    const interim_field *at;

    ck_assert_ptr_null(interim__fields_next(&fields, "via", NULL));
    ck_assert_str_eq(interim__fields_value(&fields, "via", "none"), "none");
    ck_assert_ptr_null(interim__fields_value(&fields, "via", NULL));
    add(&fields, "Via", "a");
    add(&fields, "Server", "s");
    add(&fields, "VIA", "b");
    add(&fields, "Vi", "no");
    add(&fields, "Viaa", "no");
    at = interim__fields_next(&fields, "via", NULL);
    ck_assert_str_eq(at->value, "a");
    at = interim__fields_next(&fields, "via", at);
    ck_assert_str_eq(at->value, "b");
    ck_assert_ptr_null(interim__fields_next(&fields, "via", at));
    ck_assert_ptr_null(interim__fields_next(&fields, "date", NULL));
    ck_assert_str_eq(interim__fields_value(&fields, "via", "none"), "a");
    ck_assert_str_eq(interim__fields_value(&fields, "date", "none"), "none");
    interim__fields_dispose(&fields);
}
END_TEST

/* Two fields as a parser leaves them: "first: 1" and "second: 2" in one text. */
static void put_two(interim__fields *fields, char *text, const char *first, const char *second)
{
    size_t one = strlen(first), two = strlen(second);

    memcpy(text, first, one);
    memcpy(text + one, "\0 1", 4);
    memcpy(text + one + 4, second, two);
    memcpy(text + one + 4 + two, "\0 2", 4);
    add(fields, text, text + one + 2);
    add(fields, text + one + 4, text + one + 4 + two + 2);
}

/* What is known of absent names must never hide one that is there. */
START_TEST(fields_are_found_among_all_others)
{
    static const char *const names[] = {
        "a",    "b",        "via",      "date",           "server",           "Location",
        "link", "progress", "location", "content-length", "x-ms-retry-after", "CONTENT-LENGTH",
        "Date", "x_y",      "n0",       "keep-alive",     "proxy-connection", "Operation-Location"};
    enum { count = sizeof names / sizeof *names };

    for (size_t first = 0; first < count; first++)
        for (size_t second = 0; second < count; second++) {
            interim__fields fields = {0}, copy;
            char head[64];

            put_two(&fields, head, names[first], names[second]);
            ck_assert_int_eq(
                interim__fields_copy_parsed(&copy, &fields, &(interim__copying){.text = head}), 0);
            memset(head, '-', sizeof head);
            ck_assert_str_eq(copy.items[0].name, names[first]);
            ck_assert_str_eq(copy.items[1].value, "2");
            interim__fields_clear(&fields);
            put_two(&fields, head, names[first], names[second]);
            for (size_t i = 0; i < count; i++) {
                char lower[32] = "";
                const char *expected;

                for (size_t at = 0; names[i][at] != '\0'; at++)
                    lower[at] = (char)tolower((unsigned char)names[i][at]);
                expected = interim__text_equal(lower, names[first])    ? "1"
                           : interim__text_equal(lower, names[second]) ? "2"
                                                                       : "0";
                ck_assert_str_eq(interim__fields_value(&fields, lower, "0"), expected);
                ck_assert_str_eq(interim__fields_value(&copy, lower, "0"), expected);
                copy.absent = 0; /* nothing is known: the same is found */
                ck_assert_str_eq(interim__fields_value(&copy, lower, "0"), expected);
                copy.absent = fields.absent;
            }
            free(copy.items);
            interim__fields_dispose(&fields);
        }
}
END_TEST

/* What is asked for, and what servers send, does not stand in each other's way. */
START_TEST(fields_usual_names_have_slots_of_their_own)
{
    static const char *const names[] = {"accept",
                                        "accept-encoding",
                                        "accept-ranges",
                                        "age",
                                        "allow",
                                        "asyncresult",
                                        "authorization",
                                        "cache-control",
                                        "connection",
                                        "content-encoding",
                                        "content-language",
                                        "content-length",
                                        "content-location",
                                        "content-type",
                                        "date",
                                        "depth",
                                        "destination",
                                        "etag",
                                        "expires",
                                        "host",
                                        "keep-alive",
                                        "last-modified",
                                        "link",
                                        "location",
                                        "operation-location",
                                        "overwrite",
                                        "pragma",
                                        "prefer",
                                        "progress",
                                        "retry-after",
                                        "server",
                                        "set-cookie",
                                        "source",
                                        "status-uri",
                                        "transfer-encoding",
                                        "upload-offset",
                                        "user-agent",
                                        "vary",
                                        "via",
                                        "www-authenticate",
                                        "x-export-status",
                                        "x-ms-copy-progress",
                                        "x-powered-by",
                                        "x-progress"};
    const char *taken[64] = {NULL};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unsigned slot = interim__fields_slot(names[i], strlen(names[i]));

        ck_assert_uint_lt(slot, 64);
        ck_assert_msg(taken[slot] == NULL, "%s and %s", names[i], taken[slot]);
        taken[slot] = names[i];
    }
}
END_TEST

START_TEST(fields_in_memory_that_was_lent_leave_it_when_it_is_full)
{
    interim__fields fields;
    interim_field room[2];
    unsigned long nth = 0;
    bool failed;
    int added;

    do {
        interim__fields_lend(&fields, room, 2);
        ck_assert_str_eq(interim__fields_value(&fields, "via", "none"), "none");
        add(&fields, "Via", "a");
        add(&fields, "Server", "b");
        ck_assert_ptr_eq(fields.items, room);
        failing_alloc_arm(++nth);
        added = interim__fields_add(&fields, "Date", 4, "c", 1);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(added, failed ? INTERIM_ENOMEM : 0);
        ck_assert_uint_eq(fields.count, failed ? 2 : 3);
        ck_assert_str_eq(interim__fields_value(&fields, "via", "none"), "a");
        ck_assert_str_eq(interim__fields_value(&fields, "server", "none"), "b");
        if (!failed)
            ck_assert_str_eq(interim__fields_value(&fields, "date", "none"), "c");
        interim__fields_dispose(&fields);
    } while (failed);
    ck_assert_uint_eq(nth, 2);
}
END_TEST

START_TEST(fields_elements_are_looked_for_in_all_lines)
{
    interim__fields fields = {0};

    add(&fields, "Connection", "keep-alive, ,Foo");
    add(&fields, "X", "close");
    add(&fields, "connection", "\tTE");
    ck_assert(interim__fields_has_element(&fields, "connection", "foo"));
    ck_assert(interim__fields_has_element(&fields, "connection", "te"));
    ck_assert(interim__fields_has_element(&fields, "connection", "keep-alive"));
    ck_assert(!interim__fields_has_element(&fields, "connection", "close"));
    ck_assert(!interim__fields_has_element(&fields, "connection", "keep"));
    ck_assert(!interim__fields_has_element(&fields, "connection", ""));
    ck_assert(!interim__fields_has_element(&fields, "date", "close"));
    add(&fields, "CONNECTION", "x, CLOSE");
    ck_assert(interim__fields_has_element(&fields, "connection", "close"));
    interim__fields_dispose(&fields);
}
END_TEST

START_TEST(fields_clone_owns_its_text)
{
    interim__fields fields = {0};
    char name[] = "Name", value[] = "va\tl";
    interim_field *clone;

    add(&fields, name, value);
    add(&fields, "Empty", "");
    add(&fields, "Last", "z");
    clone = interim__fields_clone(fields.items, fields.count);
    ck_assert_ptr_nonnull(clone);
    memset(name, '#', sizeof name - 1);
    memset(value, '#', sizeof value - 1);
    interim__fields_dispose(&fields);
    ck_assert_str_eq(clone[0].name, "Name");
    ck_assert_str_eq(clone[0].value, "va\tl");
    ck_assert_uint_eq(clone[0].name_length, 4);
    ck_assert_uint_eq(clone[0].value_length, 4);
    ck_assert_str_eq(clone[1].name, "Empty");
    ck_assert_str_eq(clone[1].value, "");
    ck_assert_str_eq(clone[2].value, "z");
    free(clone);
    clone = interim__fields_clone(NULL, 0);
    ck_assert_ptr_nonnull(clone);
    free(clone);
}
END_TEST

START_TEST(fields_clear_keeps_the_memory)
{
    interim__fields fields = {0};
    interim_field *items;

    add(&fields, "A", "1");
    items = fields.items;
    interim__fields_clear(&fields);
    ck_assert_uint_eq(fields.count, 0);
    ck_assert_ptr_null(interim__fields_next(&fields, "a", NULL));
    add(&fields, "B", "2");
    ck_assert_ptr_eq(fields.items, items);
    ck_assert_ptr_null(interim__fields_next(&fields, "a", NULL));
    interim__fields_dispose(&fields);
    ck_assert_ptr_null(fields.items);
    ck_assert_uint_eq(fields.capacity, 0);
    interim__fields_dispose(&fields);
}
END_TEST

START_TEST(fields_are_unchanged_when_memory_runs_out)
{
    interim__fields fields = {0}, copy;
    char text[16];

    for (size_t i = 0; i < 40; i++) {
        failing_alloc_arm(1);
        int failed = interim__fields_add(&fields, "N", 1, "v", 1);
        bool asked = failing_alloc_disarm();

        ck_assert_int_eq(failed, asked ? INTERIM_ENOMEM : 0);
        ck_assert_uint_eq(fields.count, asked ? i : i + 1);
        if (asked)
            add(&fields, "N", "v");
    }
    failing_alloc_arm(1);
    ck_assert_ptr_null(interim__fields_clone(fields.items, fields.count));
    ck_assert(failing_alloc_disarm());
    ck_assert_uint_eq(fields.count, 40);
    interim__fields_clear(&fields);
    put_two(&fields, text, "a", "b");
    failing_alloc_arm(1);
    ck_assert_int_eq(interim__fields_copy_parsed(&copy, &fields, &(interim__copying){.text = text}),
                     INTERIM_ENOMEM);
    ck_assert(failing_alloc_disarm());
    ck_assert_uint_eq(copy.count, 0);
    interim__fields_dispose(&fields);
}
END_TEST

Suite *fields_suite(void)
{
    Suite *suite = suite_create("fields");
    TCase *tests = tcase_create("fields");

    tcase_add_test(tests, fields_keep_their_order);
    tcase_add_test(tests, fields_are_found_without_case);
    tcase_add_test(tests, fields_are_found_among_all_others);
    tcase_add_test(tests, fields_usual_names_have_slots_of_their_own);
    tcase_add_test(tests, fields_in_memory_that_was_lent_leave_it_when_it_is_full);
    tcase_add_test(tests, fields_elements_are_looked_for_in_all_lines);
    tcase_add_test(tests, fields_clone_owns_its_text);
    tcase_add_test(tests, fields_clear_keeps_the_memory);
    tcase_add_test(tests, fields_are_unchanged_when_memory_runs_out);
    suite_add_tcase(suite, tests);
    return suite;
}
