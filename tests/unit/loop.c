/* Tests of src/loop: readiness, each with both engines. */
#include "loop/loop.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/watched.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define MS INT64_C(1000000)

/* The other half of the suite: timers.c. */
void timers_cases(Suite *suite);

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};
#define ENGINES 2

/* ---- The loop ------------------------------------------------------------------------------ */

START_TEST(an_unknown_engine_is_refused)
{
    ck_assert_int_eq(interim__loop_new(&loop, (interim_engine)99), INTERIM_EUNSUPPORTED);
    ck_assert_ptr_null(loop);
    interim__loop_free(NULL);
    ck_assert_int_eq(interim__loop_new(&loop, INTERIM_ENGINE_AUTO), 0);
    close_loop();
}
END_TEST

START_TEST(a_turn_with_nothing_to_do_waits)
{
    struct end *end;
    int64_t before;

    open_loop(_i);
    end = end_new();
    want_read(end);
    before = interim__loop_monotonic_ns();
    turn(15);
    ck_assert_int_ge(elapsed_ms(before), 14);
    ck_assert_int_eq(end->calls, 0);
    end_free(end);
    close_loop();
}
END_TEST

START_TEST(reading_becomes_possible)
{
    struct end *end;

    open_loop(_i);
    end = end_new();
    want_read(end);
    say(end);
    turn(1000);
    ck_assert_int_eq(end->calls, 1);
    ck_assert_uint_eq(end->events, INTERIM__READ);
    ck_assert_uint_ne(end->watch.possible & INTERIM__READ, 0);

    /* What was given is not waited for until it is asked for again. */
    say(end);
    turn(0);
    turn(0);
    ck_assert_int_eq(end->calls, 1);
    ck_assert_uint_eq(drain(end), 2);
    want_read(end);
    turn(0);
    say(end);
    turn(1000);
    ck_assert_int_eq(end->calls, 2);
    end_free(end);
    close_loop();
}
END_TEST

START_TEST(what_came_before_it_was_wanted_is_not_lost)
{
    struct end *end;

    open_loop(_i);
    end = end_new();
    ck_assert_uint_eq(drain(end), 0);
    end->watch.possible = 0;
    say(end);
    want_read(end); /* between EAGAIN and this, a byte came */
    turn(1000);
    ck_assert_int_eq(end->calls, 1);
    end_free(end);
    close_loop();
}
END_TEST

START_TEST(writing_becomes_possible)
{
    char block[4096] = {0};
    struct end *end;

    open_loop(_i);
    end = end_new();
    while (send(end->watch.fd, block, sizeof block, MSG_NOSIGNAL) > 0)
        ;
    ck_assert_int_eq(errno, EAGAIN);
    turn(0); /* takes the edge of the beginning away */
    interim__watch_want(loop, &end->watch, INTERIM__READ | INTERIM__WRITE);
    turn(0);
    end->calls = 0;
    while (recv(end->peer, block, sizeof block, 0) > 0)
        ;
    interim__watch_want(loop, &end->watch, INTERIM__READ | INTERIM__WRITE);
    turn(1000);
    ck_assert_int_eq(end->calls, 1);
    ck_assert_uint_eq(end->events, INTERIM__WRITE);
    /* Reading is still waited for. */
    say(end);
    turn(1000);
    ck_assert_int_eq(end->calls, 2);
    ck_assert_uint_eq(end->events, INTERIM__READ);
    end_free(end);
    close_loop();
}
END_TEST

START_TEST(a_hang_up_is_both)
{
    struct end *end;

    open_loop(_i);
    end = end_new();
    want_read(end);
    close(end->peer);
    end->peer = -1;
    turn(1000);
    ck_assert_int_eq(end->calls, 1);
    ck_assert_uint_eq(end->events, INTERIM__READ | INTERIM__WRITE);
    ck_assert_uint_ne(end->watch.possible & INTERIM__HANGUP, 0);
    end_free(end);
    close_loop();
}
END_TEST

START_TEST(a_hang_up_that_nobody_waits_for_does_not_spin)
{
    struct end *end;
    int64_t before;

    open_loop(_i);
    end = end_new();
    close(end->peer);
    end->peer = -1;
    turn(0); /* epoll tells once */
    before = interim__loop_monotonic_ns();
    turn(15);
    ck_assert_int_ge(elapsed_ms(before), 14);
    ck_assert_int_eq(end->calls, 0);
    end_free(end);
    close_loop();
}
END_TEST

/* ---- Callbacks that change the loop -------------------------------------------------------- */

