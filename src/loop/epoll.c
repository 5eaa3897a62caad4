/* epoll.c - the engine for Linux. Each descriptor is registered once, edge-triggered and for both
 * directions, so that changing what is wanted costs no system call; an edge that comes while nobody
 * wants it is kept in watch->possible, and the owner will find out by trying.
 *
 * watch->slot: 1 + the place of an event of the current batch that was not given out yet, 0 if
 * there is none. By it an event is dropped when its watch is removed.
 *
 * A timerfd in the set makes the epoll descriptor readable when a timer is due, from when somebody
 * asks for that descriptor. It too is edge-triggered: it is never read, only set again. */
#include "loop/engine.h"

#if defined(__linux__)

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define BATCH 256 /* events a turn */

typedef struct epoll_state {
    int fd;
    int timer;     /* -1: nobody asked for the descriptor */
    int64_t armed; /* when the timerfd expires; INTERIM__NEVER: it is not set, or expired */
    int count;     /* events in the batch */
    int at;        /* the next that is to be given out */
    struct epoll_event batch[BATCH];
} epoll_state;

static void epoll_close(void *state)
{
    epoll_state *epoll = state;

    if (epoll->timer >= 0)
        close(epoll->timer);
    if (epoll->fd >= 0)
        close(epoll->fd);
    free(epoll);
}

static int epoll_open(void **state)
{
    epoll_state *epoll = calloc(1, sizeof *epoll);
    int problem;

    if (epoll == NULL)
        return INTERIM_ENOMEM;
    epoll->armed = INTERIM__NEVER;
    epoll->timer = -1;
    epoll->fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll->fd < 0) {
        problem = errno;
        epoll_close(epoll);
        errno = problem;
        return INTERIM_ESYSTEM;
    }
    *state = epoll;
    return 0;
}

static int epoll_add(void *state, interim__watch *watch)
{
    epoll_state *epoll = state;
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLRDHUP | EPOLLET |
                  (watch->never & INTERIM__WRITE ? 0U : (unsigned)EPOLLOUT),
        .data.ptr = watch,
    };

    if (epoll_ctl(epoll->fd, EPOLL_CTL_ADD, watch->fd, &event) < 0)
        return errno == ENOMEM ? INTERIM_ENOMEM : INTERIM_ESYSTEM;
    watch->slot = 0;
    return 0;
}

static void epoll_remove(void *state, interim__watch *watch)
{
    epoll_state *epoll = state;
    struct epoll_event unused = {0};

    if (watch->slot > 0)
        epoll->batch[watch->slot - 1].data.ptr = NULL;
    /* Closing is not enough: a child between fork and exec keeps the registration alive, and with
     * it a pointer to a watch that is gone. */
    epoll_ctl(epoll->fd, EPOLL_CTL_DEL, watch->fd, &unused);
}

static int epoll_wait_for(void *state, int timeout_ms)
{
    epoll_state *epoll = state;

    epoll->at = 0;
    epoll->count = epoll_wait(epoll->fd, epoll->batch, BATCH, timeout_ms);
    if (epoll->count < 0) {
        epoll->count = 0;
        return errno == EINTR ? 0 : INTERIM_ESYSTEM;
    }
    for (int i = 0; i < epoll->count; i++) {
        interim__watch *watch = epoll->batch[i].data.ptr;

        if (watch != NULL)
            watch->slot = (size_t)i + 1;
        else
            epoll->armed = INTERIM__NEVER;
    }
    return epoll->count > 0;
}

static unsigned translate(uint32_t system)
{
    unsigned events = 0;

    if (system & EPOLLIN)
        events |= INTERIM__READ;
    if (system & EPOLLOUT)
        events |= INTERIM__WRITE;
    if (system & EPOLLRDHUP)
        events |= INTERIM__READ | INTERIM__HANGUP;
    if (system & (EPOLLERR | EPOLLHUP))
        events |= INTERIM__READ | INTERIM__WRITE | INTERIM__HANGUP;
    return events;
}

static interim__watch *epoll_next(void *state, unsigned *events)
{
    epoll_state *epoll = state;

    while (epoll->at < epoll->count) {
        struct epoll_event *event = &epoll->batch[epoll->at++];
        interim__watch *watch = event->data.ptr;

        if (watch == NULL)
            continue;
        watch->slot = 0;
        watch->possible |= translate(event->events);
        *events = translate(event->events) & (INTERIM__READ | INTERIM__WRITE);
        if (event->events & (EPOLLERR | EPOLLHUP) ? watch->want == 0 : !(*events &= watch->want))
            continue;
        return watch;
    }
    return NULL;
}

static bool epoll_is_all(void *state)
{
    return ((epoll_state *)state)->count < BATCH;
}

static int epoll_fd(void *state)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    epoll_state *epoll = state;
    int timer;

    if (epoll->timer >= 0)
        return epoll->fd;
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (timer < 0)
        return INTERIM_ESYSTEM;
    if (epoll_ctl(epoll->fd, EPOLL_CTL_ADD, timer, &event) < 0) {
        close(timer);
        return INTERIM_ESYSTEM;
    }
    epoll->timer = timer;
    return epoll->fd;
}

static void epoll_arm(void *state, int64_t deadline)
{
    epoll_state *epoll = state;
    struct itimerspec when = {0};

    if (deadline >= epoll->armed)
        return;
    epoll->armed = deadline;
    if (deadline < 1)
        deadline = 1; /* zero would unset it */
    when.it_value.tv_sec = (time_t)(deadline / 1000000000);
    when.it_value.tv_nsec = (long)(deadline % 1000000000);
    timerfd_settime(epoll->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

const interim__engine interim__engine_epoll = {
    .open = epoll_open,
    .close = epoll_close,
    .add = epoll_add,
    .remove = epoll_remove,
    .wait = epoll_wait_for,
    .next = epoll_next,
    .is_all = epoll_is_all,
    .fd = epoll_fd,
    .arm = epoll_arm,
};

#else
typedef int interim__no_epoll; /* a translation unit must not be empty */
#endif
