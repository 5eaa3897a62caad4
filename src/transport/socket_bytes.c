/* socket_bytes.c - see socket.h: what goes through a socket. Nothing here knows the loop: TLS calls
 * it from an object of its own (tls_table.h). */
#include "transport/socket.h"

#include "transport/quiet.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#if defined(__linux__)
#include <sys/sendfile.h>
#endif
#include <sys/time.h>

#define SEGMENT 536 /* what fits into a segment everywhere (RFC 9293 section 3.7.1) */
#define FILE_PART (INT64_C(1) << 20) /* of a file, before others have their turn at the disk */

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
        /* A system that lacks it still makes a usable connection. */
        (void)setsockopt(self->watch.fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
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
