/* Tests of src/transport/race.c, with both engines. */
#include "transport/race.h"

#include "connection_cases.h"

#include <stdio.h>
#include <string.h>

static const server_step answer_once[] = {
    {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, "hello"}, {SERVER_CLOSE, 0, NULL}};

START_TEST(families_take_turns)
{
    static const struct {
        const char *hosts, *order; /* a, b, c: IPv4; A, B, C: IPv6 */
    } cases[] = {
        {"a", "a"},         {"ABCabc", "AaBbCc"}, {"abA", "aAb"}, {"AaBb", "AaBb"},
        {"ABCDa", "AaBCD"}, {"aABCD", "aABCD"},   {"abc", "abc"}, {"aABb", "aAbB"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        interim__address addresses[8];
        size_t order[8], count = strlen(cases[i].hosts);

        memset(addresses, 0, sizeof addresses);
        for (size_t k = 0; k < count; k++)
            addresses[k].storage.ss_family = cases[i].hosts[k] >= 'a' ? AF_INET : AF_INET6;
        interim__race_order(order, addresses, count);
        for (size_t k = 0; k < count; k++)
            ck_assert_int_eq(cases[i].hosts[order[k]], cases[i].order[k]);
    }
}
END_TEST

START_TEST(a_silent_address_gets_a_head_start_only)
{
    struct call call = {0};
    struct blackhole *hole;
    uint16_t port;
    int64_t before;
    long took;

    begin(_i, answer_once);
    port = server_port(origin);
    hole = blackhole_start("127.0.0.2", &port);
    names_add("half.test", "127.0.0.2 127.0.0.1", 0, false);
    before = interim__loop_monotonic_ns();
    dialer_dial(&dialer, &call, false, "half.test", port);
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
    took = (long)((interim__loop_monotonic_ns() - before) / 1000000);
    ck_assert_int_ge(took, 245);
    ck_assert_int_lt(took, 1500);
    ck_assert_int_eq(strncmp(interim__connection_peer(call.connection), "127.0.0.1:", 10), 0);
    ck_assert_uint_lt(dialer.turns, 12); /* waiting is waiting */
    dialer_hang_up(&call);
    blackhole_stop(hole);
    end();
}
END_TEST

START_TEST(a_refused_address_gets_no_head_start)
{
    struct call call = {0};
    int64_t before = interim__loop_monotonic_ns();

    begin(_i, answer_once);
    names_add("half.test", "127.0.0.2 127.0.0.1", 0, false);
    dialer_dial(&dialer, &call, false, "half.test", server_port(origin));
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
    ck_assert_int_lt((interim__loop_monotonic_ns() - before) / 1000000, 200);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(a_lost_race_tells_the_most_telling_failure)
{
    struct call call = {0};
    uint16_t port = closed_port();
    char expected[100];

    begin(_i, NULL);
    /* Broadcast cannot be connected to (EACCES or ENETUNREACH): less telling than a refusal. */
    names_add("none.test", "255.255.255.255 127.0.0.1 127.0.0.2", 0, false);
    dialer_dial(&dialer, &call, false, "none.test", port);
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), INTERIM_ECONNECT);
    snprintf(expected, sizeof expected,
             "connect to none.test:%u (3 addresses tried): Connection refused", (unsigned)port);
    ck_assert_str_eq(call.error.text, expected);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(a_race_that_is_lost_at_once_is_told_later)
{
    struct call call = {0};

    begin(_i, NULL);
    dialer_dial(&dialer, &call, false, "255.255.255.255", 80);
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), INTERIM_ECONNECT);
    ck_assert_int_ne(call.error.os_error, 0);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(a_race_survives_want_of_memory)
{
    bool failed = true;

    begin(_i, answer_once);
    names_add("two.test", "127.0.0.2 127.0.0.1", 0, false);
    for (unsigned long n = 1; failed; n++) {
        int status;

        dialer_dispose(&dialer);
        dialer_init(&dialer, engines[_i], NULL);
        failing_alloc_arm(n);
        status = open_once("two.test", server_port(origin));
        failed = failing_alloc_disarm();
        /* One attempt may fail for want of memory while the other one wins. */
        ck_assert(status == 1 || (failed && status == INTERIM_ENOMEM));
        ck_assert_uint_lt(n, 50);
    }
    end();
}
END_TEST

Suite *race_suite(void)
{
    const TTest *const both[] = {
        a_silent_address_gets_a_head_start_only,
        a_refused_address_gets_no_head_start,
        a_lost_race_tells_the_most_telling_failure,
        a_race_that_is_lost_at_once_is_told_later,
        a_race_survives_want_of_memory,
    };
    Suite *suite = suite_create("race");
    TCase *parts = tcase_create("parts");

    suite_add_tcase(suite, both_engines(both, sizeof both / sizeof both[0]));
    tcase_add_test(parts, families_take_turns);
    suite_add_tcase(suite, parts);
    return suite;
}
