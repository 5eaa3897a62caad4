/* Tests of names through the public API, with both engines: who is asked how often, and what the
 * options say. */
#include "suites.h"
#include "support/names.h"
#include "support/server.h"

#include <interim.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

static interim_client *client;
static interim_request *request;
static struct server *origin;
static int ended, done_well, done_late;

static const server_step plain[] = {{SERVER_HEAD, 0, NULL},
                                    {SERVER_SEND, 0,
                                     "HTTP/1.1 204 No Content\r\n"
                                     "Connection: close\r\n\r\n"},
                                    {SERVER_CLOSE, 0, NULL}};
static const server_step *const plainly[] = {plain, NULL};

static void begin(int engine, int resolver_cache_s)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;

    names_reset();
    ended = done_well = done_late = 0;
    options.engine = engines[engine];
    options.resolver_cache_s = resolver_cache_s;
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
    origin = server_start(plainly, NULL);
}

static void ask(const char *host, int port)
{
    char url[100];

    snprintf(url, sizeof url, "http://%s:%d/", host, port);
    ck_assert_int_eq(interim_request_new(&request, "GET", url), 0);
}

static void end(void)
{
    interim_request_free(request);
    interim_client_free(client);
    server_stop(origin);
    names_release();
    names_wait_idle();
    names_reset();
}

static int perform(void)
{
    interim_result *result;
    int code = interim_perform(&result, client, request);

    interim_result_free(result);
    return code;
}

static void on_done(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation, (void)user;
    ended++;
    if (interim_result_outcome(result) == INTERIM_DONE)
        done_well++;
    if (interim_result_error(result)->stage == INTERIM_STAGE_RESOLVE)
        done_late++;
    interim_result_free(result);
}

static void start(int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(interim_start(NULL, client, request, on_done, NULL), 0);
}

