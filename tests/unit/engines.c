/* Tests of src/loop/epoll.c and poll.c: what an engine has to forget, what it is refused, and what
 * it must not promise. Those that name no engine are run with both. */
#include "suites.h"
#include "support/calls.h"
#include "support/watched.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define EPOLL 0

static int quiet_fd; /* of which there is nothing to be told */
static struct end *changed;

/* The other one is ready in the same turn; it leaves, and comes back with another descriptor. */
static void change_other(struct end *end)
{
    if (changed != NULL)
        return;
    changed = end->other;
    interim__watch_remove(loop, &changed->watch);
    ck_assert_int_eq(interim__watch_add(loop, &changed->watch, quiet_fd), 0);
    want_read(changed);
}

START_TEST(a_watch_that_is_added_again_has_no_old_event)
{
    int quiet[2], left;
    struct end *one, *two;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, quiet), 0);
    quiet_fd = quiet[0];
    open_loop(_i);
    ends_new_ready(&one, &two, change_other);
    left = one->watch.fd + two->watch.fd;
    changed = NULL;
    turn(1000);
    turn(0);
    ck_assert_ptr_nonnull(changed);
    ck_assert_int_eq(changed->calls, 0);
    left -= changed->other->watch.fd;
    end_free(one);
    end_free(two);
    close(left);
    close(quiet[1]);
    close_loop();
}
END_TEST

static void never_ready(interim__watch *watch, unsigned events)
{
    (void)watch;
    ck_abort_msg("called for %u", events);
}

/* Its descriptor may live on, in a child between fork and exec. */
START_TEST(what_is_removed_is_forgotten_though_it_stays_open)
{
    interim__watch again = {.ready = never_ready};
    struct end *end;
    int fd;

    open_loop(_i);
    end = end_new();
    want_read(end);
    fd = end->watch.fd;
    interim__watch_remove(loop, &end->watch);
    say(end);
    ck_assert_int_eq(interim__watch_add(loop, &again, fd), 0);
    turn(0);
    ck_assert_int_eq(end->calls, 0);
    interim__watch_remove(loop, &again);
    close(fd);
    close(end->peer);
    free(end);
    close_loop();
}
END_TEST

/* Whether there was nothing else is known after a batch that is not full. */
START_TEST(a_full_batch_does_not_tell_of_all)
{
    enum { COUNT = 300 };
    struct end *ends[COUNT];

    open_loop(_i);
    for (int i = 0; i < COUNT; i++) {
        ends[i] = end_new();
        want_read(ends[i]);
        say(ends[i]);
    }
    turn(1000);
    ck_assert_int_eq(interim__loop_told_ns(loop) == INT64_MIN, _i == EPOLL);
    turn(0);
    ck_assert_int_ne(interim__loop_told_ns(loop), INT64_MIN);
    for (int i = 0; i < COUNT; i++)
        end_free(ends[i]);
    close_loop();
}
END_TEST

static const int refusals[] = {ENOSPC, ENOMEM};

/* Who is waited for by itself is given to the engine as late as that. It can be done without, and
 * is nobody else's trouble: both are called, in one turn. */
START_TEST(a_late_watch_that_is_refused_is_waited_for)
{
    struct end *other, *late;
    int64_t before;

    open_loop(EPOLL);
    other = end_new();
    interim__loop_set_lazy(loop, true);
    late = end_new();
    interim__loop_set_lazy(loop, false);
    calls_refuse(CALLS_EPOLL_CTL, 1, 0, refusals[_i]);
    want_read(late);
    before = interim__loop_monotonic_ns();
    turn(30000); /* not for the engine, which knows nothing of it */
    ck_assert_int_lt(elapsed_ms(before), 10000);
    for (int i = 1; i <= 3; i++) {
        want_read(other);
        want_read(late);
        turn(0);
        say(other);
        say(late);
        if (i == 3)
            ck_assert_uint_ge(calls_allow(), 4); /* and from now on it can be had */
        turn(1000);
        ck_assert_int_eq(other->calls, i);
        ck_assert_int_eq(late->calls, i);
        ck_assert_uint_eq(drain(other) + drain(late), 2);
    }
    end_free(other);
    end_free(late);
    close_loop();
}
END_TEST

/* Also to who watches the engine's descriptor, which knows nothing of it. */
START_TEST(a_late_watch_that_is_refused_is_told_of)
{
    struct pollfd watched = {.events = POLLIN};
    struct end *late;

    open_loop(EPOLL);
    watched.fd = interim__loop_fd(loop);
    interim__loop_set_lazy(loop, true);
    late = end_new();
    interim__loop_set_lazy(loop, false);
    calls_refuse(CALLS_EPOLL_CTL, 1, 0, refusals[_i]);
    want_read(late);
    for (int i = 0; i < 3; i++) {
        turn(0);
        if (i == 2)
            say(late);
        ck_assert_int_eq(poll(&watched, 1, 30000), 1);
    }
    turn(0);
    ck_assert_int_eq(late->calls, 1);
    ck_assert_uint_ge(calls_allow(), 4);
    end_free(late);
    close_loop();
}
END_TEST

static int lowest_descriptor(void)
{
    int fd = dup(STDERR_FILENO);

    close(fd);
    return fd;
}

START_TEST(a_timer_that_is_refused_leaves_no_descriptor)
{
    int lowest;

    open_loop(EPOLL);
    lowest = lowest_descriptor();
    calls_refuse(CALLS_EPOLL_CTL, 1, 1, refusals[_i]);
    ck_assert_int_eq(interim__loop_fd(loop), INTERIM_ESYSTEM);
    ck_assert_int_eq(errno, refusals[_i]);
    ck_assert_uint_eq(calls_allow(), 1);
    ck_assert_int_eq(lowest_descriptor(), lowest);
    ck_assert_int_ge(interim__loop_fd(loop), 0);
    close_loop();
}
END_TEST

Suite *engines_suite(void)
{
    Suite *suite = suite_create("engines");
    TCase *both = tcase_create("both engines"), *epoll = tcase_create("epoll");

    tcase_add_loop_test(both, a_watch_that_is_added_again_has_no_old_event, 0, 2);
    tcase_add_loop_test(both, what_is_removed_is_forgotten_though_it_stays_open, 0, 2);
    tcase_add_loop_test(both, a_full_batch_does_not_tell_of_all, 0, 2);
    tcase_add_loop_test(epoll, a_late_watch_that_is_refused_is_waited_for, 0, 2);
    tcase_add_loop_test(epoll, a_late_watch_that_is_refused_is_told_of, 0, 2);
    tcase_add_loop_test(epoll, a_timer_that_is_refused_leaves_no_descriptor, 0, 2);
    suite_add_tcase(suite, both);
    suite_add_tcase(suite, epoll);
    return suite;
}
