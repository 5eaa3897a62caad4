/* marking.c - an operation that follows a stream of markers, and the requests that lead to one. The
 * forms of servers are in tests/transcripts/marker-*.txt. */
#include "operation/marker.h"
#include "operation/operation.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "HTTP/1.1 202 Accepted\r\nContent-Type: Text/Perf-Marker-Stream;x=y\r\n\r\n"
#define MARKER(bytes) "Perf Marker\nStripe Index: 0\nStripe Bytes Transferred: " bytes "\nEnd\n"

static struct fake run;

static interim_request *copy(void)
{
    return fake_request("COPY", "http://dav.example/a", "Source: https://far.example/a\n");
}

static void receive(const char *text, size_t size)
{
    char *bytes = malloc(size); /* they may be changed in place */

    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, text, size);
    interim__operation_received(&run.op, bytes, size, run.now);
    free(bytes);
}

static void begin(interim_request *request)
{
    ck_assert_int_eq(fake_start(&run, request), 0);
    interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
    interim__operation_sent(&run.op, run.op.talk->exchange.sender.out.length, run.now);
    receive(HEAD, strlen(HEAD));
}

static void end(void)
{
    interim__operation_ended(&run.op, true, NULL, run.now);
    ck_assert_int_eq(run.op.need, INTERIM__NEED_NOTHING);
    run.result = interim__operation_take_result(&run.op);
}

START_TEST(marking_a_day_of_markers_takes_no_memory)
{
    uint64_t bytes = 0;
    size_t length = 0;

    begin(copy());
    for (int i = 0; i < 17280; i++) {
        char text[128];

        length = (size_t)snprintf(text, sizeof text, MARKER("%llu"), (unsigned long long)++bytes);
        run.now.monotonic += 5 * FAKE_SECOND;
        interim__operation_tick(&run.op, run.now);
        receive(text, length);
        ck_assert_int_eq(run.op.need, INTERIM__NEED_EXCHANGE);
        ck_assert_uint_le(run.op.result->body.length, 65536);
    }
    receive("success: Created", 16);
    ck_assert_uint_gt(run.op.result->body.length, 32768 - length);
    ck_assert_uint_le(run.op.result->body.capacity, 262144);
    end();
    ck_assert_int_eq(run.result->outcome, INTERIM_DONE);
    ck_assert_uint_eq(run.result->timing.marker_count, 17280);
    ck_assert_int_eq(run.result->timing.longest_silence_ms, 5000);
    ck_assert_str_eq(run.result->body.data + run.result->body.length - 16, "success: Created");
    fake_finish(&run);
}
END_TEST

START_TEST(marking_the_stall_limit_is_exact)
{
    interim_request *request = copy();
    int64_t moved;

    request->patience.gap_warning_ms = INTERIM_FOREVER;
    begin(request);
    receive(MARKER("7"), strlen(MARKER("7")));
    moved = run.now.monotonic;
    for (int i = 0; i < 5; i++) {
        run.now.monotonic += 100 * FAKE_SECOND;
        interim__operation_tick(&run.op, run.now);
        receive(MARKER("7"), strlen(MARKER("7")));
    }
    run.now.monotonic = moved + 600 * FAKE_SECOND - 1;
    interim__operation_tick(&run.op, run.now);
    ck_assert_int_eq(run.op.need, INTERIM__NEED_EXCHANGE);
    ck_assert_int_eq(interim__operation_deadline(&run.op), moved + 600 * FAKE_SECOND);
    run.now.monotonic++;
    interim__operation_tick(&run.op, run.now);
    ck_assert_int_eq(run.op.need, INTERIM__NEED_NOTHING);
    run.result = interim__operation_take_result(&run.op);
    ck_assert_int_eq(run.result->error->code, INTERIM_ESTALLED);
    ck_assert_int_eq(run.result->error->stage, INTERIM_STAGE_BODY);
    ck_assert_int_eq(run.result->outcome, INTERIM_UNKNOWN);
    fake_finish(&run);
}
END_TEST