START_TEST(options_are_checked)
{
    static const struct {
        int cache_s, delay_ms, code;
    } cases[] = {
        {0, 0, 0},
        {-1, 10, 0},
        {1, 2000, 0},
        {86400, 0, 0},
        {86401, 0, INTERIM_EINVAL},
        {0, 9, INTERIM_EINVAL},
        {0, -1, INTERIM_EINVAL},
        {0, 2001, INTERIM_EINVAL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;

        options.resolver_cache_s = cases[i].cache_s;
        options.attempt_delay_ms = cases[i].delay_ms;
        ck_assert_int_eq(interim_client_new(&client, &options), cases[i].code);
        interim_client_free(client);
    }
}
END_TEST

START_TEST(a_name_is_asked_once_for_all_operations)
{
    begin(_i, 0);
    names_add("some.test", "127.0.0.1", 0, false);
    ask("some.test", server_port(origin));
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(perform(), 0);
    ck_assert_uint_eq(server_accepted(origin), 5);
    ck_assert_int_eq(names_asked(), 1);
    interim_client_forget_names(client);
    ck_assert_int_eq(perform(), 0);
    ck_assert_int_eq(names_asked(), 2);
    end();
}
END_TEST

START_TEST(a_name_is_asked_each_time_if_that_is_wanted)
{
    begin(_i, -1);
    names_add("some.test", "127.0.0.1", 0, false);
    ask("some.test", server_port(origin));
    for (int i = 1; i < 4; i++) {
        ck_assert_int_eq(perform(), 0);
        ck_assert_int_eq(names_asked(), i);
    }
    end();
}
END_TEST

START_TEST(a_thousand_operations_ask_once)
{
    begin(_i, 0);
    names_add("busy.test", "", EAI_NONAME, true);
    ask("busy.test", 80);
    start(1000);
    interim_client_run(client, 0);
    names_wait_asked(1);
    names_release();
    while (interim_client_run(client, -1) > 0)
        continue;
    ck_assert_int_eq(ended, 1000);
    ck_assert_int_eq(done_late, 1000);
    ck_assert_int_eq(names_asked(), 1);
    end();
}
END_TEST

START_TEST(operations_at_once_share_a_lookup)
{
    begin(_i, 0);
    names_add("some.test", "127.0.0.1", 0, true);
    ask("some.test", server_port(origin));
    start(20);
    interim_client_run(client, 0);
    names_wait_asked(1);
    names_release();
    while (interim_client_run(client, -1) > 0)
        continue;
    ck_assert_int_eq(done_well, 20);
    ck_assert_int_eq(names_asked(), 1);
    end();
}
END_TEST

START_TEST(an_operation_is_cancelled_while_its_name_hangs)
{
    interim_operation *operation;

    begin(_i, 0);
    names_add("stuck.test", "127.0.0.1", 0, true);
    ask("stuck.test", server_port(origin));
    ck_assert_int_eq(interim_start(&operation, client, request, on_done, NULL), 0);
    interim_client_run(client, 0);
    names_wait_asked(1);
    interim_operation_cancel(operation);
    while (interim_client_run(client, -1) > 0)
        continue;
    ck_assert_int_eq(ended, 1);
    end();
}
END_TEST

START_TEST(a_client_is_freed_while_names_hang)
{
    begin(_i, 0);
    names_add("stuck.test", "127.0.0.1", 0, true);
    ask("stuck.test", server_port(origin));
    start(50);
    interim_client_run(client, 0);
    names_wait_asked(1);
    interim_client_free(client);
    client = NULL;
    ck_assert_int_eq(ended, 50);
    end();
}
END_TEST

/* The limit is one for looking up and for connecting to all addresses. */
START_TEST(the_limit_of_connecting_holds_for_a_name_that_hangs)
{
    interim_patience patience = INTERIM_PATIENCE_INIT;

    begin(_i, 0);
    names_add("stuck.test", "127.0.0.1", 0, true);
    ask("stuck.test", server_port(origin));
    patience.connect_ms = 50;
    ck_assert_int_eq(interim_request_set_patience(request, &patience), 0);
    ck_assert_int_eq(perform(), INTERIM_ECONNECT_TIMEOUT);
    end();
}
END_TEST

START_TEST(the_limit_of_connecting_holds_for_all_addresses)
{
    interim_patience patience = INTERIM_PATIENCE_INIT;
    struct blackhole *holes[2];
    uint16_t port = 0;

    begin(_i, 0);
    holes[0] = blackhole_start("127.0.0.2", &port);
    holes[1] = blackhole_start("127.0.0.3", &port);
    names_add("dead.test", "127.0.0.2 127.0.0.3", 0, false);
    ask("dead.test", port);
    patience.connect_ms = 500;
    ck_assert_int_eq(interim_request_set_patience(request, &patience), 0);
    for (int i = 1; i < 3; i++) {
        ck_assert_int_eq(perform(), INTERIM_ECONNECT_TIMEOUT);
        ck_assert_int_eq(names_asked(), i); /* it may have moved: asked again */
    }
    blackhole_stop(holes[0]);
    blackhole_stop(holes[1]);
    end();
}
END_TEST

START_TEST(a_service_that_moved_is_found)
{
    begin(_i, 0);
    names_add("moved.test", "127.0.0.2", 0, false);
    ask("moved.test", server_port(origin));
    ck_assert_int_eq(perform(), INTERIM_ECONNECT);
    names_wait_idle();
    names_reset();
    names_add("moved.test", "127.0.0.1", 0, false);
    ck_assert_int_eq(perform(), 0);
    end();
}
END_TEST

START_TEST(literals_are_never_looked_up)
{
    begin(_i, 0);
    ask("127.0.0.1", server_port(origin));
    ck_assert_int_eq(perform(), 0);
    interim_request_free(request);
    ask("[::1]", closed_port());
    ck_assert_int_eq(perform(), INTERIM_ECONNECT);
    interim_request_free(request);
    ask("name.test", server_port(origin));
    ck_assert_int_eq(interim_request_set_connect_to(request, "127.0.0.1", 0), 0);
    ck_assert_int_eq(perform(), 0);
    ck_assert_int_eq(names_calls(), 0);
    end();
}
END_TEST

START_TEST(localhost_of_this_machine_is_reached)
{
    begin(_i, 0);
    ask("localhost", server_port(origin));
    ck_assert_int_eq(perform(), 0);
    ck_assert_int_eq(names_calls(), 1);
    end();
}
END_TEST

Suite *client_names_suite(void)
{
    const TTest *const both[] = {
        a_name_is_asked_once_for_all_operations,
        a_name_is_asked_each_time_if_that_is_wanted,
        a_thousand_operations_ask_once,
        operations_at_once_share_a_lookup,
        an_operation_is_cancelled_while_its_name_hangs,
        a_client_is_freed_while_names_hang,
        the_limit_of_connecting_holds_for_a_name_that_hangs,
        the_limit_of_connecting_holds_for_all_addresses,
        a_service_that_moved_is_found,
        literals_are_never_looked_up,
        localhost_of_this_machine_is_reached,
    };
    Suite *suite = suite_create("client_names");
    TCase *names = tcase_create("names"), *options = tcase_create("options");

    tcase_set_timeout(names, 60);
    for (size_t i = 0; i < sizeof both / sizeof both[0]; i++)
        tcase_add_loop_test(names, both[i], 0, 2);
    tcase_add_test(options, options_are_checked);
    suite_add_tcase(suite, names);
    suite_add_tcase(suite, options);
    return suite;
}
