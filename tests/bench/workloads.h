/* workloads.h - what is measured: each workload is asked of every client in the same words. May be
 * included by the runner. */
#ifndef BENCH_WORKLOADS_H
#define BENCH_WORKLOADS_H

struct workload {
    const char *name, *what;
    const char *target;
    const char *flags;
    long count;
    int conc;
    const char *floor; /* label of the client that sets it */
    const char *ref;   /* label of the libcurl client to compare with */
    const char *only;  /* label of the one client that can do it, NULL for all */
    int tls;
    int one_cpu; /* origin and client share a processor */
    int addrs;   /* spread over 127.0.0.1 ... 127.0.0.addrs; 0: the first only */
    int fresh;   /* the origin must see a connection for each operation */
    int insn;    /* counted with -I: this many operations */
    int memory;  /* the figure is memory, not speed */
};

extern const struct workload workloads[];
extern const int workload_count;

#endif
