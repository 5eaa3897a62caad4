/* bench.c - see bench.h */
#include "bench.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SPARE 256 /* descriptors that are not for operations */

static void usage(const char *self)
{
    fprintf(stderr,
            "usage: %s [flags] URL COUNT CONCURRENCY\n"
            "  -s STATUS  final status expected (200)\n"
            "  -b BYTES   body length expected (unchecked)\n"
            "  -i N       1xx answers expected per operation (uncounted)\n"
            "  -x         a new connection for each request\n"
            "  -R         no TLS session resumption\n"
            "  -z         ask for gzip and decode it\n"
            "  -p         poll the Location of a 202 until another status\n"
            "  -a N       spread over 127.0.0.1 .. 127.0.0.N\n"
            "  -B BYTES   receive buffer (the library's default)\n"
            "  -C FILE    PEM certificate that the TLS origin must chain to\n",
            self);
    exit(2);
}

static long number(const char *s, const char *self)
{
    char *end;
    long v = strtol(s, &end, 10);

    if (end == s || *end || v < 0)
        usage(self);
    return v;
}

static int split_url(struct bench *b)
{
    const char *p = b->url, *host, *end;
    size_t n;

    if (!strncmp(p, "http://", 7)) {
        p += 7;
        strcpy(b->port, "80");
    } else if (!strncmp(p, "https://", 8)) {
        p += 8;
        b->tls = 1;
        strcpy(b->port, "443");
    } else {
        return -1;
    }
    host = p;
    end = p + strcspn(p, ":/");
    n = (size_t)(end - host);
    if (!n || n >= sizeof b->host)
        return -1;
    memcpy(b->host, host, n);
    if (*end == ':') {
        n = strcspn(end + 1, "/");
        if (!n || n >= sizeof b->port)
            return -1;
        memcpy(b->port, end + 1, n);
        b->port[n] = 0;
        end += 1 + n;
    }
    b->target = *end ? end : "/";
    return 0;
}

/* Room for one descriptor an operation, and some; or as many as this process can have. */
static void take_descriptors(struct bench *b)
{
    rlim_t need = (rlim_t)b->conc + SPARE;
    struct rlimit lim;

    if (getrlimit(RLIMIT_NOFILE, &lim) || lim.rlim_cur >= need)
        return;
    lim.rlim_cur = need;
    if (lim.rlim_max < need)
        lim.rlim_max = need;
    if (!setrlimit(RLIMIT_NOFILE, &lim) || getrlimit(RLIMIT_NOFILE, &lim))
        return;
    lim.rlim_cur = lim.rlim_max;
    setrlimit(RLIMIT_NOFILE, &lim);
    if (lim.rlim_max < need)
        b->conns_max = (unsigned)(lim.rlim_max - SPARE);
}

void bench_args(struct bench *b, int argc, char **argv)
{
    int c;

    memset(b, 0, sizeof *b);
    b->want_status = 200;
    b->want_body = -1;
    b->want_interims = -1;
    b->resume = 1;
    b->addrs = 1;
    while ((c = getopt(argc, argv, "s:b:i:xRzpa:B:C:")) != -1) {
        switch (c) {
        case 's':
            b->want_status = (int)number(optarg, argv[0]);
            break;
        case 'b':
            b->want_body = number(optarg, argv[0]);
            break;
        case 'i':
            b->want_interims = number(optarg, argv[0]);
            break;
        case 'x':
            b->fresh = 1;
            break;
        case 'R':
            b->resume = 0;
            break;
        case 'z':
            b->gunzip = 1;
            break;
        case 'p':
            b->poll = 1;
            break;
        case 'a':
            b->addrs = (int)number(optarg, argv[0]);
            break;
        case 'B':
            b->bufsize = (size_t)number(optarg, argv[0]);
            break;
        case 'C':
            b->ca = optarg;
            break;
        default:
            usage(argv[0]);
        }
    }
    if (argc - optind != 3)
        usage(argv[0]);
    b->url = argv[optind];
    b->count = number(argv[optind + 1], argv[0]);
    b->conc = (int)number(argv[optind + 2], argv[0]);
    if (split_url(b) || b->count < 1 || b->conc < 1 || b->addrs < 1 || b->addrs > 250)
        usage(argv[0]);
    if (b->conc > b->count)
        b->conc = (int)b->count;

    take_descriptors(b);
}

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void cpu(double *user, double *sys)
{
    struct rusage ru;

    getrusage(RUSAGE_SELF, &ru);
    *user = (double)ru.ru_utime.tv_sec + (double)ru.ru_utime.tv_usec / 1e6;
    *sys = (double)ru.ru_stime.tv_sec + (double)ru.ru_stime.tv_usec / 1e6;
}

