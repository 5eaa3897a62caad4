/* scarcity.c - tests of the whole, through the public API, with both engines: want of descriptors
 * and of local ports, servers that say nothing, and one that never stops. Whatever becomes of one
 * operation, the others go on, and the failure is its own. */
#include "suites.h"
#include "support/server.h"

#include <errno.h>
#include <interim.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

static interim_client *client;

/* One operation, and what became of it. */
struct job {
    interim_request *request;
    interim_result *result; /* NULL: it is under way */
    unsigned long interims;
    unsigned long long bytes;
};

static void make_client(int engine)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;

    options.engine = engines[engine];
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
}

#define BLOCK 65536UL

static atomic_ulong poured; /* blocks of a flood that the system has taken */

/* Lets a flood get ahead of whoever has read so much of it, so that there is always more. */
static void let_it_rise(unsigned long long bytes)
{
    for (int i = 0; i < 20 && poured < bytes / BLOCK + 4; i++)
        usleep(1000);
}

static int count_interim(const interim_event *event, void *user)
{
    struct job *job = user;

    (void)event;
    if (++job->interims % 1024 == 0)
        let_it_rise(27 * (unsigned long long)job->interims);
    return 0;
}

static int count_bytes(const void *data, size_t size, void *user)
{
    struct job *job = user;

    (void)data;
    job->bytes += size;
    let_it_rise(job->bytes);
    return 0;
}

static void note(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation;
    ((struct job *)user)->result = result;
}

static void start(struct job *job, unsigned port, const char *path)
{
    interim_patience patience = INTERIM_PATIENCE_INIT;
    char url[64];

    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, path);
    *job = (struct job){0};
    ck_assert_int_eq(interim_request_new(&job->request, "GET", url), 0);
    patience.interim_burst = UINT32_MAX; /* the flood itself is not what ends it here */
    patience.silence_ms = strcmp(path, "/silent") == 0 ? 1000 : 0;
    ck_assert_int_eq(interim_request_set_patience(job->request, &patience), 0);
    interim_request_on_interim(job->request, count_interim, job);
    interim_request_on_body(job->request, count_bytes, job);
    ck_assert_int_eq(interim_start(NULL, client, job->request, note, job), 0);
}

static void finish(struct job *job)
{
    while (job->result == NULL)
        ck_assert_int_ge(interim_client_run(client, 1000), 0);
}

static void expect(struct job *job, interim_outcome outcome, int code, int os_error)
{
    const interim_error *error;

    finish(job);
    error = interim_result_error(job->result);
    ck_assert_msg(interim_result_outcome(job->result) == outcome && error->code == code &&
                      error->os_error == os_error,
                  "%s, %s %d: %s", interim_outcome_name(interim_result_outcome(job->result)),
                  interim_error_name(error->code), error->os_error, error->text);
}

static void release(struct job *job)
{
    interim_result_free(job->result);
    interim_request_free(job->request);
}

/* What such a test takes from its process, limits and network, others that share it would miss; and
 * valgrind, under which they do, closes what is accepted over the limit. */
static bool has_own_process(void)
{
    const char *fork = getenv("CK_FORK");

    if (fork == NULL || strcmp(fork, "no") != 0)
        return true;
    fprintf(stderr, "scarcity: not in a process of its own, not tried\n");
    return false;
}

static const server_step later[] = {{SERVER_HEAD, 0, NULL},
                                    {SERVER_WAIT, 0, NULL},
                                    {SERVER_SEND, 0, "HTTP/1.1 204 No Content\r\n\r\n"},
                                    {SERVER_REPEAT, 0, NULL}};
static const server_step *const laters[] = {later, NULL};

/* ---- Descriptors ---- */

static struct rlimit limit_before;

/* No descriptor can be opened from now on. */
static void forbid_descriptors(void)
{
    struct rlimit limit;
    int lowest = dup(STDERR_FILENO);

    close(lowest);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit_before), 0);
    limit = limit_before;
    limit.rlim_cur = (rlim_t)lowest;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void allow_descriptors(void)
{
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit_before), 0);
}

