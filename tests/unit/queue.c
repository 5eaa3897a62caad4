/* Tests of src/drive/queue.c, and of the limits of a client that it serves: who waits for a
 * connection, who is next, and what holds meanwhile. */
#include "drive/queue.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/server.h"

#include <interim.h>
#include <stdio.h>
#include <string.h>

#define MANY 12

static interim__queue queue;
static interim__endpoint a = {.host = "a.example", .port = 80};
static interim__endpoint b = {.host = "b.example", .port = 80};
static interim__endpoint secure = {.host = "a.example", .port = 80, .tls = true};

static void limits(size_t all, size_t of_origin)
{
    queue = (interim__queue){.limit = all, .origin_limit = of_origin};
}

static void nothing_is_left(void)
{
    ck_assert_uint_eq(queue.admitted, 0);
    ck_assert_uint_eq(queue.origins.count, 0);
    ck_assert_ptr_null(queue.turn);
    interim__queue_dispose(&queue);
}

START_TEST(queue_without_limits_does_nothing)
{
    interim__queue_place places[MANY] = {0};

    limits(0, 0);
    for (size_t i = 0; i < MANY; i++)
        ck_assert_int_eq(interim__queue_enter(&queue, &places[i], &a), 1);
    ck_assert_uint_eq(queue.admitted, 0);
    for (size_t i = 0; i < MANY; i++)
        interim__queue_leave(&queue, &places[i]);
    nothing_is_left();
}
END_TEST

/* At the limit, one below and one above it. */
START_TEST(queue_is_first_come_first_served)
{
    interim__queue_place places[MANY] = {0};

    limits(0, 3);
    for (size_t i = 0; i < MANY; i++) {
        ck_assert_int_eq(interim__queue_enter(&queue, &places[i], &a), i < 3);
        ck_assert_int_eq(interim__queue_waits(&places[i]), i >= 3);
    }
    ck_assert_ptr_null(interim__queue_next(&queue));
    for (size_t i = 0; i < MANY; i++) {
        interim__queue_leave(&queue, &places[i]);
        ck_assert_ptr_eq(interim__queue_next(&queue), i + 3 < MANY ? &places[i + 3] : NULL);
        ck_assert_ptr_null(interim__queue_next(&queue));
    }
    interim__queue_leave(&queue, &places[0]); /* harmless */
    nothing_is_left();
}
END_TEST

START_TEST(queue_of_each_origin_is_its_own)
{
    const interim__endpoint *endpoints[] = {&a, &b, &secure};
    interim__queue_place places[3][2] = {0};

    limits(0, 1);
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 2; j++)
            ck_assert_int_eq(interim__queue_enter(&queue, &places[i][j], endpoints[i]), j == 0);
    interim__queue_leave(&queue, &places[1][0]);
    ck_assert_ptr_eq(interim__queue_next(&queue), &places[1][1]);
    ck_assert(interim__queue_is_full_at(&queue, &places[0][1]));
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 2; j++)
            interim__queue_leave(&queue, &places[i][j]);
    nothing_is_left();
}
END_TEST

/* A flood on one origin, and two that want something at another one: every other turn is theirs. */
START_TEST(queue_goes_round_between_origins)
{
    interim__queue_place flood[MANY] = {0}, few[2] = {0}, *order[5], *at = &flood[0];
    interim__queue_place *const wanted[] = {&flood[1], &few[0], &flood[2], &few[1], &flood[3]};

    limits(1, 0);
    for (size_t i = 0; i < MANY; i++)
        interim__queue_enter(&queue, &flood[i], &a);
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(interim__queue_enter(&queue, &few[i], &b), 0);
    ck_assert(!interim__queue_is_full_at(&queue, &few[0]));
    for (size_t i = 0; i < 5; i++) {
        interim__queue_leave(&queue, at);
        at = order[i] = interim__queue_next(&queue);
    }
    ck_assert_mem_eq(order, wanted, sizeof wanted);
    for (size_t i = 0; i < MANY; i++)
        interim__queue_leave(&queue, &flood[i]);
    nothing_is_left();
}
END_TEST

START_TEST(queue_lets_the_line_be_left)
{
    for (size_t gone = 1; gone < 4; gone++) {
        interim__queue_place places[4] = {0};

        limits(0, 1);
        for (size_t i = 0; i < 4; i++)
            interim__queue_enter(&queue, &places[i], &a);
        interim__queue_leave(&queue, &places[gone]);
        ck_assert_ptr_null(interim__queue_next(&queue));
        interim__queue_leave(&queue, &places[0]);
        ck_assert_ptr_eq(interim__queue_next(&queue), &places[gone == 1 ? 2 : 1]);
        for (size_t i = 0; i < 4; i++)
            interim__queue_leave(&queue, &places[i]);
        nothing_is_left();
    }
}
END_TEST

