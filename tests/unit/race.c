/* Tests of src/transport/race.c, with both engines. */
#include "connection_cases.h"
#include "support/calls.h"
#include "transport/connection_parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* The standing of each address: g is good, x is bad. */
START_TEST(good_addresses_come_first_and_bad_ones_last)
{
    static const struct {
        const char *hosts, *standings, *order;
    } cases[] = {
        {"Aa", " g", "aA"},       {"ABab", " g  ", "BaAb"},
        {"ABab", "  g ", "aAbB"}, {"Aab", "x  ", "abA"},
        {"ABab", "x   ", "BabA"}, {"ABab", "xxxx", "AaBb"},
        {"ABab", "xgx ", "BbAa"}, {"ABCabc", "x  x  ", "BbCcAa"},
        {"Aa", "xg", "aA"},       {"ABab", "xx  ", "abAB"},
        {"a", "x", "a"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        interim__address addresses[8];
        size_t order[8], count = strlen(cases[i].hosts);

        memset(addresses, 0, sizeof addresses);
        for (size_t k = 0; k < count; k++) {
            addresses[k].storage.ss_family = cases[i].hosts[k] >= 'a' ? AF_INET : AF_INET6;
            addresses[k].standing = cases[i].standings[k] == 'g'   ? INTERIM__STANDING_GOOD
                                    : cases[i].standings[k] == 'x' ? INTERIM__STANDING_BAD
                                                                   : INTERIM__STANDING_UNKNOWN;
        }
        interim__race_order(order, addresses, count);
        for (size_t k = 0; k < count; k++)
            ck_assert_msg(cases[i].hosts[order[k]] == cases[i].order[k], "case %zu, place %zu", i,
                          k);
    }
}
END_TEST

START_TEST(a_full_list_has_an_order)
{
    interim__address addresses[INTERIM__RACE_MOST];
    size_t order[INTERIM__RACE_MOST];

    memset(addresses, 0, sizeof addresses);
    for (size_t k = 0; k < INTERIM__RACE_MOST; k++)
        addresses[k].storage.ss_family = k < INTERIM__RACE_MOST / 2 ? AF_INET6 : AF_INET;
    interim__race_order(order, addresses, INTERIM__RACE_MOST);
    for (size_t k = 0; k < INTERIM__RACE_MOST; k++)
        ck_assert_uint_eq(order[k], k / 2 + (k % 2) * INTERIM__RACE_MOST / 2);
}
END_TEST

START_TEST(the_head_start_is_that_of_rfc_8305)
{
    ck_assert_int_eq(INTERIM__RACE_DELAY_MS, 250);
    ck_assert_int_eq(INTERIM__RACE_DELAY_LEAST_MS, 10);
    ck_assert_int_eq(INTERIM__RACE_DELAY_MOST_MS, 2000);
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
    ck_assert_int_lt(took, 10000);
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

    begin(_i, answer_once);
    names_add("half.test", "127.0.0.2 127.0.0.1", 0, false);
    dialer.transport.attempt_delay_ns = INT64_C(60000000000); /* more than the dialer waits */
    dialer_dial(&dialer, &call, false, "half.test", server_port(origin));
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
    dialer_hang_up(&call);
    end();
}
END_TEST

/* A lookup that wants to know what is known. */
static struct inquiry {
    interim__lookup lookup; /* first */
    bool done;
    interim__standing standings[4];
} inquiry;

static void inquired(interim__lookup *lookup, const interim__found *found)
{
    (void)lookup;
    inquiry.done = true;
    for (size_t i = 0; i < found->count && i < 4; i++)
        inquiry.standings[i] = found->addresses[i].standing;
}

static void inquire(const char *host)
{
    memset(&inquiry, 0, sizeof inquiry);
    inquiry.lookup.done = inquired;
    ck_assert_int_eq(interim__resolver_ask(dialer.transport.resolver, &inquiry.lookup, host), 0);
    for (int turns = 0; !inquiry.done && turns < 100; turns++)
        interim__loop_turn(dialer.transport.loop, 1000);
    ck_assert(inquiry.done);
}

START_TEST(a_literal_is_not_looked_up)
{
    struct call call = {0};

    begin(_i, answer_once);
    names_reset();
    dial_open(&call);
    dialer_hang_up(&call);
    dialer_dial(&dialer, &call, false, "::1", closed_port());
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), INTERIM_ECONNECT);
    dialer_hang_up(&call);
    ck_assert_int_eq(names_calls(), 0);
    end();
}
END_TEST

