/* Tests of src/transport/pool.c, with both engines. */
#include "transport/pool.h"

#include "suites.h"
#include "support/certificates.h"
#include "support/dialer.h"
#include "support/failing_alloc.h"
#include "support/names.h"
#include "support/server.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MS INT64_C(1000000)

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

static struct dialer dialer;
static struct server *origin;
static interim__pool *pool;

/* Stays open until the peer ends. */
static const server_step patient[] = {{SERVER_READ, 1 << 30, NULL}, {SERVER_CLOSE, 0, NULL}};

static void begin(int engine, const server_step *script, int64_t idle_ns)
{
    static const server_step *scripts[2];

    scripts[0] = script;
    names_add("a.test", "127.0.0.1", 0, false);
    origin = server_start(scripts, NULL);
    dialer_init(&dialer, engines[engine], NULL);
    ck_assert_int_eq(interim__pool_new(&pool, dialer.transport.loop, idle_ns), 0);
}

static void end(void)
{
    interim__pool_free(pool);
    dialer_dispose(&dialer);
    server_stop(origin);
    names_wait_idle();
    names_reset();
}

static interim__connection *open_one(const char *host)
{
    static struct call call;

    memset(&call, 0, sizeof call);
    dialer_dial(&dialer, &call, false, host, server_port(origin));
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
    return call.connection;
}

static interim__connection *take_within(const char *host, int64_t idle_at_most)
{
    return interim__pool_take(
        pool,
        &(interim__endpoint){
            .tls = false, .identify = true, .host = host, .port = server_port(origin)},
        idle_at_most, interim__loop_monotonic_ns());
}

static interim__connection *take(const char *host)
{
    return take_within(host, INTERIM__NEVER);
}

START_TEST(the_last_one_used_is_taken)
{
    interim__connection *one, *two;

    begin(_i, patient, INTERIM__NEVER);
    ck_assert_ptr_null(take("a.test"));
    one = open_one("a.test");
    two = open_one("a.test");
    interim__pool_keep(pool, one, interim__loop_monotonic_ns());
    interim__pool_keep(pool, two, interim__loop_monotonic_ns());
    ck_assert_ptr_eq(take("a.test"), two);
    ck_assert_ptr_eq(take("a.test"), one);
    ck_assert_ptr_null(take("a.test"));
    interim__pool_keep(pool, two, interim__loop_monotonic_ns());
    interim__pool_keep(pool, one, interim__loop_monotonic_ns());
    ck_assert_ptr_eq(take("a.test"), one);
    interim__connection_free(one);
    end(); /* with one in it */
}
END_TEST

START_TEST(origins_are_kept_apart)
{
    interim__connection *one;
    uint16_t port, other;

    begin(_i, patient, INTERIM__NEVER);
    port = server_port(origin);
    other = (uint16_t)(port ^ 1);
    one = open_one("a.test");
    interim__pool_keep(pool, one, interim__loop_monotonic_ns());
    ck_assert_ptr_null(interim__pool_take(
        pool, &(interim__endpoint){.tls = true, .identify = true, .host = "a.test", .port = port},
        INTERIM__NEVER, interim__loop_monotonic_ns()));
    ck_assert_ptr_null(interim__pool_take(
        pool, &(interim__endpoint){.tls = false, .identify = true, .host = "a.test", .port = other},
        INTERIM__NEVER, interim__loop_monotonic_ns()));
    ck_assert_ptr_null(interim__pool_take(
        pool, &(interim__endpoint){.tls = false, .identify = true, .host = "b.test", .port = port},
        INTERIM__NEVER, interim__loop_monotonic_ns()));
    ck_assert_ptr_eq(
        interim__pool_take(
            pool,
            &(interim__endpoint){.tls = false, .identify = true, .host = "a.test", .port = port},
            INTERIM__NEVER, interim__loop_monotonic_ns()),
        one);
    interim__connection_free(one);
    end();
}
END_TEST

