/* Tests of src/transport/tls_tickets.c: the cache alone, and connections that resume, as the server
 * sees it. */
#include "transport/tls_tickets.h"

#include "base/error.h"
#include "suites.h"
#include "support/certificates.h"
#include "support/dialer.h"
#include "support/failing_alloc.h"
#include "support/names.h"
#include "support/server.h"

#include <stdio.h>
#include <string.h>

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

static struct certificates *all;

static void make_certificates(void)
{
    static const certificate_wish wishes[] = {
        {.file = "good", .name = "x", .names = "DNS:origin.test,DNS:other.test"},
        {.file = "expired", .name = "x", .names = "DNS:origin.test", .from_s = -99, .to_s = -9},
        {.file = "client", .name = "anna"},
    };

    all = certificates_new();
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++)
        certificates_issue(all, &wishes[i]);
}

static void remove_certificates(void)
{
    certificates_free(all);
}

/* ---- The cache ----------------------------------------------------------------------------- */

/* A real session, got from a handshake in memory, of a server with this certificate. */
static SSL_SESSION *taken_session;

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(taken_session);
    taken_session = session;
    return 1;
}

static void talk(SSL *client, SSL *server)
{
    char byte;

    for (int i = 0; i < 8; i++) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    ck_assert_int_eq(SSL_write(server, "x", 1), 1);
    ck_assert_int_eq(SSL_read(client, &byte, 1), 1);
}