START_TEST(marking_a_verdict_has_ten_seconds_to_end)
{
    begin(copy());
    receive("failure: no\n", 12);
    for (int i = 1; i < 10; i++) {
        run.now.monotonic += FAKE_SECOND;
        interim__operation_tick(&run.op, run.now);
        receive(MARKER("7") "x", strlen(MARKER("7")) + 1); /* keeps nobody waiting */
    }
    ck_assert_int_eq(run.op.need, INTERIM__NEED_EXCHANGE);
    run.now.monotonic += FAKE_SECOND;
    interim__operation_tick(&run.op, run.now);
    ck_assert_int_eq(run.op.need, INTERIM__NEED_NOTHING);
    run.result = interim__operation_take_result(&run.op);
    ck_assert_int_eq(run.result->outcome, INTERIM_FAILED);
    ck_assert_int_eq(run.result->error->code, 0);
    ck_assert_str_eq(run.result->reason, "the server reported failure: no");
    ck_assert_uint_eq(run.result->timing.marker_count, 0);
    ck_assert_str_eq(run.result->fields[0].name, "Content-Type");
    ck_assert(!run.op.keep_connection);
    fake_finish(&run);
}
END_TEST

/* user: what to answer */
static int answering(const void *data, size_t size, void *user)
{
    (void)data;
    (void)size;
    return *(const int *)user;
}

START_TEST(marking_a_pause_is_nobodys_silence)
{
    interim_request *request = copy();
    int answer = INTERIM_PAUSE;

    request->on_body = answering;
    request->body_user = &answer;
    begin(request);
    receive(MARKER("7"), strlen(MARKER("7")));
    ck_assert(!interim__operation_reads(&run.op));
    for (int i = 0; i < 100; i++) {
        run.now.monotonic += 100 * FAKE_SECOND;
        interim__operation_tick(&run.op, run.now);
        ck_assert_int_eq(run.op.need, INTERIM__NEED_EXCHANGE);
    }
    answer = 0;
    interim__operation_resume(&run.op);
    interim__operation_tick(&run.op, run.now);
    receive("success\n", 8);
    end();
    ck_assert_int_eq(run.result->outcome, INTERIM_DONE);
    fake_finish(&run);
}
END_TEST

static int failing(const void *data, size_t size, void *user)
{
    (void)user;
    return size > 0 && memchr(data, 's', size) != NULL ? -1 : 0;
}

START_TEST(marking_a_verdict_does_not_hide_what_the_caller_did)
{
    interim_request *request = copy();

    request->on_body = failing;
    fake_run(&run, request, SCRIPT(RAW(HEAD MARKER("7") "success\n")));
    ck_assert_int_eq(run.result->outcome, INTERIM_CANCELLED);
    fake_finish(&run);
}
END_TEST

/* Whatever allocation fails: no other outcome than the true one, or one that says less. */
START_TEST(marking_without_memory_says_no_more_than_it_knows)
{
    for (unsigned long nth = 1;; nth++) {
        interim_request *request = copy();
        bool failed, started;

        failing_alloc_arm(nth);
        started = fake_start(&run, request) == 0;
        if (started)
            fake_play(&run, SCRIPT(RAW(HEAD MARKER("7")), RAW("failure: no\n"), END));
        failed = failing_alloc_disarm();
        if (!started) {
            ck_assert(failed);
            continue;
        }
        if (run.result->error->code == INTERIM_ENOMEM)
            ck_assert(run.result->outcome == INTERIM_UNKNOWN ||
                      run.result->outcome == INTERIM_FAILED);
        else
            ck_assert_int_eq(run.result->outcome, INTERIM_FAILED);
        fake_check(&run);
        fake_finish(&run);
        if (!failed)
            break;
        ck_assert_uint_lt(nth, 200);
    }
}
END_TEST

/* A 102 had named a monitor, and the stream is cut: with the monitor it is done, without memory for
 * it nobody knows. */
