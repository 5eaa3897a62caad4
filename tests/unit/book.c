/* Tests of src/transport/book.c, with a made-up clock. */
#include "transport/book.h"

#include "suites.h"
#include "support/failing_alloc.h"

#include <arpa/inet.h>
#include <interim.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000000)
#define KEEP (60 * SECOND)

static interim__book book;

/* An entry with count addresses 192.0.2.1 and so on. */
static interim__entry *write_down(const char *host, int64_t now, size_t count)
{
    interim__entry *entry = interim__book_add(&book, host);
    interim__address *addresses = calloc(count, sizeof *addresses);

    ck_assert_ptr_nonnull(entry);
    ck_assert_ptr_nonnull(addresses);
    for (size_t i = 0; i < count; i++) {
        char text[24];

        snprintf(text, sizeof text, "192.0.2.%zu", i + 1);
        ck_assert(interim__address_parse(&addresses[i], text, 0));
    }
    interim__book_answer(&book, entry, now, 0, 0, addresses, count);
    interim__book_release(&book, entry);
    return entry;
}

static void write_failure(const char *host, int64_t now, int error, int os_error)
{
    interim__entry *entry = interim__book_add(&book, host);

    ck_assert_ptr_nonnull(entry);
    interim__book_answer(&book, entry, now, error, os_error, NULL, 0);
    interim__book_release(&book, entry);
}

static bool is_known(const char *host, int64_t now)
{
    return interim__book_find(&book, host, now) != NULL;
}

START_TEST(an_answer_is_true_for_its_time)
{
    interim__book_init(&book, KEEP);
    ck_assert(!is_known("a.test", 0));
    write_down("a.test", 5, 1);
    ck_assert(is_known("a.test", 5));
    ck_assert(is_known("A.TEST", 5 + KEEP - 1));
    ck_assert(!is_known("a.test.", 5));
    ck_assert(!is_known("a.tes", 5));
    ck_assert(!is_known("a.test", 5 + KEEP));
    ck_assert(!is_known("a.test", 5)); /* it is gone */
    ck_assert_uint_eq(book.kept_count, 0);
    interim__book_dispose(&book);
}
END_TEST

START_TEST(a_failure_is_true_for_a_moment)
{
    static const struct {
        int error, os_error;
        int64_t keep, expected;
    } cases[] = {
        {INTERIM_ERESOLVE, EAI_NONAME, KEEP, 5 * SECOND},
        {INTERIM_ERESOLVE, EAI_NONAME, 2 * SECOND, 2 * SECOND},
        {INTERIM_ERESOLVE, EAI_NONAME, 0, 0},
        {INTERIM_ERESOLVE, EAI_NONAME, -SECOND, 0},
        {INTERIM_ERESOLVE, EAI_AGAIN, KEEP, SECOND},
        {INTERIM_ERESOLVE, EAI_FAIL, KEEP, SECOND},
        {INTERIM_ENOMEM, 0, KEEP, 0},
        {INTERIM_ESYSTEM, 24, KEEP, 0},
        {0, 0, 0, 0},
        {0, 0, SECOND, SECOND},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        interim__book_init(&book, cases[i].keep);
        write_failure("bad.test", 1, cases[i].error, cases[i].os_error);
        ck_assert_int_eq(is_known("bad.test", cases[i].expected), cases[i].expected > 0);
        ck_assert(!is_known("bad.test", 1 + cases[i].expected));
        ck_assert_uint_eq(book.kept_count, 0);
        interim__book_dispose(&book);
    }
}
END_TEST

START_TEST(the_names_used_last_are_kept)
{
    char host[24];

    interim__book_init(&book, KEEP);
    for (int i = 0; i < INTERIM__BOOK_NAMES; i++) {
        snprintf(host, sizeof host, "h%d.test", i);
        write_down(host, 0, 1);
    }
    ck_assert_uint_eq(book.kept_count, INTERIM__BOOK_NAMES);
    ck_assert(is_known("h0.test", 1));
    interim__book_use(&book, interim__book_find(&book, "h0.test", 1));
    interim__book_release(&book, interim__book_find(&book, "h0.test", 1));
    for (int i = 0; i < 1000; i++) {
        snprintf(host, sizeof host, "n%d.test", i);
        write_down(host, 1, 1);
        ck_assert_uint_eq(book.kept_count, INTERIM__BOOK_NAMES);
        ck_assert_int_eq(is_known("h0.test", 1), i < INTERIM__BOOK_NAMES - 1);
        ck_assert(!is_known("h1.test", 1));
    }
    interim__book_clear(&book);
    ck_assert_uint_eq(book.kept_count, 0);
    ck_assert(!is_known("n999.test", 1));
    interim__book_dispose(&book);
}
END_TEST