static SSL_SESSION *make_session(const char *certificate, int version)
{
    SSL_CTX *here = SSL_CTX_new(TLS_client_method()), *there = SSL_CTX_new(TLS_server_method());
    BIO *to, *from;
    SSL *client, *server;
    SSL_SESSION *session;
    char file[32], path[160];

    snprintf(file, sizeof file, "%s.crt", certificate);
    certificates_path(all, path, sizeof path, file);
    ck_assert(SSL_CTX_use_certificate_file(there, path, SSL_FILETYPE_PEM));
    snprintf(file, sizeof file, "%s.key", certificate);
    certificates_path(all, path, sizeof path, file);
    ck_assert(SSL_CTX_use_PrivateKey_file(there, path, SSL_FILETYPE_PEM));
    SSL_CTX_set_max_proto_version(there, version);
    SSL_CTX_set_session_cache_mode(here, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(here, keep_session);
    client = SSL_new(here);
    server = SSL_new(there);
    ck_assert(BIO_new_bio_pair(&to, 0, &from, 0));
    SSL_set_bio(client, to, to);
    SSL_set_bio(server, from, from);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    taken_session = NULL;
    talk(client, server);
    /* OpenSSL will not resume what was not shut down. */
    SSL_set_shutdown(client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(here);
    SSL_CTX_free(there);
    session = taken_session;
    ck_assert_ptr_nonnull(session);
    ck_assert_int_eq(SSL_SESSION_get_protocol_version(session), version);
    return session;
}

static SSL_SESSION *reference(SSL_SESSION *session)
{
    SSL_SESSION_up_ref(session);
    return session;
}

static interim__endpoint place(const char *host, uint16_t port, bool identify)
{
    return (interim__endpoint){.tls = true, .identify = identify, .host = host, .port = port};
}

static void keep(interim__tls_tickets *tickets, const char *host, uint16_t port, bool identify,
                 SSL_SESSION *session)
{
    interim__endpoint at = place(host, port, identify);

    interim__tls_tickets_keep(tickets, &at, session);
}

static bool takes(interim__tls_tickets *tickets, const char *host, uint16_t port, bool identify)
{
    interim__endpoint at = place(host, port, identify);
    SSL_SESSION *session = interim__tls_tickets_take(tickets, &at);

    SSL_SESSION_free(session);
    return session != NULL;
}

START_TEST(places_are_kept_apart)
{
    SSL_SESSION *session = make_session("good", TLS1_2_VERSION);
    interim__endpoint proxied = place("a.test", 443, false);
    interim__tls_tickets tickets = {0};

    keep(&tickets, "a.test", 443, false, reference(session));
    ck_assert(takes(&tickets, "a.test", 443, false));
    ck_assert(!takes(&tickets, "a.test", 443, true));
    ck_assert(!takes(&tickets, "a.test", 444, false));
    ck_assert(!takes(&tickets, "b.test", 443, false));
    ck_assert(!takes(&tickets, "a.test.", 443, false));
    keep(&tickets, "fe80::1%one", 443, false, reference(session));
    ck_assert(!takes(&tickets, "fe80::1%two", 443, false));
    proxied.via = INTERIM__VIA_TUNNEL;
    proxied.proxy_host = "proxy.test";
    proxied.proxy_port = 3128;
    ck_assert_ptr_null(interim__tls_tickets_take(&tickets, &proxied));
    interim__tls_tickets_dispose(&tickets);
    SSL_SESSION_free(session);
}
END_TEST

START_TEST(a_ticket_of_tls_1_3_is_used_once)
{
    SSL_SESSION *old = make_session("good", TLS1_2_VERSION);
    SSL_SESSION *session = make_session("good", TLS1_3_VERSION);
    interim__tls_tickets tickets = {0};

    keep(&tickets, "a.test", 443, false, reference(session));
    ck_assert(takes(&tickets, "a.test", 443, false));
    ck_assert(!takes(&tickets, "a.test", 443, false));
    keep(&tickets, "a.test", 443, false, reference(old));
    ck_assert(takes(&tickets, "a.test", 443, false));
    ck_assert(takes(&tickets, "a.test", 443, false));
    /* The newest of a place is the one. */
    keep(&tickets, "a.test", 443, false, session);
    ck_assert(takes(&tickets, "a.test", 443, false));
    ck_assert(!takes(&tickets, "a.test", 443, false));
    interim__tls_tickets_dispose(&tickets);
    SSL_SESSION_free(old);
}
END_TEST

START_TEST(an_expired_certificate_is_not_resumed)
{
    interim__tls_tickets tickets = {0};

    keep(&tickets, "a.test", 443, false, make_session("expired", TLS1_2_VERSION));
    ck_assert(!takes(&tickets, "a.test", 443, false));
    ck_assert_uint_eq(tickets.items[0].used, 0);
    /* Nor one without a certificate at all. */
    keep(&tickets, "a.test", 443, false, SSL_SESSION_new());
    ck_assert(!takes(&tickets, "a.test", 443, false));
    interim__tls_tickets_dispose(&tickets);
}
END_TEST

START_TEST(the_place_unused_longest_makes_room)
{
    SSL_SESSION *session = make_session("good", TLS1_2_VERSION);
    interim__tls_tickets tickets = {0};
    char host[32];

    for (int i = 0; i < INTERIM__TLS_PLACES; i++) {
        snprintf(host, sizeof host, "h%d.test", i);
        keep(&tickets, host, 443, false, reference(session));
    }
    ck_assert(takes(&tickets, "h0.test", 443, false)); /* used: h1 is the oldest now */
    keep(&tickets, "new.test", 443, false, reference(session));
    ck_assert(takes(&tickets, "h0.test", 443, false));
    ck_assert(!takes(&tickets, "h1.test", 443, false));
    ck_assert(takes(&tickets, "h2.test", 443, false));
    ck_assert(takes(&tickets, "new.test", 443, false));
    for (int i = 0; i < 1000; i++) {
        snprintf(host, sizeof host, "n%d.test", i);
        keep(&tickets, host, 443, true, reference(session));
    }
    ck_assert(!takes(&tickets, "new.test", 443, false));
    ck_assert(takes(&tickets, "n999.test", 443, true));
    interim__tls_tickets_dispose(&tickets);
    SSL_SESSION_free(session);
}
END_TEST

START_TEST(without_memory_nothing_is_kept)
{
    SSL_SESSION *session = make_session("good", TLS1_2_VERSION);
    interim__tls_tickets tickets = {0};
    bool failed;

    failing_alloc_arm(1);
    keep(&tickets, "a.test", 443, false, session);
    failed = failing_alloc_disarm();
    ck_assert(failed);
    ck_assert(!takes(&tickets, "a.test", 443, false));
    interim__tls_tickets_dispose(&tickets);
}
END_TEST

/* ---- Connections --------------------------------------------------------------------------- */

static const server_step answer_once[] = {
    {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, "hello"}, {SERVER_CLOSE, 0, NULL}};
static const server_step *const scripts[] = {answer_once, NULL};

static struct dialer dialer;
static struct server *origin;
static interim_client_options options;

static void begin(int engine, server_tls wish)
{
    static char certificate[160], key[160], ca[160], client[160], client_key[160];
    interim_error error;

    certificates_path(all, certificate, sizeof certificate, "good.crt");
    certificates_path(all, key, sizeof key, "good.key");
    certificates_path(all, ca, sizeof ca, "ca.crt");
    certificates_path(all, client, sizeof client, "client.crt");
    certificates_path(all, client_key, sizeof client_key, "client.key");
    wish.certificate_file = certificate;
    wish.key_file = key;
    origin = server_start(scripts, &wish);
    dialer_init(&dialer, engines[engine], ca);
    options.ca_file = ca;
    if (wish.client_ca_file != NULL) {
        options.certificate_file = client;
        options.key_file = client_key;
    }
    interim__door_free(dialer.transport.door);
    interim__error_init(&error);
    ck_assert_int_eq(interim__door_new(&dialer.transport.door, &options, &error), 0);
    names_add("origin.test", "127.0.0.1", 0, false);
    names_add("other.test", "127.0.0.1", 0, false);
}

static void end(void)
{
    dialer_dispose(&dialer);
    server_stop(origin);
    names_wait_idle();
    names_reset();
    options = (interim_client_options)INTERIM_CLIENT_OPTIONS_INIT;
}

/* One exchange on a connection of its own; whether the server resumed a session for it. */
static bool visit(const char *host, bool identify)
{
    struct call call = {.nameless = !identify};
    char buffer[16];
    ptrdiff_t last;
    unsigned before = server_accepted(origin);

    dialer_dial(&dialer, &call, true, host, server_port(origin));
    ck_assert_int_eq(dialer_wait_opened(&dialer, &call), 0);
    ck_assert(dialer_write_all(&dialer, &call, "GET\r\n\r\n", 7));
    ck_assert_uint_eq(dialer_read_all(&dialer, &call, buffer, sizeof buffer, &last), 5);
    ck_assert_int_eq(last, INTERIM__END);
    dialer_hang_up(&call);
    ck_assert_uint_eq(server_accepted(origin), before + 1);
    return server_resumed(origin, before);
}

START_TEST(the_second_connection_is_resumed)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    for (size_t i = 0; i < 2; i++) {
        begin(_i, (server_tls){.highest = versions[i]});
        ck_assert(!visit("origin.test", true));
        for (int again = 0; again < 5; again++)
            ck_assert(visit("origin.test", true));
        end();
    }
}
END_TEST

START_TEST(another_name_is_not_resumed)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    for (size_t i = 0; i < 2; i++) {
        begin(_i, (server_tls){.highest = versions[i]});
        ck_assert(!visit("origin.test", true));
        ck_assert(!visit("other.test", true));
        ck_assert(visit("other.test", true));
        ck_assert(visit("origin.test", true));
        end();
    }
}
END_TEST

