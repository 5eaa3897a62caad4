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

typedef interim__json members;

static void add_integer(members *to, const char *name, int64_t value)
{
    interim__json_name(to, name);
    interim__json_integer(to, value);
}

static void add_string(members *to, const char *name, const char *text, size_t length, size_t cap)
{
    interim__json_name(to, name);
    interim__json_string(to, text, length, cap);
}

/* "" and NULL are left out. */
static void add_text(members *to, const char *name, const char *text, size_t cap)
{
    if (text != NULL && text[0] != '\0')
        add_string(to, name, text, strlen(text), cap);
}

static void add_word(members *to, const char *name, const char *text)
{
    add_text(to, name, text, INTERIM__LOG_VALUE_MAX);
}

static void add_identity(members *to, const interim_event *event, long process_id)
{
    char time[INTERIM__RFC3339_SIZE];

    interim__date_rfc3339(time, event->wall_ns);
    add_word(to, "time", time);
    add_integer(to, "process.pid", process_id);
    add_integer(to, "interim.operation", (int64_t)event->operation);
    add_integer(to, "interim.sequence", (int64_t)event->sequence);
    add_word(to, "interim.event", interim_event_name(event->kind));
    add_word(to, "interim.hop", interim_hop_name(event->hop));
    add_integer(to, "interim.hop_index", (int64_t)event->hop_index);
    add_integer(to, "interim.monotonic_ns", event->monotonic_ns);
    add_integer(to, "interim.elapsed_ms", event->elapsed_ms);
    add_integer(to, "interim.silence_ms", event->silence_ms);
}

static void add_place(members *to, const char *host, int port)
{
    add_word(to, "server.address", host);
    add_integer(to, "server.port", port);
}

static void remember(interim__log_memory *memory, const char *url, const interim__uri *uri)
{
    if (strlen(url) >= sizeof memory->url || strlen(uri->host) >= sizeof memory->host)
        return;
    strcpy(memory->url, url);
    strcpy(memory->host, uri->host);
    memory->port = uri->port;
}

static void add_server(members *to, const char *url, interim__log_memory *memory)
{
    bool own = !atomic_flag_test_and_set_explicit(&memory->busy, memory_order_acquire);
    interim__uri *uri;
    int status = 0;

    if (own && strcmp(memory->url, url) == 0) {
        add_place(to, memory->host, memory->port);
    } else {
        status = interim__uri_parse(&uri, url, strlen(url), NULL);
        if (status == 0) {
            add_place(to, uri->host, uri->port);
            if (own)
                remember(memory, url, uri);
            interim__uri_dispose(&uri);
        }
    }
    if (status == INTERIM_ENOMEM)
        to->failed = 1;
    if (own)
        atomic_flag_clear_explicit(&memory->busy, memory_order_release);
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
        add_word(to, "network.transport", "unix");
        add_word(to, "network.peer.address", peer + 5);
        return;
    }
    length = (size_t)(colon - peer);
    if (length > 1 && peer[0] == '[' && colon[-1] == ']') {
        peer++;
        length -= 2;
    }
    add_string(to, "network.peer.address", peer, length, INTERIM__LOG_VALUE_MAX);
    while (*++colon >= '0' && *colon <= '9' && port <= 65535)
        port = port * 10 + (*colon - '0');
    if (port > 0 && port <= 65535)
        add_integer(to, "network.peer.port", port);
}

static void add_request(members *to, const interim_event *event, interim__log_memory *memory)
{
    add_word(to, "http.request.method", event->method);
    add_text(to, "url.full", event->url, INTERIM__URI_MAX);
    if (event->url != NULL && event->url[0] != '\0')
        add_server(to, event->url, memory);
    add_peer(to, event->peer);
}

static int is_message(interim_event_kind kind)
{
    return kind == INTERIM_EVENT_INTERIM || kind == INTERIM_EVENT_RESPONSE ||
           kind == INTERIM_EVENT_POLL;
}

static void add_message(members *to, const interim_event *event)
{
    if (event->status > 0)
        add_integer(to, "http.response.status_code", event->status);
    add_word(to, "interim.reason", event->reason);
    add_word(to, "interim.server", event->server);
    add_word(to, "interim.via", event->via);
    if (is_message(event->kind))
        interim__log_add_fields(to, event->fields, event->field_count);
}

static void add_progress(members *to, const interim_event *event)
{
    if (event->percent >= 0 && event->percent <= 100) {
        interim__json_name(to, "interim.percent");
        interim__json_number(to, event->percent);
    }
    if (event->done >= 0)
        add_integer(to, "interim.done", event->done);
    if (event->total >= 0)
        add_integer(to, "interim.total", event->total);
    if (event->kind == INTERIM_EVENT_WAITING || event->kind == INTERIM_EVENT_RETRY)
        add_integer(to, "interim.wait_ms", event->wait_ms);
}

static void add_error(members *to, const interim_error *error)
{
    add_word(to, "error.type", interim_error_name(error->code));
    add_integer(to, "interim.error.code", error->code);
    add_word(to, "interim.error.stage", interim_stage_name(error->stage));
    add_word(to, "interim.error.text", error->text);
    if (error->os_error != 0)
        add_integer(to, "interim.error.os_error", error->os_error);
    if (error->tls_error != 0)
        add_integer(to, "interim.error.tls_error", (int64_t)error->tls_error);
    if (error->status != 0)
        add_integer(to, "interim.error.status", error->status);
    if (error->offset >= 0)
        add_integer(to, "interim.error.offset", error->offset);
}

/* OpenTelemetry has error.type be the status where that alone is the failure. */
static void add_outcome(members *to, const interim_event *event)
{
    int has_error = event->error != NULL && event->error->code != 0;
    int is_end = event->kind == INTERIM_EVENT_END;

    if (is_end)
        add_word(to, "interim.outcome", interim_outcome_name(event->outcome));
    if (has_error && (is_end || event->kind == INTERIM_EVENT_RETRY)) {
        add_error(to, event->error);
    } else if (is_end && event->outcome == INTERIM_FAILED && event->status >= 400) {
        interim__json_name(to, "error.type");
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
    add_word(out, "interim.text", event->text);
    interim__json_put(out, "}", 1);
}
