/* runner.c - runs every client through every workload, in turn, and writes
 * tables of medians and of ratios taken run against run.
 *
 *   runner [-d DIR] [-o FILE] [-l LOG] [-r ROUNDS] [-s PERCENT] [-w NAME,...]
 *          [-k LABEL,...] [-a LABEL=COMMAND]... [-e LABEL,...] [-O CPU] [-C CPU]
 *          [-I] [-S]
 *
 * One origin is started for all of it.  Workloads that go back and forth one
 * message at a time have origin and client share a processor, so that what is
 * timed is work and not the waking of an idle processor; the others have one
 * each.  With -I, instructions for each operation are counted under valgrind
 * instead; with -S, the start of a program that makes one request. */
#include "processes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS 24
#define SKIPPED 77
#define ADDRESSES 9

static struct client clients[CLIENTS];
static int nclients;
static FILE *out, *log_file;
static const char *must_do; /* labels of clients that must do all that they claim to do */
static int failed;
static int rounds = 5, percent = 100, cpu_origin = 0, cpu_client = 1;

static void add_client(const char *label, const char *command)
{
    struct client *c = NULL;
    int i;

    for (i = 0; i < nclients; i++)
        if (!strcmp(clients[i].label, label))
            c = &clients[i];
    if (!c) {
        if (nclients == CLIENTS)
            return;
        c = &clients[nclients++];
    }
    snprintf(c->label, sizeof c->label, "%s", label);
    snprintf(c->command, sizeof c->command, "%s", command);
}

/* Is NAME one of the comma-separated LIST?  An empty list has all names. */
static int listed(const char *list, const char *name)
{
    size_t n = strlen(name);
    const char *p;

    if (!list)
        return 1;
    for (p = list; (p = strstr(p, name)); p++)
        if ((p == list || p[-1] == ',') && (!p[n] || p[n] == ','))
            return 1;
    return 0;
}

static long scaled(const struct workload *w)
{
    long n = w->memory ? w->count : w->count * percent / 100;

    return n < 1 ? 1 : n;
}

static double value(const char *line, const char *key)
{
    char want[64];
    const char *p;

    snprintf(want, sizeof want, " %s=", key);
    p = strstr(line, want);
    return p ? strtod(p + strlen(want), NULL) : 0;
}

static void first_line(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%.*s", (int)strcspn(from, "\n"), from);
}

/* C is left out of the rest of this workload: it failed, or (WHY is empty) it does not claim to do
 * it. */
static void leave_out(const struct workload *w, struct client *c, const char *why)
{
    c->skip = 1;
    first_line(c->why, sizeof c->why, why);
    if (!c->why[0])
        return;
    fprintf(stderr, "%s: %s fails: %s\n", w->name, c->label, c->why);
    if (must_do && listed(must_do, c->label))
        failed++;
    if (log_file)
        fprintf(log_file, "workload=%s label=%s fails=\"%s\"\n", w->name, c->label, c->why);
}

/* 0: it exited with 0. Leaves it out else. */
static int judge_exit(const struct workload *w, struct client *c, int status, const char *err)
{
    char why[64];

    if (WIFEXITED(status) && !WEXITSTATUS(status))
        return 0;
    if (WIFSIGNALED(status)) {
        snprintf(why, sizeof why, "ended by signal %d", WTERMSIG(status));
        err = why;
    }
    leave_out(w, c, WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED ? "" : err);
    return -1;
}

static void take_sample(struct sample *s, const char *text, long count)
{
    s->got = 1;
    s->ops = (double)count;
    s->rps = value(text, "rps");
    s->wall = value(text, "wall_s");
    s->user = value(text, "user_s");
    s->sys = value(text, "sys_s");
    s->rss_mib = value(text, "rss_peak_kib") / 1024;
    s->rss_op = value(text, "rss_bytes_per_op");
    s->mib_s = value(text, "bytes") / 1048576 / s->wall;
}

static void run(const struct workload *w, struct client *c, int round)
{
    char cmd[2048], text[4096], err[4096];
    double cpu0 = 0, conns0 = 0, res0 = 0, cpu1 = 0, conns1 = 0, res1 = 0;
    struct sample *s = &c->s[round];
    struct rusage ru;
    long count = scaled(w);
    int status;

    memset(s, 0, sizeof *s);
    if (c->skip)
        return;
    client_command(w, c, count, "", cmd, sizeof cmd);
    if (origin_stats(&cpu0, &conns0, &res0))
        die("the origin does not answer");
    status = client_run(cmd, cpu_client, text, sizeof text, err, sizeof err, &ru);
    if (origin_stats(&cpu1, &conns1, &res1))
        die("the origin does not answer");
    if (judge_exit(w, c, status, err))
        return;
    s->origin_us = (cpu1 - cpu0) / (double)count;
    s->conns = conns1 - conns0 - 1;
    s->resumed = res1 - res0;
    if (w->fresh && s->conns < (double)count) {
        leave_out(w, c, "a connection was used twice");
        return;
    }
    take_sample(s, text, count);
    if (log_file)
        fprintf(log_file,
                "workload=%s round=%d label=%s origin_us=%.3f conns_seen=%.0f resumed=%.0f %s",
                w->name, round, c->label, s->origin_us, s->conns, s->resumed, text);
}

