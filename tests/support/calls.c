/* calls.c - see calls.h. */
#include "support/calls.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#define SOCKETS 16384

/* Names that the linker gives: --wrap. */
int __real_socket(int family, int type, int protocol);
int __real_connect(int fd, const struct sockaddr *address, socklen_t length);
ssize_t __real_recv(int fd, void *buffer, size_t size, int flags);
ssize_t __real_send(int fd, const void *data, size_t size, int flags);
ssize_t __real_sendfile(int to, int from, off_t *offset, size_t size);
int __real_epoll_create1(int flags);
int __real_epoll_ctl(int fd, int operation, int watched, struct epoll_event *event);
int __real_epoll_wait(int fd, struct epoll_event *events, int count, int timeout);
int __real_eventfd(unsigned count, int flags);
int __real_poll(struct pollfd *watched, nfds_t count, int timeout);
int __real_timerfd_create(int clock, int flags);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*work)(void *), void *argument);
int __wrap_socket(int family, int type, int protocol);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);
ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_sendfile(int to, int from, off_t *offset, size_t size);
int __wrap_epoll_create1(int flags);
int __wrap_epoll_ctl(int fd, int operation, int watched, struct epoll_event *event);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int count, int timeout);
int __wrap_eventfd(unsigned count, int flags);
int __wrap_poll(struct pollfd *watched, nfds_t count, int timeout);
int __wrap_timerfd_create(int clock, int flags);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*work)(void *), void *argument);

static _Thread_local struct {
    unsigned long before, times; /* calls that still succeed, and that fail then; ULONG_MAX: all */
    unsigned long failed;
    calls_name name;
    int error; /* 0: none is refused */
} refusal;

static _Thread_local struct {
    bool awaited; /* the next socket is it */
    int fd;
    const char *unit; /* NULL: it swallows */
    size_t at;        /* in the unit */
    unsigned moves;   /* since the last wait */
    unsigned most;
    unsigned long all;
} odd = {.fd = -1};

static _Thread_local int sockets[SOCKETS];
static _Thread_local size_t socket_count;

static bool refused(calls_name name)
{
    if (refusal.error == 0 || name != refusal.name || refusal.times == 0)
        return false;
    if (refusal.before > 0) {
        refusal.before--;
        return false;
    }
    refusal.times--;
    refusal.failed++;
    errno = refusal.error;
    return true;
}

void calls_refuse(calls_name name, unsigned long nth, unsigned long times, int error)
{
    refusal.name = name;
    refusal.before = nth - 1;
    refusal.times = times == 0 ? (unsigned long)-1 : times;
    refusal.failed = 0;
    refusal.error = error;
}

unsigned long calls_allow(void)
{
    refusal.error = 0;
    return refusal.failed;
}

void calls_reset(void)
{
    socket_count = 0;
    odd.awaited = false;
    odd.fd = -1;
}

static void await_odd(const char *unit)
{
    odd.awaited = true;
    odd.unit = unit;
    odd.at = odd.moves = odd.most = 0;
    odd.all = 0;
}

void calls_flood(const char *unit)
{
    await_odd(unit);
}

void calls_swallow(void)
{
    await_odd(NULL);
}

unsigned calls_most(void)
{
    return odd.most;
}

unsigned long calls_all(void)
{
    return odd.all;
}

void calls_wait_readable(size_t but)
{
    for (size_t i = 0; i < socket_count; i++) {
        struct pollfd watched = {sockets[i], POLLIN, 0};

        if (sockets[i] == odd.fd)
            continue;
        if (but > 0)
            but--;
        else
            ck_assert_int_eq(__real_poll(&watched, 1, 30000), 1);
    }
}

/* False: it has done so too often without a wait. */
static bool count_move(void)
{
    odd.all++;
    if (++odd.moves > odd.most)
        odd.most = odd.moves;
    return odd.moves < CALLS_PATIENCE;
}

int __wrap_socket(int family, int type, int protocol)
{
    int fd = refused(CALLS_SOCKET) ? -1 : __real_socket(family, type, protocol);

    if (fd < 0)
        return fd;
    if (odd.awaited)
        odd.fd = fd;
    odd.awaited = false;
    if (socket_count < SOCKETS)
        sockets[socket_count++] = fd;
    return fd;
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    bool no = refused(CALLS_CONNECT);
    int status = no && refusal.error != EINTR ? -1 : __real_connect(fd, address, length);

    if (no)
        errno = refusal.error;
    return no ? -1 : status;
}

ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags)
{
    size_t unit, got;
    ssize_t real;

    if (refused(CALLS_RECV))
        return -1;
    real = __real_recv(fd, buffer, size, flags);
    if (fd != odd.fd || odd.unit == NULL || real == 0)
        return real;
    if (!count_move())
        return 0;
    unit = strlen(odd.unit);
    for (got = real < 0 ? 0 : (size_t)real; got < size; got++) {
        ((char *)buffer)[got] = odd.unit[odd.at];
        odd.at = odd.at + 1 == unit ? 0 : odd.at + 1;
    }
    return (ssize_t)size;
}

static ssize_t swallow(size_t size)
{
    if (count_move())
        return (ssize_t)size;
    errno = EPIPE;
    return -1;
}

ssize_t __wrap_send(int fd, const void *data, size_t size, int flags)
{
    if (refused(CALLS_SEND))
        return -1;
    return fd == odd.fd && odd.unit == NULL ? swallow(size) : __real_send(fd, data, size, flags);
}

ssize_t __wrap_sendfile(int to, int from, off_t *offset, size_t size)
{
    return to == odd.fd && odd.unit == NULL ? swallow(size)
                                            : __real_sendfile(to, from, offset, size);
}

int __wrap_epoll_create1(int flags)
{
    return refused(CALLS_OPEN) ? -1 : __real_epoll_create1(flags);
}

int __wrap_timerfd_create(int clock, int flags)
{
    return refused(CALLS_OPEN) ? -1 : __real_timerfd_create(clock, flags);
}

int __wrap_eventfd(unsigned count, int flags)
{
    return refused(CALLS_OPEN) ? -1 : __real_eventfd(count, flags);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*work)(void *), void *argument)
{
    return refused(CALLS_THREAD) ? refusal.error
                                 : __real_pthread_create(thread, attributes, work, argument);
}

int __wrap_epoll_ctl(int fd, int operation, int watched, struct epoll_event *event)
{
    /* What is taken out of the set cannot be refused. */
    if (operation == EPOLL_CTL_ADD && refused(CALLS_EPOLL_CTL))
        return -1;
    return __real_epoll_ctl(fd, operation, watched, event);
}

int __wrap_epoll_wait(int fd, struct epoll_event *events, int count, int timeout)
{
    odd.moves = 0;
    return __real_epoll_wait(fd, events, count, timeout);
}

int __wrap_poll(struct pollfd *watched, nfds_t count, int timeout)
{
    odd.moves = 0;
    return __real_poll(watched, count, timeout);
}