/* Who goes on at the same origin keeps its place; who comes meanwhile does not overtake. */
START_TEST(queue_keeps_and_changes_places)
{
    interim__queue_place first = {0}, second = {0}, late = {0};

    limits(0, 1);
    ck_assert_int_eq(interim__queue_enter(&queue, &first, &a), 1);
    ck_assert_int_eq(interim__queue_enter(&queue, &second, &a), 0);
    ck_assert_int_eq(interim__queue_enter(&queue, &first, &a), 1);
    ck_assert_int_eq(interim__queue_enter(&queue, &second, &a), 0);
    ck_assert_int_eq(interim__queue_enter(&queue, &first, &b), 0); /* after second, in its turn */
    ck_assert_int_eq(interim__queue_enter(&queue, &late, &a), 0);
    ck_assert_ptr_eq(interim__queue_next(&queue), &second);
    ck_assert_ptr_eq(interim__queue_next(&queue), &first);
    ck_assert_ptr_null(interim__queue_next(&queue));
    interim__queue_leave(&queue, &late);
    interim__queue_leave(&queue, &second);
    interim__queue_leave(&queue, &first);
    nothing_is_left();
}
END_TEST

START_TEST(queue_without_memory_says_so)
{
    interim__queue_place place = {0};

    for (unsigned long n = 1;; n++) {
        int entered;

        limits(0, 1);
        failing_alloc_arm(n);
        entered = interim__queue_enter(&queue, &place, &a);
        if (!failing_alloc_disarm()) {
            ck_assert_int_eq(entered, 1);
            ck_assert_uint_eq(n, 3);
            break;
        }
        ck_assert_int_eq(entered, INTERIM_ENOMEM);
        nothing_is_left();
    }
    interim__queue_leave(&queue, &place);
    nothing_is_left();
}
END_TEST

/* ---- in a client ---- */

static const server_step waits[] = {{SERVER_HEAD, 0, NULL},
                                    {SERVER_WAIT, 0, NULL},
                                    {SERVER_SEND, 0, "HTTP/1.1 204 No Content\r\n\r\n"},
                                    {SERVER_REPEAT, 0, NULL}};
static const server_step *const waiting[] = {waits, NULL};

static interim_client *client;
static struct server *origins[2];
static interim_operation *operations[MANY];
static int queued, dones;

struct end {
    interim_outcome outcome;
    int code, order;
    char text[160];
};
static struct end ends[MANY];

static void begin(unsigned all, unsigned of_origin, const server_step *const *scripts)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;

    options.max_connections = all;
    options.max_connections_per_origin = of_origin;
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
    for (size_t i = 0; i < 2; i++)
        origins[i] = server_start(scripts, NULL);
    queued = dones = 0;
    memset(ends, 0, sizeof ends);
}

static void finish(void)
{
    interim_client_free(client);
    for (size_t i = 0; i < 2; i++)
        server_stop(origins[i]);
}

static int count_queued(const interim_event *event, void *user)
{
    (void)user;
    queued += event->kind == INTERIM_EVENT_QUEUED;
    return 0;
}

static void note_end(interim_operation *operation, interim_result *result, void *user)
{
    struct end *at = user;
    const interim_error *error = interim_result_error(result);

    (void)operation;
    *at = (struct end){interim_result_outcome(result), error->code, ++dones, ""};
    memcpy(at->text, error->text, sizeof at->text);
    interim_result_free(result);
}

static interim_request *request_at(int origin, const char *method)
{
    interim_request *request;
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", server_port(origins[origin]));
    ck_assert_int_eq(interim_request_new(&request, method, url), 0);
    interim_request_on_event(request, count_queued, NULL);
    return request;
}

static void start(size_t number, interim_request *request)
{
    ck_assert_int_eq(interim_start(&operations[number], client, request, note_end, &ends[number]),
                     0);
}

static void start_at(size_t number, int origin)
{
    interim_request *request = request_at(origin, "GET");

    start(number, request);
    interim_request_free(request);
}

static void run_until(const int *counter, int wanted)
{
    for (int i = 0; i < 600 && *counter < wanted; i++)
        ck_assert_int_ge(interim_client_run(client, 100), 0);
    ck_assert_int_eq(*counter, wanted);
}

static void run_some(void)
{
    for (int i = 0; i < 5; i++)
        interim_client_run(client, 10);
}

