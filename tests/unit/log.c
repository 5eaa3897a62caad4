/* log.c - tests of src/client/log_object.c and log_fields.c: what a line holds, and what it must
 * never hold. */
#include "client/log.h"

#include "client/log_json.h"
#include "log_cases.h"
#include "suites.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

interim_event log_plain_event(interim_event_kind kind)
{
    interim_event event = {
        .size = sizeof event,
        .kind = kind,
        .operation = 3,
        .sequence = 7,
        .wall_ns = INT64_C(1795343880123456789),
        .monotonic_ns = INT64_C(987654321012345),
        .elapsed_ms = 61000,
        .silence_ms = 29000,
        .reason = "",
        .method = "COPY",
        .url = LOG_URL,
        .peer = "192.0.2.1:8443",
        .server = "",
        .via = "",
        .percent = -1,
        .done = -1,
        .total = -1,
        .wait_ms = -1,
        .text = "",
    };

    return event;
}

interim_field log_field(const char *name, const char *value)
{
    return (interim_field){name, value, strlen(name), strlen(value)};
}

/* The raw bytes that count events leave in a file, to be freed. */
static char *logged(const interim_event *events, size_t count, size_t *size)
{
    FILE *file = tmpfile();
    interim_log *log;
    uint64_t lost = 99;
    char *bytes;
    off_t end;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(interim_log_open(&log, fileno(file), INTERIM_LOG_JSON_LINES), 0);
    for (size_t i = 0; i < count; i++)
        interim__log_event(log, &events[i]);
    ck_assert_int_eq(interim_log_close(log, &lost), 0);
    ck_assert_uint_eq(lost, 0);
    end = lseek(fileno(file), 0, SEEK_END);
    bytes = calloc(1, (size_t)end + 1);
    ck_assert_int_eq(pread(fileno(file), bytes, (size_t)end, 0), end);
    fclose(file);
    *size = (size_t)end;
    return bytes;
}

/* One event as the object that its line is. */
static json_t *line_of(const interim_event *event)
{
    size_t size;
    char *bytes = logged(event, 1, &size);
    json_error_t error;
    json_t *object = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(object != NULL, "%s: %s", error.text, bytes);
    ck_assert_ptr_eq(strchr(bytes, '\n'), bytes + size - 1);
    for (size_t i = 0; i + 1 < size; i++)
        ck_assert(bytes[i] >= 0x20 && bytes[i] < 0x7f);
    free(bytes);
    return object;
}

/* Takes a member out; at the end of a test nothing may be left. */
static void take_text(json_t *object, const char *name, const char *expected)
{
    json_t *value = json_object_get(object, name);

    ck_assert_msg(json_is_string(value), "%s", name);
    ck_assert_str_eq(json_string_value(value), expected);
    json_object_del(object, name);
}

static void take_integer(json_t *object, const char *name, json_int_t expected)
{
    json_t *value = json_object_get(object, name);

    ck_assert_msg(json_is_integer(value), "%s", name);
    ck_assert_msg(json_integer_value(value) == expected, "%s", name);
    json_object_del(object, name);
}

static void take_header(json_t *object, const char *name, const char *expected)
{
    char key[200];
    json_t *array;

    snprintf(key, sizeof key, "http.response.header.%s", name);
    array = json_object_get(object, key);
    ck_assert_msg(json_array_size(array) > 0, "%s", name);
    ck_assert_str_eq(json_string_value(json_array_get(array, 0)), expected);
    json_array_remove(array, 0);
    if (json_array_size(array) == 0)
        json_object_del(object, key);
}

static void take_common(json_t *object, interim_event_kind kind)
{
    take_text(object, "time", "2026-11-22T10:38:00.123456789Z");
    take_integer(object, "process.pid", getpid());
    take_integer(object, "interim.operation", 3);
    take_integer(object, "interim.sequence", 7);
    take_text(object, "interim.event", interim_event_name(kind));
    take_text(object, "interim.hop", interim_hop_name(INTERIM_HOP_REQUEST));
    take_integer(object, "interim.hop_index", 0);
    take_integer(object, "interim.monotonic_ns", INT64_C(987654321012345));
    take_integer(object, "interim.elapsed_ms", 61000);
    take_integer(object, "interim.silence_ms", 29000);
    take_text(object, "http.request.method", "COPY");
    take_text(object, "url.full", LOG_URL);
    take_text(object, "server.address", "dav.example");
    take_integer(object, "server.port", 8443);
}

