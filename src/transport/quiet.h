/* quiet.h - system calls that raise no signal in a program that did not ask for one. May be
 * included by transport and client. */
#ifndef INTERIM_TRANSPORT_QUIET_H
#define INTERIM_TRANSPORT_QUIET_H

#include <signal.h>
#include <stdbool.h>

typedef struct interim__quiet {
    sigset_t before;   /* the mask of the thread */
    sigset_t consumed; /* SIGPIPE and SIGXFSZ, those that were not pending */
} interim__quiet;

/* Blocks SIGPIPE and SIGXFSZ in this thread; false: it cannot. */
bool interim__quiet_begin(interim__quiet *state);

/* Lets them through again, but for one that the call in between raised if it failed. Keeps errno.
 */
void interim__quiet_end(const interim__quiet *state, bool failed);

#endif
