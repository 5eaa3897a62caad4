/* loop.c - see loop.h. A turn waits, then calls, each at most once: the watches that the system
 * says are ready, those that asked to be called again in an earlier turn, and the timers that are
 * due. Bytes come before deadlines, so that a sign of life that arrived in time counts although
 * nobody had looked.
 *
 * Invariants: watch->fd >= 0 exactly while it is in the engine; watch->again != 0 exactly while it
 * is in one of the two lists. What a callback adds to a list is for the next turn. */
#include "loop/bell.h"
#include "loop/engine.h"
#include "loop/timers.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000
#define COMPARED_NS (10 * NS_PER_MS) /* before the clocks are compared again: one may be set */
#if !defined(POLLRDHUP)
#define POLLRDHUP 0 /* not a system's that has no epoll either */
#endif

struct interim__loop {
    interim__watch bell; /* first: the watch is the loop. Rung by interim__loop_wake */
    const interim__engine *engine;
    void *state;
    int bell_fd; /* never changes: other threads read it */
    interim__timers timers;
    int64_t now;            /* of the turn, while timers are called; else INT64_MIN */
    interim__time time;     /* while it is held; now is INT64_MIN: nobody has asked */
    int64_t wall_ahead;     /* of the monotonic clock, as it was ... */
    int64_t compared_at;    /* ... then */
    int64_t told;           /* see interim__loop_told_ns */
    interim__watch again;   /* head of a ring: to be called in the next turn */
    interim__watch calling; /* head of a ring: to be called in this turn */
    interim__watch *late;   /* not with the engine yet; NULL: there is none */
    interim__watch *sole;   /* see interim__loop_set_sole */
    bool turning;
    bool held;
    bool lazy;    /* the next watch may be late */
    bool asked;   /* the last wait was the engine's */
    bool exposed; /* somebody watches the engine's descriptor */
};

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t interim__loop_monotonic_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t interim__loop_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

void interim__loop_hold_time(interim__loop *loop, bool hold)
{
    loop->held = hold;
    interim__loop_renew_time(loop);
}

void interim__loop_renew_time(interim__loop *loop)
{
    loop->time.now = INT64_MIN;
}

/* How far the wall clock is ahead of the monotonic one, at this time of that one: that changes
 * hardly ever. */
static int64_t wall_ahead(interim__loop *loop, int64_t now)
{
    if (now - loop->compared_at >= COMPARED_NS) {
        loop->compared_at = interim__loop_monotonic_ns();
        loop->wall_ahead = interim__loop_wall_ns() - loop->compared_at;
    }
    return loop->wall_ahead;
}

interim__time interim__loop_look(interim__loop *loop)
{
    int64_t now;

    if (loop->time.now != INT64_MIN)
        return loop->time;
    now = interim__loop_monotonic_ns();
    if (!loop->held)
        return (interim__time){now, interim__loop_wall_ns()};
    loop->time = (interim__time){now, now + wall_ahead(loop, now)};
    return loop->time;
}

int64_t interim__loop_now(interim__loop *loop)
{
    return loop->held ? interim__loop_look(loop).now : interim__loop_monotonic_ns();
}

void interim__loop_set_lazy(interim__loop *loop, bool lazy)
{
    loop->lazy = lazy;
}

void interim__loop_set_sole(interim__loop *loop, interim__watch *watch)
{
    loop->sole = watch;
}

/* ---- Rings of watches -------------------------------------------------------------------- */

static void ring_init(interim__watch *head)
{
    head->next = head->previous = head;
}

static bool ring_is_empty(const interim__watch *head)
{
    return head->next == head;
}

static void ring_append(interim__watch *head, interim__watch *watch)
{
    watch->previous = head->previous;
    watch->next = head;
    head->previous->next = watch;
    head->previous = watch;
}

static void ring_unlink(interim__watch *watch)
{
    watch->previous->next = watch->next;
    watch->next->previous = watch->previous;
    watch->next = watch->previous = NULL;
    watch->again = 0;
}

