/* Tests of TLS through the public API, with both engines: what a caller is told about certificates,
 * who sees the client certificate, and when the end of a stream is believed. */
#include "suites.h"
#include "support/certificates.h"
#include "support/names.h"
#include "support/server.h"

#include <interim.h>
#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

static struct certificates *all;
static interim_client *client;
static struct server *origin;

static const char *file(const char *name)
{
    static char paths[16][160];
    static unsigned next;
    char *path = paths[next++ % 16];

    certificates_path(all, path, sizeof paths[0], name);
    return path;
}

static void make_certificates(void)
{
    static const certificate_wish wishes[] = {
        {.file = "good", .name = "x", .names = "DNS:origin.test,DNS:other.test"},
        {.file = "bad", .name = "x", .names = "DNS:origin.test"},
        {.file = "host", .name = "x", .names = "DNS:third.test"},
        {.file = "expired", .name = "x", .names = "DNS:origin.test", .from_s = -99, .to_s = -9},
        {.file = "future", .name = "x", .names = "DNS:origin.test", .from_s = 99, .to_s = 999},
        {.file = "self", .name = "self", .names = "DNS:origin.test", .self_signed = 1},
        {.file = "client", .name = "anna"},
    };

    all = certificates_new();
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++)
        certificates_issue(all, &wishes[i]);
    certificates_issue_crl(all, "crl", "bad", 3600);
}

static void remove_certificates(void)
{
    certificates_free(all);
}

static interim_client_options options_of(int engine)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;

    options.engine = engines[engine];
    options.ca_file = file("ca.crt");
    return options;
}

static void begin(const interim_client_options *options, const char *certificate,
                  const server_step *const *scripts, server_tls wish)
{
    char wanted[32];

    snprintf(wanted, sizeof wanted, "%s.crt", certificate);
    wish.certificate_file = file(wanted);
    snprintf(wanted, sizeof wanted, "%s.key", certificate);
    wish.key_file = file(wanted);
    origin = server_start(scripts, &wish);
    ck_assert_int_eq(interim_client_new(&client, options), 0);
    names_add("origin.test", "127.0.0.1", 0, false);
    names_add("other.test", "127.0.0.1", 0, false);
}

static void end(void)
{
    interim_client_free(client);
    server_stop(origin);
    names_wait_idle();
    names_reset();
}

/* The result is to be freed. */
static interim_result *ask(const char *method, const char *host)
{
    interim_request *request;
    interim_result *result;
    char url[64];

    snprintf(url, sizeof url, "https://%s:%u/a", host, server_port(origin));
    ck_assert_int_eq(interim_request_new(&request, method, url), 0);
    interim_perform(&result, client, request);
    interim_request_free(request);
    ck_assert_ptr_nonnull(result);
    return result;
}

static void expect(const char *method, const char *host, interim_outcome outcome, int code)
{
    interim_result *result = ask(method, host);

    ck_assert_msg(
        interim_result_outcome(result) == outcome && interim_result_error(result)->code == code,
        "%s %s: %s", interim_outcome_name(interim_result_outcome(result)),
        interim_error_name(interim_result_error(result)->code), interim_result_error(result)->text);
    interim_result_free(result);
}

static const server_step answer[] = {{SERVER_HEAD, 0, NULL},
                                     {SERVER_SEND, 0, "HTTP/1.1 204 No Content\r\n\r\n"},
                                     {SERVER_REPEAT, 0, NULL}};
static const server_step *const answers[] = {answer, NULL};

/* ---- Certificates ---- */

