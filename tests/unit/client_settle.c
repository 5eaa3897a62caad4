/* client_settle.c - src/client/settle.c: settlings as operations of a client, blocking and
 * asynchronous, against a scripted server. What answers mean is tested in settle.c. */
#include "suites.h"
#include "support/failing_alloc.h"
#include "support/server.h"

#include <interim.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_THERE "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
#define LISTING                                                                                    \
    "HTTP/1.1 207 M\r\nConnection: close\r\n\r\n<multistatus "                                     \
    "xmlns='DAV:'><response><href>/a</href>"                                                       \
    "<propstat><prop><getcontentlength>5</getcontentlength></prop><status>HTTP/1.1 200 "           \
    "OK</status>"                                                                                  \
    "</propstat></response></multistatus>"
#define BODY 180 /* bytes of a question, see questions_are_what_they_should_be */

static interim_client *client;
static struct server *origin;
static interim_request *request;
static interim_settle_options options;
static interim_settlement *settlement;
static unsigned settled;

static const server_step gone[] = {{SERVER_HEAD, 0, NULL},
                                   {SERVER_READ, BODY, NULL},
                                   {SERVER_SEND, 0, NOT_THERE},
                                   {SERVER_REPEAT, 0, NULL}};
static const server_step there[] = {{SERVER_HEAD, 0, NULL},
                                    {SERVER_READ, BODY, NULL},
                                    {SERVER_SEND, 0, LISTING},
                                    {SERVER_CLOSE, 0, NULL}};
static const server_step silent[] = {{SERVER_HEAD, 0, NULL}, {SERVER_WAIT, 0, NULL}};

