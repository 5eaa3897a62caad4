/* refusals.c - tests of the whole, through the public API, with both engines: what the system
 * refuses (support/calls.h), and memory that is not there. Whatever becomes of one operation, the
 * others go on, and the failure is its own. */
#include "scarcity_cases.h"
#include "support/calls.h"
#include "support/failing_alloc.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

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

/* An operation that has left its connection to the next one. */
static void leave_idle(struct job *idle, struct server *origin)
{
    start(idle, "GET", server_port(origin));
    server_go(origin);
    expect(idle, INTERIM_DONE, 0, 0);
}

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
    leave_idle(&idle, origin);
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

/* The port of a connection that is closed is not free at once: the idle one stays. */
START_TEST(want_of_ports_closes_no_idle_connection)
{
    struct server *origin = server_start(laters, NULL), *other = server_start(laters, NULL);
    struct job idle, next, again;

    make_client(_i);
    leave_idle(&idle, origin);
    start(&next, "GET", server_port(other));
    calls_refuse(CALLS_CONNECT, 1, 0, EADDRNOTAVAIL);
    expect(&next, INTERIM_FAILED, INTERIM_ESYSTEM, EADDRNOTAVAIL);
    ck_assert_uint_eq(calls_allow(), 1);
    start(&again, "GET", server_port(origin));
    server_go(origin);
    expect(&again, INTERIM_DONE, 0, 0);
    ck_assert_uint_eq(server_accepted(origin), 1);
    release(&idle);
    release(&next);
    release(&again);
    interim_client_free(client);
    server_stop(origin);
    server_stop(other);
}
END_TEST

/* Nobody answers what could not be sent; but what was said before that counts. */
START_TEST(an_answer_counts_though_the_body_cannot_be_sent)
{
    static const server_step early[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_WAIT, 0, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"},
        {SERVER_CLOSE, 0, NULL}};
    static const server_step *const earlies[] = {early, NULL};
    static char body[100000];
    struct server *origin = server_start(earlies, NULL);
    struct job put;

    make_client(_i);
    make(&put, "PUT", "127.0.0.1", server_port(origin));
    ck_assert_int_eq(interim_request_set_body(put.request, body, sizeof body), 0);
    interim_request_set_expect(put.request, INTERIM_EXPECT_NEVER);
    ck_assert_int_eq(interim_start(NULL, client, put.request, note, &put), 0);
    calls_refuse(CALLS_SEND, 2, 0, EPIPE);
    let_ask(origin);
    for (int i = 0; i < 10; i++)
        interim_client_run(client, 1);
    ck_assert_uint_ge(calls_allow(), 1);
    server_go(origin);
    expect(&put, INTERIM_FAILED, 0, 0);
    ck_assert_int_eq(interim_result_status(put.result), 413);
    release(&put);
    interim_client_free(client);
    server_stop(origin);
}
END_TEST

/* ---- Names ---- */

static const struct {
    calls_name name;
    int error, code, os_error;
    const char *text;
    bool epoll_only;
} lookups[] = {
    {CALLS_OPEN, EMFILE, INTERIM_ESYSTEM, EMFILE,
     "localhost: Too many open files in this process (RLIMIT_NOFILE)", false},
    {CALLS_THREAD, EAGAIN, INTERIM_ESYSTEM, EAGAIN,
     "localhost: Resource temporarily unavailable (a thread: RLIMIT_NPROC)", false},
    {CALLS_EPOLL_CTL, ENOSPC, INTERIM_ESYSTEM, ENOSPC,
     "localhost: No space left on device (of watches: fs.epoll.max_user_watches)", true},
    {CALLS_EPOLL_CTL, ENOMEM, INTERIM_ENOMEM, 0, "localhost", true},
};

#define LOOKUPS ((int)(sizeof lookups / sizeof *lookups))

/* What looking up a name takes is refused, too: the operation that wanted it says so. */
START_TEST(want_of_what_a_resolver_takes_is_one_operations_failure)
{
    int at = _i / 2;
    struct server *origin;
    struct job waits, named, again;

    if (_i % 2 == 1 && lookups[at].epoll_only)
        return;
    origin = server_start(laters, NULL);
    make_client(_i % 2);
    start(&waits, "GET", server_port(origin));
    let_ask(origin);
    start_at(&named, "COPY", "localhost", 1);
    calls_refuse(lookups[at].name, 1, 0, lookups[at].error);
    expect(&named, INTERIM_FAILED, lookups[at].code, lookups[at].os_error);
    ck_assert_uint_eq(calls_allow(), 1);
    ck_assert_str_eq(interim_result_error(named.result)->text, lookups[at].text);
    ck_assert_int_eq(interim_result_error(named.result)->stage, INTERIM_STAGE_RESOLVE);
    start_at(&again, "GET", "localhost", 1); /* the name is looked up */
    expect(&again, INTERIM_UNREACHABLE, INTERIM_ECONNECT, ECONNREFUSED);
    server_go(origin);
    expect(&waits, INTERIM_DONE, 0, 0);
    release(&waits);
    release(&named);
    release(&again);
    interim_client_free(client);
    server_stop(origin);
}
END_TEST

