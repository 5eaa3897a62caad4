/* scarcity.c - tests of the whole, through the public API, with both engines: want of descriptors
 * and of local ports, as the system has it. Whatever becomes of one operation, the others go on,
 * and the failure is its own. What cannot be brought about is in refusals.c. */
#include "scarcity_cases.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

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

Suite *scarcity_suite(void)
{
    const TTest *const tests[] = {
        want_of_descriptors_is_one_operations_failure,
        want_of_descriptors_is_no_unknown_name,
        an_idle_connection_makes_room,
        want_of_ports_is_one_operations_failure,
    };
    Suite *suite = suite_create("scarcity");
    TCase *everything = tcase_create("both engines");

    tcase_set_timeout(everything, 120);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_loop_test(everything, tests[i], 0, 2);
    suite_add_tcase(suite, everything);
    return suite;
}
