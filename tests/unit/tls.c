/* Tests of src/transport/tls.c, bio.c and certificate.c, through connections to a loopback server.
 * The certificates are made when the suite starts. */
#include "transport/tls.h"

#include "base/error.h"
#include "suites.h"
#include "support/certificates.h"
#include "support/dialer.h"
#include "support/failing_alloc.h"
#include "support/names.h"
#include "support/server.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

static struct certificates *all;
static struct dialer dialer;
static struct server *origin;
static struct server_files {
    char certificate[160], key[160];
} files;

static void make_certificates(void)
{
    static const certificate_wish wishes[] = {
        {.file = "good", .name = "x", .names = "DNS:origin.test,DNS:*.wild.test,IP:127.0.0.1"},
        {.file = "expired",
         .name = "x",
         .names = "DNS:origin.test",
         .from_s = -7200,
         .to_s = -3600},
        {.file = "future", .name = "x", .names = "DNS:origin.test", .from_s = 3600, .to_s = 7200},
        {.file = "other", .name = "origin.test", .names = "DNS:a.test,DNS:b.test,IP:192.0.2.1"},
        {.file = "nameless", .name = "origin.test"},
        {.file = "self", .name = "self", .names = "DNS:origin.test", .self_signed = 1},
    };

    all = certificates_new();
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++)
        certificates_issue(all, &wishes[i]);
}

static void remove_certificates(void)
{
    certificates_free(all);
}

/* A server that shows certificate `name`, and a client that trusts the CA, or ca_file. */
static void begin(int engine, const char *name, const server_step *script, const char *ca_file,
                  const server_tls *wish)
{
    static const server_step *scripts[2];
    server_tls tls = {.certificate_file = files.certificate, .key_file = files.key};
    char file[32];

    scripts[0] = script;
    snprintf(file, sizeof file, "%s.crt", name);
    certificates_path(all, files.certificate, sizeof files.certificate, file);
    snprintf(file, sizeof file, "%s.key", name);
    certificates_path(all, files.key, sizeof files.key, file);
    if (wish != NULL) {
        tls.alpn = wish->alpn;
        tls.highest = wish->highest;
    }
    origin = server_start(scripts, &tls);
    dialer_init(&dialer, engines[engine], ca_file == NULL ? certificates_ca_file(all) : ca_file);
    names_add("origin.test", "127.0.0.1", 0, false);
}

static void end(void)
{
    dialer_dispose(&dialer);
    server_stop(origin);
    names_wait_idle();
    names_reset();
}

static int dial(struct call *call, const char *host)
{
    dialer_dial(&dialer, call, true, host, server_port(origin));
    return dialer_wait_opened(&dialer, call);
}

static const server_step answer_once[] = {
    {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, "hello"}, {SERVER_CLOSE, 0, NULL}};

/* ---- Streams ------------------------------------------------------------------------------- */

START_TEST(bytes_go_both_ways)
{
    static const server_tls with_alpn = {.alpn = "http/1.1"};
    static const server_tls old = {.highest = TLS1_2_VERSION};
    static const server_tls *const wishes[] = {NULL, &with_alpn, &old};

    for (size_t i = 0; i < 3; i++) {
        struct call call = {0};
        char buffer[64];
        ptrdiff_t last;

        begin(_i, "good", answer_once, NULL, wishes[i]);
        ck_assert_int_eq(dial(&call, "origin.test"), 0);
        ck_assert_int_eq(interim__connection_stage(call.connection), INTERIM_STAGE_SEND);
        ck_assert(dialer_write_all(&dialer, &call, "GET\r\n\r\n", 7));
        ck_assert_uint_eq(dialer_read_all(&dialer, &call, buffer, sizeof buffer, &last), 5);
        ck_assert_int_eq(memcmp(buffer, "hello", 5), 0);
        ck_assert_int_eq(last, INTERIM__END);
        ck_assert_int_eq(interim__connection_error(call.connection)->code, 0);
        dialer_hang_up(&call);
        end();
    }
}
END_TEST

START_TEST(much_goes_both_ways)
{
    enum { SIZE = 3 << 20 };
    static const server_step both[] = {{SERVER_SLEEP, 10, NULL},
                                       {SERVER_READ, SIZE, NULL},
                                       {SERVER_FILL, SIZE, NULL},
                                       {SERVER_CLOSE, 0, NULL}};
    struct call call = {0};
    char *data = malloc(SIZE), *copy = malloc(SIZE + 1);
    ptrdiff_t last;

    for (size_t i = 0; i < SIZE; i++)
        data[i] = (char)(i % 251);
    begin(_i, "good", both, NULL, NULL);
    ck_assert_int_eq(dial(&call, "origin.test"), 0);
    ck_assert(dialer_write_all(&dialer, &call, data, SIZE));
    ck_assert_uint_eq(dialer_read_all(&dialer, &call, copy, SIZE + 1, &last), SIZE);
    ck_assert_int_eq(last, INTERIM__END);
    ck_assert_uint_eq(server_received(origin, 0, copy, SIZE + 1), SIZE);
    ck_assert_int_eq(memcmp(data, copy, SIZE), 0);
    dialer_hang_up(&call);
    free(data);
    free(copy);
    end();
}
END_TEST