static long proc_kib(const char *key)
{
    char line[256];
    long v = 0;
    size_t n = strlen(key);
    FILE *f = fopen("/proc/self/status", "r");

    if (!f)
        return 0;
    while (fgets(line, sizeof line, f))
        if (!strncmp(line, key, n) && line[n] == ':')
            v = strtol(line + n + 1, NULL, 10);
    fclose(f);
    return v;
}

void bench_begin(struct bench *b)
{
    b->rss_base = proc_kib("VmRSS");
    cpu(&b->user, &b->sys);
    b->t0 = now();
}

void bench_end(struct bench *b)
{
    double user, sys;

    b->t1 = now();
    cpu(&user, &sys);
    b->user = user - b->user;
    b->sys = sys - b->sys;
    b->rss_peak = proc_kib("VmHWM");
}

void bench_fail(struct bench *b, const char *why)
{
    if (!b->bad++)
        snprintf(b->why, sizeof b->why, "%s", why);
}

void bench_done(struct bench *b, int status, long long body, long interims)
{
    char why[120];

    b->bytes += (unsigned long long)body;
    b->interims += (unsigned long long)interims;
    if (status == b->want_status && (b->want_body < 0 || body == b->want_body) &&
        (b->want_interims < 0 || interims == b->want_interims)) {
        b->ok++;
        return;
    }
    snprintf(why, sizeof why, "status %d, body %lld, interims %ld", status, body, interims);
    bench_fail(b, why);
}

int bench_report(struct bench *b, const char *client, const char *version)
{
    double wall = b->t1 - b->t0;
    double cpu_s = b->user + b->sys;
    long n = b->ok + b->bad;

    if (n != b->count && !b->bad)
        bench_fail(b, "not every operation finished");
    printf("client=%s requests=%ld failed=%ld wall_s=%.6f rps=%.1f "
           "user_s=%.6f sys_s=%.6f cpu_us_per_req=%.3f rss_base_kib=%ld "
           "rss_peak_kib=%ld rss_bytes_per_op=%.0f bytes=%llu interims=%llu "
           "polls=%llu conns=%llu conns_max=%u version=\"%s\"\n",
           client, b->ok, b->bad, wall, (double)b->ok / wall, b->user, b->sys,
           cpu_s * 1e6 / (double)(n ? n : 1), b->rss_base, b->rss_peak,
           (double)(b->rss_peak - b->rss_base) * 1024 / b->conc, b->bytes, b->interims, b->polls,
           b->conns, b->conns_max, version);
    if (b->bad)
        fprintf(stderr, "%s: %ld failed, the first: %s\n", client, b->bad, b->why);
    return b->bad ? 1 : 0;
}

void bench_skip(const char *client, const char *why)
{
    fprintf(stderr, "%s: skipped: %s\n", client, why);
    exit(BENCH_SKIP);
}

const char *bench_host(const struct bench *b, int slot, char *buf, size_t size)
{
    if (b->addrs <= 1)
        snprintf(buf, size, "%s", b->host);
    else
        snprintf(buf, size, "127.0.0.%d", 1 + slot % b->addrs);
    return buf;
}

const char *bench_url(const struct bench *b, int slot, const char *target, char *buf, size_t size)
{
    char host[64];

    snprintf(buf, size, "%s://%s:%s%s", b->tls ? "https" : "http",
             bench_host(b, slot, host, sizeof host), b->port, target);
    return buf;
}
