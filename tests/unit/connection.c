/* Tests of src/transport/connection.c and socket.c without TLS, with both engines: how a connection
 * is opened and freed. What is done with an open one is in connection_stream.c, the race of
 * addresses in race.c. */
#include "connection_cases.h"
#include "support/calls.h"
#include "transport/socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const server_step answer_once[] = {
    {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, "hello"}, {SERVER_CLOSE, 0, NULL}};

/* ---- Opening ------------------------------------------------------------------------------- */

START_TEST(bytes_go_both_ways)
{
    struct call call = {0};
    char buffer[64];
    ptrdiff_t last;

    begin(_i, answer_once);
    names_add("held.test", "127.0.0.1", 0, false);
    dialer_dial(&dialer, &call, false, "held.test", server_port(origin));
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

/* The socket that is connected to a port of this machine. */
static int socket_to(uint16_t port)
{
    for (int fd = 3; fd < 1024; fd++) {
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;

        if (getpeername(fd, (struct sockaddr *)(void *)&peer, &length) == 0 &&
            peer.sin_family == AF_INET && ntohs(peer.sin_port) == port)
            return fd;
    }
    return -1;
}

static int option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof value;

    ck_assert_int_eq(getsockopt(fd, level, name, &value, &length), 0);
    return value;
}

START_TEST(only_what_is_sent_next_needs_no_delay)
{
    static const server_step patient[] = {{SERVER_READ, 1 << 30, NULL}, {SERVER_CLOSE, 0, NULL}};
    char large[600] = "";
    int fd;

    begin(_i, patient);
    for (int i = 0; i < 2; i++) {
        struct call call = {0};

        dial_open(&call);
        fd = socket_to(server_port(origin));
        ck_assert_int_eq(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 0);
        ck_assert(dialer_write_all(&dialer, &call, large, i == 0 ? 6 : sizeof large));
        ck_assert_int_eq(option_of(fd, IPPROTO_TCP, TCP_NODELAY), i);
        ck_assert(dialer_write_all(&dialer, &call, "2", 1));
        ck_assert_int_eq(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 1);
        dialer_hang_up(&call);
    }
    end();
}
END_TEST

START_TEST(a_connection_that_lasts_is_kept_alive)
{
    static const server_step patient[] = {{SERVER_READ, 1 << 30, NULL}, {SERVER_CLOSE, 0, NULL}};
    static const struct {
        int level, name, value;
    } options[] = {
        {SOL_SOCKET, SO_KEEPALIVE, 1},           {IPPROTO_TCP, TCP_KEEPIDLE, 30},
        {IPPROTO_TCP, TCP_KEEPINTVL, 10},        {IPPROTO_TCP, TCP_KEEPCNT, 3},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, 120000},
    };
    struct call call = {0};
    int fd;

    begin(_i, patient);
    dial_open(&call);
    fd = socket_to(server_port(origin));
    ck_assert_int_eq(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
    dialer_idle(&dialer, 1100);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        ck_assert_int_eq(option_of(fd, options[i].level, options[i].name), options[i].value);
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

/* ---- Want of memory and descriptors -------------------------------------------------------- */

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
        /* It can do without the timer that has it kept alive. */
        ck_assert(status == 1 || (failed && status == INTERIM_ENOMEM));
        ck_assert_uint_lt(n, 50);
    }
    end();
}
END_TEST

/* It is not known whether it will last. */
START_TEST(without_a_timer_it_is_kept_alive_at_once)
{
    bool failed = true;
    int without = 0;

    begin(_i, answer_once);
    for (unsigned long n = 1; failed; n++) {
        int opened = 0, alive;
        const interim__connection_owner owner = {note_opened, NULL, &opened};
        interim__connection *connection;

        dialer_dispose(&dialer);
        dialer_init(&dialer, engines[_i], NULL);
        failing_alloc_arm(n);
        if (interim__connection_open(
                &connection, &dialer.transport,
                &(interim__endpoint){.host = "127.0.0.1", .port = server_port(origin)},
                &owner) == 1)
            note_opened(&opened, dialer_failure(connection));
        while (opened == 0 && connection != NULL)
            interim__loop_turn(dialer.transport.loop, 1000);
        failed = failing_alloc_disarm();
        if (opened == 1) {
            alive = option_of(interim__connection_watch(connection)->fd, SOL_SOCKET, SO_KEEPALIVE);
            ck_assert_int_eq(alive, failed);
            without += alive;
        }
        interim__connection_free(connection);
        ck_assert_uint_lt(n, 50);
    }
    ck_assert_int_eq(without, 1);
    end();
}
END_TEST

START_TEST(signals_in_between_change_nothing)
{
    static const calls_name names[] = {CALLS_CONNECT, CALLS_SEND, CALLS_RECV};
    char buffer[8];

    begin(_i, answer_once);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct call call = {0};

        calls_refuse(names[i], 1, 1, EINTR);
        dial_open(&call);
        ck_assert(dialer_write_all(&dialer, &call, "x\r\n\r\n", 5));
        ck_assert_int_eq(dialer_read(&dialer, &call, buffer, sizeof buffer), 5);
        ck_assert_uint_eq(calls_allow(), 1);
        dialer_hang_up(&call);
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
        only_what_is_sent_next_needs_no_delay,
        a_connection_that_lasts_is_kept_alive,
        it_may_be_freed_at_every_stage,
        it_may_be_freed_in_its_callbacks,
        every_allocation_may_fail,
        without_a_timer_it_is_kept_alive_at_once,
        signals_in_between_change_nothing,
        want_of_descriptors_is_told,
    };
    Suite *suite = suite_create("connection");
    suite_add_tcase(suite, both_engines(both, sizeof both / sizeof both[0]));
    return suite;
}
