/* frugality.c - how often the library allocates for a message: a new allocation is to be noticed
 * here, and to be worth it. docs/performance.md, "A small GET", has the numbers. */
#include "suites.h"
#include "support/failing_alloc.h"
#include "support/fake.h"
#include "support/server.h"

#include <interim.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HEAD                                                                                       \
    "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: s/1\r\n"                    \
    "Content-Type: text/plain\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"                 \
    "ETag: \"1\"\r\nContent-Length: 2\r\n\r\nok"

#if defined(__SANITIZE_ADDRESS__) /* its own memory then, see src/drive/drive.c */
#define OPERATION 1
#else
#define OPERATION 0
#endif

static int on_body(const void *data, size_t size, void *user)
{
    (void)data, (void)size, (void)user;
    return 0;
}

/* One GET with all that comes with it, its result freed. Nothing is asserted meanwhile: Check
 * allocates for that. */
static unsigned long allocations(interim_client *client, interim_request *request)
{
    interim_result *result = NULL;
    unsigned long count;
    int failed;

    failing_alloc_arm(ULONG_MAX); /* none fails */
    failed = interim_perform(&result, client, request);
    interim_result_free(result);
    count = failing_alloc_count();
    failing_alloc_disarm();
    ck_assert_int_eq(failed, 0);
    return count;
}

static void open_small(interim_client **client, interim_request **request, struct server *origin)
{
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%u/small", server_port(origin));
    ck_assert_int_eq(interim_client_new(client, NULL), 0);
    ck_assert_int_eq(interim_request_new(request, "GET", url), 0);
}

/* A small GET on a connection that is there: its result, and one block for the message; the body,
 * if it is kept. */
START_TEST(frugality_of_a_small_get)
{
    static const server_step steps[] = {
        {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, HEAD}, {SERVER_REPEAT, 0, NULL}};
    static const server_step *const scripts[] = {steps, NULL};
    struct server *origin = server_start(scripts, NULL);
    interim_client *client;
    interim_request *request;

    open_small(&client, &request, origin);
    for (int i = 0; i < 3; i++) /* what is made once is made: the connection, the request's head */
        allocations(client, request);
    ck_assert_uint_le(allocations(client, request), OPERATION + 3);
    ck_assert_int_eq(interim_request_on_body(request, on_body, NULL), 0);
    for (int i = 0; i < 3; i++)
        allocations(client, request);
    ck_assert_uint_le(allocations(client, request), OPERATION + 2);
    ck_assert_uint_eq(server_accepted(origin), 1);
    interim_request_free(request);
    interim_client_free(client);
    server_stop(origin);
}
END_TEST

/* Each poll is its answer, and a copy of that for who asks; the job itself is that, its URL, a copy
 * of the 202, the result, its reason and its body. */
START_TEST(frugality_of_a_job)
{
    static const char accepted[] = "HTTP/1.1 202 Accepted\r\nLocation: /job\r\nRetry-After: 0\r\n"
                                   "Content-Length: 2\r\n\r\nno";
    static const server_step steps[] = {
        {SERVER_HEAD, 0, NULL},     {SERVER_SEND, 0, accepted}, {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, accepted}, {SERVER_HEAD, 0, NULL},     {SERVER_SEND, 0, accepted},
        {SERVER_HEAD, 0, NULL},     {SERVER_SEND, 0, HEAD},     {SERVER_REPEAT, 0, NULL}};
    static const server_step *const scripts[] = {steps, NULL};
    const interim_polling polling = {
        .size = sizeof polling, .first_ms = INTERIM_AT_ONCE, .min_ms = INTERIM_AT_ONCE};
    struct server *origin = server_start(scripts, NULL);
    interim_client *client;
    interim_request *request;

    open_small(&client, &request, origin);
    ck_assert_int_eq(interim_request_set_polling(request, &polling), 0);
    for (int i = 0; i < 3; i++)
        allocations(client, request);
    ck_assert_uint_le(allocations(client, request), OPERATION + 6 + 4 + 2);
    ck_assert_uint_eq(server_accepted(origin), 1);
    interim_request_free(request);
    interim_client_free(client);
    server_stop(origin);
}
END_TEST

START_TEST(frugality_of_an_interim_that_nobody_hears)
{
    static struct fake run;
    char first[] = "HTTP/1.1 102 Processing\r\n\r\n", second[] = "HTTP/1.1 102 Processing\r\n\r\n";
    const char *data;
    unsigned long count;

    ck_assert_int_eq(fake_start(&run, FAKE_COPY(NULL)), 0);
    interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
    interim__operation_sent(&run.op, interim__operation_output(&run.op, &data, run.now), run.now);
    interim__operation_received(&run.op, first, sizeof first - 1, run.now); /* the history begins */
    failing_alloc_arm(ULONG_MAX);
    interim__operation_received(&run.op, second, sizeof second - 1, run.now);
    count = failing_alloc_count();
    failing_alloc_disarm();
    ck_assert_uint_eq(count, 0);
    ck_assert_uint_eq(run.op.signs, 2);
    run.step = SCRIPT(SAY(201, ""));
    fake_finish(&run);
}
END_TEST

static void on_done(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation;
    interim_result_free(result);
    ++*(unsigned *)user;
}

/* The timer of the operation before is still set in the memory of one that did not begin. */
START_TEST(frugality_what_did_not_begin_does_nothing)
{
    static const server_step steps[] = {
        {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, HEAD}, {SERVER_REPEAT, 0, NULL}};
    static const server_step *const scripts[] = {steps, NULL};
    struct server *origin = server_start(scripts, NULL);
    const interim_patience patience = {.size = sizeof patience, .total_ms = 300};
    interim_client *client;
    interim_request *request;
    interim_result *result;
    interim_operation *operation;
    unsigned done = 0;
    int failed;

    open_small(&client, &request, origin);
    ck_assert_int_eq(interim_request_set_patience(request, &patience), 0);
    interim_perform(&result, client, request); /* however it ends */
    interim_result_free(result);
    failing_alloc_arm(1);
    failed = interim_start(&operation, client, request, on_done, &done);
    ck_assert(failing_alloc_disarm());
    ck_assert_int_eq(failed, INTERIM_ENOMEM);
    nanosleep(&(struct timespec){.tv_nsec = 400 * 1000 * 1000}, NULL); /* the timer is due */
    ck_assert_int_eq(interim_client_run(client, 0), 0);
    ck_assert_uint_eq(done, 0);
    interim_request_free(request);
    interim_client_free(client);
    server_stop(origin);
}
END_TEST

Suite *frugality_suite(void)
{
    Suite *suite = suite_create("frugality");
    TCase *tests = tcase_create("frugality");

    tcase_add_test(tests, frugality_of_a_small_get);
    tcase_add_test(tests, frugality_of_a_job);
    tcase_add_test(tests, frugality_of_an_interim_that_nobody_hears);
    tcase_add_test(tests, frugality_what_did_not_begin_does_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
