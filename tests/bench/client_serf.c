/* client_serf.c - serf, one connection for each operation in flight. */
#include "bench.h"

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <apr_uri.h>
#include <serf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "serf"

struct slot {
    serf_connection_t *conn;
    serf_ssl_context_t *ssl;
    int handled; /* the answer in progress has been tallied */
    long long body;
    char target[256];
};

static struct bench b;
static serf_bucket_alloc_t *alloc;
static serf_ssl_certificate_t *ca;
static long started, finished;

static apr_status_t setup_request(serf_request_t *req, void *arg, serf_bucket_t **out,
                                  serf_response_acceptor_t *acceptor, void **acceptor_arg,
                                  serf_response_handler_t *handler, void **handler_arg,
                                  apr_pool_t *pool);

static apr_status_t any_cert(void *arg, int failures, const serf_ssl_certificate_t *cert)
{
    (void)arg;
    (void)cert;
    /* a certificate that signed itself and is trusted */
    return failures & ~SERF_SSL_CERT_SELF_SIGNED ? SERF_ERROR_SSL_CERT_FAILED : APR_SUCCESS;
}

static apr_status_t on_connect(apr_socket_t *sock, serf_bucket_t **in, serf_bucket_t **out,
                               void *arg, apr_pool_t *pool)
{
    struct slot *s = arg;
    serf_bucket_t *raw = serf_bucket_socket_create(sock, alloc);

    (void)pool;
    b.conns++;
    *in = raw;
    if (b.tls) {
        *in = serf_bucket_ssl_decrypt_create(raw, s->ssl, alloc);
        if (!s->ssl) {
            s->ssl = serf_bucket_ssl_decrypt_context_get(*in);
            if (ca)
                serf_ssl_trust_cert(s->ssl, ca);
            serf_ssl_server_cert_callback_set(s->ssl, any_cert, NULL);
        }
        *out = serf_bucket_ssl_encrypt_create(*out, s->ssl, alloc);
    }
    return APR_SUCCESS;
}

static void on_close(serf_connection_t *conn, void *arg, apr_status_t why, apr_pool_t *pool)
{
    struct slot *s = arg;

    (void)conn;
    (void)pool;
    (void)why;
    s->ssl = NULL;
}

static serf_bucket_t *on_accept(serf_request_t *req, serf_bucket_t *stream, void *arg,
                                apr_pool_t *pool)
{
    serf_bucket_alloc_t *a = serf_request_get_alloc(req);

    (void)arg;
    (void)pool;
    return serf_bucket_response_create(serf_bucket_barrier_create(stream, a), a);
}

/* The answer is whole. */
static void whole(struct slot *s, serf_bucket_t *response, int status)
{
    s->handled = 1;
    if (b.poll && status == 202) {
        serf_bucket_t *h = serf_bucket_response_get_headers(response);
        const char *to = serf_bucket_headers_get(h, "Location");

        /* the origin of this kit answers with a path and Retry-After: 0 */
        if (to && *to == '/') {
            snprintf(s->target, sizeof s->target, "%s", to);
            b.polls++;
            serf_connection_request_create(s->conn, setup_request, s);
            return;
        }
    }
    bench_done(&b, status, s->body, 0);
    finished++;
    if (started < b.count) {
        started++;
        snprintf(s->target, sizeof s->target, "%s", b.target);
        serf_connection_request_create(s->conn, setup_request, s);
    }
}

static apr_status_t on_response(serf_request_t *req, serf_bucket_t *response, void *arg,
                                apr_pool_t *pool)
{
    struct slot *s = arg;
    serf_status_line line;
    apr_status_t rc;

    (void)pool;
    (void)req;
    if (!response) { /* the connection went away; serf asks again by itself */
        if (!s->handled)
            serf_connection_request_create(s->conn, setup_request, s);
        return APR_SUCCESS;
    }
    rc = serf_bucket_response_status(response, &line);
    if (rc)
        return rc;
    for (;;) {
        const char *p;
        apr_size_t n;

        rc = serf_bucket_read(response, SERF_READ_ALL_AVAIL, &p, &n);
        if (SERF_BUCKET_READ_ERROR(rc))
            return rc;
        s->body += (long long)n;
        if (APR_STATUS_IS_EOF(rc)) {
            whole(s, response, line.code);
            return rc;
        }
        if (APR_STATUS_IS_EAGAIN(rc))
            return rc;
    }
}

static apr_status_t setup_request(serf_request_t *req, void *arg, serf_bucket_t **out,
                                  serf_response_acceptor_t *acceptor, void **acceptor_arg,
                                  serf_response_handler_t *handler, void **handler_arg,
                                  apr_pool_t *pool)
{
    struct slot *s = arg;
    serf_bucket_t *h;

    (void)pool;
    *out = serf_request_bucket_request_create(req, "GET", s->target, NULL,
                                              serf_request_get_alloc(req));
    h = serf_bucket_request_get_headers(*out);
    serf_bucket_headers_setn(h, "Accept", "*/*");
    if (b.fresh)
        serf_bucket_headers_setn(h, "Connection", "close");
    if (b.gunzip)
        serf_bucket_headers_setn(h, "Accept-Encoding", "gzip");
    s->body = 0;
    s->handled = 0;
    *acceptor = on_accept;
    *acceptor_arg = NULL;
    *handler = on_response;
    *handler_arg = s;
    return APR_SUCCESS;
}

int main(int argc, char **argv)
{
    serf_context_t *ctx;
    apr_pool_t *pool, *turn;
    struct slot *slots;
    int i, major, minor, patch;
    char version[64];

    bench_args(&b, argc, argv);
    b.want_interims = -1; /* serf 1.3 takes a 1xx for the final answer */
    if (b.fresh && b.tls && b.resume)
        bench_skip(NAME, "no TLS session resumption");
    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&turn, pool);
    alloc = serf_bucket_allocator_create(pool, NULL, NULL);
    ctx = serf_context_create(pool);
    if (b.ca && serf_ssl_load_cert_file(&ca, b.ca, pool))
        return 1;

    bench_begin(&b);
    slots = calloc((size_t)b.conc, sizeof *slots);
    if (!slots)
        return 1;
    for (i = 0; i < b.conc; i++) {
        struct slot *s = &slots[i];
        char url[1024];
        apr_uri_t uri;

        bench_url(&b, i, "/", url, sizeof url);
        snprintf(s->target, sizeof s->target, "%s", b.target);
        if (apr_uri_parse(pool, url, &uri) ||
            serf_connection_create2(&s->conn, ctx, uri, on_connect, s, on_close, s, pool))
            return 1;
        serf_connection_set_max_outstanding_requests(s->conn, 1);
        serf_connection_request_create(s->conn, setup_request, s);
        started++;
    }
    while (finished < b.count) {
        apr_status_t rc = serf_context_run(ctx, 30 * APR_USEC_PER_SEC, turn);

        apr_pool_clear(turn);
        if (rc) {
            char why[120];

            bench_fail(&b, APR_STATUS_IS_TIMEUP(rc) ? "nothing in 30 s"
                                                    : apr_strerror(rc, why, sizeof why));
            break;
        }
    }
    bench_end(&b);
    serf_lib_version(&major, &minor, &patch);
    snprintf(version, sizeof version, "serf/%d.%d.%d", major, minor, patch);
    return bench_report(&b, NAME, version);
}
