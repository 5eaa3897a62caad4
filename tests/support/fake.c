/* fake.c - see fake.h. */
#include "support/fake.h"

#include "exchange/request_head.h"
#include "operation/patience.h"
#include "support/guard.h"
#include "transport/tls_hash.h"

#include <check.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 65536
#define JUMPS_MAX 100000

/* ---- Requests ------------------------------------------------------------------------------ */

static void add_field(interim_request *request, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    size_t name = (size_t)(colon - line), value = length - name - 2;
    char *block = malloc(length + 1);

    ck_assert_ptr_nonnull(block);
    memcpy(block, line, name);
    block[name] = '\0';
    memcpy(block + name + 1, colon + 2, value);
    block[name + 1 + value] = '\0';
    ck_assert_int_eq(interim__fields_add(&request->fields, block, name, block + name + 1, value),
                     0);
}

interim_request *fake_request(const char *method, const char *url, const char *fields)
{
    interim_request *request = calloc(1, sizeof *request);

    ck_assert_ptr_nonnull(request);
    request->references = 1;
    request->method = strdup(method);
    request->safe = interim__method_is_safe(method);
    request->body.length = INTERIM__BODY_NONE;
    ck_assert_int_eq(interim__uri_parse(&request->uri, url, strlen(url), NULL), 0);
    interim__patience_fill(&request->patience);
    interim__polling_fill(&request->polling);
    while (fields != NULL && *fields != '\0') {
        size_t length = strcspn(fields, "\n");

        add_field(request, fields, length);
        fields += length + 1;
    }
    return request;
}

void fake_set_login(interim_request *request, const char *user, const char *password)
{
    request->credentials.scheme = INTERIM_SCHEME_BASIC;
    ck_assert_int_eq(interim__credentials_set(&request->credentials, user, password, NULL), 0);
}

void fake_set_body(interim_request *request, const char *body)
{
    request->body_memory = strdup(body);
    request->body =
        (interim__body_source){.data = request->body_memory, .length = (int64_t)strlen(body)};
}

int fake_body(const void *data, size_t size, void *user)
{
    struct fake *fake = user;
    size_t room = sizeof fake->body - 1 - fake->body_length;

    memcpy(fake->body + fake->body_length, data, size < room ? size : room);
    fake->body_length += size < room ? size : room;
    return fake->body_answer;
}

/* ---- Answers ------------------------------------------------------------------------------- */

void fake_answer(interim__answer *out, const interim_request *request, int status, const char *text)
{
    const char *split = strstr(text, "\n\n");
    const char *end = split == NULL ? text + strlen(text) : split + 1;
    const char *body = split == NULL ? "" : split + 2;
    interim__fields fields = {0};

    *out = (interim__answer){
        .request = request, .uri = request == NULL ? NULL : request->uri, .status = status};
    while (text < end) {
        size_t length = strcspn(text, "\n"), name = strcspn(text, ":");

        ck_assert_int_eq(
            interim__fields_add(&fields, text, name, text + name + 2, length - name - 2), 0);
        text += length + 1;
    }
    out->fields.items = interim__fields_clone(fields.items, fields.count);
    out->fields.count = fields.count;
    interim__fields_dispose(&fields);
    interim__progress_init(&out->progress);
    interim__progress_read(&out->progress, &out->fields);
    ck_assert(interim__document_read(&out->document, &out->progress, body, strlen(body), "href"));
}

void fake_answer_free(interim__answer *answer)
{
    free(answer->fields.items);
    interim__document_dispose(&answer->document);
    answer->fields = (interim__fields){0};
}

/* ---- Events -------------------------------------------------------------------------------- */

