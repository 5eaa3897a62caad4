/* operation.c - the lifecycle of an operation and what it is told. See operation.h. */
#include "operation/operation.h"

#include "operation/report.h"
#include "operation/resumption.h"
#include "operation/steps.h"
#include "operation/tunnel.h"

#include <stdlib.h>

/* Whether the URL of the exchange has a query, and it is not the caller's own. */
static bool hides_query(const interim__operation *op)
{
    interim_hop hop = op->hop == INTERIM_HOP_TUNNEL ? op->passage->hop : op->hop;
    bool own =
        hop == INTERIM_HOP_REQUEST || (hop == INTERIM_HOP_AUTHENTICATION && op->redirects == 0);

    return !own && op->uri->target[op->uri->path_length] == '?';
}

char *interim__operation_url(const interim__operation *op)
{
    return interim__uri_redacted(op->uri, hides_query(op));
}

const char *interim__operation_shown_url(const interim__operation *op)
{
    return hides_query(op) ? NULL : op->uri->text;
}

static void forget_url_text(interim__operation *op)
{
    free(op->url_text);
    op->url_text = NULL;
}

const char *interim__operation_url_text(interim__operation *op)
{
    if (!hides_query(op))
        return op->uri->text;
    if (op->url_text == NULL)
        op->url_text = interim__operation_url(op);
    return op->url_text == NULL ? "" : op->url_text;
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
                               .at_home = true,
                               .method = request->method,
                               .peer = "",
                               .now = now,
                               .error = &environment->error};
    if (prepare(op) < 0) {
        interim__result_free(op->result);
        free(op->authentication);
        interim__uri_dispose(&op->uri);
        interim__accepted_free(op->job);
        op->need = INTERIM__NEED_NOTHING; /* its memory may be looked at: see drive.c */
        return INTERIM_ENOMEM;
    }
    request->references++;
    request->in_flight++;
    interim__watchdog_start(&op->dog, &request->patience, now.monotonic);
    interim__report_plain(op, INTERIM_EVENT_START, "");
    return 0;
}

void interim__environment_dispose(interim__environment *environment)
{
    interim__talk_forget(&environment->spare);
}

