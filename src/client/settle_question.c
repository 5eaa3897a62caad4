/* settle_question.c - one question of a settling: the operation that asks it, and what its answer
 * says, which operation/settle.h is told. */
#include "base/text.h"
#include "client/settling.h"
#include "exchange/date.h"
#include "operation/delay.h"
#include "operation/follow.h"

#include <string.h>

#define QUESTION_MS 60000 /* a server answers at once, or not at all */
#define QUESTION_MIN_MS 5000
#define DULL_BODY_MAX ((size_t)64 * 1024) /* of an answer that is no 207 */

static const char properties[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
    "<propfind xmlns=\"DAV:\"><prop><resourcetype/><getcontentlength/><getetag/><getlastmodified/>"
    "<creationdate/><lockdiscovery/></prop></propfind>\n";

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
    interim__settling_answered(settling, settling->trouble < 0 ? settling->trouble
                                         : stopped             ? INTERIM_ECANCELLED
                                                               : 0);
}

int interim__settling_ask(interim_settling *settling)
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
