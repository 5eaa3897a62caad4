/* Tests of proxies through the public API: HTTP in absolute form, CONNECT, SOCKS5. The proxy is a
 * script; what stands behind it is the same script. */
#include "suites.h"
#include "support/server.h"

#include <interim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static interim_client *client;
static struct server *proxy;
static interim_request *request;

static void begin(int engine, const char *scheme, const char *method, const char *url,
                  const server_step *const *scripts)
{
    static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    interim_patience patience = INTERIM_PATIENCE_INIT;
    char text[80];

    proxy = server_start(scripts, NULL);
    snprintf(text, sizeof text, "%s://u:p@127.0.0.1:%u", scheme, (unsigned)server_port(proxy));
    options.engine = engines[engine];
    options.proxy = text;
    options.no_proxy = "direct.test";
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
    ck_assert_int_eq(interim_request_new(&request, method, url), 0);
    patience.connect_ms = 100000; /* the first TLS session of a client takes long under valgrind */
    ck_assert_int_eq(interim_request_set_patience(request, &patience), 0);
}

static void end(void)
{
    interim_request_free(request);
    interim_client_free(client);
    server_stop(proxy);
}

static interim_result *perform(interim_outcome outcome, int code)
{
    interim_result *result;
    int returned = interim_perform(&result, client, request);

    ck_assert_ptr_nonnull(result);
    ck_assert_msg(interim_result_outcome(result) == outcome && returned == code, "%s %s: %s",
                  interim_outcome_name(interim_result_outcome(result)),
                  interim_error_name(returned), interim_result_reason(result));
    return result;
}

#define ck_assert_begins(text, literal) ck_assert_mem_eq(text, literal, sizeof(literal) - 1)

#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"

#define DENIED                                                                                     \
    "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n"          \
    "Content-Length: 3\r\n\r\nno!"

