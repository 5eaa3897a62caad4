/* log_object.c - what a line of the event log holds: the members of docs/event-log.md.
 *
 * Names are those of the OpenTelemetry semantic conventions where they have one; all others begin
 * with "interim.". No name is the beginning of another up to a dot ("interim.hop_index", not
 * "interim.hop.index"), because stores that nest names at their dots cannot hold both. A member is
 * left out where it says nothing; what a kind of event must have is in the schema. */
#include "client/log_json.h"

#include "exchange/date.h"
#include "exchange/uri.h"

#include <stdbool.h>
#include <string.h>

#define KEY INTERIM__JSON_KEY

typedef interim__json members;

static void add_integer(members *to, const char *key, size_t size, int64_t value)
{
    interim__json_key(to, key, size);
    interim__json_integer(to, value);
}

static void add_string(members *to, const char *key, size_t size, const char *text, size_t length,
                       size_t cap)
{
    interim__json_key(to, key, size);
    interim__json_string(to, text, length, cap);
}

/* "" and NULL are left out. */
static void add_text(members *to, const char *key, size_t size, const char *text, size_t cap)
{
    if (text != NULL && text[0] != '\0')
        add_string(to, key, size, text, strlen(text), cap);
}

static void add_word(members *to, const char *key, size_t size, const char *text)
{
    add_text(to, key, size, text, INTERIM__LOG_VALUE_MAX);
}

static void add_identity(members *to, const interim_event *event, long process_id)
{
    char time[INTERIM__RFC3339_SIZE];

    interim__date_rfc3339(time, event->wall_ns);
    add_word(to, KEY("time"), time);
    add_integer(to, KEY("process.pid"), process_id);
    add_integer(to, KEY("interim.operation"), (int64_t)event->operation);
    add_integer(to, KEY("interim.sequence"), (int64_t)event->sequence);
    add_word(to, KEY("interim.event"), interim_event_name(event->kind));
    add_word(to, KEY("interim.hop"), interim_hop_name(event->hop));
    add_integer(to, KEY("interim.hop_index"), (int64_t)event->hop_index);
    add_integer(to, KEY("interim.monotonic_ns"), event->monotonic_ns);
    add_integer(to, KEY("interim.elapsed_ms"), event->elapsed_ms);
    add_integer(to, KEY("interim.silence_ms"), event->silence_ms);
}

static void add_server(members *to, const char *url)
{
    interim__uri *uri;
    int status = interim__uri_parse(&uri, url, strlen(url), NULL);

    if (status == 0) {
        add_word(to, KEY("server.address"), uri->host);
        add_integer(to, KEY("server.port"), uri->port);
        interim__uri_dispose(&uri);
    }
    if (status == INTERIM_ENOMEM)
        to->failed = 1;
}

/* "192.0.2.1:443", "[2001:db8::1]:443", the brackets taken off, or "unix:/run/dav.sock". */
static void add_peer(members *to, const char *peer)
{
    const char *colon = peer == NULL ? NULL : strrchr(peer, ':');
    size_t length;
    int port = 0;

    if (colon == NULL)
        return;
    if (strncmp(peer, "unix:", 5) == 0) {
        add_word(to, KEY("network.transport"), "unix");
        add_word(to, KEY("network.peer.address"), peer + 5);
        return;
    }
    length = (size_t)(colon - peer);
    if (length > 1 && peer[0] == '[' && colon[-1] == ']') {
        peer++;
        length -= 2;
    }
    add_string(to, KEY("network.peer.address"), peer, length, INTERIM__LOG_VALUE_MAX);
    while (*++colon >= '0' && *colon <= '9' && port <= 65535)
        port = port * 10 + (*colon - '0');
    if (port > 0 && port <= 65535)
        add_integer(to, KEY("network.peer.port"), port);
}

static void write_request(members *to, const interim_event *event)
{
    add_word(to, KEY("http.request.method"), event->method);
    add_text(to, KEY("url.full"), event->url, INTERIM__URI_MAX);
    if (event->url != NULL && event->url[0] != '\0')
        add_server(to, event->url);
    add_peer(to, event->peer);
}

static bool is_same(const char *remembered, const char *text)
{
    return text != NULL && strcmp(remembered, text) == 0;
}

static bool copy(char *out, size_t size, const char *text)
{
    size_t length = text == NULL ? size : strlen(text);

    if (length >= size)
        return false;
    memcpy(out, text, length + 1);
    return true;
}