/* What differs in any part is another endpoint, for the pool and for the tickets of TLS. */
START_TEST(every_part_of_an_endpoint_counts)
{
    const interim__endpoint base = {.tls = true,
                                    .identify = true,
                                    .host = "a.test",
                                    .port = 443,
                                    .via = INTERIM__VIA_SOCKS5,
                                    .proxy_host = "p.test",
                                    .proxy_port = 1080,
                                    .proxy_user = "u",
                                    .proxy_password = "w",
                                    .socket_path = "/s",
                                    .dial_host = "d.test",
                                    .dial_port = 1,
                                    .local = "127.0.0.1"};
    interim__endpoint others[20], copy;
    size_t count = 0;

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        others[i] = base;
    others[count++].tls = false;
    others[count++].identify = false;
    others[count++].host = "b.test";
    others[count++].port = 444;
    others[count++].via = INTERIM__VIA_TUNNEL;
    others[count++].proxy_host = "q.test";
    others[count++].proxy_host = NULL;
    others[count++].proxy_port = 1081;
    others[count++].proxy_user = "U";
    others[count++].proxy_user = NULL;
    others[count++].proxy_password = "W";
    others[count++].proxy_password = NULL;
    others[count++].socket_path = "/S";
    others[count++].socket_path = "@/s";
    others[count++].socket_path = NULL;
    others[count++].dial_host = "e.test";
    others[count++].dial_host = NULL;
    others[count++].dial_port = 2;
    others[count++].local = "127.0.0.2";
    others[count++].local = NULL;
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(!interim__endpoint_equal(&base, &others[i]), "%zu", i);
        for (size_t j = 0; j < count; j++)
            ck_assert_msg(interim__endpoint_equal(&others[i], &others[j]) == (i == j), "%zu %zu", i,
                          j);
        ck_assert(interim__endpoint_copy(&copy, &others[i]));
        ck_assert_msg(interim__endpoint_equal(&copy, &others[i]), "%zu", i);
        interim__endpoint_dispose(&copy);
    }
}
END_TEST

START_TEST(a_taken_connection_works)
{
    static const server_step echo[] = {
        {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, "ok"}, {SERVER_REPEAT, 0, NULL}};
    struct call call = {0};
    char buffer[8];

    begin(_i, echo, INTERIM__NEVER);
    dialer_dial(&dialer, &call, false, "a.test", server_port(origin));
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert(dialer_write_all(&dialer, &call, "x\r\n\r\n", 5));
        ck_assert_int_eq(dialer_read(&dialer, &call, buffer, sizeof buffer), 2);
        interim__pool_keep(pool, call.connection, interim__loop_monotonic_ns());
        dialer_idle(&dialer, 1);
        ck_assert_ptr_eq(take("a.test"), call.connection);
        dialer_adopt(&call);
    }
    ck_assert_uint_eq(server_accepted(origin), 1);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(idle_connections_expire)
{
    unsigned turns;

    begin(_i, patient, 20 * MS);
    for (int i = 0; i < 3; i++)
        interim__pool_keep(pool, open_one("a.test"), interim__loop_monotonic_ns());
    turns = dialer.turns;
    server_wait_accepted(origin, 3);
    dialer_idle(&dialer, 40);
    ck_assert_uint_le(dialer.turns - turns, 8);
    for (unsigned i = 0; i < 3; i++)
        server_wait_end(origin, i);
    ck_assert_ptr_null(take("a.test"));
    /* And once more, with one that was taken in between: its deadline is nobody's. */
    interim__pool_keep(pool, open_one("a.test"), interim__loop_monotonic_ns());
    dialer_idle(&dialer, 10);
    interim__connection_free(take("a.test"));
    interim__pool_keep(pool, open_one("a.test"), interim__loop_monotonic_ns());
    dialer_idle(&dialer, 12);
    interim__connection_free(take("a.test"));
    dialer_idle(&dialer, 30);
    end();
}
END_TEST

START_TEST(one_that_was_idle_for_too_long_is_not_taken)
{
    interim__connection *one;

    begin(_i, patient, INTERIM__NEVER);
    one = open_one("a.test");
    interim__pool_keep(pool, one, interim__loop_monotonic_ns());
    dialer_idle(&dialer, 5);
    ck_assert_ptr_null(interim__pool_take(
        pool,
        &(interim__endpoint){
            .tls = false, .identify = true, .host = "a.test", .port = server_port(origin)},
        1 * MS, interim__loop_monotonic_ns()));
    ck_assert_ptr_eq(interim__pool_take(pool,
                                        &(interim__endpoint){.tls = false,
                                                             .identify = true,
                                                             .host = "a.test",
                                                             .port = server_port(origin)},
                                        10000 * MS, interim__loop_monotonic_ns()),
                     one);
    interim__connection_free(one);
    end();
}
END_TEST

START_TEST(what_the_peer_closes_is_closed_at_once)
{
    static const server_step close_later[] = {{SERVER_WAIT, 0, NULL}, {SERVER_CLOSE, 0, NULL}};

    begin(_i, close_later, INTERIM__NEVER);
    interim__pool_keep(pool, open_one("a.test"), interim__loop_monotonic_ns());
    dialer_idle(&dialer, 1);
    server_go(origin);
    while (!server_ended(origin, 0)) /* it waits for our end */
        dialer_idle(&dialer, 1);
    ck_assert_ptr_null(take("a.test"));
    end();
}
END_TEST

