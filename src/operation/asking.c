/* asking.c - an exchange of an operation begins: what its request says, and who it says that it is
 * from. See operation.h. */
#include "exchange/request_head.h"
#include "operation/follow.h"
#include "operation/prepared.h"
#include "operation/report.h"
#include "operation/steps.h"
#include "operation/uploading.h"

#include <stdlib.h>
#include <string.h>

#define POLL_SILENCE_MS 60000 /* a monitor has little to think about */

interim_hop interim__operation_asks_as(const interim__operation *op)
{
    return op->hop == INTERIM_HOP_POLL && op->job->dialect->repeats ? INTERIM_HOP_REQUEST : op->hop;
}

/* Both may hold a password. */
static void forget(interim__buffer *secret)
{
    if (secret->data != NULL)
        explicit_bzero(secret->data, secret->capacity);
    interim__buffer_dispose(secret);
}

/* What proves to the proxy, and to the origin, who asks. Errors: ENOMEM. */
static int prove(interim__operation *op, interim__proofs *out, interim__buffer *origin,
                 interim__buffer *proxy, const interim__digest_subject *subject)
{
    interim__digest_subject forwarded = *subject;
    int failed = 0;

    *out = (interim__proofs){.by_proxy = interim__operation_is_forwarded(op),
                             .closes = op->environment->single_use};
    forwarded.target = op->uri->text;
    if (op->authentication != NULL && interim__follow_logs_in(op->request, op->uri))
        failed = interim__authentication_write(origin, op->authentication, subject, &op->random);
    if (failed == 0 && out->by_proxy)
        failed = interim__operation_pass(op);
    if (failed == 0 && out->by_proxy)
        failed = interim__proxy_login_write(proxy, &op->passage->login,
                                            interim__operation_route(op), &forwarded, &op->random);
    out->to_origin = origin->length == 0 ? NULL : origin->data;
    out->to_proxy = proxy->length == 0 ? NULL : proxy->data;
    return failed;
}

/* Whether nothing is said that is of this operation alone, as a proof of who asks is. */
static bool says_the_usual(const interim__operation *op)
{
    return op->authentication == NULL && !op->uploading && !interim__operation_is_forwarded(op);
}

/* Whether this is the caller's request, as it is always sent. */
static bool is_plain(const interim__operation *op)
{
    return op->hop == INTERIM_HOP_REQUEST && op->uri == op->request->uri && op->expects &&
           says_the_usual(op);
}

/* Whether this is a poll, by GET, like all others of the request but for its URL. */
static bool is_plain_poll(const interim__operation *op)
{
    return interim__operation_asks_as(op) == INTERIM_HOP_POLL && op->job->dialect->method == NULL &&
           says_the_usual(op) && op->at_home;
}

/* The head that was sent before. False: there is none. */
static bool send_prepared(interim__operation *op, interim__body_source *body)
{
    const interim__environment *environment = op->environment;
    const interim__prepared *prepared = interim__prepared_if(
        op->request->prepared, environment->user_agent, environment->single_use);

    if (prepared == NULL)
        return false;
    interim__sender_borrow(&op->talk->exchange.sender, prepared->text, prepared->length);
    *body = op->request->body;
    op->expects = prepared->expects;
    return true;
}

/* The same of a poll. */
static bool send_prepared_poll(interim__operation *op, interim__body_source *body)
{
    const interim__environment *environment = op->environment;
    const interim__prepared *prepared =
        interim__prepared_if(op->request->poll, environment->user_agent, environment->single_use);
    static const char get[] = "GET ";
    interim__buffer *out = &op->talk->asked;
    size_t target = strlen(op->uri->target), words = sizeof get - 1 + target;

    if (prepared == NULL || interim__buffer_reserve(out, words + prepared->length) < 0)
        return false;
    memcpy(out->data, get, sizeof get - 1);
    memcpy(out->data + sizeof get - 1, op->uri->target, target);
    memcpy(out->data + words, prepared->text, prepared->length);
    interim__sender_borrow(&op->talk->exchange.sender, out->data, words + prepared->length);
    *body = (interim__body_source){.length = INTERIM__BODY_NONE};
    op->expects = false;
    return true;
}

