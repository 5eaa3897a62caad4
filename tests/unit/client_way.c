/* Tests of other ways to an origin (Unix-domain sockets, connect-to, local addresses) through the
 * public API, with both engines; and that no connection is used for another way than its own. */
#include "suites.h"
#include "support/certificates.h"
#include "support/failing_alloc.h"
#include "support/names.h"
#include "support/server.h"

#include <interim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

static interim_client *client;
static interim_request *request;
static struct server *near, *far; /* the one that is to be reached, and another */
static char folder[] = "/tmp/interim-way-XXXXXX";
static char peer[160]; /* of the last event that had one */

#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"

static const server_step plain[] = {
    {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, NO_CONTENT}, {SERVER_REPEAT, 0, NULL}};
static const server_step *const plainly[] = {plain, NULL};

static const char *path(const char *name)
{
    static char text[8][200];
    static unsigned next;
    char *out = text[next++ % 8];

    snprintf(out, sizeof text[0], "%s/%s", folder, name);
    return out;
}

static void make_folder(void)
{
    strcpy(folder, "/tmp/interim-way-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static void make_client(int engine, const char *proxy, const char *ca_file)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;

    options.engine = engines[engine];
    options.proxy = proxy;
    options.ca_file = ca_file;
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
}

static int note_peer(const interim_event *event, void *user)
{
    (void)user;
    if (event->peer[0] != '\0')
        snprintf(peer, sizeof peer, "%s", event->peer);
    return 0;
}

static void make_request(const char *method, const char *url)
{
    interim_patience patience = INTERIM_PATIENCE_INIT;

    interim_request_free(request);
    ck_assert_int_eq(interim_request_new(&request, method, url), 0);
    patience.connect_ms = 100000;
    ck_assert_int_eq(interim_request_set_patience(request, &patience), 0);
    interim_request_on_event(request, note_peer, NULL);
    peer[0] = '\0';
}

static const char *url_of(const struct server *server, const char *target)
{
    static char text[80];

    snprintf(text, sizeof text, "http://127.0.0.1:%u%s", (unsigned)server_port(server), target);
    return text;
}

static void end(void)
{
    interim_request_free(request);
    interim_client_free(client);
    if (near != NULL)
        server_stop(near);
    if (far != NULL)
        server_stop(far);
    request = NULL;
    client = NULL;
    near = far = NULL;
    names_wait_idle();
    names_reset();
}

static interim_result *perform(interim_outcome outcome, int code)
{
    interim_result *result;
    int returned = interim_perform(&result, client, request);

    ck_assert_ptr_nonnull(result);
    ck_assert_msg(interim_result_outcome(result) == outcome && returned == code, "%s %s: %s",
                  interim_outcome_name(interim_result_outcome(result)),
                  interim_error_name(returned), interim_result_error(result)->text);
    return result;
}

static void expect_done(void)
{
    interim_result_free(perform(INTERIM_DONE, 0));
}

/* ... with a text that holds all that. */
static void expect_error(interim_outcome outcome, int code, const char *first, const char *second)
{
    interim_result *result = perform(outcome, code);
    const char *text = interim_result_error(result)->text;

    ck_assert_msg(strstr(text, first) != NULL && strstr(text, second) != NULL, "%s", text);
    interim_result_free(result);
}

static void expect_received(struct server *server, unsigned connection, const char *beginning)
{
    char received[2048];

    server_received(server, connection, received, sizeof received);
    ck_assert_msg(strncmp(received, beginning, strlen(beginning)) == 0, "%s", received);
}

/* ---- Unix-domain sockets ------------------------------------------------------------------- */

START_TEST(a_unix_socket_stands_for_the_host)
{
    char wanted[200];

    near = server_start_unix(path("dav.sock"), plainly, NULL);
    make_client(_i, NULL, NULL);
    make_request("GET", "http://no.such.test:81/a");
    ck_assert_int_eq(interim_request_set_unix_socket(request, path("dav.sock")), 0);
    expect_done();
    expect_done();
    ck_assert_uint_eq(server_accepted(near), 1); /* and is kept */
    expect_received(near, 0, "GET /a HTTP/1.1\r\nHost: no.such.test:81\r\n");
    snprintf(wanted, sizeof wanted, "unix:%s", path("dav.sock"));
    ck_assert_str_eq(peer, wanted);
    end();
}
END_TEST

START_TEST(a_unix_socket_may_be_abstract)
{
    char name[64];

    snprintf(name, sizeof name, "@interim-%ld-%d", (long)getpid(), _i);
    near = server_start_unix(name, plainly, NULL);
    make_client(_i, NULL, NULL);
    make_request("GET", "http://a.test/");
    ck_assert_int_eq(interim_request_set_unix_socket(request, name), 0);
    expect_done();
    ck_assert_str_eq(peer + strlen("unix:"), name);
    end();
}
END_TEST

/* The whole length that the system has for a path. */
START_TEST(a_path_has_107_bytes_at_most)
{
    char long_path[120];
    size_t length = strlen(path("")), most = sizeof((struct sockaddr_un *)NULL)->sun_path - 1;

    memset(long_path, 'x', sizeof long_path);
    memcpy(long_path, path(""), length);
    long_path[most + 1] = '\0';
    make_client(_i, NULL, NULL);
    make_request("GET", "http://a.test/");
    ck_assert_int_eq(interim_request_set_unix_socket(request, long_path), INTERIM_EINVAL);
    long_path[most] = '\0';
    ck_assert_int_eq(interim_request_set_unix_socket(request, long_path), 0);
    expect_error(INTERIM_UNREACHABLE, INTERIM_ECONNECT, "connect to unix:...", "xxx: No such file");
    near = server_start_unix(long_path, plainly, NULL);
    expect_done();
    ck_assert_str_eq(peer + strlen("unix:"), long_path);
    end();
}
END_TEST

static void make_socket(const char *name, int type, mode_t mode)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type, 0);

    snprintf(where.sun_path, sizeof where.sun_path, "%s", path(name));
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&where, sizeof where), 0);
    ck_assert_int_eq(chmod(where.sun_path, mode), 0);
    if (type == SOCK_STREAM)
        close(fd); /* the file stays, and nobody listens */
}

