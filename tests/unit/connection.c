/* Tests of src/transport/connection.c, socket.c and race.c without TLS, with both engines. */
#include "transport/connection.h"

#include "suites.h"
#include "support/dialer.h"
#include "support/failing_alloc.h"
#include "support/names.h"
#include "support/server.h"
#include "transport/race.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

static struct dialer dialer;
static struct server *origin;

static void begin(int engine, const server_step *script)
{
    static const server_step *scripts[2];

    scripts[0] = script;
    dialer_init(&dialer, engines[engine], NULL);
    origin = script == NULL ? NULL : server_start(scripts, NULL);
}

static void end(void)
{
    dialer_dispose(&dialer);
    server_stop(origin);
    names_release();
    names_wait_idle();
    names_reset();
}

static void dial(struct call *call)
{
    dialer_dial(&dialer, call, false, "127.0.0.1", server_port(origin));
}

static void dial_open(struct call *call)
{
    dial(call);
    ck_assert_int_eq(dialer_wait_opened(&dialer, call), 0);
}

static const server_step answer_once[] = {
    {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, "hello"}, {SERVER_CLOSE, 0, NULL}};

/* ---- Opening ------------------------------------------------------------------------------- */

START_TEST(bytes_go_both_ways)
{
    struct call call = {0};
    char buffer[64];
    ptrdiff_t last;

    begin(_i, answer_once);
    dial(&call);
    ck_assert_int_eq(interim__connection_stage(call.connection), INTERIM_STAGE_RESOLVE);
    ck_assert_str_eq(interim__connection_peer(call.connection), "");
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
    ck_assert_int_eq(interim__connection_stage(call.connection), INTERIM_STAGE_SEND);
    ck_assert_int_eq(strncmp(interim__connection_peer(call.connection), "127.0.0.1:", 10), 0);
    ck_assert(dialer_write_all(&dialer, &call, "GET\r\n\r\n", 7));
    ck_assert_uint_eq(dialer_read_all(&dialer, &call, buffer, sizeof buffer, &last), 5);
    ck_assert_int_eq(memcmp(buffer, "hello", 5), 0);
    ck_assert_int_eq(last, INTERIM__END);
    ck_assert_int_eq(interim__connection_read(call.connection, buffer, 1), INTERIM__END);
    ck_assert_int_eq(call.opened, 1);
    ck_assert_int_eq(interim__connection_error(call.connection)->code, 0);
    server_received(origin, 0, buffer, sizeof buffer);
    ck_assert_str_eq(buffer, "GET\r\n\r\n");
    dialer_hang_up(&call);
    interim__connection_free(NULL);
    end();
}
END_TEST

START_TEST(the_last_bytes_and_the_end_may_come_together)
{
    static const server_step at_once[] = {{SERVER_SEND, 0, "hello"}, {SERVER_CLOSE, 0, NULL}};
    struct call call = {0};
    char buffer[64];
    ptrdiff_t last;

    begin(_i, at_once);
    dial_open(&call);
    usleep(2000); /* so that bytes and FIN are one event, most of the time */
    ck_assert_uint_eq(dialer_read_all(&dialer, &call, buffer, sizeof buffer, &last), 5);
    ck_assert_int_eq(last, INTERIM__END);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(a_name_is_resolved)
{
    struct call call = {0};

    begin(_i, answer_once);
    names_add("origin.test", "127.0.0.1", 0, false);
    dialer_dial(&dialer, &call, false, "origin.test", server_port(origin));
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(an_unknown_name_fails)
{
    struct call call = {0};

    begin(_i, NULL);
    names_add("nobody.test", "", EAI_NONAME, false);
    dialer_dial(&dialer, &call, false, "nobody.test", 80);
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), INTERIM_ERESOLVE);
    ck_assert_int_eq(call.error.os_error, EAI_NONAME);
    ck_assert_int_eq(call.error.stage, INTERIM_STAGE_RESOLVE);
    ck_assert_str_eq(call.error.text, "resolve nobody.test: Name or service not known");
    ck_assert_int_eq(interim__connection_stage(call.connection), INTERIM_STAGE_RESOLVE);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(a_refused_connection_fails)
{
    struct call call = {0};
    uint16_t port = closed_port();
    char expected[80];

    begin(_i, NULL);
    dialer_dial(&dialer, &call, false, "127.0.0.1", port);
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), INTERIM_ECONNECT);
    snprintf(expected, sizeof expected, "connect to 127.0.0.1:%u: Connection refused",
             (unsigned)port);
    ck_assert_str_eq(call.error.text, expected);
    ck_assert_int_eq(call.error.os_error, ECONNREFUSED);
    ck_assert_int_eq(call.error.stage, INTERIM_STAGE_CONNECT);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(keepalive_is_on)
{
    static const struct {
        int level, name, value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},   {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 30}, {IPPROTO_TCP, TCP_KEEPINTVL, 10},
        {IPPROTO_TCP, TCP_KEEPCNT, 3},   {IPPROTO_TCP, TCP_USER_TIMEOUT, 120000},
    };
    interim__socket tuned = {.watch.fd = socket(AF_INET, SOCK_STREAM, 0)};

    interim__socket_tune(&tuned);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        int value = -1;
        socklen_t length = sizeof value;

        ck_assert_int_eq(
            getsockopt(tuned.watch.fd, options[i].level, options[i].name, &value, &length), 0);
        ck_assert_int_eq(value, options[i].value);
    }
    close(tuned.watch.fd);
}
END_TEST

