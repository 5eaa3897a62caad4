/* connection_cases.h - a transport of either engine that calls a scripted server. For connection.c,
 * connection_stream.c and race.c. */
#ifndef TESTS_UNIT_CONNECTION_CASES_H
#define TESTS_UNIT_CONNECTION_CASES_H

#include "transport/connection.h"

#include "suites.h"
#include "support/dialer.h"
#include "support/failing_alloc.h"
#include "support/names.h"
#include "support/server.h"

#include <dirent.h>
#include <unistd.h>

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

static struct dialer dialer;
static struct server *origin;
static size_t descriptors; /* before the test */

static inline size_t count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static inline void begin(int engine, const server_step *script)
{
    static const server_step *scripts[2];

    descriptors = count_descriptors();
    scripts[0] = script;
    dialer_init(&dialer, engines[engine], NULL);
    origin = script == NULL ? NULL : server_start(scripts, NULL);
}

static inline void end(void)
{
    dialer_dispose(&dialer);
    server_stop(origin);
    names_release();
    names_wait_idle();
    names_reset();
    /* A thread that looked a name up lets go of the desk a moment after it said so. */
    for (int i = 0; i < 10000 && count_descriptors() > descriptors; i++)
        usleep(1000);
    ck_assert_uint_le(count_descriptors(), descriptors); /* a test may have closed its own */
}

static inline void dial(struct call *call)
{
    dialer_dial(&dialer, call, false, "127.0.0.1", server_port(origin));
}

static inline void dial_open(struct call *call)
{
    dial(call);
    ck_assert_int_eq(dialer_wait_opened(&dialer, call), 0);
}

static inline void note_opened(void *user, const interim_error *error)
{
    *(int *)user = error == NULL ? 1 : error->code;
}

/* Check allocates too: nothing is asserted between arming and disarming. */
static inline int open_once(const char *host, uint16_t port)
{
    int opened = 0, status;
    interim__connection *connection;
    const interim__connection_owner owner = {note_opened, NULL, &opened};

    status = interim__connection_open(
        &connection, &dialer.transport,
        &(interim__endpoint){.identify = true, .host = host, .port = port}, &owner);
    if (status < 0)
        return opened == 0 && connection == NULL ? status : 1000;
    if (status == 1)
        note_opened(&opened, dialer_failure(connection));
    while (opened == 0)
        interim__loop_turn(dialer.transport.loop, 1000);
    interim__connection_free(connection);
    return opened;
}

/* Loops each test over both engines. */
static inline TCase *both_engines(const TTest *const *tests, size_t count)
{
    TCase *both = tcase_create("both engines");

    tcase_set_timeout(both, 30);
    for (size_t i = 0; i < count; i++)
        tcase_add_loop_test(both, tests[i], 0, 2);
    return both;
}

#endif
