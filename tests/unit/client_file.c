/* Tests of bodies from a file through the public API, which the system moves to plain connections
 * without a look at them: large ones, and files and peers that change meanwhile. */
#include "suites.h"
#include "support/certificates.h"
#include "support/server.h"

#include <fcntl.h>
#include <interim.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LARGE (64 << 20) /* more than the buffers of a connection hold */

static interim_client *client;
static interim_request *request;
static struct server *origin;
static FILE *file;

static void begin(int engine, const server_step *script, const server_tls *tls, const char *ca_file)
{
    static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};
    static const server_step *scripts[2];
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    char url[64];

    scripts[0] = script;
    origin = server_start(scripts, tls);
    options.engine = engines[engine];
    options.ca_file = ca_file;
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
    snprintf(url, sizeof url, "%s://127.0.0.1:%u/a", tls == NULL ? "http" : "https",
             (unsigned)server_port(origin));
    ck_assert_int_eq(interim_request_new(&request, "PUT", url), 0);
    ck_assert_int_eq(interim_request_set_expect(request, INTERIM_EXPECT_NEVER), 0);
    file = tmpfile();
    ck_assert_ptr_nonnull(file);
}

static void end(void)
{
    interim_request_free(request);
    interim_client_free(client);
    server_stop(origin);
    fclose(file);
}

static void expect(interim_outcome outcome, int code, const char *text)
{
    interim_result *result;
    int returned = interim_perform(&result, client, request);

    ck_assert_msg(interim_result_outcome(result) == outcome && returned == code &&
                      strstr(interim_result_error(result)->text, text) != NULL,
                  "%s %s: %s", interim_outcome_name(interim_result_outcome(result)),
                  interim_error_name(returned), interim_result_error(result)->text);
    interim_result_free(result);
}

/* Bytes that tell where they belong. */
static char *fill(size_t size)
{
    char *all = malloc(size);

    for (size_t i = 0; i < size; i++)
        all[i] = (char)(i ^ i >> 8 ^ i >> 16);
    ck_assert_uint_eq(fwrite(all, 1, size, file), size);
    ck_assert_int_eq(fflush(file), 0);
    return all;
}

static void expect_body(unsigned connection, const char *body, size_t size)
{
    char *received = malloc(size + 4096), *at;
    size_t length = server_received(origin, connection, received, size + 4096);

    at = strstr(received, "\r\n\r\n");
    ck_assert_ptr_nonnull(at);
    ck_assert_uint_eq(length - (size_t)(at + 4 - received), size);
    ck_assert(memcmp(at + 4, body, size) == 0);
    free(received);
}

/* From an offset on, to a server that pauses: more than once there is no room to write. */
START_TEST(a_large_file_arrives)
{
    enum { SIZE = 9 << 20, OFFSET = 4097 };
    static const server_step script[] = {{SERVER_HEAD, 0, NULL},
                                         {SERVER_SLEEP, 20, NULL},
                                         {SERVER_READ, 1 << 20, NULL},
                                         {SERVER_SLEEP, 20, NULL},
                                         {SERVER_READ, SIZE - OFFSET - (1 << 20), NULL},
                                         {SERVER_SEND, 0, "HTTP/1.1 204 x\r\n\r\n"},
                                         {SERVER_CLOSE, 0, NULL}};
    char *all;

    begin(_i, script, NULL, NULL);
    all = fill(SIZE);
    ck_assert_int_eq(interim_request_set_body_fd(request, fileno(file), OFFSET, -1), 0);
    expect(INTERIM_DONE, 0, "");
    expect_body(0, all + OFFSET, SIZE - OFFSET);
    ck_assert_int_eq(lseek(fileno(file), 0, SEEK_CUR), SIZE); /* not moved */
    free(all);
    end();
}
END_TEST

/* The body waits for 100, and what follows it is the next request, not more of the file. */
START_TEST(a_part_of_a_file_is_sent_when_asked_for)
{
    static const server_step script[] = {{SERVER_HEAD, 0, NULL},
                                         {SERVER_SEND, 0, "HTTP/1.1 100 Continue\r\n\r\n"},
                                         {SERVER_READ, 5, NULL},
                                         {SERVER_SEND, 0, "HTTP/1.1 204 x\r\n\r\n"},
                                         {SERVER_REPEAT, 0, NULL}};
    char received[1024];

    begin(_i, script, NULL, NULL);
    free(fill(64));
    ck_assert_int_eq(interim_request_set_expect(request, INTERIM_EXPECT_ALWAYS), 0);
    ck_assert_int_eq(interim_request_set_body_fd(request, fileno(file), 48, 5), 0);
    expect(INTERIM_DONE, 0, "");
    expect(INTERIM_DONE, 0, "");
    server_received(origin, 0, received, sizeof received);
    ck_assert_ptr_nonnull(strstr(received, "\r\n\r\n01234PUT /a HTTP/1.1\r\n"));
    end();
}
END_TEST