START_TEST(want_of_descriptors_is_one_operations_failure)
{
    struct server *origin;
    struct job first, second;

    if (!has_own_process())
        return;
    origin = server_start(laters, NULL);
    make_client(_i);
    start(&first, server_port(origin), "/");
    while (server_accepted(origin) == 0)
        interim_client_run(client, 10);
    forbid_descriptors();
    start(&second, server_port(origin), "/");
    expect(&second, INTERIM_FAILED, INTERIM_ESYSTEM, EMFILE);
    allow_descriptors();
    ck_assert_ptr_nonnull(strstr(interim_result_error(second.result)->text,
                                 ": Too many open files in this process (RLIMIT_NOFILE)"));
    ck_assert_ptr_null(first.result);
    server_go(origin);
    expect(&first, INTERIM_DONE, 0, 0);
    release(&first);
    release(&second);
    interim_client_free(client);
    server_stop(origin);
}
END_TEST

/* A server accepts in this process: it needs a descriptor, too. */
START_TEST(an_idle_connection_makes_room)
{
    struct server *origin, *other;
    struct job idle, busy, next;

    if (!has_own_process())
        return;
    origin = server_start(laters, NULL);
    other = server_start(laters, NULL);
    make_client(_i);
    start(&idle, server_port(origin), "/");
    server_go(origin);
    expect(&idle, INTERIM_DONE, 0, 0);
    start(&busy, server_port(other), "/");
    while (server_accepted(other) == 0)
        interim_client_run(client, 10);
    forbid_descriptors();
    start(&next, server_port(other), "/");
    for (int i = 0; i < 20; i++)
        interim_client_run(client, 5);
    allow_descriptors();
    server_go(other);
    server_go(other);
    expect(&busy, INTERIM_DONE, 0, 0);
    expect(&next, INTERIM_DONE, 0, 0);
    release(&idle);
    release(&busy);
    release(&next);
    interim_client_free(client);
    server_stop(origin);
    server_stop(other);
}
END_TEST

/* ---- Local ports ---- */

/* A network of this process alone, with two ports for connections. False: not on this system, or
 * not as this user. */
static int two_ports_only(void)
{
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd, done = 0;
    FILE *range;

    if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return 0;
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    ck_assert_int_ge(fd, 0);
    if (ioctl(fd, SIOCSIFFLAGS, &loopback) == 0)
        done = 1;
    close(fd);
    range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "w");
    if (range == NULL)
        return 0;
    if (fprintf(range, "40000 40001\n") < 0)
        done = 0;
    return fclose(range) == 0 && done;
}

START_TEST(want_of_ports_is_one_operations_failure)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct job held[2], last;
    int listener;

    if (!has_own_process())
        return;
    if (!two_ports_only()) {
        fprintf(stderr, "want_of_ports: no network namespace here, not tried\n");
        return;
    }
    listener = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_port = htons(50000);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)(void *)&at, sizeof at), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    make_client(_i);
    for (int i = 0; i < 2; i++)
        start(&held[i], 50000, "/");
    interim_client_run(client, 0);
    start(&last, 50000, "/");
    expect(&last, INTERIM_FAILED, INTERIM_ESYSTEM, EADDRNOTAVAIL);
    ck_assert_ptr_nonnull(strstr(interim_result_error(last.result)->text, "no local port is free"));
    for (int i = 0; i < 2; i++) {
        static const char answer[] = "HTTP/1.1 204 No Content\r\n\r\n";
        int fd = accept(listener, NULL, NULL);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL), sizeof answer - 1);
    }
    for (int i = 0; i < 2; i++) {
        expect(&held[i], INTERIM_DONE, 0, 0);
        release(&held[i]);
    }
    release(&last);
    interim_client_free(client);
    close(listener);
}
END_TEST

/* ---- A crowd ---- */

#define CROWD 1000

/* Accepts a crowd: who asks for /silent gets no answer, who asks for /interims or /bytes is flooded
 * by a thread of its own until the client has gone, and the others are answered when all are here.
 */
struct crowd {
    int listener, fds[CROWD + 2];
    unsigned port, size;
    const char *flood; /* what is sent over and over */
    int flooded;       /* descriptor */
    pthread_t acceptor, flooder;
};

static void *pour(void *user)
{
    struct crowd *crowd = user;
    static char block[BLOCK];
    size_t unit = strlen(crowd->flood), size = 0;

    if (strncmp(crowd->flood, "HTTP", 4) != 0) {
        static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";

        send(crowd->flooded, head, sizeof head - 1, MSG_NOSIGNAL);
    }
    for (; size + unit <= sizeof block; size += unit)
        memcpy(block + size, crowd->flood, unit);
    while (send(crowd->flooded, block, size, MSG_NOSIGNAL) == (ssize_t)size)
        poured++;
    return NULL;
}

