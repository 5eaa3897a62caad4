/* client_soup.c - libsoup 3, asynchronous, on the default main context. */
#include "bench.h"

#include <libsoup/soup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "soup"

struct op {
    SoupMessage *msg;
    GInputStream *in;
    GUri *first, *uri;
    long long body;
    long interims;
    char *buf;
};

static struct bench b;
static SoupSession *session;
static GMainLoop *loop;
static long started, finished;
static size_t bufsize = 65536;

static void start(struct op *op);

static void on_interim(SoupMessage *msg, gpointer arg)
{
    struct op *op = arg;

    (void)msg;
    op->interims++;
}

static void finish(struct op *op, GError *e)
{
    int status = (int)soup_message_get_status(op->msg);
    int again = 0;

    if (e) {
        bench_fail(&b, e->message);
        g_error_free(e);
    } else if (b.poll && status == 202) {
        SoupMessageHeaders *h = soup_message_get_response_headers(op->msg);
        const char *to = soup_message_headers_get_one(h, "Location");
        const char *wait = soup_message_headers_get_one(h, "Retry-After");
        GUri *next = NULL;

        if (to && (!wait || !atoi(wait)))
            next = g_uri_parse_relative(op->uri, to, SOUP_HTTP_URI_FLAGS, NULL);
        if (next) {
            g_uri_unref(op->uri);
            op->uri = next;
            b.polls++;
            again = 1;
        }
    }
    g_clear_object(&op->in);
    g_clear_object(&op->msg);
    if (again) {
        op->body = 0;
        start(op);
        return;
    }
    if (!e)
        bench_done(&b, status, op->body, op->interims);
    finished++;
    op->body = 0;
    op->interims = 0;
    if (b.poll) {
        g_uri_unref(op->uri);
        op->uri = g_uri_ref(op->first);
    }
    if (started < b.count) {
        started++;
        start(op);
    } else if (finished == b.count) {
        g_main_loop_quit(loop);
    }
}

static void on_read(GObject *src, GAsyncResult *res, gpointer arg)
{
    struct op *op = arg;
    GError *e = NULL;
    gssize n = g_input_stream_read_finish(G_INPUT_STREAM(src), res, &e);

    if (n > 0) {
        op->body += n;
        g_input_stream_read_async(op->in, op->buf, bufsize, G_PRIORITY_DEFAULT, NULL, on_read, op);
        return;
    }
    finish(op, e);
}

static void on_sent(GObject *src, GAsyncResult *res, gpointer arg)
{
    struct op *op = arg;
    GError *e = NULL;

    op->in = soup_session_send_finish(SOUP_SESSION(src), res, &e);
    if (!op->in) {
        finish(op, e);
        return;
    }
    g_input_stream_read_async(op->in, op->buf, bufsize, G_PRIORITY_DEFAULT, NULL, on_read, op);
}

static void start(struct op *op)
{
    op->msg = soup_message_new_from_uri("GET", op->uri);
    if (b.fresh)
        soup_message_headers_append(soup_message_get_request_headers(op->msg), "Connection",
                                    "close");
    if (b.want_interims >= 0)
        g_signal_connect(op->msg, "got-informational", G_CALLBACK(on_interim), op);
    soup_session_send_async(session, op->msg, G_PRIORITY_DEFAULT, NULL, on_sent, op);
}

int main(int argc, char **argv)
{
    struct op *ops;
    char version[64];
    int i;

    bench_args(&b, argc, argv);
    if (b.fresh && b.tls && !b.resume)
        bench_skip(NAME, "TLS session resumption cannot be turned off");
    if (b.bufsize)
        bufsize = b.bufsize;
    else if (b.conc > 1)
        bufsize = 4096;
    session =
        soup_session_new_with_options("max-conns", b.conc, "max-conns-per-host", b.conc, NULL);
    if (!b.gunzip)
        soup_session_remove_feature_by_type(session, SOUP_TYPE_CONTENT_DECODER);
    if (b.ca) {
        GTlsDatabase *db = g_tls_file_database_new(b.ca, NULL);

        if (!db)
            return 1;
        soup_session_set_tls_database(session, db);
        g_object_unref(db);
    }
    loop = g_main_loop_new(NULL, FALSE);

    bench_begin(&b);
    ops = calloc((size_t)b.conc, sizeof *ops);
    if (!ops)
        return 1;
    for (i = 0; i < b.conc; i++) {
        char url[1024];

        bench_url(&b, i, b.target, url, sizeof url);
        ops[i].first = g_uri_parse(url, SOUP_HTTP_URI_FLAGS, NULL);
        ops[i].uri = g_uri_ref(ops[i].first);
        ops[i].buf = malloc(bufsize);
        started++;
        start(&ops[i]);
    }
    g_main_loop_run(loop);
    bench_end(&b);
    for (i = 0; i < b.conc; i++) {
        g_uri_unref(ops[i].uri);
        g_uri_unref(ops[i].first);
        free(ops[i].buf);
    }
    free(ops);
    g_object_unref(session);
    g_main_loop_unref(loop);
    snprintf(version, sizeof version, "libsoup/%u.%u.%u", soup_get_major_version(),
             soup_get_minor_version(), soup_get_micro_version());
    return bench_report(&b, NAME, version);
}
