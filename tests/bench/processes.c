/* processes.c - one origin for all runs, and a shell's command for each client. */
#include "processes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_S 120 /* one run */

const char *programs_dir = ".";
static pid_t origin;
static unsigned port, tls_port;
static char cert[64];

void die(const char *what)
{
    fprintf(stderr, "runner: %s: %s\n", what, strerror(errno));
    if (origin > 0)
        kill(origin, SIGTERM);
    exit(1);
}

static void pin(pid_t pid, int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    sched_setaffinity(pid, sizeof set, &set);
}

void origin_start(int addrs)
{
    char path[512], line[128], n[16];
    int to[2], from[2];
    FILE *f;

    snprintf(path, sizeof path, "%s/origin", programs_dir);
    snprintf(cert, sizeof cert, "/tmp/bench-cert-%d.pem", (int)getpid());
    snprintf(n, sizeof n, "%d", addrs);
    if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
        die("pipe");
    origin = fork();
    if (!origin) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        execl(path, path, "-a", n, "-c", cert, (char *)NULL);
        _exit(127);
    }
    close(to[0]); /* to[1] stays open: the origin ends when we do */
    close(from[1]);
    f = fdopen(from[0], "r");
    if (origin < 0 || !f || !fgets(line, sizeof line, f) ||
        sscanf(line, "port=%u tls_port=%u", &port, &tls_port) != 2)
        die("origin");
    fclose(f);
}

int origin_stats(double *cpu_us, double *conns, double *resumed)
{
    static const char req[] = "GET /stats HTTP/1.1\r\nHost: o\r\n"
                              "Connection: close\r\n\r\n";
    struct sockaddr_in sa;
    char text[1024];
    size_t have = 0;
    ssize_t k;
    char *p;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(&sa, 0, sizeof sa);
    sa.sin_family = AF_INET;
    sa.sin_port = htons((uint16_t)port);
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&sa, sizeof sa) ||
        send(fd, req, sizeof req - 1, MSG_NOSIGNAL) < 0) {
        close(fd);
        return -1;
    }
    while ((k = recv(fd, text + have, sizeof text - 1 - have, 0)) > 0)
        have += (size_t)k;
    close(fd);
    text[have] = 0;
    if (!(p = strstr(text, "\r\n\r\nconns ")))
        return -1;
    *conns = strtod(p + 10, NULL);
    p = strstr(text, "\nresumed ");
    *resumed = p ? strtod(p + 9, NULL) : 0;
    p = strstr(text, "\ncpu_us ");
    *cpu_us = p ? strtod(p + 8, NULL) : 0;
    return 0;
}

void origin_pin(int cpu)
{
    pin(origin, cpu);
}

void origin_stop(void)
{
    kill(origin, SIGTERM);
    waitpid(origin, NULL, 0);
    unlink(cert);
}

void client_program(const struct client *c, char *path, size_t size)
{
    if (*c->command == '@') /* a program of this kit */
        snprintf(path, size, "%s/%s", programs_dir, c->command + 1);
    else
        snprintf(path, size, "%s", c->command);
}

int client_built(const struct client *c)
{
    char path[600];

    client_program(c, path, sizeof path);
    path[strcspn(path, " ")] = 0;
    return *c->command != '@' || access(path, X_OK) == 0;
}

void client_command(const struct workload *w, const struct client *c, long count,
                    const char *before, char *cmd, size_t size)
{
    char tls[96] = "", addrs[16] = "", path[600];

    if (w->tls)
        snprintf(tls, sizeof tls, "-C %s", cert);
    if (w->addrs > 0)
        snprintf(addrs, sizeof addrs, "-a %d", w->addrs);
    client_program(c, path, sizeof path);
    snprintf(cmd, size, "exec %s %s %s %s %s '%s://127.0.0.1:%u%s' %ld %d", before, path, w->flags,
             addrs, tls, w->tls ? "https" : "http", w->tls ? tls_port : port, w->target, count,
             w->conc);
}

int client_run(const char *cmd, int cpu, char *text, size_t tsize, char *err, size_t esize,
               struct rusage *ru)
{
    char ename[] = "/tmp/bench-err-XXXXXX";
    int from[2], status = 0, efd;
    size_t have = 0;
    ssize_t k;
    pid_t pid;

    efd = mkostemp(ename, O_CLOEXEC);
    if (efd < 0 || pipe2(from, O_CLOEXEC))
        die("spawn");
    unlink(ename);
    pid = fork();
    if (!pid) {
        int null = open("/dev/null", O_RDONLY);

        dup2(null, 0);
        dup2(from[1], 1);
        dup2(efd, 2);
        pin(0, cpu);
        alarm(LIMIT_S);
        execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
        _exit(127);
    }
    close(from[1]);
    while (have < tsize - 1 && (k = read(from[0], text + have, tsize - 1 - have)) > 0)
        have += (size_t)k;
    text[have] = 0;
    close(from[0]);
    if (pid < 0 || wait4(pid, &status, 0, ru) != pid)
        die("wait");
    k = pread(efd, err, esize - 1, 0);
    err[k > 0 ? k : 0] = 0;
    close(efd);
    return status;
}