START_TEST(small_reads_miss_nothing)
{
    static const server_step many[] = {{SERVER_SEND, 0, "one"},
                                       {SERVER_SEND, 0, "two"},
                                       {SERVER_SEND, 0, "three"},
                                       {SERVER_CLOSE, 0, NULL}};
    struct call call = {0};
    char text[16] = "";
    ptrdiff_t got;

    begin(_i, "good", many, NULL, NULL);
    ck_assert_int_eq(dial(&call, "origin.test"), 0);
    usleep(2000); /* so that all records are one read of the socket, most of the time */
    for (size_t length = 0; (got = dialer_read(&dialer, &call, text + length, 1)) > 0;)
        length += (size_t)got;
    ck_assert_int_eq(got, INTERIM__END);
    ck_assert_str_eq(text, "onetwothree");
    dialer_hang_up(&call);
    end();
}
END_TEST

/* Its buffers are given back after a second: not those that hold what was not read yet. */
START_TEST(a_session_that_rests_loses_nothing)
{
    static const server_step halves[] = {{SERVER_SEND, 0, "first half, "}, {SERVER_WAIT, 0, NULL},
                                         {SERVER_SEND, 0, "second half"},  {SERVER_HEAD, 0, NULL},
                                         {SERVER_SEND, 0, ", end"},        {SERVER_CLOSE, 0, NULL}};
    struct call call = {0};
    char buffer[64];
    ptrdiff_t last;
    size_t got;

    begin(_i, "good", halves, NULL, NULL);
    ck_assert_int_eq(dial(&call, "origin.test"), 0);
    ck_assert_int_eq(dialer_read(&dialer, &call, buffer, 1), 1);
    dialer_idle(&dialer, 2200); /* with the rest of a record in it */
    ck_assert_int_eq(dialer_read(&dialer, &call, buffer + 1, 11), 11);
    ck_assert_int_eq(interim__connection_read(call.connection, buffer + 12, 1), INTERIM__AGAIN);
    dialer_idle(&dialer, 2200); /* with nothing */
    server_go(origin);
    ck_assert_int_eq(dialer_read(&dialer, &call, buffer + 12, 11), 11);
    ck_assert(dialer_write_all(&dialer, &call, "GET\r\n\r\n", 7));
    got = dialer_read_all(&dialer, &call, buffer + 23, sizeof buffer - 23, &last);
    ck_assert_uint_eq(got, 5);
    ck_assert_int_eq(memcmp(buffer, "first half, second half, end", 28), 0);
    ck_assert_int_eq(last, INTERIM__END);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(a_cut_stream_is_not_an_end)
{
    static const server_step cut[] = {{SERVER_SEND, 0, "hel"}, {SERVER_CUT, 0, NULL}};
    struct call call = {0};
    char buffer[16];
    ptrdiff_t last;

    begin(_i, "good", cut, NULL, NULL);
    ck_assert_int_eq(dial(&call, "origin.test"), 0);
    ck_assert_uint_eq(dialer_read_all(&dialer, &call, buffer, sizeof buffer, &last), 3);
    ck_assert_int_eq(last, INTERIM__ABRUPT);
    ck_assert_int_eq(interim__connection_read(call.connection, buffer, 1), INTERIM__ABRUPT);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(a_reset_is_told_as_without_tls)
{
    static const server_step reset[] = {{SERVER_WAIT, 0, NULL}, {SERVER_RESET, 0, NULL}};
    struct call call = {0};
    char byte;

    begin(_i, "good", reset, NULL, NULL);
    ck_assert_int_eq(dial(&call, "origin.test"), 0);
    server_go(origin);
    ck_assert_int_eq(dialer_read(&dialer, &call, &byte, 1), INTERIM__BROKEN);
    ck_assert_int_eq(interim__connection_error(call.connection)->code, INTERIM_EDISCONNECTED);
    ck_assert_int_eq(interim__connection_error(call.connection)->os_error, ECONNRESET);
    ck_assert_str_eq(interim__connection_error(call.connection)->text,
                     "connection with origin.test: Connection reset by peer");
    ck_assert_int_eq(interim__connection_write(call.connection, "x", 1), INTERIM__BROKEN);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(freeing_says_close_notify)
{
    static const server_step wait_end[] = {{SERVER_READ, 1000, NULL}, {SERVER_CLOSE, 0, NULL}};
    struct call call = {0};

    begin(_i, "good", wait_end, NULL, NULL);
    ck_assert_int_eq(dial(&call, "origin.test"), 0);
    ck_assert(dialer_write_all(&dialer, &call, "bye", 3));
    dialer_hang_up(&call);
    server_wait_end(origin, 0);
    ck_assert(server_notified(origin, 0));
    end();
}
END_TEST

/* ---- Certificates -------------------------------------------------------------------------- */

START_TEST(the_host_is_checked)
{
    static const struct {
        const char *certificate, *host, *text; /* text: NULL: accepted */
        unsigned long code;
    } cases[] = {
        {"good", "origin.test", NULL, 0},
        {"good", "ORIGIN.test", NULL, 0},
        {"good", "origin.test.", NULL, 0},
        {"good", "a.wild.test", NULL, 0},
        {"good", "127.0.0.1", NULL, 0},
        {"good", "a.b.wild.test",
         "the certificate is for origin.test, *.wild.test, 127.0.0.1, not for a.b.wild.test",
         X509_V_ERR_HOSTNAME_MISMATCH},
        {"other", "127.0.0.1",
         "the certificate is for a.test, b.test, 192.0.2.1, not for 127.0.0.1",
         X509_V_ERR_IP_ADDRESS_MISMATCH},
        {"other", "origin.test", /* its common name is right, and does not count */
         "the certificate is for a.test, b.test, 192.0.2.1, not for origin.test",
         X509_V_ERR_HOSTNAME_MISMATCH},
        {"nameless", "origin.test", "the certificate is for no name at all, not for origin.test",
         X509_V_ERR_HOSTNAME_MISMATCH},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct call call = {0};
        int status;

        begin(_i, cases[i].certificate, answer_once, NULL, NULL);
        names_add("ORIGIN.test", "127.0.0.1", 0, false);
        names_add("origin.test.", "127.0.0.1", 0, false);
        names_add("a.wild.test", "127.0.0.1", 0, false);
        names_add("a.b.wild.test", "127.0.0.1", 0, false);
        status = dial(&call, cases[i].host);
        ck_assert_int_eq(status, cases[i].text == NULL ? 0 : INTERIM_ECERTIFICATE);
        ck_assert_str_eq(call.error.text, cases[i].text == NULL ? "" : cases[i].text);
        ck_assert_uint_eq(call.error.tls_error, cases[i].code);
        ck_assert_int_eq(call.error.stage,
                         cases[i].text == NULL ? INTERIM_STAGE_START : INTERIM_STAGE_TLS);
        dialer_hang_up(&call);
        end();
    }
}
END_TEST

START_TEST(the_chain_is_checked)
{
    static const struct {
        const char *certificate, *text, *end;
        unsigned long code;
    } cases[] = {
        {"expired", "the certificate of origin.test expired on 20", " UTC",
         X509_V_ERR_CERT_HAS_EXPIRED},
        {"future", "the certificate of origin.test is not valid before 20", " UTC",
         X509_V_ERR_CERT_NOT_YET_VALID},
        {"self", "the certificate of origin.test is self-signed and not trusted", "",
         X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct call call = {0};
        size_t length;

        begin(_i, cases[i].certificate, answer_once, NULL, NULL);
        ck_assert_int_eq(dial(&call, "origin.test"), INTERIM_ECERTIFICATE);
        ck_assert_uint_eq(call.error.tls_error, cases[i].code);
        ck_assert_int_eq(strncmp(call.error.text, cases[i].text, strlen(cases[i].text)), 0);
        length = strlen(call.error.text);
        ck_assert_str_eq(call.error.text + length - strlen(cases[i].end), cases[i].end);
        ck_assert_int_eq(interim__connection_error(call.connection)->code, INTERIM_ECERTIFICATE);
        dialer_hang_up(&call);
        end();
    }
}
END_TEST

START_TEST(an_unknown_issuer_is_named)
{
    struct call call = {0};
    char self[160];

    certificates_path(all, self, sizeof self, "self.crt");
    begin(_i, "good", answer_once, self, NULL);
    ck_assert_int_eq(dial(&call, "origin.test"), INTERIM_ECERTIFICATE);
    ck_assert_str_eq(call.error.text,
                     "the certificate of origin.test has the unknown issuer 'Test CA'");
    ck_assert_uint_eq(call.error.tls_error, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
    dialer_hang_up(&call);
    end();

    /* The file says whom to trust, also when that is a server's own certificate. */
    begin(_i, "self", answer_once, self, NULL);
    ck_assert_int_eq(dial(&call, "origin.test"), 0);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(the_system_does_not_know_the_test_ca)
{
    const interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    struct call call = {0};

    begin(_i, "good", answer_once, NULL, NULL);
    interim__door_free(dialer.transport.door);
    ck_assert_int_eq(interim__door_new(&dialer.transport.door, &options, &call.error), 0);
    ck_assert_int_eq(dial(&call, "origin.test"), INTERIM_ECERTIFICATE);
    dialer_hang_up(&call);
    end();
}
END_TEST

/* ---- Servers that do not speak it ---------------------------------------------------------- */

START_TEST(another_protocol_is_refused)
{
    static const server_tls two = {.alpn = "h2"};
    struct call call = {0};

    begin(_i, "good", answer_once, NULL, &two);
    ck_assert_int_eq(dial(&call, "origin.test"), INTERIM_ETLS);
    ck_assert_int_eq(call.error.stage, INTERIM_STAGE_TLS);
    /* Newer versions of OpenSSL notice it themselves. */
    ck_assert(strstr(call.error.text, "chose protocol 'h2'") != NULL ||
              strstr(call.error.text, ": bad extension") != NULL);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(an_old_version_is_refused)
{
    static const server_tls old = {.highest = TLS1_1_VERSION};
    struct call call = {0};

    begin(_i, "good", answer_once, NULL, &old);
    ck_assert_int_eq(dial(&call, "origin.test"), INTERIM_ETLS);
    ck_assert_uint_ne(call.error.tls_error, 0);
    ck_assert_int_eq(strncmp(call.error.text, "TLS handshake with origin.test: ", 32), 0);
    dialer_hang_up(&call);
    end();
}
END_TEST

START_TEST(a_server_without_tls_is_told)
{
    static const server_step plain[] = {{SERVER_SEND, 0, "HTTP/1.1 400 Bad Request\r\n\r\n"},
                                        {SERVER_CLOSE, 0, NULL}};
    static const server_step gone[] = {{SERVER_READ, 1, NULL}, {SERVER_CLOSE, 0, NULL}};
    static const server_step reset[] = {{SERVER_READ, 1, NULL}, {SERVER_RESET, 0, NULL}};
    static const server_step *const scripts[] = {plain, gone, reset, NULL};
    static const char *const texts[] = {
        "TLS handshake with 127.0.0.1: the answer is not TLS",
        "TLS handshake with 127.0.0.1: the server closed the connection",
        "TLS handshake with 127.0.0.1: Connection reset by peer",
    };

    dialer_init(&dialer, engines[_i], certificates_ca_file(all));
    origin = server_start(scripts, NULL);
    for (size_t i = 0; i < 3; i++) {
        struct call call = {0};

        ck_assert_int_eq(dial(&call, "127.0.0.1"), INTERIM_ETLS);
        ck_assert_str_eq(call.error.text, texts[i]);
        ck_assert_int_eq(call.error.os_error, i == 2 ? ECONNRESET : 0);
        dialer_hang_up(&call);
    }
    end();
}
END_TEST

START_TEST(it_may_be_freed_in_the_handshake)
{
    static const server_step silent[] = {{SERVER_READ, 100000, NULL}, {SERVER_CLOSE, 0, NULL}};
    static const server_step *const scripts[] = {silent, NULL};
    struct call call = {0};
    unsigned turns;

    dialer_init(&dialer, engines[_i], certificates_ca_file(all));
    origin = server_start(scripts, NULL);
    dialer_dial(&dialer, &call, true, "127.0.0.1", server_port(origin));
    while (interim__connection_stage(call.connection) != INTERIM_STAGE_TLS)
        dialer_idle(&dialer, 1);
    turns = dialer.turns;
    dialer_idle(&dialer, 10);
    ck_assert_uint_le(dialer.turns - turns, 2);
    ck_assert_int_eq(call.opened, 0);
    dialer_hang_up(&call);

    call.free_when_opened = true;
    end();
    begin(_i, "expired", answer_once, NULL, NULL);
    ck_assert_int_eq(dial(&call, "origin.test"), INTERIM_ECERTIFICATE);
    ck_assert_ptr_null(call.connection);
    end();
}
END_TEST

/* ---- The context --------------------------------------------------------------------------- */

START_TEST(a_bad_ca_file_is_told)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    interim__tls *tls;
    interim_error error;
    char path[160];

    interim__error_init(&error);
    options.ca_file = "/nonexistent/ca.pem";
    ck_assert_int_eq(interim__tls_new(&tls, &options, &error), INTERIM_ETLS);
    ck_assert_ptr_null(tls);
    ck_assert_str_eq(error.text, "CA file /nonexistent/ca.pem: No such file or directory");
    ck_assert_int_eq(error.os_error, ENOENT);

    interim__error_init(&error);
    certificates_path(all, path, sizeof path, "good.key"); /* PEM, and not a certificate */
    options.ca_file = path;
    ck_assert_int_eq(interim__tls_new(&tls, &options, &error), INTERIM_ETLS);
    ck_assert_ptr_nonnull(strstr(error.text, "good.key: it holds no certificate in PEM"));

    interim__error_init(&error);
    options.ca_file = "/dev/null";
    ck_assert_int_eq(interim__tls_new(&tls, &options, &error), INTERIM_ETLS);
    ck_assert_str_eq(error.text, "CA file /dev/null: it holds no certificate in PEM");
    interim__tls_free(NULL);
    interim__tls_session_free(NULL);
}
END_TEST

START_TEST(contexts_do_not_run_out)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    interim_error error;

    options.ca_file = certificates_ca_file(all);

    /* More than OpenSSL has BIO types for. */
    for (int i = 0; i < 300; i++) {
        interim__tls *tls;

        interim__error_init(&error);
        ck_assert_int_eq(interim__tls_new(&tls, &options, &error), 0);
        interim__tls_free(tls);
    }
}
END_TEST

static void note_opened(void *user, const interim_error *error)
{
    *(int *)user = error == NULL ? 1 : error->code;
}

START_TEST(every_allocation_may_fail)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    bool failed = true;

    options.ca_file = certificates_ca_file(all);
    begin(_i, "good", answer_once, NULL, NULL);
    for (unsigned long n = 1; failed; n++) {
        int opened = 0, status;
        interim__connection *connection = NULL;
        const interim__connection_owner owner = {note_opened, NULL, &opened};
        interim_error error;

        dialer_dispose(&dialer);
        dialer_init(&dialer, engines[_i], NULL);
        interim__door_free(dialer.transport.door);
        interim__error_init(&error);
        /* Check allocates too: nothing is asserted between arming and disarming. */
        failing_alloc_arm(n);
        status = interim__door_new(&dialer.transport.door, &options, &error);
        if (status == 0)
            status = interim__connection_open(&connection, &dialer.transport,
                                              &(interim__endpoint){.tls = true,
                                                                   .identify = true,
                                                                   .host = "127.0.0.1",
                                                                   .port = server_port(origin)},
                                              &owner);
        if (status == 1)
            note_opened(&opened, dialer_failure(connection));
        while (status == 0 && opened == 0)
            interim__loop_turn(dialer.transport.loop, 1000);
        failed = failing_alloc_disarm();
        interim__connection_free(connection);
        if (status >= 0)
            status = opened;
        /* It can do without the timer that has it kept alive. */
        ck_assert(status == 1 || (failed && status == INTERIM_ENOMEM));
        ck_assert_uint_lt(n, 50);
    }
    end();
}
END_TEST

Suite *tls_suite(void)
{
    const TTest *const both[] = {
        bytes_go_both_ways,
        much_goes_both_ways,
        small_reads_miss_nothing,
        a_session_that_rests_loses_nothing,
        a_cut_stream_is_not_an_end,
        a_reset_is_told_as_without_tls,
        freeing_says_close_notify,
        the_host_is_checked,
        the_chain_is_checked,
        an_unknown_issuer_is_named,
        the_system_does_not_know_the_test_ca,
        another_protocol_is_refused,
        an_old_version_is_refused,
        a_server_without_tls_is_told,
        it_may_be_freed_in_the_handshake,
        every_allocation_may_fail,
    };
    Suite *suite = suite_create("tls");
    TCase *streams = tcase_create("streams"), *contexts = tcase_create("contexts");

    tcase_set_timeout(streams, 30);
    tcase_set_timeout(contexts, 30);
    tcase_add_unchecked_fixture(streams, make_certificates, remove_certificates);
    tcase_add_unchecked_fixture(contexts, make_certificates, remove_certificates);
    for (size_t i = 0; i < sizeof both / sizeof both[0]; i++)
        tcase_add_loop_test(streams, both[i], 0, 2);
    tcase_add_test(contexts, a_bad_ca_file_is_told);
    tcase_add_test(contexts, contexts_do_not_run_out);
    suite_add_tcase(suite, streams);
    suite_add_tcase(suite, contexts);
    return suite;
}