/* ---- speed ---- */

static void speeds(const char *want)
{
    int i, k, r;

    for (i = 0; i < workload_count; i++) {
        const struct workload *w = &workloads[i];

        if (!listed(want, w->name))
            continue;
        fprintf(stderr, "%s\n", w->name);
        origin_pin(w->one_cpu ? cpu_client : cpu_origin);
        for (k = 0; k < nclients; k++) {
            clients[k].skip = w->only && strcmp(w->only, clients[k].label);
            clients[k].why[0] = 0;
        }
        for (r = 0; r < rounds; r++) /* each round starts with another */
            for (k = 0; k < nclients; k++)
                run(w, &clients[(k + r) % nclients], r);
        figures_table(out, w, scaled(w), clients, nclients, rounds);
    }
}

/* ---- instructions ---- */

static double counted(const struct workload *w, const struct client *c, long count)
{
    char cmd[2048], text[4096], err[16384];
    struct rusage ru;
    const char *p;
    int status;

    client_command(w, c, count, "valgrind --tool=callgrind --callgrind-out-file=/dev/null", cmd,
                   sizeof cmd);
    status = client_run(cmd, cpu_client, text, sizeof text, err, sizeof err, &ru);
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        return 0;
    p = strstr(err, "Collected : ");
    return p ? strtod(p + 12, NULL) : 0;
}

static void instructions(const char *want)
{
    int i, k;

    fprintf(out, "\n### instructions in user mode for each operation\n\n"
                 "callgrind, the difference of two counts of operations\n\n"
                 "| workload |");
    for (k = 0; k < nclients; k++)
        fprintf(out, " %s |", clients[k].label);
    fprintf(out, "\n|---|");
    for (k = 0; k < nclients; k++)
        fprintf(out, "--:|");
    fprintf(out, "\n");
    for (i = 0; i < workload_count; i++) {
        const struct workload *w = &workloads[i];

        if (!w->insn || !listed(want, w->name))
            continue;
        fprintf(stderr, "%s\n", w->name);
        origin_pin(cpu_origin);
        fprintf(out, "| %s |", w->name);
        for (k = 0; k < nclients; k++) {
            long base = w->conc > 1 ? 4 * w->conc : 20;
            double a = counted(w, &clients[k], base);
            double b = a > 0 ? counted(w, &clients[k], base + w->insn) : 0;

            if (a > 0 && b > 0)
                fprintf(out, " %.0f |", (b - a) / w->insn);
            else
                fprintf(out, " - |");
            if (a > 0 && b > 0 && log_file)
                fprintf(log_file, "instructions workload=%s label=%s per_op=%.0f\n", w->name,
                        clients[k].label, (b - a) / w->insn);
            fflush(out);
        }
        fprintf(out, "\n");
    }
}

/* ---- start ---- */

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void libraries(const struct client *c, int *n, double *kib)
{
    char cmd[1024], line[1024], path[600];
    FILE *f;

    *n = 0;
    *kib = 0;
    client_program(c, path, sizeof path);
    /* a command such as "env X=Y prog -f": ldd of its word with a slash */
    snprintf(cmd, sizeof cmd,
             "for w in %s; do case $w in *=*) export \"$w\";; "
             "*/*) ldd \"$w\"; break;; esac; done",
             path);
    f = popen(cmd, "r");
    if (!f)
        return;
    while (fgets(line, sizeof line, f)) {
        struct stat st;
        char *p = strchr(line, '/'), *end;

        if (!p || !(end = strchr(p, ' ')))
            continue;
        *end = 0;
        if (!stat(p, &st)) {
            ++*n;
            *kib += (double)st.st_size / 1024;
        }
    }
    pclose(f);
}