START_TEST(another_client_is_not_resumed)
{
    interim_error error;

    begin(_i, (server_tls){0});
    ck_assert(!visit("origin.test", true));
    interim__door_free(dialer.transport.door);
    interim__error_init(&error);
    ck_assert_int_eq(interim__door_new(&dialer.transport.door, &options, &error), 0);
    ck_assert(!visit("origin.test", true));
    end();
}
END_TEST

static void expect_name(unsigned connection, const char *name)
{
    char text[64];

    server_client_name(origin, connection, text, sizeof text);
    ck_assert_str_eq(text, name);
}

START_TEST(sessions_with_the_client_certificate_are_kept_apart)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    for (size_t i = 0; i < 2; i++) {
        begin(_i,
              (server_tls){.highest = versions[i], .client_ca_file = certificates_ca_file(all)});
        ck_assert(!visit("origin.test", true));
        expect_name(0, "anna");
        /* Resuming that would show who we are, all the same. */
        ck_assert(!visit("origin.test", false));
        expect_name(1, "");
        ck_assert(visit("origin.test", true));
        expect_name(2, "anna");
        ck_assert(visit("origin.test", false));
        expect_name(3, "");
        end();
    }
}
END_TEST

START_TEST(a_session_without_a_certificate_that_holds_is_not_made)
{
    interim_client_options strict = INTERIM_CLIENT_OPTIONS_INIT;
    struct call call = {0};
    interim_error error;
    char path[160];

    begin(_i, (server_tls){0});
    certificates_path(all, path, sizeof path, "client.crt"); /* trusts nobody else */
    strict.ca_file = path;
    interim__door_free(dialer.transport.door);
    interim__error_init(&error);
    ck_assert_int_eq(interim__door_new(&dialer.transport.door, &strict, &error), 0);
    for (int i = 0; i < 2; i++) {
        dialer_dial(&dialer, &call, true, "origin.test", server_port(origin));
        ck_assert_int_eq(dialer_wait_opened(&dialer, &call), INTERIM_ECERTIFICATE);
        dialer_hang_up(&call);
    }
    end();
}
END_TEST

Suite *tls_tickets_suite(void)
{
    Suite *suite = suite_create("tls_tickets");
    TCase *cache = tcase_create("cache"), *connections = tcase_create("connections");

    tcase_set_timeout(connections, 30);
    tcase_add_unchecked_fixture(cache, make_certificates, remove_certificates);
    tcase_add_unchecked_fixture(connections, make_certificates, remove_certificates);
    tcase_add_test(cache, places_are_kept_apart);
    tcase_add_test(cache, a_ticket_of_tls_1_3_is_used_once);
    tcase_add_test(cache, an_expired_certificate_is_not_resumed);
    tcase_add_test(cache, the_place_unused_longest_makes_room);
    tcase_add_test(cache, without_memory_nothing_is_kept);
    tcase_add_loop_test(connections, the_second_connection_is_resumed, 0, 2);
    tcase_add_loop_test(connections, another_name_is_not_resumed, 0, 2);
    tcase_add_loop_test(connections, another_client_is_not_resumed, 0, 2);
    tcase_add_loop_test(connections, sessions_with_the_client_certificate_are_kept_apart, 0, 2);
    tcase_add_loop_test(connections, a_session_without_a_certificate_that_holds_is_not_made, 0, 2);
    suite_add_tcase(suite, cache);
    suite_add_tcase(suite, connections);
    return suite;
}