/* For the next time. */
static void keep(interim__operation *op, bool poll)
{
    const interim__environment *environment = op->environment;
    const interim__buffer *head = &op->talk->exchange.sender.out;
    size_t words = strlen(op->method) + 1 + strlen(op->uri->target);

    if (poll)
        interim__prepared_keep_poll(op->request, head->data + words, head->length - words,
                                    environment->user_agent, environment->single_use);
    else
        interim__prepared_keep(op->request, head, environment->user_agent, environment->single_use,
                               op->expects);
}

static int write_anew(interim__operation *op, interim__body_source *body)
{
    interim_hop hop = interim__operation_asks_as(op);
    interim__body_source source = interim__uploading_body(op);
    interim__digest_subject subject = {.method = op->method,
                                       .target = op->uri->target,
                                       .body = source.data,
                                       .body_length =
                                           source.data == NULL ? 0 : (size_t)source.length,
                                       .body_known = interim__follow_knows(&source)};
    interim__buffer origin = {0}, proxy = {0};
    interim__proofs proofs;
    int failed = prove(op, &proofs, &origin, &proxy, &subject);

    if (failed == 0)
        failed = interim__follow_write(&op->talk->exchange.sender.out, body, op->request, hop,
                                       op->method, op->uri, &proofs, op->environment->user_agent,
                                       op->uploading ? op->upload : NULL, &op->expects);
    forget(&origin);
    forget(&proxy);
    return failed;
}

static int write_head(interim__operation *op, interim__body_source *body)
{
    bool plain = is_plain(op), poll = !plain && is_plain_poll(op);
    int failed;

    if ((plain && send_prepared(op, body)) || (poll && send_prepared_poll(op, body)))
        return 0;
    failed = write_anew(op, body);
    if (failed == 0 && (plain || poll))
        keep(op, poll);
    return failed;
}

int interim__operation_pass(interim__operation *op)
{
    if (op->passage == NULL)
        op->passage = calloc(1, sizeof *op->passage);
    return op->passage == NULL ? INTERIM_ENOMEM : 0;
}

int interim__operation_talk(interim__operation *op)
{
    if (interim__operation_room(op) < 0)
        return INTERIM_ENOMEM;
    interim__exchange_init(&op->talk->exchange, op->method, op->error);
    op->talk->exchanging = true;
    return 0;
}

static int64_t silence_limit_ms(const interim__operation *op)
{
    int64_t limit = op->request->patience.silence_ms;

    bool brief = interim__follow_is_poll(op->hop) ||
                 (op->hop == INTERIM_HOP_UPLOAD && strcmp(op->method, "HEAD") == 0);

    return brief && limit > POLL_SILENCE_MS ? POLL_SILENCE_MS : limit;
}

void interim__operation_begin_exchange(interim__operation *op)
{
    interim__body_source body;

    interim__operation_note_time(&op->result->timing.connected_ms, op);
    op->expects = !op->expects_nothing;
    if (interim__uploading_begin(op) < 0 || interim__operation_talk(op) < 0 ||
        write_head(op, &body) < 0) {
        interim__error_set(op->error, INTERIM_ENOMEM, INTERIM_STAGE_SEND, "out of memory");
        interim__ending_failed(op);
        return;
    }
    interim__sender_start(&op->talk->exchange.sender, &body);
    op->talk->exchange.sender.held = op->expects;
    op->wake_at = INTERIM__FAR;
    op->need = INTERIM__NEED_EXCHANGE;
    interim__watchdog_enter(&op->dog, INTERIM__PHASE_EXCHANGE, silence_limit_ms(op),
                            op->now.monotonic);
    interim__report_plain(op, INTERIM_EVENT_CONNECTED, op->reused ? "reused" : "new");
}