START_TEST(over_tls_it_is_written_by_hand)
{
    enum { SIZE = 100000 };
    static const server_step script[] = {{SERVER_HEAD, 0, NULL},
                                         {SERVER_READ, SIZE, NULL},
                                         {SERVER_SEND, 0, "HTTP/1.1 204 x\r\n\r\n"},
                                         {SERVER_CLOSE, 0, NULL}};
    static const certificate_wish wish = {.file = "good", .name = "x", .names = "IP:127.0.0.1"};
    struct certificates *made = certificates_new();
    char certificate[160], key[160], *all;
    server_tls tls = {.certificate_file = certificate, .key_file = key};

    certificates_issue(made, &wish);
    certificates_path(made, certificate, sizeof certificate, "good.crt");
    certificates_path(made, key, sizeof key, "good.key");
    begin(_i, script, &tls, certificates_ca_file(made));
    all = fill(SIZE);
    ck_assert_int_eq(interim_request_set_body_fd(request, fileno(file), 0, -1), 0);
    expect(INTERIM_DONE, 0, "");
    expect_body(0, all, SIZE);
    free(all);
    end();
    certificates_free(made);
}
END_TEST

static int truncate_file(const interim_event *event, void *user)
{
    (void)event;
    (void)user;
    return ftruncate(fileno(file), 1 << 20);
}

/* The server has a part of it, when the file becomes shorter. */
START_TEST(a_file_that_shrinks_is_an_error)
{
    static const server_step script[] = {{SERVER_HEAD, 0, NULL},
                                         {SERVER_READ, 1000, NULL},
                                         {SERVER_SEND, 0, "HTTP/1.1 102 Processing\r\n\r\n"},
                                         {SERVER_SLEEP, 50, NULL},
                                         {SERVER_READ, LARGE, NULL},
                                         {SERVER_CLOSE, 0, NULL}};

    begin(_i, script, NULL, NULL);
    ck_assert_int_eq(ftruncate(fileno(file), LARGE), 0);
    ck_assert_int_eq(interim_request_set_body_fd(request, fileno(file), 0, -1), 0);
    interim_request_on_interim(request, truncate_file, NULL);
    expect(INTERIM_UNKNOWN, INTERIM_ECALLBACK, "the body reader ended, ");
    end();
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_an_error)
{
    static const server_step script[] = {{SERVER_READ, LARGE, NULL}, {SERVER_CLOSE, 0, NULL}};
    char path[64];
    int blind;

    begin(_i, script, NULL, NULL);
    free(fill(10));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
    blind = open(path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(blind, 0);
    ck_assert_int_eq(interim_request_set_body_fd(request, blind, 0, -1), 0);
    expect(INTERIM_UNKNOWN, INTERIM_ECALLBACK, "the body reader answered -1");
    close(blind);
    end();
}
END_TEST

/* An answer that came before the end counts; then, and without one, no SIGPIPE comes. */
START_TEST(a_peer_that_stops_reading_raises_no_signal)
{
    static const server_step early[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_READ, 1000, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"},
        {SERVER_READ, LARGE, NULL},
        {SERVER_CLOSE, 0, NULL}};
    static const server_step gone[] = {
        {SERVER_HEAD, 0, NULL}, {SERVER_READ, 1000, NULL}, {SERVER_RESET, 0, NULL}};

    signal(SIGPIPE, SIG_DFL);
    for (int turn = 0; turn < 2; turn++) {
        begin(_i, turn == 0 ? early : gone, NULL, NULL);
        ck_assert_int_eq(ftruncate(fileno(file), LARGE), 0);
        ck_assert_int_eq(interim_request_set_body_fd(request, fileno(file), 0, -1), 0);
        expect(turn == 0 ? INTERIM_FAILED : INTERIM_UNKNOWN, turn == 0 ? 0 : INTERIM_EDISCONNECTED,
               "");
        end();
    }
}
END_TEST

static int asked; /* of a reader, in this turn */

static ptrdiff_t give_one_byte(void *buffer, size_t size, void *user)
{
    int *left = user;

    (void)size;
    asked++;
    *(char *)buffer = 'x';
    return (*left)-- > 0;
}

static void be_done(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation;
    *(interim_outcome *)user = interim_result_outcome(result);
    interim_result_free(result);
}

/* A connection that takes everything at once would else keep all others, and its own answer,
 * waiting. */
START_TEST(an_upload_leaves_others_their_turn)
{
    static const server_step script[] = {{SERVER_HEAD, 0, NULL},
                                         {SERVER_HEAD, 0, NULL},
                                         {SERVER_SEND, 0, "HTTP/1.1 204 x\r\n\r\n"},
                                         {SERVER_CLOSE, 0, NULL}};
    interim_outcome outcome = INTERIM_PENDING;
    int left = 1000, most = 0;

    begin(_i, script, NULL, NULL);
    ck_assert_int_eq(interim_request_set_body_reader(request, give_one_byte, -1, &left), 0);
    ck_assert_int_eq(interim_start(NULL, client, request, be_done, &outcome), 0);
    while (outcome == INTERIM_PENDING) {
        asked = 0;
        ck_assert_int_ge(interim_client_run(client, -1), 0);
        most = asked > most ? asked : most;
    }
    ck_assert_int_eq(outcome, INTERIM_DONE);
    ck_assert_int_gt(most, 1);
    ck_assert_int_lt(most, 100);
    end();
}
END_TEST

Suite *client_file_suite(void)
{
    const TTest *const tests[] = {
        a_large_file_arrives,
        a_part_of_a_file_is_sent_when_asked_for,
        over_tls_it_is_written_by_hand,
        a_file_that_shrinks_is_an_error,
        a_file_that_cannot_be_read_is_an_error,
        a_peer_that_stops_reading_raises_no_signal,
        an_upload_leaves_others_their_turn,
    };
    Suite *suite = suite_create("client_file");
    TCase *everything = tcase_create("both engines");

    tcase_set_timeout(everything, 60);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_loop_test(everything, tests[i], 0, 2);
    suite_add_tcase(suite, everything);
    return suite;
}
