/* Tests of src/loop: timers, and the descriptor that tells of everything. Cases of the suite of
 * loop.c. */
#include "suites.h"
#include "support/watched.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

void timers_cases(Suite *suite);

/* ---- Timers -------------------------------------------------------------------------------- */

START_TEST(a_turn_waits_for_a_timer_and_not_longer)
{
    struct alarm alarm;
    int64_t before = interim__loop_monotonic_ns();
    int turns = 0;

    open_loop(_i);
    alarm_init(&alarm);
    alarm_set(&alarm, before + 15 * MS + 1);
    for (; alarm.calls == 0; turns++)
        turn(-1);
    ck_assert_int_ge(elapsed_ms(before), 15);
    ck_assert_int_le(elapsed_ms(before), 1000);
    ck_assert_int_le(turns, 2);
    close_loop();
}
END_TEST

START_TEST(timers_are_due_in_order)
{
    enum { COUNT = 1000 };
    static struct alarm alarms[COUNT];
    int64_t base = interim__loop_monotonic_ns() - 2 * COUNT;
    const struct alarm *last = NULL;
    int unset = 0;

    open_loop(_i);
    srand(1);
    for (int i = 0; i < COUNT; i++) {
        alarm_init(&alarms[i]);
        alarm_set(&alarms[i], base + rand() % COUNT);
    }
    for (int i = 0; i < COUNT; i++) { /* moves, both ways, and takes some out */
        if (i % 3 == 0)
            alarm_set(&alarms[rand() % COUNT], base + rand() % COUNT);
        if (i % 7 == 0)
            alarm_set(&alarms[i], INTERIM__NEVER);
    }
    for (int i = 0; i < COUNT; i++)
        unset += alarms[i].deadline == INTERIM__NEVER;
    fired = 0;
    turn(-1);
    ck_assert_int_eq(fired, COUNT - unset);
    for (int order = 0; order < COUNT - unset; order++)
        for (int i = 0; i < COUNT; i++)
            if (alarms[i].calls == 1 && alarms[i].order == order) {
                ck_assert(last == NULL || last->deadline <= alarms[i].deadline);
                last = &alarms[i];
            }
    close_loop();
}
END_TEST

START_TEST(a_timer_is_called_once_a_turn)
{
    struct alarm alarm;

    open_loop(_i);
    alarm_init(&alarm);
    alarm.again = 1; /* long ago */
    alarm_set(&alarm, 1);
    for (int i = 1; i <= 3; i++) {
        turn(-1);
        ck_assert_int_eq(alarm.calls, i);
    }
    alarm_set(&alarm, INTERIM__NEVER);
    turn(0);
    ck_assert_int_eq(alarm.calls, 3);
    close_loop();
}
END_TEST

static void look_at_time(interim__timer *timer)
{
    int64_t now = interim__loop_now(loop), wall = interim__loop_look(loop).wall;

    while (interim__loop_monotonic_ns() == now || interim__loop_wall_ns() == wall)
        continue;
    ck_assert_int_eq(interim__loop_now(loop), now);
    ck_assert_int_eq(interim__loop_look(loop).wall, wall);
    (void)timer;
    interim__loop_renew_time(loop);
    ck_assert_int_gt(interim__loop_now(loop), now);
    ck_assert_int_ne(interim__loop_look(loop).wall, wall);
    fired++;
}

START_TEST(time_stands_still_in_a_turn)
{
    int64_t before = interim__loop_monotonic_ns(), now;
    interim__timer timer;

    open_loop(_i);
    interim__timer_init(&timer, look_at_time);
    fired = 0;
    for (int i = 1; i <= 2; i++) { /* each turn has its own time */
        ck_assert_int_eq(interim__timer_set(loop, &timer, before), 0);
        turn(-1);
        ck_assert_int_eq(fired, i);
    }
    now = interim__loop_now(loop);
    ck_assert_int_gt(now, before);
    while (interim__loop_monotonic_ns() == now)
        continue;
    ck_assert_int_gt(interim__loop_now(loop), now);
    interim__loop_hold_time(loop, true);
    now = interim__loop_now(loop);
    while (interim__loop_monotonic_ns() == now)
        continue;
    ck_assert_int_eq(interim__loop_now(loop), now);
    interim__loop_hold_time(loop, false);
    ck_assert_int_gt(interim__loop_now(loop), now);
    close_loop();
}
END_TEST

static struct alarm victim;

static void unset_victim(interim__timer *timer)
{
    (void)timer;
    alarm_set(&victim, INTERIM__NEVER);
    memset(&victim, 0xee, sizeof victim);
}

START_TEST(a_timer_may_unset_another_that_is_due)
{
    interim__timer first;

    open_loop(_i);
    interim__timer_init(&first, unset_victim);
    alarm_init(&victim);
    alarm_set(&victim, 2);
    ck_assert_int_eq(interim__timer_set(loop, &first, 1), 0);
    turn(-1);
    turn(0);
    close_loop();
}
END_TEST

START_TEST(bytes_come_before_deadlines)
{
    struct alarm alarm;
    struct end *end;

    open_loop(_i);
    alarm_init(&alarm);
    end = end_new();
    want_read(end);
    say(end);
    alarm_set(&alarm, 1);
    fired = 7;
    turn(-1);
    ck_assert_int_eq(end->calls, 1);
    ck_assert_int_eq(alarm.calls, 1);
    end_free(end);
    close_loop();
}
END_TEST

