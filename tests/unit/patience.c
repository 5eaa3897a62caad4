/* patience.c - every limit of time, one nanosecond before it and at it. */
#include "operation/patience.h"

#include "suites.h"

#define MS INTERIM__NS_PER_MS
#define S (1000 * MS)
#define START (77 * S)

static interim_patience limits;
static interim__watchdog dog;

static void start(const interim_patience *wanted)
{
    limits = *wanted;
    interim__patience_fill(&limits);
    interim__watchdog_start(&dog, &limits, START);
}

/* In an exchange that began at START, with the request sent at once. */
static void start_exchange(const interim_patience *wanted)
{
    start(wanted);
    interim__watchdog_enter(&dog, INTERIM__PHASE_EXCHANGE, limits.silence_ms, START);
    interim__watchdog_sent(&dog, START);
}

/* The next thing that is due is that, and then; nothing is due before. */
#define DUE(at, what)                                                                              \
    do {                                                                                           \
        ck_assert_int_eq(interim__watchdog_deadline(&dog), at);                                    \
        ck_assert_int_eq(interim__watchdog_check(&dog, (at)-1), 0);                                \
        ck_assert_int_eq(interim__watchdog_check(&dog, at), what);                                 \
    } while (0)

static const interim_patience presets = INTERIM_PATIENCE_INIT;

START_TEST(patience_has_presets)
{
    interim_patience filled = INTERIM_PATIENCE_INIT;
    interim_patience kept = {.connect_ms = 1,
                             .head_ms = 2,
                             .silence_ms = 3,
                             .gap_warning_ms = INTERIM_FOREVER,
                             .total_ms = 5,
                             .continue_ms = 8,
                             .interim_rate = 6,
                             .interim_burst = 7};

    interim__patience_fill(&filled);
    ck_assert_int_eq(filled.connect_ms, 10000);
    ck_assert_int_eq(filled.head_ms, 30000);
    ck_assert_int_eq(filled.silence_ms, 300000);
    ck_assert_int_eq(filled.gap_warning_ms, 30000);
    ck_assert_int_eq(filled.total_ms, INTERIM_FOREVER);
    ck_assert_int_eq(filled.continue_ms, 1000);
    ck_assert_uint_eq(filled.interim_rate, 100);
    ck_assert_uint_eq(filled.interim_burst, 16384);
    interim__patience_fill(&kept);
    ck_assert_int_eq(kept.connect_ms, 1);
    ck_assert_int_eq(kept.head_ms, 2);
    ck_assert_int_eq(kept.silence_ms, 3);
    ck_assert_int_eq(kept.gap_warning_ms, INTERIM_FOREVER);
    ck_assert_int_eq(kept.total_ms, 5);
    ck_assert_int_eq(kept.continue_ms, 8);
    ck_assert_uint_eq(kept.interim_rate, 6);
    ck_assert_uint_eq(kept.interim_burst, 7);
}
END_TEST

START_TEST(patience_of_connecting)
{
    start(&presets);
    DUE(START + 10 * S, INTERIM_ECONNECT_TIMEOUT);
    /* Once more, for another connection. */
    interim__watchdog_enter(&dog, INTERIM__PHASE_CONNECT, limits.silence_ms, START + 60 * S);
    DUE(START + 70 * S, INTERIM_ECONNECT_TIMEOUT);
    ck_assert_int_eq(interim__watchdog_silence_ms(&dog, START + 70 * S), 0); /* nothing was sent */
}
END_TEST

START_TEST(patience_of_silence)
{
    start_exchange(&(interim_patience){.gap_warning_ms = INTERIM_FOREVER});
    DUE(START + 300 * S, INTERIM_ESILENCE);
    ck_assert_int_eq(interim__watchdog_silence_ms(&dog, START + 299 * S + 999 * MS), 299999);
    /* A complete sign of life refreshes it, however often. */
    for (int64_t at = 200; at < 20000; at += 200) {
        ck_assert_int_eq(interim__watchdog_check(&dog, START + at * S), 0);
        interim__watchdog_life(&dog, START + at * S);
        DUE(START + (at + 300) * S, INTERIM_ESILENCE);
    }
    ck_assert_int_eq(dog.longest, 200 * S);
}
END_TEST

