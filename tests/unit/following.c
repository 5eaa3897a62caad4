/* following.c - redirects, jobs and their results, from the first request to the end: the fixtures
 * f01 to f28 of the services that are known, as far as the GENERIC dialect goes. */
#include "operation/operation.h"

#include "suites.h"
#include "support/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOB SAY(202, "Location: /1\n")

static struct fake run;

static void check_outcome(interim_outcome outcome, int error, int status)
{
    ck_assert_msg(run.result->outcome == outcome, "%s", run.result->reason);
    ck_assert_msg(run.result->error->code == error, "%s", run.result->reason);
    ck_assert_int_eq(run.result->status, status);
}

/* Runs a request to http://dav.example/a/ without fields. */
#define CASE(method, outcome, error, status, ...)                                                  \
    do {                                                                                           \
        fake_run(&run, fake_request(method, "http://dav.example/a/", NULL), SCRIPT(__VA_ARGS__));  \
        check_outcome(outcome, error, status);                                                     \
        fake_finish(&run);                                                                         \
    } while (0)

/* The first line of the request on the n-th connection, from 0. */
static const char *line(unsigned n)
{
    static char text[FAKE_SENT];

    ck_assert_uint_lt(n, run.connections);
    snprintf(text, sizeof text, "%.*s", (int)strcspn(run.sent[n], "\r"), run.sent[n]);
    return text;
}

static bool sent(unsigned n, const char *text)
{
    return strstr(run.sent[n], text) != NULL;
}

/* ---- redirects ---- */

START_TEST(following_redirects_of_a_get)
{
    fake_run(&run, fake_request("GET", "http://dav.example/a/", "Cookie: c\nAccept: x/y\n"),
             SCRIPT(SAY(301, "Location: /b?q=secret\n\nmoved"), SAY(302, "Location: c\n"),
                    SAY(307, "Location: http://b.example/d\n"),
                    SAY(308, "Location: http://dav.example/e\n"), SAY(303, "Location: /f\n"),
                    SAY(200, "A: b\n\nfinal")));
    check_outcome(INTERIM_DONE, 0, 200);
    ck_assert_str_eq(line(1), "GET /b?q=secret HTTP/1.1");
    ck_assert_str_eq(line(2), "GET /c HTTP/1.1");
    ck_assert_str_eq(line(3), "GET /d HTTP/1.1");
    ck_assert_str_eq(line(4), "GET /e HTTP/1.1");
    ck_assert_str_eq(line(5), "GET /f HTTP/1.1");
    for (unsigned n = 0; n < 6; n++) {
        ck_assert(sent(n, "Cookie: c\r\n") == (n != 3));
        ck_assert(sent(n, "Accept: x/y\r\n"));
    }
    ck_assert_str_eq(run.result->body.data, "final");
    ck_assert_str_eq(run.result->url, "http://dav.example/f");
    ck_assert_str_eq(fake_trace(&run), "sctr>ctr>ctr>ctr>ctr>ctre");
    ck_assert_str_eq(fake_find(&run, INTERIM_EVENT_REDIRECT, 0)->url, "http://dav.example/b?...");
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_RESPONSE, 5)->hop, INTERIM_HOP_REDIRECT);
    ck_assert_uint_eq(fake_find(&run, INTERIM_EVENT_RESPONSE, 5)->hop_index, 5);
    ck_assert_uint_eq(run.kept, 6);
    fake_finish(&run);
}
END_TEST

START_TEST(following_redirects_that_fail)
{
    CASE("GET", INTERIM_FAILED, INTERIM_EREDIRECT, 302, SAY(302, "Location: /a/\n"));
    CASE("GET", INTERIM_FAILED, INTERIM_EREDIRECT, 302, SAY(302, "Location: \n"));
    CASE("GET", INTERIM_FAILED, INTERIM_EREDIRECT, 302, SAY(302, "Location: ftp://x/\n"));
    CASE("GET", INTERIM_FAILED, INTERIM_EREDIRECT, 302, SAY(302, "Location: http://u:p@x/\n"));
    CASE("GET", INTERIM_FAILED, 0, 302, SAY(302, "")); /* nowhere to go to: it is final */
    CASE("GET", INTERIM_FAILED, 0, 300, SAY(300, "Location: /x\n"));
    fake_run(&run, fake_request("GET", "https://dav.example/a/", NULL),
             SCRIPT(SAY(302, "Location: http://dav.example/a/\n")));
    check_outcome(INTERIM_FAILED, INTERIM_EREDIRECT, 302);
    ck_assert_uint_eq(run.exchanges, 1);
    fake_finish(&run);
}
END_TEST