START_TEST(what_is_wrong_with_a_path_is_told)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"missing", "missing: No such file or directory"},
        {"folder", "folder: Connection refused (nobody listens there, or it is no socket)"},
        {"file", "file: Connection refused (nobody listens there, or it is no socket)"},
        {"dead", "dead: Connection refused (nobody listens there, or it is no socket)"},
        {"file/x", "x: Not a directory"},
        {"datagram", "datagram: Protocol wrong type for socket (it is not a stream socket)"},
        {"locked", "locked: Permission denied (it takes the right to write to it)"},
    };
    size_t count = sizeof cases / sizeof *cases - (geteuid() == 0); /* root may write to all */
    FILE *made = fopen(path("file"), "w");

    fclose(made);
    ck_assert_int_eq(mkdir(path("folder"), 0700), 0);
    make_socket("dead", SOCK_STREAM, 0700);
    make_socket("datagram", SOCK_DGRAM, 0700);
    make_socket("locked", SOCK_STREAM, 0);
    make_client(_i, NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        make_request("COPY", "http://a.test/");
        ck_assert_int_eq(interim_request_set_unix_socket(request, path(cases[i].name)), 0);
        expect_error(INTERIM_UNREACHABLE, INTERIM_ECONNECT, "connect to unix:/", cases[i].text);
    }
    end();
}
END_TEST

