/* operation.c - the lifecycle of an operation and what it is told. See operation.h. */
#include "operation/operation.h"

#include "operation/delay.h"
#include "operation/follow.h"
#include "operation/report.h"
#include "operation/resumption.h"
#include "operation/steps.h"
#include "operation/tunnel.h"
#include "operation/uploading.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_SILENCE_MS 60000                   /* a monitor has little to think about */
#define LAST_POLL_NS (5 * INT64_C(1000000000))  /* for the poll at the deadline to be answered */
#define RISKY_IDLE_NS (1 * INT64_C(1000000000)) /* see interim__operation_idle_limit */

char *interim__operation_url(const interim__operation *op)
{
    bool own = op->hop == INTERIM_HOP_REQUEST ||
               (op->hop == INTERIM_HOP_AUTHENTICATION && op->redirects == 0);

    return interim__uri_redacted(op->uri, !own);
}

static void forget_url_text(interim__operation *op)
{
    free(op->url_text);
    op->url_text = NULL;
}

const char *interim__operation_url_text(interim__operation *op)
{
    if (op->url_text == NULL)
        op->url_text = interim__operation_url(op);
    return op->url_text == NULL ? "" : op->url_text;
}

/* Every input begins with this: what went wrong before, in this operation or another, is over. */
static void enter(interim__operation *op, interim__moment now)
{
    op->now = now;
    if (op->error->code != 0)
        interim__error_init(op->error);
}

/* Errors: ENOMEM. */
static int prepare(interim__operation *op)
{
    const interim__credentials *credentials = &op->request->credentials;

    op->result = interim__result_new();
    if (op->result == NULL)
        return INTERIM_ENOMEM;
    if (interim__credentials_are_there(credentials)) {
        op->authentication = malloc(sizeof *op->authentication);
        if (op->authentication == NULL)
            return INTERIM_ENOMEM;
        interim__authentication_init(op->authentication, credentials, false);
    }
    return op->request->resumed == NULL ? 0 : interim__resumption_prepare(op);
}

int interim__operation_init(interim__operation *op, interim__environment *environment,
                            interim_request *request, uint64_t number, uint64_t seed,
                            interim__moment now)
{
    *op = (interim__operation){.request = request,
                               .environment = environment,
                               .number = number,
                               .random = seed,
                               .need = INTERIM__NEED_CONNECTION,
                               .uri = interim__uri_share(request->uri),
                               .method = request->method,
                               .peer = "",
                               .now = now,
                               .error = &environment->error};
    if (prepare(op) < 0) {
        interim__result_free(op->result);
        free(op->authentication);
        interim__uri_dispose(&op->uri);
        interim__accepted_free(op->job);
        return INTERIM_ENOMEM;
    }
    request->references++;
    request->in_flight++;
    interim__watchdog_start(&op->dog, &request->patience, now.monotonic);
    interim__report_plain(op, INTERIM_EVENT_START, "");
    return 0;
}

void interim__operation_drop_exchange(interim__operation *op)
{
    interim__talk_free(op->talk);
    op->talk = NULL;
    op->paused = op->resuming = false;
    op->challenged = false;
    op->sink = INTERIM__SINK_LOOK;
}

static void leave_exchange(interim__operation *op)
{
    interim__operation_drop_exchange(op);
    op->connections_left++;
    op->tunnelled = op->queued = false;
    op->peer = "";
}

void interim__operation_dispose(interim__operation *op)
{
    leave_exchange(op);
    interim__accepted_free(op->job);
    interim__uri_dispose(&op->learnt);
    if (op->upload != NULL)
        interim__upload_dispose(op->upload);
    free(op->upload);
    if (op->authentication != NULL)
        interim__authentication_dispose(op->authentication);
    free(op->authentication);
    if (op->passage != NULL)
        interim__proxy_login_dispose(&op->passage->login);
    free(op->passage);
    interim__uri_dispose(&op->uri);
    if (op->result != NULL)
        interim__result_free(interim__operation_take_result(op));
    forget_url_text(op);
    interim__request_release(op->request);
}

interim_result *interim__operation_take_result(interim__operation *op)
{
    interim_result *result = op->result;

    op->result = NULL;
    op->request->in_flight--;
    return result;
}

void interim__operation_begin(interim__operation *op, interim_hop hop, unsigned hop_index,
                              const char *method, interim__uri *uri)
{
    leave_exchange(op);
    interim__uri_dispose(&op->uri);
    op->uri = uri;
    op->hop = hop;
    op->hop_index = hop_index;
    op->method = method;
    op->uploading = hop == INTERIM_HOP_UPLOAD;
    forget_url_text(op);
    interim__error_init(op->error);
    interim__watchdog_enter(&op->dog, INTERIM__PHASE_CONNECT, op->request->patience.silence_ms,
                            op->now.monotonic);
    op->need = INTERIM__NEED_CONNECTION;
}