START_TEST(what_is_in_use_stays)
{
    interim__entry *used, *pending;
    uint32_t answer;

    interim__book_init(&book, KEEP);
    used = write_down("used.test", 0, 2);
    answer = used->answer;
    interim__book_use(&book, used);
    pending = interim__book_add(&book, "pending.test");
    ck_assert_ptr_eq(interim__book_find(&book, "pending.test", 0), pending);
    ck_assert_ptr_eq(interim__book_find(&book, "used.test", KEEP), used);
    interim__book_strike(&book, "used.test", answer);
    ck_assert_uint_eq(used->count, 2); /* not found any more, and still there */
    ck_assert(!is_known("used.test", 0));
    interim__book_release(&book, used);
    interim__book_clear(&book);
    ck_assert(!is_known("pending.test", 0));
    interim__book_answer(&book, pending, 0, INTERIM_ERESOLVE, EAI_NONAME, NULL, 0);
    interim__book_release(&book, pending);
    ck_assert(!is_known("pending.test", 0));
    ck_assert_uint_eq(book.kept_count, 0);
    pending = interim__book_add(&book, "left.test");
    interim__book_dispose(&book); /* frees that too */
}
END_TEST

static interim__standing standing_of(const char *host, size_t i)
{
    return interim__book_find(&book, host, 0)->addresses[i].standing;
}

START_TEST(standings_are_those_of_the_last_race)
{
    interim__entry *entry;
    interim__address address;

    interim__book_init(&book, KEEP);
    entry = write_down("a.test", 0, 3);
    address = entry->addresses[1];
    interim__address_set_port(&address, 443);
    address.standing = INTERIM__STANDING_GOOD;
    interim__book_note(&book, "A.test", entry->answer, &address);
    ck_assert_int_eq(standing_of("a.test", 1), INTERIM__STANDING_GOOD);
    ck_assert_int_eq(standing_of("a.test", 0), INTERIM__STANDING_UNKNOWN);
    address = entry->addresses[0];
    address.standing = INTERIM__STANDING_BAD;
    interim__book_note(&book, "a.test", entry->answer, &address);
    ck_assert_int_eq(standing_of("a.test", 0), INTERIM__STANDING_BAD);
    ck_assert_int_eq(standing_of("a.test", 1), INTERIM__STANDING_GOOD);
    address = entry->addresses[2];
    address.standing = INTERIM__STANDING_GOOD;
    interim__book_note(&book, "a.test", entry->answer + 1, &address); /* another answer's */
    ck_assert_int_eq(standing_of("a.test", 2), INTERIM__STANDING_UNKNOWN);
    interim__book_note(&book, "a.test", entry->answer, &address);
    ck_assert_int_eq(standing_of("a.test", 1), INTERIM__STANDING_UNKNOWN); /* was overtaken */
    ck_assert_int_eq(standing_of("a.test", 2), INTERIM__STANDING_GOOD);
    interim__book_note(&book, "b.test", 1, &address);
    interim__book_strike(&book, "a.test", entry->answer + 1);
    interim__book_strike(&book, "a.test", 0);
    ck_assert(is_known("a.test", 0));
    interim__book_strike(&book, "a.test", entry->answer);
    ck_assert(!is_known("a.test", 0));
    interim__book_dispose(&book);
}
END_TEST

START_TEST(an_entry_may_have_no_memory)
{
    interim__entry *entry;

    interim__book_init(&book, KEEP);
    failing_alloc_arm(1);
    entry = interim__book_add(&book, "a.test");
    failing_alloc_disarm();
    ck_assert_ptr_null(entry);
    ck_assert(!is_known("a.test", 0));
    interim__book_dispose(&book);
}
END_TEST

Suite *book_suite(void)
{
    Suite *suite = suite_create("book");
    TCase *parts = tcase_create("parts");

    tcase_add_test(parts, an_answer_is_true_for_its_time);
    tcase_add_test(parts, a_failure_is_true_for_a_moment);
    tcase_add_test(parts, the_names_used_last_are_kept);
    tcase_add_test(parts, what_is_in_use_stays);
    tcase_add_test(parts, standings_are_those_of_the_last_race);
    tcase_add_test(parts, an_entry_may_have_no_memory);
    suite_add_tcase(suite, parts);
    return suite;
}