START_TEST(marking_without_memory_asks_the_monitor_or_says_so)
{
    static const char named[] = "HTTP/1.1 102 P\r\nLocation: /status\r\n\r\n";

    for (unsigned long nth = 1;; nth++) {
        interim_request *request = copy();
        bool failed, started;

        request->polling.flags |= INTERIM_POLL_INTERIM;
        failing_alloc_arm(nth);
        started = fake_start(&run, request) == 0;
        if (started)
            fake_play(&run, SCRIPT(RAW(named), RAW(HEAD MARKER("7")), CUT,
                                   SAY(200, "Status-URI: 201 </b>\n")));
        failed = failing_alloc_disarm();
        if (!started) {
            ck_assert(failed);
            continue;
        }
        ck_assert_int_ne(run.result->outcome, INTERIM_ACCEPTED);
        ck_assert(failed || run.result->outcome == INTERIM_DONE);
        fake_check(&run);
        fake_finish(&run);
        if (!failed)
            break;
        ck_assert_uint_lt(nth, 300);
    }
}
END_TEST

/* ---- interim_request_set_third_party ---- */

static interim_request *new_request(const char *method)
{
    interim_request *request;

    ck_assert_int_eq(interim_request_new(&request, method, "https://dav.example/a"), 0);
    return request;
}

static const char *value(const interim_request *request, const char *name)
{
    return interim__fields_value(&request->fields, name, NULL);
}

START_TEST(third_party_writes_its_fields)
{
    interim_request *request = new_request("COPY");
    interim_third_party pull = INTERIM_THIRD_PARTY_INIT, push = INTERIM_THIRD_PARTY_INIT;

    pull.source = "https://far.example/a?x=y";
    ck_assert_int_eq(interim_request_set_third_party(request, &pull), 0);
    ck_assert_uint_eq(request->fields.count, 3);
    ck_assert_str_eq(value(request, "source"), "https://far.example/a?x=y");
    ck_assert_str_eq(value(request, "overwrite"), "F");
    ck_assert_str_eq(value(request, "credential"), "none");
    ck_assert(!request->wants_trailers && request->trusted == NULL && request->third_party);
    ck_assert_int_eq(interim_request_set_third_party(request, &pull), INTERIM_EINVAL); /* twice */
    interim_request_free(request);

    request = new_request("COPY");
    push = (interim_third_party){.size = sizeof push,
                                 .destination = "http://far.example/b",
                                 .authorization = "Bearer x",
                                 .credential = "oidc",
                                 .want_repr_digest = "adler=10",
                                 .trusted = ".disks.example",
                                 .overwrite = 1,
                                 .verify = -1,
                                 .streams = 4,
                                 .total_bytes = 99};
    ck_assert_int_eq(interim_request_set_third_party(request, &push), 0);
    ck_assert_str_eq(value(request, "destination"), "http://far.example/b");
    ck_assert_str_eq(value(request, "overwrite"), "T");
    ck_assert_str_eq(value(request, "credential"), "oidc");
    ck_assert_str_eq(value(request, "transferheaderauthorization"), "Bearer x");
    ck_assert_str_eq(value(request, "x-number-of-streams"), "4");
    ck_assert_str_eq(value(request, "requirechecksumverification"), "false");
    ck_assert_str_eq(value(request, "want-repr-digest"), "adler=10");
    ck_assert(request->wants_trailers);
    ck_assert_str_eq(request->trusted, ".disks.example");
    ck_assert_int_eq(request->total_bytes, 99);
    interim_request_free(request);
}
END_TEST