/* A connect to a queue that is full says EAGAIN, and nothing tells when it is not. */
START_TEST(a_full_queue_is_waited_for)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    interim_patience patience = INTERIM_PATIENCE_INIT;
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), filler[8], filled = 0;
    unsigned in_flight;

    snprintf(where.sun_path, sizeof where.sun_path, "%s", path("busy"));
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&where, sizeof where), 0);
    ck_assert_int_eq(listen(listener, 0), 0);
    do
        filler[filled] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    while (connect(filler[filled++], (struct sockaddr *)&where, sizeof where) == 0 && filled < 8);
    ck_assert_int_lt(filled, 8);
    make_client(_i, NULL, NULL);
    make_request("GET", "http://a.test/");
    patience.connect_ms = 100;
    interim_request_set_patience(request, &patience);
    ck_assert_int_eq(interim_request_set_unix_socket(request, where.sun_path), 0);
    interim_result_free(perform(INTERIM_UNREACHABLE, INTERIM_ECONNECT_TIMEOUT));
    patience.connect_ms = 100000;
    patience.silence_ms = 50; /* it gets through to a server that says nothing */
    interim_request_set_patience(request, &patience);
    close(accept(listener, NULL, NULL));
    in_flight = (unsigned)filled;
    interim_result_free(perform(INTERIM_FAILED, INTERIM_ESILENCE));
    while (in_flight > 0)
        close(filler[--in_flight]);
    close(listener);
    end();
}
END_TEST

/* ---- Other origins ------------------------------------------------------------------------- */

/* Answers by a head that leads to the target on the other server, then 204. */
static void lead(const char *head, const char *target)
{
    static char answer[256];
    static server_step leading[] = {{SERVER_HEAD, 0, NULL},
                                    {SERVER_SEND, 0, answer},
                                    {SERVER_HEAD, 0, NULL},
                                    {SERVER_SEND, 0, NO_CONTENT},
                                    {SERVER_CLOSE, 0, NULL}};
    static const server_step *const scripts[] = {leading, NULL};

    far = server_start(plainly, NULL);
    snprintf(answer, sizeof answer, "%sLocation: %s\r\nContent-Length: 0\r\n\r\n", head,
             url_of(far, target));
    near = server_start_unix(path("lead.sock"), scripts, NULL);
}

START_TEST(a_redirect_to_another_origin_goes_its_own_way)
{
    lead("HTTP/1.1 302 Found\r\n", "/elsewhere");
    make_client(_i, NULL, NULL);
    make_request("GET", "http://a.test/");
    ck_assert_int_eq(interim_request_set_unix_socket(request, path("lead.sock")), 0);
    ck_assert_int_eq(interim_request_set_local_address(request, "127.0.0.9"), 0);
    expect_done();
    ck_assert_uint_eq(server_accepted(near), 1);
    expect_received(far, 0, "GET /elsewhere HTTP/1.1\r\n");
    server_peer(far, 0, peer, sizeof peer);
    ck_assert_str_eq(peer, "127.0.0.1");
    end();
}
END_TEST

START_TEST(a_monitor_on_another_origin_goes_its_own_way)
{
    interim_polling polling = INTERIM_POLLING_INIT;

    lead("HTTP/1.1 202 Accepted\r\n", "/job");
    make_client(_i, NULL, NULL);
    make_request("COPY", "http://a.test/");
    polling.first_ms = 250;
    ck_assert_int_eq(interim_request_set_polling(request, &polling), 0);
    ck_assert_int_eq(interim_request_set_unix_socket(request, path("lead.sock")), 0);
    expect_done();
    ck_assert_uint_eq(server_accepted(near), 1);
    expect_received(far, 0, "GET /job HTTP/1.1\r\n");
    end();
}
END_TEST

START_TEST(a_redirect_on_the_same_origin_goes_the_same_way)
{
    static const server_step script[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 307 x\r\nLocation: /b\r\nConnection: close\r\n\r\n"},
        {SERVER_CLOSE, 0, NULL}};
    static const server_step *const scripts[] = {script, plain, NULL};

    near = server_start(scripts, NULL);
    make_client(_i, NULL, NULL);
    make_request("COPY", "http://no.such.test/a");
    ck_assert_int_eq(interim_request_set_connect_to(request, "127.0.0.1", server_port(near)), 0);
    expect_done();
    expect_received(near, 1, "COPY /b HTTP/1.1\r\nHost: no.such.test\r\n");
    end();
}
END_TEST

