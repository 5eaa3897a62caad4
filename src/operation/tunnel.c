/* tunnel.c - see tunnel.h. */
#include "operation/tunnel.h"

#include "operation/report.h"
#include "operation/steps.h"

#include <stdio.h>
#include <string.h>

bool interim__tunnel_is_needed(const interim__operation *op, bool reused)
{
    return interim__operation_tunnels(op) && !reused && !op->tunnelled;
}

static int append_all(interim__buffer *out, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (interim__buffer_append_text(out, texts[i]) < 0)
            return INTERIM_ENOMEM;
    return 0;
}

#define TARGET_SIZE 300 /* a host has at most 255 bytes, or is an IPv6 address */

/* Where the proxy is to connect to, always with a port; a zone is of this machine only. */
static void name_target(const interim__operation *op, char out[TARGET_SIZE])
{
    const interim__way *way = interim__operation_way(op);
    bool brackets = way->host != NULL && strchr(way->host, ':') != NULL;

    if (way->host == NULL)
        snprintf(out, TARGET_SIZE, "%s%s", op->uri.authority, op->uri.port == 443 ? ":443" : "");
    else
        snprintf(out, TARGET_SIZE, "%s%.*s%s:%u", brackets ? "[" : "", (int)strcspn(way->host, "%"),
                 way->host, brackets ? "]" : "", (unsigned)way->port);
}

static int write_head(interim__operation *op, interim__buffer *out)
{
    const interim__route *route = interim__operation_route(op);
    bool has_agent = op->user_agent != NULL && *op->user_agent != '\0';
    char target[TARGET_SIZE];
    const char *const texts[] = {"CONNECT ",
                                 target,
                                 " HTTP/1.1\r\nHost: ",
                                 target,
                                 has_agent ? "\r\nUser-Agent: " : "",
                                 has_agent ? op->user_agent : "",
                                 route->authorization == NULL ? "" : "\r\nProxy-Authorization: ",
                                 route->authorization == NULL ? "" : route->authorization,
                                 "\r\n\r\n"};

    name_target(op, target);
    return append_all(out, texts, sizeof texts / sizeof *texts);
}

void interim__tunnel_begin(interim__operation *op)
{
    const interim__body_source nothing = {.length = -1};

    op->tunnel_hop = op->hop;
    op->tunnel_method = op->method;
    op->hop = INTERIM_HOP_TUNNEL;
    op->method = "CONNECT";
    interim__exchange_init(&op->exchange, op->method, &op->error);
    op->exchanging = true;
    op->expects = false;
    if (write_head(op, &op->exchange.sender.out) < 0) {
        interim__error_set(&op->error, INTERIM_ENOMEM, INTERIM_STAGE_CONNECT, "out of memory");
        interim__ending_failed(op);
        return;
    }
    interim__sender_start(&op->exchange.sender, &nothing);
    op->release_at = INTERIM__FAR;
    op->need = INTERIM__NEED_EXCHANGE;
    interim__report_plain(op, INTERIM_EVENT_CONNECTED, "new, to the proxy");
}

void interim__tunnel_leave(interim__operation *op)
{
    if (op->hop != INTERIM_HOP_TUNNEL)
        return;
    op->hop = op->tunnel_hop;
    op->method = op->tunnel_method;
}

void interim__tunnel_answered(interim__operation *op)
{
    int status = op->answer.status;
    /* The origin speaks only after us: what follows the answer was not asked for. */
    bool clean = op->exchange.persistent;

    if (status < 200 || status > 299 || !clean) {
        interim__error_set(&op->error, INTERIM_EPROXY, INTERIM_STAGE_CONNECT,
                           "%.60s answered %d%s%s to CONNECT%s", op->peer, status,
                           op->answer_reason[0] == '\0' ? "" : " ", op->answer_reason,
                           clean || status > 299 ? "" : ", and more behind it");
        interim__ending_failed(op);
        return;
    }
    interim__tunnel_leave(op);
    interim__operation_drop_exchange(op);
    op->tunnelled = true;
    if (op->uri.tls)
        op->need = INTERIM__NEED_TLS;
    else
        interim__operation_begin_exchange(op);
}