START_TEST(following_redirects_up_to_ten)
{
    static const fake_step eleven[] = {
        SAY(302, "Location: /1\n"), SAY(302, "Location: /2\n"), SAY(302, "Location: /3\n"),
        SAY(302, "Location: /4\n"), SAY(302, "Location: /5\n"), SAY(302, "Location: /6\n"),
        SAY(302, "Location: /7\n"), SAY(302, "Location: /8\n"), SAY(302, "Location: /9\n"),
        SAY(302, "Location: /0\n"), SAY(302, "Location: /1\n"), STEP(STOP, 0)};
    fake_step ten[12];

    memcpy(ten, eleven, sizeof ten);
    ten[10] = (fake_step)SAY(200, "");
    fake_run(&run, fake_request("GET", "http://dav.example/", NULL), ten);
    check_outcome(INTERIM_DONE, 0, 200);
    fake_finish(&run);
    fake_run(&run, fake_request("GET", "http://dav.example/", NULL), eleven);
    check_outcome(INTERIM_FAILED, INTERIM_EREDIRECT, 302);
    ck_assert_uint_eq(run.exchanges, 11);
    fake_finish(&run);
}
END_TEST

START_TEST(following_redirects_of_methods_that_change)
{
    static const char *const methods[] = {"COPY", "MOVE", "POST", "PUT", "DELETE"};
    static const int refused[] = {301, 302, 303};

    for (size_t i = 0; i < 5; i++) {
        for (size_t at = 0; at < 3; at++) {
            fake_run(&run, fake_request(methods[i], "http://dav.example/a/", NULL),
                     SCRIPT(SAY(refused[at], "Location: /b\n\nbody")));
            ck_assert_uint_eq(run.exchanges, 1);
            ck_assert_int_eq(run.result->outcome,
                             refused[at] == 303 ? INTERIM_DONE : INTERIM_FAILED);
            ck_assert_str_eq(run.result->body.data, "body");
            fake_finish(&run);
        }
        /* 307 and 308 on the origin, with the body. */
        for (int status = 307; status <= 308; status++) {
            interim_request *request =
                fake_request(methods[i], "http://dav.example/a/", "Cookie: c\nDepth: 0\n");

            fake_set_body(request, "BODY");
            fake_run(&run, request, SCRIPT(SAY(status, "Location: /b\n\nmoved"), SAY(201, "")));
            check_outcome(INTERIM_DONE, 0, 201);
            ck_assert_uint_eq(run.exchanges, 2);
            ck_assert(sent(0, "\r\n\r\nBODY") && sent(1, "\r\n\r\nBODY"));
            ck_assert(sent(1, "Cookie: c\r\n") && sent(1, "Depth: 0\r\n"));
            fake_finish(&run);
            /* To another one they are final. */
            fake_run(&run, fake_request(methods[i], "http://dav.example/a/", NULL),
                     SCRIPT(SAY(status, "Location: http://b.example/\n\nmoved")));
            check_outcome(INTERIM_FAILED, 0, status);
            ck_assert_uint_eq(run.exchanges, 1);
            ck_assert_str_eq(run.result->body.data, "moved");
            ck_assert_ptr_nonnull(strstr(run.result->reason, "not followed"));
            fake_finish(&run);
        }
    }
}
END_TEST

START_TEST(following_redirects_of_a_copy_in_a_loop)
{
    fake_run(&run, fake_request("COPY", "http://dav.example/a/", NULL),
             SCRIPT(SAY(307, "Location: /a/\n")));
    ck_assert_uint_eq(run.exchanges, 1);
    check_outcome(INTERIM_UNKNOWN, INTERIM_EREDIRECT, 307);
    fake_finish(&run);
}
END_TEST

