/* interrupt.c - see interrupt.h. A self-pipe: the handler writes one byte. SIGPIPE is ignored here
 * too, because a reader of our output that went away must not end a wait.
 */
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static const int watched[] = {SIGINT, SIGTERM, SIGHUP};
static int pipe_ends[2] = {-1, -1};
static volatile sig_atomic_t seen;

static void on_signal(int number)
{
    const int saved = errno;

    (void)number;
    seen = 1;
    if (write(pipe_ends[1], "!", 1) < 0) {
        /* The pipe is full only if it is readable already. */
    }
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
        signal(watched[i], SIG_DFL);
    errno = saved;
}

int interrupt_open(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction before;

    if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -1;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
        sigaddset(&action.sa_mask, watched[i]);
    }
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
        if (sigaction(watched[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(watched[i], &action, NULL);
    }
    return 0;
}

int interrupt_fd(void)
{
    return pipe_ends[0];
}

bool interrupt_seen(void)
{
    return seen != 0;
}
