/* bell.h - how another thread makes a descriptor of ours readable. May be included by loop and by
 * the resolver. */
#ifndef INTERIM_LOOP_BELL_H
#define INTERIM_LOOP_BELL_H

/* A new descriptor, to be closed with close(2), or -1 (errno tells). */
int interim__bell_open(void);

/* Makes it readable. Safe from any thread and in a signal handler; never waits, and leaves errno as
 * it is. */
void interim__bell_ring(int fd);

/* Makes it not readable until it is rung again. */
void interim__bell_quiet(int fd);

#endif
