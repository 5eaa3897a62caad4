/* Tests of what a caller can ask of TLS: src/transport/tls_context.c, tls_identity.c, tls_pins.c
 * and tls_key_log.c, through contexts and through connections to a loopback server. */
#include "transport/tls.h"

#include "base/error.h"
#include "suites.h"
#include "support/certificates.h"
#include "support/dialer.h"
#include "support/failing_alloc.h"
#include "support/names.h"
#include "support/server.h"
#include "transport/tls_pins.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

static struct certificates *all;
static char joined_pins[160];

/* The path of a file among the certificates; each call of a test has its own. */
static const char *file(const char *name)
{
    static char paths[64][160];
    static unsigned next;
    char *path = paths[next++ % 64];

    certificates_path(all, path, sizeof paths[0], name);
    return path;
}

static void write_text(const char *name, const char *text)
{
    FILE *out = fopen(file(name), "w");

    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    fclose(out);
}

static void make_certificates(void)
{
    static const certificate_wish wishes[] = {
        {.file = "good", .name = "x", .names = "DNS:origin.test"},
        {.file = "bad", .name = "x", .names = "DNS:origin.test"},
        {.file = "self", .name = "self", .names = "DNS:origin.test", .self_signed = 1},
        {.file = "client", .name = "anna"},
        {.file = "middle", .name = "Middle CA", .is_ca = 1},
        {.file = "leaf", .name = "x", .names = "DNS:origin.test", .issuer = "middle"},
    };

    all = certificates_new();
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++)
        certificates_issue(all, &wishes[i]);
    certificates_hash(all);
    certificates_encrypt(all, "client", "secret.key", "open sesame");
    certificates_join(all, "both.pem", "client.key", "client.crt");
    certificates_join(all, "chain.pem", "client.crt", "ca.crt");
    write_text("garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    certificates_join(all, "damaged.pem", "client.crt", "garbage");
    certificates_issue_crl(all, "none.crl", NULL, 3600);
    certificates_issue_crl(all, "bad.crl", "bad", 3600);
    certificates_issue_crl(all, "old.crl", NULL, -60);
    certificates_join(all, "deep.crt", "leaf.crt", "middle.crt");
    certificates_join(all, "deep.key", "leaf.key", "leaf.key");
    certificates_issue_crl(all, "middle-bad.crl", "middle", 3600);
    certificates_issue_crl_by(all, "middle", "leaf-none.crl", NULL, 3600);
    certificates_issue_crl_by(all, "middle", "leaf-bad.crl", "leaf", 3600);
    certificates_issue_crl_by(all, "middle", "leaf-old.crl", NULL, -60);
    certificates_join(all, "both-none.crl", "none.crl", "leaf-none.crl");
    certificates_join(all, "middle-revoked.crl", "middle-bad.crl", "leaf-none.crl");
    certificates_join(all, "leaf-revoked.crl", "none.crl", "leaf-bad.crl");
    certificates_join(all, "root-old.crl", "old.crl", "leaf-none.crl");
    certificates_join(all, "leaf-out-of-date.crl", "none.crl", "leaf-old.crl");
}

static void remove_certificates(void)
{
    certificates_free(all);
}

/* ---- Contexts ------------------------------------------------------------------------------ */

/* What interim__tls_new says to these options. */
static interim_error made(const interim_client_options *options)
{
    interim__tls *tls;
    interim_error error;
    int status;

    interim__error_init(&error);
    status = interim__tls_new(&tls, options, &error);
    ck_assert_int_eq(status, error.code);
    ck_assert((tls == NULL) == (status != 0));
    interim__tls_free(tls);
    return error;
}

