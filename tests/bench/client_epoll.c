/* client_epoll.c - the floor for many operations at once: non-blocking
 * sockets, one edge-triggered epoll, one receive buffer for all of them.
 * Built twice: as it is, and with -DRAW_SSL for the TLS workloads. */
#include "bench.h"
#include "rawscan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 512

#ifdef RAW_SSL
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#define NAME "epoll-ssl"
static SSL_CTX *ctx;
#else
#define NAME "epoll"
#endif

struct slot {
    int fd;
    int sent;
#ifdef RAW_SSL
    SSL *ssl;
#endif
    char *left; /* the start of a piece that did not come whole */
    size_t left_len;
    char *location;
    struct rawscan r;
};

static struct bench b;
static int epfd;
static char *buf;
static size_t bufsize = 262144;
static char first[1024];
static size_t first_len;
static long started, finished;
static struct slot *slots;

static void fatal(const char *what)
{
    perror(what);
    exit(1);
}

static size_t request(char *out, size_t size, const char *target)
{
    return (size_t)snprintf(out, size,
                            "GET %s HTTP/1.1\r\nHost: %s:%s\r\n"
                            "Accept: */*\r\n%s\r\n",
                            target, b.host, b.port, b.fresh ? "Connection: close\r\n" : "");
}

static void plug(struct slot *s)
{
    struct sockaddr_in sa;
    struct epoll_event ev;
    char host[64];
    int one = 1;

    memset(&sa, 0, sizeof sa);
    sa.sin_family = AF_INET;
    sa.sin_port = htons((uint16_t)atoi(b.port));
    inet_pton(AF_INET, bench_host(&b, (int)(s - slots), host, sizeof host), &sa.sin_addr);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        fatal("socket");
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(s->fd, (struct sockaddr *)&sa, sizeof sa) && errno != EINPROGRESS)
        fatal("connect");
    ev.events = EPOLLIN | EPOLLOUT | EPOLLET;
    ev.data.ptr = s;
    if (epoll_ctl(epfd, EPOLL_CTL_ADD, s->fd, &ev))
        fatal("epoll");
    s->sent = 0;
    b.conns++;
#ifdef RAW_SSL
    if (b.tls) {
        s->ssl = SSL_new(ctx);
        SSL_set_fd(s->ssl, s->fd);
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s->ssl), host);
        SSL_set_connect_state(s->ssl);
    }
#endif
}

static void unplug(struct slot *s)
{
#ifdef RAW_SSL
    if (s->ssl) {
        SSL_shutdown(s->ssl);
        SSL_free(s->ssl);
        s->ssl = NULL;
    }
#endif
    close(s->fd);
    s->fd = -1;
}

/* -1: not yet, 0: connected as far as the request needs it. */
static int handshake(struct slot *s)
{
#ifdef RAW_SSL
    int k;

    if (!s->ssl || SSL_is_init_finished(s->ssl))
        return 0;
    ERR_clear_error();
    k = SSL_connect(s->ssl);
    if (k == 1)
        return 0;
    k = SSL_get_error(s->ssl, k);
    if (k != SSL_ERROR_WANT_READ && k != SSL_ERROR_WANT_WRITE)
        fatal("handshake");
    return -1;
#else
    (void)s;
    return 0;
#endif
}

/* As recv, with 0 when there is nothing more for now. */
static ssize_t get(struct slot *s, char *p, size_t n)
{
    ssize_t k;

#ifdef RAW_SSL
    if (s->ssl) {
        ERR_clear_error();
        k = SSL_read(s->ssl, p, (int)n);
        if (k <= 0 && SSL_get_error(s->ssl, (int)k) != SSL_ERROR_WANT_READ)
            fatal("read");
        return k < 0 ? 0 : k;
    }
#endif
    k = recv(s->fd, p, n, 0);
    if (k < 0 && errno == EAGAIN)
        return 0;
    if (k <= 0)
        fatal("recv");
    return k;
}

