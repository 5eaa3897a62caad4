/* origin.c - a loopback HTTP/1.1 origin that costs as little as it can, so
 * that what is measured is the client.  One thread, epoll, every answer
 * rendered once and sent from memory.
 *
 *   /small                    200, two bytes of body
 *   /interim?n=K[&gap=MS]     K times 102, then 201; with gap, one each MS
 *   /hints?n=K                the same with 103 and two Link lines each
 *   /big?bytes=N              200, Content-Length: N
 *   /chunked?bytes=N&chunk=C  200, chunks of C bytes
 *   /gzip?bytes=N             200, Content-Encoding: gzip, N bytes decoded
 *   /job?polls=P              202 with Location: /job/ID; the first P polls of
 *                             that answer 202, the next one 200
 *   /stats                    counters, one "name value" a line
 *
 * usage: origin [-p PORT] [-t TLSPORT] [-a ADDRS] [-c CERTFILE] [-r]
 * Ports default to ones the kernel picks.  It listens on 127.0.0.1 up to
 * 127.0.0.ADDRS and nowhere else, prints "port=N tls_port=N" when ready, and
 * ends on SIGTERM, SIGINT, or when the standard input it was given closes. */
#include "answers.h"
#include "due.h"
#include "identity.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define JOBS (1u << 20)
#define EVENTS 512

struct conn {
    int fd;
    int listener;
    SSL *ssl;
    uint32_t events;
    int busy, closing;
    size_t in_len;
    unsigned long long skip; /* request body still to be dropped */
    struct seg out[3];
    int nout, iout;
    const struct answer *slow; /* whose interims are being sent */
    long interims_left;
    struct due due;
    char in[2048];
    char dyn[768];
};

static struct {
    unsigned long long conns, requests, interims, handshakes, resumed, bytes;
} stats;

static unsigned char job_left[JOBS];
static unsigned job_next;
static unsigned job_polls;
static int epfd;
static SSL_CTX *tls;
static volatile sig_atomic_t stopping;

static uint64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* ---- answers ---- */

static void put_dyn(struct conn *c, int len)
{
    c->out[0].mem = c->dyn;
    c->out[0].unit = (size_t)len;
    c->out[0].at = 0;
    c->out[0].left = (unsigned)len;
    c->nout = 1;
    c->iout = 0;
}

static void answer_job(struct conn *c, const char *target)
{
    unsigned id;
    int done = 0;

    if (target[4] == '/') {
        id = (unsigned)strtoul(target + 5, NULL, 10) % JOBS;
        if (job_left[id])
            job_left[id]--;
        else
            done = 1;
    } else {
        job_polls = (unsigned)answer_query(target, "polls", 3);
        id = job_next++ % JOBS;
        job_left[id] = (unsigned char)job_polls;
    }
    if (done)
        put_dyn(c, snprintf(c->dyn, sizeof c->dyn,
                            "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: text/plain\r\n"
                            "Content-Length: 2\r\n\r\n%s",
                            OK_BODY));
    else
        put_dyn(c, snprintf(c->dyn, sizeof c->dyn,
                            "HTTP/1.1 202 Accepted\r\n" COMMON
                            "Location: /job/%u\r\nRetry-After: 0\r\n"
                            "Content-Type: text/plain\r\n"
                            "Content-Length: 8\r\n\r\naccepted",
                            id));
}

static void answer_stats(struct conn *c)
{
    struct rusage ru;
    char text[512];
    int n;

    getrusage(RUSAGE_SELF, &ru);
    n = snprintf(
        text, sizeof text,
        "conns %llu\nrequests %llu\ninterims %llu\n"
        "handshakes %llu\nresumed %llu\nbytes %llu\ncpu_us %llu\n",
        stats.conns, stats.requests, stats.interims, stats.handshakes, stats.resumed, stats.bytes,
        ((unsigned long long)ru.ru_utime.tv_sec + (unsigned long long)ru.ru_stime.tv_sec) *
                1000000 +
            (unsigned long long)ru.ru_utime.tv_usec + (unsigned long long)ru.ru_stime.tv_usec);
    put_dyn(c, snprintf(c->dyn, sizeof c->dyn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n,
                        text));
}

/* ---- connections ---- */

