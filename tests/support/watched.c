/* watched.c - see watched.h. */
#include "support/watched.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

interim__loop *loop;
int fired;

/* ---- Something to watch -------------------------------------------------------------------- */

static void end_ready(interim__watch *watch, unsigned events)
{
    struct end *end = (struct end *)(void *)watch;

    end->calls++;
    end->events = events;
    if (end->then != NULL)
        end->then(end);
}

struct end *end_new(void)
{
    struct end *end = calloc(1, sizeof *end);
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    end->watch.ready = end_ready;
    end->peer = pair[1];
    ck_assert_int_eq(interim__watch_add(loop, &end->watch, pair[0]), 0);
    return end;
}

void end_free(struct end *end)
{
    int fd = end->watch.fd;

    interim__watch_remove(loop, &end->watch);
    close(fd);
    if (end->peer >= 0)
        close(end->peer);
    free(end);
}

void say(const struct end *end)
{
    ck_assert_int_eq(send(end->peer, "x", 1, MSG_NOSIGNAL), 1);
}

size_t drain(const struct end *end)
{
    char buffer[64];
    size_t length = 0;
    ssize_t got;

    while ((got = read(end->watch.fd, buffer, sizeof buffer)) > 0)
        length += (size_t)got;
    return length;
}

void want_read(struct end *end)
{
    interim__watch_want(loop, &end->watch, INTERIM__READ);
}

void ends_new_ready(struct end **one, struct end **two, void (*then)(struct end *end))
{
    *one = end_new();
    *two = end_new();
    (*one)->then = (*two)->then = then;
    (*one)->other = *two;
    (*two)->other = *one;
    want_read(*one);
    want_read(*two);
    say(*one);
    say(*two);
}

void turn(int timeout_ms)
{
    ck_assert_int_eq(interim__loop_turn(loop, timeout_ms), 0);
}

int64_t elapsed_ms(int64_t since)
{
    return (interim__loop_monotonic_ns() - since) / MS;
}

void open_loop(int engine)
{
    ck_assert_int_eq(interim__loop_new(&loop, engines[engine]), 0);
}

void close_loop(void)
{
    interim__loop_free(loop);
    loop = NULL;
}

/* ---- A timer that counts ------------------------------------------------------------------- */

static void alarm_due(interim__timer *timer)
{
    struct alarm *alarm = (struct alarm *)(void *)timer;

    ck_assert(timer->deadline == INTERIM__NEVER);
    alarm->calls++;
    alarm->order = fired++;
    if (alarm->again != 0)
        ck_assert_int_eq(interim__timer_set(loop, timer, alarm->again), 0);
}

void alarm_set(struct alarm *alarm, int64_t deadline)
{
    alarm->deadline = deadline;
    ck_assert_int_eq(interim__timer_set(loop, &alarm->timer, deadline), 0);
}

void alarm_init(struct alarm *alarm)
{
    memset(alarm, 0, sizeof *alarm);
    interim__timer_init(&alarm->timer, alarm_due);
}