void interim__operation_drop_exchange(interim__operation *op)
{
    if (op->environment->silent == op)
        op->environment->silent = NULL;
    interim__talk_free(op->talk, &op->environment->spare);
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

/* What most operations never had. */
static void dispose_of_the_rare(interim__operation *op)
{
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
    forget_url_text(op);
}

void interim__operation_dispose(interim__operation *op)
{
    if (op->talk != NULL)
        interim__operation_drop_exchange(op);
    if (op->job != NULL || op->learnt != NULL || op->upload != NULL || op->authentication != NULL ||
        op->passage != NULL || op->url_text != NULL)
        dispose_of_the_rare(op);
    interim__uri_dispose(&op->uri);
    if (op->result != NULL)
        interim__result_free(interim__operation_take_result(op));
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
    op->at_home = interim__uri_same_origin(op->request->uri, uri);
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
    interim__operation_sleep(op, op->job->poll_at);
    if (!interim__report_passes(op))
        interim__report_event(op,
                              &(interim__report){.kind = INTERIM_EVENT_WAITING,
                                                 .wait_ms = (op->job->poll_at - op->now.monotonic) /
                                                            INTERIM__NS_PER_MS});
    forget_url_text(op);
}

const char *interim__operation_peer(interim__operation *op)
{
    if (op->peer == NULL)
        op->peer = op->environment->peer(op);
    return op->peer;
}

void interim__operation_note_time(int64_t *out, const interim__operation *op)
{
    if (*out < 0)
        *out = (op->now.monotonic - op->dog.start) / INTERIM__NS_PER_MS;
}

void interim__operation_opened(interim__operation *op, const char *peer, bool reused,
                               interim__moment now)
{
    interim__operation_enter(op, now);
    op->reused = reused;
    op->keep_connection = false;
    op->peer = peer;
    if (!reused && interim__tunnel_is_needed(op))
        interim__tunnel_begin(op);
    else
        interim__operation_begin_exchange(op);
    interim__operation_settle(op);
}

void interim__operation_queued(interim__operation *op, const char *text, interim__moment now)
{
    op->now = now;
    op->queued = true;
    interim__watchdog_enter(&op->dog, INTERIM__PHASE_WAIT, op->request->patience.silence_ms,
                            now.monotonic);
    interim__report_plain(op, INTERIM_EVENT_QUEUED, text);
    interim__operation_settle(op);
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
    interim__operation_enter(op, now);
    *op->error = *error;
    interim__ending_failed(op);
    interim__operation_settle(op);
}

/* False: there is no memory to go on, which is the error. */
static bool wake(interim__operation *op)
{
    return interim__operation_wake(op) == 0 ||
           interim__error_set(op->error, INTERIM_ENOMEM, INTERIM_STAGE_HEAD, "out of memory") == 0;
}

void interim__operation_ended(interim__operation *op, bool clean, const interim_error *error,
                              interim__moment now)
{
    interim__operation_enter(op, now);
    /* What TLS has to say is more than that the stream ended, and so is what this machine is short
     * of. */
    if (error != NULL && (error->code == INTERIM_ETLS || error->code == INTERIM_ECERTIFICATE ||
                          error->code == INTERIM_ESYSTEM || error->code == INTERIM_ENOMEM))
        *op->error = *error;
    if (wake(op) && interim__exchange_end(&op->talk->exchange, clean) == INTERIM__STEP_OVER) {
        interim__following_over(op);
    } else {
        if (error != NULL && op->error->os_error == 0)
            op->error->os_error = error->os_error;
        interim__ending_failed(op);
    }
    interim__operation_settle(op);
}

size_t interim__operation_output(interim__operation *op, const char **data, interim__moment now)
{
    ptrdiff_t size;

    if (op->talk == NULL)
        return 0;
    interim__operation_enter(op, now);
    size = interim__sender_output(&op->talk->exchange.sender, data, op->error);
    if (size >= 0)
        return (size_t)size;
    interim__ending_failed(op);
    interim__operation_settle(op);
    return 0;
}

int64_t interim__operation_file(const interim__operation *op, int64_t *offset)
{
    int64_t size =
        op->talk == NULL ? 0 : interim__sender_movable(&op->talk->exchange.sender, offset);

    if (size > 0)
        *offset += op->request->body_offset;
    return size;
}

void interim__operation_sent(interim__operation *op, size_t size, interim__moment now)
{
    interim__sender *sender = &op->talk->exchange.sender;

    interim__operation_enter(op, now);
    interim__sender_sent(sender, size);
    if (op->hop == INTERIM_HOP_TUNNEL)
        return;
    op->begun = true;
    if (!interim__sender_done(sender)) {
        interim__watchdog_activity(&op->dog, now.monotonic);
        if (interim__sender_waits(sender))
            op->wake_at = now.monotonic + op->request->patience.continue_ms * INTERIM__NS_PER_MS;
        return;
    }
    interim__watchdog_sent(&op->dog, now.monotonic);
    interim__operation_note_time(&op->result->timing.sent_ms, op);
    interim__report_plain(op, INTERIM_EVENT_SENT, "");
    interim__operation_settle(op);
    interim__operation_rest(op);
}

void interim__operation_release_body(interim__operation *op)
{
    op->wake_at = INTERIM__FAR;
    if (op->talk != NULL)
        interim__sender_release(&op->talk->exchange.sender);
}

void interim__operation_unwritable(interim__operation *op)
{
    if (op->talk != NULL)
        interim__sender_abandon(&op->talk->exchange.sender);
}

void interim__operation_received(interim__operation *op, char *data, size_t size,
                                 interim__moment now)
{
    interim__operation_enter(op, now);
    if (wake(op))
        interim__response_receive(op, &data, &size);
    else
        interim__ending_failed(op);
    interim__operation_settle(op);
    interim__operation_rest(op);
}

void interim__operation_resume(interim__operation *op)
{
    op->resuming = op->paused;
}

void interim__operation_cancel(interim__operation *op)
{
    op->stop = true;
}

void interim__operation_starved(interim__operation *op, interim__moment now)
{
    interim__operation_enter(op, now);
    interim__ending_starved(op);
    interim__operation_settle(op);
}

int interim__operation_cancel_job(interim__operation *op)
{
    if (op->need == INTERIM__NEED_NOTHING || op->job == NULL || op->hop == INTERIM_HOP_RESULT ||
        !op->job->can_cancel)
        return INTERIM_EUNSUPPORTED;
    op->cancel_asked = true;
    return 0;
}

void interim__operation_told(interim__operation *op, const interim_message *answer,
                             const interim__uri *uri, interim__moment now)
{
    interim__operation_enter(op, now);
    interim__job_told(op, answer, uri);
    interim__operation_settle(op);
}
