/* tunnel.c - see tunnel.h. */
#include "operation/tunnel.h"

#include "operation/report.h"
#include "operation/steps.h"

bool interim__tunnel_is_needed(const interim__operation *op, bool reused)
{
    const interim__route *route = interim__operation_route(op);

    return route != NULL && route->kind == INTERIM__ROUTE_HTTP && op->uri.tls && !reused &&
           !op->tunnelled;
}

static int append_all(interim__buffer *out, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (interim__buffer_append_text(out, texts[i]) < 0)
            return INTERIM_ENOMEM;
    return 0;
}

/* The authority always has a port here; text is "https://host[:port]/..." */
static int write_head(interim__operation *op, interim__buffer *out)
{
    const interim__route *route = interim__operation_route(op);
    bool has_agent = op->user_agent != NULL && *op->user_agent != '\0';
    const char *port = op->uri.port == 443 ? ":443" : "";
    const char *const texts[] = {"CONNECT ",
                                 op->uri.authority,
                                 port,
                                 " HTTP/1.1\r\nHost: ",
                                 op->uri.authority,
                                 port,
                                 has_agent ? "\r\nUser-Agent: " : "",
                                 has_agent ? op->user_agent : "",
                                 route->authorization == NULL ? "" : "\r\nProxy-Authorization: ",
                                 route->authorization == NULL ? "" : route->authorization,
                                 "\r\n\r\n"};

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
    op->need = INTERIM__NEED_TLS;
}
