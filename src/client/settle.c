/* settle.c - the conductor of a settling: each question that operation/settle.h has is an operation
 * like any other, and the waits between looks are a timer of the loop. It has no knowledge of what
 * answers mean. A settling counts as an operation in flight, with a number and events of its own.
 */
#include "client/settle.h"

#include "base/text.h"
#include "exchange/date.h"
#include "operation/delay.h"
#include "operation/follow.h"
#include "operation/settle.h"

#include <stdlib.h>
#include <string.h>

#define QUESTION_MS 60000 /* a server answers at once, or not at all */
#define QUESTION_MIN_MS 5000
#define DULL_BODY_MAX ((size_t)64 * 1024) /* of an answer that is no 207 */

static const char properties[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
    "<propfind xmlns=\"DAV:\"><prop><resourcetype/><getcontentlength/><getetag/><getlastmodified/>"
    "<creationdate/><lockdiscovery/></prop></propfind>\n";

struct interim_settling {
    interim_client *client;
    interim_request *request;
    interim__settle machine;
    interim_settlement *settlement;
    interim_settled_fn on_settled;
    void *user;
    char *url; /* for events */
    uint64_t number, sequence;
    int64_t began;
    bool stop;
    interim__timer timer;
    /* The question that is being asked. */
    interim_operation *asking; /* NULL: none is */
    interim_multistatus *reader;
    size_t dull_bytes;
    bool enough; /* of a body that can tell nothing more */
    int trouble; /* ENOMEM while reading members */
    interim_settling *next, *previous;
};

/* ---- Events ---- */

static interim_outcome outcome_of(const interim_settlement *settlement)
{
    if (settlement->code == INTERIM_ECANCELLED)
        return INTERIM_CANCELLED;
    switch (settlement->finding) {
    case INTERIM_FOUND_DONE:
        return INTERIM_DONE;
    case INTERIM_FOUND_RUNNING:
        return INTERIM_STILL_RUNNING;
    case INTERIM_FOUND_NEVER:
        return INTERIM_FAILED;
    default:
        return INTERIM_UNKNOWN;
    }
}

static void report(interim_settling *settling, interim_event_kind kind, const char *text,
                   int64_t wait_ms)
{
    interim__drive *drive = &settling->client->drive;
    const int64_t now = interim__loop_monotonic_ns();
    interim_event event = {.size = sizeof event,
                           .kind = kind,
                           .hop_index = settling->settlement->looks,
                           .operation = settling->number,
                           .sequence = ++settling->sequence,
                           .wall_ns = interim__loop_wall_ns(),
                           .monotonic_ns = now,
                           .elapsed_ms = (now - settling->began) / INTERIM__NS_PER_MS,
                           .reason = "",
                           .method = "PROPFIND",
                           .url = settling->url,
                           .peer = "",
                           .server = "",
                           .via = "",
                           .percent = -1,
                           .done = -1,
                           .total = -1,
                           .wait_ms = wait_ms,
                           .text = text};

    if (kind == INTERIM_EVENT_END)
        event.outcome = outcome_of(settling->settlement);
    if (drive->observe(drive->observer, settling->request, &event) != 0)
        settling->stop = true;
}

/* ---- The life of a settling ---- */

static void unlink_settling(interim_settling *settling)
{
    if (settling->previous != NULL)
        settling->previous->next = settling->next;
    else
        settling->client->settlings = settling->next;
    if (settling->next != NULL)
        settling->next->previous = settling->previous;
}

static void dispose(interim_settling *settling)
{
    interim__settle_dispose(&settling->machine);
    interim_multistatus_free(settling->reader);
    interim__request_release(settling->request);
    interim_settlement_free(settling->settlement);
    free(settling->url);
    free(settling);
}

static void finish(interim_settling *settling, int code)
{
    interim_settlement *settlement = settling->settlement;

    interim__timer_set(settling->client->drive.transport.loop, &settling->timer, INTERIM__NEVER);
    settlement->code = code;
    if (code < 0) {
        settlement->finding = INTERIM_FOUND_UNCLEAR;
        settlement->certainty = INTERIM_CERTAINTY_NONE;
        strcpy(settlement->reason, interim_strerror(code));
    }
    report(settling, INTERIM_EVENT_END, settlement->reason, -1);
    unlink_settling(settling);
    settling->client->drive.in_flight--;
    settling->request->in_flight--;
    settling->settlement = NULL;
    settling->on_settled(settling, settlement, settling->user);
    dispose(settling);
}

static int ask(interim_settling *settling);

/* Goes on as the machine says. */
static void proceed(interim_settling *settling)
{
    interim__settle *machine = &settling->machine;
    const int64_t now = interim__loop_monotonic_ns();
    char text[450];
    int failed = 0;

    if (machine->looked) {
        interim__settle_describe(machine, text, sizeof text);
        report(settling, INTERIM_EVENT_LOOK, text, -1);
        machine->looked = false;
    }
    if (machine->need == INTERIM__SETTLE_WAIT && !settling->stop) {
        report(settling, INTERIM_EVENT_WAITING, "",
               (machine->wait_until - now) / INTERIM__NS_PER_MS);
        failed = interim__timer_set(settling->client->drive.transport.loop, &settling->timer,
                                    machine->wait_until);
    }
    if (machine->need == INTERIM__SETTLE_OVER)
        finish(settling, 0);
    else if (settling->stop || settling->client->freeing)
        finish(settling, INTERIM_ECANCELLED);
    else if (failed < 0 || (machine->need == INTERIM__SETTLE_ASK && (failed = ask(settling)) < 0))
        finish(settling, failed);
}

static void on_due(interim__timer *timer)
{
    interim_settling *settling =
        (interim_settling *)(void *)((char *)timer - offsetof(interim_settling, timer));

    interim__settle_tick(&settling->machine, interim__loop_monotonic_ns());
    proceed(settling);
}

/* ---- A question ---- */

/* What its callbacks say holds for the settling. */
static int pass_on(interim_settling *settling, interim_event_fn fn, const interim_event *event,
                   void *user)
{
    if (fn != NULL && fn(event, user) != 0)
        settling->stop = true;
    return settling->stop;
}

static int on_interim(const interim_event *event, void *user)
{
    const interim_request *request = ((interim_settling *)user)->request;

    return pass_on(user, request->on_interim, event, request->interim_user);
}

static int on_event(const interim_event *event, void *user)
{
    const interim_request *request = ((interim_settling *)user)->request;

    return pass_on(user, request->on_event, event, request->event_user);
}

static int on_member(const interim_member *member, void *user)
{
    interim_settling *settling = user;
    const int failed =
        interim__settle_member(&settling->machine, member, settling->asking->machine.uri);

    if (failed == INTERIM_ENOMEM)
        settling->trouble = failed;
    return failed;
}

static int on_body(const void *data, size_t size, void *user)
{
    interim_settling *settling = user;

    if (settling->asking->machine.last_status != 207) {
        settling->dull_bytes += size;
        settling->enough = settling->dull_bytes > DULL_BODY_MAX;
        return settling->enough ? -1 : 0;
    }
    if (settling->reader == NULL)
        settling->trouble = interim_multistatus_new(&settling->reader, 0, on_member, settling);
    if (settling->trouble == 0 && interim_multistatus_feed(settling->reader, data, size) == 0)
        return 0;
    settling->enough = true;
    return -1;
}

/* The same way to the same origin. */
static int copy_way(interim_request *question, const interim__way *way)
{
    int failed = interim_request_set_local_address(question, way->local);

    if (failed == 0 && way->socket_path != NULL)
        failed = interim_request_set_unix_socket(question, way->socket_path);
    if (failed == 0 && way->host != NULL)
        failed = interim_request_set_connect_to(question, way->host, way->port);
    return failed;
}

/* No coding, and no old news from a cache. */
static bool is_about_the_answer(const interim_field *field)
{
    return interim__text_is(field->name, field->name_length, "accept") ||
           interim__text_is(field->name, field->name_length, "accept-encoding") ||
           interim__text_is(field->name, field->name_length, "cache-control");
}

/* Who asks, and the fields of the request that are not about the work. */
static int copy_sender(interim_request *question, const interim_request *request)
{
    const interim__credentials *from = &request->credentials;
    interim__credentials *to = &question->credentials;
    int failed = interim__credentials_set(to, from->user, from->password, from->token);

    to->scheme = from->scheme;
    to->clear_text = from->clear_text;
    to->fresh = from->fresh;
    to->fresh_user = from->fresh_user;
    for (size_t i = 0; failed == 0 && i < request->fields.count; i++) {
        const interim_field *field = &request->fields.items[i];

        if (!interim__follow_is_about_the_method(field) && !is_about_the_answer(field))
            failed = interim_request_add_header(question, field->name, field->value);
    }
    if (failed == 0)
        failed = interim_request_add_header(question, "Cache-Control", "no-cache");
    if (failed == 0)
        failed = copy_way(question, &request->way);
    return failed;
}

static void limit_time(const interim_settling *settling, interim_request *question)
{
    const int64_t passed = (interim__loop_monotonic_ns() - settling->began) / INTERIM__NS_PER_MS;
    const int64_t deadline = settling->machine.options.deadline_ms, left = deadline - passed;
    const int64_t least = deadline < QUESTION_MIN_MS ? deadline : QUESTION_MIN_MS;

    question->patience = settling->request->patience;
    question->patience.total_ms = left < least ? least : left < QUESTION_MS ? left : QUESTION_MS;
    question->polling.mode = INTERIM_POLL_OFF;
}

static int make_question(interim_request **out, interim_settling *settling)
{
    const interim__question question = interim__settle_question(&settling->machine);
    interim_request *made;
    int failed = interim_request_new(&made, question.head ? "HEAD" : "PROPFIND", question.url);

    *out = NULL;
    if (failed < 0)
        return failed;
    failed = copy_sender(made, settling->request);
    limit_time(settling, made);
    interim_request_on_interim(made, on_interim, settling);
    interim_request_on_event(made, on_event, settling);
    interim_request_on_body(made, on_body, settling);
    if (failed == 0 && !question.head) {
        failed = interim_request_add_header(made, "Depth", question.depth == 0 ? "0" : "1");
        if (failed == 0)
            failed = interim_request_add_header(made, "Content-Type", "application/xml");
        if (failed == 0)
            failed = interim_request_set_body(made, properties, sizeof properties - 1);
    }
    if (failed == 0)
        *out = made;
    else
        interim_request_free(made);
    return failed;
}

static int64_t date_of(const interim_result *result, const char *name)
{
    const char *value = interim_result_header(result, name);
    int64_t seconds;

    if (value == NULL || !interim__date_parse(&seconds, value, strlen(value), 0) || seconds < 0)
        return -1;
    return seconds;
}

static int64_t length_of(const interim_result *result)
{
    const char *value = interim_result_header(result, "Content-Length");
    int64_t length;

    if (value == NULL || !interim__text_decimal(&length, value, strlen(value), NULL))
        return -1;
    return length;
}

static void hear(interim__heard *out, interim_settling *settling, const interim_operation *asking,
                 const interim_result *result)
{
    const interim__uri *asked = asking->machine.request->uri;

    *out = (interim__heard){.status = result->status,
                            .code = settling->enough ? 0 : result->error->code,
                            .elsewhere = !interim__uri_same_origin(asked, asking->machine.uri),
                            .text = result->error->text,
                            .url = interim_result_url(result),
                            .date_s = date_of(result, "Date"),
                            .length = length_of(result),
                            .modified_s = date_of(result, "Last-Modified"),
                            .etag = interim_result_header(result, "ETag")};
    if (settling->reader != NULL) {
        out->members = interim_multistatus_end(settling->reader);
        out->text = out->code == 0 ? interim_multistatus_problem(settling->reader) : out->text;
    } else if (result->status == 207) {
        out->members = INTERIM_EMULTISTATUS;
        out->text = out->code == 0 ? "it is empty" : out->text;
    }
}

static int64_t retry_after(interim_result *result)
{
    interim__fields fields = {.items = result->fields, .count = result->field_count};

    return interim__delay_asked_ms(&fields, interim__loop_wall_ns());
}

static void on_answered(interim_operation *operation, interim_result *result, void *user)
{
    interim_settling *settling = user;
    const bool stopped = result->outcome == INTERIM_CANCELLED && !settling->enough;
    interim__heard heard;

    hear(&heard, settling, operation, result);
    if (settling->trouble == 0 && heard.members == INTERIM_ENOMEM)
        settling->trouble = heard.members;
    if (settling->trouble == 0 && !stopped)
        interim__settle_answered(&settling->machine, &heard, retry_after(result),
                                 interim__loop_monotonic_ns());
    settling->asking = NULL;
    interim_result_free(result);
    interim_multistatus_free(settling->reader);
    settling->reader = NULL;
    if (settling->trouble < 0)
        finish(settling, settling->trouble);
    else if (stopped)
        finish(settling, INTERIM_ECANCELLED);
    else
        proceed(settling);
}

static int ask(interim_settling *settling)
{
    interim_request *question;
    int failed = make_question(&question, settling);

    if (failed < 0)
        return failed;
    settling->enough = false;
    settling->dull_bytes = 0;
    failed = interim_start(&settling->asking, settling->client, question, on_answered, settling);
    interim_request_free(question);
    return failed;
}

/* ---- The public functions ---- */

static int make(interim_settling **out, interim_client *client, interim_request *request,
                const interim_settle_options *options)
{
    const int64_t now = interim__loop_monotonic_ns();
    interim_settling *settling = calloc(1, sizeof *settling);
    int failed;

    if (settling == NULL)
        return INTERIM_ENOMEM;
    settling->settlement = calloc(1, sizeof *settling->settlement);
    settling->url = interim__uri_redacted(request->uri, false);
    failed = settling->settlement == NULL || settling->url == NULL ? INTERIM_ENOMEM : 0;
    if (failed == 0)
        failed =
            interim__settle_init(&settling->machine, request, options, settling->settlement, now);
    if (failed < 0) {
        free(settling->settlement);
        free(settling->url);
        free(settling);
        return failed;
    }
    settling->client = client;
    settling->request = request;
    request->references++;
    settling->began = now;
    interim__timer_init(&settling->timer, on_due);
    *out = settling;
    return 0;
}

int interim_settle_start(interim_settling **out, interim_client *client, interim_request *request,
                         const interim_settle_options *options, interim_settled_fn on_settled,
                         void *user)
{
    interim_settling *settling;
    int failed;

    if (out != NULL)
        *out = NULL;
    if (on_settled == NULL)
        return INTERIM_EINVAL;
    if (client->freeing)
        return INTERIM_EBUSY;
    failed = make(&settling, client, request, options);
    if (failed < 0)
        return failed;
    settling->on_settled = on_settled;
    settling->user = user;
    settling->number = ++client->drive.started;
    report(settling, INTERIM_EVENT_START, "", -1);
    failed = ask(settling);
    if (failed < 0) {
        dispose(settling);
        return failed;
    }
    if (settling->stop)
        interim_operation_cancel(settling->asking);
    settling->next = client->settlings;
    if (client->settlings != NULL)
        client->settlings->previous = settling;
    client->settlings = settling;
    client->drive.in_flight++;
    request->in_flight++;
    if (out != NULL)
        *out = settling;
    return 0;
}

/* The system does not let us wait any more. */
static void abort_settling(interim_settling *settling, int code)
{
    interim_client *client = settling->client;

    settling->stop = true;
    if (settling->asking == NULL) {
        finish(settling, code);
        return;
    }
    interim__drive_abort(settling->asking);
    interim__drive_deliver(&client->drive);
}

static void keep_settlement(interim_settling *settling, interim_settlement *settlement, void *user)
{
    (void)settling;
    *(interim_settlement **)user = settlement;
}

int interim_settle(interim_settlement **out, interim_client *client, interim_request *request,
                   const interim_settle_options *options)
{
    interim_settling *settling;
    int failed;

    *out = NULL;
    if (client->running)
        return INTERIM_EBUSY;
    failed = interim_settle_start(&settling, client, request, options, keep_settlement, out);
    if (failed < 0)
        return failed;
    while (*out == NULL) {
        failed = interim_client_run(client, -1);
        if (failed >= 0 || *out != NULL)
            continue;
        abort_settling(settling, failed);
        return failed;
    }
    return (*out)->code;
}

void interim_settling_cancel(interim_settling *settling)
{
    settling->stop = true;
    if (settling->asking != NULL)
        interim_operation_cancel(settling->asking);
    else /* it moves a timer that is set, which needs no memory */
        interim__timer_set(settling->client->drive.transport.loop, &settling->timer,
                           interim__loop_monotonic_ns());
}

void interim__settlings_abort(interim_client *client)
{
    while (client->settlings != NULL)
        abort_settling(client->settlings, INTERIM_ECANCELLED);
}

interim_finding interim_settlement_finding(const interim_settlement *settlement)
{
    return settlement->finding;
}

interim_certainty interim_settlement_certainty(const interim_settlement *settlement)
{
    return settlement->certainty;
}

int interim_settlement_code(const interim_settlement *settlement)
{
    return settlement->code;
}

const char *interim_settlement_reason(const interim_settlement *settlement)
{
    return settlement->reason;
}

const char *interim_settlement_evidence(const interim_settlement *settlement, size_t i)
{
    return i < settlement->evidence_count ? settlement->evidence[i] : NULL;
}

unsigned interim_settlement_looks(const interim_settlement *settlement)
{
    return settlement->looks;
}

const interim_place *interim_settlement_source(const interim_settlement *settlement)
{
    return &settlement->places[INTERIM__SOURCE];
}

const interim_place *interim_settlement_destination(const interim_settlement *settlement)
{
    return &settlement->places[INTERIM__DESTINATION];
}

void interim_settlement_free(interim_settlement *settlement)
{
    free(settlement);
}
