/* fairness.c - tests of the whole, through the public API, with both engines: one operation of many
 * has always more to do than there is time for, and the others have their turn.
 *
 * Nothing in here is measured in seconds. The system is asked nothing about the one that floods
 * (calls.h), so that it never runs dry whatever else this machine does, and what others get is
 * counted in turns: calls of interim_client_run. This thread is the server, too. */
#include "suites.h"
#include "support/calls.h"

#include <errno.h>
#include <interim.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CROWD 400
#define MULTITUDE 9999 /* others: one of 10,000 connections floods */
#define WAVE 250       /* connections at once: a queue of the system's has to hold them */
#define BATCH 256      /* of which an engine tells at once */
#define INTERIM "HTTP/1.1 102 Processing\r\n\r\n"
#define MOVES 32 /* reads or writes a turn at most; there is no promise that it is half of that */

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

static interim_client *client;
static int listener;
static unsigned port;
static interim_request *gets;
static unsigned dones;

/* Accepted connections, [0] is the one that floods. */
static int fds[MULTITUDE + 2];
static int crowd;

static void begin(int engine)
{
    const struct linger none = {.l_onoff = 1}; /* no port of 10,000 stays in use */
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    socklen_t length = sizeof at;
    char url[64];

    listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)(void *)&at, sizeof at), 0);
    ck_assert_int_eq(setsockopt(listener, SOL_SOCKET, SO_LINGER, &none, sizeof none), 0);
    ck_assert_int_eq(listen(listener, CROWD + 2), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)(void *)&at, &length), 0);
    port = ntohs(at.sin_port);
    options.engine = engines[engine];
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
    ck_assert_int_eq(interim_request_new(&gets, "GET", url), 0);
    calls_reset();
    crowd = CROWD;
    dones = 0;
}

static void finish(int accepted)
{
    for (int i = 0; i < accepted; i++)
        close(fds[i]);
    interim_client_free(client);
    interim_request_free(gets);
    close(listener);
    calls_reset();
}

/* With a connection of its own, before anything else has one. */
static int greet(void)
{
    char head[1024];
    int fd = accept(listener, NULL, NULL);

    ck_assert_int_ge(fd, 0);
    for (size_t length = 0; length < 4 || memcmp(head + length - 4, "\r\n\r\n", 4) != 0;) {
        ssize_t got = recv(fd, head + length, sizeof head - length, MSG_DONTWAIT);

        if (got > 0)
            length += (size_t)got;
        else
            ck_assert_int_ge(interim_client_run(client, 0), 0);
    }
    return fd;
}

static void say(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (int)strlen(text));
}

static void count(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation, (void)user;
    ck_assert_int_eq(interim_result_status(result), 204);
    ck_assert_uint_eq(interim_result_interim_count(result), 1);
    interim_result_free(result);
    dones++;
}

static void keep(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation;
    *(interim_result **)user = result;
}

/* ---- What floods ---- */

static interim_request *make(const char *method)
{
    interim_patience patience = INTERIM_PATIENCE_INIT;
    interim_request *request;
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%u/flood", port);
    ck_assert_int_eq(interim_request_new(&request, method, url), 0);
    patience.interim_burst = UINT32_MAX; /* the flood itself is not what ends it here */
    ck_assert_int_eq(interim_request_set_patience(request, &patience), 0);
    return request;
}

/* From here on each turn of it is full. */
static void open_floodgates(interim_request *request, const char *head, interim_result **result)
{
    *result = NULL;
    ck_assert_int_eq(interim_start(NULL, client, request, keep, result), 0);
    interim_request_free(request);
    for (fds[0] = -1; calls_all() == 0;) {
        ck_assert_int_gt(interim_client_run(client, 0), 0);
        if (fds[0] < 0)
            say(fds[0] = accept(listener, NULL, NULL), head);
    }
}

static void start_crowd(void)
{
    for (int first = 1; first <= crowd; first += WAVE) {
        int last = first + WAVE > crowd ? crowd : first + WAVE - 1;

        for (int i = first; i <= last; i++)
            ck_assert_int_eq(interim_start(NULL, client, gets, count, NULL), 0);
        ck_assert_int_gt(interim_client_run(client, 0), 0);
        for (int i = first; i <= last; i++)
            fds[i] = greet();
    }
}

/* All of a crowd have their answer waiting: by how few turns they get it, the one that floods going
 * on in each. */
static void check_crowd(void)
{
    for (int i = 1; i <= crowd; i++)
        say(fds[i], INTERIM "HTTP/1.1 204 No Content\r\n\r\n");
    calls_wait_readable(0);
    for (int turns = 0; dones < (unsigned)crowd; turns++) {
        unsigned long before = calls_all();

        ck_assert_int_lt(turns, crowd / BATCH + 3);
        ck_assert_int_gt(interim_client_run(client, 0), 0);
        ck_assert_uint_gt(calls_all(), before);
    }
}

/* And a limit of time passes for who waits meanwhile. */
static void check_time(void)
{
    interim_patience patience = INTERIM_PATIENCE_INIT;
    interim_result *result = NULL;

    patience.silence_ms = 50;
    ck_assert_int_eq(interim_request_set_patience(gets, &patience), 0);
    ck_assert_int_eq(interim_start(NULL, client, gets, keep, &result), 0);
    while (result == NULL)
        ck_assert_int_gt(interim_client_run(client, 0), 0);
    ck_assert_int_eq(interim_result_error(result)->code, INTERIM_ESILENCE);
    interim_result_free(result);
}

