/* quiet_write.c - see quiet_write.h. send(MSG_NOSIGNAL) would serve sockets only. */
#include "client/quiet_write.h"

#include "transport/quiet.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Writes all of it; a second write comes only where the system took a part of the first. Returns
 * how much was written. */
static size_t write_all(int fd, const char *data, size_t size)
{
    size_t written = 0;

    while (written < size) {
        ssize_t step = write(fd, data + written, size - written);

        if (step > 0)
            written += (size_t)step;
        else if (step == 0 || errno != EINTR)
            break;
    }
    return written;
}

size_t interim__quiet_write(int fd, const void *data, size_t size)
{
    size_t written = 0;
    interim__quiet state;

    if (!interim__quiet_begin(&state))
        return 0;
    written = write_all(fd, data, size);
    interim__quiet_end(&state, written < size);
    return written;
}

/* Whether files may grow without limit, which the program may change between two lines of a log:
 * each write asks. glibc does so by prlimit64, which looks for the process first and takes two to
 * three times as long: a fifth of all that a line costs. */
static bool files_are_unlimited(void)
{
    struct rlimit limit;

#if defined(SYS_getrlimit) && defined(__LP64__) /* elsewhere its numbers are of another size */
    if (syscall(SYS_getrlimit, RLIMIT_FSIZE, &limit) == 0)
        return limit.rlim_cur == RLIM_INFINITY;
#endif
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
}

size_t interim__quiet_write_file(int fd, const void *data, size_t size)
{
    if (files_are_unlimited())
        return write_all(fd, data, size);
    return interim__quiet_write(fd, data, size);
}
