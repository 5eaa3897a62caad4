/* interrupt.h - Ctrl-C and its like, as a descriptor that a poll loop can watch.
 *
 * The first SIGINT, SIGTERM or SIGHUP makes the descriptor readable and gives all three back to the
 * system, so that a second one ends the process at once. A signal that was ignored when davcopy
 * began stays ignored (nohup, background jobs of a script). Included by main.c, credentials.c and
 * session.c.
 */
#ifndef DAVCOPY_INTERRUPT_H
#define DAVCOPY_INTERRUPT_H

#include <stdbool.h>

/* Installs the handlers. Returns 0, or -1 with errno. */
int interrupt_open(void);

/* The descriptor to poll for reading; nobody reads it, so it stays readable. */
int interrupt_fd(void);

/* Whether a signal came. */
bool interrupt_seen(void);

#endif