static void begin(const char *method, const server_step *script)
{
    static const server_step *scripts[2];
    char url[64];

    scripts[0] = script;
    origin = server_start(scripts, NULL);
    ck_assert_int_eq(interim_client_new(&client, NULL), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", server_port(origin));
    ck_assert_int_eq(interim_request_new(&request, method, url), 0);
    options = (interim_settle_options)INTERIM_SETTLE_OPTIONS_INIT;
    options.interval_ms = 5;
    settlement = NULL;
    settled = 0;
}

static void end(void)
{
    interim_settlement_free(settlement);
    interim_request_free(request);
    interim_client_free(client);
    server_stop(origin);
    settlement = NULL;
}

static void on_settled(interim_settling *settling, interim_settlement *found, void *user)
{
    ck_assert_ptr_nonnull(settling);
    ck_assert_ptr_eq(user, &settled);
    interim_settlement_free(settlement);
    settlement = found;
    settled++;
}

/* ---- Events ---- */

static char trace[256]; /* letters: of the settling in capitals, of its questions in small ones */
static uint64_t number, sequence;
static unsigned stop_at;

static int note(const interim_event *event, void *user)
{
    static const char letters[] = "sctir>awpmygel";
    const size_t used = strlen(trace);

    (void)user;
    ck_assert_str_eq(event->method, "PROPFIND");
    ck_assert_ptr_nonnull(event->peer);
    if (number == 0)
        number = event->operation;
    if (event->operation == number)
        ck_assert_uint_eq(event->sequence, ++sequence);
    if (used + 1 < sizeof trace) {
        trace[used] =
            event->operation == number ? (char)(letters[event->kind] - 32) : letters[event->kind];
        trace[used + 1] = '\0';
    }
    return used + 1 == stop_at;
}

static void listen(void)
{
    trace[0] = '\0';
    number = sequence = 0;
    stop_at = 0;
    ck_assert_int_eq(interim_request_on_event(request, note, NULL), 0);
}

START_TEST(a_settling_is_an_operation_of_its_own)
{
    begin("DELETE", gone);
    listen();
    ck_assert_int_eq(interim_settle(&settlement, client, request, &options), 0);
    ck_assert_int_eq(interim_settlement_finding(settlement), INTERIM_FOUND_DONE);
    ck_assert_int_eq(interim_settlement_certainty(settlement), INTERIM_LIKELY);
    ck_assert_int_eq(interim_settlement_code(settlement), 0);
    ck_assert_uint_eq(interim_settlement_looks(settlement), 3);
    ck_assert_str_eq(interim_settlement_reason(settlement), "it is gone");
    ck_assert_str_eq(interim_settlement_evidence(settlement, 0), "the source is not there");
    ck_assert_ptr_null(interim_settlement_evidence(settlement, 1));
    ck_assert_int_eq(interim_settlement_source(settlement)->status, 404);
    ck_assert_int_eq(interim_settlement_destination(settlement)->sight, INTERIM_SIGHT_NONE);
    ck_assert_str_eq(trace, "SsctreLWsctreLWsctreLE");
    end();
}
END_TEST

static int count_looks(const interim_event *event, void *user)
{
    ck_assert_int_eq(event->kind, INTERIM_EVENT_LOOK);
    ck_assert_str_eq(event->text, "source: not there");
    ++*(unsigned *)user;
    return 0;
}

START_TEST(a_look_is_a_sign_of_life)
{
    unsigned looks = 0;

    begin("DELETE", gone);
    ck_assert_int_eq(interim_request_on_interim(request, count_looks, &looks), 0);
    options.only_look = 1;
    ck_assert_int_eq(interim_settle(&settlement, client, request, &options), 0);
    ck_assert_uint_eq(looks, 1);
    end();
}
END_TEST

START_TEST(questions_are_what_they_should_be)
{
    static const char *const asked[] = {"PROPFIND /a HTTP/1.1\r\n", "PROPFIND /b HTTP/1.1\r\n"};
    char seen[2048];

    begin("COPY", there);
    ck_assert_int_eq(interim_request_add_header(request, "Destination", "/b"), 0);
    ck_assert_int_eq(interim_request_add_header(request, "Overwrite", "F"), 0);
    ck_assert_int_eq(interim_request_add_header(request, "If-Match", "\"x\""), 0);
    ck_assert_int_eq(interim_request_add_header(request, "X-Tenant", "seven"), 0);
    ck_assert_int_eq(interim_request_set_credentials(request, "anna", "secret"), 0);
    ck_assert_int_eq(interim_request_set_body(request, "a body", 6), 0);
    options.only_look = 1;
    ck_assert_int_eq(interim_settle(&settlement, client, request, &options), 0);
    ck_assert_int_eq(interim_settlement_source(settlement)->length, 5);
    ck_assert_int_eq(interim_settlement_destination(settlement)->sight, INTERIM_SIGHT_FILE);
    ck_assert_uint_eq(server_accepted(origin), 2);
    for (unsigned i = 0; i < 2; i++) {
        server_received(origin, i, seen, sizeof seen);
        ck_assert(strncmp(seen, asked[i], strlen(asked[i])) == 0);
        ck_assert_ptr_nonnull(strstr(seen, "\r\nDepth: 0\r\n"));
        ck_assert_ptr_nonnull(strstr(seen, "\r\nX-Tenant: seven\r\n"));
        ck_assert_ptr_nonnull(strstr(seen, "\r\nAuthorization: Basic "));
        ck_assert_ptr_null(strstr(seen, "Destination"));
        ck_assert_ptr_null(strstr(seen, "Overwrite"));
        ck_assert_ptr_null(strstr(seen, "If-Match"));
        ck_assert_ptr_null(strstr(seen, "a body"));
        ck_assert_uint_eq(strlen(strstr(seen, "\r\n\r\n") + 4), BODY);
    }
    end();
}
END_TEST

/* ---- Ending early ---- */

START_TEST(a_settling_can_be_stopped_at_every_event)
{
    for (unsigned at = 1; at <= 22; at++) {
        begin("DELETE", gone);
        listen();
        stop_at = at;
        ck_assert_int_eq(interim_settle(&settlement, client, request, &options),
                         at < 20 ? INTERIM_ECANCELLED : 0);
        ck_assert_int_eq(trace[strlen(trace) - 1], 'E');
        ck_assert_int_eq(interim_settlement_finding(settlement),
                         at < 20 ? INTERIM_FOUND_UNCLEAR : INTERIM_FOUND_DONE);
        end();
    }
}
END_TEST

START_TEST(a_settling_can_be_cancelled_while_it_asks_and_while_it_waits)
{
    for (int waiting = 0; waiting < 2; waiting++) {
        interim_settling *settling;

        begin("DELETE", waiting ? gone : silent);
        options.interval_ms = 100000;
        ck_assert_int_eq(
            interim_settle_start(&settling, client, request, &options, on_settled, &settled), 0);
        for (int i = 0; i < 10; i++)
            ck_assert_int_ge(interim_client_run(client, 10), 1);
        interim_settling_cancel(settling);
        interim_settling_cancel(settling);
        ck_assert_uint_eq(settled, 0);
        while (interim_client_run(client, 1000) > 0)
            continue;
        ck_assert_uint_eq(settled, 1);
        ck_assert_int_eq(interim_settlement_code(settlement), INTERIM_ECANCELLED);
        end();
    }
}
END_TEST

START_TEST(freeing_the_client_ends_settlings)
{
    for (int waiting = 0; waiting < 2; waiting++) {
        begin("DELETE", waiting ? gone : silent);
        options.interval_ms = 100000;
        for (int i = 0; i < 2; i++)
            ck_assert_int_eq(
                interim_settle_start(NULL, client, request, &options, on_settled, &settled), 0);
        ck_assert_int_eq(interim_request_add_header(request, "A", "b"), INTERIM_EBUSY);
        interim_request_free(request);
        request = NULL;
        for (int i = 0; i < 10; i++)
            ck_assert_int_ge(interim_client_run(client, 10), 2);
        interim_client_free(client);
        client = NULL;
        ck_assert_uint_eq(settled, 2);
        ck_assert_int_eq(interim_settlement_code(settlement), INTERIM_ECANCELLED);
        end();
    }
}
END_TEST

START_TEST(a_settling_and_other_operations_go_on_together)
{
    interim_settlement *one;

    begin("DELETE", gone);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(
            interim_settle_start(NULL, client, request, &options, on_settled, &settled), 0);
    ck_assert_int_eq(interim_settle(&one, client, request, &options), 0);
    while (interim_client_run(client, 1000) > 0)
        continue;
    ck_assert_uint_eq(settled, 5);
    interim_settlement_free(one);
    ck_assert_int_eq(interim_request_add_header(request, "A", "b"), 0);
    end();
}
END_TEST

/* ---- Trouble ---- */

START_TEST(a_settling_that_is_misused_does_not_begin)
{
    interim_settling *settling;

    begin("GET", gone);
    ck_assert_int_eq(interim_settle(&settlement, client, request, NULL), INTERIM_EINVAL);
    ck_assert_ptr_null(settlement);
    ck_assert_int_eq(interim_settle_start(&settling, client, request, NULL, NULL, NULL),
                     INTERIM_EINVAL);
    ck_assert_ptr_null(settling);
    ck_assert_int_eq(interim_client_run(client, 0), 0);
    interim_settlement_free(NULL);
    end();
}
END_TEST

/* 100 MB of listing end at 64 MiB of it, and cost no memory. */
START_TEST(a_listing_without_end_is_not_read_to_its_end)
{
    static const server_step endless[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_READ, BODY, NULL},
        {SERVER_SEND, 0,
         "HTTP/1.1 207 M\r\nContent-Length: 100000000\r\n\r\n<multistatus xmlns='DAV:'><x>"},
        {SERVER_FILL, 100000000, NULL},
        {SERVER_CLOSE, 0, NULL}};
    static const server_step head[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"},
        {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {endless, head, NULL};
    char url[64];

    begin("DELETE", gone);
    server_stop(origin);
    origin = server_start(scripts, NULL);
    interim_request_free(request);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", server_port(origin));
    ck_assert_int_eq(interim_request_new(&request, "DELETE", url), 0);
    options.only_look = 1;
    ck_assert_int_eq(interim_settle(&settlement, client, request, &options), 0);
    ck_assert_int_eq(interim_settlement_source(settlement)->sight, INTERIM_SIGHT_SOMETHING);
    ck_assert_int_eq(interim_settlement_source(settlement)->length, 7);
    end();
}
END_TEST

START_TEST(a_settling_without_memory_is_enomem)
{
    bool failed = true;

    for (unsigned long n = 1; failed; n += n < 60 ? 1 : 7) {
        int code;

        begin("DELETE", there);
        options.deadline_ms = 100;
        options.equal_looks = 1;
        options.quiet_ms = 1;
        failing_alloc_arm(n);
        code = interim_settle(&settlement, client, request, &options);
        failed = failing_alloc_disarm();
        ck_assert(code == 0 || (failed && code == INTERIM_ENOMEM));
        if (settlement == NULL)
            ck_assert_int_eq(code, INTERIM_ENOMEM);
        else
            ck_assert_int_eq(interim_settlement_code(settlement), code);
        end();
        ck_assert_uint_lt(n, 2000);
    }
}
END_TEST

START_TEST(findings_have_names)
{
    ck_assert_str_eq(interim_finding_name(INTERIM_FOUND_UNCLEAR), "unclear");
    ck_assert_str_eq(interim_finding_name(INTERIM_FOUND_NEVER), "never");
    ck_assert_str_eq(interim_finding_name((interim_finding)99), "unknown");
    ck_assert_str_eq(interim_certainty_name(INTERIM_CERTAINTY_NONE), "not sure");
    ck_assert_str_eq(interim_certainty_name(INTERIM_CERTAIN), "certain");
    ck_assert_str_eq(interim_event_name(INTERIM_EVENT_LOOK), "look");
}
END_TEST

Suite *client_settle_suite(void)
{
    Suite *suite = suite_create("client_settle");
    TCase *tests = tcase_create("client_settle");

    tcase_add_test(tests, a_settling_is_an_operation_of_its_own);
    tcase_add_test(tests, a_look_is_a_sign_of_life);
    tcase_add_test(tests, questions_are_what_they_should_be);
    tcase_add_test(tests, a_settling_can_be_stopped_at_every_event);
    tcase_add_test(tests, a_settling_can_be_cancelled_while_it_asks_and_while_it_waits);
    tcase_add_test(tests, freeing_the_client_ends_settlings);
    tcase_add_test(tests, a_settling_and_other_operations_go_on_together);
    tcase_add_test(tests, a_settling_that_is_misused_does_not_begin);
    tcase_add_test(tests, a_listing_without_end_is_not_read_to_its_end);
    tcase_add_test(tests, a_settling_without_memory_is_enomem);
    tcase_add_test(tests, findings_have_names);
    suite_add_tcase(suite, tests);
    return suite;
}
