/* client_resume.c - src/client/resume.c: tokens that operations give, and requests that are made of
 * them, by the facades and against a server: blocking, asynchronous with both engines, in another
 * process. What a token holds, and how a job goes on from it, is tested in token.c and
 * resumption.c. */
#include "suites.h"
#include "support/failing_alloc.h"
#include "support/server.h"

#include <interim.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOKEN 66561
#define SECRET "c2VjcmV0OnNlc2FtZQ==" /* secret:sesame */

static const server_step accepted[] = {
    {SERVER_HEAD, 0, NULL},
    {SERVER_SEND, 0,
     "HTTP/1.1 202 Accepted\r\nLocation: /jobs/1\r\nRetry-After: 1\r\n"
     "Content-Length: 0\r\nConnection: close\r\n\r\n"},
    {SERVER_CLOSE, 0, NULL}};
static const server_step over[] = {
    {SERVER_HEAD, 0, NULL},
    {SERVER_SEND, 0, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nover"},
    {SERVER_CLOSE, 0, NULL}};
static const server_step *const job[] = {accepted, over, NULL};

static struct server *origin;
static char token[TOKEN];   /* of interim_operation_token, in the middle ... */
static char told[TOKEN];    /* ... of on_accepted ... */
static char at_last[TOKEN]; /* ... and of interim_operation_token in on_done */
static interim_operation *waiting;

static interim_client *make_client(int engine)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    interim_client *client;

    options.engine = engine == 0 ? INTERIM_ENGINE_EPOLL : INTERIM_ENGINE_POLL;
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
    return client;
}

/* ---- The first process ---- */

static int take_told(const char *text, void *user)
{
    (void)user;
    ck_assert_int_eq(interim_operation_token(waiting, token, sizeof token), (int)strlen(text));
    ck_assert_str_eq(token, text);
    strcpy(told, text);
    token[0] = '\0';
    return 0;
}

/* The job is known: its token is taken, and nobody waits any more. Before that there is none. */
static int leave(const interim_event *event, void *user)
{
    int length;

    (void)user;
    if (event->kind == INTERIM_EVENT_END)
        return 0;
    if (event->kind != INTERIM_EVENT_WAITING) {
        token[0] = '!';
        if (waiting != NULL && event->kind != INTERIM_EVENT_ACCEPTED)
            ck_assert_int_eq(interim_operation_token(waiting, token, sizeof token), 0);
        ck_assert_int_eq(token[0], '!');
        return 0;
    }
    length = interim_operation_token(waiting, NULL, 0);
    ck_assert_int_gt(length, 0);
    ck_assert_int_eq(interim_operation_token(waiting, NULL, 1), INTERIM_EINVAL);
    ck_assert_int_eq(interim_operation_token(waiting, token, (size_t)length), length);
    ck_assert_int_eq(token[0], '!'); /* it did not fit */
    ck_assert_int_eq(interim_operation_token(waiting, token, (size_t)length + 1), length);
    ck_assert_uint_eq(strlen(token), (size_t)length);
    return 1;
}

static void take_last(interim_operation *operation, interim_result *result, void *user)
{
    ck_assert_int_gt(interim_operation_token(operation, at_last, sizeof at_last), 0);
    *(interim_result **)user = result;
}

