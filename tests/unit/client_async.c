/* Tests of the asynchronous side as a whole: waking it, order of on_done, and what
 * paused bodies keep. Fairness between operations: fairness.c. Who may call what from where:
 * client_calls.c. */
#include "suites.h"
#include "support/server.h"

#include <errno.h>
#include <interim.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ENGINES 2

static const server_step silent[] = {{SERVER_HEAD, 0, NULL}, {SERVER_WAIT, 0, NULL}};
static const server_step empty[] = {{SERVER_HEAD, 0, NULL},
                                    {SERVER_SEND, 0, "HTTP/1.1 204 No Content\r\n\r\n"},
                                    {SERVER_REPEAT, 0, NULL}};

static interim_client *client;
static struct server *origin;
static unsigned dones;

static void begin_at(int engine, struct server *server)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;

    options.engine = engine == 0 ? INTERIM_ENGINE_EPOLL : INTERIM_ENGINE_POLL;
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
    origin = server;
    dones = 0;
}

static void begin(int engine, const server_step *const *scripts)
{
    begin_at(engine, server_start(scripts, NULL));
}

static void finish(void)
{
    interim_client_free(client);
    server_stop(origin);
}

static void count(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation, (void)user;
    interim_result_free(result);
    dones++;
}

static interim_request *get(void)
{
    interim_request *request;
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", server_port(origin));
    ck_assert_int_eq(interim_request_new(&request, "GET", url), 0);
    return request;
}

static interim_operation *start(interim_request *request, interim_done_fn on_done, void *user)
{
    interim_operation *operation;

    ck_assert_int_eq(interim_start(&operation, client, request, on_done, user), 0);
    return operation;
}

/* ---- Waking ---- */

static bool has_come_to_rest(void)
{
    struct timespec before, after;

    clock_gettime(CLOCK_MONOTONIC, &before);
    ck_assert_int_eq(interim_client_run(client, 100), 1);
    clock_gettime(CLOCK_MONOTONIC, &after);
    return (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 >= 99;
}

/* One operation whose server says nothing, and nothing left to be done at once. */
static void begin_silence(int engine)
{
    static const server_step *const scripts[] = {silent, NULL};
    interim_request *request;

    begin(engine, scripts);
    request = get();
    start(request, count, NULL);
    interim_request_free(request);
    while (!has_come_to_rest())
        continue;
}

static void *wake_later(void *user)
{
    nanosleep(&(struct timespec){0, 50000000}, NULL);
    interim_client_wake(user);
    return NULL;
}

START_TEST(another_thread_ends_a_wait)
{
    pthread_t thread;

    begin_silence(_i);
    ck_assert_int_eq(pthread_create(&thread, NULL, wake_later, client), 0);
    ck_assert_int_eq(interim_client_run(client, -1), 1); /* else Check ends it */
    pthread_join(thread, NULL);
    ck_assert_uint_eq(dones, 0);
    while (!has_come_to_rest())
        continue;
    finish();
}
END_TEST

START_TEST(a_wake_before_the_wait_ends_it_too)
{
    begin_silence(_i);
    for (int i = 0; i < 1000; i++) /* many are one */
        interim_client_wake(client);
    ck_assert_int_eq(interim_client_run(client, -1), 1);
    while (!has_come_to_rest())
        continue;
    finish();
}
END_TEST

static interim_client *to_be_woken;

static void wake_in_handler(int number)
{
    (void)number;
    errno = 1234;
    interim_client_wake(to_be_woken);
    if (errno != 1234)
        abort();
}

START_TEST(a_signal_handler_ends_a_wait)
{
    struct sigaction action = {.sa_handler = wake_in_handler, .sa_flags = SA_RESTART}, before;

    begin_silence(_i);
    to_be_woken = client;
    sigaction(SIGUSR1, &action, &before);
    raise(SIGUSR1); /* just before the wait: no EINTR would tell */
    ck_assert_int_eq(interim_client_run(client, -1), 1);
    sigaction(SIGUSR1, &before, NULL);
    finish();
}
END_TEST

static bool is_readable(int timeout_ms)
{
    struct pollfd watched = {interim_client_fd(client), POLLIN, 0};

    return poll(&watched, 1, timeout_ms) == 1;
}

START_TEST(the_descriptor_tells_of_a_wake)
{
    begin_silence(0);
    ck_assert_int_ge(interim_client_fd(client), 0);
    for (int i = 0; i < 50 && is_readable(0); i++)
        interim_client_run(client, 0);
    ck_assert(!is_readable(0));
    interim_client_wake(client);
    ck_assert(is_readable(0));
    ck_assert_int_eq(interim_client_run(client, 0), 1);
    ck_assert(!is_readable(0));
    finish();
}
END_TEST

/* What was done outside of interim_client_run makes it readable: start, cancel; and a limit of
 * time that was set in there. */
START_TEST(the_descriptor_tells_of_what_was_done_outside)
{
    static const server_step *const scripts[] = {silent, NULL};
    interim_patience patience = INTERIM_PATIENCE_INIT;
    interim_request *request;
    interim_operation *operation;

    begin(0, scripts);
    ck_assert(!is_readable(0));
    request = get();
    patience.silence_ms = 300;
    interim_request_set_patience(request, &patience);
    start(request, count, NULL);
    ck_assert(is_readable(0));
    while (dones == 0) { /* ends by its limit, and nothing wakes us but the descriptor */
        ck_assert(is_readable(20000));
        interim_client_run(client, 0);
    }
    operation = start(request, count, NULL);
    interim_request_free(request);
    for (int i = 0; i < 10 && is_readable(100); i++)
        interim_client_run(client, 0);
    interim_operation_cancel(operation);
    ck_assert(is_readable(0));
    ck_assert_int_eq(interim_client_run(client, 0), 0);
    ck_assert_uint_eq(dones, 2);
    finish();
}
END_TEST

/* Work for the client's thread, handed over by another one. */
#define JOBS 200
static struct {
    pthread_mutex_t lock;
    unsigned waiting;
} list = {PTHREAD_MUTEX_INITIALIZER, 0};

static void *hand_over(void *user)
{
    for (int i = 0; i < JOBS; i++) {
        pthread_mutex_lock(&list.lock);
        list.waiting++;
        pthread_mutex_unlock(&list.lock);
        interim_client_wake(user);
    }
    return NULL;
}

START_TEST(work_is_handed_to_the_thread_of_the_client)
{
    static const server_step *const scripts[] = {empty, NULL};
    unsigned started = 0;
    interim_request *request;
    pthread_t thread;

    begin(0, scripts);
    request = get();
    ck_assert_int_ge(interim_client_fd(client), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, hand_over, client), 0);
    while (dones < JOBS) {
        unsigned take;

        ck_assert(is_readable(20000));
        interim_client_run(client, 0);
        pthread_mutex_lock(&list.lock);
        take = list.waiting;
        list.waiting = 0;
        pthread_mutex_unlock(&list.lock);
        for (; take > 0; take--, started++)
            start(request, count, NULL);
    }
    pthread_join(thread, NULL);
    ck_assert_uint_eq(started, JOBS);
    interim_request_free(request);
    finish();
}
END_TEST

