/* scarcity_cases.h - a client of either engine whose operations are started and looked at one by
 * one. For scarcity.c and refusals.c. */
#ifndef TESTS_UNIT_SCARCITY_CASES_H
#define TESTS_UNIT_SCARCITY_CASES_H

#include "suites.h"
#include "support/server.h"

#include <interim.h>
#include <stdio.h>

static const interim_engine engines[] = {INTERIM_ENGINE_EPOLL, INTERIM_ENGINE_POLL};

static interim_client *client;

/* One operation, and what became of it. */
struct job {
    interim_request *request;
    interim_result *result; /* NULL: it is under way */
};

static inline void make_client(int engine)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;

    options.engine = engines[engine];
    ck_assert_int_eq(interim_client_new(&client, &options), 0);
}

static inline void note(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation;
    ((struct job *)user)->result = result;
}

static inline void make(struct job *job, const char *method, const char *host, unsigned port)
{
    char url[64];

    snprintf(url, sizeof url, "http://%s:%u/", host, port);
    *job = (struct job){0};
    ck_assert_int_eq(interim_request_new(&job->request, method, url), 0);
}

static inline void start_at(struct job *job, const char *method, const char *host, unsigned port)
{
    make(job, method, host, port);
    ck_assert_int_eq(interim_start(NULL, client, job->request, note, job), 0);
}

static inline void start(struct job *job, const char *method, unsigned port)
{
    start_at(job, method, "127.0.0.1", port);
}

static inline void finish(struct job *job)
{
    while (job->result == NULL)
        ck_assert_int_ge(interim_client_run(client, 1000), 0);
}

static inline void expect(struct job *job, interim_outcome outcome, int code, int os_error)
{
    const interim_error *error;

    finish(job);
    error = interim_result_error(job->result);
    ck_assert_msg(interim_result_outcome(job->result) == outcome && error->code == code &&
                      error->os_error == os_error,
                  "%s, %s %d: %s", interim_outcome_name(interim_result_outcome(job->result)),
                  interim_error_name(error->code), error->os_error, error->text);
}

static inline void release(struct job *job)
{
    interim_result_free(job->result);
    interim_request_free(job->request);
}

static const server_step later[] = {{SERVER_HEAD, 0, NULL},
                                    {SERVER_WAIT, 0, NULL},
                                    {SERVER_SEND, 0, "HTTP/1.1 204 No Content\r\n\r\n"},
                                    {SERVER_REPEAT, 0, NULL}};
static const server_step *const laters[] = {later, NULL};

/* Until the request has arrived. */
static inline void let_ask(struct server *server)
{
    char byte[2];

    while (server_received(server, 0, byte, sizeof byte) == 0)
        interim_client_run(client, 10);
}

#endif