/* ---- The race ------------------------------------------------------------------------------ */

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

START_TEST(it_may_be_freed_at_every_stage)
{
    struct call call = {0};
    struct blackhole *hole;
    uint16_t port = 0;

    begin(_i, answer_once);
    hole = blackhole_start("127.0.0.1", &port);
    names_add("held.test", "127.0.0.1", 0, true);

    dial(&call); /* a literal that was not told yet */
    dialer_hang_up(&call);
    dialer_dial(&dialer, &call, false, "held.test", port); /* a lookup */
    dialer_hang_up(&call);
    dialer_dial(&dialer, &call, false, "127.0.0.1", port); /* a race */
    dialer_idle(&dialer, 1);
    ck_assert_int_eq(interim__connection_stage(call.connection), INTERIM_STAGE_CONNECT);
    dialer_hang_up(&call);
    dial_open(&call);
    dialer_hang_up(&call);
    dialer_idle(&dialer, 1);
    ck_assert_int_eq(call.opened, 1);
    blackhole_stop(hole);
    end();
}
END_TEST

START_TEST(it_may_be_freed_in_its_callbacks)
{
    struct call call = {.free_when_opened = true};
    char byte;

    begin(_i, answer_once);
    dial(&call);
    dialer_wait_opened(&dialer, &call);
    ck_assert_ptr_null(call.connection);
    dialer_dial(&dialer, &call, false, "127.0.0.1", closed_port());
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), INTERIM_ECONNECT);
    ck_assert_ptr_null(call.connection);
    names_add("nobody.test", "", EAI_NONAME, false);
    dialer_dial(&dialer, &call, false, "nobody.test", 80);
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), INTERIM_ERESOLVE);
    ck_assert_ptr_null(call.connection);

    call.free_when_opened = false;
    call.free_when_ready = true;
    dial_open(&call);
    ck_assert(dialer_write_all(&dialer, &call, "x\r\n\r\n", 5));
    while (call.connection != NULL &&
           interim__connection_read(call.connection, &byte, 1) == INTERIM__AGAIN)
        ck_assert_int_eq(interim__loop_turn(dialer.transport.loop, 1000), 0);
    if (call.connection != NULL) /* it was there before anybody waited */
        dialer_hang_up(&call);
    end();
}
END_TEST

/* ---- An open stream ------------------------------------------------------------------------ */

