/* One connection's life; serve.h tells the concept. */
#include "serve.h"

#include "answer.h"
#include "auth.h"
#include "clock.h"
#include "files.h"
#include "get.h"
#include "log.h"
#include "monitor.h"
#include "propfind.h"
#include "reply.h"

#include <stdlib.h>
#include <string.h>

enum { DRAIN_BYTES = 65536 };

static const struct {
    const char *method;
    void (*handle)(struct exchange *exchange);
} handlers[] = {
    {"OPTIONS", options_handle},   {"GET", get_handle},
    {"HEAD", get_handle},          {"PUT", put_handle},
    {"DELETE", delete_handle},     {"MKCOL", mkcol_handle},
    {"PROPFIND", propfind_handle}, {"PROPPATCH", proppatch_handle},
    {"COPY", transfer_handle},     {"MOVE", transfer_handle},
};

static void dispatch(struct exchange *exchange)
{
    const struct request *request = &exchange->request;
    int status = 0;

    if (!auth_permits(request, exchange->site->options->user)) {
        reply_whole(exchange, 401,
                    "WWW-Authenticate: Basic realm=\"davorigin\", charset=\"UTF-8\"\r\n", NULL,
                    NULL, 0);
        return;
    }
    if (monitor_owns(request->target)) {
        monitor_handle(exchange);
        return;
    }
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        if (strcmp(handlers[i].method, request->method) != 0)
            continue;
        status =
            path_decode(&exchange->path, strcmp(request->target, "*") == 0 ? "/" : request->target);
        if (status)
            reply_status(exchange, status, NULL);
        else
            handlers[i].handle(exchange);
        path_free(&exchange->path);
        return;
    }
    reply_status(exchange, 501, NULL);
}

/* A rest of the body that nobody read would be taken for the next request. */
static void finish(struct exchange *exchange)
{
    if (exchange->close || exchange->body.done)
        return;
    if (body_read_all(NULL, &exchange->body, DRAIN_BYTES) != 0)
        exchange->close = true;
}

/* True when another request may follow. */
static bool serve_one(const struct site *site, struct connection *connection, int log_fd)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    int64_t started = 0;
    int status = 0;
    bool go_on = false;

    if (!exchange)
        return false;
    exchange->site = site;
    exchange->connection = connection;
    exchange->body.done = true;
    status = request_read(&exchange->request, connection);
    started = clock_ms();
    if (status >= 0) {
        if (status == 0)
            status = body_open(&exchange->body, &exchange->request, connection);
        exchange->is_head = strcmp(exchange->request.method, "HEAD") == 0;
        if (status > 0) {
            exchange->close = true;
            reply_status(exchange, status, NULL);
        } else {
            dispatch(exchange);
        }
        finish(exchange);
        log_write(log_fd, exchange, clock_ms() - started);
        go_on = !exchange->close;
    }
    request_free(&exchange->request);
    free(exchange);
    return go_on;
}

void serve_connection(const struct site *site, struct connection *connection, int log_fd)
{
    while (serve_one(site, connection, log_fd))
        ;
}
