/* resumption.c - a job whose process ended: the token that its operation gives, and the operation
 * that goes on from it. */
#include "operation/resumption.h"

#include "operation/token.h"
#include "suites.h"
#include "support/failing_alloc.h"
#include "support/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKENS 16
#define WALL_MS (FAKE_WALL_NS / 1000000)
#define RUNNING "Retry-After: 4\n\n{\"status\":\"running\",\"percentComplete\":5}"
#define JOB SAY(202, "Location: /jobs/1\nRetry-After: 2\n")

static struct fake run;

/* What on_accepted was given. */
static struct given {
    char *tokens[TOKENS];
    unsigned exchanges[TOKENS]; /* that there had been */
    unsigned count;
    unsigned cancel_at; /* from 1 */
} given;

static int keep_token(const char *token, void *user)
{
    struct given *out = user;

    ck_assert_uint_lt(out->count, TOKENS);
    out->exchanges[out->count] = run.exchanges;
    out->tokens[out->count++] = strdup(token);
    return out->count == out->cancel_at;
}

static void forget(void)
{
    for (unsigned i = 0; i < given.count; i++)
        free(given.tokens[i]);
    given = (struct given){0};
}

static interim_request *listening(interim_request *request)
{
    ck_assert_int_eq(interim_request_on_accepted(request, keep_token, &given), 0);
    return request;
}

static interim_request *resumed(const char *text)
{
    interim_request *request;
    interim_error error = {.size = sizeof error};

    ck_assert_msg(interim_resume_new(&request, text, &error) == 0, "%s: %s", text, error.text);
    return listening(request);
}

/* A token of a COPY to http://dav.example/a/ whose monitor is there too. */
struct sample {
    const char *method, *dialect, *monitor, *task, *result;
    int64_t until_ms, after_ms; /* from now; until 0: never */
    unsigned flags;
};

static void put_url(interim__uri **out, const char *text)
{
    if (text != NULL)
        ck_assert_int_eq(interim__uri_parse(out, text, strlen(text), NULL), 0);
}

static interim_request *resumed_sample(struct sample sample)
{
    interim__token token = {.until_ms = sample.until_ms == 0 ? -1 : WALL_MS + sample.until_ms,
                            .after_ms = WALL_MS + sample.after_ms,
                            .flags = sample.flags};
    interim__buffer text = {0};
    interim_request *request;

    if (sample.dialect == NULL)
        sample.dialect = "generic";
    token.dialect = interim__dialect_named(sample.dialect, strlen(sample.dialect));
    strcpy(token.method, sample.method == NULL ? "COPY" : sample.method);
    put_url(&token.url, "http://dav.example/a/");
    put_url(&token.monitor, sample.monitor == NULL ? "http://dav.example/jobs/1" : sample.monitor);
    put_url(&token.task, sample.task);
    put_url(&token.result, sample.result);
    ck_assert_int_eq(interim__token_write(&text, &token, NULL), 0);
    request = resumed(text.data);
    interim__buffer_dispose(&text);
    interim__token_dispose(&token);
    return request;
}

#define SAMPLE(...) resumed_sample((struct sample){__VA_ARGS__})

static void check_outcome(interim_outcome outcome, int error, int status)
{
    ck_assert_msg(run.result->outcome == outcome, "%s", run.result->reason);
    ck_assert_msg(run.result->error->code == error, "%s", run.result->reason);
    ck_assert_int_eq(run.result->status, status);
}

static void finish(void)
{
    fake_finish(&run);
    forget();
}

/* Runs a resumed request. */
#define CASE(request, outcome, error, status, ...)                                                 \
    do {                                                                                           \
        fake_run(&run, request, SCRIPT(__VA_ARGS__));                                              \
        check_outcome(outcome, error, status);                                                     \
        finish();                                                                                  \
    } while (0)