/* A COPY is accepted, and whoever sent it is gone before the first poll. */
static void lose_a_copy(int engine)
{
    interim_client *client = make_client(engine);
    interim_request *request;
    interim_result *result = NULL;
    char url[64];

    origin = server_start(job, NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", server_port(origin));
    ck_assert_int_eq(interim_request_new(&request, "COPY", url), 0);
    ck_assert_int_eq(interim_request_add_header(request, "Destination", "/b"), 0);
    ck_assert_int_eq(interim_request_set_credentials(request, "secret", "sesame"), 0);
    ck_assert_int_eq(interim_request_on_event(request, leave, NULL), 0);
    ck_assert_int_eq(interim_request_on_accepted(request, take_told, NULL), 0);
    waiting = NULL;
    told[0] = '\0';
    ck_assert_int_eq(interim_start(&waiting, client, request, take_last, &result), 0);
    ck_assert_int_eq(interim_request_on_accepted(request, NULL, NULL), INTERIM_EBUSY);
    interim_request_free(request);
    while (interim_client_run(client, 1000) > 0)
        continue;
    ck_assert_int_eq(interim_result_outcome(result), INTERIM_CANCELLED);
    interim_result_free(result);
    interim_client_free(client);
}

/* ---- The second ---- */

/* What its events told. */
struct telling {
    bool first, accepted, wrong;
};

static int listen_to(const interim_event *event, void *user)
{
    struct telling *telling = user;
    size_t length = strlen(event->text), end = strlen(", resumed");

    if (event->kind == INTERIM_EVENT_START)
        telling->first = true;
    else if (!telling->accepted && event->kind != INTERIM_EVENT_ACCEPTED)
        telling->wrong = true;
    if (event->kind == INTERIM_EVENT_ACCEPTED)
        telling->accepted = length > end && strcmp(event->text + length - end, ", resumed") == 0;
    return 0;
}

static interim_request *resume(const char *text, struct telling *telling)
{
    interim_request *request;
    interim_error error = {.size = sizeof error};

    ck_assert_msg(interim_resume_new(&request, text, &error) == 0, "%s", error.text);
    ck_assert_str_eq(interim_request_method(request), "COPY");
    ck_assert_ptr_nonnull(strstr(interim_request_url(request), "/a"));
    *telling = (struct telling){0};
    ck_assert_int_eq(interim_request_on_event(request, listen_to, telling), 0);
    return request;
}

static void check(const interim_result *result, const struct telling *telling)
{
    size_t size;
    const char *body = interim_result_body(result, &size);

    ck_assert_msg(interim_result_outcome(result) == INTERIM_DONE, "%s",
                  interim_result_reason(result));
    ck_assert_int_eq(interim_result_status(result), 200);
    ck_assert_uint_eq(size, 4);
    ck_assert_mem_eq(body, "over", 4);
    ck_assert_ptr_null(interim_result_accepted(result));
    ck_assert(telling->first && telling->accepted && !telling->wrong);
}

/* One COPY went out, and polls on all connections after its own. */
static void check_sent(unsigned polls, const char *login)
{
    char sent[4096];

    ck_assert_uint_eq(server_accepted(origin), polls + 1);
    server_received(origin, 0, sent, sizeof sent);
    ck_assert_ptr_eq(strstr(sent, "COPY /a HTTP/1.1\r\n"), sent);
    for (unsigned i = 1; i <= polls; i++) {
        server_received(origin, i, sent, sizeof sent);
        ck_assert_ptr_eq(strstr(sent, "GET /jobs/1 HTTP/1.1\r\n"), sent);
        ck_assert_ptr_null(strstr(sent, "Destination"));
        ck_assert_int_eq(strstr(sent, "Authorization") != NULL, login != NULL);
        ck_assert(login == NULL || strstr(sent, login) != NULL);
    }
    server_stop(origin);
}

static void keep(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation;
    *(interim_result **)user = result;
}

/* 0: from the middle; 1: from on_accepted; 2: from on_done. */
static const char *const tokens[] = {token, told, at_last};

/* The job of that token ends in this client, which is freed; the server saw one COPY. */
static void end_blocking(interim_client *client, const char *text)
{
    struct telling telling;
    interim_request *request = resume(text, &telling);
    interim_result *result;

    ck_assert_int_eq(interim_perform(&result, client, request), 0);
    check(result, &telling);
    interim_result_free(result);
    interim_request_free(request);
    interim_client_free(client);
    check_sent(1, NULL);
}

START_TEST(a_job_goes_on_blocking)
{
    interim_client *client = make_client(_i % 2);

    lose_a_copy(_i % 2);
    end_blocking(client, tokens[_i / 2]);
}
END_TEST

START_TEST(a_job_goes_on_asynchronously)
{
    interim_client *client = make_client(_i % 2);
    struct telling telling;
    interim_request *request;
    interim_result *result = NULL;
    interim_operation *operation;

    lose_a_copy(_i % 2);
    request = resume(tokens[_i / 2], &telling);
    ck_assert_int_eq(interim_start(&operation, client, request, keep, &result), 0);
    ck_assert_int_gt(interim_operation_token(operation, token, sizeof token), 0);
    ck_assert_int_eq(interim_operation_status(operation), 0);
    interim_request_free(request);
    while (interim_client_run(client, 1000) > 0)
        continue;
    check(result, &telling);
    interim_result_free(result);
    interim_client_free(client);
    check_sent(1, NULL);
}
END_TEST

/* No token holds the login of the first request; it is set anew, and goes where it went before. */
START_TEST(a_job_goes_on_with_a_login_of_its_own)
{
    interim_client *client = make_client(0);
    struct telling telling;
    interim_request *request;
    interim_result *result;

    lose_a_copy(0);
    for (int i = 0; i < 3; i++) {
        ck_assert_ptr_null(strstr(tokens[i], SECRET));
        ck_assert_ptr_null(strstr(tokens[i], "sesame"));
    }
    request = resume(token, &telling);
    ck_assert_int_eq(interim_request_add_header(request, "Authorization", "Basic " SECRET), 0);
    ck_assert_int_eq(interim_perform(&result, client, request), 0);
    check(result, &telling);
    interim_result_free(result);
    interim_request_free(request);
    interim_client_free(client);
    check_sent(1, "Authorization: Basic " SECRET "\r\n");
}
END_TEST

/* The request of a token is as reusable as any other, in one client and in several. */
START_TEST(many_wait_for_one_job)
{
    interim_client *clients[2] = {make_client(0), make_client(1)};
    interim_result *results[4] = {NULL};
    struct telling telling[2];

    lose_a_copy(0);
    for (int i = 0; i < 2; i++) {
        interim_request *request = resume(token, &telling[i]);

        for (int j = 0; j < 2; j++)
            ck_assert_int_eq(interim_start(NULL, clients[i], request, keep, &results[2 * i + j]),
                             0);
        interim_request_free(request);
    }
    while (interim_client_run(clients[0], 10) + interim_client_run(clients[1], 10) > 0)
        continue;
    for (int i = 0; i < 4; i++) {
        check(results[i], &telling[i / 2]);
        interim_result_free(results[i]);
    }
    interim_client_free(clients[0]);
    interim_client_free(clients[1]);
    /* Two of one client that wait for the same monitor ask once. */
    check_sent(2, NULL);
}
END_TEST

static void end_of_child(const char *text)
{
    interim_client *client;
    interim_request *request;
    interim_result *result = NULL;

    if (interim_client_new(&client, NULL) < 0 || interim_resume_new(&request, text, NULL) < 0)
        _exit(100);
    interim_perform(&result, client, request);
    _exit(result == NULL ? 101 : (int)interim_result_outcome(result));
}

START_TEST(another_process_goes_on)
{
    int status;
    pid_t child;

    lose_a_copy(0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        end_of_child(token);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), INTERIM_DONE);
    check_sent(1, NULL);
}
END_TEST