START_TEST(what_the_peer_closed_unseen_is_not_handed_out)
{
    static const server_step close_later[] = {{SERVER_WAIT, 0, NULL}, {SERVER_CUT, 0, NULL}};
    static const server_step reset_later[] = {{SERVER_WAIT, 0, NULL}, {SERVER_RESET, 0, NULL}};
    static const server_step say_later[] = {{SERVER_WAIT, 0, NULL},
                                            {SERVER_SEND, 0, "HTTP/1.1 408 x\r\n\r\n"},
                                            {SERVER_READ, 1, NULL},
                                            {SERVER_CLOSE, 0, NULL}};
    static const server_step *const scripts[] = {close_later, reset_later, say_later};

    for (int i = 0; i < 6; i++) {
        bool risky = i % 2 != 0;

        begin(_i, scripts[i / 2], INTERIM__NEVER);
        interim__pool_keep(pool, open_one("a.test"), interim__loop_monotonic_ns());
        dialer_idle(&dialer, 1);
        server_go(origin);
        /* No turn: only a look can tell. Were it handed out, this would not end. What cannot be
         * asked again is not sent without a look, however short the time was. */
        for (interim__connection *clean;
             (clean = take_within("a.test", risky ? 1000 * MS : INTERIM__NEVER)) != NULL;) {
            interim__pool_keep(pool, clean, interim__loop_monotonic_ns());
            if (!risky)
                usleep(200);
        }
        end();
    }
}
END_TEST

static interim__connection *used;

/* The time stands still, and the loop's word is of this turn. */
static void keep_and_take(interim__timer *timer)
{
    interim__connection *clean = used;

    (void)timer;
    used = NULL;
    server_go(origin);
    do {
        interim__pool_keep(pool, clean, interim__loop_monotonic_ns());
        clean = take_within("a.test", 1000 * MS);
    } while (clean != NULL);
}

START_TEST(what_the_peer_closed_in_the_turn_is_not_handed_out)
{
    static const server_step close_later[] = {{SERVER_WAIT, 0, NULL}, {SERVER_CUT, 0, NULL}};
    interim__timer timer;

    begin(_i, close_later, INTERIM__NEVER);
    used = open_one("a.test");
    interim__timer_init(&timer, keep_and_take);
    ck_assert_int_eq(interim__timer_set(dialer.transport.loop, &timer, 0), 0);
    while (used != NULL)
        dialer_idle(&dialer, 1);
    end();
}
END_TEST

START_TEST(unread_bytes_are_not_kept)
{
    static const server_step talk[] = {
        {SERVER_SEND, 0, "too much"}, {SERVER_READ, 1, NULL}, {SERVER_CLOSE, 0, NULL}};
    struct call call = {0};
    char buffer[3];

    begin(_i, talk, INTERIM__NEVER);
    dialer_dial(&dialer, &call, false, "a.test", server_port(origin));
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
    ck_assert_int_eq(dialer_read(&dialer, &call, buffer, sizeof buffer), 3);
    interim__pool_keep(pool, call.connection, interim__loop_monotonic_ns());
    ck_assert_ptr_null(take("a.test"));
    end();
}
END_TEST

START_TEST(a_pool_has_256_at_most)
{
    enum { MOST = 256 };
    static interim__connection *all[MOST + 1];
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 700)
        return;
    begin(_i, patient, INTERIM__NEVER);
    for (int i = 0; i <= MOST; i++)
        all[i] = open_one("a.test");
    for (int i = 0; i <= MOST; i++)
        interim__pool_keep(pool, all[i], interim__loop_monotonic_ns());
    for (int i = MOST; i >= 1; i--) {
        ck_assert_ptr_eq(take("a.test"), all[i]);
        interim__connection_free(all[i]);
    }
    ck_assert_ptr_null(take("a.test")); /* the oldest went */
    end();
}
END_TEST

START_TEST(the_oldest_makes_room)
{
    interim__connection *one, *two;

    begin(_i, patient, INTERIM__NEVER);
    ck_assert(!interim__pool_shrink(pool));
    one = open_one("a.test");
    two = open_one("a.test");
    interim__pool_keep(pool, one, interim__loop_monotonic_ns());
    interim__pool_keep(pool, two, interim__loop_monotonic_ns());
    ck_assert(interim__pool_shrink(pool));
    ck_assert_ptr_eq(take("a.test"), two);
    ck_assert(!interim__pool_shrink(pool));
    interim__connection_free(two);
    end();
}
END_TEST