/* Where connect-to leads is no origin: one that redirects to its real address goes there anew. */
START_TEST(connect_to_does_not_follow_to_another_origin)
{
    static char answer[160];
    static const server_step leading[] = {
        {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, answer}, {SERVER_CLOSE, 0, NULL}};
    static const server_step *const scripts[] = {leading, NULL};

    far = server_start(plainly, NULL);
    near = server_start(scripts, NULL);
    snprintf(answer, sizeof answer, "HTTP/1.1 302 x\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
             url_of(far, "/x"));
    make_client(_i, NULL, NULL);
    make_request("GET", "http://no.such.test/a");
    interim_request_set_credentials(request, "anna", "secret");
    ck_assert_int_eq(interim_request_set_connect_to(request, "127.0.0.1", server_port(near)), 0);
    expect_done();
    ck_assert_uint_eq(server_accepted(near), 1);
    ck_assert_uint_eq(server_accepted(far), 1);
    server_received(far, 0, peer, sizeof peer);
    ck_assert_ptr_null(strstr(peer, "Authorization"));
    end();
}
END_TEST

/* ---- Proxies ------------------------------------------------------------------------------- */

static const char *proxy_at(const char *scheme, const struct server *server)
{
    static char text[64];

    snprintf(text, sizeof text, "%s://u:p@127.0.0.1:%u", scheme, (unsigned)server_port(server));
    return text;
}

START_TEST(a_unix_socket_needs_no_proxy)
{
    near = server_start_unix(path("dav.sock"), plainly, NULL);
    far = server_start(plainly, NULL);
    make_client(_i, proxy_at(_i == 0 ? "http" : "socks5h", far), NULL);
    make_request("GET", "http://a.test/b");
    ck_assert_int_eq(interim_request_set_unix_socket(request, path("dav.sock")), 0);
    expect_done();
    expect_received(near, 0, "GET /b HTTP/1.1\r\nHost: a.test\r\n");
    ck_assert_uint_eq(server_accepted(far), 0);
    end();
}
END_TEST

/* As curl does it: in absolute form it would be the proxy that decides where to connect to. */
START_TEST(connect_to_makes_an_http_proxy_tunnel)
{
    static const server_step script[] = {
        {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, "HTTP/1.1 200 OK\r\n\r\n"},
        {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, NO_CONTENT},
        {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, NO_CONTENT},
        {SERVER_CLOSE, 0, NULL}};
    static const server_step *const scripts[] = {script, plain, NULL};
    char received[2048];

    near = server_start(scripts, NULL);
    make_client(_i, proxy_at("http", near), NULL);
    make_request("GET", "http://a.test/b");
    ck_assert_int_eq(interim_request_set_connect_to(request, "[2001:db8::1]", 8080), 0);
    expect_done();
    expect_done(); /* through the same tunnel */
    ck_assert_uint_eq(server_accepted(near), 1);
    expect_received(near, 0, "CONNECT [2001:db8::1]:8080 HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n");
    server_received(near, 0, received, sizeof received);
    ck_assert_ptr_nonnull(strstr(received, "\r\n\r\nGET /b HTTP/1.1\r\nHost: a.test\r\n"));
    /* Once: to the proxy, not to what is behind it. */
    ck_assert_ptr_null(strstr(strstr(received, "GET /b"), "Proxy-Authorization"));
    make_request("GET", "http://a.test/c");
    expect_done(); /* without it, the proxy gets it, on a connection of its own */
    expect_received(near, 1, "GET http://a.test/c HTTP/1.1\r\n");
    end();
}
END_TEST

START_TEST(connect_to_is_asked_of_socks)
{
    static const server_step script[] = {{SERVER_READ, 4, NULL},
                                         {SERVER_SEND, 2, "\5\0"},
                                         {SERVER_READ, 4 + 1 + 6 + 2, NULL},
                                         {SERVER_SEND, 10, "\5\0\0\1\0\0\0\0\0\0"},
                                         {SERVER_HEAD, 0, NULL},
                                         {SERVER_SEND, 0, NO_CONTENT},
                                         {SERVER_CLOSE, 0, NULL}};
    static const server_step *const scripts[] = {script, NULL};
    char received[512];

    near = server_start(scripts, NULL);
    make_client(_i, proxy_at("socks5h", near), NULL);
    make_request("GET", "http://a.test/b");
    ck_assert_int_eq(interim_request_set_connect_to(request, "B.test", 258), 0);
    expect_done();
    server_received(near, 0, received, sizeof received);
    ck_assert_mem_eq(received + 4, "\5\1\0\3\6b.test\1\2GET /b", 19);
    end();
}
END_TEST