void interim__operation_sleep(interim__operation *op, int64_t until)
{
    leave_exchange(op);
    interim__watchdog_enter(&op->dog, INTERIM__PHASE_WAIT, op->request->patience.silence_ms,
                            op->now.monotonic);
    op->wake_at = until;
    op->need = INTERIM__NEED_TIME;
}

void interim__operation_wait(interim__operation *op)
{
    int64_t wait = op->job->poll_at - op->now.monotonic;

    interim__operation_sleep(op, op->job->poll_at);
    interim__report_event(op, &(interim__report){.kind = INTERIM_EVENT_WAITING,
                                                 .wait_ms = wait / INTERIM__NS_PER_MS});
    forget_url_text(op);
}

/* After any input: what the caller asked for meanwhile. */
static void settle(interim__operation *op)
{
    if (op->stop && op->need != INTERIM__NEED_NOTHING)
        interim__ending_cancelled(op);
}

static int64_t silence_limit_ms(const interim__operation *op)
{
    int64_t limit = op->request->patience.silence_ms;

    bool brief = interim__follow_is_poll(op->hop) ||
                 (op->hop == INTERIM_HOP_UPLOAD && strcmp(op->method, "HEAD") == 0);

    return brief && limit > POLL_SILENCE_MS ? POLL_SILENCE_MS : limit;
}

static void note_time(int64_t *out, const interim__operation *op)
{
    if (*out < 0)
        *out = (op->now.monotonic - op->dog.start) / INTERIM__NS_PER_MS;
}

interim_hop interim__operation_asks_as(const interim__operation *op)
{
    return op->hop == INTERIM_HOP_POLL && op->job->dialect->repeats ? INTERIM_HOP_REQUEST : op->hop;
}

