/* calls.h - stands between the library and the system, in the thread that says so: a call is
 * refused, or a socket never runs dry. What the library did on sockets since it last waited is
 * counted, which is what fairness is measured in: a turn, not a second.
 *
 * The test program is linked with --wrap for each of these calls; the code under test knows nothing
 * of it. Servers of tests have threads of their own, and are not concerned. */
#ifndef TESTS_SUPPORT_CALLS_H
#define TESTS_SUPPORT_CALLS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum calls_name {
    CALLS_SOCKET,
    CALLS_CONNECT,
    CALLS_RECV,
    CALLS_SEND,
    CALLS_EPOLL_CTL,
    CALLS_OPEN,   /* epoll_create1, timerfd_create and eventfd */
    CALLS_THREAD, /* pthread_create */
    CALLS_COUNT
} calls_name;

/* Each further call of that name in this thread fails with error, from the nth on, counting from 1;
 * times of them, 0: all. Only one name at a time. A connect that EINTR ends goes on all the same
 * (POSIX). */
void calls_refuse(calls_name name, unsigned long nth, unsigned long times, int error);

/* No call fails any more. How many have failed. */
unsigned long calls_allow(void);

/* Forgets the sockets of this thread, which are written down from now on. */
void calls_reset(void);

/* The next socket that this thread makes never runs dry: behind what its peer sent comes unit, over
 * and over, and as much as fits. It is borrowed. After CALLS_PATIENCE reads without a wait between
 * them it ends, so that a test for their number can fail. */
void calls_flood(const char *unit);

/* The next socket that this thread makes takes everything that is sent, and its peer gets nothing.
 * After CALLS_PATIENCE writes without a wait between them it breaks. */
void calls_swallow(void);

#define CALLS_PATIENCE 1000

/* The most reads, or writes, of that socket between two waits; and all of them. */
unsigned calls_most(void);
unsigned long calls_all(void);

/* Waits until something is to be read from all sockets that this thread has made, but for the one
 * of calls_flood and the first `but` of the others. */
void calls_wait_readable(size_t but);

#endif