START_TEST(the_next_race_begins_with_the_winner)
{
    struct call call = {0};
    char peer[2][64];

    begin(_i, answer_once);
    names_add("three.test", "127.0.0.3 127.0.0.1 127.0.0.2", 0, false);
    for (int i = 0; i < 2; i++) {
        dialer_dial(&dialer, &call, false, "three.test", server_port(origin));
        ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
        snprintf(peer[i], sizeof peer[i], "%s", interim__connection_peer(call.connection));
        dialer_hang_up(&call);
        inquire("three.test");
        ck_assert_int_eq(inquiry.standings[0], INTERIM__STANDING_BAD);
        ck_assert_int_eq(inquiry.standings[1], INTERIM__STANDING_GOOD);
        ck_assert_int_eq(inquiry.standings[2], INTERIM__STANDING_UNKNOWN);
    }
    ck_assert_str_eq(peer[0], peer[1]);
    ck_assert_int_eq(names_asked(), 1);
    end();
}
END_TEST

START_TEST(another_interface_has_no_history)
{
    const interim__connection_owner owner = {note_opened, NULL, &(int){0}};
    interim__endpoint endpoint = {.host = "two.test", .local = "127.0.0.1"};
    interim__connection *connection;
    int *opened = owner.user;

    begin(_i, answer_once);
    names_add("two.test", "127.0.0.2 127.0.0.1", 0, false);
    endpoint.port = server_port(origin);
    if (interim__connection_open(&connection, &dialer.transport, &endpoint, &owner) == 1)
        note_opened(opened, dialer_failure(connection));
    while (*opened == 0)
        interim__loop_turn(dialer.transport.loop, 1000);
    ck_assert_int_eq(*opened, 1);
    interim__connection_free(connection);
    inquire("two.test");
    ck_assert_int_eq(inquiry.standings[0], INTERIM__STANDING_UNKNOWN);
    ck_assert_int_eq(inquiry.standings[1], INTERIM__STANDING_UNKNOWN);
    end();
}
END_TEST

START_TEST(a_lost_race_has_the_name_asked_again)
{
    struct call call = {0};

    begin(_i, answer_once);
    names_add("moved.test", "127.0.0.2 127.0.0.3", 0, false);
    for (int i = 1; i < 4; i++) {
        dialer_dial(&dialer, &call, false, "moved.test", server_port(origin));
        ck_assert_int_eq(dialer_wait_opened(&dialer, &call), INTERIM_ECONNECT);
        dialer_hang_up(&call);
        ck_assert_int_eq(names_asked(), i);
    }
    end();
}
END_TEST

/* What this machine is short of says nothing about an address, ... */
START_TEST(want_of_descriptors_makes_no_address_bad)
{
    struct call call = {0};

    begin(_i, answer_once);
    names_add("two.test", "127.0.0.2 127.0.0.1", 0, false);
    dialer_dial(&dialer, &call, false, "two.test", server_port(origin));
    calls_refuse(CALLS_SOCKET, 1, 1, EMFILE);
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
    ck_assert_uint_eq(calls_allow(), 1);
    dialer_hang_up(&call);
    inquire("two.test");
    ck_assert_int_eq(inquiry.standings[0], INTERIM__STANDING_UNKNOWN);
    ck_assert_int_eq(inquiry.standings[1], INTERIM__STANDING_GOOD);
    end();
}
END_TEST

/* ... nor about a name. */
START_TEST(want_of_descriptors_has_no_name_asked_again)
{
    static const int errors[][2] = {{EMFILE, INTERIM_ESYSTEM}, {ENOMEM, INTERIM_ENOMEM}};
    struct call call = {0};

    begin(_i, answer_once);
    names_add("one.test", "127.0.0.1", 0, false);
    for (int i = 0; i < 2; i++) {
        dialer_dial(&dialer, &call, false, "one.test", server_port(origin));
        calls_refuse(CALLS_SOCKET, 1, 1, errors[i][0]);
        ck_assert_int_eq(dialer_wait_opened(&dialer, &call), errors[i][1]);
        ck_assert_uint_eq(calls_allow(), 1);
        dialer_hang_up(&call);
    }
    dialer_dial(&dialer, &call, false, "one.test", server_port(origin));
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
    dialer_hang_up(&call);
    ck_assert_int_eq(names_asked(), 1);
    end();
}
END_TEST