/* With one refusal only, an idle connection is closed for it. */
START_TEST(an_idle_connection_makes_up_for_what_a_resolver_takes)
{
    struct server *origin = server_start(laters, NULL);
    struct job idle, named;

    make_client(_i);
    leave_idle(&idle, origin);
    start_at(&named, "GET", "localhost", 1);
    calls_refuse(CALLS_OPEN, 1, 1, EMFILE);
    expect(&named, INTERIM_UNREACHABLE, INTERIM_ECONNECT, ECONNREFUSED);
    ck_assert_uint_eq(calls_allow(), 1);
    server_wait_end(origin, 0);
    release(&idle);
    release(&named);
    interim_client_free(client);
    server_stop(origin);
}
END_TEST

/* ---- The blocking facade ---- */

/* A connection is given to the engine when its answer takes longer: it can be done without. */
START_TEST(who_waits_alone_needs_no_engine)
{
    static const server_step slow[] = {{SERVER_HEAD, 0, NULL},
                                       {SERVER_SLEEP, 120, NULL},
                                       {SERVER_SEND, 0, "HTTP/1.1 204 No Content\r\n\r\n"},
                                       {SERVER_REPEAT, 0, NULL}};
    static const server_step *const slows[] = {slow, NULL};
    struct server *origin = server_start(slows, NULL);
    struct job copy;

    make_client(_i);
    make(&copy, "COPY", "127.0.0.1", server_port(origin));
    calls_refuse(CALLS_EPOLL_CTL, 1, 0, ENOSPC);
    ck_assert_int_eq(interim_perform(&copy.result, client, copy.request), 0);
    ck_assert_int_eq(calls_allow() > 0, _i == 0);
    expect(&copy, INTERIM_DONE, 0, 0);
    release(&copy);
    interim_client_free(client);
    server_stop(origin);
}
END_TEST

/* ---- Memory ---- */

#define CONNECTING 15 /* with a timer each: of the first 16 one is left */

/* Has one operation at a server that says nothing, the nth allocation failing. Whether there was
 * such. */
static bool meet_silence(int engine, unsigned nth, unsigned hole, unsigned port, bool *starved)
{
    struct job connecting[CONNECTING], silent;
    interim_patience patience = INTERIM_PATIENCE_INIT;
    const interim_error *error;
    bool failed;

    make_client(engine);
    for (int i = 0; i < CONNECTING; i++)
        start(&connecting[i], "GET", hole);
    interim_client_run(client, 0);
    make(&silent, "COPY", "127.0.0.1", port);
    patience.silence_ms = 20;
    interim_request_set_patience(silent.request, &patience);
    failing_alloc_arm(nth);
    if (interim_start(NULL, client, silent.request, note, &silent) == 0)
        for (int i = 0; i < 500 && silent.result == NULL; i++)
            interim_client_run(client, 10);
    failed = failing_alloc_disarm();
    if (silent.result != NULL) {
        error = interim_result_error(silent.result);
        ck_assert_int_eq(error->code, failed && error->code != INTERIM_ESILENCE ? INTERIM_ENOMEM
                                                                                : INTERIM_ESILENCE);
        *starved = *starved || strcmp(error->text, "there is none for a timer") == 0;
    }
    interim_client_free(client);
    for (int i = 0; i < CONNECTING; i++)
        release(&connecting[i]);
    release(&silent);
    return failed;
}

/* Without a timer an operation would wait for ever: it ends. */
START_TEST(want_of_a_timer_is_one_operations_failure)
{
    struct server *origin = server_start(laters, NULL);
    struct blackhole *hole;
    uint16_t port = 0;
    bool starved = false;

    hole = blackhole_start("127.0.0.1", &port);
    for (unsigned n = 1; meet_silence(_i, n, port, server_port(origin), &starved); n++)
        ck_assert_uint_lt(n, 50);
    ck_assert(starved);
    blackhole_stop(hole);
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

Suite *refusals_suite(void)
{
    const TTest *const tests[] = {
        want_of_ports_closes_no_idle_connection,
        an_answer_counts_though_the_body_cannot_be_sent,
        an_idle_connection_makes_up_for_what_a_resolver_takes,
        who_waits_alone_needs_no_engine,
        want_of_a_timer_is_one_operations_failure,
        a_client_that_cannot_be_made_says_why,
    };
    Suite *suite = suite_create("refusals");
    TCase *everything = tcase_create("both engines");

    tcase_set_timeout(everything, 120);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_loop_test(everything, tests[i], 0, 2);
    tcase_add_loop_test(everything, what_the_system_refuses_is_one_operations_failure, 0,
                        2 * REFUSALS);
    tcase_add_loop_test(everything, an_idle_connection_makes_up_for_a_refusal, 0, 2 * REFUSALS);
    tcase_add_loop_test(everything, want_of_what_a_resolver_takes_is_one_operations_failure, 0,
                        2 * LOOKUPS);
    suite_add_tcase(suite, everything);
    return suite;
}