static void take_peer(json_t *object)
{
    take_text(object, "network.peer.address", "192.0.2.1");
    take_integer(object, "network.peer.port", 8443);
}

static void finish(json_t *object)
{
    char *rest = json_dumps(object, 0);

    ck_assert_msg(json_object_size(object) == 0, "%s", rest);
    free(rest);
    json_decref(object);
}

/* ---- What a line holds ----------------------------------------------------------------------- */

START_TEST(least)
{
    interim_event event = log_plain_event(INTERIM_EVENT_START);
    json_t *object;

    event.peer = "";
    object = line_of(&event);
    take_common(object, INTERIM_EVENT_START);
    finish(object);
}
END_TEST

START_TEST(interim_with_everything)
{
    interim_field fields[] = {log_field("Server", "nginx"), log_field("X-Progress", "12 of 40"),
                              log_field("x-progress", "again"), log_field("Empty", "")};
    interim_event event = log_plain_event(INTERIM_EVENT_INTERIM);
    json_t *object;

    event.status = 102;
    event.reason = "Processing";
    event.fields = fields;
    event.field_count = 4;
    event.server = "nginx";
    event.via = "1.1 proxy";
    event.percent = 33.3;
    event.done = 12;
    event.total = 40;
    event.text = "12 of 40";
    object = line_of(&event);
    take_common(object, INTERIM_EVENT_INTERIM);
    take_peer(object);
    take_integer(object, "http.response.status_code", 102);
    take_text(object, "interim.reason", "Processing");
    take_text(object, "interim.server", "nginx");
    take_text(object, "interim.via", "1.1 proxy");
    ck_assert_double_eq_tol(json_real_value(json_object_get(object, "interim.percent")), 33.3,
                            1e-9);
    json_object_del(object, "interim.percent");
    take_integer(object, "interim.done", 12);
    take_integer(object, "interim.total", 40);
    take_text(object, "interim.text", "12 of 40");
    take_header(object, "server", "nginx");
    take_header(object, "x-progress", "12 of 40");
    take_header(object, "x-progress", "again");
    take_header(object, "empty", "");
    finish(object);
}
END_TEST

START_TEST(end_with_error)
{
    interim_event event = log_plain_event(INTERIM_EVENT_END);
    interim_error error = {.size = sizeof error,
                           .code = INTERIM_ESILENCE,
                           .stage = INTERIM_STAGE_HEAD,
                           .os_error = 110,
                           .tls_error = 5,
                           .status = 102,
                           .offset = 17,
                           .text = "nothing for 300 s"};
    json_t *object;

    event.outcome = INTERIM_UNKNOWN;
    event.error = &error;
    event.status = 503; /* the error is the reason, not this */
    object = line_of(&event);
    take_common(object, INTERIM_EVENT_END);
    take_peer(object);
    take_integer(object, "http.response.status_code", 503);
    take_text(object, "interim.outcome", interim_outcome_name(INTERIM_UNKNOWN));
    take_text(object, "error.type", interim_error_name(INTERIM_ESILENCE));
    take_integer(object, "interim.error.code", INTERIM_ESILENCE);
    take_text(object, "interim.error.stage", interim_stage_name(INTERIM_STAGE_HEAD));
    take_text(object, "interim.error.text", "nothing for 300 s");
    take_integer(object, "interim.error.os_error", 110);
    take_integer(object, "interim.error.tls_error", 5);
    take_integer(object, "interim.error.status", 102);
    take_integer(object, "interim.error.offset", 17);
    finish(object);
}
END_TEST

START_TEST(end_with_status)
{
    interim_event event = log_plain_event(INTERIM_EVENT_END);
    interim_error none = {.size = sizeof none, .offset = -1};
    json_t *object;

    event.outcome = INTERIM_FAILED;
    event.status = 412;
    event.error = &none;
    object = line_of(&event);
    take_common(object, INTERIM_EVENT_END);
    take_peer(object);
    take_integer(object, "http.response.status_code", 412);
    take_text(object, "interim.outcome", interim_outcome_name(INTERIM_FAILED));
    take_text(object, "error.type", "412");
    finish(object);
}
END_TEST