/* A request is small and goes out whole. */
static void send_all(struct slot *s, const char *p, size_t n)
{
#ifdef RAW_SSL
    if (s->ssl) {
        if (SSL_write(s->ssl, p, (int)n) != (int)n)
            fatal("write");
        return;
    }
#endif
    if (send(s->fd, p, n, MSG_NOSIGNAL) != (ssize_t)n)
        fatal("send");
}

static void put(struct slot *s)
{
    char poll[1024];
    const char *p = first;
    size_t n = first_len;

    if (s->r.status == 202) {
        n = request(poll, sizeof poll, s->location);
        p = poll;
    }
    send_all(s, p, n);
    s->sent = 1;
    raw_start(&s->r);
}

/* The answer is whole.  Starts what comes next on this slot. */
static void next(struct slot *s)
{
    if (b.poll && s->r.status == 202) {
        b.polls++;
    } else {
        bench_done(&b, s->r.status, (long long)s->r.body, s->r.interims);
        finished++;
        s->r.status = 0;
        if (started == b.count) {
            unplug(s);
            return;
        }
        started++;
    }
    if (b.fresh) {
        unplug(s);
        plug(s); /* it will be reported writable */
    } else {
        put(s);
    }
}

static void readable(struct slot *s)
{
    for (;;) {
        size_t have = s->left_len, used, ask;
        ssize_t k;

        if (have) {
            memcpy(buf, s->left, have);
            free(s->left);
            s->left = NULL;
            s->left_len = 0;
        }
        ask = bufsize - have;
        k = get(s, buf + have, ask);
        used = k ? raw_scan(&s->r, buf, have + (size_t)k, NULL, NULL) : 0;
        if (s->r.state == RAW_DONE) {
            next(s);
            return; /* the next answer is a new edge */
        }
        if (used < have + (size_t)k) {
            s->left_len = have + (size_t)k - used;
            s->left = malloc(s->left_len);
            memcpy(s->left, buf + used, s->left_len);
        }
        if (!k)
            return;
#ifdef RAW_SSL
        if (s->ssl)
            continue; /* a record is no measure of what has arrived */
#endif
        if ((size_t)k < ask)
            return;
    }
}

int main(int argc, char **argv)
{
    struct epoll_event ev[EVENTS];
    int i;

    bench_args(&b, argc, argv);
    if (b.gunzip)
        bench_skip(NAME, "no gzip");
#ifdef RAW_SSL
    if (b.tls && b.fresh)
        bench_skip(NAME, "TLS with keep-alive only");
    ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx || (b.ca && SSL_CTX_load_verify_locations(ctx, b.ca, NULL) != 1))
        fatal("tls");
    if (b.ca)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
#else
    if (b.tls)
        bench_skip(NAME, "plain only");
#endif
    if (b.bufsize)
        bufsize = b.bufsize;
    epfd = epoll_create1(EPOLL_CLOEXEC);
    buf = malloc(bufsize);
    if (epfd < 0 || !buf)
        fatal("start");
    first_len = request(first, sizeof first, b.target);

    bench_begin(&b);
    slots = calloc((size_t)b.conc, sizeof *slots);
    if (!slots)
        fatal("memory");
    for (i = 0; i < b.conc; i++) {
        if (b.poll)
            slots[i].r.location = slots[i].location = malloc(128);
        started++;
        plug(&slots[i]);
    }
    while (finished < b.count) {
        int n = epoll_wait(epfd, ev, EVENTS, 30000);

        if (n <= 0)
            fatal("nothing in 30 s");
        for (i = 0; i < n; i++) {
            struct slot *s = ev[i].data.ptr;

            if (s->fd < 0)
                continue;
            if (!s->sent) {
                if (ev[i].events & (EPOLLERR | EPOLLHUP))
                    fatal("connect");
                if (ev[i].events & (EPOLLOUT | EPOLLIN) && !handshake(s))
                    put(s);
            } else if (ev[i].events & (EPOLLIN | EPOLLHUP)) {
                readable(s);
            }
        }
    }
    bench_end(&b);
    for (i = 0; i < b.conc; i++) {
        if (slots[i].fd >= 0)
            unplug(&slots[i]);
        free(slots[i].location);
    }
    free(slots);
    return bench_report(&b, NAME, "floor");
}