START_TEST(a_reset_is_not_an_end)
{
    static const server_step reset[] = {{SERVER_HEAD, 0, NULL},
                                        {SERVER_SEND, 0, "hel"},
                                        {SERVER_WAIT, 0, NULL},
                                        {SERVER_RESET, 0, NULL}};
    struct call call = {0};
    const interim_error *error;
    char buffer[8];

    begin(_i, reset);
    dial_open(&call);
    ck_assert(dialer_write_all(&dialer, &call, "x\r\n\r\n", 5));
    ck_assert_int_eq(dialer_read(&dialer, &call, buffer, sizeof buffer), 3);
    server_go(origin);
    ck_assert_int_eq(dialer_read(&dialer, &call, buffer, sizeof buffer), INTERIM__BROKEN);
    ck_assert_int_eq(interim__connection_read(call.connection, buffer, 1), INTERIM__BROKEN);
    error = interim__connection_error(call.connection);
    ck_assert_int_eq(error->code, INTERIM_EDISCONNECTED);
    ck_assert_int_eq(error->os_error, ECONNRESET);
    ck_assert_int_eq(strncmp(error->text, "read from 127.0.0.1:", 20), 0);
    ck_assert_ptr_nonnull(strstr(error->text, ": Connection reset by peer"));
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(writing_to_a_closed_peer_raises_no_signal)
{
    static const server_step reset[] = {{SERVER_WAIT, 0, NULL}, {SERVER_RESET, 0, NULL}};
    struct call call = {0};
    ptrdiff_t sent = 0;

    begin(_i, reset);
    signal(SIGPIPE, SIG_DFL);
    dial_open(&call);
    server_go(origin);
    server_wait_end(origin, 0);
    for (int i = 0; i < 3; i++) /* the first gets ECONNRESET, later ones EPIPE */
        sent = interim__connection_write(call.connection, "x", 1);
    ck_assert_int_eq(sent, INTERIM__BROKEN);
    ck_assert_int_eq(interim__connection_error(call.connection)->code, INTERIM_EDISCONNECTED);
    ck_assert_int_eq(interim__connection_error(call.connection)->stage, INTERIM_STAGE_SEND);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(a_full_peer_is_waited_for)
{
    enum { SIZE = 16 << 20 };
    static const server_step slow[] = {
        {SERVER_WAIT, 0, NULL}, {SERVER_READ, SIZE, NULL}, {SERVER_CLOSE, 0, NULL}};
    struct call call = {0};
    char *data = calloc(1, SIZE), byte;
    size_t done = 0;
    ptrdiff_t sent;
    unsigned turns;

    begin(_i, slow);
    dial_open(&call);
    do { /* until the buffers of both sides are full and stay so */
        while ((sent = interim__connection_write(call.connection, data, SIZE - done)) > 0)
            done += (size_t)sent;
        ck_assert_int_eq(sent, INTERIM__AGAIN);
        ck_assert_int_eq(interim__connection_read(call.connection, &byte, 1), INTERIM__AGAIN);
        call.events = 0;
        turns = dialer.turns;
        dialer_idle(&dialer, 10);
    } while (call.events != 0);
    ck_assert_uint_le(dialer.turns - turns, 2);
    server_go(origin);
    ck_assert(dialer_write_all(&dialer, &call, data, SIZE - done));
    ck_assert_int_eq(dialer_read(&dialer, &call, &byte, 1), INTERIM__END);
    ck_assert_uint_eq(server_received(origin, 0, NULL, 0), SIZE);
    dialer_hang_up(&call);
    free(data);
    end();
}
END_TEST

START_TEST(an_owner_that_does_not_read_is_left_in_peace)
{
    static const server_step fill[] = {{SERVER_FILL, 4 << 20, NULL}, {SERVER_CLOSE, 0, NULL}};
    struct call call = {0};
    static char buffer[65536];
    ptrdiff_t last;
    unsigned turns;

    begin(_i, fill);
    dial_open(&call);
    ck_assert_int_eq(dialer_read(&dialer, &call, buffer, 10), 10);
    dialer_idle(&dialer, 5);
    call.ready = 0;
    turns = dialer.turns;
    dialer_idle(&dialer, 15);
    ck_assert_int_eq(call.ready, 0);
    ck_assert_uint_le(dialer.turns - turns, 2);
    interim__connection_again(call.connection);
    call.events = 0;
    ck_assert(dialer_wait_ready(&dialer, &call, INTERIM__READ));
    turns = 0;
    for (size_t length = 10;; length += (size_t)last) {
        last = dialer_read(&dialer, &call, buffer, sizeof buffer);
        if (last < 0) {
            ck_assert_uint_eq(length, 4 << 20);
            break;
        }
    }
    ck_assert_int_eq(last, INTERIM__END);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(what_the_peer_said_before_it_closed_can_be_read)
{
    static const server_step refuse[] = {{SERVER_SEND, 0, "HTTP/1.1 413 Too Large\r\n\r\n"},
                                         {SERVER_CLOSE, 0, NULL}};
    struct call call = {0};
    char buffer[64];
    ptrdiff_t last;

    begin(_i, refuse);
    dial_open(&call);
    ck_assert(dialer_write_all(&dialer, &call, "body", 4));
    ck_assert_uint_eq(dialer_read_all(&dialer, &call, buffer, sizeof buffer, &last), 26);
    ck_assert_int_eq(last, INTERIM__END);
    ck_assert_int_eq(interim__connection_write(call.connection, "x", 1), 1); /* half-closed */
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(cleanliness_is_asked_of_the_system)
{
    static const server_step talk[] = {
        {SERVER_WAIT, 0, NULL}, {SERVER_SEND, 0, "?"}, {SERVER_CLOSE, 0, NULL}};
    struct call call = {0};
    char byte;

    begin(_i, talk);
    dial_open(&call);
    ck_assert(interim__connection_is_clean(call.connection));
    ck_assert(interim__connection_is_clean(call.connection));
    server_go(origin);
    while (interim__connection_is_clean(call.connection)) /* no turn: the loop knows nothing */
        usleep(100);
    ck_assert_int_eq(dialer_read(&dialer, &call, &byte, 1), INTERIM__END);
    ck_assert(!interim__connection_is_clean(call.connection));
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(an_owner_can_be_replaced)
{
    static const server_step echo[] = {
        {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, "one"}, {SERVER_REPEAT, 0, NULL}};
    struct call first = {0}, second = {0};
    char bytes[4];

    begin(_i, echo);
    dial_open(&first);
    interim__connection_set_owner(first.connection, &(interim__connection_owner){0});
    ck_assert_int_eq(interim__connection_read(first.connection, bytes, 1), INTERIM__AGAIN);
    ck_assert_int_gt(interim__connection_write(first.connection, "x\r\n\r\n", 5), 0);
    dialer_idle(&dialer, 5); /* nobody is told, and it does no harm */
    second.connection = first.connection;
    dialer_adopt(&second);
    ck_assert_int_eq(dialer_read(&dialer, &second, bytes, sizeof bytes), 3);
    ck_assert_int_gt(interim__connection_write(second.connection, "x\r\n\r\n", 5), 0);
    ck_assert_int_eq(dialer_read(&dialer, &second, bytes, sizeof bytes), 3);
    ck_assert_int_eq(first.ready, 0);
    dialer_hang_up(&second);
    end();
}
END_TEST

/* ---- Want of memory and descriptors -------------------------------------------------------- */

static void note_opened(void *user, const interim_error *error)
{
    *(int *)user = error == NULL ? 1 : error->code;
}

/* Check allocates too: nothing is asserted between arming and disarming. */
static int open_once(const char *host, uint16_t port)
{
    int opened = 0, status;
    interim__connection *connection;
    const interim__connection_owner owner = {note_opened, NULL, &opened};

    status = interim__connection_open(
        &connection, &dialer.transport,
        &(interim__endpoint){.identify = true, .host = host, .port = port}, &owner);
    if (status < 0)
        return opened == 0 && connection == NULL ? status : 1000;
    while (opened == 0)
        interim__loop_turn(dialer.transport.loop, 1000);
    interim__connection_free(connection);
    return opened;
}

START_TEST(every_allocation_may_fail)
{
    bool failed = true;

    begin(_i, answer_once);
    for (unsigned long n = 1; failed; n++) {
        int status;

        /* A loop of its own each time, so that nothing has been allocated already. */
        dialer_dispose(&dialer);
        dialer_init(&dialer, engines[_i], NULL);
        failing_alloc_arm(n);
        status = open_once("127.0.0.1", server_port(origin));
        failed = failing_alloc_disarm();
        ck_assert_int_eq(status, failed ? INTERIM_ENOMEM : 1);
        ck_assert_uint_lt(n, 50);
    }
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

START_TEST(want_of_descriptors_is_told)
{
    struct rlimit before, limit;
    struct call call = {0};
    int lowest;

    begin(_i, answer_once);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    lowest = dup(STDERR_FILENO);
    close(lowest);
    limit = before;
    limit.rlim_cur = (rlim_t)lowest;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    dial(&call);
    dialer_wait_opened(&dialer, &call);
    setrlimit(RLIMIT_NOFILE, &before);
    ck_assert_int_eq(call.error.code, INTERIM_ESYSTEM);
    ck_assert_int_eq(call.error.os_error, EMFILE);
    ck_assert_ptr_nonnull(strstr(call.error.text, ": Too many open files in this process"));
    dialer_hang_up(&call);
    dial_open(&call);
    dialer_hang_up(&call);
    end();
}
END_TEST

Suite *connection_suite(void)
{
    const TTest *const both[] = {
        bytes_go_both_ways,
        the_last_bytes_and_the_end_may_come_together,
        a_name_is_resolved,
        an_unknown_name_fails,
        a_refused_connection_fails,
        a_silent_address_gets_a_head_start_only,
        a_refused_address_gets_no_head_start,
        a_lost_race_tells_the_most_telling_failure,
        a_race_that_is_lost_at_once_is_told_later,
        it_may_be_freed_at_every_stage,
        it_may_be_freed_in_its_callbacks,
        a_reset_is_not_an_end,
        writing_to_a_closed_peer_raises_no_signal,
        a_full_peer_is_waited_for,
        an_owner_that_does_not_read_is_left_in_peace,
        what_the_peer_said_before_it_closed_can_be_read,
        cleanliness_is_asked_of_the_system,
        an_owner_can_be_replaced,
        every_allocation_may_fail,
        a_race_survives_want_of_memory,
        want_of_descriptors_is_told,
    };
    Suite *suite = suite_create("connection");
    TCase *streams = tcase_create("streams"), *parts = tcase_create("parts");

    tcase_set_timeout(streams, 30);
    for (size_t i = 0; i < sizeof both / sizeof both[0]; i++)
        tcase_add_loop_test(streams, both[i], 0, 2);
    tcase_add_test(parts, keepalive_is_on);
    tcase_add_test(parts, families_take_turns);
    suite_add_tcase(suite, streams);
    suite_add_tcase(suite, parts);
    return suite;
}