START_TEST(files_that_cannot_be_used_are_told)
{
    const struct {
        interim_client_options options;
        int code, os_error;
        const char *what, *file, *why;
    } cases[] = {
        {{.ca_dir = "/nonexistent"},
         INTERIM_ETLS,
         ENOENT,
         "CA directory ",
         "/nonexistent",
         "No such file or directory"},
        {{.ca_dir = "/dev/null"},
         INTERIM_ETLS,
         ENOTDIR,
         "CA directory ",
         "/dev/null",
         "Not a directory"},
        {{.crl_file = "/nonexistent"},
         INTERIM_ETLS,
         ENOENT,
         "CRL file ",
         "/nonexistent",
         "No such file or directory"},
        {{.crl_file = file("good.crt")},
         INTERIM_ETLS,
         0,
         "CRL file ",
         file("good.crt"),
         "it holds no CRL in PEM"},
        {{.key_file = file("client.key")},
         INTERIM_EINVAL,
         0,
         "client key ",
         file("client.key"),
         "there is no client certificate"},
        {{.certificate_file = "/nonexistent"},
         INTERIM_ETLS,
         ENOENT,
         "client certificate ",
         "/nonexistent",
         "No such file or directory"},
        {{.certificate_file = file("client.key")},
         INTERIM_ETLS,
         0,
         "client certificate ",
         file("client.key"),
         "it holds no certificate in PEM"},
        {{.certificate_file = file("damaged.pem"), .key_file = file("client.key")},
         INTERIM_ETLS,
         0,
         "client certificate ",
         file("damaged.pem"),
         "a certificate of its chain is damaged"},
        {{.certificate_file = file("client.crt")},
         INTERIM_ETLS,
         0,
         "client key ",
         file("client.crt"),
         "it holds no private key in PEM"},
        {{.certificate_file = file("client.crt"), .key_file = "/nonexistent"},
         INTERIM_ETLS,
         ENOENT,
         "client key ",
         "/nonexistent",
         "No such file or directory"},
        {{.certificate_file = file("client.crt"), .key_file = file("good.key")},
         INTERIM_ETLS,
         0,
         "client key ",
         file("good.key"),
         "it is not the key of the client certificate"},
        {{.certificate_file = file("client.crt"), .key_file = file("secret.key")},
         INTERIM_ETLS,
         0,
         "client key ",
         file("secret.key"),
         "it is encrypted, and there is no password"},
        {{.certificate_file = file("client.crt"),
          .key_file = file("secret.key"),
          .key_password = "guess"},
         INTERIM_ETLS,
         0,
         "client key ",
         file("secret.key"),
         "the password does not open it"},
        {{.key_log_file = "/nonexistent/log"},
         INTERIM_ETLS,
         ENOENT,
         "key log ",
         "/nonexistent/log",
         "No such file or directory"},
        {{.key_log_file = "/dev/null"},
         INTERIM_ETLS,
         0,
         "key log ",
         "/dev/null",
         "it is not a regular file"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        interim_error error = made(&cases[i].options);
        char text[160];

        snprintf(text, sizeof text, "%s%s: %s", cases[i].what, cases[i].file, cases[i].why);
        ck_assert_str_eq(error.text, text);
        ck_assert_int_eq(error.code, cases[i].code);
        ck_assert_int_eq(error.os_error, cases[i].os_error);
        ck_assert_int_eq(error.stage, INTERIM_STAGE_START);
    }
}
END_TEST

START_TEST(a_long_password_is_no_overflow)
{
    char password[2000];
    interim_client_options options = {.certificate_file = file("client.crt"),
                                      .key_file = file("secret.key"),
                                      .key_password = password};

    memset(password, 'x', sizeof password);
    password[sizeof password - 1] = '\0';
    ck_assert_int_eq(made(&options).code, INTERIM_ETLS);
    options.key_password = "";
    ck_assert_int_eq(made(&options).code, INTERIM_ETLS);
}
END_TEST

START_TEST(keys_are_read)
{
    const interim_client_options cases[] = {
        {.certificate_file = file("client.crt"), .key_file = file("client.key")},
        {.certificate_file = file("both.pem")},
        {.certificate_file = file("chain.pem"), .key_file = file("both.pem")},
        {.certificate_file = file("client.crt"),
         .key_file = file("secret.key"),
         .key_password = "open sesame"},
        {.certificate_file = file("client.crt"),
         .key_file = file("client.key"),
         .key_password = "not needed"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_int_eq(made(&cases[i]).code, 0);
}
END_TEST

#define PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

START_TEST(pins_are_checked)
{
    static const struct {
        const char *pins;
        int code;
    } cases[] = {
        {PIN, 0},
        {PIN ";" PIN, 0},
        {"", INTERIM_EINVAL},
        {PIN ";", INTERIM_EINVAL},
        {";" PIN, INTERIM_EINVAL},
        {PIN " ", INTERIM_EINVAL},
        {PIN "=", INTERIM_EINVAL},
        {"sha256//", INTERIM_EINVAL},
        {"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", INTERIM_EINVAL},
        {"sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", INTERIM_EINVAL},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", INTERIM_EINVAL},
        {"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", INTERIM_EINVAL},
        {"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", INTERIM_EINVAL},
        {"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=", INTERIM_EINVAL},
        {"sha256//AAAA-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", INTERIM_EINVAL},
        {"/etc/key.pem", INTERIM_EINVAL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        interim_client_options options = {.pinned_keys = cases[i].pins};
        interim_error error = made(&options);

        ck_assert_msg(error.code == cases[i].code, "'%s': %d", cases[i].pins, error.code);
    }
    ck_assert(interim__tls_pins_hold("a;bc;d", "bc"));
    ck_assert(interim__tls_pins_hold("a;bc;d", "d"));
    ck_assert(interim__tls_pins_hold("a", "a"));
    ck_assert(!interim__tls_pins_hold("a;bc;d", "b"));
    ck_assert(!interim__tls_pins_hold("a;bc;d", "c"));
    ck_assert(!interim__tls_pins_hold("a;bc;d", "e"));
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    bool failed = true;
    unsigned long n;

    for (n = 1; failed; n++) {
        interim_client_options options = {.ca_file = file("ca.crt"),
                                          .certificate_file = file("both.pem"),
                                          .crl_file = file("none.crl"),
                                          .pinned_keys = PIN,
                                          .key_log_file = file("log")};
        interim__tls *tls;
        interim_error error;
        int status;

        interim__error_init(&error);
        failing_alloc_arm(n);
        status = interim__tls_new(&tls, &options, &error);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(status, failed ? INTERIM_ENOMEM : 0);
        interim__tls_free(tls);
    }
    ck_assert_uint_gt(n, 3);
}
END_TEST

/* ---- Connections --------------------------------------------------------------------------- */

static const server_step answer_once[] = {
    {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, "hello"}, {SERVER_CLOSE, 0, NULL}};
static const server_step *const scripts[] = {answer_once, NULL};

static struct dialer dialer;
static struct server *origin;

/* A server that shows certificate `name`, and a client with these options. */
static void begin(int engine, const char *name, server_tls wish,
                  const interim_client_options *options)
{
    char wanted[32];
    interim_error error;

    snprintf(wanted, sizeof wanted, "%s.crt", name);
    wish.certificate_file = file(wanted);
    snprintf(wanted, sizeof wanted, "%s.key", name);
    wish.key_file = file(wanted);
    origin = server_start(scripts, &wish);
    dialer_init(&dialer, engines[engine], NULL);
    interim__door_free(dialer.transport.door);
    interim__error_init(&error);
    ck_assert_int_eq(interim__door_new(&dialer.transport.door, options, &error), 0);
    names_add("origin.test", "127.0.0.1", 0, false);
}

static void end(void)
{
    dialer_dispose(&dialer);
    server_stop(origin);
    names_wait_idle();
    names_reset();
}

/* One exchange: the code that it came to, and call->error. */
static int visit(struct call *call)
{
    char buffer[16];
    ptrdiff_t last = 0;
    int code;

    dialer_dial(&dialer, call, true, "origin.test", server_port(origin));
    code = dialer_wait_opened(&dialer, call);
    if (code == 0 && dialer_write_all(&dialer, call, "GET\r\n\r\n", 7)) {
        size_t length = dialer_read_all(&dialer, call, buffer, sizeof buffer, &last);

        if (last == INTERIM__BROKEN)
            call->error = *interim__connection_error(call->connection);
        else
            ck_assert_uint_eq(length, 5);
        code = call->error.code;
    }
    dialer_hang_up(call);
    return code;
}

static void expect(int engine, const char *name, server_tls wish,
                   const interim_client_options *options, int code, const char *text)
{
    struct call call = {0};

    begin(engine, name, wish, options);
    ck_assert_msg(visit(&call) == code, "%s: %s", interim_error_name(call.error.code),
                  call.error.text);
    ck_assert_str_eq(call.error.text, text);
    end();
}

START_TEST(a_ca_directory_is_trusted)
{
    interim_client_options options = {.ca_dir = file("")};

    expect(_i, "good", (server_tls){0}, &options, 0, "");
    expect(_i, "self", (server_tls){0}, &options, INTERIM_ECERTIFICATE,
           "the certificate of origin.test is self-signed and not trusted");
    options.ca_file = file("self.crt"); /* both */
    expect(_i, "self", (server_tls){0}, &options, 0, "");
    expect(_i, "good", (server_tls){0}, &options, 0, "");
}
END_TEST

START_TEST(the_client_certificate_is_shown)
{
    interim_client_options options = {.ca_file = file("ca.crt"),
                                      .certificate_file = file("client.crt"),
                                      .key_file = file("secret.key"),
                                      .key_password = "open sesame"};
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    for (size_t i = 0; i < 2; i++) {
        server_tls wish = {
            .highest = versions[i], .client_ca_file = file("ca.crt"), .client_required = 1};
        struct call call = {0}, nameless = {.nameless = true};
        char name[64];

        begin(_i, "good", wish, &options);
        ck_assert_int_eq(visit(&call), 0);
        server_client_name(origin, 0, name, sizeof name);
        ck_assert_str_eq(name, "anna");
        /* To an origin that the caller did not name it is not shown. */
        ck_assert_int_eq(visit(&nameless), INTERIM_ETLS);
        if (versions[i] == TLS1_3_VERSION)
            ck_assert_str_eq(nameless.error.text,
                             "TLS with origin.test: the server wants a client certificate, and "
                             "none was offered");
        end();
    }
}
END_TEST

START_TEST(a_client_certificate_of_another_issuer_is_told)
{
    interim_client_options options = {.ca_file = file("ca.crt"),
                                      .certificate_file = file("client.crt"),
                                      .key_file = file("client.key")};
    server_tls wish = {
        .highest = TLS1_2_VERSION, .client_ca_file = file("self.crt"), .client_required = 1};

    expect(_i, "good", wish, &options, INTERIM_ETLS,
           "TLS handshake with origin.test: the server does not know the issuer of the client "
           "certificate");
}
END_TEST

START_TEST(what_was_revoked_is_refused)
{
    interim_client_options options = {.ca_file = file("ca.crt"), .crl_file = file("bad.crl")};

    expect(_i, "good", (server_tls){0}, &options, 0, "");
    expect(_i, "bad", (server_tls){0}, &options, INTERIM_ECERTIFICATE,
           "the certificate of origin.test was revoked by its issuer 'Test CA'");
    options.crl_file = file("none.crl");
    expect(_i, "bad", (server_tls){0}, &options, 0, "");
    options.crl_file = file("old.crl");
    expect(_i, "good", (server_tls){0}, &options, INTERIM_ECERTIFICATE,
           "the certificate of origin.test may be revoked, the CRL is out of date: issuer "
           "'Test CA'");
    options.ca_file = file("self.crt");
    expect(_i, "self", (server_tls){0}, &options, INTERIM_ECERTIFICATE,
           "the certificate of origin.test may be revoked: there is no CRL of its issuer 'self'");
}
END_TEST

/* Every certificate of the chain, not that of the server alone. */
START_TEST(a_revoked_intermediate_is_refused)
{
    static const struct {
        const char *ca, *crl;
        int code;
        const char *text;
    } cases[] = {
        {"ca.crt", "both-none.crl", 0, ""},
        {"ca.crt", "middle-revoked.crl", INTERIM_ECERTIFICATE,
         "the certificate of issuer 'Middle CA' of origin.test was revoked by its issuer "
         "'Test CA'"},
        {"ca.crt", "leaf-revoked.crl", INTERIM_ECERTIFICATE,
         "the certificate of origin.test was revoked by its issuer 'Middle CA'"},
        {"ca.crt", "leaf-none.crl", INTERIM_ECERTIFICATE,
         "the certificate of issuer 'Middle CA' of origin.test may be revoked: there is no CRL of "
         "its issuer 'Test CA'"},
        {"ca.crt", "none.crl", INTERIM_ECERTIFICATE,
         "the certificate of origin.test may be revoked: there is no CRL of its issuer "
         "'Middle CA'"},
        {"ca.crt", "root-old.crl", INTERIM_ECERTIFICATE,
         "the certificate of issuer 'Middle CA' of origin.test may be revoked, the CRL is out of "
         "date: issuer 'Test CA'"},
        {"ca.crt", "leaf-out-of-date.crl", INTERIM_ECERTIFICATE,
         "the certificate of origin.test may be revoked, the CRL is out of date: issuer "
         "'Middle CA'"},
        /* Trusted by itself: nobody above it is asked. */
        {"middle.crt", "leaf-none.crl", 0, ""},
        {"middle.crt", "leaf-bad.crl", INTERIM_ECERTIFICATE,
         "the certificate of origin.test was revoked by its issuer 'Middle CA'"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        interim_client_options options = {.ca_file = file(cases[i].ca),
                                          .crl_file = file(cases[i].crl)};

        expect(_i, "deep", (server_tls){0}, &options, cases[i].code, cases[i].text);
    }
}
END_TEST

START_TEST(the_oldest_version_is_chosen)
{
    interim_client_options options = {.ca_file = file("ca.crt")};
    const server_tls one = {.highest = TLS1_1_VERSION}, two = {.highest = TLS1_2_VERSION};

    expect(_i, "good", one, &options, INTERIM_ETLS,
           "TLS handshake with origin.test: the server does not speak TLS 1.2 or 1.3");
    expect(_i, "good", two, &options, 0, "");
    options.tls_min = INTERIM_TLS_1_3;
    expect(_i, "good", two, &options, INTERIM_ETLS,
           "TLS handshake with origin.test: the server does not speak TLS 1.3");
    expect(_i, "good", (server_tls){0}, &options, 0, "");
}
END_TEST

START_TEST(a_pin_is_asked_for_besides)
{
    interim_client_options options = {.ca_file = file("ca.crt"), .pinned_keys = joined_pins};
    char pin[64], other[64], text[160];

    certificates_pin(all, pin, "good");
    certificates_pin(all, other, "bad");
    snprintf(joined_pins, sizeof joined_pins, "%s", pin);
    expect(_i, "good", (server_tls){0}, &options, 0, "");
    snprintf(joined_pins, sizeof joined_pins, "%s;%s", other, pin);
    expect(_i, "good", (server_tls){0}, &options, 0, "");
    snprintf(joined_pins, sizeof joined_pins, "%s", other);
    snprintf(text, sizeof text, "the key of origin.test is not a pinned one: it is %s", pin);
    expect(_i, "good", (server_tls){0}, &options, INTERIM_ECERTIFICATE, text);

    /* It does not stand for a certificate that holds. */
    options.ca_file = file("self.crt");
    expect(_i, "bad", (server_tls){0}, &options, INTERIM_ECERTIFICATE,
           "the certificate of origin.test has the unknown issuer 'Test CA'");
}
END_TEST

START_TEST(pinned_connections_are_resumed)
{
    interim_client_options options = {.ca_file = file("ca.crt"), .pinned_keys = joined_pins};
    char pin[64];

    certificates_pin(all, pin, "good");
    snprintf(joined_pins, sizeof joined_pins, "%s", pin);
    begin(_i, "good", (server_tls){0}, &options);
    for (int i = 0; i < 2; i++) {
        struct call call = {0};

        ck_assert_int_eq(visit(&call), 0);
    }
    ck_assert(server_resumed(origin, 1));
    end();
}
END_TEST

static size_t count_lines(const char *path, const char *label)
{
    FILE *in = fopen(path, "r");
    char line[512];
    size_t count = 0;

    ck_assert_ptr_nonnull(in);
    while (fgets(line, sizeof line, in) != NULL) {
        ck_assert_ptr_nonnull(strchr(line, '\n'));
        if (strncmp(line, label, strlen(label)) == 0)
            count++;
    }
    fclose(in);
    return count;
}

START_TEST(secrets_are_logged_when_asked)
{
    const char *path = file("secrets");
    interim_client_options options = {.ca_file = file("ca.crt"), .key_log_file = path};
    struct stat status;

    unlink(path);
    expect(_i, "good", (server_tls){.highest = TLS1_2_VERSION}, &options, 0, "");
    ck_assert_uint_eq(count_lines(path, "CLIENT_RANDOM "), 1);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    expect(_i, "good", (server_tls){0}, &options, 0, "");
    ck_assert_uint_eq(count_lines(path, "CLIENT_RANDOM "), 1);
    ck_assert_uint_eq(count_lines(path, "CLIENT_TRAFFIC_SECRET_0 "), 1);
    ck_assert_uint_eq(count_lines(path, "SERVER_TRAFFIC_SECRET_0 "), 1);
}
END_TEST

Suite *tls_options_suite(void)
{
    const TTest *const connections[] = {
        a_ca_directory_is_trusted,
        the_client_certificate_is_shown,
        a_client_certificate_of_another_issuer_is_told,
        what_was_revoked_is_refused,
        a_revoked_intermediate_is_refused,
        the_oldest_version_is_chosen,
        a_pin_is_asked_for_besides,
        pinned_connections_are_resumed,
        secrets_are_logged_when_asked,
    };
    Suite *suite = suite_create("tls_options");
    TCase *context = tcase_create("contexts"), *connection = tcase_create("connections");

    tcase_set_timeout(connection, 30);
    tcase_add_unchecked_fixture(context, make_certificates, remove_certificates);
    tcase_add_unchecked_fixture(connection, make_certificates, remove_certificates);
    tcase_add_test(context, files_that_cannot_be_used_are_told);
    tcase_add_test(context, a_long_password_is_no_overflow);
    tcase_add_test(context, keys_are_read);
    tcase_add_test(context, pins_are_checked);
    tcase_add_test(context, every_allocation_may_fail);
    for (size_t i = 0; i < sizeof connections / sizeof connections[0]; i++)
        tcase_add_loop_test(connection, connections[i], 0, 2);
    suite_add_tcase(suite, context);
    suite_add_tcase(suite, connection);
    return suite;
}
