/* upload.c - uploads that resume, on a made-up clock. What a server can answer to each request is
 * in tests/transcripts/upload-*.txt; here is what needs numbers, time or memory. */
#include "operation/upload.h"

#include "operation/upload_said.h"
#include "suites.h"
#include "support/failing_alloc.h"
#include "support/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION "Upload-Draft-Interop-Version: 9\n"
#define NAMED SAY(104, VERSION "Location: /u\n")
#define AT(offset) SAY(204, "Upload-Offset: " offset "\n")
#define COMPLETE SAY(201, "Upload-Complete: ?1\n")
#define REPLY "Upload-Complete: ?1\nX-Reply: yes\n\ntaken"

static struct fake run;

static interim_request *put_to(const char *url, const char *body)
{
    interim_request *request = fake_request("PUT", url, NULL);

    fake_set_body(request, body);
    request->resumes = true;
    interim__resumption_fill(&request->resumption);
    return request;
}

static interim_request *put(void)
{
    return put_to("http://dav.example/a", "0123456789");
}

static void check_outcome(interim_outcome outcome, int error, int status)
{
    ck_assert_msg(run.result->outcome == outcome && run.result->error->code == error &&
                      run.result->status == status,
                  "%s, %s, %d", run.result->reason, fake_trace(&run), run.result->status);
}

static const char *sent(unsigned exchange)
{
    return run.sent[exchange];
}

/* ---- what is an upload ---- */

START_TEST(upload_is_for_some_requests_only)
{
    static const struct {
        const char *method, *field;
        bool can;
    } table[] = {
        {"PUT", NULL, true},
        {"POST", NULL, true},
        {"PATCH", NULL, true},
        {"COPY", NULL, false},
        {"MOVE", NULL, false},
        {"GET", NULL, false},
        {"DELETE", NULL, false},
        {"PROPFIND", NULL, false},
        {"PUT", "Upload-Complete: ?1\n", false},
        {"PUT", "upload-offset: 5\n", false},
        {"PUT", "Repr-Digest: sha-256=:AAAA:\n", true},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        interim_request *request =
            fake_request(table[i].method, "http://dav.example/a", table[i].field);

        ck_assert(!interim__upload_can(request));
        fake_set_body(request, "x");
        ck_assert(!interim__upload_can(request));
        request->resumes = true;
        ck_assert_int_eq(interim__upload_can(request), table[i].can);
        request->body.length = 0;
        ck_assert(!interim__upload_can(request));
        request->body.length = 1000000000000000;
        ck_assert(!interim__upload_can(request));
        interim__request_release(request);
    }
}
END_TEST

START_TEST(upload_said_ignores_what_is_malformed)
{
    static const struct {
        const char *fields;
        bool version;
        int complete;
        int64_t offset, max_size, max_append;
    } table[] = {
        {VERSION "Upload-Complete: ?1\nUpload-Offset: 5\nUpload-Limit: max-size=7\n", true, 1, 5, 7,
         -1},
        {"Upload-Draft-Interop-Version: 09\nUpload-Complete: ?0\n", false, 0, -1, -1, -1},
        {"Upload-Draft-Interop-Version: 8\nUpload-Complete: 1\nUpload-Offset: -1\n", false, -1, -1,
         -1, -1},
        {VERSION VERSION "Upload-Complete: ?1\nUpload-Complete: ?1\n", false, -1, -1, -1, -1},
        {"Upload-Offset: 5\nUpload-Offset: 5\n", false, -1, -1, -1, -1},
        {"Upload-Limit: max-size=7\nUpload-Limit: max-append-size=3, max-size=8\n", false, -1, -1,
         8, 3},
        {"Upload-Limit: max-size=7, max-append-size=?1\n", false, -1, -1, -1, -1},
        {"Upload-Limit: max-size=7, max-append-size=-1\n", false, -1, -1, -1, -1},
        {"Upload-Limit: max-size=7, max-append-size\n", false, -1, -1, -1, -1},
        {"Upload-Limit: max-size=7,\n", false, -1, -1, -1, -1},
        {"Upload-Limit: max-size=7, more=?1\n", false, -1, -1, 7, -1},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        interim__answer answer;
        interim__upload_said said;

        fake_answer(&answer, NULL, 104, table[i].fields);
        interim__upload_said_read(&said, &answer.fields);
        ck_assert_int_eq(said.version, table[i].version);
        ck_assert_int_eq(said.complete, table[i].complete);
        ck_assert_int_eq(said.offset, table[i].offset);
        ck_assert_int_eq(said.max_size, table[i].max_size);
        ck_assert_int_eq(said.max_append, table[i].max_append);
        fake_answer_free(&answer);
    }
}
END_TEST

