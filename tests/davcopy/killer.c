/* killer.c - runs a command and kills it (SIGKILL) at the entry of its n-th system call, which is
 * not executed then: between any two.
 *
 *     killer N COMMAND ARGUMENT...    N 0: lets it end, and prints how many calls it made
 *
 * Exits with 137 when it was killed, with the command's own code when it ended before, and with 77
 * when it may not be traced here. All threads are counted. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77, KILLED = 137, BROKEN = 99, THREADS = 64 };

static pid_t inside[THREADS]; /* threads that are in a call */

/* Whether this stop is the entry of a call; each thread alternates. */
static int enters(pid_t thread)
{
    int place = -1;

    for (int i = 0; i < THREADS; i++) {
        if (inside[i] == thread) {
            inside[i] = 0;
            return 0;
        }
        if (inside[i] == 0 && place < 0)
            place = i;
    }
    if (place >= 0)
        inside[place] = thread;
    return 1;
}

static void become(char **command)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
        _exit(SKIPPED);
    execvp(command[0], command);
    _exit(BROKEN);
}

static int watch(pid_t child, long fatal)
{
    long calls = 0;
    int status;
    pid_t thread;

    while ((thread = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        long passed_on = 0;

        if (thread == child && (WIFEXITED(status) || WIFSIGNALED(status))) {
            if (fatal == 0)
                printf("%ld\n", calls);
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        if (thread <= 0 || !WIFSTOPPED(status))
            continue;
        if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
            if (enters(thread) && ++calls == fatal)
                kill(child, SIGKILL);
        } else if (WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP) {
            passed_on = WSTOPSIG(status);
        }
        ptrace(PTRACE_SYSCALL, thread, NULL, (void *)passed_on);
    }
    return BROKEN;
}

int main(int argc, char **argv)
{
    int status;
    pid_t child;

    if (argc < 3)
        return BROKEN;
    child = fork();
    if (child < 0)
        return BROKEN;
    if (child == 0)
        become(argv + 2);
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
        return WIFEXITED(status) ? WEXITSTATUS(status) : SKIPPED;
    if (ptrace(PTRACE_SETOPTIONS, child, NULL,
               (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)) < 0)
        return SKIPPED;
    ptrace(PTRACE_SYSCALL, child, NULL, NULL);
    return watch(child, atol(argv[1]));
}