static ptrdiff_t read_four(void *buffer, size_t size, void *user)
{
    int *calls = user;

    ck_assert_uint_eq(size, 4);
    ck_assert_int_eq((*calls)++, 0); /* it cannot be read twice */
    memcpy(buffer, "BODY", 4);
    return 4;
}

START_TEST(following_redirects_with_a_body_from_a_reader)
{
    static const char *const methods[] = {"POST", "COPY", "PROPFIND", "OPTIONS", "GET"};

    for (size_t i = 0; i < 5; i++)
        for (int status = 307; status <= 308; status++) {
            interim_request *request = fake_request(methods[i], "http://dav.example/a/", NULL);
            int calls = 0;

            request->body =
                (interim__body_source){.reader = read_four, .user = &calls, .length = 4};
            fake_run(&run, request, SCRIPT(SAY(status, "Location: /b\n\nmoved")));
            check_outcome(INTERIM_FAILED, 0, status);
            ck_assert_uint_eq(run.exchanges, 1);
            ck_assert_str_eq(run.result->body.data, "moved");
            fake_finish(&run);
        }
}
END_TEST

START_TEST(following_303_of_a_propfind_by_a_get)
{
    interim_request *request = fake_request("PROPFIND", "http://dav.example/a/", NULL);
    int calls = 0;

    request->body = (interim__body_source){.reader = read_four, .user = &calls, .length = 4};
    ck_assert_int_eq(interim_request_add_header(request, "Depth", "1"), 0);
    ck_assert_int_eq(interim_request_add_header(request, "Content-Type", "text/xml"), 0);
    ck_assert_int_eq(interim_request_add_header(request, "If-Match", "\"e\""), 0);
    ck_assert_int_eq(interim_request_add_header(request, "Cache-Control", "max-age=9"), 0);
    fake_run(&run, request, SCRIPT(SAY(303, "Location: /b\n"), SAY(200, "")));
    check_outcome(INTERIM_DONE, 0, 200);
    ck_assert(sent(0, "Depth: 1\r\n") && sent(0, "Content-Type: text/xml\r\n"));
    ck_assert_str_eq(line(1), "GET /b HTTP/1.1");
    ck_assert(!sent(1, "Content-") && !sent(1, "Depth") && !sent(1, "If-Match"));
    ck_assert(sent(1, "Cache-Control: max-age=9\r\n"));
    fake_finish(&run);
}
END_TEST

START_TEST(following_202_after_a_redirect)
{
    fake_run(&run, fake_request("COPY", "http://dav.example/a/", NULL),
             SCRIPT(SAY(307, "Location: /deep/er/\n"), SAY(202, "Location: job\n"), SAY(200, "")));
    check_outcome(INTERIM_DONE, 0, 200);
    ck_assert_str_eq(line(2), "GET /deep/er/job HTTP/1.1"); /* f01 */
    fake_finish(&run);
}
END_TEST

/* ---- jobs ---- */

START_TEST(following_job_tells_all_there_is_to_tell)
{
    const fake_event *event;

    fake_run(&run, fake_request("COPY", "http://dav.example/a/?mine=1", NULL),
             SCRIPT(SAY(102, ""), SAY(202, "Location: /jobs/1?sig=secret\nRetry-After: 2\n"),
                    SAY(200, "Retry-After: 4\nServer: s\n\n{\"status\":\"Running\","
                             "\"percentComplete\":25}"),
                    SAY(200, "A: b\n\n{\"status\":\"Succeeded\"}")));
    check_outcome(INTERIM_DONE, 0, 200);
    ck_assert_str_eq(fake_trace(&run), "sctirawctpwctpe");
    event = fake_find(&run, INTERIM_EVENT_ACCEPTED, 0);
    ck_assert_str_eq(event->url, "http://dav.example/jobs/1?...");
    ck_assert_str_eq(event->text, "generic");
    ck_assert_int_eq(event->status, 202);
    event = fake_find(&run, INTERIM_EVENT_WAITING, 0);
    ck_assert_int_eq(event->hop, INTERIM_HOP_POLL);
    ck_assert_int_ge(event->wait_ms, 2000);
    ck_assert_int_le(event->wait_ms, 2200);
    event = fake_find(&run, INTERIM_EVENT_POLL, 0);
    ck_assert_int_eq(event->hop, INTERIM_HOP_POLL);
    ck_assert_uint_eq(event->hop_index, 1);
    ck_assert_str_eq(event->url, "http://dav.example/jobs/1?...");
    ck_assert_str_eq(event->method, "GET");
    ck_assert_str_eq(event->text, "Running");
    ck_assert(event->percent > 24.9 && event->percent < 25.1);
    ck_assert_int_ge(event->silence_ms, 2000);
    event = fake_find(&run, INTERIM_EVENT_POLL, 1);
    ck_assert_uint_eq(event->hop_index, 2);
    ck_assert_str_eq(event->text, "Succeeded");
    ck_assert_str_eq(run.result->url, "http://dav.example/jobs/1?...");
    ck_assert_str_eq(run.result->body.data, "{\"status\":\"Succeeded\"}");
    ck_assert_str_eq(run.result->reason, "the monitor answered 200: the job is done");
    ck_assert_uint_eq(run.result->timing.poll_count, 2);
    ck_assert_int_eq(run.result->timing.accepted_ms, 0);
    ck_assert_int_ge(run.result->timing.end_ms, 6000);
    fake_finish(&run);
}
END_TEST

