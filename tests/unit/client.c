/* Tests of src/client/client.c and operation.c, and of src/drive/drive.c under them: both facades
 * and both engines against a scripted server. What the protocol means is tested elsewhere. */
#include "suites.h"
#include "support/failing_alloc.h"
#include "support/server.h"

#include <interim.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENGINES 2

static const interim_engine engines[ENGINES] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

static interim_client *client;
static struct server *origin;
static interim_request *request;

static void make_client(int engine)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;

    options.engine = engines[engine];
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
}

static interim_request *make_request(const char *method, unsigned port)
{
    interim_request *made;
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", port);
    ck_assert_int_eq(interim_request_new(&made, method, url), 0);
    return made;
}

static void begin(int engine, const char *method, const server_step *const *scripts)
{
    make_client(engine);
    origin = server_start(scripts, NULL);
    request = make_request(method, server_port(origin));
}

static void begin_one(int engine, const char *method, const server_step *script)
{
    static const server_step *scripts[2];

    scripts[0] = script;
    begin(engine, method, scripts);
}

static void end(void)
{
    interim_request_free(request);
    interim_client_free(client);
    server_stop(origin);
    request = NULL;
    client = NULL;
    origin = NULL;
}

/* Performs the request; the outcome and error must be these. The result is to be freed. */
static interim_result *perform(interim_outcome outcome, int code)
{
    interim_result *result;
    int returned = interim_perform(&result, client, request);

    ck_assert_ptr_nonnull(result);
    ck_assert_int_eq(returned, interim_result_error(result)->code);
    ck_assert_msg(interim_result_outcome(result) == outcome && returned == code, "%s %s: %s",
                  interim_outcome_name(interim_result_outcome(result)),
                  interim_error_name(returned), interim_result_reason(result));
    return result;
}

static void expect(interim_outcome outcome, int code)
{
    interim_result_free(perform(outcome, code));
}

/* ---- Making things ---- */

START_TEST(options_are_checked)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;

    options.size = 4;
    ck_assert_int_eq(interim_client_new(&client, &options), INTERIM_EINVAL);
    ck_assert_ptr_null(client);
    options = (interim_client_options)INTERIM_CLIENT_OPTIONS_INIT;
    options.idle_ms = -3;
    ck_assert_int_eq(interim_client_new(&client, &options), INTERIM_EINVAL);
    options = (interim_client_options)INTERIM_CLIENT_OPTIONS_INIT;
    options.user_agent = "a\r\nb: c";
    ck_assert_int_eq(interim_client_new(&client, &options), INTERIM_EINVAL);
    options = (interim_client_options)INTERIM_CLIENT_OPTIONS_INIT;
    options.ca_file = "/nonexistent/ca.pem";
    ck_assert_int_eq(interim_client_new(&client, &options), INTERIM_ETLS);
    options = (interim_client_options)INTERIM_CLIENT_OPTIONS_INIT;
    options.engine = (interim_engine)99;
    ck_assert_int_lt(interim_client_new(&client, &options), 0);
    ck_assert_ptr_null(client);
    interim_client_free(NULL);
}
END_TEST

START_TEST(a_smaller_struct_of_an_older_header_is_taken)
{
    struct {
        size_t size;
        interim_engine engine;
    } old = {sizeof old, INTERIM_ENGINE_POLL};

    ck_assert_int_eq(interim_client_new(&client, (const interim_client_options *)(void *)&old), 0);
    ck_assert_int_eq(interim_client_fd(client), INTERIM_EUNSUPPORTED);
    interim_client_free(client);
}
END_TEST

