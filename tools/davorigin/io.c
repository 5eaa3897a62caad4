/* Bytes in clear, and waiting; io.h tells the concept. */
#include "io.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

int io_wait(int fd, short events, int64_t deadline)
{
    for (;;) {
        struct pollfd poll_fd = {.fd = fd, .events = events};
        int64_t left = deadline - clock_ms();
        int ready = 0;

        if (left <= 0)
            return -ETIMEDOUT;
        ready = poll(&poll_fd, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (ready > 0)
            return 0;
        if (ready < 0 && errno != EINTR)
            return -errno;
    }
}

static ssize_t plain_read(struct io *io, void *data, size_t size, int64_t deadline)
{
    for (;;) {
        ssize_t got = recv(io->fd, data, size, 0);
        int failure = 0;

        if (got >= 0)
            return got;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return -errno;
        failure = io_wait(io->fd, POLLIN, deadline);
        if (failure)
            return failure;
    }
}

static ssize_t plain_write(struct io *io, const void *data, size_t size, int64_t deadline)
{
    for (;;) {
        ssize_t taken = send(io->fd, data, size, MSG_NOSIGNAL);
        int failure = 0;

        if (taken >= 0)
            return taken;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return -errno;
        failure = io_wait(io->fd, POLLOUT, deadline);
        if (failure)
            return failure;
    }
}

static void plain_close(struct io *io)
{
    (void)io;
}

void io_plain(struct io *out, int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0)
        (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    memset(out, 0, sizeof *out);
    out->read = plain_read;
    out->write = plain_write;
    out->close = plain_close;
    out->fd = fd;
}