/* ---- Order ---- */

static unsigned last;
static bool in_order;

static void check_order(interim_operation *operation, interim_result *result, void *user)
{
    unsigned number = *(unsigned *)user;

    if (number != last + 1)
        in_order = false;
    last = number;
    count(operation, result, user);
}

/* All of them end in one turn. */
START_TEST(who_ends_first_is_told_first)
{
    enum { MANY = 1000 };
    static const server_step *const scripts[] = {silent, NULL};
    static interim_operation *operations[MANY];
    static unsigned numbers[MANY];
    interim_request *request;

    begin(_i, scripts);
    request = get();
    last = 0;
    in_order = true;
    for (unsigned i = 0; i < MANY; i++) {
        numbers[i] = i + 1;
        operations[i] = start(request, check_order, &numbers[i]);
        interim_operation_cancel(operations[i]);
    }
    interim_request_free(request);
    ck_assert_int_eq(interim_client_run(client, -1), 0);
    ck_assert_uint_eq(dones, MANY);
    ck_assert(in_order);
    finish();
}
END_TEST

/* ---- Back-pressure ---- */

#define PAUSED 100
#define LARGE ((size_t)8 * 1024 * 1024)

static const server_step large[] = {
    {SERVER_HEAD, 0, NULL},
    {SERVER_SEND, 0, "HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\nConnection: close\r\n\r\n"},
    {SERVER_FILL, LARGE, NULL},
    {SERVER_CLOSE, 0, NULL}};

struct taking {
    size_t bytes;
    unsigned calls;
    int answer;
};

static int take(const void *data, size_t size, void *user)
{
    struct taking *taking = user;

    (void)data;
    taking->bytes += size;
    taking->calls++;
    return taking->answer;
}

/* 800 MB are on their way to a hundred bodies that nobody takes. */
START_TEST(paused_bodies_keep_little)
{
    static const server_step *const scripts[] = {large, NULL};
    static struct taking takings[PAUSED];
    interim_operation *operations[PAUSED];
    interim_request *request;
    unsigned paused = 0;
    size_t before, bytes = 0;

    begin(_i, scripts);
    before = mallinfo2().uordblks;
    for (unsigned i = 0; i < PAUSED; i++) {
        takings[i] = (struct taking){.answer = INTERIM_PAUSE};
        request = get();
        interim_request_on_body(request, take, &takings[i]);
        operations[i] = start(request, count, NULL);
        interim_request_free(request);
    }
    for (int run = 0; run < 3000 && paused < PAUSED; run++) {
        interim_client_run(client, 20);
        for (paused = 0; paused < PAUSED && takings[paused].calls > 0; paused++)
            continue;
    }
    ck_assert_uint_eq(paused, PAUSED);
    for (int run = 0; run < 10; run++) /* nothing more comes, whatever the server sends */
        interim_client_run(client, 10);
    for (unsigned i = 0; i < PAUSED; i++) {
        ck_assert_uint_eq(takings[i].calls, 1);
        bytes += takings[i].bytes;
        takings[i].answer = 0;
    }
    ck_assert_uint_le(bytes, PAUSED * (size_t)64 * 1024);
    ck_assert_uint_le(mallinfo2().uordblks - before, PAUSED * (size_t)72 * 1024);
    for (unsigned i = 0; i < PAUSED; i++)
        interim_operation_resume(operations[i]);
    while (interim_client_run(client, 1000) > 0)
        continue;
    for (unsigned i = 0; i < PAUSED; i++)
        ck_assert_uint_eq(takings[i].bytes, LARGE);
    finish();
}
END_TEST