/* Whoever opens a connection has its own limit of time. */
START_TEST(a_race_that_is_given_up_has_the_name_asked_again)
{
    struct call call = {0};
    struct blackhole *hole;
    uint16_t port;

    begin(_i, answer_once);
    port = server_port(origin);
    hole = blackhole_start("127.0.0.2", &port);
    names_add("dead.test", "127.0.0.2", 0, false);
    names_add("two.test", "127.0.0.2 127.0.0.1", 0, false);
    for (int i = 1; i < 3; i++) {
        dialer_dial(&dialer, &call, false, "dead.test", port);
        while (interim__connection_stage(call.connection) != INTERIM_STAGE_CONNECT)
            interim__loop_turn(dialer.transport.loop, 1000);
        dialer_hang_up(&call);
        ck_assert_int_eq(names_asked(), i);
    }
    /* With an address left that was not tried there is no reason to. */
    dialer.transport.attempt_delay_ns = INT64_C(60000000000);
    for (int i = 1; i < 3; i++) {
        dialer_dial(&dialer, &call, false, "two.test", port);
        while (interim__connection_stage(call.connection) != INTERIM_STAGE_CONNECT)
            interim__loop_turn(dialer.transport.loop, 1000);
        dialer_hang_up(&call);
        ck_assert_int_eq(names_asked(), 3);
    }
    blackhole_stop(hole);
    end();
}
END_TEST

START_TEST(a_head_start_can_be_longer)
{
    struct call call = {0};
    struct blackhole *hole;
    uint16_t port;
    int64_t before;

    begin(_i, answer_once);
    port = server_port(origin);
    hole = blackhole_start("127.0.0.2", &port);
    names_add("half.test", "127.0.0.2 127.0.0.1", 0, false);
    dialer.transport.attempt_delay_ns = INT64_C(600000000);
    before = interim__loop_monotonic_ns();
    dialer_dial(&dialer, &call, false, "half.test", port);
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
    ck_assert_int_ge((interim__loop_monotonic_ns() - before) / 1000000, 595);
    dialer_hang_up(&call);
    blackhole_stop(hole);
    end();
}
END_TEST

/* A socket that listens at host, and whose queue takes connections; -1: no such address. */
static int listen_at(const char *host, uint16_t *port)
{
    interim__address address;
    int fd;

    ck_assert(interim__address_parse(&address, host, *port));
    fd = socket(address.storage.ss_family, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address.storage, address.length) < 0 ||
        listen(fd, 16) < 0 ||
        getsockname(fd, (struct sockaddr *)&address.storage, &address.length) < 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(address.storage.ss_family == AF_INET
                      ? ((struct sockaddr_in *)&address.storage)->sin_port
                      : ((struct sockaddr_in6 *)&address.storage)->sin6_port);
    return fd;
}

START_TEST(losers_are_closed)
{
    struct call call = {0};
    struct blackhole *hole;
    uint16_t port = 0;
    size_t before = 0;
    int fd = listen_at("127.0.0.1", &port);

    begin(_i, NULL);
    ck_assert_int_ge(fd, 0);
    hole = blackhole_start("127.0.0.2", &port);
    names_add("half.test", "127.0.0.2 127.0.0.1", 0, false);
    for (int i = 0; i < 2; i++) {
        before = count_descriptors(); /* the second time with all that stays */
        interim__resolver_clear(dialer.transport.resolver);
        dialer_dial(&dialer, &call, false, "half.test", port);
        ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
        if (i == 1)
            ck_assert_uint_eq(count_descriptors(), before + 1);
        dialer_hang_up(&call);
    }
    ck_assert_uint_eq(count_descriptors(), before);
    blackhole_stop(hole);
    close(fd);
    end();
}
END_TEST

/* Nobody listens at one of the two addresses of localhost; the other one is tried at once. */
START_TEST(localhost_is_reached_by_either_family)
{
    static const struct {
        const char *listener, *addresses, *peer;
    } cases[] = {
        {"127.0.0.1", "::1 127.0.0.1", "127.0.0.1:"},
        {"::1", "127.0.0.1 ::1", "[::1]:"},
    };

    for (size_t i = 0; i < 2; i++) {
        struct call call = {0};
        uint16_t port = 0;
        int fd = listen_at(cases[i].listener, &port);

        if (fd < 0) /* a system without IPv6 */
            continue;
        begin(_i, NULL);
        dialer.transport.attempt_delay_ns = INT64_C(60000000000); /* more than the dialer waits */
        names_add("localhost", cases[i].addresses, 0, false);
        dialer_dial(&dialer, &call, false, "localhost", port);
        ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
        ck_assert_int_eq(strncmp(interim__connection_peer(call.connection), cases[i].peer,
                                 strlen(cases[i].peer)),
                         0);
        dialer_hang_up(&call);
        close(fd);
        end();
    }
}
END_TEST