/* ---- Connect-to ---------------------------------------------------------------------------- */

START_TEST(tls_verifies_the_name_of_the_url)
{
    static const certificate_wish wish = {.file = "good", .name = "x", .names = "DNS:origin.test"};
    struct certificates *all = certificates_new();
    char certificate[160], key[160];
    server_tls tls = {.certificate_file = certificate, .key_file = key};

    certificates_issue(all, &wish);
    certificates_path(all, certificate, sizeof certificate, "good.crt");
    certificates_path(all, key, sizeof key, "good.key");
    near = server_start(plainly, &tls);
    far = server_start_unix(path("tls.sock"), plainly, &tls);
    make_client(_i, NULL, certificates_ca_file(all));
    make_request("GET", "https://origin.test/");
    ck_assert_int_eq(interim_request_set_connect_to(request, "127.0.0.1", server_port(near)), 0);
    expect_done();
    /* Replaced: the socket has the same certificate, and another ticket. */
    ck_assert_int_eq(interim_request_set_unix_socket(request, path("tls.sock")), 0);
    expect_done();
    ck_assert_uint_eq(server_accepted(far), 1);
    ck_assert(!server_resumed(far, 0));
    make_request("GET", "https://other.test/");
    ck_assert_int_eq(interim_request_set_connect_to(request, "127.0.0.1", server_port(near)), 0);
    interim_result_free(perform(INTERIM_UNREACHABLE, INTERIM_ECERTIFICATE));
    end();
    certificates_free(all);
}
END_TEST

START_TEST(connect_to_names_where_it_failed)
{
    char where[64];
    uint16_t port = closed_port();

    make_client(_i, NULL, NULL);
    make_request("GET", "http://a.test:81/");
    ck_assert_int_eq(interim_request_set_connect_to(request, "127.0.0.1", port), 0);
    snprintf(where, sizeof where, "127.0.0.1:%u", (unsigned)port);
    expect_error(INTERIM_UNREACHABLE, INTERIM_ECONNECT, where, "refused");
    ck_assert_int_eq(interim_request_set_connect_to(request, "nobody.test", 0), 0);
    names_add("nobody.test", "", -2, false); /* EAI_NONAME */
    expect_error(INTERIM_UNREACHABLE, INTERIM_ERESOLVE, "nobody.test", "");
    end();
}
END_TEST

START_TEST(a_wrong_way_is_refused)
{
    static const char *const hosts[] = {"",    "a b",   "a:80", "[::1]:80", "[::1",  "a/b", "u@a",
                                        "a?b", "::1::", "[a]",  "a%zz",     "1.2.3", ":"};
    static const char *const addresses[] = {
        "",       "127.0.0", "127.0.0.256",      "::1::", "a b",
        "eth0:1", "a/b",     "sixteen-letters-", "..",    "fe80::1%no-such-zone"};

    make_client(_i, NULL, NULL);
    make_request("GET", "http://a.test/");
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        ck_assert_msg(interim_request_set_connect_to(request, hosts[i], 80) == INTERIM_EINVAL,
                      "'%s'", hosts[i]);
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        ck_assert_msg(interim_request_set_local_address(request, addresses[i]) == INTERIM_EINVAL,
                      "'%s'", addresses[i]);
    ck_assert_int_eq(interim_request_set_connect_to(request, "b.test", -1), INTERIM_EINVAL);
    ck_assert_int_eq(interim_request_set_connect_to(request, "b.test", 65536), INTERIM_EINVAL);
    ck_assert_int_eq(interim_request_set_connect_to(request, "fe80::1%lo", 65535), 0);
    ck_assert_int_eq(interim_request_set_connect_to(request, "[fe80::1%lo]", 0), 0);
    ck_assert_int_eq(interim_request_set_connect_to(request, NULL, 0), 0);
    ck_assert_int_eq(interim_request_set_unix_socket(request, ""), INTERIM_EINVAL);
    ck_assert_int_eq(interim_request_set_unix_socket(request, "@"), INTERIM_EINVAL);
    ck_assert_int_eq(interim_request_set_unix_socket(request, NULL), 0);
    ck_assert_int_eq(interim_request_set_local_address(request, NULL), 0);
    end();
}
END_TEST