START_TEST(third_party_refuses_what_is_wrong_and_changes_nothing)
{
    static const struct {
        const char *method, *field;
        interim_third_party wanted;
        int code;
    } wrong[] = {
#define SIZE .size = sizeof(interim_third_party)
#define PULL SIZE, .source = "https://far.example/a"
        {"MOVE", NULL, {PULL}, INTERIM_EINVAL},
        {"COPY", "Source", {PULL}, INTERIM_EINVAL},
        {"COPY", "Destination", {PULL}, INTERIM_EINVAL},
        {"COPY", NULL, {SIZE}, INTERIM_EINVAL},
        {"COPY", NULL, {.size = 1, .source = "https://far.example/a"}, INTERIM_EINVAL},
        {"COPY", NULL, {PULL, .destination = "https://far.example/a"}, INTERIM_EINVAL},
        {"COPY", NULL, {PULL, .verify = 2}, INTERIM_EINVAL},
        {"COPY", NULL, {PULL, .verify = -2}, INTERIM_EINVAL},
        {"COPY", NULL, {PULL, .streams = 1001}, INTERIM_EINVAL},
        {"COPY", NULL, {PULL, .total_bytes = -1}, INTERIM_EINVAL},
        {"COPY", NULL, {SIZE, .source = "/a"}, INTERIM_EURL},
        {"COPY", NULL, {SIZE, .source = ""}, INTERIM_EURL},
        {"COPY", NULL, {SIZE, .source = "ftp://far.example/a"}, INTERIM_EURL},
        {"COPY", NULL, {SIZE, .source = "https://u:p@far.example/a"}, INTERIM_EURL},
        {"COPY", NULL, {SIZE, .destination = "https://far.example/a b"}, INTERIM_EURL},
        {"COPY", NULL, {PULL, .authorization = "Bearer x\r\nA: b"}, INTERIM_EFIELD},
        {"COPY", NULL, {PULL, .credential = "\001"}, INTERIM_EFIELD},
        {"COPY", NULL, {PULL, .trusted = "x", .want_repr_digest = "\n"}, INTERIM_EFIELD},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        interim_request *request = new_request(wrong[i].method);

        if (wrong[i].field != NULL)
            ck_assert_int_eq(interim_request_add_header(request, wrong[i].field, "x"), 0);
        ck_assert_int_eq(interim_request_set_third_party(request, &wrong[i].wanted), wrong[i].code);
        ck_assert_uint_eq(request->fields.count, wrong[i].field != NULL);
        ck_assert(!request->third_party && !request->wants_trailers && request->trusted == NULL);
        interim_request_free(request);
    }
}
END_TEST

START_TEST(third_party_without_memory_changes_nothing)
{
    const interim_third_party wanted = {PULL, .authorization = "x", .trusted = "y", .streams = 2};
    int code = INTERIM_ENOMEM;

    for (unsigned long nth = 1; code != 0; nth++) {
        interim_request *request = new_request("COPY");

        failing_alloc_arm(nth);
        code = interim_request_set_third_party(request, &wanted);
        failing_alloc_disarm();
        ck_assert(code == 0 || code == INTERIM_ENOMEM);
        ck_assert_uint_eq(request->fields.count, code == 0 ? 5 : 0);
        ck_assert(request->third_party == (code == 0));
        interim_request_free(request);
        ck_assert_uint_lt(nth, 50);
    }
}
END_TEST

START_TEST(third_party_cannot_be_set_in_flight)
{
    const interim_third_party wanted = {PULL};
    interim_request *request = new_request("COPY");

    request->in_flight = 1;
    ck_assert_int_eq(interim_request_set_third_party(request, &wanted), INTERIM_EBUSY);
    request->in_flight = 0;
    interim_request_free(request);
}
END_TEST

Suite *marking_suite(void)
{
    Suite *suite = suite_create("marking");
    TCase *tests = tcase_create("marking");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, marking_a_day_of_markers_takes_no_memory);
    tcase_add_test(tests, marking_the_stall_limit_is_exact);
    tcase_add_test(tests, marking_a_verdict_has_ten_seconds_to_end);
    tcase_add_test(tests, marking_a_pause_is_nobodys_silence);
    tcase_add_test(tests, marking_a_verdict_does_not_hide_what_the_caller_did);
    tcase_add_test(tests, marking_without_memory_says_no_more_than_it_knows);
    tcase_add_test(tests, marking_without_memory_asks_the_monitor_or_says_so);
    tcase_add_test(tests, third_party_writes_its_fields);
    tcase_add_test(tests, third_party_refuses_what_is_wrong_and_changes_nothing);
    tcase_add_test(tests, third_party_without_memory_changes_nothing);
    tcase_add_test(tests, third_party_cannot_be_set_in_flight);
    suite_add_tcase(suite, tests);
    return suite;
}