/* It is left once more: nothing was asked, and the token of this one will do for a third. */
START_TEST(a_job_that_goes_on_is_left_again)
{
    interim_client *client = make_client(_i);
    struct telling telling;
    interim_request *request;
    interim_result *result = NULL;
    interim_operation *operation;

    lose_a_copy(_i);
    request = resume(token, &telling);
    ck_assert_int_eq(interim_start(&operation, client, request, keep, &result), 0);
    interim_request_free(request);
    ck_assert_int_eq(interim_operation_cancel_job(operation), INTERIM_EUNSUPPORTED);
    ck_assert_int_gt(interim_operation_token(operation, at_last, sizeof at_last), 0);
    interim_operation_cancel(operation);
    while (interim_client_run(client, 1000) > 0)
        continue;
    ck_assert_int_eq(interim_result_outcome(result), INTERIM_CANCELLED);
    interim_result_free(result);
    end_blocking(client, at_last);
}
END_TEST

/* Whether allocations failed. Who cannot go on for want of memory was not cancelled by anybody.
 */
static bool resume_starved(int engine, unsigned long nth)
{
    interim_client *client = make_client(engine);
    struct telling telling;
    interim_request *request = resume(told, &telling);
    interim_polling polling = INTERIM_POLLING_INIT;
    interim_result *result = NULL;
    const interim_error *error;
    bool failed;
    int code;

    polling.first_ms = polling.min_ms = 1; /* to ask again, where that can be done */
    ck_assert_int_eq(interim_request_set_polling(request, &polling), 0);
    failing_alloc_arm(nth);
    code = interim_start(NULL, client, request, keep, &result);
    while (code == 0 && result == NULL && interim_client_run(client, 10000) >= 0)
        continue; /* Check itself would run out of memory */
    failed = failing_alloc_disarm();
    ck_assert(code == 0 ? result != NULL : failed && code == INTERIM_ENOMEM);
    if (result != NULL) {
        error = interim_result_error(result);
        ck_assert_int_ne(interim_result_outcome(result), INTERIM_CANCELLED);
        ck_assert(error->code == 0 || (failed && error->code == INTERIM_ENOMEM));
        interim_result_free(result);
    }
    interim_request_free(request);
    interim_client_free(client);
    return failed;
}

START_TEST(a_job_that_cannot_go_on_was_not_cancelled)
{
    unsigned long nth = 1;

    lose_a_copy(_i);
    while (resume_starved(_i, nth))
        nth++;
    ck_assert_uint_gt(nth, 5);
    server_stop(origin);
}
END_TEST

Suite *client_resume_suite(void)
{
    Suite *suite = suite_create("client_resume");
    TCase *tests = tcase_create("client_resume");

    tcase_add_loop_test(tests, a_job_goes_on_blocking, 0, 6);
    tcase_add_loop_test(tests, a_job_goes_on_asynchronously, 0, 6);
    tcase_add_test(tests, a_job_goes_on_with_a_login_of_its_own);
    tcase_add_test(tests, many_wait_for_one_job);
    tcase_add_test(tests, another_process_goes_on);
    tcase_add_loop_test(tests, a_job_that_goes_on_is_left_again, 0, 2);
    tcase_add_loop_test(tests, a_job_that_cannot_go_on_was_not_cancelled, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