static void be_done(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation;
    (void)user;
    interim_result_free(result);
}

START_TEST(a_request_in_flight_keeps_its_way)
{
    make_client(_i, NULL, NULL);
    make_request("GET", "http://a.test/");
    ck_assert_int_eq(interim_request_set_unix_socket(request, path("none")), 0);
    ck_assert_int_eq(interim_start(NULL, client, request, be_done, NULL), 0);
    ck_assert_int_eq(interim_request_set_unix_socket(request, NULL), INTERIM_EBUSY);
    ck_assert_int_eq(interim_request_set_connect_to(request, NULL, 0), INTERIM_EBUSY);
    ck_assert_int_eq(interim_request_set_local_address(request, NULL), INTERIM_EBUSY);
    end();
}
END_TEST

/* ---- Local addresses ----------------------------------------------------------------------- */

START_TEST(a_local_address_is_where_it_starts)
{
    near = server_start(plainly, NULL);
    make_client(_i, NULL, NULL);
    make_request("GET", url_of(near, "/"));
    ck_assert_int_eq(interim_request_set_local_address(request, "127.0.0.2"), 0);
    expect_done();
    server_peer(near, 0, peer, sizeof peer);
    ck_assert_str_eq(peer, "127.0.0.2");
    end();
}
END_TEST

START_TEST(a_local_address_is_where_it_starts_to_a_proxy)
{
    near = server_start(plainly, NULL);
    make_client(_i, proxy_at("http", near), NULL);
    make_request("GET", "http://a.test/");
    ck_assert_int_eq(interim_request_set_local_address(request, "127.0.0.2"), 0);
    expect_done();
    server_peer(near, 0, peer, sizeof peer);
    ck_assert_str_eq(peer, "127.0.0.2");
    end();
}
END_TEST

START_TEST(an_interface_is_where_it_starts)
{
    interim_result *result = NULL;
    int failed;

    near = server_start(plainly, NULL);
    make_client(_i, NULL, NULL);
    make_request("GET", url_of(near, "/"));
    ck_assert_int_eq(interim_request_set_local_address(request, "lo"), 0);
    failed = interim_perform(&result, client, request);
    /* Before Linux 5.7 only some may. */
    ck_assert_msg(failed == 0 || strstr(interim_result_error(result)->text, "CAP_NET_RAW") != NULL,
                  "%s", interim_result_error(result)->text);
    interim_result_free(result);
    end();
}
END_TEST

START_TEST(what_is_wrong_with_a_local_address_is_told)
{
    near = server_start(plainly, NULL);
    make_client(_i, NULL, NULL);
    make_request("COPY", url_of(near, "/"));
    ck_assert_int_eq(interim_request_set_local_address(request, "192.0.2.1"), 0);
    expect_error(INTERIM_FAILED, INTERIM_ESYSTEM,
                 " from 192.0.2.1: ", "no interface of this machine has that address");
    ck_assert_int_eq(interim_request_set_local_address(request, "::1"), 0);
    expect_error(INTERIM_UNREACHABLE, INTERIM_ECONNECT,
                 " from ::1: ", "the other side has no address of that family");
    ck_assert_int_eq(interim_request_set_local_address(request, "no-such-if0"), 0);
    expect_error(INTERIM_FAILED, INTERIM_ESYSTEM, " from no-such-if0: ", "");
    ck_assert_uint_eq(server_accepted(near), 0);
    end();
}
END_TEST

/* The addresses of the other family are passed over. */
START_TEST(a_local_address_chooses_the_family)
{
    char url[64];

    near = server_start(plainly, NULL);
    names_add("both.test", "::1 127.0.0.1", 0, false);
    make_client(_i, NULL, NULL);
    snprintf(url, sizeof url, "http://both.test:%u/", (unsigned)server_port(near));
    make_request("GET", url);
    ck_assert_int_eq(interim_request_set_local_address(request, "127.0.0.3"), 0);
    expect_done();
    server_peer(near, 0, peer, sizeof peer);
    ck_assert_str_eq(peer, "127.0.0.3");
    end();
}
END_TEST

