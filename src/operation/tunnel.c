/* tunnel.c - see tunnel.h. */
#include "operation/tunnel.h"

#include "operation/report.h"
#include "operation/steps.h"

#include <stdio.h>
#include <string.h>

bool interim__tunnel_is_needed(const interim__operation *op)
{
    return !op->tunnelled && interim__operation_tunnels(op);
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
        snprintf(out, TARGET_SIZE, "%s%s", op->uri->authority, op->uri->port == 443 ? ":443" : "");
    else
        snprintf(out, TARGET_SIZE, "%s%.*s%s:%u", brackets ? "[" : "", (int)strcspn(way->host, "%"),
                 way->host, brackets ? "]" : "", (unsigned)way->port);
}

static int write_fields(interim__operation *op, interim__buffer *out, const char *target,
                        const char *proof)
{
    bool has_agent = op->environment->user_agent != NULL && *op->environment->user_agent != '\0';
    const char *const texts[] = {"CONNECT ",
                                 target,
                                 " HTTP/1.1\r\nHost: ",
                                 target,
                                 has_agent ? "\r\nUser-Agent: " : "",
                                 has_agent ? op->environment->user_agent : "",
                                 proof == NULL ? "" : "\r\nProxy-Authorization: ",
                                 proof == NULL ? "" : proof,
                                 "\r\n\r\n"};

    return append_all(out, texts, sizeof texts / sizeof *texts);
}

static int write_head(interim__operation *op, interim__buffer *out)
{
    char target[TARGET_SIZE];
    const interim__digest_subject subject = {
        .method = op->method, .target = target, .body_known = true};
    interim__buffer proof = {0};
    int failed;

    name_target(op, target);
    failed = interim__proxy_login_write(&proof, &op->passage->login, interim__operation_route(op),
                                        &subject, &op->random);
    if (failed == 0)
        failed = write_fields(op, out, target, proof.length == 0 ? NULL : proof.data);
    if (proof.data != NULL)
        explicit_bzero(proof.data, proof.capacity);
    interim__buffer_dispose(&proof);
    return failed;
}

static void ask(interim__operation *op)
{
    const interim__body_source nothing = {.length = -1};

    op->expects = false;
    if (interim__operation_talk(op) < 0 || write_head(op, &op->talk->exchange.sender.out) < 0) {
        interim__error_set(op->error, INTERIM_ENOMEM, INTERIM_STAGE_CONNECT, "out of memory");
        interim__ending_failed(op);
        return;
    }
    interim__sender_start(&op->talk->exchange.sender, &nothing);
    op->wake_at = INTERIM__FAR;
    op->need = INTERIM__NEED_EXCHANGE;
}

void interim__tunnel_begin(interim__operation *op)
{
    if (interim__operation_pass(op) < 0) {
        interim__error_set(op->error, INTERIM_ENOMEM, INTERIM_STAGE_CONNECT, "out of memory");
        interim__ending_failed(op);
        return;
    }
    op->passage->hop = op->hop;
    op->passage->hop_index = op->hop_index;
    op->passage->method = op->method;
    op->hop = INTERIM_HOP_TUNNEL;
    op->hop_index = op->passage->rounds;
    op->method = "CONNECT";
    ask(op);
    if (op->need == INTERIM__NEED_EXCHANGE)
        interim__report_plain(op, INTERIM_EVENT_CONNECTED, "new, to the proxy");
}

void interim__tunnel_leave(interim__operation *op)
{
    if (op->hop != INTERIM_HOP_TUNNEL)
        return;
    op->hop = op->passage->hop;
    op->hop_index = op->passage->hop_index;
    op->method = op->passage->method;
}

/* CONNECT again, now with an answer to the challenge: on this connection, if the proxy keeps it. */
static void ask_with_answer(interim__operation *op)
{
    bool same = interim__exchange_reusable(&op->talk->exchange);

    op->passage->rounds++;
    interim__following_report_answer(op);
    if (op->stop)
        return;
    interim__operation_drop_exchange(op);
    if (same) {
        op->reused = true;
        op->hop_index = op->passage->rounds;
        ask(op);
        return;
    }
    interim__tunnel_leave(op);
    interim__operation_begin(op, op->hop, op->hop_index, op->method, interim__uri_share(op->uri));
}

/* 1: the 407 is answered; 0: it is final, or the answer is none; or ENOMEM, ETLS. */
static int challenged(interim__operation *op)
{
    if (op->talk->answer.status != 407) {
        interim__proxy_login_accepted(&op->passage->login, &op->talk->answer.fields);
        return 0;
    }
    return interim__proxy_login_challenged(&op->passage->login, &op->talk->answer.fields,
                                           &op->environment->hasher, true);
}

static void fail(interim__operation *op)
{
    const char *refusal =
        op->talk->answer.status == 407 ? op->passage->login.authentication.refusal : NULL;
    int status = op->talk->answer.status;

    interim__error_set(op->error, INTERIM_EPROXY, INTERIM_STAGE_CONNECT,
                       "%.60s answered %d%s%s to CONNECT%s%s%s", interim__operation_peer(op),
                       status, op->talk->answer.reason[0] == '\0' ? "" : " ",
                       op->talk->answer.reason,
                       op->talk->exchange.persistent || status > 299 ? "" : ", and more behind it",
                       refusal == NULL ? "" : ": ", refusal == NULL ? "" : refusal);
    interim__ending_failed(op);
}

void interim__tunnel_answered(interim__operation *op)
{
    int status = op->talk->answer.status, answer = challenged(op);

    if (answer < 0) {
        interim__error_set(op->error, answer, INTERIM_STAGE_CONNECT, "out of memory");
        interim__ending_failed(op);
    } else if (answer > 0) {
        ask_with_answer(op);
    } else if (status < 200 || status > 299 || !op->talk->exchange.persistent) {
        /* The origin speaks only after us: what follows a 2xx was not asked for. */
        fail(op);
    } else {
        interim__tunnel_leave(op);
        interim__operation_drop_exchange(op);
        op->passage->rounds = 0;
        op->tunnelled = true;
        if (op->uri->tls)
            op->need = INTERIM__NEED_TLS;
        else
            interim__operation_begin_exchange(op);
    }
}
