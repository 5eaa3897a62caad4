/* dialer.c - see dialer.h. */
#include "support/dialer.h"

#include "base/error.h"

#include <check.h>
#include <string.h>

#define PATIENCE_NS INT64_C(20000000000)

static void opened(void *user, const interim_error *error)
{
    struct call *call = user;

    call->opened++;
    if (error != NULL)
        call->error = *error;
    if (call->free_when_opened)
        dialer_hang_up(call);
}

static void ready(void *user, unsigned events)
{
    struct call *call = user;

    call->ready++;
    call->events |= events;
    if (call->free_when_ready)
        dialer_hang_up(call);
}

void dialer_init(struct dialer *dialer, interim_engine engine, const char *ca_file)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    interim_error error;

    options.ca_file = ca_file;
    interim__error_init(&error);
    memset(dialer, 0, sizeof *dialer);
    ck_assert_int_eq(interim__loop_new(&dialer->transport.loop, engine), 0);
    ck_assert_int_eq(interim__resolver_new(&dialer->transport.resolver, dialer->transport.loop,
                                           INT64_C(60000000000)),
                     0);
    ck_assert_int_eq(interim__door_new(&dialer->transport.door, &options, &error), 0);
}

void dialer_dispose(struct dialer *dialer)
{
    interim__door_free(dialer->transport.door);
    interim__resolver_free(dialer->transport.resolver);
    interim__loop_free(dialer->transport.loop);
}

const interim_error *dialer_failure(const interim__connection *connection)
{
    const interim_error *error = interim__connection_error(connection);

    return error->code == 0 ? NULL : error;
}

void dialer_dial(struct dialer *dialer, struct call *call, bool tls, const char *host,
                 uint16_t port)
{
    const interim__connection_owner owner = {opened, ready, call};
    int status;

    call->connection = NULL;
    call->opened = call->ready = 0;
    call->events = 0;
    interim__error_init(&call->error);
    status = interim__connection_open(
        &call->connection, &dialer->transport,
        &(interim__endpoint){.tls = tls, .identify = !call->nameless, .host = host, .port = port},
        &owner);
    ck_assert_int_ge(status, 0);
    ck_assert_int_eq(call->opened, 0);
    if (status == 1)
        opened(call, dialer_failure(call->connection));
}

static void turn(struct dialer *dialer, int ms)
{
    dialer->turns++;
    ck_assert_int_eq(interim__loop_turn(dialer->transport.loop, ms), 0);
}

int dialer_wait_opened(struct dialer *dialer, struct call *call)
{
    int64_t until = interim__loop_monotonic_ns() + PATIENCE_NS;

    while (call->opened == 0 && interim__loop_monotonic_ns() < until)
        turn(dialer, 1000);
    ck_assert_int_eq(call->opened, 1);
    return call->error.code;
}

bool dialer_wait_ready(struct dialer *dialer, struct call *call, unsigned events)
{
    int64_t until = interim__loop_monotonic_ns() + PATIENCE_NS / 10;

    while ((call->events & events) == 0 && interim__loop_monotonic_ns() < until)
        turn(dialer, 1000);
    return (call->events & events) != 0;
}

void dialer_idle(struct dialer *dialer, int ms)
{
    int64_t now, until = interim__loop_monotonic_ns() + INT64_C(1000000) * ms;

    while ((now = interim__loop_monotonic_ns()) < until)
        turn(dialer, (int)((until - now) / 1000000) + 1);
}

ptrdiff_t dialer_read(struct dialer *dialer, struct call *call, void *buffer, size_t size)
{
    ptrdiff_t got;

    for (;;) {
        call->events = 0;
        got = interim__connection_read(call->connection, buffer, size);
        if (got != INTERIM__AGAIN)
            return got;
        ck_assert_msg(dialer_wait_ready(dialer, call, INTERIM__READ), "nothing to read came");
    }
}

size_t dialer_read_all(struct dialer *dialer, struct call *call, char *buffer, size_t size,
                       ptrdiff_t *end)
{
    size_t length = 0;

    while (length < size && (*end = dialer_read(dialer, call, buffer + length, size - length)) > 0)
        length += (size_t)*end;
    return length;
}

bool dialer_write_all(struct dialer *dialer, struct call *call, const char *data, size_t size)
{
    while (size > 0) {
        ptrdiff_t sent;

        call->events = 0;
        sent = interim__connection_write(call->connection, data, size);
        if (sent < 0)
            return false;
        if (sent == INTERIM__AGAIN)
            ck_assert_msg(dialer_wait_ready(dialer, call, INTERIM__WRITE), "no room to write");
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

void dialer_adopt(struct call *call)
{
    const interim__connection_owner owner = {opened, ready, call};

    interim__connection_set_owner(call->connection, &owner);
}

void dialer_hang_up(struct call *call)
{
    interim__connection_free(call->connection);
    call->connection = NULL;
}