/* Both may hold a password. */
static void forget(interim__buffer *secret)
{
    if (secret->data != NULL)
        OPENSSL_cleanse(secret->data, secret->capacity);
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

static int write_head(interim__operation *op, interim__body_source *body)
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

int interim__operation_pass(interim__operation *op)
{
    if (op->passage == NULL)
        op->passage = calloc(1, sizeof *op->passage);
    return op->passage == NULL ? INTERIM_ENOMEM : 0;
}

int interim__operation_talk(interim__operation *op)
{
    op->talk = interim__talk_new();
    if (op->talk == NULL)
        return INTERIM_ENOMEM;
    interim__exchange_init(&op->talk->exchange, op->method, op->error);
    op->talk->exchanging = true;
    return 0;
}

void interim__operation_begin_exchange(interim__operation *op)
{
    interim__body_source body;

    note_time(&op->result->timing.connected_ms, op);
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

void interim__operation_opened(interim__operation *op, const char *peer, bool reused,
                               interim__moment now)
{
    enter(op, now);
    op->reused = reused;
    op->keep_connection = false;
    op->peer = peer;
    if (interim__tunnel_is_needed(op, reused))
        interim__tunnel_begin(op);
    else
        interim__operation_begin_exchange(op);
    settle(op);
}

void interim__operation_queued(interim__operation *op, const char *text, interim__moment now)
{
    op->now = now;
    op->queued = true;
    interim__watchdog_enter(&op->dog, INTERIM__PHASE_WAIT, op->request->patience.silence_ms,
                            now.monotonic);
    interim__report_plain(op, INTERIM_EVENT_QUEUED, text);
    settle(op);
}

void interim__operation_let_in(interim__operation *op, interim__moment now)
{
    if (!op->queued)
        return;
    op->now = now;
    op->queued = false;
    interim__watchdog_enter(&op->dog, INTERIM__PHASE_CONNECT, op->request->patience.silence_ms,
                            now.monotonic);
}

void interim__operation_unopened(interim__operation *op, const interim_error *error,
                                 interim__moment now)
{
    enter(op, now);
    *op->error = *error;
    interim__ending_failed(op);
    settle(op);
}

void interim__operation_ended(interim__operation *op, bool clean, const interim_error *error,
                              interim__moment now)
{
    enter(op, now);
    /* What TLS has to say is more than that the stream ended. */
    if (error != NULL && (error->code == INTERIM_ETLS || error->code == INTERIM_ECERTIFICATE))
        *op->error = *error;
    if (interim__exchange_end(&op->talk->exchange, clean) == INTERIM__STEP_OVER) {
        interim__following_over(op);
    } else {
        if (error != NULL && op->error->os_error == 0)
            op->error->os_error = error->os_error;
        interim__ending_failed(op);
    }
    settle(op);
}

size_t interim__operation_output(interim__operation *op, const char **data, interim__moment now)
{
    ptrdiff_t size;

    enter(op, now);
    size = interim__sender_output(&op->talk->exchange.sender, data, op->error);
    if (size >= 0)
        return (size_t)size;
    interim__ending_failed(op);
    settle(op);
    return 0;
}

int64_t interim__operation_file(const interim__operation *op, int64_t *offset)
{
    int64_t size = interim__sender_movable(&op->talk->exchange.sender, offset);

    if (size > 0)
        *offset += op->request->body_offset;
    return size;
}

void interim__operation_sent(interim__operation *op, size_t size, interim__moment now)
{
    enter(op, now);
    interim__sender_sent(&op->talk->exchange.sender, size);
    if (op->hop == INTERIM_HOP_TUNNEL)
        return;
    op->begun = true;
    interim__watchdog_activity(&op->dog, now.monotonic);
    if (interim__sender_waits(&op->talk->exchange.sender))
        op->wake_at = now.monotonic + op->request->patience.continue_ms * INTERIM__NS_PER_MS;
    if (!interim__sender_done(&op->talk->exchange.sender))
        return;
    interim__watchdog_sent(&op->dog, now.monotonic);
    note_time(&op->result->timing.sent_ms, op);
    interim__report_plain(op, INTERIM_EVENT_SENT, "");
    settle(op);
}

void interim__operation_release_body(interim__operation *op)
{
    op->wake_at = INTERIM__FAR;
    interim__sender_release(&op->talk->exchange.sender);
}

void interim__operation_unwritable(interim__operation *op)
{
    interim__sender_abandon(&op->talk->exchange.sender);
}

void interim__operation_received(interim__operation *op, char *data, size_t size,
                                 interim__moment now)
{
    enter(op, now);
    interim__response_receive(op, &data, &size);
    settle(op);
}

bool interim__operation_reads(const interim__operation *op)
{
    return op->need == INTERIM__NEED_EXCHANGE && !op->paused;
}

void interim__operation_resume(interim__operation *op)
{
    op->resuming = op->paused;
}

void interim__operation_cancel(interim__operation *op)
{
    op->stop = true;
}

int interim__operation_cancel_job(interim__operation *op)
{
    if (op->need == INTERIM__NEED_NOTHING || op->job == NULL || op->hop == INTERIM_HOP_RESULT ||
        !op->job->can_cancel)
        return INTERIM_EUNSUPPORTED;
    op->cancel_asked = true;
    return 0;
}

/* The job is to be stopped, and nothing else is being asked. */
static bool cancel_is_due(const interim__operation *op)
{
    return op->cancel_asked && op->need == INTERIM__NEED_TIME;
}

static bool is_polling(const interim__operation *op)
{
    return op->job != NULL && interim__follow_is_poll(op->hop);
}

/* The end of waiting for the job, with time for the poll that is under way. An answer that is the
 * last one may take longer: the job has ended in time. */
static int64_t job_deadline(const interim__operation *op)
{
    if (interim__talk_exchanges(op->talk) && op->talk->exchange.state == INTERIM__EXCHANGE_BODY &&
        op->sink == INTERIM__SINK_FINAL)
        return INTERIM__FAR;
    if (!is_polling(op) || op->need == INTERIM__NEED_TIME || op->job->deadline == INTERIM__FAR)
        return INTERIM__FAR;
    return op->job->deadline + LAST_POLL_NS;
}

static int64_t next_poll(const interim__operation *op)
{
    return op->in_line ? op->job->deadline : op->wake_at;
}

int64_t interim__operation_deadline(const interim__operation *op)
{
    int64_t limit = interim__watchdog_deadline(&op->dog);
    int64_t job = op->need == INTERIM__NEED_TIME ? next_poll(op) : job_deadline(op);

    if (op->need == INTERIM__NEED_NOTHING)
        return INTERIM__FAR;
    if (op->stop || op->resuming || op->from_token || cancel_is_due(op))
        return op->now.monotonic;
    if (op->need == INTERIM__NEED_EXCHANGE && op->wake_at < limit)
        limit = op->wake_at;
    return limit < job ? limit : job;
}

bool interim__operation_poll_is_due(const interim__operation *op, int64_t monotonic)
{
    return op->need == INTERIM__NEED_TIME && op->job != NULL && !op->from_token &&
           monotonic >= op->wake_at;
}

bool interim__operation_is_polling(const interim__operation *op)
{
    interim_hop hop = op->hop == INTERIM_HOP_TUNNEL ? op->passage->hop : op->hop;
    bool over = interim__talk_exchanges(op->talk) && op->sink == INTERIM__SINK_FINAL;

    return hop == INTERIM_HOP_POLL && !over && op->need != INTERIM__NEED_TIME &&
           op->need != INTERIM__NEED_NOTHING;
}

void interim__operation_told(interim__operation *op, const interim_message *answer,
                             const interim__uri *uri, interim__moment now)
{
    enter(op, now);
    interim__job_told(op, answer, uri);
    settle(op);
}

static void limit_passed(interim__operation *op, int code)
{
    static const interim_stage stages[] = {INTERIM_STAGE_CONNECT, INTERIM_STAGE_HEAD,
                                           INTERIM_STAGE_WAIT};
    interim_stage stage = stages[op->dog.phase];
    int64_t silence_ms = interim__watchdog_silence_ms(&op->dog, op->now.monotonic);

    if (op->dog.phase == INTERIM__PHASE_EXCHANGE &&
        op->talk->exchange.state == INTERIM__EXCHANGE_BODY)
        stage = INTERIM_STAGE_BODY;
    if (op->queued)
        interim__error_set(op->error, code, stage, "it was in line for a connection");
    else if (op->signs == 0)
        interim__error_set(op->error, code, stage, "there was no sign of life");
    else
        interim__error_set(op->error, code, stage, "%u sign%s of life, the last %lld s ago",
                           op->signs, op->signs == 1 ? "" : "s", (long long)(silence_ms / 1000));
    if (code == INTERIM_ETOTAL || code == INTERIM_EPOLL_DEADLINE)
        interim__ending_deadline(op);
    else
        interim__ending_failed(op);
}

static void poll(interim__operation *op)
{
    interim__accepted *job = op->job;
    interim__uri *uri;

    interim__accepted_ask(job);
    uri = interim__uri_share(job->current);
    interim__operation_begin(op, INTERIM_HOP_POLL, job->polls, interim__accepted_method(job), uri);
}

static void cancel_job(interim__operation *op)
{
    interim__uri *uri = interim__uri_share(op->job->monitor);

    op->cancel_asked = false;
    op->job->cancelling = true;
    interim__operation_begin(op, INTERIM_HOP_CANCEL, 0, "DELETE", uri);
}

void interim__operation_tick(interim__operation *op, interim__moment now)
{
    int due;

    enter(op, now);
    settle(op);
    if (op->need == INTERIM__NEED_NOTHING)
        return;
    if (op->need == INTERIM__NEED_EXCHANGE && now.monotonic >= op->wake_at)
        interim__operation_release_body(op);
    if (op->resuming)
        interim__response_resume(op);
    if (op->paused) /* our silence, not the server's */
        interim__watchdog_activity(&op->dog, now.monotonic);
    due = interim__watchdog_check(&op->dog, now.monotonic);
    if (due == 0 && now.monotonic >= job_deadline(op))
        due = INTERIM_EPOLL_DEADLINE;
    if (due < 0)
        limit_passed(op, due);
    else if (due > 0)
        interim__report_plain(op, INTERIM_EVENT_GAP, "");
    if (op->from_token && op->need != INTERIM__NEED_NOTHING)
        interim__resumption_begin(op);
    else if (cancel_is_due(op))
        cancel_job(op);
    else if (interim__operation_poll_is_due(op, now.monotonic) &&
             (!op->in_line || now.monotonic >= op->job->deadline))
        poll(op);
    else if (op->need == INTERIM__NEED_TIME && op->job == NULL && now.monotonic >= op->wake_at)
        interim__uploading_ask(op);
    settle(op);
}

const interim__way *interim__operation_way(const interim__operation *op)
{
    static const interim__way none = {0};

    return interim__uri_same_origin(op->request->uri, op->uri) ? &op->request->way : &none;
}

/* No proxy can be asked for a Unix-domain socket of this machine. */
interim__route *interim__operation_route(const interim__operation *op)
{
    if (op->environment->routes == NULL || interim__operation_way(op)->socket_path != NULL)
        return NULL;
    return interim__routes_find(op->environment->routes, op->uri);
}

/* A request in absolute form would leave it to the proxy where to connect to. */
bool interim__operation_tunnels(const interim__operation *op)
{
    const interim__route *route = interim__operation_route(op);

    return route != NULL && route->kind == INTERIM__ROUTE_HTTP &&
           (op->uri->tls || interim__operation_way(op)->host != NULL);
}

bool interim__operation_is_forwarded(const interim__operation *op)
{
    const interim__route *route = interim__operation_route(op);

    return route != NULL && route->kind == INTERIM__ROUTE_HTTP && !interim__operation_tunnels(op);
}

int64_t interim__operation_idle_limit(const interim__operation *op)
{
    if (op->fresh_connection)
        return -1;
    return interim__method_is_safe(op->method) ? INTERIM__FAR : RISKY_IDLE_NS;
}