static void startup(void)
{
    static const struct workload one = {
        .name = "start", .target = "/small", .flags = "-b 2", .count = 1, .conc = 1};
    static double wall[CLIENTS][ROUNDS * 4], cpu[CLIENTS][ROUNDS * 4];
    static double peak[CLIENTS][ROUNDS * 4];
    int n = rounds * 4, i, k;

    origin_pin(cpu_origin);
    for (k = 0; k < nclients; k++)
        clients[k].skip = 0;
    for (i = 0; i < n; i++)
        for (k = 0; k < nclients; k++) {
            char cmd[2048], text[4096], err[4096];
            struct rusage ru;
            double t = now();
            int status;

            client_command(&one, &clients[k], 1, "", cmd, sizeof cmd);
            status = client_run(cmd, cpu_client, text, sizeof text, err, sizeof err, &ru);
            wall[k][i] = (now() - t) * 1e3;
            cpu[k][i] = ((double)ru.ru_utime.tv_sec + (double)ru.ru_stime.tv_sec) * 1e3 +
                        ((double)ru.ru_utime.tv_usec + (double)ru.ru_stime.tv_usec) / 1e3;
            peak[k][i] = value(text, "rss_peak_kib");
            if (!WIFEXITED(status) || WEXITSTATUS(status))
                clients[k].skip = 1;
        }
    fprintf(out,
            "\n### the start: a program that makes one request\n\n"
            "Medians of %d runs, through one shell that it replaces; "
            "libraries as the loader resolves them.\n\n"
            "| client | wall ms | CPU ms | peak RSS KiB | libraries | "
            "their size KiB |\n|---|--:|--:|--:|--:|--:|\n",
            n);
    for (k = 0; k < nclients; k++) {
        double kib;
        int libs;

        if (clients[k].skip)
            continue;
        libraries(&clients[k], &libs, &kib);
        fprintf(out, "| %s | %.2f | %.2f | %.0f | %d | %.0f |\n", clients[k].label,
                figures_median(wall[k], n), figures_median(cpu[k], n), figures_median(peak[k], n),
                libs, kib);
        if (log_file)
            fprintf(log_file,
                    "start label=%s runs=%d wall_ms=%.3f cpu_ms=%.3f rss_kib=%.0f libraries=%d\n",
                    clients[k].label, n, figures_median(wall[k], n), figures_median(cpu[k], n),
                    figures_median(peak[k], n), libs);
    }
}

static void usage(const char *self)
{
    int i;

    fprintf(stderr,
            "usage: %s [-d DIR] [-o FILE] [-l LOG] [-r ROUNDS] [-s PERCENT]\n"
            "       [-w NAME,...] [-k LABEL,...] [-a LABEL=COMMAND]...\n"
            "       [-e LABEL,...] [-O CPU] [-C CPU] [-I] [-S]\nworkloads:\n",
            self);
    for (i = 0; i < workload_count; i++)
        fprintf(stderr, "  %-16s %s\n", workloads[i].name, workloads[i].what);
    exit(2);
}

int main(int argc, char **argv)
{
    const char *want = NULL, *only = NULL, *file = NULL, *log_name = NULL;
    int c, insn = 0, start = 0, i, n;
    struct rlimit lim = {131072, 131072};

    add_client("raw", "@client_raw");
    add_client("raw-ssl", "@client_raw_ssl");
    add_client("epoll", "@client_epoll");
    add_client("epoll-ssl", "@client_epoll_ssl");
    add_client("curl", "@client_curl");
    add_client("curlm", "@client_curlm");
    add_client("neon", "@client_neon");
    add_client("serf", "@client_serf");
    add_client("soup", "@client_soup");
    add_client("interim", "@client_interim");
    while ((c = getopt(argc, argv, "d:o:l:r:s:w:k:a:e:O:C:IS")) != -1) {
        switch (c) {
        case 'd':
            programs_dir = optarg;
            break;
        case 'o':
            file = optarg;
            break;
        case 'l':
            log_name = optarg;
            break;
        case 'r':
            rounds = atoi(optarg);
            break;
        case 's':
            percent = atoi(optarg);
            break;
        case 'w':
            want = optarg;
            break;
        case 'k':
            only = optarg;
            break;
        case 'a': {
            char *eq = strchr(optarg, '=');

            if (!eq)
                usage(argv[0]);
            *eq = 0;
            add_client(optarg, eq + 1);
            break;
        }
        case 'O':
            cpu_origin = atoi(optarg);
            break;
        case 'C':
            cpu_client = atoi(optarg);
            break;
        case 'e':
            must_do = optarg;
            break;
        case 'I':
            insn = 1;
            break;
        case 'S':
            start = 1;
            break;
        default:
            usage(argv[0]);
        }
    }
    if (optind != argc || rounds < 1 || rounds > ROUNDS || percent < 1)
        usage(argv[0]);
    for (i = n = 0; i < nclients; i++)
        if (listed(only, clients[i].label) && client_built(&clients[i]))
            clients[n++] = clients[i];
        else if (must_do && listed(only, clients[i].label) && listed(must_do, clients[i].label))
            die(clients[i].label); /* it was not built */
    nclients = n;
    out = file ? fopen(file, "a") : stdout;
    log_file = log_name ? fopen(log_name, "a") : NULL;
    if (!out || (log_name && !log_file))
        die("output");
    if (setrlimit(RLIMIT_NOFILE, &lim) && !getrlimit(RLIMIT_NOFILE, &lim)) {
        lim.rlim_cur = lim.rlim_max;
        setrlimit(RLIMIT_NOFILE, &lim);
    }
    origin_start(ADDRESSES);
    if (insn)
        instructions(want);
    else if (start)
        startup();
    else
        speeds(want);
    origin_stop();
    return failed > 0;
}