START_TEST(waiting_and_retry)
{
    interim_event event = log_plain_event(INTERIM_EVENT_WAITING);
    interim_error error = {.size = sizeof error, .code = INTERIM_ECONNECT, .offset = -1};
    json_t *object;

    event.wait_ms = 2500;
    object = line_of(&event);
    take_common(object, INTERIM_EVENT_WAITING);
    take_peer(object);
    take_integer(object, "interim.wait_ms", 2500);
    finish(object);
    event.kind = INTERIM_EVENT_RETRY;
    event.error = &error;
    object = line_of(&event);
    take_common(object, INTERIM_EVENT_RETRY);
    take_peer(object);
    take_integer(object, "interim.wait_ms", 2500);
    take_text(object, "error.type", interim_error_name(INTERIM_ECONNECT));
    take_integer(object, "interim.error.code", INTERIM_ECONNECT);
    take_text(object, "interim.error.stage", interim_stage_name(INTERIM_STAGE_START));
    finish(object);
}
END_TEST

/* Members that say nothing are left out, also where the engine filled too much in. */
START_TEST(not_its_own)
{
    interim_field fields[] = {log_field("Server", "x")};
    interim_event event = log_plain_event(INTERIM_EVENT_GAP);
    interim_error error = {.size = sizeof error, .code = INTERIM_ECONNECT, .offset = -1};
    json_t *object;

    event.fields = fields;
    event.field_count = 1;
    event.wait_ms = 5;
    event.outcome = INTERIM_DONE;
    event.error = &error;
    event.percent = NAN;
    event.reason = event.server = event.via = event.text = NULL;
    object = line_of(&event);
    take_common(object, INTERIM_EVENT_GAP);
    take_peer(object);
    finish(object);
    event.percent = INFINITY;
    object = line_of(&event);
    ck_assert_ptr_null(json_object_get(object, "interim.percent"));
    json_decref(object);
}
END_TEST