START_TEST(a_bad_certificate_is_told_in_words)
{
    static const struct {
        const char *certificate, *text;
        unsigned long code;
    } cases[] = {
        {"host", "the certificate is for third.test, not for origin.test",
         X509_V_ERR_HOSTNAME_MISMATCH},
        {"expired", "the certificate of origin.test expired on 20", X509_V_ERR_CERT_HAS_EXPIRED},
        {"future", "the certificate of origin.test is not valid before 20",
         X509_V_ERR_CERT_NOT_YET_VALID},
        {"self", "the certificate of origin.test is self-signed and not trusted",
         X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
        {"bad", "the certificate of origin.test was revoked by its issuer 'Test CA'",
         X509_V_ERR_CERT_REVOKED},
        {"good", "the certificate of origin.test has the unknown issuer 'Test CA'",
         X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
        {"good", "the key of origin.test is not a pinned one: it is sha256//",
         X509_V_ERR_APPLICATION_VERIFICATION},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        interim_client_options options = options_of(_i);
        const interim_error *error;
        interim_result *result;
        char received[16];

        if (cases[i].code == X509_V_ERR_CERT_REVOKED)
            options.crl_file = file("crl");
        if (cases[i].code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY)
            options.ca_file = file("self.crt");
        if (cases[i].code == X509_V_ERR_APPLICATION_VERIFICATION)
            options.pinned_keys = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        begin(&options, cases[i].certificate, answers, (server_tls){0});
        result = ask("COPY", "origin.test");
        error = interim_result_error(result);
        ck_assert_int_eq(interim_result_outcome(result), INTERIM_UNREACHABLE);
        ck_assert_int_eq(error->code, INTERIM_ECERTIFICATE);
        ck_assert_int_eq(error->stage, INTERIM_STAGE_TLS);
        ck_assert_msg(strncmp(error->text, cases[i].text, strlen(cases[i].text)) == 0, "%s",
                      error->text);
        ck_assert_uint_eq(error->tls_error, cases[i].code);
        interim_result_free(result);
        server_wait_end(origin, 0);
        ck_assert_uint_eq(server_received(origin, 0, received, sizeof received), 0);
        end();
    }
}
END_TEST

START_TEST(options_are_checked)
{
    interim_client_options options = options_of(_i);
    interim_error error = {.size = sizeof error};

    options.error = &error;
    options.certificate_file = file("client.crt");
    options.key_file = file("good.key");
    ck_assert_int_eq(interim_client_new(&client, &options), INTERIM_ETLS);
    ck_assert_ptr_null(client);
    ck_assert_int_eq(error.code, INTERIM_ETLS);
    ck_assert_uint_eq(error.size, sizeof error);
    ck_assert_ptr_nonnull(strstr(error.text, "it is not the key of the client certificate"));
    /* An older header's error, and none. */
    error = (interim_error){.size = offsetof(interim_error, tls_error)};
    ck_assert_int_eq(interim_client_new(&client, &options), INTERIM_ETLS);
    ck_assert_int_eq(error.code, INTERIM_ETLS);
    ck_assert_str_eq(error.text, "");
    options.error = NULL;
    ck_assert_int_eq(interim_client_new(&client, &options), INTERIM_ETLS);

    options = options_of(_i);
    options.error = &error;
    error.size = sizeof error;
    options.tls_min = (interim_tls_version)7;
    ck_assert_int_eq(interim_client_new(&client, &options), INTERIM_EINVAL);
    ck_assert_int_eq(error.code, INTERIM_EINVAL);
    ck_assert_str_ne(error.text, "");
    options = options_of(_i);
    options.pinned_keys = "sha256//short=";
    ck_assert_int_eq(interim_client_new(&client, &options), INTERIM_EINVAL);
    ck_assert_ptr_null(client);
}
END_TEST

/* ---- The client certificate ---- */

static void expect_name(unsigned connection, const char *name)
{
    char text[64];

    server_client_name(origin, connection, text, sizeof text);
    ck_assert_str_eq(text, name);
}

static void begin_identified(int engine, const server_step *const *scripts)
{
    interim_client_options options = options_of(engine);

    options.certificate_file = file("client.crt");
    options.key_file = file("client.key");
    begin(&options, "good", scripts, (server_tls){.client_ca_file = file("ca.crt")});
}

/* The first connection is answered by leading, with the URL of the other origin at its end. */
static char leading_text[256];

static const server_step leading[] = {
    {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, leading_text}, {SERVER_REPEAT, 0, NULL}};
static const server_step *const led[] = {leading, answer, NULL};

static void lead(const char *head)
{
    snprintf(leading_text, sizeof leading_text,
             "%sContent-Length: 0\r\nLocation: https://other.test:%u/b\r\n\r\n", head,
             server_port(origin));
}

START_TEST(a_redirect_to_another_origin_does_not_show_it)
{
    begin_identified(_i, led);
    lead("HTTP/1.1 302 Found\r\n");
    expect("GET", "origin.test", INTERIM_DONE, 0);
    ck_assert_uint_eq(server_accepted(origin), 2);
    expect_name(0, "anna");
    expect_name(1, "");
    /* Named by the caller, it is shown it, and not on the connection that is there. */
    expect("GET", "other.test", INTERIM_DONE, 0);
    ck_assert_uint_eq(server_accepted(origin), 3);
    expect_name(2, "anna");
    expect("GET", "other.test", INTERIM_DONE, 0);
    ck_assert_uint_eq(server_accepted(origin), 3);
    /* And the other way round: led there again, the one without it is used again. */
    expect("GET", "origin.test", INTERIM_DONE, 0);
    ck_assert_uint_eq(server_accepted(origin), 3);
    end();
}
END_TEST

START_TEST(a_monitor_on_another_origin_does_not_see_it)
{
    begin_identified(_i, led);
    lead("HTTP/1.1 202 Accepted\r\nRetry-After: 0\r\n");
    interim_result_free(ask("COPY", "origin.test"));
    ck_assert_uint_eq(server_accepted(origin), 2);
    expect_name(0, "anna");
    expect_name(1, "");
    end();
}
END_TEST

START_TEST(without_a_certificate_connections_are_shared)
{
    interim_client_options options = options_of(_i);

    begin(&options, "good", led, (server_tls){0});
    lead("HTTP/1.1 302 Found\r\n");
    expect("GET", "origin.test", INTERIM_DONE, 0);
    expect("GET", "other.test", INTERIM_DONE, 0);
    ck_assert_uint_eq(server_accepted(origin), 2);
    end();
}
END_TEST

/* Not even with the same settings: connections and sessions belong to a client. */
START_TEST(clients_share_nothing)
{
    static const server_step script[] = {{SERVER_HEAD, 0, NULL},
                                         {SERVER_SEND, 0, "HTTP/1.1 204 No Content\r\n\r\n"},
                                         {SERVER_REPEAT, 0, NULL}};
    static const server_step *const scripts[] = {script, NULL};
    interim_client_options options = options_of(_i), strict = options;
    interim_client *first;

    strict.tls_min = INTERIM_TLS_1_3;
    begin(&options, "good", scripts, (server_tls){0});
    expect("GET", "origin.test", INTERIM_DONE, 0);
    expect("GET", "origin.test", INTERIM_DONE, 0);
    first = client;
    ck_assert_int_eq(interim_client_new(&client, &strict), 0);
    expect("GET", "origin.test", INTERIM_DONE, 0);
    ck_assert_uint_eq(server_accepted(origin), 2);
    ck_assert(!server_resumed(origin, 1));
    interim_client_free(first);
    end();
}
END_TEST

/* ---- Streams ---- */

static const server_step once[] = {
    {SERVER_HEAD, 0, NULL},
    {SERVER_SEND, 0, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"},
    {SERVER_CLOSE, 0, NULL}};

START_TEST(the_next_connection_resumes)
{
    static const server_step *const scripts[] = {once, NULL};
    interim_client_options options = options_of(_i);

    begin(&options, "good", scripts, (server_tls){0});
    for (int i = 0; i < 4; i++)
        expect("GET", i < 3 ? "origin.test" : "other.test", INTERIM_DONE, 0);
    ck_assert(!server_resumed(origin, 0));
    ck_assert(server_resumed(origin, 1));
    ck_assert(server_resumed(origin, 2));
    ck_assert(!server_resumed(origin, 3));
    end();
}
END_TEST

START_TEST(resumption_can_be_switched_off)
{
    static const server_step *const scripts[] = {once, NULL};
    interim_client_options options = options_of(_i);

    options.tls_no_resumption = 1;
    begin(&options, "good", scripts, (server_tls){0});
    for (unsigned i = 0; i < 3; i++) {
        expect("GET", "origin.test", INTERIM_DONE, 0);
        ck_assert(!server_resumed(origin, i));
    }
    end();
}
END_TEST

START_TEST(a_body_until_close_needs_close_notify)
{
    static const server_step clean[] = {{SERVER_HEAD, 0, NULL},
                                        {SERVER_SEND, 0, "HTTP/1.1 200 OK\r\n\r\nhello"},
                                        {SERVER_CLOSE, 0, NULL}};
    static const server_step cut[] = {{SERVER_HEAD, 0, NULL},
                                      {SERVER_SEND, 0, "HTTP/1.1 200 OK\r\n\r\nhello"},
                                      {SERVER_CUT, 0, NULL}};
    static const server_step *const scripts[] = {clean, cut, cut, NULL};
    interim_client_options options = options_of(_i);
    interim_result *result;

    begin(&options, "good", scripts, (server_tls){0});
    result = ask("GET", "origin.test");
    ck_assert_int_eq(interim_result_outcome(result), INTERIM_DONE);
    ck_assert_str_eq(interim_result_body(result, NULL), "hello");
    interim_result_free(result);
    expect("GET", "origin.test", INTERIM_FAILED, INTERIM_ETRUNCATED);
    expect("COPY", "origin.test", INTERIM_UNKNOWN, INTERIM_ETRUNCATED);
    end();
}
END_TEST

/* ---- A flood ---- */

#define RECORDS 1000 /* of one byte each */

static struct {
    unsigned pieces, at_most; /* in one run; in any */
    bool paused, done;
} flood;

static int take_piece(const void *data, size_t size, void *user)
{
    (void)data, (void)size, (void)user;
    flood.pieces++;
    if (flood.paused)
        return 0;
    flood.paused = true;
    return INTERIM_PAUSE;
}

static void flood_over(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation, (void)user;
    flood.done = interim_result_outcome(result) == INTERIM_DONE;
    interim_result_free(result);
}

/* What came while it was paused lies in the system, and in OpenSSL: no socket tells of that. */
START_TEST(a_flood_of_records_gives_others_their_turn)
{
    static server_step steps[RECORDS + 3] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"}};
    static const server_step *const scripts[] = {steps, NULL};
    interim_client_options options = options_of(_i);
    interim_operation *operation;
    interim_request *request;
    unsigned pieces = 0;
    char url[64];

    for (int i = 0; i < RECORDS; i++)
        steps[i + 2] = (server_step){SERVER_SEND, 1, "x"};
    steps[RECORDS + 2] = (server_step){SERVER_CUT, 0, NULL};
    memset(&flood, 0, sizeof flood);
    begin(&options, "good", scripts, (server_tls){0});
    snprintf(url, sizeof url, "https://origin.test:%u/a", server_port(origin));
    ck_assert_int_eq(interim_request_new(&request, "GET", url), 0);
    ck_assert_int_eq(interim_request_on_body(request, take_piece, NULL), 0);
    ck_assert_int_eq(interim_start(&operation, client, request, flood_over, NULL), 0);
    while (!flood.paused)
        ck_assert_int_eq(interim_client_run(client, 1000), 1);
    nanosleep(&(struct timespec){.tv_nsec = 300 * 1000 * 1000}, NULL); /* most of it has come */
    interim_operation_resume(operation);
    for (int left = 1; left > 0; pieces += flood.pieces) {
        flood.pieces = 0;
        left = interim_client_run(client, 1000);
        if (flood.pieces > flood.at_most)
            flood.at_most = flood.pieces;
    }
    ck_assert(flood.done);
    ck_assert_msg(flood.at_most <= RECORDS / 4, "%u of %u in one run", flood.at_most, pieces);
    interim_request_free(request);
    end();
}
END_TEST

Suite *client_tls_suite(void)
{
    const TTest *const tests[] = {
        a_bad_certificate_is_told_in_words,
        options_are_checked,
        a_redirect_to_another_origin_does_not_show_it,
        a_monitor_on_another_origin_does_not_see_it,
        without_a_certificate_connections_are_shared,
        clients_share_nothing,
        the_next_connection_resumes,
        resumption_can_be_switched_off,
        a_body_until_close_needs_close_notify,
        a_flood_of_records_gives_others_their_turn,
    };
    Suite *suite = suite_create("client_tls");
    TCase *everything = tcase_create("both engines");

    tcase_set_timeout(everything, 30);
    tcase_add_unchecked_fixture(everything, make_certificates, remove_certificates);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_loop_test(everything, tests[i], 0, 2);
    suite_add_tcase(suite, everything);
    return suite;
}
