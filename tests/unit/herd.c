/* herd.c - polls at once of an origin, and the line of the others. */
#include "drive/herd.h"

#include "drive/siblings.h"
#include "loop/loop.h"
#include "suites.h"
#include "support/failing_alloc.h"
#include "support/fake.h"
#include "support/server.h"

#include <interim.h>
#include <stdio.h>
#include <string.h>

#define JOBS 20
#define LIMIT 3

static interim__herd herd;
static interim__uri *a, *b;

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
    interim__herd_dispose(&herd);
    for (size_t i = 0; i < INTERIM__HERD_CHAINS; i++)
        ck_assert_ptr_null(herd.chains[i]); /* nothing is left */
}

START_TEST(herd_is_first_come_first_served)
{
    interim__herd_place places[JOBS] = {0};

    for (size_t i = 0; i < JOBS; i++)
        ck_assert(interim__herd_enter(&herd, &places[i], a) == (i < LIMIT));
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
        ck_assert(interim__herd_enter(&herd, &at_a[i], a) == (i < LIMIT));
        ck_assert(interim__herd_enter(&herd, &at_b[i], b) == (i < LIMIT));
    }
    ck_assert_ptr_eq(interim__herd_leave(&herd, &at_b[1]), &at_b[LIMIT]);
    for (size_t i = 0; i <= LIMIT; i++) {
        interim__herd_leave(&herd, &at_a[i]);
        interim__herd_leave(&herd, &at_b[i]);
    }
}
END_TEST

/* The origin where nobody polls any more is kept until another is left so, and no longer. */
START_TEST(herd_keeps_one_origin_that_is_idle)
{
    interim__herd_place at_a[LIMIT + 1] = {0}, at_b = {0};
    const struct interim__herd_origin *origin;

    interim__herd_enter(&herd, &at_a[0], a);
    origin = at_a[0].origin;
    interim__herd_leave(&herd, &at_a[0]);
    ck_assert_ptr_eq(herd.idle, origin);
    for (size_t i = 0; i <= LIMIT; i++)
        ck_assert(interim__herd_enter(&herd, &at_a[i], a) == (i < LIMIT));
    ck_assert_ptr_eq(at_a[0].origin, origin);
    ck_assert(interim__herd_enter(&herd, &at_b, b));
    interim__herd_leave(&herd, &at_b);
    ck_assert_ptr_ne(herd.idle, origin); /* which is busy */
    ck_assert_ptr_eq(interim__herd_leave(&herd, &at_a[0]), &at_a[LIMIT]);
    for (size_t i = 1; i <= LIMIT; i++)
        interim__herd_leave(&herd, &at_a[i]);
    ck_assert_ptr_eq(herd.idle, origin);
    ck_assert(interim__herd_enter(&herd, &at_b, b));
    interim__herd_leave(&herd, &at_b);
}
END_TEST