static void check_flood(interim_request *request, const char *head)
{
    interim_result *result;

    open_floodgates(request, head, &result);
    start_crowd();
    check_crowd();
    check_time();
    ck_assert_uint_le(calls_most(), MOVES);
    ck_assert_ptr_null(result);
    finish(crowd + 1);
    ck_assert_int_eq(interim_result_outcome(result), INTERIM_CANCELLED);
    interim_result_free(result);
}

START_TEST(a_flood_of_interims_starves_nobody)
{
    begin(_i);
    calls_flood(INTERIM);
    check_flood(make("GET"), INTERIM);
}
END_TEST

static int take_bytes(const void *data, size_t size, void *user)
{
    (void)data, (void)size, (void)user;
    return 0;
}

START_TEST(a_flood_of_bytes_starves_nobody)
{
    interim_request *request;

    begin(_i);
    request = make("GET");
    interim_request_on_body(request, take_bytes, NULL);
    calls_flood("0123456789abcdef");
    check_flood(request, "HTTP/1.1 200 OK\r\n\r\n");
}
END_TEST

/* How many others there can be, each with two descriptors of this process. */
static int gather(void)
{
    const rlim_t all = 2 * MULTITUDE + 100;
    struct rlimit limit = {.rlim_cur = all, .rlim_max = all};

    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return MULTITUDE;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < all ? limit.rlim_max : all;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < all)
        fprintf(stderr, "fairness: not 10,000 connections, with %ju descriptors\n",
                (uintmax_t)limit.rlim_cur);
    return (int)(limit.rlim_cur - 100) / 2;
}

/* Of interims, or of bytes. */
START_TEST(a_flood_on_one_of_ten_thousand_starves_nobody)
{
    const char *fork = getenv("CK_FORK");
    bool bytes = _i / 2 == 1;
    interim_request *request;

    /* Under valgrind, where other tests have the same limit, 400 must do. */
    if (fork != NULL && strcmp(fork, "no") == 0)
        return;
    begin(_i % 2);
    crowd = gather();
    request = make("GET");
    interim_request_on_body(request, take_bytes, NULL);
    calls_flood(bytes ? "0123456789abcdef" : INTERIM);
    check_flood(request, bytes ? "HTTP/1.1 200 OK\r\n\r\n" : INTERIM);
}
END_TEST

static ptrdiff_t give_bytes(void *buffer, size_t size, void *user)
{
    (void)user;
    memset(buffer, 'x', size);
    return (ptrdiff_t)size;
}

/* The other way round: a server that takes whatever it is sent, ... */
START_TEST(an_endless_upload_starves_nobody)
{
    interim_request *request;

    begin(_i);
    request = make("PUT");
    interim_request_set_expect(request, INTERIM_EXPECT_NEVER);
    ck_assert_int_eq(interim_request_set_body_reader(request, give_bytes, -1, NULL), 0);
    calls_swallow();
    check_flood(request, INTERIM);
}
END_TEST

/* ... also of a file that goes out unseen. */
START_TEST(an_endless_file_starves_nobody)
{
    FILE *file = tmpfile();
    interim_request *request;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(ftruncate(fileno(file), (off_t)1 << 40), 0);
    begin(_i);
    request = make("PUT");
    interim_request_set_expect(request, INTERIM_EXPECT_NEVER);
    ck_assert_int_eq(interim_request_set_body_fd(request, fileno(file), 0, -1), 0);
    calls_swallow();
    check_flood(request, INTERIM);
    fclose(file);
}
END_TEST

/* ---- Who never lets go ---- */

#define AGAIN 5000

/* An operation that starts the next one where it ends, and that has ended before it began. */
static void start_again(interim_operation *operation, interim_result *result, void *user)
{
    interim_operation *next;

    (void)operation, (void)user;
    interim_result_free(result);
    if (++dones == AGAIN)
        return;
    ck_assert_int_eq(interim_start(&next, client, gets, start_again, NULL), 0);
    interim_operation_cancel(next);
}

/* A turn ends all the same: the client comes back to who runs it. */
START_TEST(a_chain_of_operations_keeps_no_turn_from_ending)
{
    interim_operation *first;
    unsigned turns = 0;

    begin(_i);
    ck_assert_int_eq(interim_start(&first, client, gets, start_again, NULL), 0);
    interim_operation_cancel(first);
    for (; dones < AGAIN; turns++)
        ck_assert_int_ge(interim_client_run(client, 0), 0);
    ck_assert_uint_ge(turns, AGAIN / 4);
    finish(0);
}
END_TEST

Suite *fairness_suite(void)
{
    const TTest *const tests[] = {
        a_flood_of_interims_starves_nobody,
        a_flood_of_bytes_starves_nobody,
        an_endless_upload_starves_nobody,
        an_endless_file_starves_nobody,
        a_chain_of_operations_keeps_no_turn_from_ending,
    };
    Suite *suite = suite_create("fairness");
    TCase *everything = tcase_create("both engines");

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_loop_test(everything, tests[i], 0, 2);
    tcase_add_loop_test(everything, a_flood_on_one_of_ten_thousand_starves_nobody, 0, 4);
    suite_add_tcase(suite, everything);
    return suite;
}