START_TEST(a_plain_url_is_asked_in_absolute_form)
{
    static const server_step script[] = {
        {SERVER_HEAD, 0, NULL},       {SERVER_SEND, 0, DENIED},
        {SERVER_HEAD, 0, NULL},       {SERVER_SEND, 0, "HTTP/1.1 102 Processing\r\n\r\n"},
        {SERVER_SEND, 0, NO_CONTENT}, {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, NO_CONTENT}, {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {script, NULL};
    char received[1024];
    const char *next, *proof;

    begin(_i, "http", "GET", "http://a.test:81/b?c", scripts);
    interim_result_free(perform(INTERIM_DONE, 0));
    interim_request_free(request);
    ck_assert_int_eq(interim_request_new(&request, "GET", "http://b.test/"), 0);
    interim_result_free(perform(INTERIM_DONE, 0));
    server_received(proxy, 0, received, sizeof received);
    ck_assert_begins(received, "GET http://a.test:81/b?c HTTP/1.1\r\nHost: a.test:81\r\n");
    next = strstr(received, "GET http://b.test/ HTTP/1.1\r\n");
    ck_assert_ptr_nonnull(next);
    ck_assert_ptr_nonnull(strstr(next, "\r\nProxy-Authorization: Basic dTpw\r\n"));
    proof = strstr(received, "\r\nProxy-Authorization: Basic dTpw\r\n");
    ck_assert(proof < next && strstr(received, "\r\n\r\n") < proof);
    ck_assert_uint_eq(server_accepted(proxy), 1); /* one connection serves all plain origins */
    end();
}
END_TEST

static int count_hops(const interim_event *event, void *user)
{
    int *hops = user;

    hops[event->hop]++;
    return 0;
}

/* The proxy asks who it is, and answers CONNECT after interims of its own; then TLS fails, because
 * a script speaks none. */
START_TEST(connect_is_asked_before_tls)
{
    static const server_step script[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, DENIED},
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"},
        {SERVER_SEND, 0, "HTTP/1.1 200 Connection established\r\n\r\n"},
        {SERVER_READ, 5, NULL},
        {SERVER_SEND, 0, "no TLS here, but text"},
        {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {script, NULL};
    int hops[8] = {0};
    char received[1024];

    begin(_i, "http", "COPY", "https://a.test/", scripts);
    interim_request_on_interim(request, count_hops, hops);
    interim_result_free(perform(INTERIM_UNREACHABLE, INTERIM_ETLS));
    ck_assert_int_eq(hops[INTERIM_HOP_TUNNEL], 2);
    ck_assert_int_eq(hops[INTERIM_HOP_REQUEST], 0);
    server_received(proxy, 0, received, sizeof received);
    ck_assert_begins(received, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n");
    ck_assert_ptr_nonnull(strstr(received, "\r\nProxy-Authorization: Basic dTpw\r\n"));
    ck_assert_ptr_null(strstr(received, "\r\nAuthorization"));
    ck_assert_uint_eq(server_accepted(proxy), 1);
    end();
}
END_TEST

static const struct {
    const char *answer;
    int code;
} refusals[] = {
    {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nno!", INTERIM_EPROXY},
    {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", INTERIM_EPROXY},
    {"HTTP/1.1 302 Found\r\nLocation: http://a.test/\r\nContent-Length: 0\r\n\r\n", INTERIM_EPROXY},
    {"HTTP/1.1 200 OK\r\n\r\nunasked bytes", INTERIM_EPROXY},
    {"HTTP/1.1 200 OK", INTERIM_ETRUNCATED},
    {"", INTERIM_EDISCONNECTED},
    {"SSH-2.0-x\r\n", INTERIM_ESTATUS_LINE},
};

START_TEST(a_proxy_that_refuses_is_unreachable)
{
    int which = _i / 2;
    const server_step script[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, strlen(refusals[which].answer), refusals[which].answer},
        {SERVER_CLOSE, 0, NULL}};
    const server_step silent[] = {{SERVER_HEAD, 0, NULL}, {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {refusals[which].answer[0] == '\0' ? silent : script, NULL};
    interim_result *result;

    begin(_i % 2, "http", "COPY", "https://a.test/", scripts);
    result = perform(INTERIM_UNREACHABLE, refusals[which].code);
    ck_assert_ptr_nonnull(strstr(interim_result_reason(result), "nothing was sent"));
    interim_result_free(result);
    end();
}
END_TEST

START_TEST(connect_is_under_the_connect_limit)
{
    static const server_step script[] = {{SERVER_HEAD, 0, NULL}, {SERVER_WAIT, 0, NULL}};
    const server_step *scripts[] = {script, NULL};
    interim_patience patience = INTERIM_PATIENCE_INIT;

    begin(_i, "http", "COPY", "https://a.test/", scripts);
    patience.connect_ms = 60;
    interim_request_set_patience(request, &patience);
    interim_result_free(perform(INTERIM_UNREACHABLE, INTERIM_ECONNECT_TIMEOUT));
    end();
}
END_TEST

START_TEST(socks_is_told_the_name)
{
    static const server_step script[] = {{SERVER_READ, 4, NULL},
                                         {SERVER_SEND, 2, "\5\2"},
                                         {SERVER_READ, 5, NULL},
                                         {SERVER_SEND, 1, "\1"},
                                         {SERVER_SLEEP, 10, NULL},
                                         {SERVER_SEND, 1, "\0"},
                                         {SERVER_READ, 4 + 1 + 6 + 2, NULL},
                                         {SERVER_SEND, 10, "\5\0\0\1\0\0\0\0\0\0"},
                                         {SERVER_HEAD, 0, NULL},
                                         {SERVER_SEND, 0, NO_CONTENT},
                                         {SERVER_HEAD, 0, NULL},
                                         {SERVER_SEND, 0, NO_CONTENT},
                                         {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {script, NULL};
    char received[1024];

    begin(_i, "socks5h", "GET", "http://a.test:258/b", scripts);
    interim_result_free(perform(INTERIM_DONE, 0));
    interim_result_free(perform(INTERIM_DONE, 0));
    ck_assert_uint_eq(server_accepted(proxy), 1);
    server_received(proxy, 0, received, sizeof received);
    ck_assert_begins(received, "\5\2\0\2"
                               "\1\1u\1p"
                               "\5\1\0\3\6a.test\1\2"
                               "GET /b HTTP/1.1\r\nHost: a.test:258\r\n");
    end();
}
END_TEST

static const struct {
    size_t size;
    const char *greeting;
    size_t reply_size;
    const char *reply, *text;
} socks_refusals[] = {
    {2, "\5\xff", 0, NULL, "takes neither our login nor none"},
    {2, "\4\0", 0, NULL, "does not speak SOCKS5"},
    {2, "HT", 0, NULL, "does not speak SOCKS5"},
    {2, "\5\7", 0, NULL, "takes neither"},
    {1, "\5", 0, NULL, "closed the connection"},
    {2, "\5\0", 10, "\5\5\0\1\0\0\0\0\0\0", "connection was refused"},
    {2, "\5\0", 10, "\5\1\0\1\0\0\0\0\0\0", "failed"},
    {2, "\5\0", 10, "\5\x63\0\1\0\0\0\0\0\0", "unknown reason"},
    {2, "\5\0", 5, "\5\0\0\x09\0", "unknown kind of address"},
    {2, "\5\0", 7, "\5\0\0\1\0\0\0", "closed the connection"},
};

START_TEST(socks_refusals_are_told)
{
    int which = _i / 2;
    const server_step early[] = {
        {SERVER_READ, 4, NULL},
        {SERVER_SEND, socks_refusals[which].size, socks_refusals[which].greeting},
        {SERVER_CUT, 0, NULL}};
    const server_step late[] = {
        {SERVER_READ, 4, NULL},
        {SERVER_SEND, socks_refusals[which].size, socks_refusals[which].greeting},
        {SERVER_READ, 4 + 1 + 6 + 2, NULL},
        {SERVER_SEND, socks_refusals[which].reply_size, socks_refusals[which].reply},
        {SERVER_CUT, 0, NULL}};
    const server_step *scripts[] = {socks_refusals[which].reply == NULL ? early : late, NULL};
    interim_result *result;

    begin(_i % 2, "socks5", "COPY", "http://a.test/b", scripts);
    result = perform(INTERIM_UNREACHABLE, INTERIM_EPROXY);
    ck_assert_msg(strstr(interim_result_reason(result), socks_refusals[which].text) != NULL, "%s",
                  interim_result_reason(result));
    interim_result_free(result);
    end();
}
END_TEST

START_TEST(exceptions_go_directly)
{
    static const server_step script[] = {{SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {script, NULL};
    interim_result *result;

    begin(_i, "http", "GET", "http://x.direct.test/", scripts);
    result = perform(INTERIM_UNREACHABLE, INTERIM_ERESOLVE);
    interim_result_free(result);
    ck_assert_uint_eq(server_accepted(proxy), 0);
    end();
}
END_TEST

START_TEST(the_environment_is_read_only_on_request)
{
    static const server_step script[] = {
        {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, NO_CONTENT}, {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {script, NULL};
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    char text[80];

    proxy = server_start(scripts, NULL);
    snprintf(text, sizeof text, "http://127.0.0.1:%u", (unsigned)server_port(proxy));
    setenv("http_proxy", text, 1);
    setenv("no_proxy", "b.test", 1);
    for (int asked = 0; asked < 2; asked++) {
        options.proxy_from_environment = asked;
        ck_assert_int_eq(interim_client_new(&client, &options), 0);
        ck_assert_int_eq(interim_request_new(&request, "GET", "http://a.invalid/"), 0);
        interim_result_free(asked ? perform(INTERIM_DONE, 0)
                                  : perform(INTERIM_UNREACHABLE, INTERIM_ERESOLVE));
        interim_request_free(request);
        interim_client_free(client);
    }
    setenv("http_proxy", "ftp://u:secret@x", 1);
    ck_assert_int_eq(interim_client_new(&client, &options), INTERIM_EURL);
    unsetenv("http_proxy");
    unsetenv("no_proxy");
    server_stop(proxy);
}
END_TEST

/* The proxy closes with its 407, and takes the answer on another connection. */
START_TEST(connect_is_asked_again_on_another_connection)
{
    static const server_step first[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0,
         "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=x, nonce=n, algorithm=SHA-256\r\n"
         "Connection: close\r\n\r\n"},
        {SERVER_FILL, 200000, NULL},
        {SERVER_CLOSE, 0, NULL}};
    static const server_step second[] = {{SERVER_HEAD, 0, NULL},
                                         {SERVER_SEND, 0, "HTTP/1.1 502 Bad Gateway\r\n\r\n"},
                                         {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {first, second, NULL};
    interim_result *result;
    char received[1024];

    begin(_i, "http", "COPY", "https://a.test/", scripts);
    result = perform(INTERIM_UNREACHABLE, INTERIM_EPROXY);
    ck_assert_ptr_nonnull(strstr(interim_result_reason(result), "answered 502 Bad Gateway"));
    interim_result_free(result);
    ck_assert_uint_eq(server_accepted(proxy), 2);
    server_received(proxy, 0, received, sizeof received);
    ck_assert_ptr_null(strstr(received, "Authorization"));
    server_received(proxy, 1, received, sizeof received);
    ck_assert_ptr_nonnull(strstr(received, "\r\nProxy-Authorization: Digest username=\"u\", "));
    end();
}
END_TEST

static const struct {
    size_t size;
    interim_scheme scheme;
    const char *user, *password;
    int code;
} logins[] = {
    {sizeof(interim_authentication), INTERIM_SCHEME_DIGEST, "v", "q", 0},
    {sizeof(interim_authentication), INTERIM_SCHEME_BASIC, NULL, NULL, 0},
    {sizeof(interim_authentication), INTERIM_SCHEME_AUTO, "v:", "q", INTERIM_EINVAL},
    {sizeof(interim_authentication), INTERIM_SCHEME_AUTO, "v", NULL, INTERIM_EINVAL},
    {sizeof(interim_authentication), (interim_scheme)4, "v", "q", INTERIM_EINVAL},
    {1, INTERIM_SCHEME_AUTO, "v", "q", INTERIM_EINVAL},
};

START_TEST(the_login_at_a_proxy_is_checked)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    interim_authentication login = INTERIM_AUTHENTICATION_INIT;
    interim_error error = {.size = sizeof error};

    login.size = logins[_i].size;
    login.scheme = logins[_i].scheme;
    login.user = logins[_i].user;
    login.password = logins[_i].password;
    options.proxy_authentication = &login;
    options.error = &error;
    ck_assert_int_eq(interim_client_new(&client, &options), logins[_i].code);
    if (logins[_i].code < 0)
        ck_assert_begins(error.text, "the login at the proxy");
    interim_client_free(client);
}
END_TEST

/* What the caller gives is for the proxy that it names; the environment's get what their URLs say.
 */
START_TEST(the_login_is_for_the_proxy_that_is_named)
{
    static const server_step script[] = {
        {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, NO_CONTENT}, {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {script, NULL};
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    interim_authentication login = INTERIM_AUTHENTICATION_INIT;
    char text[80], received[1024];

    login.scheme = INTERIM_SCHEME_BASIC;
    login.user = "v";
    login.password = "q";
    options.proxy_authentication = &login;
    options.proxy_from_environment = 1;
    proxy = server_start(scripts, NULL);
    snprintf(text, sizeof text, "http://u:p@127.0.0.1:%u", (unsigned)server_port(proxy));
    setenv("http_proxy", text, 1);
    for (unsigned named = 0; named < 2; named++) {
        options.proxy = named ? text : NULL;
        ck_assert_int_eq(interim_client_new(&client, &options), 0);
        ck_assert_int_eq(interim_request_new(&request, "GET", "http://a.invalid/"), 0);
        interim_result_free(perform(INTERIM_DONE, 0));
        server_received(proxy, named, received, sizeof received);
        ck_assert_ptr_nonnull(strstr(received, named ? "Basic djpx\r\n" : "Basic dTpw\r\n"));
        interim_request_free(request);
        interim_client_free(client);
    }
    unsetenv("http_proxy");
    server_stop(proxy);
}
END_TEST

Suite *client_proxy_suite(void)
{
    Suite *suite = suite_create("client_proxy");
    TCase *tests = tcase_create("proxies");

    tcase_set_timeout(tests, 30);
    tcase_add_loop_test(tests, a_plain_url_is_asked_in_absolute_form, 0, 2);
    tcase_add_loop_test(tests, connect_is_asked_before_tls, 0, 2);
    tcase_add_loop_test(tests, a_proxy_that_refuses_is_unreachable, 0,
                        2 * (int)(sizeof refusals / sizeof *refusals));
    tcase_add_loop_test(tests, connect_is_under_the_connect_limit, 0, 2);
    tcase_add_loop_test(tests, socks_is_told_the_name, 0, 2);
    tcase_add_loop_test(tests, socks_refusals_are_told, 0,
                        2 * (int)(sizeof socks_refusals / sizeof *socks_refusals));
    tcase_add_loop_test(tests, exceptions_go_directly, 0, 2);
    tcase_add_test(tests, the_environment_is_read_only_on_request);
    tcase_add_loop_test(tests, connect_is_asked_again_on_another_connection, 0, 2);
    tcase_add_loop_test(tests, the_login_at_a_proxy_is_checked, 0,
                        (int)(sizeof logins / sizeof *logins));
    tcase_add_test(tests, the_login_is_for_the_proxy_that_is_named);
    suite_add_tcase(suite, tests);
    return suite;
}