/* ---- Kept apart ---------------------------------------------------------------------------- */

/* Each way twice, in turns: every way has one connection of its own, and is met again. */
START_TEST(ways_are_kept_apart)
{
    near = server_start(plainly, NULL);
    far = server_start_unix(path("dav.sock"), plainly, NULL);
    names_add("same.test", "127.0.0.1", 0, false);
    make_client(_i, NULL, NULL);
    for (int round = 0; round < 2; round++) {
        make_request("GET", url_of(near, "/"));
        expect_done();
        ck_assert_int_eq(interim_request_set_connect_to(request, "same.test", 0), 0);
        expect_done();
        ck_assert_int_eq(interim_request_set_local_address(request, "127.0.0.1"), 0);
        expect_done();
        ck_assert_int_eq(interim_request_set_connect_to(request, NULL, 0), 0);
        expect_done();
        ck_assert_int_eq(interim_request_set_local_address(request, "127.0.0.2"), 0);
        expect_done();
        ck_assert_int_eq(interim_request_set_local_address(request, NULL), 0);
        ck_assert_int_eq(interim_request_set_unix_socket(request, path("dav.sock")), 0);
        expect_done();
    }
    ck_assert_uint_eq(server_accepted(near), 5);
    ck_assert_uint_eq(server_accepted(far), 1);
    end();
}
END_TEST

START_TEST(memory_may_run_out)
{
    interim_result *result;
    bool failed = true;

    near = server_start_unix(path("dav.sock"), plainly, NULL);
    for (unsigned long n = 1; failed; n++) {
        int code;

        make_client(_i, NULL, NULL);
        make_request("GET", "http://a.test/");
        failing_alloc_arm(n);
        code = interim_request_set_connect_to(request, "fe80::1", 1);
        if (code == 0)
            code = interim_request_set_local_address(request, "127.0.0.1");
        if (code == 0)
            code = interim_request_set_unix_socket(request, path("dav.sock"));
        result = NULL;
        if (code == 0)
            code = interim_perform(&result, client, request);
        failed = failing_alloc_disarm();
        ck_assert(code == INTERIM_ENOMEM || code == 0);
        ck_assert(failed || code == 0);
        interim_result_free(result);
        interim_client_free(client);
        ck_assert_uint_lt(n, 200);
    }
    client = NULL;
    end();
}
END_TEST

Suite *client_way_suite(void)
{
    const TTest *const tests[] = {
        a_unix_socket_stands_for_the_host,
        a_unix_socket_may_be_abstract,
        a_path_has_107_bytes_at_most,
        what_is_wrong_with_a_path_is_told,
        a_full_queue_is_waited_for,
        a_redirect_to_another_origin_goes_its_own_way,
        a_monitor_on_another_origin_goes_its_own_way,
        a_redirect_on_the_same_origin_goes_the_same_way,
        connect_to_does_not_follow_to_another_origin,
        a_unix_socket_needs_no_proxy,
        connect_to_makes_an_http_proxy_tunnel,
        connect_to_is_asked_of_socks,
        tls_verifies_the_name_of_the_url,
        connect_to_names_where_it_failed,
        a_wrong_way_is_refused,
        a_request_in_flight_keeps_its_way,
        a_local_address_is_where_it_starts,
        a_local_address_is_where_it_starts_to_a_proxy,
        an_interface_is_where_it_starts,
        what_is_wrong_with_a_local_address_is_told,
        a_local_address_chooses_the_family,
        ways_are_kept_apart,
        memory_may_run_out,
    };
    Suite *suite = suite_create("client_way");
    TCase *everything = tcase_create("both engines");

    tcase_set_timeout(everything, 60);
    tcase_add_checked_fixture(everything, make_folder, remove_folder);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_loop_test(everything, tests[i], 0, 2);
    suite_add_tcase(suite, everything);
    return suite;
}