static void conn_close(struct conn *c)
{
    due_clear(&c->due);
    if (c->ssl) {
        SSL_shutdown(c->ssl);
        SSL_free(c->ssl);
    }
    close(c->fd);
    free(c);
}

static void want(struct conn *c, uint32_t events)
{
    struct epoll_event ev;

    if (c->events == events)
        return;
    ev.events = events;
    ev.data.ptr = c;
    epoll_ctl(epfd, EPOLL_CTL_MOD, c->fd, &ev);
    c->events = events;
}

/* -1: broken, 0: would block, else how many bytes went out. */
static ssize_t put_bytes(struct conn *c, struct seg *s)
{
    size_t n = s->unit - s->at;
    ssize_t k;

    if (n > s->left)
        n = (size_t)s->left;
    if (c->ssl) {
        ERR_clear_error();
        k = SSL_write(c->ssl, s->mem + s->at, n > 1 << 30 ? 1 << 30 : (int)n);
        if (k <= 0) {
            int e = SSL_get_error(c->ssl, (int)k);

            return e == SSL_ERROR_WANT_WRITE || e == SSL_ERROR_WANT_READ ? 0 : -1;
        }
    } else {
        k = send(c->fd, s->mem + s->at, n, MSG_NOSIGNAL | (s->left > n ? MSG_MORE : 0));
        if (k < 0)
            return errno == EAGAIN ? 0 : -1;
    }
    s->at += (size_t)k;
    if (s->at == s->unit)
        s->at = 0;
    s->left -= (unsigned long long)k;
    stats.bytes += (unsigned long long)k;
    return k;
}

/* 1: all out, 0: would block, -1: broken. */
static int flush(struct conn *c)
{
    int rounds = 0;

    while (c->iout < c->nout) {
        struct seg *s = &c->out[c->iout];
        ssize_t k;

        if (!s->left) {
            c->iout++;
            continue;
        }
        if (++rounds > 64)
            return 0; /* give the others a turn */
        k = put_bytes(c, s);
        if (k <= 0)
            return (int)k;
    }
    return 1;
}

static void send_interim(struct conn *c)
{
    struct seg s;

    memset(&s, 0, sizeof s);
    s.mem = c->slow->interim;
    s.unit = c->slow->interim_len;
    s.left = c->slow->interim_len;
    put_bytes(c, &s); /* a few bytes: they fit or the client is gone */
    stats.interims++;
}

static void start_answer(struct conn *c, const char *target, size_t len)
{
    const struct answer *a;
    char name[120];

    stats.requests++;
    c->busy = 1;
    if (len >= sizeof name) {
        c->closing = 1;
        len = sizeof name - 1;
    }
    if (!strncmp(target, "/job", 4) || !strncmp(target, "/stats", 6)) {
        memcpy(name, target, len);
        name[len] = 0;
        if (name[1] == 'j')
            answer_job(c, name);
        else
            answer_stats(c);
        return;
    }
    a = answer_find(target, len);
    if (!a) {
        c->closing = 1;
        c->nout = c->iout = 0;
        return;
    }
    memcpy(c->out, a->seg, sizeof c->out);
    c->nout = a->nseg;
    c->iout = 0;
    if (a->gap && a->interims) {
        c->slow = a;
        c->interims_left = a->interims;
        due_set(&c->due, now_ms() + a->gap);
    }
}

/* Takes one complete request off the input.  1: taken, 0: none there. */
static int take_request(struct conn *c)
{
    char *end, *line, *next, *sp, *sp2;
    size_t len;

    if (c->skip) {
        size_t n = c->in_len < c->skip ? c->in_len : (size_t)c->skip;

        c->skip -= n;
        c->in_len -= n;
        memmove(c->in, c->in + n, c->in_len);
    }
    if (!c->in_len || c->skip)
        return 0;
    end = memmem(c->in, c->in_len, "\r\n\r\n", 4);
    if (!end)
        return 0;
    end += 4;
    line = memchr(c->in, '\n', (size_t)(end - c->in));
    sp = memchr(c->in, ' ', (size_t)(line - c->in));
    sp2 = sp ? memchr(sp + 1, ' ', (size_t)(line - sp - 1)) : NULL;
    if (!sp2) {
        c->closing = 1;
        return 0;
    }
    for (line++; line < end - 2; line = next + 1) {
        next = memchr(line, '\n', (size_t)(end - line));
        if ((*line | 0x20) != 'c')
            continue;
        if (!strncasecmp(line, "connection:", 11)) {
            if (memmem(line, (size_t)(next - line), "close", 5))
                c->closing = 1;
        } else if (!strncasecmp(line, "content-length:", 15)) {
            c->skip = strtoull(line + 15, NULL, 10);
        }
    }
    start_answer(c, sp + 1, (size_t)(sp2 - sp - 1));
    len = (size_t)(end - c->in);
    c->in_len -= len;
    if (c->in_len)
        memmove(c->in, end, c->in_len);
    return 1;
}