static bool holds(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

/* ---- giving ---- */

START_TEST(resumption_gives_the_token_before_the_first_poll)
{
    fake_run(&run, listening(FAKE_COPY("Authorization: Basic c2VjcmV0\nCookie: c\n")),
             SCRIPT(JOB, SAY(200, "")));
    check_outcome(INTERIM_DONE, 0, 200);
    ck_assert_uint_eq(given.count, 1);
    ck_assert_uint_eq(given.exchanges[0], 1);
    ck_assert(holds(given.tokens[0], "interim1 method=COPY url=http://dav.example/a/ "
                                     "dialect=generic monitor=http://dav.example/jobs/1 until="));
    ck_assert(holds(given.tokens[0], " flags=none after="));
    ck_assert(!holds(given.tokens[0], "c2VjcmV0") && !holds(given.tokens[0], "Cookie"));
    finish();
}
END_TEST

START_TEST(resumption_gives_it_again_only_when_it_matters)
{
    fake_run(&run, listening(FAKE_COPY(NULL)),
             SCRIPT(JOB, SAY(202, ""), SAY(202, ""), SAY(503, ""), SAY(202, "Location: /jobs/2\n"),
                    SAY(200, RUNNING), SAY(200, RUNNING), SAY(301, "Location: /jobs/3\n"),
                    SAY(200, RUNNING), SAY(200, "A: b\n\n{\"status\":\"done\"}")));
    check_outcome(INTERIM_DONE, 0, 200);
    ck_assert_uint_eq(given.count, 5);
    ck_assert(holds(given.tokens[1], "/jobs/1 until") && holds(given.tokens[1], "flags=answered "));
    ck_assert(holds(given.tokens[2], "/jobs/2 until") && holds(given.tokens[2], "flags=answered "));
    ck_assert(holds(given.tokens[3], "/jobs/2 until") && holds(given.tokens[3], ",latched "));
    ck_assert(holds(given.tokens[4], "/jobs/3 until"));
    finish();
}
END_TEST

START_TEST(resumption_of_redfish_gives_the_task)
{
    fake_run(&run, listening(FAKE_COPY(NULL)),
             SCRIPT(SAY(202, "Location: /monitor\n\n{\"@odata.type\":\"#Task.v1_4_3.Task\","
                             "\"@odata.id\":\"/task\",\"TaskState\":\"Running\"}"),
                    SAY(204, ""),
                    SAY(200, "A: b\n\n{\"@odata.type\":\"#Task.v1_4_3.Task\","
                             "\"TaskState\":\"Exception\"}")));
    ck_assert_uint_eq(given.count, 2);
    ck_assert(holds(given.tokens[0], " monitor=http://dav.example/monitor "
                                     "task=http://dav.example/task "));
    ck_assert(holds(given.tokens[0], " flags=latched,redfish "));
    ck_assert(holds(given.tokens[1], " monitor=http://dav.example/task until="));
    ck_assert(holds(given.tokens[1], ",redfish,verifying "));
    ck_assert_int_eq(run.result->outcome, INTERIM_FAILED);
    fake_finish(&run);
    /* The monitor's answer went with its process, but the Task knows. */
    fake_run(&run, resumed(given.tokens[1]),
             SCRIPT(SAY(200, "A: b\n\n{\"@odata.type\":\"#Task.v1_4_3.Task\","
                             "\"TaskState\":\"Exception\"}")));
    check_outcome(INTERIM_FAILED, 0, 200);
    fake_finish(&run);
    fake_run(&run, resumed(given.tokens[1]), SCRIPT(SAY(404, "")));
    check_outcome(INTERIM_UNKNOWN, INTERIM_EPOLL_GONE, 404);
    finish();
}
END_TEST

START_TEST(resumption_callback_cancels)
{
    for (unsigned at = 1; at <= 2; at++) {
        given.cancel_at = at;
        fake_run(&run, listening(FAKE_COPY(NULL)), SCRIPT(JOB, SAY(202, ""), SAY(200, "")));
        check_outcome(INTERIM_CANCELLED, INTERIM_ECANCELLED, 202);
        ck_assert_uint_eq(given.count, at);
        ck_assert_uint_eq(run.exchanges, at);
        ck_assert_str_eq(fake_trace(&run), at == 1 ? "sctrae" : "sctrawctpe");
        finish();
    }
}
END_TEST

START_TEST(resumption_gives_what_a_102_named)
{
    interim_request *request = listening(FAKE_COPY(NULL));

    request->polling.flags = INTERIM_POLL_INTERIM;
    fake_run(&run, request, SCRIPT(SAY(102, "Location: /status\n"), CUT, SAY(200, "")));
    check_outcome(INTERIM_DONE, 0, 200);
    ck_assert_uint_eq(given.count, 1);
    ck_assert(holds(given.tokens[0], " dialect=interim monitor=http://dav.example/status "));
    fake_finish(&run);
    fake_run(&run, resumed(given.tokens[0]), SCRIPT(SAY(405, "")));
    check_outcome(INTERIM_UNKNOWN, 0, 405); /* nobody had accepted it */
    finish();
}
END_TEST

START_TEST(resumption_gives_nothing_without_a_job)
{
    fake_run(&run, listening(FAKE_COPY(NULL)), SCRIPT(SAY(102, ""), SAY(201, "")));
    ck_assert_uint_eq(given.count, 0);
    fake_finish(&run);
    fake_run(&run, listening(FAKE_COPY(NULL)), SCRIPT(SAY(202, "")));
    ck_assert_uint_eq(given.count, 0);
    finish();
}
END_TEST

/* ---- going on ---- */

START_TEST(resumption_asks_the_monitor_and_nothing_else)
{
    const fake_event *event;
    interim_request *request = SAMPLE(.after_ms = 5000, .until_ms = 60000);

    ck_assert_str_eq(interim_request_method(request), "COPY");
    ck_assert_str_eq(interim_request_url(request), "http://dav.example/a/");
    fake_run(&run, request, SCRIPT(SAY(200, RUNNING), SAY(200, "")));
    check_outcome(INTERIM_DONE, 0, 200);
    ck_assert_uint_eq(run.exchanges, 2);
    ck_assert_str_eq(run.sent[0], "GET /jobs/1 HTTP/1.1\r\nHost: dav.example\r\nUser-Agent: "
                                  "fake/1\r\nAccept: application/json, */*;q=0.8\r\n"
                                  "Cache-Control: no-cache\r\n\r\n");
    ck_assert_str_eq(fake_trace(&run), "sawctpwctpe");
    event = fake_find(&run, INTERIM_EVENT_START, 0);
    ck_assert_str_eq(event->method, "COPY");
    ck_assert_str_eq(event->url, "http://dav.example/a/");
    event = fake_find(&run, INTERIM_EVENT_ACCEPTED, 0);
    ck_assert_str_eq(event->text, "generic, resumed");
    ck_assert_str_eq(event->url, "http://dav.example/jobs/1");
    ck_assert_int_eq(event->status, 0);
    event = fake_find(&run, INTERIM_EVENT_WAITING, 0);
    ck_assert_int_ge(event->wait_ms, 5000);
    ck_assert_int_le(event->wait_ms, 5100);
    event = fake_find(&run, INTERIM_EVENT_POLL, 0);
    ck_assert_int_eq(event->hop, INTERIM_HOP_POLL);
    ck_assert_uint_eq(event->hop_index, 1);
    ck_assert_ptr_null(interim_result_accepted(run.result));
    ck_assert_int_eq(run.result->timing.accepted_ms, 0);
    finish();
}
END_TEST

/* f25: whatever token a process left, the next one ends with what the first would have. */
START_TEST(resumption_from_every_token_ends_the_same)
{
    char *tokens[TOKENS];
    unsigned count;

    fake_run(&run, listening(FAKE_COPY(NULL)),
             SCRIPT(JOB, SAY(202, "Location: /jobs/2\n"), SAY(200, RUNNING),
                    SAY(200, "A: b\n\n{\"status\":\"strange\"}"),
                    SAY(200, "A: b\n\n{\"status\":\"failed\"}")));
    check_outcome(INTERIM_FAILED, 0, 200);
    count = given.count;
    ck_assert_uint_eq(count, 3);
    memcpy(tokens, given.tokens, sizeof tokens);
    given = (struct given){0};
    fake_finish(&run);
    for (unsigned i = 0; i < count; i++) {
        fake_run(&run, resumed(tokens[i]),
                 SCRIPT(SAY(200, RUNNING), SAY(200, "A: b\n\n{\"status\":\"strange\"}"),
                        SAY(200, "A: b\n\n{\"status\":\"failed\"}")));
        check_outcome(INTERIM_FAILED, 0, 200);
        ck_assert(strncmp(run.sent[0], i == 0 ? "GET /jobs/1 " : "GET /jobs/2 ", 12) == 0);
        ck_assert_uint_ge(given.count, 1); /* and may be resumed once more */
        finish();
        free(tokens[i]);
    }
}
END_TEST

START_TEST(resumption_sends_credentials_to_the_origin_of_the_request)
{
    interim_request *request = SAMPLE(.monitor = "http://b.example/1");

    ck_assert_int_eq(interim_request_set_credentials(request, "u", "p"), 0);
    ck_assert_int_eq(interim_request_add_header(request, "X-Api-Key", "k"), 0);
    ck_assert_int_eq(interim_request_add_header(request, "Destination", "/b"), 0);
    fake_run(&run, request, SCRIPT(SAY(302, "Location: http://dav.example/2\n"), SAY(200, "")));
    check_outcome(INTERIM_DONE, 0, 200);
    ck_assert(!holds(run.sent[0], "dTpw") && !holds(run.sent[0], "X-Api-Key"));
    ck_assert(holds(run.sent[1], "dTpw") && holds(run.sent[1], "X-Api-Key"));
    ck_assert(!holds(run.sent[1], "Destination"));
    finish();
}
END_TEST

START_TEST(resumption_repeats_what_is_safe)
{
    interim_request *request = SAMPLE(.method = "GET", .dialect = "same-url");

    ck_assert_int_eq(interim_request_add_header(request, "Range", "bytes=0-5"), 0);
    fake_run(&run, request, SCRIPT(SAY(202, "Retry-After: 1\n"), SAY(200, "A: b\n\nfinal")));
    check_outcome(INTERIM_DONE, 0, 200);
    ck_assert(holds(run.sent[0], "Range: bytes=0-5\r\n"));
    ck_assert_str_eq(run.result->body.data, "final");
    finish();
}
END_TEST

START_TEST(resumption_fetches_the_result)
{
    fake_run(&run, SAMPLE(.method = "POST"), SCRIPT(SAY(303, "Location: /r\n"), SAY(200, "")));
    check_outcome(INTERIM_DONE, 0, 200);
    ck_assert(strncmp(run.sent[1], "GET /r ", 7) == 0);
    finish();
    fake_run(&run,
             SAMPLE(.method = "PUT", .dialect = "azure-asyncoperation",
                    .result = "http://dav.example/place", .flags = INTERIM__TOKEN_LATCHED),
             SCRIPT(SAY(200, "A: b\n\n{\"status\":\"Succeeded\"}"), SAY(200, "A: b\n\nit")));
    check_outcome(INTERIM_DONE, 0, 200);
    ck_assert(strncmp(run.sent[1], "GET /place ", 11) == 0);
    ck_assert_str_eq(run.result->body.data, "it");
    finish();
}
END_TEST

START_TEST(resumption_without_a_monitor_says_so)
{
    fake_run(&run, SAMPLE(0), SCRIPT(SAY(405, "Allow: PUT\n\nno")));
    check_outcome(INTERIM_ACCEPTED, 0, 405);
    ck_assert(holds(run.result->reason, "answers 405 and is none"));
    ck_assert_str_eq(run.result->body.data, "no");
    ck_assert_ptr_null(interim_result_accepted(run.result));
    ck_assert_int_eq(interim_result_monitor(run.result)->status, 405);
    finish();
    /* A URL that had answered before is one. */
    CASE(SAMPLE(.flags = INTERIM__TOKEN_ANSWERED), INTERIM_FAILED, 0, 405, SAY(405, ""));
    CASE(SAMPLE(.flags = INTERIM__TOKEN_ANSWERED), INTERIM_UNKNOWN, INTERIM_EPOLL_GONE, 404,
         SAY(404, ""));
    CASE(SAMPLE(0), INTERIM_DONE, 0, 200, SAY(404, ""), SAY(404, ""), SAY(200, ""));
    CASE(SAMPLE(0), INTERIM_UNKNOWN, INTERIM_EPOLL_AUTH, 401, SAY(401, ""));
}
END_TEST

START_TEST(resumption_stays_at_home_if_told_to)
{
    interim_request *request = SAMPLE(.monitor = "http://b.example/1");
    interim_polling polling = INTERIM_POLLING_INIT;

    polling.cross_origin = INTERIM_CROSS_ORIGIN_REJECT;
    ck_assert_int_eq(interim_request_set_polling(request, &polling), 0);
    fake_run(&run, request, SCRIPT(SAY(200, "")));
    check_outcome(INTERIM_ACCEPTED, 0, 0);
    ck_assert_uint_eq(run.exchanges, 0);
    ck_assert_str_eq(fake_trace(&run), "se");
    finish();
}
END_TEST

/* ---- time ---- */

static int64_t first_wait(interim_request *request)
{
    int64_t wait;

    fake_run(&run, request, SCRIPT(SAY(200, "")));
    check_outcome(INTERIM_DONE, 0, 200);
    wait = fake_find(&run, INTERIM_EVENT_WAITING, 0)->wait_ms;
    finish();
    return wait;
}

START_TEST(resumption_waits_as_long_as_was_left)
{
    ck_assert_int_le(first_wait(SAMPLE(.after_ms = -5000)), 100);
    ck_assert_int_ge(first_wait(SAMPLE(.after_ms = 90000)), 90000);
    ck_assert_int_le(first_wait(SAMPLE(.after_ms = 90000)), 90100);
    /* A clock that was set. */
    ck_assert_int_le(first_wait(SAMPLE(.after_ms = 86400000)), 600100);
    ck_assert_int_le(first_wait(SAMPLE(.after_ms = 90000, .until_ms = 5000)), 5000);
}
END_TEST

static void expect_deadline(interim_request *request, int64_t from_s, int64_t to_s)
{
    fake_run(&run, request,
             SCRIPT(SAY(202, "Retry-After: 600\n"), SAY(202, "Retry-After: 600\n"),
                    SAY(202, "Retry-After: 600\n")));
    check_outcome(INTERIM_STILL_RUNNING, INTERIM_EPOLL_DEADLINE, 202);
    ck_assert_int_ge(run.result->timing.end_ms, from_s * 1000);
    ck_assert_int_le(run.result->timing.end_ms, to_s * 1000);
    finish();
}

START_TEST(resumption_has_what_is_left_of_the_deadline)
{
    interim_polling polling = INTERIM_POLLING_INIT;
    interim_request *request = SAMPLE(.until_ms = 900000);

    expect_deadline(SAMPLE(.until_ms = 900000), 900, 901);
    expect_deadline(SAMPLE(.until_ms = -1000), 0, 1); /* asked once more */
    ck_assert_int_eq(interim_request_set_polling(request, &polling), 0);
    expect_deadline(request, 900, 901);
    request = SAMPLE(.until_ms = -1000);
    polling.deadline_ms = 300000;
    ck_assert_int_eq(interim_request_set_polling(request, &polling), 0);
    expect_deadline(request, 300, 301);
}
END_TEST

START_TEST(resumption_keeps_the_deadline_from_process_to_process)
{
    char *token;
    const char *until;

    fake_run(&run, SAMPLE(.until_ms = 900000), SCRIPT(SAY(202, ""), SAY(200, "")));
    ck_assert_uint_eq(given.count, 2);
    token = given.tokens[1];
    until = strstr(token, " until=");
    ck_assert_ptr_nonnull(until);
    ck_assert_int_eq(strtoll(until + 7, NULL, 10), WALL_MS + 900000);
    ck_assert_int_ge(strtoll(strstr(token, " after=") + 7, NULL, 10), WALL_MS + 1000);
    finish();
    fake_run(&run, SAMPLE(0), SCRIPT(SAY(200, "")));
    ck_assert(holds(given.tokens[0], " until=never "));
    finish();
}
END_TEST

/* ---- polling ---- */

START_TEST(resumption_polls_as_before)
{
    interim_request *first = FAKE_COPY(NULL);
    interim_request *second;

    first->polling.mode = INTERIM_POLL_STRICT;
    first->polling.cross_origin = INTERIM_CROSS_ORIGIN_REJECT;
    first->polling.flags = INTERIM_POLL_EMBEDDED | INTERIM_POLL_PREFER_PROCESSING |
                           INTERIM_POLL_PREFER_ASYNC | INTERIM_POLL_CREATED;
    fake_run(&run, listening(first), SCRIPT(JOB, SAY(200, "")));
    fake_finish(&run);
    second = resumed(given.tokens[0]);
    ck_assert_int_eq(second->polling.mode, INTERIM_POLL_STRICT);
    ck_assert_int_eq(second->polling.cross_origin, INTERIM_CROSS_ORIGIN_REJECT);
    ck_assert_uint_eq(second->polling.flags,
                      INTERIM_POLL_EMBEDDED | INTERIM_POLL_PREFER_PROCESSING);
    fake_run(&run, second, SCRIPT(SAY(200, "A: b\n\n{\"status\":\"failed\",\"error\":1}")));
    check_outcome(INTERIM_DONE, 0, 200);
    ck_assert(holds(run.sent[0], "Prefer: processing\r\n"));
    finish();
}
END_TEST

START_TEST(resumption_cannot_be_without_polling)
{
    interim_polling polling = INTERIM_POLLING_INIT;
    interim_request *request = SAMPLE(.dialect = "lazyops");

    polling.mode = INTERIM_POLL_OFF;
    ck_assert_int_eq(interim_request_set_polling(request, &polling), INTERIM_EINVAL);
    polling.mode = INTERIM_POLL_STRICT;
    ck_assert_int_eq(interim_request_set_polling(request, &polling), INTERIM_EINVAL);
    interim_request_free(request);
    request = SAMPLE(0);
    ck_assert_int_eq(interim_request_set_polling(request, &polling), 0);
    interim_request_free(request);
}
END_TEST

/* ---- trouble ---- */

START_TEST(resumption_of_no_token_is_an_error)
{
    interim_request *request = (interim_request *)(void *)&run;
    interim_error error = {.size = sizeof error};

    ck_assert_int_eq(interim_resume_new(&request, "interim1 x", &error), INTERIM_ETOKEN);
    ck_assert_ptr_null(request);
    ck_assert_int_eq(error.code, INTERIM_ETOKEN);
    ck_assert(holds(error.text, "cut short"));
    ck_assert_int_eq(interim_resume_new(&request, "", NULL), INTERIM_ETOKEN);
    ck_assert_int_eq(interim_resume_new(&request, NULL, NULL), INTERIM_EINVAL);
}
END_TEST

START_TEST(resumption_can_be_cancelled_at_every_event)
{
    static const char trace[] = "sawctywctpwctpe";
    unsigned events = 0;

    for (uint64_t at = 1; at < 20; at++) {
        run.cancel_at = at;
        fake_run(&run, SAMPLE(0), SCRIPT(CUT, SAY(200, RUNNING), SAY(200, "")));
        if (run.result->outcome == INTERIM_CANCELLED) {
            ck_assert_uint_eq(run.event_count, at + 1);
            ck_assert(holds(run.result->reason, "may go on"));
            events++;
        }
        finish();
    }
    ck_assert_uint_ge(events, sizeof trace - 3);
}
END_TEST

START_TEST(resumption_survives_want_of_memory)
{
    bool failed = true;

    for (unsigned long nth = 1; failed; nth++) {
        interim_request *request = SAMPLE(.task = "http://dav.example/task", .flags = 0x70);
        int code;

        request->on_accepted = NULL; /* it allocates */
        failing_alloc_arm(nth);
        code = fake_start(&run, request);
        if (code == 0)
            fake_play(&run, SCRIPT(SAY(202, ""), SAY(202, ""), SAY(202, ""), SAY(202, ""),
                                   SAY(500, ""), SAY(500, ""), SAY(500, "")));
        failed = failing_alloc_disarm();
        ck_assert(failed || code == 0);
        if (code == 0)
            fake_check(&run);
        finish();
    }
}
END_TEST

/* How many exchanges there had been at the first token; Check would allocate. */
static int note_exchanges(const char *token, void *user)
{
    unsigned *out = user;

    (void)token;
    if (*out == 0)
        *out = run.exchanges;
    return 0;
}

START_TEST(resumption_gives_the_token_late_when_memory_was_short)
{
    unsigned late = 0;
    bool failed = true;

    for (unsigned long nth = 1; failed; nth++) {
        interim_request *request = FAKE_COPY(NULL);
        unsigned first = 0;

        ck_assert_int_eq(interim_request_on_accepted(request, note_exchanges, &first), 0);
        failing_alloc_arm(nth);
        if (fake_start(&run, request) == 0)
            fake_play(&run, SCRIPT(JOB, SAY(202, ""), SAY(202, ""), SAY(202, ""), SAY(200, "")));
        failed = failing_alloc_disarm();
        late += first > 1;
        finish();
    }
    ck_assert_uint_ge(late, 1);
}
END_TEST

Suite *resumption_suite(void)
{
    Suite *suite = suite_create("resumption");
    TCase *tests = tcase_create("resumption");

    tcase_add_test(tests, resumption_gives_the_token_before_the_first_poll);
    tcase_add_test(tests, resumption_gives_it_again_only_when_it_matters);
    tcase_add_test(tests, resumption_of_redfish_gives_the_task);
    tcase_add_test(tests, resumption_callback_cancels);
    tcase_add_test(tests, resumption_gives_what_a_102_named);
    tcase_add_test(tests, resumption_gives_nothing_without_a_job);
    tcase_add_test(tests, resumption_asks_the_monitor_and_nothing_else);
    tcase_add_test(tests, resumption_from_every_token_ends_the_same);
    tcase_add_test(tests, resumption_sends_credentials_to_the_origin_of_the_request);
    tcase_add_test(tests, resumption_repeats_what_is_safe);
    tcase_add_test(tests, resumption_fetches_the_result);
    tcase_add_test(tests, resumption_without_a_monitor_says_so);
    tcase_add_test(tests, resumption_stays_at_home_if_told_to);
    tcase_add_test(tests, resumption_waits_as_long_as_was_left);
    tcase_add_test(tests, resumption_has_what_is_left_of_the_deadline);
    tcase_add_test(tests, resumption_keeps_the_deadline_from_process_to_process);
    tcase_add_test(tests, resumption_polls_as_before);
    tcase_add_test(tests, resumption_cannot_be_without_polling);
    tcase_add_test(tests, resumption_of_no_token_is_an_error);
    tcase_add_test(tests, resumption_can_be_cancelled_at_every_event);
    tcase_add_test(tests, resumption_survives_want_of_memory);
    tcase_add_test(tests, resumption_gives_the_token_late_when_memory_was_short);
    suite_add_tcase(suite, tests);
    return suite;
}
