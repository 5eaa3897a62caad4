/* figures.h - what the runs of the clients come to: medians, ratios taken round by round, and the
 * table of a workload. May be included by the runner. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include "workloads.h"

#include <stdio.h>

#define ROUNDS 51

struct sample {
    int got;
    double rps, wall, user, sys, rss_mib, rss_op, mib_s, ops;
    double origin_us, conns, resumed;
};

struct client {
    char label[32];
    char command[512];
    struct sample s[ROUNDS]; /* those that were got */
    int skip;
    char why[200];
};

/* Sorts the N numbers at V. */
double figures_median(double *v, int n);

/* Writes the table of a workload that each client has done COUNT operations of in each round. */
void figures_table(FILE *out, const struct workload *w, long count, const struct client *clients,
                   int nclients, int rounds);

#endif