START_TEST(addresses)
{
    static const char *const cases[][5] = {
        {"http://[2001:db8::1]/", "2001:db8::1", "[2001:db8::2]:81", "2001:db8::2", "81"},
        {"http://[fe80::1%25eth0]/", "fe80::1%eth0", "[fe80::1%eth0]:80", "fe80::1%eth0", "80"},
        {"http://h/?...", "h", "192.0.2.1:65535", "192.0.2.1", "65535"},
        {"http://h/", "h", "unix:/run/a:1", "/run/a:1", NULL},
        {"http://h/", "h", "unix:@dav", "@dav", NULL},
        {"http://h/", "h", "somewhere", NULL, NULL},
        {"http://h/", "h", "somewhere:65536", "somewhere", NULL},
        {"nonsense", NULL, "", NULL, NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        interim_event event = log_plain_event(INTERIM_EVENT_SENT);
        json_t *object, *port;
        const char *const *it = cases[i];

        event.url = it[0];
        event.peer = it[2];
        object = line_of(&event);
        ck_assert_pstr_eq(json_string_value(json_object_get(object, "server.address")), it[1]);
        ck_assert_pstr_eq(json_string_value(json_object_get(object, "network.peer.address")),
                          it[3]);
        ck_assert((json_object_get(object, "network.transport") != NULL) ==
                  (strncmp(it[2], "unix:", 5) == 0));
        port = json_object_get(object, "network.peer.port");
        ck_assert_int_eq(json_integer_value(port), it[4] == NULL ? 0 : atoi(it[4]));
        json_decref(object);
    }
}
END_TEST

/* What is kept of the line before is not written where an event differs in one thing. */
START_TEST(each_line_has_its_own_request)
{
    static char long_url[400] = "http://a.example/";
    static const char *const requests[][3] = {{"COPY", "http://a.example/", "192.0.2.1:80"},
                                              {"COPY", "http://a.example/", "192.0.2.1:80"},
                                              {"MOVE", "http://a.example/", "192.0.2.1:80"},
                                              {"MOVE", "http://a.example/1", "192.0.2.1:80"},
                                              {"MOVE", "http://a.example/1", "192.0.2.1:8"},
                                              {"MOVE", "http://a.example/1", ""},
                                              {"MOVE", long_url, ""},
                                              {"MOVE", "http://a.example/", ""},
                                              {"MOVE", long_url, ""},
                                              {"COPY", "http://a.example/", "192.0.2.1:80"}};
    interim_event events[sizeof requests / sizeof *requests];
    size_t count = sizeof requests / sizeof *requests, all, one;
    char *lines, *at;

    memset(long_url + strlen(long_url), 'x', sizeof long_url - 1 - strlen(long_url));
    for (size_t i = 0; i < count; i++) {
        events[i] = log_plain_event(INTERIM_EVENT_SENT);
        events[i].method = requests[i][0];
        events[i].url = requests[i][1];
        events[i].peer = requests[i][2];
    }
    at = lines = logged(events, count, &all);
    for (size_t i = 0; i < count; i++, at += one) {
        char *line = logged(&events[i], 1, &one);

        ck_assert_msg(strncmp(at, line, one) == 0, "%zu: %s", i, at);
        free(line);
    }
    ck_assert_ptr_eq(at, lines + all);
    free(lines);
}
END_TEST

/* ---- What a line must not hold --------------------------------------------------------------- */

START_TEST(secret_fields)
{
    static const char *const names[] = {"Authorization",
                                        "Proxy-Authorization",
                                        "Cookie",
                                        "Set-Cookie",
                                        "WWW-Authenticate",
                                        "Authentication-Info",
                                        "Proxy-Authenticate",
                                        "Proxy-Authentication-Info",
                                        "Proxy-Anything",
                                        "X-Auth-Token",
                                        "Lock-Token",
                                        "CLIENT-SECRET",
                                        "X_Db_PassWord",
                                        "X-Amz-Signature",
                                        "X-API-Key",
                                        "x_api_key",
                                        "Apikey",
                                        "X-Session-Id",
                                        "Ocp-Subscription-Key",
                                        "DPoP-Assertion",
                                        "X-JWT",
                                        "X-Credentials",
                                        "TransferHeaderAuthorization",
                                        "TransferHeaderX"};
    interim_field fields[sizeof names / sizeof names[0]];
    size_t size, count = sizeof names / sizeof names[0];

    for (size_t i = 0; i < count; i++)
        fields[i] = log_field(names[i], "Zugriff geheim, Digest nonce=\"geheim\"");
    for (int kind = INTERIM_EVENT_START; kind <= INTERIM_EVENT_END; kind++) {
        interim_event event = log_plain_event((interim_event_kind)kind);
        char *bytes;

        event.fields = fields;
        event.field_count = count;
        bytes = logged(&event, 1, &size);
        ck_assert_ptr_null(strstr(bytes, "geheim"));
        ck_assert_ptr_null(strstr(bytes, "Zugriff"));
        free(bytes);
    }
}
END_TEST

START_TEST(blanked_values)
{
    static const char *const cases[][3] = {
        {"WWW-Authenticate", "Basic realm=\"geheim\"", "Basic REDACTED"},
        {"WWW-Authenticate", "negotiate", "negotiate REDACTED"},
        {"Proxy-Authenticate", "Bearer geheim", "Bearer REDACTED"},
        {"WWW-Authenticate", "Geheim geheim", "REDACTED"},
        {"Authorization", "Basic geheim", "REDACTED"},
        {"Set-Cookie", "", "REDACTED"},
        {"Proxy-Status", "cache; error=timeout", "cache; error=timeout"},
        {"Location", "https://h/p?sig=geheim", "https://h/p?..."},
        {"Location", "https://u:geheim@h:1/p", "https://...@h:1/p"},
        {"Location", "//u:geheim@x@h/p", "//...@h/p"},
        {"Location", "/p?geheim#geheim", "/p?..."},
        {"Location", "/p#geheim", "/p#..."},
        {"Location", "/p?", "/p?"},
        {"Location", "/p?a b>geheim", "/p?..."},
        {"Location", "/p", "/p"},
        {"Location", "https://u:geheim@h", "https://...@h"},
        {"Location", "https://u:geheim@", "https://...@"},
        {"Content-Location", "p?geheim", "p?..."},
        {"Operation-Location", "https://h/o?api=geheim", "https://h/o?..."},
        {"Azure-AsyncOperation", "https://h/o?t=geheim", "https://h/o?..."},
        {"OC-JobStatus-Location", "/o?geheim", "/o?..."},
        {"Refresh", "5; url=/o?geheim", "5; url=/o?..."},
        {"Link", "</a?geheim>; rel=next, <//u:geheim@h/b?geheim>; rel=prev",
         "</a?...>; rel=next, <//...@h/b?...>; rel=prev"},
        {"X-Anything", "see https://u:geheim@h/?geheim", "see https://...@h/?..."},
        {"X-Anything", "poll?sig=geheim", "poll?..."},
        {"X-Anything", "what? nothing", "what? nothing"},
        {"ETag", "\"a#b\"", "\"a#b\""},
        {"Keys", "/p#b", "/p#b"},
        {"Monitor-Toke", "/p#geheim", "/p#..."},
        {"X-Monitor-Key", "/p#geheim", "REDACTED"},
        {"Authority-Url", "/p#geheim", "REDACTED"},
        {"X-Curious", "/p#geheim", "/p#..."},
        {"Proxy-Connection", "a:b", "a:b"},
        {"X-Anything", "a:b://u:geheim@h", "a:b://...@h"},
        {"Retry-After", "120", "120"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        interim_event event = log_plain_event(INTERIM_EVENT_RESPONSE);
        interim_field one = log_field(cases[i][0], cases[i][1]);
        char name[64] = "";
        json_t *object;

        for (size_t at = 0; cases[i][0][at] != '\0'; at++)
            name[at] = (char)(cases[i][0][at] | 0x20);
        event.fields = &one;
        event.field_count = 1;
        object = line_of(&event);
        take_header(object, name, cases[i][2]);
        json_decref(object);
    }
}
END_TEST

/* ---- Bounds and bytes ------------------------------------------------------------------------ */

static void check_clean(const char *text, size_t length, const char *expected)
{
    interim_event event = log_plain_event(INTERIM_EVENT_POLL);
    interim_field one = {"X", text, 1, length};
    json_t *object;

    event.fields = &one;
    event.field_count = 1;
    object = line_of(&event);
    take_header(object, "x", expected);
    json_decref(object);
}

START_TEST(bytes_of_the_peer)
{
#define BAD "\xef\xbf\xbd"
    static const char *const cases[][2] = {
        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"caf\xe9", "caf" BAD},
        {"\x80\xbf", BAD BAD},
        {"\xc0\xaf", BAD BAD},
        {"\xc1\x81", BAD BAD},
        {"\xe0\x80\xaf", BAD BAD BAD},
        {"\xed\xa0\x80", BAD BAD BAD},
        {"\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80"},
        {"\xf0\x80\x80\x80", BAD BAD BAD BAD},
        {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
        {"\xf4\x90\x80\x80", BAD BAD BAD BAD},
        {"\xf5\x80\x80\x80", BAD BAD BAD BAD},
        {"\xff\xfe", BAD BAD},
        {"\xe2\x82", BAD BAD},
        {"\xe2\x82x", BAD BAD "x"},
        {"a\tb\x1b[31m\r\n\"\\", "a\tb\x1b[31m\r\n\"\\"},
        {"\x7f", BAD},
        {"\xc2\x9b", "\xc2\x9b"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_clean(cases[i][0], strlen(cases[i][0]), cases[i][1]);
}
END_TEST

/* Eight bytes are looked at in one step: each byte that does not stand for itself, at each place.
 */
START_TEST(odd_bytes_at_every_place)
{
    static const char *const odd[][2] = {
        {"\"", "\""},  {"\\", "\\"},  {"\x1f", "\x1f"}, {"\x7f", BAD},
        {"\x80", BAD}, {"\xff", BAD}, {"\t", "\t"},     {"\xc3\xa9", "\xc3\xa9"}};

    for (size_t length = 0; length < 20; length++)
        for (size_t place = 0; place <= length; place++)
            for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
                char text[64], expected[64];
                size_t size = (size_t)snprintf(text, sizeof text, "%.*s%s%.*s", (int)place,
                                               "!#[]^~ }abcdefghijklm", odd[i][0],
                                               (int)(length - place), "~{|}]#! zyxwvutsrqpon");

                snprintf(expected, sizeof expected, "%.*s%s%.*s", (int)place,
                         "!#[]^~ }abcdefghijklm", odd[i][1], (int)(length - place),
                         "~{|}]#! zyxwvutsrqpon");
                check_clean(text, size, expected);
            }
}
END_TEST

START_TEST(numbers_and_escapes)
{
    static const struct {
        double percent;
        const char *text;
    } cases[] = {{0, ":0.0,"},        {100, ":100.0,"},        {12.5, ":12.5,"},
                 {50, ":50.0,"},      {99.9999999, ":100.0,"}, {33.333333, ":33.3333,"},
                 {0.05, ":0.05,"},    {7.00001, ":7.00001,"},  {100.0 / 3 * 2, ":66.6667,"},
                 {9.999999, ":10.0,"}};
    interim_event event = log_plain_event(INTERIM_EVENT_POLL);
    size_t size;
    char *line;

    event.text = "\"\\\b\f\n\r\t\x01/\xe2\x82\xac\xf0\x9f\x98\x80";
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        event.percent = cases[i].percent;
        line = logged(&event, 1, &size);
        ck_assert_ptr_nonnull(strstr(line, "\"interim.percent\""));
        ck_assert_msg(strncmp(strstr(line, "\"interim.percent\"") + 17, cases[i].text,
                              strlen(cases[i].text)) == 0,
                      "%s", strstr(line, "\"interim.percent\""));
        ck_assert_ptr_nonnull(
            strstr(line, "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001/\\u20AC\\uD83D\\uDE00\""));
        free(line);
    }
}
END_TEST

START_TEST(long_values)
{
    static char text[2000], expected[2000];

    for (size_t length = INTERIM__LOG_VALUE_MAX - 1; length <= INTERIM__LOG_VALUE_MAX + 1;
         length++) {
        memset(text, 'v', sizeof text);
        memset(expected, 0, sizeof expected);
        memset(expected, 'v', length < 1024 ? length : 1024);
        if (length > 1024)
            strcat(expected, "\xe2\x80\xa6");
        check_clean(text, length, expected);
    }
    /* A character is not cut in half. */
    memcpy(text + 1023, "\xc3\xa9", 2);
    memset(expected, 0, sizeof expected);
    memset(expected, 'v', 1023);
    strcat(expected, "\xe2\x80\xa6");
    check_clean(text, 1025, expected);
    /* Blanking comes before cutting: a secret at the cut does not stay. */
    memcpy(text + 1000, "://u:geheim@h/?geheim", 21);
    memset(expected, 0, sizeof expected);
    memcpy(expected, text, 1003);
    strcat(expected, "...@h/?...");
    check_clean(text, 1900, expected);
}
END_TEST

static json_int_t left_out(interim_field *fields, size_t count, size_t *present)
{
    interim_event event = log_plain_event(INTERIM_EVENT_RESPONSE);
    const char *key;
    json_t *object, *value;
    json_int_t number;

    event.fields = fields;
    event.field_count = count;
    object = line_of(&event);
    value = json_object_get(object, "interim.fields_left_out");
    ck_assert(value == NULL || json_is_integer(value));
    number = json_integer_value(value);
    *present = 0;
    json_object_foreach(object, key, value) if (strncmp(key, "http.response.header.", 21) ==
                                                0) *present += json_array_size(value);
    json_decref(object);
    return number;
}

START_TEST(many_fields)
{
    static char name[200];
    interim_field fields[40];
    size_t present;

    for (size_t i = 0; i < 40; i++)
        fields[i] = log_field(i % 2 == 0 ? "A" : "B", "x");
    for (size_t count = 31; count <= 33; count++) {
        ck_assert_int_eq(left_out(fields, count, &present), count > 32 ? (int)count - 32 : 0);
        ck_assert_uint_eq(present, count > 32 ? 32 : count);
    }
    memset(name, 'n', sizeof name - 1);
    for (size_t length = 127; length <= 129; length++) {
        fields[0] = (interim_field){name, "x", length, 1};
        ck_assert_int_eq(left_out(fields, 3, &present), length > 128);
        ck_assert_uint_eq(present, length > 128 ? 2 : 3);
    }
    fields[0] = log_field("not a token", "x");
    fields[1] = log_field("", "x");
    ck_assert_int_eq(left_out(fields, 3, &present), 2);
    ck_assert_uint_eq(present, 1);
}
END_TEST

Suite *log_suite(void)
{
    const TTest *const tests[] = {least,
                                  interim_with_everything,
                                  end_with_error,
                                  end_with_status,
                                  waiting_and_retry,
                                  not_its_own,
                                  addresses,
                                  secret_fields,
                                  blanked_values,
                                  bytes_of_the_peer,
                                  long_values,
                                  numbers_and_escapes,
                                  odd_bytes_at_every_place,
                                  each_line_has_its_own_request,
                                  many_fields};
    Suite *suite = suite_create("log");
    TCase *line = tcase_create("line");

    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(line, tests[i]);
    suite_add_tcase(suite, line);
    suite_add_tcase(suite, log_failure_case());
    return suite;
}