START_TEST(following_job_that_failed_says_why)
{
    CASE("COPY", INTERIM_FAILED, 0, 200, JOB,
         SAY(200, "A: b\n\n{\"status\":\"Failed\",\"error\":{\"message\":\"no room\"}}"));
    fake_run(&run, fake_request("COPY", "http://dav.example/a/", NULL),
             SCRIPT(JOB, SAY(200, "A: b\n\n{\"status\":\"Failed\",\"error\":{\"message\":"
                                  "\"no\\u001b[2J room\"}}")));
    ck_assert_str_eq(run.result->reason, "the monitor answered 200: the job failed: no?[2J room");
    fake_finish(&run);
}
END_TEST

START_TEST(following_job_fixtures)
{
    static const char running[] = "A: b\n\n{\"status\":\"running\"}";
    static const char running_again[] = "Retry-After: 1\n\n{\"status\":\"running\"}";

    /* f02 */
    CASE("COPY", INTERIM_DONE, 0, 200, JOB, SAY(202, "Location: /2\n"), SAY(202, "Location: /3\n"),
         SAY(200, ""));
    /* f05 */
    CASE("COPY", INTERIM_DONE, 0, 202, SAY(202, "Location: /1\n\n{\"status\":\"notStarted\"}"),
         SAY(202, "A: b\n\n{\"status\":\"completed\"}"));
    /* f06, f07 */
    CASE("COPY", INTERIM_DONE, 0, 204, JOB, SAY(200, running_again), SAY(200, running),
         SAY(204, ""));
    CASE("COPY", INTERIM_DONE, 0, 200, JOB, SAY(200, running));
    /* f09, f10 */
    CASE("COPY", INTERIM_DONE, 0, 200, JOB, SAY(404, ""), SAY(404, ""), SAY(202, ""), SAY(200, ""));
    CASE("COPY", INTERIM_UNKNOWN, INTERIM_EPOLL_GONE, 410, JOB, SAY(202, ""), SAY(410, ""));
    /* f11 */
    CASE("COPY", INTERIM_DONE, 0, 200, JOB, SAY(500, running_again), SAY(500, running_again),
         SAY(500, "A: b\n\n{\"status\":\"running\",\"jobId\":1}"),
         SAY(500, "A: b\n\n{\"status\":\"running\"}"), SAY(200, ""));
    /* f12 */
    CASE("COPY", INTERIM_DONE, 0, 200, JOB, CUT, CUT, CUT, SAY(200, ""));
    /* f15, f16 */
    CASE("POST", INTERIM_ACCEPTED, 0, 202,
         SAY(202, "Docker-Upload-UUID: 1\nLocation: /v2/x/blobs/uploads/1\nRange: 0-0\n"));
    fake_run(&run, fake_request("COPY", "http://dav.example/db/a", "Destination: b\n"),
             SCRIPT(SAY(202, "Location: http://dav.example/db/b\nETag: \"1-x\"\n\n"
                             "{\"ok\":true,\"id\":\"b\",\"rev\":\"1-x\"}")));
    check_outcome(INTERIM_ACCEPTED, 0, 202);
    fake_finish(&run);
    /* f19, f20 */
    CASE("COPY", INTERIM_FAILED, 0, 200, JOB, SAY(200, "AsyncResult: 500\n"));
    CASE("GET", INTERIM_DONE, 0, 200, JOB, SAY(200, "X-Export-Status: 202\n"),
         SAY(200, "X-Export-Status: 200\n"));
    /* f21, f22 */
    CASE("COPY", INTERIM_FAILED, 0, 200, JOB, SAY(200, running_again),
         SAY(200, "A: b\n\n{\"status\":\"Canceled\"}"));
    CASE("COPY", INTERIM_FAILED, 0, 200, JOB, SAY(200, running_again),
         SAY(200, "A: b\n\n{\"status\":\"Cancelled\"}"));
    CASE("COPY", INTERIM_DONE, 0, 200, JOB,
         SAY(200, "Retry-After: 1\n\n\xef\xbb\xbf{\"status\":\"running\"}"),
         SAY(200, "A: b\n\n\xef\xbb\xbf{\"status\":\"succeeded\"}"));
    /* f23 */
    CASE("COPY", INTERIM_UNKNOWN, INTERIM_EPOLL_REDIRECT, 302, JOB, SAY(302, "Location: /1\n"));
    /* f26, f27 */
    CASE("COPY", INTERIM_DONE, 0, 200, SAY(202, "location: /1\n"), SAY(425, ""), SAY(200, ""));
}
END_TEST