START_TEST(requests_are_checked)
{
    static const struct {
        const char *method, *url;
        int code;
    } cases[] = {
        {"", "http://h/", INTERIM_EMETHOD},
        {"GET /", "http://h/", INTERIM_EMETHOD},
        {"CONNECT", "http://h/", INTERIM_EMETHOD},
        {"ABCDEFGHIJABCDEFGHIJABCDEFGHIJABC", "http://h/", INTERIM_EMETHOD},
        {"GET", "ftp://h/", INTERIM_EURL},
        {"GET", "http://u:p@h/", INTERIM_EURL},
        {"GET", "/a", INTERIM_EURL},
        {"ABCDEFGHIJABCDEFGHIJABCDEFGHIJAB", "http://h", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_int_eq(interim_request_new(&request, cases[i].method, cases[i].url),
                         cases[i].code);
        ck_assert((request != NULL) == (cases[i].code == 0));
        interim_request_free(request);
    }
    request = NULL;
}
END_TEST

START_TEST(fields_are_checked)
{
    static const struct {
        const char *name, *value;
        int code;
    } cases[] = {
        {"A", "b", 0},
        {"A", "b\r\nC: d", INTERIM_EFIELD},
        {"A", "b\nc", INTERIM_EFIELD},
        {"A\r\n", "b", INTERIM_EFIELD},
        {"A b", "c", INTERIM_EFIELD},
        {"", "c", INTERIM_EFIELD},
        {"A", "\x01", INTERIM_EFIELD},
        {"A", "caf\xc3\xa9\tx", 0},
        {"Content-Length", "5", INTERIM_EFIELD},
        {"transfer-encoding", "chunked", INTERIM_EFIELD},
        {"Connection", "close", INTERIM_EFIELD},
        {"Host", "other", 0},
        {"host", "twice", INTERIM_EFIELD},
    };

    request = make_request("GET", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_int_eq(interim_request_add_header(request, cases[i].name, cases[i].value),
                         cases[i].code);
    ck_assert_int_eq(interim_request_set_credentials(request, "a:b", "c"), INTERIM_EINVAL);
    ck_assert_int_eq(interim_request_set_credentials(request, "a", "b\n"), INTERIM_EINVAL);
    ck_assert_int_eq(interim_request_set_credentials(request, "a", "b:c"), 0);
    interim_request_free(request);
    request = NULL;
}
END_TEST

START_TEST(limits_are_checked)
{
    interim_patience patience = INTERIM_PATIENCE_INIT;
    interim_polling polling = INTERIM_POLLING_INIT;

    request = make_request("GET", 1);
    patience.silence_ms = INTERIM_FOREVER; /* a dead server is always noticed */
    ck_assert_int_eq(interim_request_set_patience(request, &patience), INTERIM_EINVAL);
    patience.silence_ms = INT64_C(366) * 86400 * 1000;
    ck_assert_int_eq(interim_request_set_patience(request, &patience), 0);
    patience.silence_ms++;
    ck_assert_int_eq(interim_request_set_patience(request, &patience), INTERIM_EINVAL);
    polling.min_ms = 600001;
    ck_assert_int_eq(interim_request_set_polling(request, &polling), INTERIM_EINVAL);
    polling.min_ms = 600000;
    ck_assert_int_eq(interim_request_set_polling(request, &polling), 0);
    polling.min_ms = polling.first_ms = INTERIM_AT_ONCE;
    ck_assert_int_eq(interim_request_set_polling(request, &polling), 0);
    polling.min_ms = INTERIM_FOREVER;
    ck_assert_int_eq(interim_request_set_polling(request, &polling), INTERIM_EINVAL);
    polling.min_ms = 0;
    polling.max_ms = INTERIM_AT_ONCE; /* that is for the server to say */
    ck_assert_int_eq(interim_request_set_polling(request, &polling), INTERIM_EINVAL);
    polling.max_ms = 0;
    polling.mode = (interim_poll_mode)3;
    ck_assert_int_eq(interim_request_set_polling(request, &polling), INTERIM_EINVAL);
    interim_request_free(request);
    request = NULL;
}
END_TEST

/* ---- One operation ---- */

static const server_step two_interims[] = {
    {SERVER_HEAD, 0, NULL},
    {SERVER_SEND, 0, "HTTP/1.1 102 Processing\r\nProgress: 1/4\r\n\r\n"},
    {SERVER_SLEEP, 20, NULL},
    {SERVER_SEND, 0, "HTTP/1.1 102 Processing\r\nProgress: 2/4\r\n\r\n"},
    {SERVER_SEND, 0, "HTTP/1.1 201 Created\r\nServer: s\r\nContent-Length: 2\r\n\r\nok"},
    {SERVER_REPEAT, 0, NULL},
};

static int sum_percent(const interim_event *event, void *user)
{
    *(double *)user += event->percent;
    return 0;
}

START_TEST(blocking_tells_everything)
{
    const interim_timing *timing;
    interim_result *result;
    double percent = 0;
    size_t size;

    begin_one(_i, "COPY", two_interims);
    interim_request_on_interim(request, sum_percent, &percent);
    result = perform(INTERIM_DONE, 0);
    ck_assert_double_eq(percent, 75);
    ck_assert_int_eq(interim_result_status(result), 201);
    ck_assert_str_eq(interim_result_reason(result), "the server answered 201 Created");
    ck_assert_str_eq(interim_result_header(result, "sERVER"), "s");
    ck_assert_ptr_null(interim_result_header(result, "Progress"));
    ck_assert_str_eq(interim_result_body(result, &size), "ok");
    ck_assert_uint_eq(size, 2);
    ck_assert_uint_eq(interim_result_interim_count(result), 2);
    ck_assert_int_eq(interim_result_interim(result, 1)->done, 2);
    ck_assert_ptr_null(interim_result_interim(result, 2));
    timing = interim_result_timing(result);
    ck_assert_int_ge(timing->connected_ms, 0);
    ck_assert_int_ge(timing->end_ms, timing->first_interim_ms);
    ck_assert_uint_eq(timing->interim_count, 2);
    interim_result_free(result);
    end();
}
END_TEST

START_TEST(a_connection_is_used_again)
{
    begin_one(_i, "GET", two_interims);
    for (int i = 0; i < 3; i++)
        expect(INTERIM_DONE, 0);
    ck_assert_uint_eq(server_accepted(origin), 1);
    end();
}
END_TEST

START_TEST(a_connection_may_serve_only_once)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    char received[512];

    begin_one(_i, "GET", two_interims);
    interim_client_free(client);
    options.engine = engines[_i];
    options.idle_ms = INTERIM_AT_ONCE;
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
    for (int i = 0; i < 3; i++)
        expect(INTERIM_DONE, 0);
    ck_assert_uint_eq(server_accepted(origin), 3);
    server_received(origin, 2, received, sizeof received);
    ck_assert_ptr_nonnull(strstr(received, "\r\nConnection: close\r\n"));
    end();
}
END_TEST

/* A proxy took the interim for its own answer: what it does next is not known. */
START_TEST(a_connection_that_rewrote_an_interim_is_not)
{
    static const server_step script[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 102 Processing\r\nConnection: keep-alive\r\n\r\n"},
        {SERVER_SEND, 0, "HTTP/1.1 204 No Content\r\n\r\n"},
        {SERVER_REPEAT, 0, NULL}};

    begin_one(_i, "GET", script);
    expect(INTERIM_DONE, 0);
    expect(INTERIM_DONE, 0);
    ck_assert_uint_eq(server_accepted(origin), 2);
    end();
}
END_TEST

static const server_step answer_then_cut[] = {{SERVER_HEAD, 0, NULL},
                                              {SERVER_SEND, 0, "HTTP/1.1 204 No Content\r\n\r\n"},
                                              {SERVER_HEAD, 0, NULL},
                                              {SERVER_CUT, 0, NULL}};

START_TEST(get_is_asked_again_on_a_new_connection)
{
    const server_step *scripts[] = {answer_then_cut, two_interims, NULL};
    interim_result *result;

    begin(_i, "GET", scripts);
    expect(INTERIM_DONE, 0);
    result = perform(INTERIM_DONE, 0);
    ck_assert_uint_eq(interim_result_timing(result)->retry_count, 1);
    ck_assert_int_eq(interim_result_status(result), 201);
    ck_assert_uint_eq(server_accepted(origin), 2);
    interim_result_free(result);
    end();
}
END_TEST

START_TEST(copy_is_never_sent_twice)
{
    const server_step *scripts[] = {answer_then_cut, two_interims, NULL};

    begin(_i, "COPY", scripts);
    expect(INTERIM_DONE, 0);
    expect(INTERIM_UNKNOWN, INTERIM_EDISCONNECTED);
    ck_assert_uint_eq(server_accepted(origin), 1);
    end();
}
END_TEST

START_TEST(a_reset_after_an_interim_is_unknown)
{
    static const server_step script[] = {{SERVER_HEAD, 0, NULL},
                                         {SERVER_SEND, 0, "HTTP/1.1 102 Processing\r\n\r\n"},
                                         {SERVER_SLEEP, 20, NULL},
                                         {SERVER_RESET, 0, NULL}};
    interim_result *result;

    begin_one(_i, "MOVE", script);
    result = perform(INTERIM_UNKNOWN, INTERIM_EDISCONNECTED);
    ck_assert_ptr_nonnull(strstr(interim_result_reason(result), "the last a 102"));
    ck_assert_int_eq(interim_result_error(result)->status, 102);
    interim_result_free(result);
    ck_assert_uint_eq(server_accepted(origin), 1);
    end();
}
END_TEST

START_TEST(nobody_there_is_unreachable)
{
    make_client(_i);
    request = make_request("COPY", closed_port());
    expect(INTERIM_UNREACHABLE, INTERIM_ECONNECT);
    end();
}
END_TEST

/* ---- Limits of time ---- */

static void be_patient(int64_t connect_ms, int64_t head_ms, int64_t silence_ms, int64_t total_ms)
{
    interim_patience patience = INTERIM_PATIENCE_INIT;

    patience.connect_ms = connect_ms;
    patience.head_ms = head_ms;
    patience.silence_ms = silence_ms;
    patience.total_ms = total_ms;
    patience.gap_warning_ms = 20;
    ck_assert_int_eq(interim_request_set_patience(request, &patience), 0);
}

static int count_gaps(const interim_event *event, void *user)
{
    *(int *)user += event->kind == INTERIM_EVENT_GAP;
    return 0;
}

START_TEST(silence_ends_it)
{
    static const server_step script[] = {{SERVER_HEAD, 0, NULL},
                                         {SERVER_SEND, 0, "HTTP/1.1 102 Processing\r\n\r\n"},
                                         {SERVER_WAIT, 0, NULL}};
    int gaps = 0;

    begin_one(_i, "COPY", script);
    be_patient(0, 0, 100, 0);
    interim_request_on_event(request, count_gaps, &gaps);
    expect(INTERIM_UNKNOWN, INTERIM_ESILENCE);
    ck_assert_int_ge(gaps, 2); /* 20, 40 and perhaps 80 ms */
    ck_assert_int_le(gaps, 3);
    end();
}
END_TEST

START_TEST(a_head_that_drips_ends_it)
{
    static const server_step script[] = {{SERVER_HEAD, 0, NULL},   {SERVER_SEND, 0, "HTTP/1.1 102"},
                                         {SERVER_SLEEP, 40, NULL}, {SERVER_SEND, 0, " "},
                                         {SERVER_SLEEP, 40, NULL}, {SERVER_SEND, 0, "P"},
                                         {SERVER_WAIT, 0, NULL}};

    begin_one(_i, "COPY", script);
    be_patient(0, 60, 10000, 0);
    expect(INTERIM_UNKNOWN, INTERIM_EHEAD_TIMEOUT);
    end();
}
END_TEST

START_TEST(the_total_ends_it_while_the_server_works)
{
    static const server_step script[] = {{SERVER_HEAD, 0, NULL},
                                         {SERVER_SEND, 0, "HTTP/1.1 102 Processing\r\n\r\n"},
                                         {SERVER_WAIT, 0, NULL}};

    begin_one(_i, "COPY", script);
    be_patient(0, 0, 10000, 1000);
    expect(INTERIM_STILL_RUNNING, INTERIM_ETOTAL);
    end();
}
END_TEST

START_TEST(connecting_has_a_limit)
{
    uint16_t port = 0;
    struct blackhole *hole = blackhole_start("127.0.0.1", &port);

    make_client(_i);
    request = make_request("COPY", port);
    be_patient(60, 0, 0, 0);
    expect(INTERIM_UNREACHABLE, INTERIM_ECONNECT_TIMEOUT);
    blackhole_stop(hole);
    end();
}
END_TEST

/* ---- Bodies ---- */

static ptrdiff_t give(void *buffer, size_t size, void *user)
{
    size_t *left = user;
    size_t given = *left < size ? *left : size;

    memset(buffer, 'x', given);
    *left -= given;
    return (ptrdiff_t)given;
}

START_TEST(a_body_from_a_reader_is_chunked)
{
    static const server_step script[] = {{SERVER_HEAD, 0, NULL},
                                         {SERVER_READ, 3 + 2 + 5 + 5, NULL},
                                         {SERVER_SEND, 0, "HTTP/1.1 204 No Content\r\n\r\n"},
                                         {SERVER_CLOSE, 0, NULL}};
    char received[512];
    size_t left = 5;

    begin_one(_i, "PUT", script);
    ck_assert_int_eq(interim_request_set_body_reader(request, give, -1, &left), 0);
    expect(INTERIM_DONE, 0);
    server_received(origin, 0, received, sizeof received);
    ck_assert_ptr_nonnull(strstr(received, "Transfer-Encoding: chunked\r\n"));
    ck_assert_ptr_nonnull(strstr(received, "\r\n\r\n5\r\nxxxxx\r\n0\r\n\r\n"));
    end();
}
END_TEST

/* The server refuses, and does not read the body: neither side may block, and the answer counts. */
START_TEST(an_early_refusal_is_seen)
{
    static const server_step script[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"},
        {SERVER_WAIT, 0, NULL}};
    size_t left = 64 * 1024 * 1024;

    begin_one(_i, "PUT", script);
    interim_request_set_expect(request, INTERIM_EXPECT_NEVER);
    interim_request_set_body_reader(request, give, (int64_t)left, &left);
    expect(INTERIM_FAILED, 0);
    ck_assert_uint_gt(left, 0);
    end();
}
END_TEST

#define CREATED "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"

/* Sends "body" by PUT with Expect, and tells how long that took. */
static int64_t put_with_expect(int engine, const server_step *const *scripts, int64_t wait_ms)
{
    interim_patience patience = INTERIM_PATIENCE_INIT;
    interim_result *result;
    int64_t took;

    begin(engine, "PUT", scripts);
    patience.continue_ms = wait_ms;
    interim_request_set_patience(request, &patience);
    interim_request_set_body(request, "body", 4);
    interim_request_set_expect(request, INTERIM_EXPECT_ALWAYS);
    result = perform(INTERIM_DONE, 0);
    ck_assert_int_eq(interim_result_status(result), 201);
    took = interim_result_timing(result)->end_ms;
    interim_result_free(result);
    return took;
}

START_TEST(a_body_waits_for_100)
{
    static const server_step script[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"},
        {SERVER_READ, 4, NULL},
        {SERVER_SEND, 0, CREATED},
        {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {script, NULL};

    ck_assert_int_lt(put_with_expect(_i, scripts, 20000), 10000);
    end();
}
END_TEST

START_TEST(a_body_does_not_wait_for_ever)
{
    static const server_step script[] = {{SERVER_HEAD, 0, NULL},
                                         {SERVER_SEND, 0, "HTTP/1.1 103 Early Hints\r\n\r\n"},
                                         {SERVER_READ, 4, NULL},
                                         {SERVER_SEND, 0, CREATED},
                                         {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {script, NULL};

    ck_assert_int_ge(put_with_expect(_i, scripts, 80), 80);
    end();
}
END_TEST

START_TEST(after_417_it_is_sent_without_expect)
{
    static const server_step refuses[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"},
        {SERVER_CLOSE, 0, NULL}};
    static const server_step takes[] = {{SERVER_HEAD, 0, NULL},
                                        {SERVER_READ, 4, NULL},
                                        {SERVER_SEND, 0, CREATED},
                                        {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {refuses, takes, NULL};
    char received[512];

    put_with_expect(_i, scripts, 20000);
    server_received(origin, 0, received, sizeof received);
    ck_assert_ptr_nonnull(strstr(received, "Expect: 100-continue\r\n"));
    ck_assert_ptr_null(strstr(received, "body"));
    server_received(origin, 1, received, sizeof received);
    ck_assert_ptr_null(strstr(received, "Expect"));
    ck_assert_ptr_nonnull(strstr(received, "\r\n\r\nbody"));
    end();
}
END_TEST

static int stream(const void *data, size_t size, void *user)
{
    (void)data;
    *(size_t *)user += size;
    return 0;
}

static const server_step million[] = {
    {SERVER_HEAD, 0, NULL},
    {SERVER_SEND, 0, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"},
    {SERVER_FILL, 1000000, NULL},
    {SERVER_CLOSE, 0, NULL}};

START_TEST(a_body_is_streamed)
{
    interim_result *result;
    size_t streamed = 0, size;

    begin_one(_i, "GET", million);
    interim_request_on_body(request, stream, &streamed);
    result = perform(INTERIM_DONE, 0);
    ck_assert_uint_eq(streamed, 1000000);
    ck_assert_str_eq(interim_result_body(result, &size), "");
    ck_assert_uint_eq(size, 0);
    interim_result_free(result);
    end();
}
END_TEST

/* "hello" in gzip. */
#define HELLO "\x1f\x8b\x08\0\0\0\0\0\x02\x03\xcb\x48\xcd\xc9\xc9\x07\0\x86\xa6\x10\x36\x05\0\0\0"

static const server_step coded[] = {
    {SERVER_HEAD, 0, NULL},
    {SERVER_SEND, 0, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n"},
    {SERVER_SEND, 25, HELLO},
    {SERVER_CLOSE, 0, NULL}};

typedef struct pausing {
    interim_operation *operation;
    size_t size;
    int calls, dones;
    interim_outcome outcome;
} pausing;

static int take_and_pause(const void *data, size_t size, void *user)
{
    pausing *taken = user;

    (void)data;
    taken->size += size;
    taken->calls++;
    return INTERIM_PAUSE;
}

static void end_of_pausing(interim_operation *operation, interim_result *result, void *user)
{
    pausing *taken = user;

    (void)operation;
    taken->dones++;
    taken->outcome = interim_result_outcome(result);
    interim_result_free(result);
}

START_TEST(bodies_go_from_file_to_file)
{
    static const server_step script[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_READ, 5, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nout"},
        {SERVER_REPEAT, 0, NULL}};
    FILE *in = tmpfile(), *out = tmpfile();
    char received[512], text[8] = "";

    begin_one(_i, "PUT", script);
    ck_assert_uint_eq(fwrite("0123456789", 1, 10, in), 10);
    fflush(in);
    ck_assert_int_eq(interim_request_set_body_fd(request, fileno(in), 3, 8), INTERIM_EINVAL);
    ck_assert_int_eq(interim_request_set_body_fd(request, fileno(in), 11, -1), INTERIM_EINVAL);
    ck_assert_int_eq(interim_request_set_body_fd(request, -1, 0, -1), INTERIM_ESYSTEM);
    ck_assert_int_eq(interim_request_set_body_fd(request, fileno(in), 5, -1), 0);
    ck_assert_int_eq(interim_request_set_output_fd(request, fileno(out)), 0);
    for (int twice = 0; twice < 2; twice++)
        expect(INTERIM_DONE, 0);
    server_received(origin, 0, received, sizeof received);
    ck_assert_ptr_nonnull(strstr(received, "Content-Length: 5\r\n\r\n56789PUT /a"));
    rewind(out);
    ck_assert_uint_eq(fread(text, 1, 7, out), 6);
    ck_assert_str_eq(text, "outout");
    ck_assert_int_eq(ftruncate(fileno(in), 7), 0);
    expect(INTERIM_UNKNOWN, INTERIM_ECALLBACK);
    fclose(in);
    fclose(out);
    end();
}
END_TEST

START_TEST(an_output_that_fails_ends_it)
{
    FILE *full = fopen("/dev/full", "w");
    interim_result *result;

    begin_one(_i, "GET", million);
    ck_assert_int_eq(interim_request_set_output_fd(request, fileno(full)), 0);
    result = perform(INTERIM_FAILED, INTERIM_ESYSTEM);
    ck_assert_ptr_nonnull(strstr(interim_result_error(result)->text, "No space left"));
    interim_result_free(result);
    fclose(full);
    end();
}
END_TEST

START_TEST(a_body_can_be_paused)
{
    interim_patience patience = INTERIM_PATIENCE_INIT;
    pausing taken = {0};

    begin_one(_i, "GET", million);
    patience.silence_ms = 30;
    interim_request_set_patience(request, &patience);
    interim_request_on_body(request, take_and_pause, &taken);
    ck_assert_int_eq(interim_start(&taken.operation, client, request, end_of_pausing, &taken), 0);
    while (taken.calls == 0)
        interim_client_run(client, -1);
    for (int i = 0; i < 5; i++) /* longer than the silence limit */
        interim_client_run(client, 20);
    ck_assert_int_eq(taken.calls, 1);
    ck_assert_int_eq(taken.dones, 0);
    while (taken.dones == 0) {
        int calls = taken.calls;

        interim_operation_resume(taken.operation);
        interim_operation_resume(taken.operation);
        while (taken.calls == calls && taken.dones == 0)
            interim_client_run(client, -1);
    }
    ck_assert_uint_eq(taken.size, 1000000);
    ck_assert_int_eq(taken.outcome, INTERIM_DONE);
    end();
}
END_TEST

START_TEST(a_coded_body_can_be_paused)
{
    pausing taken = {0};

    begin_one(_i, "GET", coded);
    interim_request_set_decoding(request, 1, 0);
    interim_request_on_body(request, take_and_pause, &taken);
    interim_start(&taken.operation, client, request, end_of_pausing, &taken);
    while (interim_client_run(client, 50) > 0 && taken.dones == 0)
        interim_operation_resume(taken.operation);
    ck_assert_uint_eq(taken.size, 5);
    ck_assert_int_eq(taken.outcome, INTERIM_DONE);
    end();
}
END_TEST

START_TEST(a_kept_body_has_a_cap)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;

    for (int below = 0; below < 2; below++) {
        begin_one(_i, "GET", million);
        interim_client_free(client);
        options.engine = engines[_i];
        options.body_cap_bytes = (size_t)(1000000 - below);
        ck_assert_int_eq(interim_client_new(&client, &options), 0);
        if (below == 0)
            expect(INTERIM_DONE, 0);
        else
            expect(INTERIM_FAILED, INTERIM_EBODY_LIMIT);
        end();
    }
}
END_TEST

START_TEST(a_coded_body_is_decoded_only_when_asked)
{
    char received[512];

    for (int asked = 0; asked < 2; asked++) {
        interim_result *result;
        size_t size;

        begin_one(_i, "GET", coded);
        ck_assert_int_eq(interim_request_set_decoding(request, asked, 5), 0);
        result = perform(INTERIM_DONE, 0);
        interim_result_body(result, &size);
        ck_assert_uint_eq(size, asked ? 5 : 25);
        ck_assert_mem_eq(interim_result_body(result, NULL), asked ? "hello" : HELLO, size);
        server_received(origin, 0, received, sizeof received);
        ck_assert((strstr(received, "Accept-Encoding: gzip, deflate\r\n") != NULL) == asked);
        interim_result_free(result);
        end();
    }
}
END_TEST

START_TEST(a_coded_body_has_limits)
{
    static const server_step cut[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 24\r\n\r\n"},
        {SERVER_SEND, 24, HELLO},
        {SERVER_CLOSE, 0, NULL}};

    begin_one(_i, "GET", cut);
    interim_request_set_decoding(request, 1, 0);
    expect(INTERIM_FAILED, INTERIM_ECODING);
    end();
    begin_one(_i, "GET", coded);
    interim_request_set_decoding(request, 1, 4);
    expect(INTERIM_FAILED, INTERIM_ECODING);
    end();
}
END_TEST

/* ---- Callbacks ---- */

static int call_back_in(const interim_event *event, void *user)
{
    interim_result *result;

    (void)event;
    ck_assert_int_eq(interim_perform(&result, client, request), INTERIM_EBUSY);
    ck_assert_int_eq(interim_client_run(client, 0), INTERIM_EBUSY);
    ck_assert_int_eq(interim_request_add_header(request, "A", "b"), INTERIM_EBUSY);
    ++*(int *)user;
    return 0;
}

START_TEST(a_callback_cannot_run_the_client)
{
    int calls = 0;

    begin_one(_i, "COPY", two_interims);
    interim_request_on_interim(request, call_back_in, &calls);
    expect(INTERIM_DONE, 0);
    ck_assert_int_eq(calls, 2);
    ck_assert_int_eq(interim_request_add_header(request, "A", "b"), 0);
    end();
}
END_TEST

typedef struct watched {
    interim_operation *operation;
    int events, ends, dones;
    int cancel_at; /* the event at which it is cancelled; 0: by nobody */
    bool by_return;
    interim_outcome outcome;
} watched;

static int watch(const interim_event *event, void *user)
{
    watched *seen = user;

    seen->events++;
    seen->ends += event->kind == INTERIM_EVENT_END;
    if (seen->events != seen->cancel_at)
        return 0;
    if (!seen->by_return && seen->operation != NULL)
        interim_operation_cancel(seen->operation);
    return seen->by_return;
}

static void on_done(interim_operation *operation, interim_result *result, void *user)
{
    watched *seen = user;

    seen->operation = operation;
    interim_operation_cancel(operation); /* too late, and harmless */
    seen->outcome = interim_result_outcome(result);
    seen->dones++;
    interim_result_free(result);
}

static void run_to_end(void)
{
    while (interim_client_run(client, -1) > 0)
        continue;
}

START_TEST(it_can_be_cancelled_at_every_event)
{
    int events = 100;

    for (int by_return = 0; by_return < 2; by_return++)
        for (int at = 1; at < events; at++) {
            watched seen = {.cancel_at = at, .by_return = by_return};

            begin_one(_i, "COPY", two_interims);
            interim_request_on_event(request, watch, &seen);
            ck_assert_int_eq(interim_start(&seen.operation, client, request, on_done, &seen), 0);
            ck_assert_int_eq(seen.dones, 0);
            run_to_end();
            ck_assert_int_eq(seen.dones, 1);
            ck_assert_int_eq(seen.ends, 1);
            /* The START event comes before there is an operation to cancel. */
            if (seen.outcome == INTERIM_DONE && (by_return || at > 1))
                events = at;
            ck_assert(seen.outcome == INTERIM_CANCELLED || seen.outcome == INTERIM_DONE);
            end();
        }
    ck_assert_int_ge(events, 7); /* start, connected, sent, interim, interim, response, end */
    ck_assert_int_lt(events, 10);
}
END_TEST

START_TEST(freeing_the_client_ends_operations)
{
    static const server_step script[] = {{SERVER_HEAD, 0, NULL}, {SERVER_WAIT, 0, NULL}};
    watched seen[3] = {{0}};

    begin_one(_i, "COPY", script);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(interim_start(NULL, client, request, on_done, &seen[i]), 0);
    interim_client_run(client, 50);
    ck_assert_int_eq(interim_client_run(client, 0), 3);
    interim_client_free(client);
    client = NULL;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(seen[i].dones, 1);
        ck_assert_int_eq(seen[i].outcome, INTERIM_CANCELLED);
    }
    end();
}
END_TEST

static void start_next(interim_operation *operation, interim_result *result, void *user)
{
    int *left = user;

    (void)operation;
    ck_assert_int_eq(interim_result_outcome(result), INTERIM_DONE);
    interim_result_free(result);
    if (--*left > 0)
        ck_assert_int_eq(interim_start(NULL, client, request, start_next, left), 0);
}

START_TEST(the_end_of_one_can_start_the_next)
{
    int left = 5;

    begin_one(_i, "GET", two_interims);
    ck_assert_int_eq(interim_start(NULL, client, request, start_next, &left), 0);
    interim_request_free(request);
    request = make_request("GET", server_port(origin));
    run_to_end();
    ck_assert_int_eq(left, 0);
    ck_assert_uint_eq(server_accepted(origin), 1);
    end();
}
END_TEST

START_TEST(many_run_at_once)
{
    watched seen[40] = {{0}};

    begin_one(_i, "COPY", two_interims);
    for (int i = 0; i < 40; i++)
        ck_assert_int_eq(interim_start(NULL, client, request, on_done, &seen[i]), 0);
    run_to_end();
    for (int i = 0; i < 40; i++) {
        ck_assert_int_eq(seen[i].dones, 1);
        ck_assert_int_eq(seen[i].outcome, INTERIM_DONE);
    }
    ck_assert_uint_eq(server_accepted(origin), 40);
    end();
}
END_TEST

/* ---- One descriptor ---- */

START_TEST(a_foreign_loop_needs_one_descriptor)
{
    static const server_step script[] = {{SERVER_HEAD, 0, NULL},
                                         {SERVER_SEND, 0, "HTTP/1.1 102 Processing\r\n\r\n"},
                                         {SERVER_WAIT, 0, NULL}};
    watched seen = {0};
    int turns = 0;

    begin_one(0, "COPY", script);
    be_patient(0, 0, 150, 0);
    ck_assert_int_eq(interim_start(NULL, client, request, on_done, &seen), 0);
    while (interim_client_run(client, 0) > 0) {
        struct pollfd descriptor = {interim_client_fd(client), POLLIN, 0};

        ck_assert_int_eq(poll(&descriptor, 1, 2000), 1); /* the silence limit makes it readable */
        ck_assert_int_lt(++turns, 40);                   /* and nothing makes it so in vain */
    }
    ck_assert_int_eq(seen.dones, 1);
    ck_assert_int_eq(seen.outcome, INTERIM_UNKNOWN);
    end();
}
END_TEST

START_TEST(running_an_idle_client_does_not_wait)
{
    make_client(_i);
    ck_assert_int_eq(interim_client_run(client, -1), 0);
    interim_client_free(client);
    client = NULL;
}
END_TEST

/* ---- 202 ---- */

START_TEST(a_202_is_polled_and_holds_no_connection_meanwhile)
{
    static const server_step first[] = {{SERVER_HEAD, 0, NULL},
                                        {SERVER_SEND, 0,
                                         "HTTP/1.1 202 Accepted\r\nLocation: /job\r\nConnection: "
                                         "close\r\nContent-Length: 0\r\n\r\n"},
                                        {SERVER_CLOSE, 0, NULL}};
    static const server_step second[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"},
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"},
        {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {first, second, NULL};
    interim_polling polling = INTERIM_POLLING_INIT;
    interim_result *result;
    char received[512];

    begin(_i, "COPY", scripts);
    polling.first_ms = 10;
    interim_request_set_polling(request, &polling);
    interim_request_set_credentials(request, "u", "p");
    result = perform(INTERIM_DONE, 0);
    ck_assert_int_eq(interim_result_status(result), 201);
    ck_assert_uint_eq(interim_result_timing(result)->poll_count, 2);
    ck_assert_uint_eq(server_accepted(origin), 2);
    server_received(origin, 1, received, sizeof received);
    ck_assert_int_eq(strncmp(received, "GET /job HTTP/1.1\r\n", 19), 0);
    ck_assert_ptr_nonnull(strstr(received, "Authorization: Basic dTpw\r\n"));
    interim_result_free(result);
    end();
}
END_TEST

/* ---- The log, and memory ---- */

START_TEST(the_log_gets_every_event)
{
    FILE *file = tmpfile();
    interim_log *log;
    char line[4096];
    int lines = 0;

    begin_one(_i, "COPY", two_interims);
    ck_assert_int_eq(interim_log_open(&log, fileno(file), INTERIM_LOG_JSON_LINES), 0);
    ck_assert_int_eq(interim_client_set_log(client, log), 0);
    expect(INTERIM_DONE, 0);
    interim_client_set_log(client, NULL);
    ck_assert_int_eq(interim_log_close(log, NULL), 0);
    rewind(file);
    while (fgets(line, sizeof line, file) != NULL)
        lines++;
    ck_assert_int_eq(lines, 7);
    fclose(file);
    end();
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    begin_one(_i, "COPY", two_interims);
    for (unsigned long nth = 1;; nth++) {
        interim_result *result = NULL;
        int failed;

        failing_alloc_arm(nth);
        failed = interim_perform(&result, client, request);
        if (!failing_alloc_disarm()) {
            ck_assert_int_eq(failed, 0);
            interim_result_free(result);
            ck_assert_uint_gt(nth, 5);
            break;
        }
        ck_assert(failed == 0 || failed == INTERIM_ENOMEM);
        ck_assert(result != NULL || failed == INTERIM_ENOMEM);
        interim_result_free(result);
    }
    end();
}
END_TEST

Suite *client_suite(void)
{
    Suite *suite = suite_create("client");
    TCase *making = tcase_create("making");
    TCase *running = tcase_create("running");

    tcase_add_test(making, options_are_checked);
    tcase_add_test(making, a_smaller_struct_of_an_older_header_is_taken);
    tcase_add_test(making, requests_are_checked);
    tcase_add_test(making, fields_are_checked);
    tcase_add_test(making, limits_are_checked);
    suite_add_tcase(suite, making);
    tcase_set_timeout(running, 30);
    tcase_add_loop_test(running, blocking_tells_everything, 0, ENGINES);
    tcase_add_loop_test(running, a_connection_is_used_again, 0, ENGINES);
    tcase_add_loop_test(running, a_connection_may_serve_only_once, 0, ENGINES);
    tcase_add_loop_test(running, a_connection_that_rewrote_an_interim_is_not, 0, ENGINES);
    tcase_add_loop_test(running, get_is_asked_again_on_a_new_connection, 0, ENGINES);
    tcase_add_loop_test(running, copy_is_never_sent_twice, 0, ENGINES);
    tcase_add_loop_test(running, a_reset_after_an_interim_is_unknown, 0, ENGINES);
    tcase_add_loop_test(running, nobody_there_is_unreachable, 0, ENGINES);
    tcase_add_loop_test(running, silence_ends_it, 0, ENGINES);
    tcase_add_loop_test(running, a_head_that_drips_ends_it, 0, ENGINES);
    tcase_add_loop_test(running, the_total_ends_it_while_the_server_works, 0, ENGINES);
    tcase_add_loop_test(running, connecting_has_a_limit, 0, ENGINES);
    tcase_add_loop_test(running, a_body_from_a_reader_is_chunked, 0, ENGINES);
    tcase_add_loop_test(running, an_early_refusal_is_seen, 0, ENGINES);
    tcase_add_loop_test(running, a_body_waits_for_100, 0, ENGINES);
    tcase_add_loop_test(running, a_body_does_not_wait_for_ever, 0, ENGINES);
    tcase_add_loop_test(running, after_417_it_is_sent_without_expect, 0, ENGINES);
    tcase_add_loop_test(running, a_body_is_streamed, 0, ENGINES);
    tcase_add_loop_test(running, bodies_go_from_file_to_file, 0, ENGINES);
    tcase_add_loop_test(running, an_output_that_fails_ends_it, 0, ENGINES);
    tcase_add_loop_test(running, a_body_can_be_paused, 0, ENGINES);
    tcase_add_loop_test(running, a_coded_body_can_be_paused, 0, ENGINES);
    tcase_add_loop_test(running, a_kept_body_has_a_cap, 0, ENGINES);
    tcase_add_loop_test(running, a_coded_body_is_decoded_only_when_asked, 0, ENGINES);
    tcase_add_loop_test(running, a_coded_body_has_limits, 0, ENGINES);
    tcase_add_loop_test(running, a_callback_cannot_run_the_client, 0, ENGINES);
    tcase_add_loop_test(running, it_can_be_cancelled_at_every_event, 0, ENGINES);
    tcase_add_loop_test(running, freeing_the_client_ends_operations, 0, ENGINES);
    tcase_add_loop_test(running, the_end_of_one_can_start_the_next, 0, ENGINES);
    tcase_add_loop_test(running, many_run_at_once, 0, ENGINES);
    tcase_add_test(running, a_foreign_loop_needs_one_descriptor);
    tcase_add_loop_test(running, running_an_idle_client_does_not_wait, 0, ENGINES);
    tcase_add_loop_test(running, a_202_is_polled_and_holds_no_connection_meanwhile, 0, ENGINES);
    tcase_add_loop_test(running, the_log_gets_every_event, 0, ENGINES);
    tcase_add_loop_test(running, every_allocation_may_fail, 0, ENGINES);
    suite_add_tcase(suite, running);
    return suite;
}