/* ---- where it may be ---- */

START_TEST(upload_resource_may_not_be_anywhere)
{
    static const char *const refused[] = {
        "http://other.example/u",
        "https://u:p@dav.example/u",
        "http://dav.example/u",
        "https://dav.example:444/u",
        "https://dav.example:99999/",
        "file:///u",
        "https:///u",
        "/u%zz",
        "",
    };
    static char large[17000];

    for (size_t i = 0; i <= sizeof refused / sizeof *refused; i++) {
        bool is_large = i == sizeof refused / sizeof *refused;
        int size =
            snprintf(large, sizeof large, VERSION "Location: %s", is_large ? "/" : refused[i]);

        if (is_large)
            memset(large + size, 'u', 16384);
        snprintf(large + size + (is_large ? 16384 : 0), 2, "\n");
        fake_run(&run, put_to("https://dav.example/a", "0123456789"), SCRIPT(SAY(104, large), CUT));
        check_outcome(INTERIM_UNKNOWN, INTERIM_EDISCONNECTED, 104);
        ck_assert_uint_eq(run.exchanges, 1);
        fake_finish(&run);
        memset(large, 0, sizeof large);
    }
}
END_TEST

START_TEST(upload_resource_is_forgotten_with_a_redirect)
{
    fake_run(&run, put(), SCRIPT(NAMED, SAY(307, "Location: /b\n"), REFUSE(INTERIM_ECONNECT)));
    ck_assert_ptr_nonnull(strstr(fake_trace(&run), ">"));
    check_outcome(INTERIM_UNKNOWN, INTERIM_ECONNECT, 307);
    fake_finish(&run);
}
END_TEST