START_TEST(following_job_of_lxd)
{
    fake_run(&run, fake_request("POST", "http://dav.example/1.0/instances", NULL),
             SCRIPT(SAY(202, "Location: /1.0/operations/b8\n\n{\"type\":\"async\",\"status\":"
                             "\"Operation created\",\"status_code\":100,\"operation\":"
                             "\"/1.0/operations/b8\",\"metadata\":{\"status\":\"Running\","
                             "\"status_code\":103}}"),
                    SAY(200, "A: b\n\n{\"type\":\"sync\",\"status\":\"Success\",\"status_code\":"
                             "200,\"operation\":\"\",\"error\":\"\",\"metadata\":{\"status\":"
                             "\"Running\",\"status_code\":103,\"err\":\"\"}}"),
                    SAY(200, "A: b\n\n{\"type\":\"sync\",\"status\":\"Success\",\"status_code\":"
                             "200,\"operation\":\"\",\"error\":\"\",\"metadata\":{\"status\":"
                             "\"Failure\",\"status_code\":400,\"err\":\"no pool\"}}")));
    check_outcome(INTERIM_FAILED, 0, 200);
    ck_assert_uint_eq(run.result->timing.poll_count, 2);
    ck_assert_ptr_nonnull(strstr(run.result->reason, "no pool"));
    fake_finish(&run);
}
END_TEST

START_TEST(following_job_with_interims_during_a_poll) /* f24 */
{
    fake_run(&run, fake_request("COPY", "http://dav.example/a/", NULL),
             SCRIPT(JOB, SAY(102, ""), LATER(50000), SAY(102, "Location: /2\n"), LATER(59999),
                    SAY(200, "")));
    check_outcome(INTERIM_DONE, 0, 200);
    ck_assert_str_eq(fake_trace(&run), "sctrawctigigpe");
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_INTERIM, 0)->hop, INTERIM_HOP_POLL);
    fake_finish(&run);
}
END_TEST

START_TEST(following_job_that_is_silent_for_a_minute)
{
    const fake_event *retry;

    fake_run(&run, fake_request("COPY", "http://dav.example/a/", NULL),
             SCRIPT(JOB, OPEN, HANG, SAY(200, "")));
    check_outcome(INTERIM_DONE, 0, 200);
    retry = fake_find(&run, INTERIM_EVENT_RETRY, 0);
    ck_assert_int_eq(retry->error, INTERIM_ESILENCE);
    ck_assert_int_ge(retry->at, 61 * FAKE_SECOND);
    ck_assert_int_le(retry->at, 61 * FAKE_SECOND + FAKE_SECOND / 10);
    fake_finish(&run);
}
END_TEST

