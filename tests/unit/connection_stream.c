/* connection_stream.c - tests of src/transport/connection.c: reading from and writing to an open
 * connection, with both engines. */
#include "connection_cases.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

START_TEST(a_read_may_wait_for_what_comes)
{
    static const server_step echo[] = {
        {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, "one"}, {SERVER_REPEAT, 0, NULL}};
    struct call call = {0};
    char bytes[4];
    ptrdiff_t got = INTERIM__AGAIN;

    begin(_i, echo);
    dial_open(&call);
    ck_assert(!interim__connection_await(call.connection)); /* nobody has read yet */
    ck_assert_int_eq(interim__connection_read(call.connection, bytes, 4), INTERIM__AGAIN);
    ck_assert_int_gt(interim__connection_write(call.connection, "x\r\n\r\n", 5), 0);
    for (int i = 0; got == INTERIM__AGAIN && i < 200; i++) { /* without a turn of the loop */
        ck_assert(interim__connection_await(call.connection));
        got = interim__connection_read(call.connection, bytes, 4);
    }
    ck_assert_int_eq(got, 3);
    ck_assert_int_eq(interim__connection_read(call.connection, bytes, 4), INTERIM__AGAIN);
    ck_assert(interim__connection_await(call.connection));
    ck_assert_int_eq(interim__connection_read(call.connection, bytes, 4), INTERIM__AGAIN);
    /* It is as it was for the loop. */
    ck_assert_int_gt(interim__connection_write(call.connection, "x\r\n\r\n", 5), 0);
    ck_assert_int_eq(dialer_read(&dialer, &call, bytes, sizeof bytes), 3);
    dialer_hang_up(&call);
    end();
}
END_TEST

Suite *connection_stream_suite(void)
{
    const TTest *const both[] = {
        a_reset_is_not_an_end,
        writing_to_a_closed_peer_raises_no_signal,
        a_full_peer_is_waited_for,
        an_owner_that_does_not_read_is_left_in_peace,
        what_the_peer_said_before_it_closed_can_be_read,
        cleanliness_is_asked_of_the_system,
        an_owner_can_be_replaced,
        a_read_may_wait_for_what_comes,
    };
    Suite *suite = suite_create("connection_stream");

    suite_add_tcase(suite, both_engines(both, sizeof both / sizeof both[0]));
    return suite;
}