START_TEST(a_crowd_of_addresses_is_raced_to_its_end)
{
    struct call call = {0};
    char addresses[256] = "", expected[100];
    uint16_t port = closed_port();

    begin(_i, NULL);
    for (int i = 1; i <= 20; i++)
        snprintf(addresses + strlen(addresses), sizeof addresses - strlen(addresses), "127.0.0.%d ",
                 i);
    names_add("crowd.test", addresses, 0, false);
    dialer_dial(&dialer, &call, false, "crowd.test", port);
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), INTERIM_ECONNECT);
    snprintf(expected, sizeof expected,
             "connect to crowd.test:%u (16 addresses tried): Connection refused", (unsigned)port);
    ck_assert_str_eq(call.error.text, expected);
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

/* Whichever allocation fails: it ends, as expected or for want of memory. */
static void want_memory(int engine, const char *host, uint16_t port, int expected)
{
    bool failed = true;

    for (unsigned long n = 1; failed; n++) {
        int status;

        dialer_dispose(&dialer);
        dialer_init(&dialer, engines[engine], NULL);
        failing_alloc_arm(n);
        status = open_once(host, port);
        failed = failing_alloc_disarm();
        ck_assert(status == expected || (failed && status == INTERIM_ENOMEM));
        ck_assert_uint_lt(n, 50);
    }
}

START_TEST(a_race_survives_want_of_memory)
{
    begin(_i, answer_once);
    names_add("two.test", "127.0.0.2 127.0.0.1", 0, false);
    /* One attempt may fail for want of memory while the other one wins. */
    want_memory(_i, "two.test", server_port(origin), 1);
    /* What is lost at once is told by a timer, if there is memory for one. */
    want_memory(_i, "255.255.255.255", 80, INTERIM_ECONNECT);
    end();
}
END_TEST

/* Opens one while the nth allocation fails, until its race has begun: whether all addresses are
 * tried then. *failed: there was such an allocation. */
static bool is_spent_at_once(const char *host, uint16_t port, unsigned long n, bool *failed)
{
    const interim__endpoint endpoint = {.host = host, .port = port};
    const interim__connection_owner owner = {note_opened, NULL, &(int){0}};
    interim__connection *connection;
    bool spent;

    failing_alloc_arm(n);
    (void)interim__connection_open(&connection, &dialer.transport, &endpoint, &owner);
    while (connection != NULL && interim__connection_stage(connection) == INTERIM_STAGE_RESOLVE)
        interim__loop_turn(dialer.transport.loop, 1000);
    *failed = failing_alloc_disarm();
    spent =
        connection != NULL && connection->race != NULL && interim__race_is_spent(connection->race);
    interim__connection_free(connection);
    return spent;
}

/* Nothing would tell when it is over. */
START_TEST(without_a_timer_there_is_no_head_start)
{
    struct blackhole *hole;
    uint16_t port = 0;
    bool failed = true;
    int spent = 0;

    begin(_i, NULL);
    hole = blackhole_start("127.0.0.2", &port);
    names_add("two.test", "127.0.0.2 127.0.0.1", 0, false);
    for (unsigned long n = 1; failed; n++) {
        dialer_dispose(&dialer);
        dialer_init(&dialer, engines[_i], NULL);
        dialer.transport.attempt_delay_ns = INT64_C(60000000000);
        spent += is_spent_at_once("two.test", port, n, &failed);
        ck_assert_uint_lt(n, 50);
    }
    ck_assert_int_eq(spent, 2); /* without a first attempt, and without a timer for the second */
    blackhole_stop(hole);
    end();
}
END_TEST

Suite *race_suite(void)
{
    const TTest *const both[] = {
        a_silent_address_gets_a_head_start_only,
        a_refused_address_gets_no_head_start,
        a_literal_is_not_looked_up,
        the_next_race_begins_with_the_winner,
        another_interface_has_no_history,
        a_lost_race_has_the_name_asked_again,
        want_of_descriptors_makes_no_address_bad,
        want_of_descriptors_has_no_name_asked_again,
        a_race_that_is_given_up_has_the_name_asked_again,
        a_head_start_can_be_longer,
        losers_are_closed,
        localhost_is_reached_by_either_family,
        a_crowd_of_addresses_is_raced_to_its_end,
        a_lost_race_tells_the_most_telling_failure,
        a_race_that_is_lost_at_once_is_told_later,
        a_race_survives_want_of_memory,
        without_a_timer_there_is_no_head_start,
    };
    Suite *suite = suite_create("race");
    TCase *parts = tcase_create("parts");

    suite_add_tcase(suite, both_engines(both, sizeof both / sizeof both[0]));
    tcase_add_test(parts, families_take_turns);
    tcase_add_test(parts, good_addresses_come_first_and_bad_ones_last);
    tcase_add_test(parts, a_full_list_has_an_order);
    tcase_add_test(parts, the_head_start_is_that_of_rfc_8305);
    suite_add_tcase(suite, parts);
    return suite;
}