START_TEST(following_job_elsewhere_without_credentials) /* f13 */
{
    interim_request *request =
        fake_request("COPY", "https://dav.example/a/", "Cookie: c\nX-Api-Key: k\nDepth: 0\n");

    fake_set_login(request, "u", "p");
    fake_run(&run, request,
             SCRIPT(SAY(202, "Location: https://b.example/1\n"),
                    SAY(302, "Location: https://dav.example/2\n"), SAY(202, ""),
                    SAY(303, "Location: https://c.example/3\n")));
    check_outcome(INTERIM_DONE, 0, 303);
    ck_assert(sent(0, "Authorization: Basic dTpw\r\n") && sent(0, "X-Api-Key: k\r\n"));
    ck_assert_str_eq(run.sent[1], "GET /1 HTTP/1.1\r\nHost: b.example\r\nUser-Agent: fake/1\r\n"
                                  "Accept: application/json, */*;q=0.8\r\n"
                                  "Cache-Control: no-cache\r\n\r\n");
    /* Back at home. */
    ck_assert_str_eq(run.sent[2], "GET /2 HTTP/1.1\r\nHost: dav.example\r\nUser-Agent: fake/1\r\n"
                                  "Cookie: c\r\nX-Api-Key: k\r\nAuthorization: Basic dTpw\r\n"
                                  "Accept: application/json, */*;q=0.8\r\n"
                                  "Cache-Control: no-cache\r\n\r\n");
    ck_assert(!sent(3, "Cookie") && !sent(3, "Authorization"));
    fake_finish(&run);
}
END_TEST

START_TEST(following_job_with_a_long_url) /* f28 */
{
    static char text[9000], wanted[9000];

    memset(text, 'u', 8192);
    memcpy(text, "Location: /", 11);
    text[8192] = '\n';
    text[8193] = '\0';
    fake_run(&run, fake_request("COPY", "http://dav.example/a/", NULL),
             SCRIPT(SAY(202, text), SAY(200, "")));
    check_outcome(INTERIM_DONE, 0, 200);
    snprintf(wanted, sizeof wanted, "GET %.*s HTTP/1.1", 8192 - 10, text + 10);
    ck_assert(strcmp(line(1), wanted) == 0); /* too long for a message of Check's */
    fake_finish(&run);
}
END_TEST

START_TEST(following_job_redirects)
{
    fake_run(&run, fake_request("COPY", "http://dav.example/a/", NULL),
             SCRIPT(JOB, SAY(301, "Location: /moved\n"), SAY(202, ""), SAY(307, "Location: /t\n"),
                    SAY(202, ""), SAY(200, "")));
    check_outcome(INTERIM_DONE, 0, 200);
    ck_assert_str_eq(line(2), "GET /moved HTTP/1.1");
    ck_assert_str_eq(line(3), "GET /moved HTTP/1.1");
    ck_assert_str_eq(line(4), "GET /t HTTP/1.1");
    ck_assert_str_eq(line(5), "GET /moved HTTP/1.1");
    ck_assert_str_eq(fake_trace(&run), "sctrawctpctpwctpctpwctpe");
    fake_finish(&run);
    CASE("COPY", INTERIM_UNKNOWN, INTERIM_EPOLL_REDIRECT, 302, JOB, SAY(302, "Location: /2\n"),
         SAY(302, "Location: /1\n"), SAY(302, "Location: /2\n"), SAY(302, "Location: /1\n"),
         SAY(302, "Location: /2\n"), SAY(302, "Location: /1\n"));
}
END_TEST

/* ---- results ---- */

