/* quiet_write.c - see quiet_write.h. send(MSG_NOSIGNAL) would serve sockets only. */
#include "client/quiet_write.h"

#include "transport/quiet.h"

#include <errno.h>
#include <sys/resource.h>
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

size_t interim__quiet_write_file(int fd, const void *data, size_t size)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY)
        return write_all(fd, data, size);
    return interim__quiet_write(fd, data, size);
}