/* Moves all of from to the empty ring to. */
static void ring_move(interim__watch *to, interim__watch *from)
{
    if (ring_is_empty(from))
        return;
    to->next = from->next;
    to->previous = from->previous;
    to->next->previous = to;
    to->previous->next = to;
    ring_init(from);
}

/* ---- The loop ------------------------------------------------------------------------------ */

static void bell_rang(interim__watch *watch, unsigned events)
{
    interim__loop *loop = (interim__loop *)(void *)watch;

    (void)events;
    interim__bell_quiet(loop->bell_fd);
    interim__watch_want(loop, watch, INTERIM__READ);
}

static int open_engine(interim__loop *loop, interim_engine engine)
{
#if defined(__linux__)
    if (engine == INTERIM_ENGINE_AUTO || engine == INTERIM_ENGINE_EPOLL) {
        int status;

        loop->engine = &interim__engine_epoll;
        status = loop->engine->open(&loop->state);
        if (status == 0 || status != INTERIM_ESYSTEM || errno != ENOSYS)
            return status;
        if (engine == INTERIM_ENGINE_EPOLL)
            return INTERIM_EUNSUPPORTED;
    }
#endif
    if (engine != INTERIM_ENGINE_AUTO && engine != INTERIM_ENGINE_POLL)
        return INTERIM_EUNSUPPORTED;
    loop->engine = &interim__engine_poll;
    return loop->engine->open(&loop->state);
}

int interim__loop_new(interim__loop **out, interim_engine engine)
{
    interim__loop *loop = calloc(1, sizeof *loop);
    int status, problem;

    *out = NULL;
    if (loop == NULL)
        return INTERIM_ENOMEM;
    loop->bell.ready = bell_rang;
    loop->bell.never = INTERIM__WRITE; /* it always could be, and that is no news */
    loop->bell.fd = loop->bell_fd = -1;
    loop->now = loop->told = INT64_MIN;
    loop->compared_at = -COMPARED_NS;
    ring_init(&loop->again);
    ring_init(&loop->calling);
    status = open_engine(loop, engine);
    if (status < 0)
        goto out;
    loop->bell_fd = interim__bell_open();
    status =
        loop->bell_fd < 0 ? INTERIM_ESYSTEM : interim__watch_add(loop, &loop->bell, loop->bell_fd);
    if (status < 0)
        goto out;
    interim__watch_want(loop, &loop->bell, INTERIM__READ);
    *out = loop;
    return 0;
out:
    problem = errno;
    interim__loop_free(loop);
    errno = problem;
    return status;
}

void interim__loop_free(interim__loop *loop)
{
    if (loop == NULL)
        return;
    interim__watch_remove(loop, &loop->bell);
    if (loop->bell_fd >= 0)
        close(loop->bell_fd);
    if (loop->state != NULL)
        loop->engine->close(loop->state);
    interim__timers_dispose(&loop->timers);
    free(loop);
}

int64_t interim__loop_told_ns(const interim__loop *loop)
{
    return loop->told;
}

void interim__loop_wake(interim__loop *loop)
{
    interim__bell_ring(loop->bell_fd);
}

/* Keeps the promise of interim__loop_fd while no turn is running. Costs a system call only when
 * something is to happen earlier than the descriptor's timer says. */
static void expose(interim__loop *loop)
{
    int64_t next = interim__timers_earliest(&loop->timers), soon;

    if (!loop->exposed || loop->turning)
        return;
    if (!ring_is_empty(&loop->again))
        next = 0;
    if (loop->late != NULL) { /* of which the descriptor knows nothing */
        soon = interim__loop_monotonic_ns() + (int64_t)INTERIM__BRIEF_MS * NS_PER_MS;
        next = next < soon ? next : soon;
    }
    loop->engine->arm(loop->state, next);
}

int interim__loop_fd(interim__loop *loop)
{
    int fd = loop->engine->fd == NULL ? INTERIM_EUNSUPPORTED : loop->engine->fd(loop->state);

    if (fd >= 0) {
        loop->exposed = true;
        expose(loop);
    }
    return fd;
}

/* ---- A turn -------------------------------------------------------------------------------- */