START_TEST(following_result_is_asked_for_where_it_is_wanted)
{
    static const char *const wanted[] = {"POST", "PATCH", "GET", "PROPFIND", "REPORT"};
    static const char *const unwanted[] = {"COPY", "MOVE", "PUT", "DELETE", "MKCOL"};

    for (size_t i = 0; i < 5; i++) {
        fake_run(&run, fake_request(wanted[i], "http://dav.example/a/", NULL),
                 SCRIPT(JOB, SAY(303, "Location: /r\n"), SAY(302, "Location: /s?k=v\n"),
                        SAY(200, "A: b\n\nresult")));
        check_outcome(INTERIM_DONE, 0, 200);
        ck_assert_str_eq(line(2), "GET /r HTTP/1.1");
        ck_assert_str_eq(line(3), "GET /s?k=v HTTP/1.1");
        ck_assert_str_eq(run.result->body.data, "result");
        ck_assert_str_eq(run.result->url, "http://dav.example/s?...");
        ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_RESPONSE, 1)->hop, INTERIM_HOP_RESULT);
        fake_finish(&run);
        fake_run(&run, fake_request(unwanted[i], "http://dav.example/a/", NULL),
                 SCRIPT(JOB, SAY(303, "Location: /r\n\nx")));
        check_outcome(INTERIM_DONE, 0, 303);
        ck_assert_uint_eq(run.exchanges, 2);
        fake_finish(&run);
    }
}
END_TEST

START_TEST(following_result_that_is_refused) /* f04 */
{
    fake_run(&run, fake_request("POST", "http://dav.example/a/", NULL),
             SCRIPT(JOB, SAY(303, "Location: /r\nServer: m\n"), SAY(401, "Server: r\n\nno")));
    check_outcome(INTERIM_DONE, 0, 303);
    ck_assert_str_eq(run.result->fields[1].value, "m");
    ck_assert_uint_eq(run.result->body.length, 0);
    ck_assert_str_eq(run.result->reason, "the job is done; its result was not to be had: 401");
    fake_finish(&run);
}
END_TEST

/* ---- modes ---- */

START_TEST(following_strictly)
{
    interim_request *request = fake_request("COPY", "http://dav.example/a/", NULL);

    request->polling.mode = INTERIM_POLL_STRICT;
    fake_run(&run, request,
             SCRIPT(SAY(202, "Location: /1\n\n{\"status\":\"running\"}"),
                    SAY(202, "A: b\n\n{\"status\":\"failed\",\"error\":\"x\"}"),
                    SAY(200, "Retry-After: 1\n\n{\"status\":\"running\",\"jobId\":1}")));
    check_outcome(INTERIM_DONE, 0, 200);
    fake_finish(&run);
}
END_TEST

START_TEST(following_on_the_origin_only)
{
    interim_request *request = fake_request("COPY", "http://dav.example/a/", NULL);

    request->polling.cross_origin = INTERIM_CROSS_ORIGIN_REJECT;
    fake_run(&run, request, SCRIPT(SAY(202, "Location: http://b.example/1\n")));
    check_outcome(INTERIM_ACCEPTED, 0, 202);
    ck_assert_ptr_nonnull(strstr(run.result->reason, "another origin"));
    fake_finish(&run);
}
END_TEST

Suite *following_suite(void)
{
    Suite *suite = suite_create("following");
    TCase *tests = tcase_create("following");

    tcase_add_test(tests, following_redirects_of_a_get);
    tcase_add_test(tests, following_redirects_that_fail);
    tcase_add_test(tests, following_redirects_up_to_ten);
    tcase_add_test(tests, following_redirects_of_methods_that_change);
    tcase_add_test(tests, following_redirects_of_a_copy_in_a_loop);
    tcase_add_test(tests, following_redirects_with_a_body_from_a_reader);
    tcase_add_test(tests, following_303_of_a_propfind_by_a_get);
    tcase_add_test(tests, following_202_after_a_redirect);
    tcase_add_test(tests, following_job_tells_all_there_is_to_tell);
    tcase_add_test(tests, following_job_that_failed_says_why);
    tcase_add_test(tests, following_job_fixtures);
    tcase_add_test(tests, following_job_of_lxd);
    tcase_add_test(tests, following_job_with_interims_during_a_poll);
    tcase_add_test(tests, following_job_that_is_silent_for_a_minute);
    tcase_add_test(tests, following_job_elsewhere_without_credentials);
    tcase_add_test(tests, following_job_with_a_long_url);
    tcase_add_test(tests, following_job_redirects);
    tcase_add_test(tests, following_result_is_asked_for_where_it_is_wanted);
    tcase_add_test(tests, following_result_that_is_refused);
    tcase_add_test(tests, following_strictly);
    tcase_add_test(tests, following_on_the_origin_only);
    suite_add_tcase(suite, tests);
    return suite;
}
