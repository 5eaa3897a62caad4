/* client_neon.c - neon, one operation at a time. */
#include "bench.h"

#include <neon/ne_compress.h>
#include <neon/ne_request.h>
#include <neon/ne_session.h>
#include <neon/ne_socket.h>
#include <neon/ne_ssl.h>
#include <neon/ne_uri.h>
#include <neon/ne_utils.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "neon"

static struct bench b;
static long long body;

static int on_body(void *arg, const char *p, size_t n)
{
    (void)arg;
    (void)p;
    body += (long long)n;
    return 0;
}

static ne_session *session(const ne_ssl_certificate *ca)
{
    ne_session *s = ne_session_create(b.tls ? "https" : "http", b.host, (unsigned)atoi(b.port));

    if (ca)
        ne_ssl_trust_cert(s, ca);
    if (b.fresh)
        ne_set_session_flag(s, NE_SESSFLAG_PERSIST, 0);
    return s;
}

/* What an application does by hand to find where a 202 is to be polled. */
static char *location(ne_request *req)
{
    const char *to = ne_get_response_header(req, "Location");
    const char *wait = ne_get_response_header(req, "Retry-After");
    ne_uri base, rel, all;
    char here[1024], *next = NULL;

    memset(&base, 0, sizeof base);
    memset(&rel, 0, sizeof rel);
    memset(&all, 0, sizeof all);
    bench_url(&b, 0, b.target, here, sizeof here);
    if (to && (!wait || !atoi(wait)) && !ne_uri_parse(here, &base) && !ne_uri_parse(to, &rel)) {
        ne_uri_resolve(&base, &rel, &all);
        next = strdup(all.path);
        ne_uri_free(&all);
    }
    ne_uri_free(&base);
    ne_uri_free(&rel);
    return next;
}

/* One request; NE_OK or an error, STATUS set. */
static int once(ne_session *s, const char *target, int *status, char **next)
{
    ne_request *req = ne_request_create(s, "GET", target);
    ne_decompress *z = NULL;
    int rc;

    body = 0;
    if (b.gunzip)
        z = ne_decompress_reader(req, ne_accept_2xx, on_body, NULL);
    else
        ne_add_response_body_reader(req, ne_accept_always, on_body, NULL);
    rc = ne_request_dispatch(req);
    *status = ne_get_status(req)->code;
    if (rc == NE_OK && b.poll && *status == 202)
        *next = location(req);
    if (z)
        ne_decompress_destroy(z);
    ne_request_destroy(req);
    return rc;
}

int main(int argc, char **argv)
{
    ne_ssl_certificate *ca = NULL;
    ne_session *s;
    long i;

    bench_args(&b, argc, argv);
    if (b.conc > 1)
        bench_skip(NAME, "one at a time");
    b.want_interims = -1; /* it reads past them and tells nobody */
    if (ne_sock_init())
        return 1;
    if (b.ca && !(ca = ne_ssl_cert_read(b.ca)))
        return 1;
    s = session(ca);

    bench_begin(&b);
    for (i = 0; i < b.count; i++) {
        char *next = NULL;
        int status, rc;

        if (i && b.fresh && !b.resume) { /* the session keeps the TLS one */
            ne_session_destroy(s);
            s = session(ca);
        }
        rc = once(s, b.target, &status, &next);
        while (rc == NE_OK && next) {
            char *target = next;

            next = NULL;
            b.polls++;
            rc = once(s, target, &status, &next);
            free(target);
        }
        if (rc != NE_OK)
            bench_fail(&b, ne_get_error(s));
        else
            bench_done(&b, status, body, 0);
    }
    bench_end(&b);
    ne_session_destroy(s);
    if (ca)
        ne_ssl_cert_free(ca);
    ne_sock_exit();
    return bench_report(&b, NAME, ne_version_string());
}
