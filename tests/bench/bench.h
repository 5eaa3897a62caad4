/* bench.h - what every client of this kit shares: the command line, the
 * clock, the tally of checked answers and the one line of results. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_SKIP 77 /* exit status: this peer cannot do this workload */

struct bench {
    /* command line: [flags] URL COUNT CONCURRENCY */
    const char *url;
    int tls;
    char host[64]; /* numeric address or name, without brackets */
    char port[8];
    const char *target; /* path and query, begins with '/' */
    long count;
    int conc;
    int want_status;     /* -s: final status expected (200) */
    long long want_body; /* -b: body length expected, -1 unchecked */
    long want_interims;  /* -i: 1xx expected per operation, -1 uncounted */
    int fresh;           /* -x: new connection for each request */
    int resume;          /* -R clears it: no TLS session resumption */
    int gunzip;          /* -z: ask for gzip and decode it */
    int poll;            /* -p: poll the Location of a 202 until it is done */
    int addrs;           /* -a: spread over 127.0.0.1 .. 127.0.0.N */
    size_t bufsize;      /* -B: receive buffer, 0 is the peer's own choice */
    unsigned conns_max;  /* as many connections as descriptors allow, 0 when that is enough */
    const char *ca;      /* -C: PEM file that the TLS peer must chain to */

    /* tally */
    long ok, bad;
    unsigned long long bytes;    /* body bytes handed to the application */
    unsigned long long interims; /* 1xx answers seen, where counted */
    unsigned long long polls;
    unsigned long long conns; /* connections opened, where known */
    char why[160];            /* the first failure */

    /* clock */
    double t0, t1, user, sys;
    long rss_base, rss_peak; /* KiB */
};

/* Reads the command line; prints usage and exits 2 when it is wrong. */
void bench_args(struct bench *b, int argc, char **argv);

/* The clock runs between these two.  Call begin when the library is
 * initialised and nothing has been requested yet. */
void bench_begin(struct bench *b);
void bench_end(struct bench *b);

/* Tallies one finished operation against what was expected. */
void bench_done(struct bench *b, int status, long long body, long interims);
void bench_fail(struct bench *b, const char *why);

/* Prints the result line; returns the exit status for main. */
int bench_report(struct bench *b, const char *client, const char *version);

/* Exits with BENCH_SKIP after saying why. */
void bench_skip(const char *client, const char *why);

/* The host (or whole URL for TARGET) that slot number SLOT should talk to. */
const char *bench_host(const struct bench *b, int slot, char *buf, size_t size);
const char *bench_url(const struct bench *b, int slot, const char *target, char *buf, size_t size);

#endif
