/* davorigin: a small WebDAV origin server over a real folder, which answers COPY and MOVE in the
 * three ways in which a server can say that it is still working: not at all, by 102 Processing, or
 * by 202 Accepted and a status resource.
 *
 * Layers, includes point down:
 *     main, server, listen           processes, sockets, threads
 *     serve, log, auth               one connection
 *     get, files, propfind           methods
 *     answer, monitor, job           COPY and MOVE as the client sees them
 *     transfer, copy, remove         COPY and MOVE in the folder
 *     reply, exchange, body, request HTTP
 *     path, members, scratch         the folder
 *     connection, io, tls, buffer, clock, status */
#include "job.h"
#include "log.h"
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Blocked here, before any thread begins, and read from a descriptor by the server. A shell may
 * have had SIGINT ignored. */
static void prepare_signals(void)
{
    sigset_t signals;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_DFL);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/* A walk through a deep tree holds a descriptor or two a level. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int serve_site(struct site *site, struct tls *tls, int log_fd)
{
    int listen_fd = -1;
    int result = 1;

    site->jobs = jobs_new();
    if (!site->jobs) {
        fprintf(stderr, "davorigin: out of memory; close other programs\n");
        return 1;
    }
    listen_fd = server_listen(site->options);
    if (listen_fd >= 0) {
        result = server_run(site, listen_fd, tls, log_fd) == 0 ? 0 : 1;
        close(listen_fd);
        server_unlisten(site->options);
    }
    jobs_free(site->jobs);
    return result;
}

static int run(const struct options *options)
{
    struct site site = {.options = options};
    struct tls *tls = NULL;
    char why[200] = "";
    int log_fd = -1;
    int result = 1;

    site.root_fd = open(options->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (site.root_fd < 0) {
        fprintf(stderr, "davorigin: --root %s: %s; name an existing folder\n", options->root,
                strerror(errno));
        return 1;
    }
    if (options->log_file)
        log_fd = log_open(options->log_file);
    if (options->tls_cert)
        tls = tls_new(options->tls_cert, options->tls_key, why, sizeof why);
    if (options->log_file && log_fd < 0)
        fprintf(stderr, "davorigin: --log %s: %s; name a file that can be written\n",
                options->log_file, strerror(-log_fd));
    else if (options->tls_cert && !tls)
        fprintf(stderr, "davorigin: %s; --tls-cert and --tls-key take PEM files\n", why);
    else
        result = serve_site(&site, tls, log_fd);
    tls_free(tls);
    if (log_fd >= 0)
        close(log_fd);
    close(site.root_fd);
    return result;
}

int main(int argc, char **argv)
{
    struct options options;
    int result = options_parse(&options, argc, argv);

    if (result < 0) {
        prepare_signals();
        raise_descriptor_limit();
        result = run(&options);
    }
    options_free(&options);
    return result;
}