static void record(struct fake *fake, const interim_event *event)
{
    static const char letters[] = "sctir>awpmyge";
    fake_event *kept = &fake->events[fake->event_count];

    *kept = (fake_event){.kind = event->kind,
                         .hop = event->hop,
                         .hop_index = event->hop_index,
                         .sequence = event->sequence,
                         .at = event->monotonic_ns - FAKE_START_NS,
                         .silence_ms = event->silence_ms,
                         .wait_ms = event->wait_ms,
                         .done = event->done,
                         .total = event->total,
                         .status = event->status,
                         .error = event->error == NULL ? 0 : event->error->code,
                         .percent = event->percent,
                         .field_count = event->field_count};
    snprintf(kept->url, sizeof kept->url, "%s", event->url);
    snprintf(kept->text, sizeof kept->text, "%s", event->text);
    snprintf(kept->method, sizeof kept->method, "%s", event->method);
    fake->trace[fake->event_count] = letters[event->kind];
}

static int on_event(interim__operation *op, const interim_event *event)
{
    struct fake *fake = (struct fake *)(void *)((char *)op - offsetof(struct fake, op));

    if (event->sequence != fake->event_count + 1 || fake->ends > 0)
        fake->disordered = true;
    fake->ends += event->kind == INTERIM_EVENT_END;
    if (fake->event_count < FAKE_EVENTS)
        record(fake, event);
    fake->event_count++;
    if (fake->queues && event->kind == INTERIM_EVENT_WAITING)
        fake->op.in_line = true;
    if (event->sequence == fake->cancel_job_at)
        fake->cancel_job_code = interim__operation_cancel_job(&fake->op);
    if (event->sequence != fake->cancel_at)
        return 0;
    if (!fake->cancel_quietly)
        return 1;
    interim__operation_cancel(&fake->op);
    return 0;
}

const fake_event *fake_find(const struct fake *fake, interim_event_kind kind, unsigned n)
{
    for (size_t i = 0; i < fake->event_count && i < FAKE_EVENTS; i++)
        if (fake->events[i].kind == kind && n-- == 0)
            return &fake->events[i];
    return NULL;
}

unsigned fake_count(const struct fake *fake, interim_event_kind kind)
{
    unsigned count = 0;

    while (fake_find(fake, kind, count) != NULL)
        count++;
    return count;
}

const char *fake_trace(const struct fake *fake)
{
    return fake->trace;
}

/* ---- Time ---------------------------------------------------------------------------------- */

static void set_clock(struct fake *fake, int64_t monotonic)
{
    fake->now.wall += monotonic - fake->now.monotonic;
    fake->now.monotonic = monotonic;
}

/* Time passes until target, or until the operation needs something else. */
static void pass_until(struct fake *fake, int64_t target)
{
    interim__need before = fake->op.need;
    unsigned number = fake->op.connections_left;

    for (int jumps = 0; fake->op.need == before && fake->op.connections_left == number; jumps++) {
        int64_t due = interim__operation_deadline(&fake->op);

        if (jumps == JUMPS_MAX)
            fake->fault = "its deadlines do not come to an end";
        if (due == INTERIM__FAR && target == INTERIM__FAR)
            fake->fault = "it waits for ever";
        if (fake->fault != NULL)
            return;
        if (due > target) {
            set_clock(fake, target);
            return;
        }
        if (due > fake->now.monotonic)
            set_clock(fake, due);
        interim__operation_tick(&fake->op, fake->now);
    }
}

/* ---- The connection ------------------------------------------------------------------------ */

static void send_output(struct fake *fake)
{
    const char *data;
    size_t size;

    while (!fake->stuck && fake->op.need == INTERIM__NEED_EXCHANGE &&
           (size = interim__operation_output(&fake->op, &data, fake->now)) > 0) {
        unsigned slot = (fake->connections - 1) % FAKE_EXCHANGES;
        size_t room = FAKE_SENT - fake->sent_length[slot];

        if (fake->sent_length[slot] == 0)
            fake->exchanges++;
        memcpy(fake->sent[slot] + fake->sent_length[slot], data, size < room ? size : room);
        fake->sent_length[slot] += size < room ? size : room;
        fake->sent[slot][fake->sent_length[slot]] = '\0';
        interim__operation_sent(&fake->op, size, fake->now);
    }
}

static void receive(struct fake *fake, const char *data, size_t length)
{
    unsigned number = fake->op.connections_left;
    size_t piece = fake->bytewise ? 1 : PIECE;

    while (length > 0 && fake->op.need == INTERIM__NEED_EXCHANGE &&
           fake->op.connections_left == number) {
        size_t size = length < piece ? length : piece;

        interim__operation_received(&fake->op, guarded(data, size), size, fake->now);
        data += size;
        length -= size;
    }
}