START_TEST(upload_does_not_move_by_answers)
{
    fake_run(&run, put(),
             SCRIPT(NAMED, CUT, SAY(204, "Location: /v\nUpload-Offset: 4\n"),
                    SAY(104, VERSION "Location: /w\n"), CUT,
                    SAY(204, "Location: http://other.example/\nUpload-Offset: 4\n"), COMPLETE));
    check_outcome(INTERIM_DONE, 0, 201);
    ck_assert_ptr_nonnull(strstr(sent(2), "PATCH /u HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(sent(3), "HEAD /u HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(sent(4), "PATCH /u HTTP/1.1\r\n"));
    fake_finish(&run);
}
END_TEST

/* ---- what is sent ---- */

START_TEST(upload_sends_no_byte_that_the_server_has)
{
    fake_run(&run, put(),
             SCRIPT(NAMED, CUT, AT("3"), SAY(104, VERSION "Upload-Offset: 7\n"), CUT, AT("8"), CUT,
                    AT("10"), COMPLETE));
    check_outcome(INTERIM_DONE, 0, 201);
    ck_assert_ptr_nonnull(strstr(sent(0), "\r\n\r\n0123456789"));
    ck_assert_ptr_nonnull(strstr(sent(2), "\r\n\r\n3456789"));
    ck_assert_ptr_nonnull(strstr(sent(4), "\r\n\r\n89"));
    ck_assert_ptr_nonnull(strstr(sent(6), "\r\nContent-Length: 0\r\n"));
    ck_assert_uint_eq(run.result->timing.retry_count, 3);
    fake_finish(&run);
}
END_TEST

START_TEST(upload_answers_a_challenge_again)
{
    interim_request *request = put();

    fake_set_login(request, "u", "p");
    request->credentials.scheme = INTERIM_SCHEME_AUTO;
    request->credentials.clear_text = true;
    fake_run(
        &run, request,
        SCRIPT(NAMED, CUT, SAY(401, "WWW-Authenticate: Basic realm=\"r\"\n"), AT("4"), COMPLETE));
    check_outcome(INTERIM_DONE, 0, 201);
    ck_assert_ptr_nonnull(strstr(sent(2), "HEAD /u HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(sent(3), "\r\nAuthorization: Basic dTpw\r\n"));
    ck_assert_ptr_nonnull(strstr(sent(3), "\r\n\r\n456789"));
    fake_finish(&run);
}
END_TEST

START_TEST(upload_goes_in_smaller_parts_after_413)
{
    interim_request *request = fake_request("PUT", "http://dav.example/a", NULL);
    char *body = calloc(1, 200001);

    memset(body, 'x', 200000);
    fake_set_body(request, body);
    free(body);
    request->resumes = true;
    request->expect = INTERIM_EXPECT_NEVER;
    interim__resumption_fill(&request->resumption);
    fake_run(&run, request,
             SCRIPT(NAMED, SAY(413, ""), AT("0"), SAY(413, ""), AT("0"), SAY(204, ""), SAY(204, ""),
                    SAY(204, ""), COMPLETE));
    check_outcome(INTERIM_DONE, 0, 201);
    ck_assert_ptr_nonnull(strstr(sent(2), "\r\nContent-Length: 100000\r\n"));
    ck_assert_ptr_nonnull(strstr(sent(4), "\r\nContent-Length: 65536\r\n"));
    ck_assert_ptr_nonnull(strstr(sent(7), "\r\nContent-Length: 3392\r\n"));
    fake_finish(&run);
    /* So little is no matter of size: it is the answer. */
    fake_run(&run, put(), SCRIPT(NAMED, SAY(413, "A: b\n\nno")));
    check_outcome(INTERIM_FAILED, 0, 413);
    ck_assert_str_eq(run.result->body.data, "no");
    fake_finish(&run);
}
END_TEST

START_TEST(upload_limits_that_leave_no_way)
{
    static const char *const limits[] = {"max-append-size=0",
                                         "max-append-size=4, min-append-size=5", "max-size=9"};

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        char fields[100];

        snprintf(fields, sizeof fields, "Upload-Offset: 3\nUpload-Limit: %s\n", limits[i]);
        fake_run(&run, put(), SCRIPT(NAMED, CUT, SAY(204, fields)));
        check_outcome(INTERIM_UNKNOWN, INTERIM_EUPLOAD_LIMIT, 204);
        fake_finish(&run);
    }
    /* Too many parts. */
    for (int more = 0; more < 2; more++) {
        interim_request *request = put();

        request->body.length = 99999 + more;
        request->body.piece = NULL;
        free(request->body_memory);
        request->body_memory = calloc(1, 100001);
        request->body.data = request->body_memory;
        fake_run(&run, request,
                 SCRIPT(NAMED, CUT, SAY(204, "Upload-Offset: 0\nUpload-Limit: max-append-size=1\n"),
                        SAY(400, "")));
        check_outcome(INTERIM_UNKNOWN, more ? INTERIM_EUPLOAD_LIMIT : INTERIM_EUPLOAD_GONE,
                      more ? 204 : 400);
        fake_finish(&run);
    }
}
END_TEST

START_TEST(upload_part_that_was_not_taken_whole)
{
    static const char parts[] = "Upload-Offset: 0\nUpload-Limit: max-append-size=6\n";

    fake_run(&run, put(),
             SCRIPT(NAMED, CUT, SAY(204, parts), SAY(204, "Upload-Offset: 4\n"), COMPLETE));
    check_outcome(INTERIM_DONE, 0, 201);
    ck_assert_ptr_nonnull(strstr(sent(3), "\r\n\r\n456789"));
    fake_finish(&run);
    fake_run(&run, put(), SCRIPT(NAMED, CUT, SAY(204, parts), SAY(204, "Upload-Offset: 7\n")));
    check_outcome(INTERIM_UNKNOWN, INTERIM_EUPLOAD_OFFSET, 204);
    fake_finish(&run);
    fake_run(&run, put(),
             SCRIPT(NAMED, CUT, SAY(204, parts), SAY(204, ""), SAY(204, "Upload-Offset: 5\n")));
    check_outcome(INTERIM_UNKNOWN, INTERIM_EUPLOAD_OFFSET, 204);
    fake_finish(&run);
}
END_TEST

/* ---- time ---- */

START_TEST(upload_waits_as_it_is_told)
{
    int64_t cut, asked;

    fake_run(&run, put(),
             SCRIPT(NAMED, CUT, SAY(503, "Retry-After: 100\n"), SAY(429, "Retry-After: 9999\n"),
                    AT("4"), COMPLETE));
    check_outcome(INTERIM_DONE, 0, 201);
    cut = fake_find(&run, INTERIM_EVENT_RETRY, 0)->wait_ms;
    asked = fake_find(&run, INTERIM_EVENT_RETRY, 1)->wait_ms;
    ck_assert(cut >= 1000 && cut <= 2000);
    ck_assert(asked >= 100000 && asked <= 110000);
    asked = fake_find(&run, INTERIM_EVENT_RETRY, 2)->wait_ms;
    ck_assert(asked >= 600000 && asked <= 660000);
    fake_finish(&run);
}
END_TEST

/* Every connection fails. */
START_TEST(upload_gives_up_after_attempts_and_time)
{
    static fake_step script[200];
    const fake_step named = NAMED, cut = CUT, refuse = REFUSE(INTERIM_ECONNECT);

    for (size_t i = 0; i < 199; i++)
        script[i] = i == 0 ? named : i == 1 ? cut : refuse;
    fake_run(&run, put(), script);
    check_outcome(INTERIM_UNKNOWN, INTERIM_EUPLOAD_UNREACHABLE, 104);
    ck_assert_uint_gt(run.result->timing.retry_count, 10);
    ck_assert_uint_lt(run.result->timing.retry_count, 60);
    ck_assert_int_ge(run.result->timing.end_ms, 300000);
    ck_assert_int_lt(run.result->timing.end_ms, 400000);
    fake_finish(&run);
}
END_TEST

/* Each HEAD says the same, and each append is cut: the bytes between are not progress. */
START_TEST(upload_gives_up_without_progress)
{
    static fake_step script[200];
    const fake_step named = NAMED, cut = CUT, none = AT("0");

    for (size_t i = 0; i < 199; i++)
        script[i] = i == 0 ? named : i % 2 == 1 ? cut : none;
    fake_run(&run, put(), script);
    check_outcome(INTERIM_UNKNOWN, INTERIM_EUPLOAD_UNREACHABLE, 204);
    ck_assert_int_lt(run.result->timing.end_ms, 400000);
    fake_finish(&run);
}
END_TEST

/* A byte for each connection is progress, but not for ever. */
START_TEST(upload_gives_up_after_a_thousand_interruptions)
{
    interim_request *request = put();
    interim__upload upload = {0};
    uint64_t random = 1;
    unsigned connections = 0;
    interim_error error;

    interim__error_init(&error);
    interim__upload_create(&upload, request, &random);
    while (interim__upload_unanswered(&upload, INTERIM_EDISCONNECTED, 0, &error) !=
           INTERIM__UPLOAD_STOP) {
        connections++;
        upload.failures = 0;
    }
    ck_assert_uint_eq(connections, 1000);
    ck_assert_int_eq(error.code, INTERIM_EUPLOAD_UNREACHABLE);
    interim__request_release(request);
}
END_TEST

START_TEST(upload_has_a_lifetime)
{
    fake_run(&run, put(),
             SCRIPT(SAY(104, VERSION "Location: /u\nUpload-Limit: max-age=50\n"), CUT,
                    SAY(503, "Retry-After: 60\n")));
    check_outcome(INTERIM_UNKNOWN, INTERIM_EUPLOAD_GONE, 503);
    ck_assert_uint_eq(run.exchanges, 2);
    fake_finish(&run);
}
END_TEST

START_TEST(upload_ends_at_the_total_limit)
{
    interim_request *request = put();

    request->patience.total_ms = 30000;
    fake_run(&run, request, SCRIPT(NAMED, CUT, SAY(503, "Retry-After: 60\n")));
    check_outcome(INTERIM_STILL_RUNNING, INTERIM_ETOTAL, 503);
    fake_finish(&run);
    /* Nothing was sent of the body: nobody is at work. */
    request = put();
    request->patience.total_ms = 30000;
    request->expect = INTERIM_EXPECT_ALWAYS;
    request->patience.continue_ms = 60000;
    ck_assert_int_eq(fake_start(&run, request), 0);
    interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
    fake_play(&run, SCRIPT(STEP(LATER, 1000), STEP(STUCK, 0), NAMED, HANG));
    check_outcome(INTERIM_UNKNOWN, INTERIM_ETOTAL, 104);
    fake_finish(&run);
}
END_TEST

START_TEST(upload_can_be_cancelled_anywhere)
{
    uint64_t last = 1;

    for (uint64_t at = 1; at <= last; at++) {
        run.cancel_at = at;
        fake_run(&run, put(), SCRIPT(NAMED, CUT, AT("4"), CUT, SAY(503, ""), AT("6"), COMPLETE));
        if (at == 1)
            last = 20;
        if (run.result->outcome == INTERIM_DONE)
            last = at;
        else
            check_outcome(INTERIM_CANCELLED, INTERIM_ECANCELLED, run.result->status);
        for (unsigned i = 0; i < run.exchanges; i++)
            ck_assert_ptr_null(strstr(sent(i), "DELETE "));
        fake_finish(&run);
    }
    ck_assert_uint_gt(last, 10);
}
END_TEST

/* ---- memory ---- */

START_TEST(upload_without_memory)
{
    unsigned long nth = 0;
    bool failed;

    do {
        interim_request *request = put();
        bool started;

        failing_alloc_arm(++nth);
        started = fake_start(&run, request) == 0;
        if (started)
            fake_play(&run, SCRIPT(NAMED, CUT, SAY(308, "Location: /v\n"), AT("4"), CUT, AT("6"),
                                   SAY(201, REPLY)));
        failed = failing_alloc_disarm();
        if (!started)
            continue;
        fake_check(&run);
        ck_assert(run.result->outcome == INTERIM_DONE ||
                  (failed && run.result->error->code == INTERIM_ENOMEM));
        fake_finish(&run);
    } while (failed);
    ck_assert_uint_gt(nth, 20);
}
END_TEST

Suite *upload_suite(void)
{
    Suite *suite = suite_create("upload");
    TCase *tests = tcase_create("upload");

    tcase_add_test(tests, upload_is_for_some_requests_only);
    tcase_add_test(tests, upload_said_ignores_what_is_malformed);
    tcase_add_test(tests, upload_resource_may_not_be_anywhere);
    tcase_add_test(tests, upload_resource_is_forgotten_with_a_redirect);
    tcase_add_test(tests, upload_does_not_move_by_answers);
    tcase_add_test(tests, upload_sends_no_byte_that_the_server_has);
    tcase_add_test(tests, upload_answers_a_challenge_again);
    tcase_add_test(tests, upload_goes_in_smaller_parts_after_413);
    tcase_add_test(tests, upload_limits_that_leave_no_way);
    tcase_add_test(tests, upload_part_that_was_not_taken_whole);
    tcase_add_test(tests, upload_waits_as_it_is_told);
    tcase_add_test(tests, upload_gives_up_after_attempts_and_time);
    tcase_add_test(tests, upload_gives_up_without_progress);
    tcase_add_test(tests, upload_gives_up_after_a_thousand_interruptions);
    tcase_add_test(tests, upload_has_a_lifetime);
    tcase_add_test(tests, upload_ends_at_the_total_limit);
    tcase_add_test(tests, upload_can_be_cancelled_anywhere);
    tcase_add_test(tests, upload_without_memory);
    suite_add_tcase(suite, tests);
    return suite;
}