START_TEST(patience_of_parts_of_a_body)
{
    start_exchange(&(interim_patience){.gap_warning_ms = INTERIM_FOREVER, .silence_ms = 1000});
    for (int64_t at = 900; at < 90000; at += 900)
        interim__watchdog_activity(&dog, START + at * MS);
    DUE(START + (89100 + 1000) * MS, INTERIM_ESILENCE);
    /* They are no signs of life for people. */
    ck_assert_int_eq(interim__watchdog_silence_ms(&dog, START + 90000 * MS), 90000);
}
END_TEST

START_TEST(patience_of_heads)
{
    start_exchange(&(interim_patience){.gap_warning_ms = INTERIM_FOREVER});
    interim__watchdog_head(&dog, true, START + 100 * S);
    for (int64_t at = 101; at < 130; at++) /* a byte a second does not help */
        interim__watchdog_head(&dog, true, START + at * S);
    DUE(START + 130 * S, INTERIM_EHEAD_TIMEOUT);
    interim__watchdog_head(&dog, false, START + 129 * S);
    DUE(START + 300 * S, INTERIM_ESILENCE);
    /* Silence may pass first. */
    interim__watchdog_head(&dog, true, START + 290 * S);
    DUE(START + 300 * S, INTERIM_ESILENCE);
    interim__watchdog_enter(&dog, INTERIM__PHASE_EXCHANGE, limits.silence_ms, START + 400 * S);
    DUE(START + 700 * S, INTERIM_ESILENCE);
}
END_TEST

START_TEST(patience_warns_of_gaps_as_they_double)
{
    start_exchange(&presets);
    DUE(START + 30 * S, 1);
    DUE(START + 60 * S, 1);
    DUE(START + 120 * S, 1);
    DUE(START + 240 * S, 1);
    DUE(START + 300 * S, INTERIM_ESILENCE);
    interim__watchdog_life(&dog, START + 250 * S);
    DUE(START + 280 * S, 1);
    interim__watchdog_activity(&dog, START + 290 * S);
    DUE(START + 320 * S, 1);
    DUE(START + 350 * S, 1);
    start_exchange(&(interim_patience){.gap_warning_ms = 1});
    DUE(START + 1 * MS, 1);
    DUE(START + 2 * MS, 1);
    DUE(START + 4 * MS, 1);
}
END_TEST

START_TEST(patience_warns_of_a_gap_that_was_slept_through)
{
    start_exchange(&presets);
    ck_assert_int_eq(interim__watchdog_check(&dog, START + 299 * S), 1);
    ck_assert_int_eq(interim__watchdog_check(&dog, START + 299 * S), 1); /* 60, 120, 240 */
    ck_assert_int_eq(interim__watchdog_check(&dog, START + 299 * S), 1);
    ck_assert_int_eq(interim__watchdog_check(&dog, START + 299 * S), 1);
    ck_assert_int_eq(interim__watchdog_check(&dog, START + 299 * S), 0);
    DUE(START + 300 * S, INTERIM_ESILENCE);
}
END_TEST

START_TEST(patience_of_everything)
{
    const interim_patience total = {.total_ms = 5000};

    start(&total);
    DUE(START + 5 * S, INTERIM_ETOTAL);
    start_exchange(&total);
    interim__watchdog_life(&dog, START + 4 * S); /* no sign of life helps */
    DUE(START + 5 * S, INTERIM_ETOTAL);
    ck_assert_int_eq(dog.longest, 4 * S);
    start(&total);
    interim__watchdog_enter(&dog, INTERIM__PHASE_WAIT, limits.silence_ms, START);
    DUE(START + 5 * S, INTERIM_ETOTAL);
    start(&presets);
    interim__watchdog_enter(&dog, INTERIM__PHASE_WAIT, limits.silence_ms, START);
    ck_assert_int_eq(interim__watchdog_deadline(&dog), INTERIM__FAR);
    ck_assert_int_eq(interim__watchdog_check(&dog, START + 1000000 * S), 0);
}
END_TEST