static struct end *survivor;

static void free_other(struct end *end)
{
    survivor = end;
    if (end->other != NULL) {
        end->other->other = NULL;
        end_free(end->other);
        end->other = NULL;
    }
}

START_TEST(a_callback_may_free_a_watch_that_is_ready_too)
{
    struct end *one, *two;

    open_loop(_i);
    ends_new_ready(&one, &two, free_other);
    survivor = NULL;
    turn(1000);
    turn(0);
    ck_assert_ptr_nonnull(survivor); /* whichever came first */
    ck_assert_int_eq(survivor->calls, 1);
    end_free(survivor);
    close_loop();
}
END_TEST

static struct end *fresh;

static void replace_other(struct end *end)
{
    if (end->other == NULL)
        return;
    free_other(end);
    fresh = end_new(); /* most likely with the same descriptor and memory */
    want_read(fresh);
}

START_TEST(a_new_watch_does_not_inherit_an_old_event)
{
    struct end *one, *two;

    open_loop(_i);
    ends_new_ready(&one, &two, replace_other);
    survivor = fresh = NULL;
    turn(1000);
    ck_assert_ptr_nonnull(fresh);
    ck_assert_int_eq(survivor->calls, 1);
    ck_assert_int_eq(fresh->calls, 0);
    turn(0);
    ck_assert_int_eq(fresh->calls, 0);
    say(fresh);
    turn(1000);
    ck_assert_int_eq(fresh->calls, 1);
    end_free(survivor);
    end_free(fresh);
    close_loop();
}
END_TEST

static int freed;

static void free_self(struct end *end)
{
    freed++;
    end_free(end);
}

START_TEST(a_callback_may_free_its_own_watch)
{
    open_loop(_i);
    freed = 0;
    for (int i = 0; i < 20; i++) {
        struct end *end = end_new();

        end->then = free_self;
        want_read(end);
        say(end);
        if (i % 3 == 0)
            interim__watch_again(loop, &end->watch, INTERIM__WRITE);
    }
    for (int i = 0; i < 3; i++)
        turn(0);
    ck_assert_int_eq(freed, 20);
    turn(0);
    close_loop();
}
END_TEST

START_TEST(more_are_ready_than_a_batch_holds)
{
    enum { COUNT = 300 };
    struct end *ends[COUNT];
    int once = 0;

    open_loop(_i);
    for (int i = 0; i < COUNT; i++) {
        ends[i] = end_new();
        want_read(ends[i]);
        say(ends[i]);
    }
    turn(1000);
    for (int i = 0; i < COUNT; i++)
        once += ends[i]->calls;
    ck_assert_int_ge(once, COUNT / 2);
    turn(0);
    for (int i = 0; i < COUNT; i++)
        ck_assert_int_eq(ends[i]->calls, 1);
    /* Holes in a table: the rest still works. */
    for (int i = 0; i < COUNT; i += 2)
        end_free(ends[i]);
    for (int i = 1; i < COUNT; i += 2) {
        drain(ends[i]);
        want_read(ends[i]);
        say(ends[i]);
    }
    turn(1000);
    for (int i = 1; i < COUNT; i += 2) {
        ck_assert_int_eq(ends[i]->calls, 2);
        end_free(ends[i]);
    }
    close_loop();
}
END_TEST

/* ---- Again --------------------------------------------------------------------------------- */

static void ask_again(struct end *end)
{
    interim__watch_again(loop, &end->watch, INTERIM__WRITE);
}

START_TEST(again_comes_in_the_next_turn)
{
    struct end *end;
    int64_t before = interim__loop_monotonic_ns();

    open_loop(_i);
    end = end_new();
    end->then = ask_again;
    interim__watch_again(loop, &end->watch, INTERIM__READ);
    interim__watch_again(loop, &end->watch, INTERIM__WRITE);
    ck_assert_int_eq(end->calls, 0);
    turn(-1);
    ck_assert_int_eq(end->calls, 1);
    ck_assert_uint_eq(end->events, INTERIM__READ | INTERIM__WRITE);
    turn(-1);
    ck_assert_int_eq(end->calls, 2);
    ck_assert_uint_eq(end->events, INTERIM__WRITE);

    /* Ready and again in one turn are one call. */
    end->then = NULL;
    want_read(end);
    say(end);
    turn(1000);
    ck_assert_int_eq(end->calls, 3);
    ck_assert_uint_eq(end->events, INTERIM__READ | INTERIM__WRITE);
    ck_assert_int_lt(elapsed_ms(before), 1000);
    end_free(end);
    close_loop();
}
END_TEST