static void ask_again(struct end *end)
{
    interim__watch_again(loop, &end->watch, INTERIM__WRITE);
}

/* ---- The descriptor ------------------------------------------------------------------------ */

static bool fd_readable(int timeout_ms)
{
    struct pollfd entry = {.fd = interim__loop_fd(loop), .events = POLLIN};

    return poll(&entry, 1, timeout_ms) == 1;
}

START_TEST(the_poll_engine_has_no_descriptor)
{
    open_loop(1);
    ck_assert_int_eq(interim__loop_fd(loop), INTERIM_EUNSUPPORTED);
    close_loop();
}
END_TEST

START_TEST(the_descriptor_tells_of_everything)
{
    struct alarm alarm, later;
    struct end *end;

    open_loop(0);
    end = end_new();
    alarm_init(&alarm);
    alarm_init(&later);
    turn(0);
    ck_assert(!fd_readable(0));

    alarm_set(&later, interim__loop_monotonic_ns() + 100000 * MS);
    alarm_set(&alarm, interim__loop_monotonic_ns() + 5 * MS);
    ck_assert(!fd_readable(0));
    ck_assert(fd_readable(1000)); /* a timer */
    turn(0);
    ck_assert_int_eq(alarm.calls, 1);
    ck_assert(!fd_readable(0));

    interim__watch_again(loop, &end->watch, INTERIM__READ);
    ck_assert(fd_readable(1000)); /* somebody is to be called again */
    end->then = ask_again;
    turn(0);
    ck_assert_int_eq(end->calls, 1);
    ck_assert(fd_readable(1000)); /* and once more, asked for from within a turn */
    end->then = NULL;
    turn(0);
    ck_assert_int_eq(end->calls, 2);
    ck_assert(!fd_readable(0));

    want_read(end);
    say(end);
    ck_assert(fd_readable(1000)); /* bytes */
    turn(0);
    ck_assert_int_eq(end->calls, 3);
    ck_assert(!fd_readable(0));

    interim__loop_wake(loop);
    ck_assert(fd_readable(1000));
    turn(0);
    ck_assert(!fd_readable(0));
    end_free(end);
    close_loop();
}
END_TEST

START_TEST(the_descriptor_follows_a_deadline)
{
    struct alarm alarm;
    int64_t now;
    int turns = 0;

    open_loop(0);
    alarm_init(&alarm);
    alarm_set(&alarm, interim__loop_monotonic_ns() + 5 * MS);
    ck_assert(!fd_readable(0)); /* set before anybody asked for the descriptor */
    /* Moved later many times: that is noticed once, when the first time has come. */
    now = interim__loop_monotonic_ns();
    for (int i = 1; i <= 100; i++)
        alarm_set(&alarm, now + 10 * MS + i * MS / 10);
    for (; alarm.calls == 0; turns++) {
        ck_assert(fd_readable(1000));
        turn(0);
    }
    ck_assert_int_le(turns, 3);
    ck_assert_int_ge(elapsed_ms(now), 20);
    /* Moved earlier. */
    now = interim__loop_monotonic_ns();
    alarm_set(&alarm, now + 5000 * MS);
    alarm_set(&alarm, now + 5 * MS);
    ck_assert(fd_readable(1000));
    ck_assert_int_lt(elapsed_ms(now), 1000);
    /* A deadline that has passed, set while nobody turns. */
    turn(0);
    alarm_set(&alarm, 1);
    ck_assert(fd_readable(1000));
    turn(0);
    ck_assert_int_ge(alarm.calls, 2);
    close_loop();
}
END_TEST

START_TEST(an_own_wait_does_not_need_the_descriptor)
{
    struct alarm alarm;

    open_loop(0);
    ck_assert(!fd_readable(0));
    alarm_init(&alarm);
    alarm_set(&alarm, interim__loop_monotonic_ns() + 5 * MS);
    for (int turns = 0; alarm.calls == 0; turns++) {
        ck_assert_int_le(turns, 2);
        turn(-1);
    }
    turn(0);
    turn(0);
    ck_assert(!fd_readable(0)); /* nothing stale is left */
    close_loop();
}
END_TEST

void timers_cases(Suite *suite)
{
    const TTest *const both[] = {
        a_turn_waits_for_a_timer_and_not_longer, timers_are_due_in_order,
        a_timer_is_called_once_a_turn,           time_stands_still_in_a_turn,
        a_timer_may_unset_another_that_is_due,   bytes_come_before_deadlines,
    };
    const TTest *const one[] = {
        the_poll_engine_has_no_descriptor,
        the_descriptor_tells_of_everything,
        the_descriptor_follows_a_deadline,
        an_own_wait_does_not_need_the_descriptor,
    };
    TCase *timers = tcase_create("timers"), *descriptor = tcase_create("descriptor");

    for (size_t i = 0; i < sizeof both / sizeof both[0]; i++)
        tcase_add_loop_test(timers, both[i], 0, 2);
    for (size_t i = 0; i < sizeof one / sizeof one[0]; i++)
        tcase_add_test(descriptor, one[i]);
    suite_add_tcase(suite, timers);
    suite_add_tcase(suite, descriptor);
}
