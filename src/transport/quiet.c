/* quiet.c - see quiet.h.
 *
 * write(2) and sendfile(2) to a pipe or socket without a reader raise SIGPIPE, and a write beyond
 * the limit for file sizes SIGXFSZ, both in the thread that writes. Only send(2) can be told not
 * to. So both are blocked in this thread around the call, and what the call made pending is taken
 * back before the old mask returns; one that was pending before is left to its owner. */
#include "transport/quiet.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <time.h>

static const int write_signals[] = {SIGPIPE, SIGXFSZ};

bool interim__quiet_begin(interim__quiet *state)
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

void interim__quiet_end(const interim__quiet *state, bool failed)
{
    const struct timespec at_once = {0, 0};
    int problem = errno;

    if (failed)
        while (sigtimedwait(&state->consumed, NULL, &at_once) == -1 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &state->before, NULL);
    errno = problem;
}