START_TEST(again_is_forgotten_with_its_watch)
{
    struct end *one, *two;

    open_loop(_i);
    one = end_new();
    two = end_new();
    one->then = two->then = free_other;
    one->other = two;
    two->other = one;
    interim__watch_again(loop, &one->watch, INTERIM__READ);
    interim__watch_again(loop, &two->watch, INTERIM__READ);
    turn(0);
    ck_assert_int_eq(one->calls, 1); /* in the order of asking */
    ck_assert_ptr_null(one->other);
    end_free(one);
    turn(0);
    close_loop();
}
END_TEST

static void never_ready(interim__watch *watch, unsigned events)
{
    (void)watch;
    (void)events;
}

START_TEST(a_watch_that_is_not_in_the_loop_is_left_alone)
{
    interim__watch watch = {.ready = never_ready, .fd = -1};

    open_loop(_i);
    interim__watch_again(loop, &watch, INTERIM__READ);
    interim__watch_want(loop, &watch, INTERIM__READ);
    interim__watch_remove(loop, &watch);
    turn(0);
    close_loop();
}
END_TEST

/* ---- One by itself ------------------------------------------------------------------------- */

/* Both want to read, and the one that the engine knows could. */
static void open_lazy_loop(int engine, struct end **other, struct end **sole)
{
    open_loop(engine);
    *other = end_new();
    want_read(*other);
    interim__loop_set_lazy(loop, true);
    *sole = end_new();
    want_read(*sole);
    say(*other);
}

START_TEST(one_by_itself_is_waited_for_without_the_engine)
{
    struct end *other, *sole;

    open_lazy_loop(_i, &other, &sole);
    say(sole);
    interim__loop_set_sole(loop, &sole->watch);
    turn(-1);
    ck_assert_int_eq(sole->calls, 1);
    ck_assert_int_eq(other->calls, 0); /* nobody has asked the engine */
    ck_assert(interim__loop_told_ns(loop) == INT64_MIN);
    ck_assert_uint_eq(drain(sole), 1);
    want_read(sole);
    say(sole);
    turn(1000); /* not by itself any more */
    turn(0);
    ck_assert_int_eq(sole->calls, 2);
    ck_assert_int_eq(other->calls, 1);
    end_free(sole);
    end_free(other);
    close_loop();
}
END_TEST

START_TEST(one_by_itself_keeps_nobody_waiting_for_long)
{
    struct end *other, *sole;
    struct alarm alarm;

    open_lazy_loop(_i, &other, &sole);
    interim__loop_set_sole(loop, &sole->watch);
    turn(-1);
    ck_assert_int_eq(other->calls, 1);
    ck_assert_int_eq(sole->calls, 0);
    end_free(sole);
    sole = end_new(); /* again, now with a timer that is due before it could be waited for */
    want_read(sole);
    alarm_init(&alarm);
    alarm_set(&alarm, interim__loop_monotonic_ns() + 5 * MS);
    ck_assert(!interim__loop_may_wait(loop, interim__loop_monotonic_ns()));
    interim__loop_set_sole(loop, &sole->watch);
    turn(-1);
    ck_assert_int_eq(alarm.calls, 1);
    end_free(sole);
    interim__loop_set_sole(loop, NULL);
    sole = end_new(); /* it never gets to the engine */
    end_free(sole);
    end_free(other);
    close_loop();
}
END_TEST

/* ---- Wake, signals ------------------------------------------------------------------------- */

static void *wake_later(void *argument)
{
    usleep(5000);
    interim__loop_wake(argument);
    return NULL;
}

START_TEST(another_thread_wakes_a_turn)
{
    pthread_t thread;
    int64_t before;

    open_loop(_i);
    ck_assert_int_eq(pthread_create(&thread, NULL, wake_later, loop), 0);
    turn(-1);
    pthread_join(thread, NULL);
    interim__loop_wake(loop); /* before the turn */
    interim__loop_wake(loop);
    turn(-1);
    before = interim__loop_monotonic_ns();
    turn(10); /* and that was all */
    ck_assert_int_ge(elapsed_ms(before), 9);
    close_loop();
}
END_TEST

static void on_signal(int number)
{
    (void)number;
}

START_TEST(a_signal_ends_a_turn)
{
    struct sigaction action = {.sa_handler = on_signal}, before;
    const struct itimerval soon = {.it_interval = {0, 5000}, .it_value = {0, 5000}};
    const struct itimerval never = {0};

    open_loop(_i);
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &soon, NULL);
    turn(-1);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    close_loop();
}
END_TEST