START_TEST(herd_lets_the_line_be_left)
{
    for (size_t gone = LIMIT; gone < LIMIT + 3; gone++) {
        interim__herd_place places[LIMIT + 3] = {0};
        size_t following = gone == LIMIT ? LIMIT + 1 : LIMIT;

        for (size_t i = 0; i < LIMIT + 3; i++)
            interim__herd_enter(&herd, &places[i], a);
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
    ck_assert(interim__herd_enter(&herd, &place, a));
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

static const server_step tells_running[] = {
    {SERVER_HEAD, 0, NULL},
    {SERVER_SEND, 0,
     "HTTP/1.1 202 Accepted\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
    {SERVER_CLOSE, 0, NULL}};
static const server_step tells_end[] = {
    {SERVER_HEAD, 0, NULL},
    {SERVER_SEND, 0, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody"},
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

/* The second time all polls come at once. */
START_TEST(herd_of_a_client)
{
    interim_polling polling = INTERIM_POLLING_INIT;
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
    for (size_t i = 0; i < JOBS; i++) {
        char name[24]; /* a user of its own each: what one is told is nothing for the others */

        snprintf(name, sizeof name, "%zu", i);
        ck_assert_int_eq(interim_request_new(&request, "COPY", url), 0);
        ck_assert_int_eq(interim_request_add_header(request, "X-User", name), 0);
        polling.min_ms = _i == 0 ? 0 : INTERIM_AT_ONCE;
        ck_assert_int_eq(interim_request_set_polling(request, &polling), 0);
        ck_assert_int_eq(interim_start(&operations[i], client, request, count, NULL), 0);
        interim_request_free(request);
    }
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
    interim_client_free(client);
    server_stop(origin);
}
END_TEST

#define HURRIES 104 /* polls; 100 of them come at once */

static unsigned meanwhile;

static void count_meanwhile(interim_operation *operation, interim_result *result, void *user)
{
    meanwhile += done == 0;
    count(operation, result, user);
}

/* A server that always says "now" does not keep a client from anything else, and is asked four
 * times a second in the end. */
START_TEST(herd_hurries_for_a_while)
{
    static const server_step *const quick[] = {ends, NULL};
    const server_step *scripts[HURRIES + 2] = {accepts};
    interim_polling polling = INTERIM_POLLING_INIT;
    struct server *origin, *other = server_start(quick, NULL);
    int64_t began = interim__loop_monotonic_ns();
    interim_request *request;
    interim_client *client;
    char url[64];

    for (size_t i = 1; i < HURRIES; i++)
        scripts[i] = tells_running;
    scripts[HURRIES] = tells_end;
    origin = server_start(scripts, NULL);
    done = meanwhile = 0;
    server_go(other);
    ck_assert_int_eq(interim_client_new(&client, NULL), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", server_port(origin));
    ck_assert_int_eq(interim_request_new(&request, "COPY", url), 0);
    polling.min_ms = INTERIM_AT_ONCE;
    ck_assert_int_eq(interim_request_set_polling(request, &polling), 0);
    ck_assert_int_eq(interim_start(NULL, client, request, count, NULL), 0);
    interim_request_free(request);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/b", server_port(other));
    ck_assert_int_eq(interim_request_new(&request, "GET", url), 0);
    ck_assert_int_eq(interim_start(NULL, client, request, count_meanwhile, NULL), 0);
    interim_request_free(request);
    while (interim_client_run(client, 1000) > 0)
        continue;
    ck_assert_uint_eq(done, 2);
    ck_assert_uint_eq(meanwhile, 1);
    ck_assert_int_ge(interim__loop_monotonic_ns() - began, (HURRIES - 101) * INT64_C(250000000));
    interim_client_free(client);
    server_stop(origin);
    server_stop(other);
}
END_TEST

/* ---- jobs of one monitor ---- */

static void check_and_count(interim_operation *operation, interim_result *result, void *user)
{
    ck_assert_str_eq(interim_result_body(result, NULL), "body");
    ck_assert_int_eq(interim_result_status(result), 200);
    ck_assert_int_eq(interim_result_monitor(result)->status, 200);
    /* On a slow machine the last ones are accepted after the first poll. */
    ck_assert_uint_ge(interim_result_timing(result)->poll_count, 1);
    ck_assert_uint_le(interim_result_timing(result)->poll_count, 2);
    count(operation, result, user);
}

/* Two requests, the second with a field: JOBS operations of each; how many connections they make.
 */
static unsigned run_siblings(const char *field)
{
    const server_step *scripts[2 * JOBS + 3];
    interim_request *requests[2];
    struct server *origin;
    interim_client *client;
    unsigned accepted;
    char url[64];

    for (size_t i = 0; i < 2 * JOBS; i++)
        scripts[i] = accepts;
    scripts[2 * JOBS] = tells_running;
    scripts[2 * JOBS + 1] = tells_end;
    scripts[2 * JOBS + 2] = NULL;
    done = 0;
    origin = server_start(scripts, NULL);
    ck_assert_int_eq(interim_client_new(&client, NULL), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", server_port(origin));
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(interim_request_new(&requests[i], "COPY", url), 0);
        ck_assert_int_eq(interim_request_add_header(requests[i], "X-User", i == 0 ? "a" : field),
                         0);
        for (size_t j = 0; j < JOBS; j++)
            ck_assert_int_eq(interim_start(NULL, client, requests[i],
                                           strcmp(field, "a") == 0 ? check_and_count : count, NULL),
                             0);
    }
    while (interim_client_run(client, 1000) > 0)
        continue;
    ck_assert_uint_eq(done, 2 * JOBS);
    accepted = server_accepted(origin);
    interim_request_free(requests[0]);
    interim_request_free(requests[1]);
    interim_client_free(client);
    server_stop(origin);
    return accepted;
}

START_TEST(herd_asks_identical_monitors_once)
{
    ck_assert_uint_eq(run_siblings("a"), 2 * JOBS + 2);
}
END_TEST

START_TEST(herd_asks_again_for_another_user)
{
    ck_assert_uint_eq(run_siblings("b"), 2 * JOBS + 3); /* one was told "running" */
}
END_TEST

START_TEST(herd_table_of_siblings)
{
    static interim__sibling siblings[1000];
    interim__siblings table = {0};
    unsigned found = 0;

    for (uint64_t i = 0; i < 1000; i++)
        interim__siblings_put(&table, &siblings[i], i % 10 == 0 ? 7 : i);
    for (interim__sibling *at = interim__siblings_first(&table, 7); at != NULL;
         at = interim__siblings_next(at))
        found++;
    ck_assert_uint_eq(found, 101);
    interim__siblings_put(&table, &siblings[7], 8);
    interim__siblings_take(&table, &siblings[0]);
    interim__siblings_take(&table, &siblings[0]);
    found = 0;
    for (interim__sibling *at = interim__siblings_first(&table, 7); at != NULL;
         at = interim__siblings_next(at))
        found++;
    ck_assert_uint_eq(found, 99);
    for (size_t i = 0; i < 1000; i++)
        interim__siblings_take(&table, &siblings[i]);
    ck_assert_uint_eq(table.count, 0);
    ck_assert_ptr_null(interim__siblings_first(&table, 8));
    interim__siblings_dispose(&table);
    failing_alloc_arm(1);
    interim__siblings_put(&table, &siblings[0], 1);
    ck_assert(failing_alloc_disarm());
    ck_assert_ptr_null(interim__siblings_first(&table, 1));
    interim__siblings_take(&table, &siblings[0]);
}
END_TEST

/* Monitors differ in few characters, wherever these are. */
START_TEST(herd_keys_of_monitors_are_spread)
{
    for (int behind = 0; behind < 9; behind++) {
        unsigned in_chain[64] = {0};

        for (int i = 0; i < 6400; i++) {
            char url[64];

            snprintf(url, sizeof url, "http://a.example/jobs/%d%.*s", 1000 + i, behind,
                     "/status?x");
            in_chain[interim__siblings_key(url) & 63]++;
        }
        for (int i = 0; i < 64; i++) { /* 100 by chance, give or take 10 */
            ck_assert_uint_gt(in_chain[i], 50);
            ck_assert_uint_lt(in_chain[i], 150);
        }
    }
}
END_TEST

/* ---- nobody waits for ever ---- */

START_TEST(herd_line_ends_at_the_deadline)
{
    static struct fake run;
    interim_request *request = fake_request("COPY", "http://dav.example/a/", NULL);

    request->polling.deadline_ms = 5000;
    run.queues = true;
    fake_run(&run, request,
             (const fake_step[]){SAY(202, "Location: /1\nRetry-After: 1\n"), SAY(200, ""),
                                 STEP(STOP, 0)});
    ck_assert_msg(run.result->outcome == INTERIM_DONE, "%s", run.result->reason);
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_POLL, 0)->at, 5 * FAKE_SECOND);
    fake_finish(&run);
    run.queues = false;
}
END_TEST

static const server_step tells_much[] = {
    {SERVER_HEAD, 0, NULL},
    {SERVER_SEND, 0, "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\nConnection: close\r\n\r\n"},
    {SERVER_FILL, 200000, NULL},
    {SERVER_CLOSE, 0, NULL}};

static int pause_at_once(const void *data, size_t size, void *user)
{
    (void)data, (void)size, (void)user;
    return INTERIM_PAUSE;
}

/* The first one has its last answer and does not read it. */
START_TEST(herd_goes_on_while_a_body_is_paused)
{
    static const server_step *const scripts[] = {accepts, accepts, accepts, tells_much, NULL};
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    interim_request *request;
    interim_client *client;
    struct server *origin = server_start(scripts, NULL);
    char url[64];

    options.polls_at_once = 1;
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", server_port(origin));
    ck_assert_int_eq(interim_request_new(&request, "COPY", url), 0);
    ck_assert_int_eq(interim_request_on_body(request, pause_at_once, NULL), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(interim_start(NULL, client, request, count, NULL), 0);
    run_until(client, origin, 6);
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
    tcase_add_test(tests, herd_keeps_one_origin_that_is_idle);
    tcase_add_test(tests, herd_lets_the_line_be_left);
    tcase_add_test(tests, herd_without_memory_lets_everybody_go);
    suite_add_tcase(suite, tests);
    tcase_add_test(whole, herd_line_ends_at_the_deadline);
    tcase_add_test(whole, herd_goes_on_while_a_body_is_paused);
    tcase_add_loop_test(whole, herd_of_a_client, 0, 2);
    tcase_add_test(whole, herd_hurries_for_a_while);
    tcase_add_test(whole, herd_asks_identical_monitors_once);
    tcase_add_test(whole, herd_asks_again_for_another_user);
    tcase_add_test(whole, herd_table_of_siblings);
    tcase_add_test(whole, herd_keys_of_monitors_are_spread);
    suite_add_tcase(suite, whole);
    return suite;
}