size_t fake_say(char *out, size_t size, int status, const char *text)
{
    const char *split = strstr(text, "\n\n");
    size_t fields = split == NULL ? strlen(text) : (size_t)(split - text) + 1;
    const char *body = split == NULL ? "" : split + 2;
    size_t at = (size_t)snprintf(out, size, "HTTP/1.1 %d Reason\r\n", status);

    for (size_t i = 0; i < fields && at + 2 < size; i++) {
        if (text[i] == '\n')
            out[at++] = '\r';
        out[at++] = text[i];
    }
    if (status >= 200 && status != 204)
        at += (size_t)snprintf(out + at, size - at, "Content-Length: %zu\r\n", strlen(body));
    at += (size_t)snprintf(out + at, size - at, "\r\n%s", body);
    if (at >= size)
        abort(); /* Check allocates memory for its assertions */
    return at;
}

static void end_connection(struct fake *fake, bool clean)
{
    interim_error error;

    interim__error_init(&error);
    error.os_error = clean ? 0 : ECONNRESET;
    interim__operation_ended(&fake->op, clean, clean ? NULL : &error, fake->now);
}

static void act(struct fake *fake, const fake_step *step)
{
    static char bytes[300000];

    switch (step->action) {
    case FAKE_SAY:
        receive(fake, bytes, fake_say(bytes, sizeof bytes, step->n, step->text));
        break;
    case FAKE_RAW:
        receive(fake, step->text, step->n == 0 ? strlen(step->text) : (size_t)step->n);
        break;
    case FAKE_FILL:
        memset(bytes, 'x', sizeof bytes);
        for (int left = step->n; left > 0; left -= PIECE)
            receive(fake, bytes, (size_t)(left < PIECE ? left : PIECE));
        break;
    case FAKE_END:
    case FAKE_CUT:
        end_connection(fake, step->action == FAKE_END);
        break;
    case FAKE_STUCK:
        fake->stuck = true;
        interim__operation_unwritable(&fake->op);
        break;
    case FAKE_STARVE:
        interim__operation_starved(&fake->op, fake->now);
        break;
    case FAKE_LATER:
        pass_until(fake, fake->now.monotonic + step->n * INTERIM__NS_PER_MS);
        break;
    case FAKE_HANG:
        pass_until(fake, INTERIM__FAR);
        break;
    default:
        fake->fault = "a step comes at the wrong time";
    }
}

static bool is_for_connecting(const fake_step *step)
{
    return step->action == FAKE_HANG || step->action == FAKE_LATER || step->action == FAKE_STARVE;
}

static void connect_or_not(struct fake *fake)
{
    bool reuse = fake->step->action == FAKE_REUSE;
    interim_error error;

    if (fake->step->action == FAKE_REFUSE) {
        interim__error_init(&error);
        interim__error_set(&error, fake->step->n, INTERIM_STAGE_CONNECT, "refused");
        fake->step++;
        interim__operation_unopened(&fake->op, &error, fake->now);
        return;
    }
    if (is_for_connecting(fake->step)) {
        act(fake, fake->step++);
        return;
    }
    fake->step += reuse || fake->step->action == FAKE_OPEN;
    fake->stuck = fake->step->action == FAKE_STUCK;
    fake->connections++;
    interim__operation_opened(&fake->op, "192.0.2.1:80", reuse, fake->now);
}

/* The exchange, on the connection that it has until it needs no more of it. */
static void exchange(struct fake *fake)
{
    unsigned number = fake->op.connections_left;

    while (fake->op.need == INTERIM__NEED_EXCHANGE && fake->op.connections_left == number &&
           fake->fault == NULL) {
        send_output(fake);
        if (fake->op.need != INTERIM__NEED_EXCHANGE || fake->op.connections_left != number)
            break;
        if (fake->step->action == FAKE_STOP) {
            interim__operation_cancel(&fake->op);
            interim__operation_tick(&fake->op, fake->now);
            break;
        }
        act(fake, fake->step++);
    }
    fake->kept += fake->op.keep_connection;
    fake->closed += !fake->op.keep_connection;
}

