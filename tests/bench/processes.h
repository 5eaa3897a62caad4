/* processes.h - the programs that are run: the origin, and a client for each sample. May be
 * included by the runner. */
#ifndef BENCH_PROCESSES_H
#define BENCH_PROCESSES_H

#include "figures.h"

#include <sys/resource.h>

/* Where the programs of this kit are. */
extern const char *programs_dir;

/* Ends the runner, and the origin, telling errno. */
void die(const char *what);

/* Starts the origin on 127.0.0.1 up to 127.0.0.ADDRS. It ends when we do. */
void origin_start(int addrs);
void origin_pin(int cpu);
void origin_stop(void);

/* What it has counted until now; -1: it does not answer. */
int origin_stats(double *cpu_us, double *conns, double *resumed);

/* What the shell is to run for a client, without its arguments. */
void client_program(const struct client *c, char *path, size_t size);
int client_built(const struct client *c);

/* The whole command for COUNT operations of a workload, with BEFORE in front of it. */
void client_command(const struct workload *w, const struct client *c, long count,
                    const char *before, char *cmd, size_t size);

/* Runs a shell command; what it prints goes to TEXT (standard output) and ERR (standard error).
 * Returns its status as wait does. */
int client_run(const char *cmd, int cpu, char *text, size_t tsize, char *err, size_t esize,
               struct rusage *ru);

#endif