/* Goes as far as it can with what is there.  Frees C when it is over. */
static void advance(struct conn *c)
{
    for (;;) {
        int k;

        if (!c->busy && !take_request(c)) {
            if (c->closing)
                conn_close(c);
            else
                want(c, EPOLLIN);
            return;
        }
        if (c->slow) {
            want(c, EPOLLIN);
            return; /* the timer goes on with it */
        }
        k = flush(c);
        if (k < 0) {
            conn_close(c);
            return;
        }
        if (!k) {
            want(c, EPOLLOUT);
            return;
        }
        c->busy = 0;
        if (c->closing) {
            conn_close(c);
            return;
        }
    }
}

static void on_timer(struct conn *c, uint64_t now)
{
    if (c->interims_left) {
        send_interim(c);
        c->interims_left--;
        due_set(&c->due, c->due.at + c->slow->gap > now ? c->due.at + c->slow->gap : now);
        return;
    }
    due_clear(&c->due);
    c->slow = NULL;
    advance(c);
}

static void run_timers(void)
{
    uint64_t now = due_first() ? now_ms() : 0;
    struct due *due;

    while ((due = due_first()) && due->at <= now)
        on_timer((struct conn *)((char *)due - offsetof(struct conn, due)), now);
}

static void on_readable(struct conn *c)
{
    ssize_t k;
    int again;

    do {
        if (c->in_len == sizeof c->in) {
            conn_close(c); /* a head larger than this kit sends */
            return;
        }
        again = 0;
        if (c->ssl) {
            ERR_clear_error();
            k = SSL_read(c->ssl, c->in + c->in_len, (int)(sizeof c->in - c->in_len));
            if (k <= 0) {
                int e = SSL_get_error(c->ssl, (int)k);

                if (e == SSL_ERROR_WANT_READ)
                    break;
                if (e == SSL_ERROR_WANT_WRITE) {
                    want(c, EPOLLIN | EPOLLOUT);
                    return;
                }
                conn_close(c);
                return;
            }
            again = SSL_pending(c->ssl) > 0;
        } else {
            k = recv(c->fd, c->in + c->in_len, sizeof c->in - c->in_len, 0);
            if (k < 0 && errno == EAGAIN)
                return;
            if (k <= 0) {
                conn_close(c);
                return;
            }
        }
        c->in_len += (size_t)k;
    } while (again);
    advance(c);
}

static void on_handshake(struct conn *c)
{
    int k;

    ERR_clear_error();
    k = SSL_accept(c->ssl);
    if (k == 1) {
        stats.handshakes++;
        if (SSL_session_reused(c->ssl))
            stats.resumed++;
        want(c, EPOLLIN);
        if (SSL_has_pending(c->ssl))
            on_readable(c);
        return;
    }
    switch (SSL_get_error(c->ssl, k)) {
    case SSL_ERROR_WANT_READ:
        want(c, EPOLLIN);
        break;
    case SSL_ERROR_WANT_WRITE:
        want(c, EPOLLOUT);
        break;
    default:
        conn_close(c);
    }
}

static void on_accept(struct conn *l)
{
    int i;

    for (i = 0; i < 256; i++) {
        struct epoll_event ev;
        struct conn *c;
        int one = 1;
        int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        stats.conns++;
        c = need(malloc(sizeof *c));
        memset(c, 0, offsetof(struct conn, in));
        c->fd = fd;
        if (l->listener == 2) {
            c->ssl = SSL_new(tls);
            SSL_set_fd(c->ssl, fd);
            SSL_set_accept_state(c->ssl);
        }
        ev.events = c->events = EPOLLIN;
        ev.data.ptr = c;
        if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev)) {
            conn_close(c);
            return;
        }
    }
}