/* ---- Want of memory and descriptors -------------------------------------------------------- */

/* What a client does in its life. Check allocates too: nothing is asserted in here. */
static int use_much(int engine, const int *fds, int count)
{
    struct alarm alarms[40];
    interim__watch watches[40];
    int status = interim__loop_new(&loop, engines[engine]);

    if (status < 0)
        return loop == NULL ? status : 1;
    for (int i = 0; i < count; i++) {
        alarm_init(&alarms[i]);
        watches[i].ready = never_ready;
        watches[i].never = 0;
        watches[i].fd = -1;
        if (status == 0)
            status = interim__timer_set(loop, &alarms[i].timer, INT64_MAX / 2);
        if (status < 0 && alarms[i].timer.deadline != INTERIM__NEVER)
            status = 1;
        if (status == 0)
            status = interim__watch_add(loop, &watches[i], fds[i]);
        if (status < 0 && watches[i].fd != -1)
            status = 1;
    }
    interim__loop_turn(loop, 0);
    for (int i = 0; i < count; i++) {
        interim__watch_remove(loop, &watches[i]);
        interim__timer_set(loop, &alarms[i].timer, INTERIM__NEVER);
    }
    close_loop();
    return status;
}

START_TEST(every_allocation_may_fail)
{
    int fds[40];
    bool failed = true;

    for (int i = 0; i < 40; i++)
        fds[i] = socket(AF_UNIX, SOCK_STREAM, 0);
    for (unsigned long n = 1; failed; n++) {
        int status;

        failing_alloc_arm(n);
        status = use_much(_i, fds, 40);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(status, failed ? INTERIM_ENOMEM : 0);
        ck_assert_uint_lt(n, 100);
    }
    for (int i = 0; i < 40; i++)
        close(fds[i]);
}
END_TEST

START_TEST(every_descriptor_may_be_missing)
{
    struct rlimit before, limit;
    int lowest = dup(STDERR_FILENO), needed = _i == 0 ? 2 : 1, status = INTERIM_ESYSTEM, more;

    close(lowest);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (more = 0; status < 0; more++) {
        int problem;

        limit = before;
        limit.rlim_cur = (rlim_t)(lowest + more);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        status = interim__loop_new(&loop, engines[_i]);
        problem = errno;
        setrlimit(RLIMIT_NOFILE, &before);
        ck_assert(status == 0 || (status == INTERIM_ESYSTEM && problem == EMFILE));
        ck_assert_int_lt(more, 1000);
    }
    ck_assert_int_gt(more, needed); /* it failed for each of them */
    if (_i == 0) {                  /* that of the timer is made for who asks */
        limit.rlim_cur = (rlim_t)(lowest + needed);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        ck_assert_int_eq(interim__loop_fd(loop), INTERIM_ESYSTEM);
        ck_assert_int_eq(errno, EMFILE);
        setrlimit(RLIMIT_NOFILE, &before);
        ck_assert_int_ge(interim__loop_fd(loop), 0);
    }
    interim__loop_free(loop);
    loop = NULL;
}
END_TEST

Suite *loop_suite(void)
{
    const TTest *const both[] = {
        a_turn_with_nothing_to_do_waits,
        reading_becomes_possible,
        what_came_before_it_was_wanted_is_not_lost,
        writing_becomes_possible,
        a_hang_up_is_both,
        a_hang_up_that_nobody_waits_for_does_not_spin,
        a_callback_may_free_a_watch_that_is_ready_too,
        a_new_watch_does_not_inherit_an_old_event,
        a_callback_may_free_its_own_watch,
        more_are_ready_than_a_batch_holds,
        again_comes_in_the_next_turn,
        again_is_forgotten_with_its_watch,
        a_watch_that_is_not_in_the_loop_is_left_alone,
        one_by_itself_is_waited_for_without_the_engine,
        one_by_itself_keeps_nobody_waiting_for_long,
        another_thread_wakes_a_turn,
        a_signal_ends_a_turn,
        every_allocation_may_fail,
        every_descriptor_may_be_missing,
    };
    Suite *suite = suite_create("loop");
    TCase *engines_case = tcase_create("engines");

    for (size_t i = 0; i < sizeof both / sizeof both[0]; i++)
        tcase_add_loop_test(engines_case, both[i], 0, ENGINES);
    tcase_add_test(engines_case, an_unknown_engine_is_refused);
    suite_add_tcase(suite, engines_case);
    timers_cases(suite);
    return suite;
}