/* Which of the crowd it is: the letter after the slash. */
static char greet(int fd)
{
    char head[1024];
    ssize_t got = recv(fd, head, sizeof head - 1, 0);

    return got > 5 ? head[5] : '?';
}

static void *admit(void *user)
{
    static const char answer[] = "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
    struct crowd *crowd = user;
    int plain[CROWD + 2];
    unsigned plain_count = 0;

    for (unsigned i = 0; i < crowd->size; i++) {
        int fd = crowd->fds[i] = accept(crowd->listener, NULL, NULL);
        char letter = greet(fd);

        if (letter == 'i' || letter == 'b') {
            crowd->flooded = fd;
            pthread_create(&crowd->flooder, NULL, pour, crowd);
        } else if (letter != 's') {
            plain[plain_count++] = fd;
        }
    }
    while (poured < 100) /* the flood is on */
        usleep(1000);
    for (unsigned i = 0; i < plain_count; i++)
        send(plain[i], answer, sizeof answer - 1, MSG_NOSIGNAL);
    return NULL;
}

static struct crowd *crowd_start(unsigned size, const char *flood)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    struct crowd *crowd = calloc(1, sizeof *crowd);

    ck_assert_ptr_nonnull(crowd);
    crowd->size = size;
    crowd->flood = flood;
    poured = 0;
    crowd->listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(crowd->listener, (struct sockaddr *)(void *)&at, sizeof at), 0);
    ck_assert_int_eq(listen(crowd->listener, 4096), 0);
    ck_assert_int_eq(getsockname(crowd->listener, (struct sockaddr *)(void *)&at, &length), 0);
    crowd->port = ntohs(at.sin_port);
    ck_assert_int_eq(pthread_create(&crowd->acceptor, NULL, admit, crowd), 0);
    return crowd;
}

/* After the client is gone. */
static void crowd_stop(struct crowd *crowd)
{
    pthread_join(crowd->acceptor, NULL);
    pthread_join(crowd->flooder, NULL);
    for (unsigned i = 0; i < crowd->size; i++)
        close(crowd->fds[i]);
    close(crowd->listener);
    free(crowd);
}

/* How many can be here, two descriptors each. */
static unsigned crowd_size(void)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur / 2 - 50 < CROWD ? (unsigned)(limit.rlim_cur / 2 - 50) : CROWD;
}

static void many_go_on(int engine, const char *path, const char *flood)
{
    unsigned size = crowd_size();
    struct crowd *crowd = crowd_start(size + 2, flood);
    struct job flooded, silent, *others = calloc(size, sizeof *others);

    ck_assert_ptr_nonnull(others);
    make_client(engine);
    start(&flooded, crowd->port, path);
    start(&silent, crowd->port, "/silent");
    for (unsigned i = 0; i < size; i++)
        start(&others[i], crowd->port, "/");
    for (unsigned i = 0; i < size; i++) {
        expect(&others[i], INTERIM_DONE, 0, 0);
        ck_assert_uint_eq(others[i].interims, 1);
        release(&others[i]);
    }
    expect(&silent, INTERIM_FAILED, INTERIM_ESILENCE, 0);
    ck_assert_ptr_null(flooded.result);
    ck_assert(flooded.interims + flooded.bytes > 100000);
    release(&silent);
    interim_client_free(client);
    ck_assert_int_eq(interim_result_outcome(flooded.result), INTERIM_CANCELLED);
    release(&flooded);
    crowd_stop(crowd);
    free(others);
}

START_TEST(a_flood_of_interims_starves_nobody)
{
    many_go_on(_i, "/interims", "HTTP/1.1 102 Processing\r\n\r\n");
}
END_TEST

START_TEST(a_flood_of_bytes_starves_nobody)
{
    many_go_on(_i, "/bytes", "0123456789abcdef");
}
END_TEST

Suite *scarcity_suite(void)
{
    const TTest *const tests[] = {
        want_of_descriptors_is_one_operations_failure,
        an_idle_connection_makes_room,
        want_of_ports_is_one_operations_failure,
        a_flood_of_interims_starves_nobody,
        a_flood_of_bytes_starves_nobody,
    };
    Suite *suite = suite_create("scarcity");
    TCase *everything = tcase_create("both engines");

    tcase_set_timeout(everything, 120);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_loop_test(everything, tests[i], 0, 2);
    suite_add_tcase(suite, everything);
    return suite;
}