bool interim__loop_may_wait(const interim__loop *loop, int64_t now)
{
    return ring_is_empty(&loop->again) &&
           interim__timers_earliest(&loop->timers) - now > (int64_t)INTERIM__BRIEF_MS * NS_PER_MS;
}

/* How long the engine may wait: rounded up, so that what it waited for is then due. */
static int limit_wait(const interim__loop *loop, int timeout_ms)
{
    int64_t earliest = interim__timers_earliest(&loop->timers), now, left_ms;

    if (timeout_ms == 0 || !ring_is_empty(&loop->again))
        return 0;
    if (earliest == INTERIM__NEVER)
        return timeout_ms < 0 ? -1 : timeout_ms;
    now = interim__loop_monotonic_ns();
    if (earliest <= now)
        return 0;
    left_ms = (earliest - now - 1) / NS_PER_MS + 1;
    if (timeout_ms >= 0 && left_ms > timeout_ms)
        return timeout_ms;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

/* The owner wants something else now. */
static void note_want(interim__loop *loop, interim__watch *watch)
{
    if (watch != loop->late && loop->engine->want != NULL)
        loop->engine->want(loop->state, watch);
}

static void call(interim__loop *loop, interim__watch *watch, unsigned events)
{
    if (watch->again != 0) {
        events |= watch->again;
        ring_unlink(watch);
    }
    if (watch->want & events) {
        watch->want &= ~events;
        note_want(loop, watch);
    }
    watch->ready(watch, events);
}

static size_t call_timers(interim__loop *loop, int64_t now)
{
    interim__timer *timer;
    size_t called = 0;

    loop->now = now;
    for (; (timer = interim__timers_pop(&loop->timers, loop->now)) != NULL; called++)
        timer->due(timer);
    loop->now = INT64_MIN;
    return called;
}

/* Calls what the engine noted, what asked to be called again, and what is due. How many calls. */
static size_t call_all(interim__loop *loop)
{
    interim__watch *watch;
    unsigned events;
    size_t called = 0;
    int64_t now;

    loop->turning = true;
    interim__loop_hold_time(loop, true);
    now = interim__loop_now(loop);
    ring_move(&loop->calling, &loop->again);
    for (; (watch = loop->engine->next(loop->state, &events)) != NULL; called++)
        call(loop, watch, events);
    if (loop->asked && (loop->engine->is_all == NULL || loop->engine->is_all(loop->state)))
        loop->told = now;
    for (; !ring_is_empty(&loop->calling); called++)
        call(loop, loop->calling.next, 0);
    called += call_timers(loop, now);
    interim__loop_hold_time(loop, false);
    loop->turning = false;
    return called;
}

static void call_again(interim__loop *loop, interim__watch *watch, unsigned events)
{
    if (watch->again == 0)
        ring_append(&loop->again, watch);
    watch->again |= events;
    expose(loop);
}

/* Waits for the late watch by itself, and has it called if it is ready: as of engine->wait. */
static int wait_for_late(interim__loop *loop, int timeout_ms)
{
    interim__watch *watch = loop->late;
    struct pollfd late = {.fd = watch->fd,
                          .events = (short)(POLLRDHUP | (watch->want & INTERIM__READ ? POLLIN : 0) |
                                            (watch->want & INTERIM__WRITE ? POLLOUT : 0))};
    unsigned events = 0;

    if (poll(&late, 1, timeout_ms) <= 0)
        return 0;
    if (late.revents & POLLIN)
        events |= INTERIM__READ;
    if (late.revents & POLLOUT)
        events |= INTERIM__WRITE;
    if (late.revents & (POLLERR | POLLHUP | POLLNVAL))
        events |= INTERIM__READ | INTERIM__WRITE;
    if (late.revents & (POLLERR | POLLHUP | POLLNVAL | POLLRDHUP))
        watch->possible |= INTERIM__HANGUP;
    watch->possible |= events;
    call_again(loop, watch, events);
    return 1;
}

/* Gives the late watch to the engine. Errors: as of engine->add, and it stays late. */
static int add_late(interim__loop *loop)
{
    interim__watch *watch = loop->late;
    int status = loop->engine->add(loop->state, watch);

    if (status < 0)
        return status;
    loop->late = NULL;
    if (watch->want != 0)
        note_want(loop, watch);
    return 0;
}

static int wait_for_some(interim__loop *loop, int timeout_ms)
{
    bool alone = loop->late != NULL && loop->late == loop->sole && timeout_ms < 0;
    int brief_ms;

    loop->asked = false;
    if (alone && interim__loop_may_wait(loop, interim__loop_monotonic_ns()) &&
        wait_for_late(loop, INTERIM__BRIEF_MS) > 0)
        return 1;
    /* Whom the engine refuses is waited for by itself, and then the others are looked at. */
    if (loop->late != NULL && add_late(loop) < 0) {
        brief_ms = limit_wait(loop, timeout_ms);
        if (brief_ms < 0 || brief_ms > INTERIM__BRIEF_MS)
            brief_ms = INTERIM__BRIEF_MS;
        (void)wait_for_late(loop, brief_ms);
        timeout_ms = 0;
    }
    loop->asked = true;
    return loop->engine->wait(loop->state, limit_wait(loop, timeout_ms));
}

int interim__loop_turn(interim__loop *loop, int timeout_ms)
{
    int64_t until = timeout_ms > 0 ? interim__loop_monotonic_ns() + (int64_t)timeout_ms * NS_PER_MS
                                   : INTERIM__NEVER;
    int noted;

    /* An edge that nobody wanted, or a time that was put off, does not end the wait. */
    while ((noted = wait_for_some(loop, timeout_ms)) > 0) {
        if (call_all(loop) > 0 || timeout_ms == 0)
            break;
        if (timeout_ms > 0) {
            int64_t left = until - interim__loop_monotonic_ns();

            timeout_ms = left <= 0 ? 0 : (int)((left - 1) / NS_PER_MS + 1);
        }
    }
    loop->sole = NULL;
    if (noted == 0)
        call_all(loop);
    expose(loop);
    return noted < 0 ? noted : 0;
}

/* ---- Watches and timers -------------------------------------------------------------------- */

int interim__watch_add(interim__loop *loop, interim__watch *watch, int fd)
{
    int status;

    watch->fd = fd;
    watch->want = watch->again = 0;
    watch->possible = INTERIM__READ | INTERIM__WRITE;
    watch->next = watch->previous = NULL;
    if (loop->lazy && loop->late == NULL) {
        loop->late = watch;
        return 0;
    }
    status = loop->engine->add(loop->state, watch);
    if (status < 0)
        watch->fd = -1;
    return status;
}

void interim__watch_change(interim__loop *loop, interim__watch *watch, unsigned events)
{
    if (watch->fd < 0)
        return;
    watch->want = events;
    note_want(loop, watch);
}

void interim__watch_again(interim__loop *loop, interim__watch *watch, unsigned events)
{
    if (watch->fd >= 0 && events != 0)
        call_again(loop, watch, events);
}

void interim__watch_soon(interim__loop *loop, interim__watch *watch)
{
    call_again(loop, watch, INTERIM__READ);
}

void interim__watch_not_soon(interim__watch *watch)
{
    if (watch->again != 0)
        ring_unlink(watch);
}

void interim__watch_remove(interim__loop *loop, interim__watch *watch)
{
    if (watch->fd < 0)
        return;
    if (watch->again != 0)
        ring_unlink(watch);
    if (watch == loop->sole)
        loop->sole = NULL;
    if (watch == loop->late)
        loop->late = NULL;
    else
        loop->engine->remove(loop->state, watch);
    watch->fd = -1;
    watch->want = 0;
}

void interim__timer_init(interim__timer *timer, void (*due)(interim__timer *timer))
{
    timer->due = due;
    timer->deadline = INTERIM__NEVER;
    timer->slot = 0;
}

int interim__timer_set(interim__loop *loop, interim__timer *timer, int64_t deadline)
{
    int status;

    /* While timers are called, "now" means the next turn: no timer may keep a turn from ending. */
    if (deadline <= loop->now)
        deadline = loop->now + 1;
    status = interim__timers_set(&loop->timers, timer, deadline);
    if (status == 0)
        expose(loop);
    return status;
}
