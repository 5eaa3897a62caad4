/* bell.c - see bell.h: an eventfd. */
#include "loop/bell.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int interim__bell_open(void)
{
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

void interim__bell_ring(int fd)
{
    const uint64_t one = 1;
    int kept = errno;
    ssize_t written;

    /* EAGAIN would mean that the counter is full: then it is readable anyway. */
    do
        written = write(fd, &one, sizeof one);
    while (written < 0 && errno == EINTR);
    errno = kept;
}

void interim__bell_quiet(int fd)
{
    uint64_t count;
    ssize_t got;

    do
        got = read(fd, &count, sizeof count);
    while (got < 0 && errno == EINTR);
}
