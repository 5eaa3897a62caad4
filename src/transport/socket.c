/* socket.c - see socket.h. */
#include "transport/socket.h"

#include "transport/quiet.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#if defined(__linux__)
#include <sys/sendfile.h>
#endif
#include <sys/time.h>
#include <unistd.h>

#define KEEPALIVE_IDLE_S 30
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_COUNT 3
#define USER_TIMEOUT_MS 120000
#define SEGMENT 536 /* what fits into a segment everywhere (RFC 9293 section 3.7.1) */
#define FILE_PART (INT64_C(1) << 20) /* of a file, before others have their turn at the disk */

static void socket_ready(interim__watch *watch, unsigned events)
{
    interim__socket *self = (interim__socket *)(void *)watch;

    self->ready(self->user, events);
}

static int connect_now(int fd, const interim__address *address)
{
    return connect(fd, (const struct sockaddr *)(const void *)&address->storage, address->length);
}

int interim__socket_connect(interim__socket **out, interim__loop *loop,
                            const interim__address *address, const interim__local *local,
                            void (*ready)(void *user, unsigned events), void *user)
{
    interim__socket *self = malloc(sizeof *self); /* not calloc: see src/operation/talk.c */
    int fd, problem;

    *out = NULL;
    if (self == NULL)
        return ENOMEM;
    *self = (interim__socket){
        .watch = {.ready = socket_ready, .fd = -1},
        .ready = ready,
        .user = user,
    };
    fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        problem = errno;
        goto out;
    }
    if (address->storage.ss_family != AF_UNIX) {
        problem = -interim__local_bind(local, fd, address->storage.ss_family);
        if (problem != 0)
            goto out_close;
    }
    /* A signal does not end the attempt: it goes on as if it were EINPROGRESS (POSIX). */
    if (connect_now(fd, address) < 0 && errno != EINPROGRESS && errno != EINTR) {
        problem = errno;
        goto out_close;
    }
    problem = interim__watch_add(loop, &self->watch, fd);
    if (problem < 0) {
        problem = problem == INTERIM_ENOMEM ? ENOMEM : errno;
        goto out_close;
    }
    self->watch.possible = 0;
    self->delays = address->storage.ss_family != AF_UNIX;
    interim__watch_want(loop, &self->watch, INTERIM__WRITE);
    *out = self;
    return 0;
out_close:
    close(fd);
out:
    free(self);
    return problem;
}

/* Asked for its error, or by a second connect, the system would forget why it is not. */
bool interim__socket_is_connected(interim__socket *self)
{
    struct sockaddr peer;
    socklen_t size = sizeof peer;

    if (getpeername(self->watch.fd, &peer, &size) < 0)
        return false;
    self->watch.possible |= INTERIM__WRITE;
    return true;
}

/* Writable, and nothing else, means connected. A second connect tells all three: connected, still
 * under way, failed and why. SO_ERROR cannot tell the first two apart, and ready may come for
 * nothing. */
int interim__socket_finish(interim__socket *self, interim__loop *loop,
                           const interim__address *address)
{
    bool writable = (self->watch.possible & (INTERIM__WRITE | INTERIM__HANGUP)) == INTERIM__WRITE;

    /* A Unix-domain socket is connected at once; asked again, it tells of the peer's queue. */
    if (writable || address->storage.ss_family == AF_UNIX ||
        connect_now(self->watch.fd, address) == 0 || errno == EISCONN)
        return 0;
    if (errno != EALREADY && errno != EINPROGRESS && errno != EINTR)
        return errno;
    interim__watch_want(loop, &self->watch, INTERIM__WRITE);
    return EINPROGRESS;
}

static void set_option(const interim__socket *self, int level, int name, int value)
{
    /* A system that lacks one of these still makes a usable connection. */
    (void)setsockopt(self->watch.fd, level, name, &value, sizeof value);
}