/* ---- The run ------------------------------------------------------------------------------- */

int fake_start(struct fake *out, interim_request *request)
{
    uint64_t cancel_at = out->cancel_at, cancel_job_at = out->cancel_job_at;
    bool bytewise = out->bytewise, quietly = out->cancel_quietly, queues = out->queues;
    int answer = out->body_answer;
    int failed;

    memset(out, 0, offsetof(struct fake, events));
    for (size_t i = 0; i < FAKE_EXCHANGES; i++)
        out->sent[i][0] = '\0';
    out->cancel_at = cancel_at;
    out->cancel_job_at = cancel_job_at;
    out->bytewise = bytewise;
    out->cancel_quietly = quietly;
    out->queues = queues;
    out->body_answer = answer;
    out->request = request;
    out->now = (interim__moment){FAKE_START_NS, FAKE_WALL_NS};
    (void)guarded("", 0);
    out->environment = (interim__environment){.observe = on_event,
                                              .user_agent = "fake/1",
                                              .body_cap = FAKE_BODY_CAP,
                                              .hasher = {interim__tls_hash, NULL}};
    interim__error_init(&out->environment.error);
    failed = interim__operation_init(&out->op, &out->environment, request, 7, 1, out->now);
    if (failed < 0) {
        interim__request_release(request);
        out->request = NULL;
    }
    return failed;
}

void fake_play(struct fake *fake, const fake_step *script)
{
    fake->step = script;
    while (fake->op.need != INTERIM__NEED_NOTHING && fake->fault == NULL) {
        bool over = fake->step->action == FAKE_STOP;

        if (fake->op.stop || (over && fake->op.need == INTERIM__NEED_CONNECTION)) {
            interim__operation_cancel(&fake->op);
            interim__operation_tick(&fake->op, fake->now);
            continue;
        }
        switch (fake->op.need) {
        case INTERIM__NEED_CONNECTION:
            connect_or_not(fake);
            if (fake->op.need == INTERIM__NEED_EXCHANGE)
                exchange(fake);
            break;
        case INTERIM__NEED_TLS: /* through a tunnel */
            fake->connections++;
            interim__operation_opened(&fake->op, "192.0.2.1:80", false, fake->now);
            break;
        case INTERIM__NEED_EXCHANGE: /* which the test began by itself */
            exchange(fake);
            break;
        default:
            pass_until(fake, INTERIM__FAR);
        }
    }
    if (fake->op.need == INTERIM__NEED_NOTHING && fake->result == NULL)
        fake->result = interim__operation_take_result(&fake->op);
}

void fake_check(const struct fake *fake)
{
    ck_assert_msg(fake->fault == NULL, "%s; so far: %s", fake->fault, fake->trace);
    ck_assert_uint_eq(fake->ends, 1);
    ck_assert(!fake->disordered);
    ck_assert_int_eq(fake->op.need, INTERIM__NEED_NOTHING);
    ck_assert_ptr_nonnull(fake->result);
    ck_assert_int_ne(fake->result->outcome, INTERIM_PENDING);
    ck_assert_int_eq(interim__operation_deadline(&fake->op), INTERIM__FAR);
    ck_assert_uint_eq(fake->result->error->size, sizeof(interim_error));
    ck_assert_str_ne(fake->result->reason, "");
}

void fake_run(struct fake *out, interim_request *request, const fake_step *script)
{
    ck_assert_int_eq(fake_start(out, request), 0);
    fake_play(out, script);
    fake_check(out);
}

void fake_finish(struct fake *fake)
{
    if (fake->request != NULL) {
        interim__operation_dispose(&fake->op);
        interim__environment_dispose(&fake->environment);
        interim__request_release(fake->request);
    }
    interim__result_free(fake->result);
    fake->request = NULL;
    fake->result = NULL;
    fake->cancel_at = fake->cancel_job_at = 0;
    fake->cancel_quietly = fake->bytewise = false;
    fake->body_answer = 0;
}