START_TEST(patience_with_the_longest_limits)
{
    const int64_t year = INT64_C(366) * 86400 * 1000;
    const interim_patience longest = {.connect_ms = year,
                                      .head_ms = year,
                                      .silence_ms = year,
                                      .gap_warning_ms = year,
                                      .total_ms = year};

    start_exchange(&longest);
    DUE(START + year * MS, INTERIM_ETOTAL);
}
END_TEST

START_TEST(patience_measures_silence)
{
    start_exchange(&presets);
    interim__watchdog_life(&dog, START + 7 * S);
    interim__watchdog_life(&dog, START + 9 * S);
    interim__watchdog_sent(&dog, START + 10 * S); /* of a poll: not the beginning of silence */
    ck_assert_int_eq(interim__watchdog_silence_ms(&dog, START + 12 * S), 3000);
    interim__watchdog_life(&dog, START + 15 * S);
    ck_assert_int_eq(dog.longest, 7 * S);
    start(&presets);
    interim__watchdog_life(&dog, START + 5 * S); /* before the request was sent: no silence yet */
    ck_assert_int_eq(dog.longest, 0);
}
END_TEST

START_TEST(patience_admits_a_burst_and_then_a_rate)
{
    int admitted = 0;
    int64_t last;

    start_exchange(&(interim_patience){.interim_rate = 10, .interim_burst = 100});
    for (int i = 0; i < 100; i++)
        ck_assert(interim__watchdog_admit(&dog, START));
    ck_assert(!interim__watchdog_admit(&dog, START));
    start_exchange(&(interim_patience){.interim_rate = 10, .interim_burst = 100});
    for (int64_t i = 0; i < 10000; i++) /* at the rate: for long */
        admitted += interim__watchdog_admit(&dog, START + i * 100 * MS);
    ck_assert_int_eq(admitted, 10000);
    start_exchange(&(interim_patience){.interim_rate = 10, .interim_burst = 100});
    for (int i = 0;; i++) { /* a tenth above the rate: until the burst is used up */
        last = START + (int64_t)i * 1000 * MS / 11;
        if (!interim__watchdog_admit(&dog, last)) {
            ck_assert_int_ge(i, 1080);
            ck_assert_int_le(i, 1120);
            break;
        }
    }
    /* A new exchange brings no new burst. */
    interim__watchdog_enter(&dog, INTERIM__PHASE_EXCHANGE, 1000, last);
    ck_assert(!interim__watchdog_admit(&dog, last));
    /* Time fills the bucket, and not above its brim. */
    for (int i = 0; i < 100; i++)
        ck_assert(interim__watchdog_admit(&dog, START + 1000000 * S));
    ck_assert(!interim__watchdog_admit(&dog, START + 1000000 * S));
}
END_TEST

Suite *patience_suite(void)
{
    Suite *suite = suite_create("patience");
    TCase *tests = tcase_create("patience");

    tcase_add_test(tests, patience_has_presets);
    tcase_add_test(tests, patience_of_connecting);
    tcase_add_test(tests, patience_of_silence);
    tcase_add_test(tests, patience_of_parts_of_a_body);
    tcase_add_test(tests, patience_of_heads);
    tcase_add_test(tests, patience_warns_of_gaps_as_they_double);
    tcase_add_test(tests, patience_warns_of_a_gap_that_was_slept_through);
    tcase_add_test(tests, patience_of_everything);
    tcase_add_test(tests, patience_with_the_longest_limits);
    tcase_add_test(tests, patience_measures_silence);
    tcase_add_test(tests, patience_admits_a_burst_and_then_a_rate);
    suite_add_tcase(suite, tests);
    return suite;
}