void interim__socket_keep_alive(interim__socket *self)
{
    set_option(self, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
    set_option(self, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
#endif
#ifdef TCP_KEEPINTVL
    set_option(self, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
#endif
#ifdef TCP_KEEPCNT
    set_option(self, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
#endif
#ifdef TCP_USER_TIMEOUT
    set_option(self, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
#endif
}

/* Tidies up errno after a call that failed: true if it is to be tried later. */
static bool must_wait(interim__socket *self)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        errno = EAGAIN;
        return true;
    }
    if (self->problem == 0)
        self->problem = errno;
    return false;
}

ptrdiff_t interim__socket_receive(interim__socket *self, void *buffer, size_t size)
{
    ssize_t got;

    if (!(self->watch.possible & INTERIM__READ)) {
        errno = EAGAIN;
        return -1;
    }
    do {
        got = recv(self->watch.fd, buffer, size, self->blocks && !self->awaits ? MSG_DONTWAIT : 0);
        self->awaits = false; /* a signal ends it too */
    } while (got < 0 && errno == EINTR);
    /* A short read took everything, and what comes next is a new edge (epoll(7)). Only a FIN that
     * came together with the last bytes gives none: HANGUP stands for it. */
    if ((got < 0 && must_wait(self)) ||
        (got > 0 && (size_t)got < size && !(self->watch.possible & INTERIM__HANGUP)))
        self->watch.possible &= ~INTERIM__READ;
    return got;
}

bool interim__socket_await(interim__socket *self)
{
    const struct timeval brief = {.tv_usec = INTERIM__BRIEF_MS * 1000};

    if (!self->blocks &&
        (setsockopt(self->watch.fd, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief) < 0 ||
         fcntl(self->watch.fd, F_SETFL, 0) < 0))
        return false;
    self->blocks = self->awaits = true;
    self->watch.possible |= INTERIM__READ;
    return true;
}

/* What is sent first goes out at once, if it is not cut into segments of which the last is short;
 * only what comes after it would have to wait. Most connections are never asked this. */
static void hurry(interim__socket *self, size_t size)
{
    if (self->delays && (self->written || size > SEGMENT)) {
        set_option(self, IPPROTO_TCP, TCP_NODELAY, 1);
        self->delays = false;
    }
    self->written = true;
}

ptrdiff_t interim__socket_send(interim__socket *self, const void *data, size_t size)
{
    ssize_t sent;

    if (!(self->watch.possible & INTERIM__WRITE)) {
        errno = EAGAIN;
        return -1;
    }
    hurry(self, size);
    do
        sent = send(self->watch.fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && must_wait(self))
        self->watch.possible &= ~INTERIM__WRITE;
    return sent;
}

#if defined(__linux__)

/* sendfile(2) knows no MSG_NOSIGNAL. */
static ssize_t send_quietly(int socket, int fd, int64_t offset, size_t size)
{
    interim__quiet quiet;
    off_t at = (off_t)offset;
    ssize_t sent;

    if (!interim__quiet_begin(&quiet))
        return -1;
    do
        sent = sendfile(socket, fd, &at, size);
    while (sent < 0 && errno == EINTR);
    interim__quiet_end(&quiet, sent < 0);
    return sent;
}

ptrdiff_t interim__socket_send_file(interim__socket *self, int fd, int64_t offset, int64_t size)
{
    ssize_t sent;

    if (!(self->watch.possible & INTERIM__WRITE)) {
        errno = EAGAIN;
        return -1;
    }
    hurry(self, SIZE_MAX);
    if (self->blocks && fcntl(self->watch.fd, F_SETFL, O_NONBLOCK) < 0)
        return -1; /* it knows no MSG_DONTWAIT either */
    self->blocks = false;
    sent = send_quietly(self->watch.fd, fd, offset, (size_t)(size < FILE_PART ? size : FILE_PART));
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        errno = EAGAIN;
        self->watch.possible &= ~INTERIM__WRITE;
    }
    return sent;
}

#else

ptrdiff_t interim__socket_send_file(interim__socket *self, int fd, int64_t offset, int64_t size)
{
    (void)self, (void)fd, (void)offset, (void)size;
    errno = ENOSYS;
    return -1;
}

#endif

void interim__socket_free(interim__socket *self, interim__loop *loop)
{
    int fd;

    if (self == NULL)
        return;
    fd = self->watch.fd;
    interim__watch_remove(loop, &self->watch);
    close(fd);
    free(self);
}