START_TEST(limit_of_an_origin_holds_and_all_are_served)
{
    begin(0, 3, waiting);
    for (size_t i = 0; i < MANY; i++)
        start_at(i, 0);
    run_until(&queued, MANY - 3);
    for (int i = 0; i < 600 && server_accepted(origins[0]) < 3; i++)
        interim_client_run(client, 100);
    run_some();
    ck_assert_uint_eq(server_accepted(origins[0]), 3);
    for (size_t i = 0; i < MANY; i++)
        ck_assert_int_eq(interim_operation_is_queued(operations[i]), i >= 3);
    for (int i = 0; i < MANY; i++)
        server_go(origins[0]);
    run_until(&dones, MANY);
    ck_assert_uint_eq(server_accepted(origins[0]), 3); /* connections are handed on */
    for (size_t i = 0; i < MANY; i++)
        ck_assert_int_eq(ends[i].outcome, INTERIM_DONE);
    ck_assert_int_eq(queued, MANY - 3); /* each once */
    finish();
}
END_TEST

/* Ten at one origin came before the one at the other. */
START_TEST(limit_in_all_goes_round)
{
    begin(1, 0, waiting);
    for (size_t i = 0; i < MANY - 1; i++)
        start_at(i, 0);
    start_at(MANY - 1, 1);
    run_until(&queued, MANY - 1);
    for (int i = 0; i < MANY; i++) {
        server_go(origins[0]);
        server_go(origins[1]);
    }
    run_until(&dones, MANY);
    ck_assert_int_le(ends[MANY - 1].order, 3);
    finish();
}
END_TEST

/* An idle connection of another origin makes room; so does an unfit one of the same origin. */
START_TEST(limit_counts_idle_connections_and_closes_them)
{
    static const server_step answers[] = {{SERVER_HEAD, 0, NULL},
                                          {SERVER_SEND, 0, "HTTP/1.1 204 No Content\r\n\r\n"},
                                          {SERVER_REPEAT, 0, NULL}};
    static const server_step *const answering[] = {answers, NULL};
    interim_request *other;

    begin(1, 0, answering);
    for (int i = 0; i < 3; i++) {
        start_at((size_t)i, i % 2);
        run_until(&dones, i + 1);
        if (i > 0)
            server_wait_end(origins[(i + 1) % 2], 0); /* it was closed */
    }
    ck_assert_uint_eq(server_accepted(origins[0]), 2);
    other = request_at(0, "GET");
    ck_assert_int_eq(interim_request_set_local_address(other, "127.0.0.1"), 0);
    start(3, other);
    interim_request_free(other);
    run_until(&dones, 4);
    server_wait_end(origins[0], 1);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(ends[i].outcome, INTERIM_DONE);
    ck_assert_int_eq(queued, 0);
    finish();
}
END_TEST

START_TEST(limit_does_not_take_time_from_connecting)
{
    interim_patience patience = INTERIM_PATIENCE_INIT;
    interim_request *request;

    begin(0, 1, waiting);
    request = request_at(0, "COPY");
    patience.connect_ms = 2000;
    patience.silence_ms = 10000;
    interim_request_set_patience(request, &patience);
    start(0, request);
    start(1, request);
    interim_request_free(request);
    run_until(&queued, 1);
    for (int i = 0; i < 25; i++) /* longer than connect_ms */
        interim_client_run(client, 100);
    ck_assert_int_eq(dones, 0);
    server_go(origins[0]);
    server_go(origins[0]);
    run_until(&dones, 2);
    ck_assert_int_eq(ends[1].outcome, INTERIM_DONE);
    finish();
}
END_TEST

START_TEST(limits_of_time_hold_in_line)
{
    interim_patience patience = INTERIM_PATIENCE_INIT;
    interim_request *request;

    begin(0, 1, waiting);
    start_at(0, 0);
    request = request_at(0, "COPY");
    patience.total_ms = 100;
    interim_request_set_patience(request, &patience);
    start(1, request);
    interim_request_free(request);
    run_until(&dones, 1);
    ck_assert_int_eq(ends[1].code, INTERIM_ETOTAL);
    ck_assert_int_eq(ends[1].outcome, INTERIM_UNREACHABLE); /* nothing was sent */
    ck_assert_str_eq(ends[1].text, "it was in line for a connection");
    ck_assert_uint_eq(server_accepted(origins[0]), 1);
    finish();
}
END_TEST

/* The first holds the connection; the second is cancelled in line, the third after it was let in
 * and before it went on, and the fourth gets the connection all the same. */
