/* scarcity.c - tests of the whole, through the public API, with both engines: want of descriptors,
 * of local ports, of the system's memory and of its patience with us. Whatever becomes of one
 * operation, the others go on, and the failure is its own. */
#include "suites.h"
#include "support/calls.h"
#include "support/server.h"

#include <errno.h>
#include <interim.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
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
};

static void make_client(int engine)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;

    options.engine = engines[engine];
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
}

static void note(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation;
    ((struct job *)user)->result = result;
}

static void start_at(struct job *job, const char *method, const char *host, unsigned port)
{
    char url[64];

    snprintf(url, sizeof url, "http://%s:%u/", host, port);
    *job = (struct job){0};
    ck_assert_int_eq(interim_request_new(&job->request, method, url), 0);
    ck_assert_int_eq(interim_start(NULL, client, job->request, note, job), 0);
}

static void start(struct job *job, const char *method, unsigned port)
{
    start_at(job, method, "127.0.0.1", port);
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
    start(&first, "GET", server_port(origin));
    while (server_accepted(origin) == 0)
        interim_client_run(client, 10);
    forbid_descriptors();
    start(&second, "GET", server_port(origin));
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

/* What could not be looked up for want of descriptors is no unknown name, nor remembered as one.
 * That nobody listens there tells that it was looked up. */
START_TEST(want_of_descriptors_is_no_unknown_name)
{
    struct job before, without, after;

    if (!has_own_process())
        return;
    make_client(_i);
    start_at(&before, "GET", "localhost", 1);
    expect(&before, INTERIM_UNREACHABLE, INTERIM_ECONNECT, ECONNREFUSED);
    interim_client_forget_names(client);
    forbid_descriptors();
    start_at(&without, "GET", "localhost", 1);
    expect(&without, INTERIM_FAILED, INTERIM_ESYSTEM, EMFILE);
    allow_descriptors();
    ck_assert_str_eq(interim_result_error(without.result)->text,
                     "resolve localhost: Too many open files in this process (RLIMIT_NOFILE)");
    ck_assert_int_eq(interim_result_error(without.result)->stage, INTERIM_STAGE_RESOLVE);
    start_at(&after, "GET", "localhost", 1);
    expect(&after, INTERIM_UNREACHABLE, INTERIM_ECONNECT, ECONNREFUSED);
    release(&before);
    release(&without);
    release(&after);
    interim_client_free(client);
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
    start(&idle, "GET", server_port(origin));
    server_go(origin);
    expect(&idle, INTERIM_DONE, 0, 0);
    start(&busy, "GET", server_port(other));
    while (server_accepted(other) == 0)
        interim_client_run(client, 10);
    forbid_descriptors();
    start(&next, "GET", server_port(other));
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
        start(&held[i], "GET", 50000);
    interim_client_run(client, 0);
    start(&last, "GET", 50000);
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

/* ---- What the system refuses ---- */

/* Until the request has arrived. */
static void let_ask(struct server *server)
{
    char byte[2];

    while (server_received(server, 0, byte, sizeof byte) == 0)
        interim_client_run(client, 10);
}

#define ENOUGH "Cannot allocate memory (the system's, for sockets)"

static const struct refusal {
    calls_name name;
    int error;
    interim_outcome outcome, of_copy;
    int code;
    interim_stage stage;
    const char *text;
    bool epoll_only;
} refusals[] = {
    {CALLS_SOCKET, ENFILE, INTERIM_FAILED, INTERIM_FAILED, INTERIM_ESYSTEM, INTERIM_STAGE_CONNECT,
     ": Too many open files in system (fs.file-max)", false},
    {CALLS_SOCKET, ENOBUFS, INTERIM_FAILED, INTERIM_FAILED, INTERIM_ESYSTEM, INTERIM_STAGE_CONNECT,
     ": No buffer space available (the system's, for sockets)", false},
    {CALLS_SOCKET, ENOMEM, INTERIM_FAILED, INTERIM_FAILED, INTERIM_ENOMEM, INTERIM_STAGE_CONNECT,
     ENOUGH, false},
    {CALLS_CONNECT, ENOMEM, INTERIM_FAILED, INTERIM_FAILED, INTERIM_ENOMEM, INTERIM_STAGE_CONNECT,
     ENOUGH, false},
    {CALLS_CONNECT, ENOBUFS, INTERIM_FAILED, INTERIM_FAILED, INTERIM_ESYSTEM, INTERIM_STAGE_CONNECT,
     ": No buffer space available (the system's, for sockets)", false},
    {CALLS_EPOLL_CTL, ENOSPC, INTERIM_FAILED, INTERIM_FAILED, INTERIM_ESYSTEM,
     INTERIM_STAGE_CONNECT, ": No space left on device (of watches: fs.epoll.max_user_watches)",
     true},
    {CALLS_EPOLL_CTL, ENOMEM, INTERIM_FAILED, INTERIM_FAILED, INTERIM_ENOMEM, INTERIM_STAGE_CONNECT,
     ENOUGH, true},
    {CALLS_SEND, ENOBUFS, INTERIM_FAILED, INTERIM_FAILED, INTERIM_ESYSTEM, INTERIM_STAGE_SEND,
     "No buffer space available (the system's, for sockets)", false},
    {CALLS_SEND, ENOMEM, INTERIM_FAILED, INTERIM_FAILED, INTERIM_ENOMEM, INTERIM_STAGE_SEND, ENOUGH,
     false},
    {CALLS_RECV, ENOMEM, INTERIM_FAILED, INTERIM_UNKNOWN, INTERIM_ENOMEM, INTERIM_STAGE_HEAD,
     ENOUGH, false},
    {CALLS_RECV, ENOBUFS, INTERIM_FAILED, INTERIM_UNKNOWN, INTERIM_ESYSTEM, INTERIM_STAGE_HEAD,
     "No buffer space available (the system's, for sockets)", false},
};

#define REFUSALS ((int)(sizeof refusals / sizeof *refusals))

static void check_refusal(const struct refusal *refusal, const char *method, unsigned port)
{
    struct job job;
    const interim_error *error;

    start(&job, method, port);
    calls_refuse(refusal->name, 1, 0, refusal->error);
    expect(&job, method[0] == 'C' ? refusal->of_copy : refusal->outcome, refusal->code,
           refusal->error);
    ck_assert_uint_ge(calls_allow(), 1);
    error = interim_result_error(job.result);
    ck_assert_int_eq(error->stage, refusal->stage);
    ck_assert_msg(strstr(error->text, refusal->text) != NULL, "%s", error->text);
    ck_assert_ptr_nonnull(strstr(error->text, "127.0.0.1"));
    release(&job);
}

/* One operation waits for its answer; whatever happens to others, it gets it. */
START_TEST(what_the_system_refuses_is_one_operations_failure)
{
    static const server_step at_once[] = {{SERVER_HEAD, 0, NULL},
                                          {SERVER_SEND, 0, "HTTP/1.1 204 No Content\r\n\r\n"},
                                          {SERVER_REPEAT, 0, NULL}};
    static const server_step *const scripts[] = {at_once, NULL};
    const struct refusal *refusal = &refusals[_i / 2];
    struct server *origin, *other;
    struct job waits, next;

    if (_i % 2 == 1 && refusal->epoll_only)
        return;
    origin = server_start(laters, NULL);
    other = server_start(scripts, NULL);
    make_client(_i % 2);
    start(&waits, "GET", server_port(origin));
    let_ask(origin);
    check_refusal(refusal, "GET", server_port(other));
    check_refusal(refusal, "COPY", server_port(other));
    ck_assert_ptr_null(waits.result);
    server_go(origin);
    expect(&waits, INTERIM_DONE, 0, 0);
    start(&next, "GET", server_port(other));
    expect(&next, INTERIM_DONE, 0, 0);
    release(&waits);
    release(&next);
    interim_client_free(client);
    server_stop(origin);
    server_stop(other);
}
END_TEST

/* The same with one refusal only, and an idle connection that is closed for it. */
START_TEST(an_idle_connection_makes_up_for_a_refusal)
{
    const struct refusal *refusal = &refusals[_i / 2];
    struct server *origin, *other;
    struct job idle, next;

    if ((_i % 2 == 1 && refusal->epoll_only) || refusal->stage != INTERIM_STAGE_CONNECT)
        return;
    origin = server_start(laters, NULL);
    other = server_start(laters, NULL);
    make_client(_i % 2);
    start(&idle, "GET", server_port(origin));
    server_go(origin);
    expect(&idle, INTERIM_DONE, 0, 0);
    start(&next, "COPY", server_port(other));
    server_go(other);
    calls_refuse(refusal->name, 1, 1, refusal->error);
    expect(&next, INTERIM_DONE, 0, 0);
    ck_assert_uint_eq(calls_allow(), 1);
    server_wait_end(origin, 0);
    release(&idle);
    release(&next);
    interim_client_free(client);
    server_stop(origin);
    server_stop(other);
}
END_TEST

/* What looking up a name takes is refused, too: the operation that wanted it says so. */
START_TEST(want_of_what_a_resolver_takes_is_one_operations_failure)
{
    struct server *origin = server_start(laters, NULL);
    struct job waits, named;

    make_client(_i);
    start(&waits, "GET", server_port(origin));
    let_ask(origin);
    start_at(&named, "COPY", "localhost", 1);
    calls_refuse(CALLS_OPEN, 1, 0, EMFILE);
    expect(&named, INTERIM_FAILED, INTERIM_ESYSTEM, EMFILE);
    ck_assert_uint_eq(calls_allow(), 1);
    ck_assert_str_eq(interim_result_error(named.result)->text,
                     "localhost: Too many open files in this process (RLIMIT_NOFILE)");
    ck_assert_int_eq(interim_result_error(named.result)->stage, INTERIM_STAGE_RESOLVE);
    server_go(origin);
    expect(&waits, INTERIM_DONE, 0, 0);
    release(&waits);
    release(&named);
    interim_client_free(client);
    server_stop(origin);
}
END_TEST

/* Each descriptor that a client takes when it is made. */
START_TEST(a_client_that_cannot_be_made_says_why)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    interim_error error = {.size = sizeof error};
    unsigned long failed, nth = 0;

    options.engine = engines[_i];
    options.error = &error;
    do {
        int made;

        calls_refuse(CALLS_OPEN, ++nth, 1, ENFILE);
        errno = 0;
        made = interim_client_new(&client, &options);
        failed = calls_allow();
        ck_assert_int_eq(made, failed == 0 ? 0 : INTERIM_ESYSTEM);
        if (failed == 0)
            break;
        ck_assert_int_eq(errno, ENFILE);
        ck_assert_int_eq(error.os_error, ENFILE);
        ck_assert_str_eq(error.text,
                         "make the client: Too many open files in system (fs.file-max)");
    } while (failed > 0);
    ck_assert_uint_eq(nth, _i == 0 ? 3 : 2); /* epoll, bell; bell */
    if (_i == 0) {
        calls_refuse(CALLS_OPEN, 1, 1, ENFILE);
        ck_assert_int_eq(interim_client_fd(client), INTERIM_ESYSTEM); /* its timer */
        ck_assert_int_eq(errno, ENFILE);
        ck_assert_uint_eq(calls_allow(), 1);
        ck_assert_int_ge(interim_client_fd(client), 0);
    }
    interim_client_free(client);
}
END_TEST

Suite *scarcity_suite(void)
{
    const TTest *const tests[] = {
        want_of_descriptors_is_one_operations_failure,
        want_of_descriptors_is_no_unknown_name,
        an_idle_connection_makes_room,
        want_of_ports_is_one_operations_failure,
        want_of_what_a_resolver_takes_is_one_operations_failure,
        a_client_that_cannot_be_made_says_why,
    };
    Suite *suite = suite_create("scarcity");
    TCase *everything = tcase_create("both engines");

    tcase_set_timeout(everything, 120);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_loop_test(everything, tests[i], 0, 2);
    tcase_add_loop_test(everything, what_the_system_refuses_is_one_operations_failure, 0,
                        2 * REFUSALS);
    tcase_add_loop_test(everything, an_idle_connection_makes_up_for_a_refusal, 0, 2 * REFUSALS);
    suite_add_tcase(suite, everything);
    return suite;
}
