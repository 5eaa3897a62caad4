/* client_raw.c - the floor for one operation at a time: blocking connect,
 * send, recv, and a scan for no more than where the answer ends.  Built twice:
 * as it is, and with -DRAW_SSL for the TLS and gzip workloads, so that the
 * plain one depends on nothing but libc. */
#include "bench.h"
#include "rawscan.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef RAW_SSL
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <zlib.h>
#define NAME "raw-ssl"
static SSL_CTX *ctx;
static SSL *ssl;
static SSL_SESSION *session;
static z_stream inflater;
#else
#define NAME "raw"
#endif

static struct bench b;
static int fd = -1;
static char *buf;
static size_t bufsize = 262144;
static char location[128];

static void fatal(const char *what)
{
    perror(what);
    exit(1);
}

#ifdef RAW_SSL
static int keep_session(SSL *s, SSL_SESSION *sess)
{
    (void)s;
    SSL_SESSION_free(session);
    session = sess;
    return 1;
}

static void tls_init(void)
{
    ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx)
        fatal("tls");
    if (b.ca) {
        if (SSL_CTX_load_verify_locations(ctx, b.ca, NULL) != 1)
            fatal(b.ca);
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    }
    SSL_CTX_set_mode(ctx, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_read_ahead(ctx, 1); /* a record in one read, not in two */
    if (b.resume) {
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(ctx, keep_session);
    }
}

static void tls_connect(void)
{
    ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), b.host);
    if (session && b.resume)
        SSL_set_session(ssl, session);
    if (SSL_connect(ssl) != 1)
        fatal("handshake");
}

static void sink(void *arg, const char *p, size_t n)
{
    static unsigned char out[65536];
    unsigned long long *total = arg;
    int k = Z_OK;

    inflater.next_in = (unsigned char *)(uintptr_t)p;
    inflater.avail_in = (uInt)n;
    do {
        inflater.next_out = out;
        inflater.avail_out = sizeof out;
        k = inflate(&inflater, Z_NO_FLUSH);
        *total += sizeof out - inflater.avail_out;
    } while (k == Z_OK && !inflater.avail_out);
}
#endif

static void plug(void)
{
    struct sockaddr_in sa;
    int one = 1;

    memset(&sa, 0, sizeof sa);
    sa.sin_family = AF_INET;
    sa.sin_port = htons((uint16_t)atoi(b.port));
    if (inet_pton(AF_INET, b.host, &sa.sin_addr) != 1)
        fatal("the floor takes numeric addresses only");
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof sa))
        fatal("connect");
    b.conns++;
#ifdef RAW_SSL
    if (b.tls)
        tls_connect();
#endif
}

static void unplug(void)
{
#ifdef RAW_SSL
    if (ssl) {
        SSL_shutdown(ssl);
        SSL_free(ssl);
        ssl = NULL;
    }
#endif
    close(fd);
    fd = -1;
}

static void put(const char *p, size_t n)
{
#ifdef RAW_SSL
    if (ssl) {
        if (SSL_write(ssl, p, (int)n) != (int)n)
            fatal("write");
        return;
    }
#endif
    if (send(fd, p, n, MSG_NOSIGNAL) != (ssize_t)n)
        fatal("send");
}

static ssize_t get(char *p, size_t n)
{
#ifdef RAW_SSL
    if (ssl)
        return SSL_read(ssl, p, (int)n);
#endif
    return recv(fd, p, n, 0);
}

/* One request, one answer. */
static void once(const char *req, size_t len, struct rawscan *r, unsigned long long *decoded)
{
    size_t have = 0;
    raw_sink *to = NULL;

#ifdef RAW_SSL
    if (b.gunzip) {
        memset(&inflater, 0, sizeof inflater);
        inflateInit2(&inflater, 31);
        to = sink;
    }
#endif
    if (fd < 0)
        plug();
    raw_start(r);
    put(req, len);
    while (r->state != RAW_DONE) {
        ssize_t k = get(buf + have, bufsize - have);
        size_t used;

        if (k <= 0)
            fatal("recv");
        have += (size_t)k;
        used = raw_scan(r, buf, have, to, decoded);
        have -= used;
        if (have)
            memmove(buf, buf + used, have);
    }
#ifdef RAW_SSL
    if (b.gunzip)
        inflateEnd(&inflater);
#endif
    if (r->close || b.fresh)
        unplug();
}

static size_t request(char *out, size_t size, const char *target)
{
    return (size_t)snprintf(out, size,
                            "GET %s HTTP/1.1\r\nHost: %s:%s\r\n"
                            "Accept: */*\r\n%s%s\r\n",
                            target, b.host, b.port, b.fresh ? "Connection: close\r\n" : "",
                            b.gunzip ? "Accept-Encoding: gzip\r\n" : "");
}

int main(int argc, char **argv)
{
    char req[1024], next[1024];
    struct rawscan r;
    size_t len;
    long i;

    bench_args(&b, argc, argv);
    if (b.conc > 1)
        bench_skip(NAME, "one at a time");
#ifdef RAW_SSL
    if (b.tls)
        tls_init();
#else
    if (b.tls || b.gunzip)
        bench_skip(NAME, "plain only");
#endif
    if (b.bufsize)
        bufsize = b.bufsize;
    buf = malloc(bufsize);
    if (!buf)
        fatal("memory");
    len = request(req, sizeof req, b.target);
    r.location = b.poll ? location : NULL;

    bench_begin(&b);
    for (i = 0; i < b.count; i++) {
        unsigned long long decoded = 0;

        once(req, len, &r, &decoded);
        while (b.poll && r.status == 202) {
            b.polls++;
            once(next, request(next, sizeof next, location), &r, &decoded);
        }
        bench_done(&b, r.status, (long long)(b.gunzip ? decoded : r.body), r.interims);
    }
    bench_end(&b);
    if (fd >= 0)
        unplug();
    return bench_report(&b, NAME, "floor");
}