START_TEST(cancel_in_line_and_when_let_in)
{
    begin(0, 1, waiting);
    for (size_t i = 0; i < 4; i++)
        start_at(i, 0);
    run_until(&queued, 3);
    interim_operation_cancel(operations[1]);
    run_until(&dones, 1);
    ck_assert_int_eq(ends[1].outcome, INTERIM_CANCELLED);
    interim_operation_cancel(operations[0]);
    interim_operation_cancel(operations[2]);
    server_go(origins[0]);
    server_go(origins[0]);
    run_until(&dones, 4);
    ck_assert_int_eq(ends[2].outcome, INTERIM_CANCELLED);
    ck_assert_int_eq(ends[3].outcome, INTERIM_DONE);
    ck_assert_int_eq(interim_client_run(client, 0), 0);
    finish();
}
END_TEST

static int stop_when_queued(const interim_event *event, void *user)
{
    (void)user;
    return event->kind == INTERIM_EVENT_QUEUED;
}

START_TEST(a_callback_leaves_the_line)
{
    interim_request *request;

    begin(0, 1, waiting);
    start_at(0, 0);
    request = request_at(0, "GET");
    interim_request_on_event(request, stop_when_queued, NULL);
    start(1, request);
    interim_request_free(request);
    run_until(&dones, 1);
    ck_assert_int_eq(ends[1].outcome, INTERIM_CANCELLED);
    finish();
}
END_TEST

START_TEST(a_client_is_freed_with_a_line)
{
    begin(2, 0, waiting);
    for (size_t i = 0; i < MANY; i++)
        start_at(i, i % 2);
    run_until(&queued, MANY - 2);
    finish();
    ck_assert_int_eq(dones, MANY);
    for (size_t i = 0; i < MANY; i++)
        ck_assert_int_eq(ends[i].outcome, INTERIM_CANCELLED);
}
END_TEST

/* What fails to connect gives its room to the next one, at once. */
START_TEST(a_line_at_a_closed_port_moves_on)
{
    interim_request *request;
    char url[64];

    begin(0, 1, waiting);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", closed_port());
    ck_assert_int_eq(interim_request_new(&request, "COPY", url), 0);
    for (size_t i = 0; i < MANY; i++)
        start(i, request);
    interim_request_free(request);
    run_until(&dones, MANY);
    for (size_t i = 0; i < MANY; i++)
        ck_assert_int_eq(ends[i].code, INTERIM_ECONNECT);
    finish();
}
END_TEST

/* The last one of a line is let in without memory for anything. */
START_TEST(without_memory_nobody_stays_in_line)
{
    for (unsigned long n = 1; n < 60; n++) {
        bool failed;

        begin(0, 1, waiting);
        for (size_t i = 0; i < 3; i++)
            start_at(i, 0);
        run_until(&queued, 2);
        for (int i = 0; i < 3; i++)
            server_go(origins[0]);
        failing_alloc_arm(n);
        for (int i = 0; i < 600 && dones < 3; i++)
            interim_client_run(client, 100);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(dones, 3);
        finish();
        if (!failed)
            return;
    }
}
END_TEST

Suite *queue_suite(void)
{
    Suite *suite = suite_create("queue");
    TCase *tests = tcase_create("queue"), *whole = tcase_create("client");

    tcase_add_test(tests, queue_without_limits_does_nothing);
    tcase_add_test(tests, queue_is_first_come_first_served);
    tcase_add_test(tests, queue_of_each_origin_is_its_own);
    tcase_add_test(tests, queue_goes_round_between_origins);
    tcase_add_test(tests, queue_lets_the_line_be_left);
    tcase_add_test(tests, queue_keeps_and_changes_places);
    tcase_add_test(tests, queue_without_memory_says_so);
    suite_add_tcase(suite, tests);
    tcase_add_test(whole, limit_of_an_origin_holds_and_all_are_served);
    tcase_add_test(whole, limit_in_all_goes_round);
    tcase_add_test(whole, limit_counts_idle_connections_and_closes_them);
    tcase_add_test(whole, limit_does_not_take_time_from_connecting);
    tcase_add_test(whole, limits_of_time_hold_in_line);
    tcase_add_test(whole, cancel_in_line_and_when_let_in);
    tcase_add_test(whole, a_callback_leaves_the_line);
    tcase_add_test(whole, a_client_is_freed_with_a_line);
    tcase_add_test(whole, a_line_at_a_closed_port_moves_on);
    tcase_add_test(whole, without_memory_nobody_stays_in_line);
    suite_add_tcase(suite, whole);
    return suite;
}
