/* quiet_write.c - see quiet_write.h.
 *
 * write(2) to a pipe or socket without a reader raises SIGPIPE, and beyond the limit for file sizes
 * SIGXFSZ, both in the thread that writes. send(MSG_NOSIGNAL) would serve sockets only. So both are
 * blocked in this thread around the write, and what the write made pending is taken back before the
 * old mask returns; one that was pending before is left to its owner. */
#include "client/quiet_write.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static const int write_signals[] = {SIGPIPE, SIGXFSZ};

typedef struct quiet {
    sigset_t before;   /* the mask of the thread */
    sigset_t consumed; /* those of write_signals that were not pending */
} quiet;

static bool quiet_begin(quiet *state)
{
    sigset_t block, pending;

    sigemptyset(&block);
    sigemptyset(&state->consumed);
    sigpending(&pending);
    for (size_t i = 0; i < sizeof write_signals / sizeof write_signals[0]; i++) {
        sigaddset(&block, write_signals[i]);
        if (!sigismember(&pending, write_signals[i]))
            sigaddset(&state->consumed, write_signals[i]);
    }
    return pthread_sigmask(SIG_BLOCK, &block, &state->before) == 0;
}

static void quiet_end(const quiet *state, bool failed)
{
    const struct timespec at_once = {0, 0};

    if (failed)
        while (sigtimedwait(&state->consumed, NULL, &at_once) == -1 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &state->before, NULL);
}

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
    quiet state;
    int problem;

    if (!quiet_begin(&state))
        return 0;
    written = write_all(fd, data, size);
    problem = errno;
    quiet_end(&state, written < size);
    errno = problem;
    return written;
}
