/* herd.c - polls at once of an origin, and the line of the others. */
#include "drive/herd.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/server.h"

#include <interim.h>
#include <stdio.h>
#include <string.h>

#define JOBS 20
#define LIMIT 3

static interim__herd herd;
static interim__uri a, b;

static void setup(void)
{
    herd = (interim__herd){.limit = LIMIT};
    ck_assert_int_eq(interim__uri_parse(&a, "http://a.example/1", 18, NULL), 0);
    ck_assert_int_eq(interim__uri_parse(&b, "https://a.example/1", 19, NULL), 0);
}

static void teardown(void)
{
    interim__uri_dispose(&a);
    interim__uri_dispose(&b);
    for (size_t i = 0; i < INTERIM__HERD_CHAINS; i++)
        ck_assert_ptr_null(herd.chains[i]); /* nothing is left */
}

START_TEST(herd_is_first_come_first_served)
{
    interim__herd_place places[JOBS] = {0};

    for (size_t i = 0; i < JOBS; i++)
        ck_assert(interim__herd_enter(&herd, &places[i], &a) == (i < LIMIT));
    for (size_t i = 0; i < JOBS; i++)
        ck_assert_ptr_eq(interim__herd_leave(&herd, &places[i]),
                         i + LIMIT < JOBS ? &places[i + LIMIT] : NULL);
    ck_assert_ptr_null(interim__herd_leave(&herd, &places[0])); /* harmless */
}
END_TEST

START_TEST(herd_of_each_origin_is_its_own)
{
    interim__herd_place at_a[LIMIT + 1] = {0}, at_b[LIMIT + 1] = {0};

    for (size_t i = 0; i <= LIMIT; i++) {
        ck_assert(interim__herd_enter(&herd, &at_a[i], &a) == (i < LIMIT));
        ck_assert(interim__herd_enter(&herd, &at_b[i], &b) == (i < LIMIT));
    }
    ck_assert_ptr_eq(interim__herd_leave(&herd, &at_b[1]), &at_b[LIMIT]);
    for (size_t i = 0; i <= LIMIT; i++) {
        interim__herd_leave(&herd, &at_a[i]);
        interim__herd_leave(&herd, &at_b[i]);
    }
}
END_TEST

START_TEST(herd_lets_the_line_be_left)
{
    for (size_t gone = LIMIT; gone < LIMIT + 3; gone++) {
        interim__herd_place places[LIMIT + 3] = {0};
        size_t following = gone == LIMIT ? LIMIT + 1 : LIMIT;

        for (size_t i = 0; i < LIMIT + 3; i++)
            interim__herd_enter(&herd, &places[i], &a);
        ck_assert_ptr_null(interim__herd_leave(&herd, &places[gone]));
        ck_assert_ptr_eq(interim__herd_leave(&herd, &places[0]), &places[following]);
        for (size_t i = 0; i < LIMIT + 3; i++)
            interim__herd_leave(&herd, &places[i]);
    }
}
END_TEST

START_TEST(herd_without_memory_lets_everybody_go)
{
    interim__herd_place place = {0};

    failing_alloc_arm(1);
    ck_assert(interim__herd_enter(&herd, &place, &a));
    ck_assert(failing_alloc_disarm());
    ck_assert_ptr_null(interim__herd_leave(&herd, &place));
}
END_TEST

/* ---- in a client ---- */

static const server_step accepts[] = {
    {SERVER_HEAD, 0, NULL},
    {SERVER_SEND, 0,
     "HTTP/1.1 202 Accepted\r\nLocation: /job\r\nRetry-After: 0\r\n"
     "Content-Length: 0\r\nConnection: close\r\n\r\n"},
    {SERVER_CLOSE, 0, NULL}};
static const server_step ends[] = {{SERVER_HEAD, 0, NULL},
                                   {SERVER_WAIT, 0, NULL},
                                   {SERVER_SEND, 0,
                                    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                                    "Connection: close\r\n\r\n"},
                                   {SERVER_CLOSE, 0, NULL}};

static unsigned done;

static void count(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation, (void)user;
    done += interim_result_outcome(result) == INTERIM_DONE;
    interim_result_free(result);
}

static void run_until(interim_client *client, struct server *origin, unsigned accepted)
{
    for (int i = 0; i < 600 && server_accepted(origin) < accepted; i++)
        ck_assert_int_gt(interim_client_run(client, 100), 0);
    ck_assert_uint_eq(server_accepted(origin), accepted);
}

START_TEST(herd_of_a_client)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    const server_step *scripts[JOBS + 2];
    struct server *origin;
    interim_client *client;
    interim_request *request;
    interim_operation *operations[JOBS];
    char url[64];

    for (size_t i = 0; i < JOBS; i++)
        scripts[i] = accepts;
    scripts[JOBS] = ends;
    scripts[JOBS + 1] = NULL;
    done = 0;
    options.polls_at_once = LIMIT;
    origin = server_start(scripts, NULL);
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", server_port(origin));
    ck_assert_int_eq(interim_request_new(&request, "COPY", url), 0);
    for (size_t i = 0; i < JOBS; i++)
        ck_assert_int_eq(interim_start(&operations[i], client, request, count, NULL), 0);
    run_until(client, origin, JOBS + LIMIT);
    for (int i = 0; i < 10; i++) /* all of them are due by now, and wait in line */
        interim_client_run(client, 50);
    ck_assert_uint_eq(server_accepted(origin), JOBS + LIMIT);
    interim_operation_cancel(operations[JOBS - 1]);
    for (size_t i = 0; i < JOBS; i++)
        server_go(origin);
    while (interim_client_run(client, 1000) > 0)
        continue;
    ck_assert_uint_ge(done, JOBS - 1);
    interim_request_free(request);
    interim_client_free(client);
    server_stop(origin);
}
END_TEST

Suite *herd_suite(void)
{
    Suite *suite = suite_create("herd");
    TCase *tests = tcase_create("herd"), *whole = tcase_create("client");

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, herd_is_first_come_first_served);
    tcase_add_test(tests, herd_of_each_origin_is_its_own);
    tcase_add_test(tests, herd_lets_the_line_be_left);
    tcase_add_test(tests, herd_without_memory_lets_everybody_go);
    suite_add_tcase(suite, tests);
    tcase_add_test(whole, herd_of_a_client);
    suite_add_tcase(suite, whole);
    return suite;
}