#define PIECE ((size_t)64 * 1024)

struct streaming {
    size_t bytes;
    unsigned larger;    /* pieces of more than 64 KiB */
    unsigned too_large; /* right after a pause */
    bool was_paused;
    bool paused;
};

/* Gives the server time to fill the socket, and pauses after what only a large read gives. */
static int take_slowly(const void *data, size_t size, void *user)
{
    struct streaming *streaming = user;

    (void)data;
    streaming->bytes += size;
    streaming->too_large += streaming->was_paused && size > PIECE;
    streaming->paused = size > PIECE;
    streaming->larger += streaming->paused;
    streaming->was_paused = streaming->paused;
    nanosleep(&(struct timespec){0, 2000000}, NULL);
    return streaming->paused ? INTERIM_PAUSE : 0;
}

/* Reads are larger while nobody pauses the body: what is read then has to be kept. Through a
 * Unix-domain socket, whose buffer holds more than a small read from the start. */
START_TEST(a_body_that_streams_comes_in_larger_pieces)
{
    static const server_step *const scripts[] = {large, NULL};
    struct streaming streaming = {0};
    interim_operation *operation;
    interim_request *request;
    char name[64];

    snprintf(name, sizeof name, "@interim-stream-%ld-%d", (long)getpid(), _i);
    begin_at(_i, server_start_unix(name, scripts, NULL));
    ck_assert_int_eq(interim_request_new(&request, "GET", "http://a.test/"), 0);
    ck_assert_int_eq(interim_request_set_unix_socket(request, name), 0);
    interim_request_on_body(request, take_slowly, &streaming);
    operation = start(request, count, NULL);
    interim_request_free(request);
    while (interim_client_run(client, 1000) > 0)
        if (streaming.paused)
            interim_operation_resume(operation);
    ck_assert_uint_eq(streaming.bytes, LARGE);
    ck_assert_uint_gt(streaming.larger, 0);
    ck_assert_uint_eq(streaming.too_large, 0);
    finish();
}
END_TEST

static const server_step endless[] = {{SERVER_HEAD, 0, NULL},
                                      {SERVER_SEND, 0, "HTTP/1.1 200 OK\r\n\r\n"},
                                      {SERVER_FILL, (size_t)1 << 46, NULL},
                                      {SERVER_CLOSE, 0, NULL}};

/* A blocking call waits for nothing but the bytes of a body that streams; not for longer than it
 * may. */
START_TEST(limits_hold_while_a_body_streams)
{
    static const server_step *const scripts[] = {endless, NULL};
    interim_patience patience = INTERIM_PATIENCE_INIT;
    struct taking taking = {0};
    interim_request *request;
    interim_result *result;

    begin(_i, scripts);
    request = get();
    patience.total_ms = 300;
    ck_assert_int_eq(interim_request_set_patience(request, &patience), 0);
    interim_request_on_body(request, take, &taking);
    ck_assert_int_eq(interim_perform(&result, client, request), INTERIM_ETOTAL);
    ck_assert_int_eq(interim_result_error(result)->stage, INTERIM_STAGE_BODY);
    ck_assert_uint_gt(taking.bytes, PIECE);
    interim_result_free(result);
    interim_request_free(request);
    finish();
}
END_TEST

Suite *client_async_suite(void)
{
    Suite *suite = suite_create("client_async");
    TCase *tests = tcase_create("client_async");

    tcase_add_loop_test(tests, another_thread_ends_a_wait, 0, ENGINES);
    tcase_add_loop_test(tests, a_wake_before_the_wait_ends_it_too, 0, ENGINES);
    tcase_add_loop_test(tests, a_signal_handler_ends_a_wait, 0, ENGINES);
    tcase_add_test(tests, the_descriptor_tells_of_a_wake);
    tcase_add_test(tests, the_descriptor_tells_of_what_was_done_outside);
    tcase_add_test(tests, work_is_handed_to_the_thread_of_the_client);
    tcase_add_loop_test(tests, who_ends_first_is_told_first, 0, ENGINES);
    tcase_add_loop_test(tests, paused_bodies_keep_little, 0, ENGINES);
    tcase_add_loop_test(tests, a_body_that_streams_comes_in_larger_pieces, 0, ENGINES);
    tcase_add_loop_test(tests, limits_hold_while_a_body_streams, 0, ENGINES);
    suite_add_tcase(suite, tests);
    return suite;
}
