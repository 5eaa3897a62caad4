/* accepted_cases.h - a job that is followed, for the tests of accepted.h: its monitor answers one
 * way after another. */
#ifndef TESTS_UNIT_ACCEPTED_CASES_H
#define TESTS_UNIT_ACCEPTED_CASES_H

#include "operation/accepted.h"

#include "operation/patience.h"
#include "suites.h"
#include "support/fake.h"

#define SECOND INT64_C(1000000000)
#define START (500 * SECOND)
#define RUNNING "A: b\n\n{\"status\":\"running\",\"jobId\":1}"

static interim_request *request;
static interim__accepted *job;
static interim_error error;
static uint64_t seed;
static int64_t now;
static const char *refusal;

static inline void setup(void)
{
    request = fake_request("COPY", "http://dav.example/a/", NULL);
    now = START;
    seed = 9;
    refusal = NULL;
}

static inline void teardown(void)
{
    interim__accepted_free(job);
    interim__request_release(request);
    job = NULL;
}

/* Begins to follow a 202 with these fields; the code of the failure. */
static inline int begin(const char *text)
{
    interim__answer answer;
    int failed;

    fake_answer(&answer, request, 202, text);
    job = interim__accepted_new(&answer, &seed, now, FAKE_WALL_NS, &refusal, &failed);
    ck_assert((job == NULL) == (failed < 0 || refusal != NULL));
    fake_answer_free(&answer);
    return failed;
}

static inline char letter(interim__poll_outcome outcome)
{
    ck_assert((error.code != 0) == (outcome == INTERIM__POLL_STOP));
    ck_assert((error.text[0] != '\0') == (outcome == INTERIM__POLL_STOP));
    if (outcome == INTERIM__POLL_AGAIN) {
        ck_assert_int_ge(job->poll_at, now + (request->polling.min_ms != INTERIM_AT_ONCE));
        ck_assert_str_ne(job->note, "");
    }
    return "AMDEVFCNS"[outcome];
}

/* A answer to a request of current. A again, M moved, D done, E elsewhere, F failed, N no monitor,
 * S stop, V verify, C cancelled. */
static inline char answered(int status, const char *text)
{
    interim__poll_outcome outcome;
    interim__answer answer;

    interim__error_init(&error);
    fake_answer(&answer, request, status, text);
    answer.uri = job->current;
    outcome = interim__accepted_answered(job, &answer, INTERIM_POLL_VERDICT_DEFAULT, now,
                                         FAKE_WALL_NS, &error);
    fake_answer_free(&answer);
    return letter(outcome);
}

/* The same, of a poll. */
static inline char poll(int status, const char *text)
{
    interim__accepted_ask(job);
    return answered(status, text);
}

static inline char unanswered(void)
{
    interim__error_init(&error);
    return letter(interim__accepted_unanswered(job, now, &error));
}

static inline int64_t wait_ms(void)
{
    return (job->poll_at - now) / INTERIM__NS_PER_MS;
}

#define STOPS(expression, error_code)                                                              \
    do {                                                                                           \
        ck_assert_int_eq(expression, 'S');                                                         \
        ck_assert_int_eq(error.code, error_code);                                                  \
    } while (0)

#endif
