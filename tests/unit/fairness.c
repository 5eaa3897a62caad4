/* fairness.c - tests of the whole, through the public API, with both engines: one operation of many
 * has always more to do than there is time for, and the others have their turn.
 *
 * Nothing in here is measured in seconds. The system is asked nothing about the one that floods
 * (calls.h), so that it never runs dry whatever else this machine does, and what others get is
 * counted in turns: calls of interim_client_run. The server is a process that does what it is told,
 * so that each side has the descriptors of its own. */
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
#include <sys/wait.h>
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

static int crowd;

/* ---- The server ---- */

/* What it is told: to accept so many, each of which has sent a request if it is to be read, and to
 * say something on all connections but the first ones. It answers with a byte. */
struct order {
    int accept, read, but;
    char say[96];
};

static pid_t server;
static int orders; /* to it */

/* To the end of a head. */
static void read_head(int fd)
{
    char head[1024];
    size_t length = 0;
    ssize_t got;

    while (length < 4 || memcmp(head + length - 4, "\r\n\r\n", 4) != 0) {
        got = recv(fd, head + length, sizeof head - length, 0);
        if (got <= 0)
            _exit(1);
        length += (size_t)got;
    }
}

static _Noreturn void serve(int told)
{
    static int fds[MULTITUDE + 2];
    struct order order;
    int count = 0;

    while (recv(told, &order, sizeof order, MSG_WAITALL) == sizeof order) {
        for (; order.accept > 0; order.accept--) {
            fds[count] = accept(listener, NULL, NULL);
            if (order.read)
                read_head(fds[count]);
            count++;
        }
        for (int i = order.but; i < count; i++)
            if (send(fds[i], order.say, strlen(order.say), MSG_NOSIGNAL) < 0)
                _exit(1);
        if (send(told, "", 1, MSG_NOSIGNAL) != 1)
            _exit(1);
    }
    _exit(0);
}

static void start_server(void)
{
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    server = fork();
    ck_assert_int_ge(server, 0);
    if (server == 0) {
        close(pair[0]);
        serve(pair[1]);
    }
    close(pair[1]);
    orders = pair[0];
}

static void stop_server(void)
{
    int status;

    close(orders);
    ck_assert_int_eq(waitpid(server, &status, 0), server);
    ck_assert_int_eq(status, 0);
}

/* Has it do so, the client going on meanwhile if that is meant. */
static void tell(struct order order, bool meanwhile)
{
    char done;
    ssize_t got;

    ck_assert_int_eq(send(orders, &order, sizeof order, MSG_NOSIGNAL), sizeof order);
    while ((got = recv(orders, &done, 1, meanwhile ? MSG_DONTWAIT : 0)) != 1) {
        ck_assert(got < 0 && errno == EAGAIN);
        ck_assert_int_ge(interim_client_run(client, 1), 0);
    }
}

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
    start_server();
    options.engine = engines[engine];
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
    ck_assert_int_eq(interim_request_new(&gets, "GET", url), 0);
    calls_reset();
    crowd = CROWD;
    dones = 0;
}

static void finish(void)
{
    stop_server();
    interim_client_free(client);
    interim_request_free(gets);
    close(listener);
    calls_reset();
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
    struct order flood = {.accept = 1};

    snprintf(flood.say, sizeof flood.say, "%s", head);
    *result = NULL;
    ck_assert_int_eq(interim_start(NULL, client, request, keep, result), 0);
    interim_request_free(request);
    tell(flood, true);
    while (calls_all() == 0)
        ck_assert_int_gt(interim_client_run(client, 0), 0);
}

static void start_crowd(void)
{
    for (int started = 0; started < crowd;) {
        struct order wave = {.accept = crowd - started < WAVE ? crowd - started : WAVE, .read = 1};

        for (int i = 0; i < wave.accept; i++)
            ck_assert_int_eq(interim_start(NULL, client, gets, count, NULL), 0);
        started += wave.accept;
        wave.but = started + 1;
        tell(wave, true);
    }
}

/* All of a crowd have their answer waiting: by how few turns they get it, the one that floods going
 * on in each. */
static void check_crowd(void)
{
    tell((struct order){.but = 1, .say = INTERIM "HTTP/1.1 204 No Content\r\n\r\n"}, false);
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
    finish();
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

/* How many others there can be with the descriptors that we get. */
static int gather(void)
{
    const rlim_t all = MULTITUDE + 100;
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < all ? limit.rlim_max : all;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < all)
        fprintf(stderr, "fairness: not 10,000 connections, with %ju descriptors\n",
                (uintmax_t)limit.rlim_cur);
    return (int)limit.rlim_cur - 100;
}

/* Of interims, or of bytes. Who has so many uses epoll. */
START_TEST(a_flood_on_one_of_ten_thousand_starves_nobody)
{
    const char *fork = getenv("CK_FORK");
    bool bytes = _i == 1;
    interim_request *request;
    int most;

    /* Under valgrind, where other tests have the same limit, 400 must do. */
    if (fork != NULL && strcmp(fork, "no") == 0)
        return;
    most = gather();
    begin(0);
    crowd = most;
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
    finish();
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
    tcase_add_loop_test(everything, a_flood_on_one_of_ten_thousand_starves_nobody, 0, 2);
    suite_add_tcase(suite, everything);
    return suite;
}