static void due_never(interim__timer *timer)
{
    (void)timer;
}

/* Sets timers until one more would take memory. */
static void fill_timers(void)
{
    static interim__timer timers[64];
    bool full = false;

    for (size_t i = 0; !full; i++) {
        ck_assert_uint_lt(i, sizeof timers / sizeof *timers);
        interim__timer_init(&timers[i], due_never);
        failing_alloc_arm(1);
        (void)interim__timer_set(dialer.transport.loop, &timers[i], 1000000 * MS);
        full = failing_alloc_disarm();
    }
}

/* It would never expire. */
START_TEST(without_a_timer_nothing_is_kept)
{
    interim__connection *one;

    begin(_i, patient, 1000000 * MS);
    one = open_one("a.test");
    fill_timers();
    failing_alloc_arm(1);
    interim__pool_keep(pool, one, interim__loop_monotonic_ns());
    ck_assert(failing_alloc_disarm());
    ck_assert_ptr_null(take("a.test"));
    end();
}
END_TEST

START_TEST(without_memory_nothing_is_kept)
{
    bool failed = true;

    for (unsigned long n = 1; failed; n++) {
        interim__connection *one;

        begin(_i, patient, 1000000 * MS);
        one = open_one("a.test");
        failing_alloc_arm(n);
        interim__pool_keep(pool, one, interim__loop_monotonic_ns());
        failed = failing_alloc_disarm();
        one = take("a.test");
        ck_assert(failed == (one == NULL));
        interim__connection_free(one);
        ck_assert_uint_lt(n, 10);
        end();
    }
}
END_TEST

START_TEST(session_tickets_are_no_answer)
{
    static const server_step two[] = {
        {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, "ok"}, {SERVER_REPEAT, 0, NULL}};
    static const server_step *const scripts[] = {two, NULL};
    const certificate_wish wish = {.file = "good", .name = "x", .names = "IP:127.0.0.1"};
    struct certificates *all = certificates_new();
    char certificate[160], key[160], buffer[8];
    server_tls tls = {.certificate_file = certificate, .key_file = key};
    struct call call = {0};

    certificates_issue(all, &wish);
    certificates_path(all, certificate, sizeof certificate, "good.crt");
    certificates_path(all, key, sizeof key, "good.key");
    origin = server_start(scripts, &tls);
    dialer_init(&dialer, engines[_i], certificates_ca_file(all));
    ck_assert_int_eq(interim__pool_new(&pool, dialer.transport.loop, INTERIM__NEVER), 0);
    dialer_dial(&dialer, &call, true, "127.0.0.1", server_port(origin));
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
    /* At once: the tickets of TLS 1.3 come while it is idle. */
    interim__pool_keep(pool, call.connection, interim__loop_monotonic_ns());
    dialer_idle(&dialer, 10);
    ck_assert_ptr_eq(interim__pool_take(pool,
                                        &(interim__endpoint){.tls = true,
                                                             .identify = true,
                                                             .host = "127.0.0.1",
                                                             .port = server_port(origin)},
                                        INTERIM__NEVER, interim__loop_monotonic_ns()),
                     call.connection);
    dialer_adopt(&call);
    ck_assert(dialer_write_all(&dialer, &call, "x\r\n\r\n", 5));
    ck_assert_int_eq(dialer_read(&dialer, &call, buffer, sizeof buffer), 2);
    dialer_hang_up(&call);
    end();
    certificates_free(all);
}
END_TEST

Suite *pool_suite(void)
{
    const TTest *const both[] = {
        the_last_one_used_is_taken,
        origins_are_kept_apart,
        a_taken_connection_works,
        idle_connections_expire,
        one_that_was_idle_for_too_long_is_not_taken,
        what_the_peer_closes_is_closed_at_once,
        what_the_peer_closed_unseen_is_not_handed_out,
        what_the_peer_closed_in_the_turn_is_not_handed_out,
        unread_bytes_are_not_kept,
        a_pool_has_256_at_most,
        the_oldest_makes_room,
        without_a_timer_nothing_is_kept,
        without_memory_nothing_is_kept,
        session_tickets_are_no_answer,
    };
    Suite *suite = suite_create("pool");
    TCase *idle = tcase_create("idle"), *key = tcase_create("key");

    tcase_set_timeout(idle, 30);
    for (size_t i = 0; i < sizeof both / sizeof both[0]; i++)
        tcase_add_loop_test(idle, both[i], 0, 2);
    suite_add_tcase(suite, idle);
    tcase_add_test(key, every_part_of_an_endpoint_counts);
    suite_add_tcase(suite, key);
    return suite;
}