/* ---- start ---- */

static unsigned listen_on(const char *addr, unsigned port, int kind, int reuse)
{
    struct sockaddr_in sa;
    socklen_t len = sizeof sa;
    struct conn *l = need(calloc(1, sizeof *l));
    struct epoll_event ev;
    int one = 1;

    l->listener = kind;
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    memset(&sa, 0, sizeof sa);
    sa.sin_family = AF_INET;
    sa.sin_port = htons((uint16_t)port);
    inet_pton(AF_INET, addr, &sa.sin_addr);
    setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (reuse)
        setsockopt(l->fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (bind(l->fd, (struct sockaddr *)&sa, sizeof sa) || listen(l->fd, 65535) ||
        getsockname(l->fd, (struct sockaddr *)&sa, &len))
        die(addr);
    ev.events = l->events = EPOLLIN;
    ev.data.ptr = l;
    if (epoll_ctl(epfd, EPOLL_CTL_ADD, l->fd, &ev))
        die("epoll");
    return ntohs(sa.sin_port);
}

static void on_signal(int sig)
{
    (void)sig;
    stopping = 1;
}

static void loop(void)
{
    struct epoll_event ev[EVENTS];

    while (!stopping) {
        const struct due *first = due_first();
        int wait = -1, n, i;

        if (first) {
            uint64_t now = now_ms();

            wait = first->at > now ? (int)(first->at - now) : 0;
        }
        n = epoll_wait(epfd, ev, EVENTS, wait);
        for (i = 0; i < n; i++) {
            struct conn *c = ev[i].data.ptr;

            if (!c)
                return; /* whoever started us is gone */
            if (c->listener)
                on_accept(c);
            else if (c->ssl && !SSL_is_init_finished(c->ssl))
                on_handshake(c);
            else if (ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) &&
                     !(c->events & EPOLLOUT && c->busy))
                on_readable(c);
            else
                advance(c);
        }
        run_timers();
    }
}

int main(int argc, char **argv)
{
    unsigned port = 0, tls_port = 0;
    int addrs = 1, reuse = 0, c, i;
    const char *cert = NULL;
    struct epoll_event ev;
    struct rlimit lim = {131072, 131072};

    while ((c = getopt(argc, argv, "p:t:a:c:r")) != -1) {
        switch (c) {
        case 'p':
            port = (unsigned)atoi(optarg);
            break;
        case 't':
            tls_port = (unsigned)atoi(optarg);
            break;
        case 'a':
            addrs = atoi(optarg);
            break;
        case 'c':
            cert = optarg;
            break;
        case 'r':
            reuse = 1;
            break;
        default:
            fprintf(stderr,
                    "usage: %s [-p PORT] [-t TLSPORT] [-a ADDRS] "
                    "[-c CERTFILE] [-r]\n",
                    argv[0]);
            return 2;
        }
    }
    if (addrs < 1 || addrs > 250)
        addrs = 1;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    if (setrlimit(RLIMIT_NOFILE, &lim) && !getrlimit(RLIMIT_NOFILE, &lim)) {
        lim.rlim_cur = lim.rlim_max;
        setrlimit(RLIMIT_NOFILE, &lim);
    }
    epfd = epoll_create1(EPOLL_CLOEXEC);
    tls = identity_new(cert, addrs);
    for (i = 1; i <= addrs; i++) {
        char addr[32];

        snprintf(addr, sizeof addr, "127.0.0.%d", i);
        port = listen_on(addr, port, 1, reuse);
        tls_port = listen_on(addr, tls_port, 2, reuse);
    }
    /* a pipe on the standard input ends us when its other end closes */
    ev.events = EPOLLHUP;
    ev.data.ptr = NULL;
    epoll_ctl(epfd, EPOLL_CTL_ADD, 0, &ev);
    printf("port=%u tls_port=%u\n", port, tls_port);
    fflush(stdout);
    loop();
    return 0;
}