static void remember(interim__log_memory *memory, const interim_event *event, const char *text,
                     size_t length)
{
    memory->length = 0;
    if (length > sizeof memory->text ||
        !copy(memory->method, sizeof memory->method, event->method) ||
        !copy(memory->url, sizeof memory->url, event->url) ||
        !copy(memory->peer, sizeof memory->peer, event->peer))
        return;
    memcpy(memory->text, text, length);
    memory->length = length;
}

static void add_request(members *to, const interim_event *event, interim__log_memory *memory)
{
    bool own = !atomic_flag_test_and_set_explicit(&memory->busy, memory_order_acquire);
    size_t start = to->out.length;

    if (own && memory->length > 0 && is_same(memory->url, event->url) &&
        is_same(memory->peer, event->peer) && is_same(memory->method, event->method)) {
        interim__json_put(to, memory->text, memory->length);
    } else {
        write_request(to, event);
        if (own && !to->failed)
            remember(memory, event, to->out.data + start, to->out.length - start);
    }
    if (own)
        atomic_flag_clear_explicit(&memory->busy, memory_order_release);
}

static int is_message(interim_event_kind kind)
{
    return kind == INTERIM_EVENT_INTERIM || kind == INTERIM_EVENT_RESPONSE ||
           kind == INTERIM_EVENT_POLL;
}

static void add_message(members *to, const interim_event *event)
{
    if (event->status > 0)
        add_integer(to, KEY("http.response.status_code"), event->status);
    add_word(to, KEY("interim.reason"), event->reason);
    add_word(to, KEY("interim.server"), event->server);
    add_word(to, KEY("interim.via"), event->via);
    if (is_message(event->kind))
        interim__log_add_fields(to, event->fields, event->field_count);
}

static void add_progress(members *to, const interim_event *event)
{
    if (event->percent >= 0 && event->percent <= 100) {
        interim__json_key(to, KEY("interim.percent"));
        interim__json_number(to, event->percent);
    }
    if (event->done >= 0)
        add_integer(to, KEY("interim.done"), event->done);
    if (event->total >= 0)
        add_integer(to, KEY("interim.total"), event->total);
    if (event->kind == INTERIM_EVENT_WAITING || event->kind == INTERIM_EVENT_RETRY)
        add_integer(to, KEY("interim.wait_ms"), event->wait_ms);
}

static void add_error(members *to, const interim_error *error)
{
    add_word(to, KEY("error.type"), interim_error_name(error->code));
    add_integer(to, KEY("interim.error.code"), error->code);
    add_word(to, KEY("interim.error.stage"), interim_stage_name(error->stage));
    add_word(to, KEY("interim.error.text"), error->text);
    if (error->os_error != 0)
        add_integer(to, KEY("interim.error.os_error"), error->os_error);
    if (error->tls_error != 0)
        add_integer(to, KEY("interim.error.tls_error"), (int64_t)error->tls_error);
    if (error->status != 0)
        add_integer(to, KEY("interim.error.status"), error->status);
    if (error->offset >= 0)
        add_integer(to, KEY("interim.error.offset"), error->offset);
}

/* OpenTelemetry has error.type be the status where that alone is the failure. */
static void add_outcome(members *to, const interim_event *event)
{
    int has_error = event->error != NULL && event->error->code != 0;
    int is_end = event->kind == INTERIM_EVENT_END;

    if (is_end)
        add_word(to, KEY("interim.outcome"), interim_outcome_name(event->outcome));
    if (has_error && (is_end || event->kind == INTERIM_EVENT_RETRY)) {
        add_error(to, event->error);
    } else if (is_end && event->outcome == INTERIM_FAILED && event->status >= 400) {
        interim__json_key(to, KEY("error.type"));
        interim__json_put(to, "\"", 1);
        interim__json_integer(to, event->status);
        interim__json_put(to, "\"", 1);
    }
}

void interim__log_object(interim__json *out, const interim_event *event, long process_id,
                         interim__log_memory *memory)
{
    interim__json_put(out, "{", 1);
    add_identity(out, event, process_id);
    add_request(out, event, memory);
    add_message(out, event);
    add_progress(out, event);
    add_outcome(out, event);
    add_word(out, KEY("interim.text"), event->text);
    interim__json_put(out, "}", 1);
}
