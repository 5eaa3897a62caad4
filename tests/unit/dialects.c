/* dialects.c - the rows of dialect.c beside GENERIC: which answer begins a job of which row, what
 * its monitor's answers mean, and what a request says of itself; and embedded.c. */
#include "operation/embedded.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/fake.h"

#include <stdio.h>
#include <string.h>

#define ALL_FLAGS ((INTERIM_POLL_PREFER_PROCESSING << 1) - 1)

/* The name of the row that an answer to a request has; "-" when none. */
static const char *row(const char *method, unsigned flags, interim_poll_mode mode, int status,
                       const char *text)
{
    interim_request *request = fake_request(method, "http://dav.example/a/", NULL);
    interim__naming naming;
    interim__answer answer;
    const interim__dialect *dialect;

    request->polling.flags = flags;
    request->polling.mode = mode;
    fake_answer(&answer, request, status, text);
    dialect = interim__dialect_find(&naming, &answer);
    ck_assert((dialect == NULL) == (naming.monitor == NULL));
    ck_assert(dialect == NULL || naming.refusal != NULL || interim__dialect_may_begin(&answer));
    fake_answer_free(&answer);
    interim__request_release(request);
    return dialect == NULL ? "-" : dialect->name;
}

#define ROW(method, flags, status, text, name)                                                     \
    ck_assert_str_eq(row(method, flags, INTERIM_POLL_STANDARD, status, text), name)

#define CREATED "Location: /1\n\n{\"status\":\"accepted\"}"
#define LINKED "A: b\n\n{\"href\":\"/op\"}"

START_TEST(dialects_begin_by_field_and_status)
{
    ROW("POST", 0, 202, "Operation-Location: /1\n", "operation-location");
    ROW("POST", 0, 201, "operation-location: /1\nLocation: /2\n", "operation-location");
    ROW("POST", 0, 200, "Operation-Location: /1\n", "operation-location");
    ROW("POST", 0, 204, "Operation-Location: /1\n", "-");
    ROW("POST", 0, 400, "Operation-Location: /1\n", "-");
    ROW("PATCH", 0, 200, "Operation-Location: /1\n", "-");
    ROW("PATCH", 0, 202, "Azure-AsyncOperation: /1\n", "azure-asyncoperation");
    ROW("PUT", 0, 202, "Azure-AsyncOperation: /1\nOperation-Location: /2\n", "operation-location");
    ROW("MOVE", 0, 202, "OC-JobStatus-Location: /1\n", "lazyops");
    ROW("MOVE", 0, 200, "OC-JobStatus-Location: /1\n", "-");
    ROW("POST", 0, 202, "Location: /1\nContent-Location: /2\n", "generic");
    ROW("POST", 0, 202, "Content-Location: /2\n", "-");
    ROW("POST", INTERIM_POLL_PREFER_ASYNC, 202, "Content-Location: /2\n", "fhir");
}
END_TEST

START_TEST(dialects_behind_flags)
{
    ROW("POST", 0, 201, CREATED, "-");
    ROW("POST", INTERIM_POLL_CREATED, 201, CREATED, "created");
    ROW("POST", INTERIM_POLL_CREATED, 201, "Location: /1\n\n{\"status\":\"active\"}", "-");
    ROW("POST", INTERIM_POLL_CREATED, 201, "Location: /1\n", "-");
    ROW("POST", INTERIM_POLL_CREATED, 201, "A: b\n\n{\"status\":\"accepted\"}", "-");
    ROW("POST", 0, 202, LINKED, "-");
    ROW("PUT", INTERIM_POLL_TARGET, 202, "x-ms-copy-status: Pending\n", "target");
    ROW("PUT", INTERIM_POLL_TARGET, 202, "x-ms-copy-status: success\n", "-");
    ROW("PUT", 0, 202, "x-ms-copy-status: pending\n", "-");
    ROW("GET", 0, 202, "A: b\n", "-");
    ROW("GET", INTERIM_POLL_SAME_URL, 202, "A: b\n", "same-url");
    ROW("HEAD", 0, 202, "Retry-After: 1\n", "same-url");
    ROW("OPTIONS", INTERIM_POLL_SAME_URL, 202, "A: b\n", "-");
    ROW("POST", ALL_FLAGS, 202, "Retry-After: 1\n", "-");
    /* An interim's monitor is never found in a final response. */
    ROW("COPY", INTERIM_POLL_INTERIM, 102, "Location: /1\n", "-");
}
END_TEST

START_TEST(dialects_that_read_bodies_are_not_strict)
{
    static const struct {
        int status;
        const char *text, *name;
    } cases[] = {
        {202, "Operation-Location: /1\n", "-"},
        {202, "Azure-AsyncOperation: /1\n", "-"},
        {202, "OC-JobStatus-Location: /1\n", "-"},
        {201, CREATED, "-"},
        {202, LINKED, "-"},
        {202, "Location: /1\n", "generic"},
        {202, "Content-Location: /1\n", "fhir"},
        {202, "Operation-Location: /1\nLocation: /2\n", "generic"},
        {202, "x-ms-copy-status: pending\n", "target"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_str_eq(row("PUT", ALL_FLAGS, INTERIM_POLL_STRICT, cases[i].status, cases[i].text),
                         cases[i].name);
        ck_assert_str_eq(row("PUT", ALL_FLAGS, INTERIM_POLL_OFF, cases[i].status, cases[i].text),
                         "-");
    }
}
END_TEST

/* What a row makes of an answer of its monitor: R, D, F or U (unclear). */
static char judge(const char *name, int status, const char *text)
{
    interim_request *request = fake_request("POST", "http://dav.example/a/", NULL);
    const interim__dialect *dialect = interim__dialect_named(name, strlen(name));
    interim__answer answer;
    interim__verdict verdict;
    bool latched = false;

    ck_assert_ptr_nonnull(dialect);
    fake_answer(&answer, request, status, text);
    verdict = dialect->judge(&answer, interim__dialect_effective_status(&answer), &latched);
    fake_answer_free(&answer);
    interim__request_release(request);
    ck_assert_int_lt((int)verdict, 4);
    return "RDFU"[verdict];
}

START_TEST(dialects_judge_by_the_words_of_a_document)
{
    static const char *const names[] = {"operation-location", "azure-asyncoperation", "lazyops"};

    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(judge(names[i], 200, "A: b\n\n{\"status\":\"init\"}"), 'R');
        ck_assert_int_eq(judge(names[i], 200, "A: b\n\n{\"status\":\"AuthorizeReplication\"}"),
                         'R');
        ck_assert_int_eq(judge(names[i], 202, "A: b\n\n{\"status\":\"finished\"}"), 'D');
        ck_assert_int_eq(judge(names[i], 200, "A: b\n\n{\"status\":\"Canceled\"}"), 'F');
        ck_assert_int_eq(judge(names[i], 200, "A: b\n\n{\"status\":\"cancelled\"}"), 'F');
        ck_assert_int_eq(judge(names[i], 200, "A: b\n\n{\"id\":1}"), 'U');
        ck_assert_int_eq(judge(names[i], 200, "A: b\n\nhello"), 'U');
        ck_assert_int_eq(judge(names[i], 200, "A: b\n\n{\"status\":7}"), 'U');
    }
    ck_assert_int_eq(judge("azure-asyncoperation", 200, ""), 'D');
    ck_assert_int_eq(judge("operation-location", 204, ""), 'D');
    ck_assert_int_eq(judge("operation-location", 202, ""), 'R');
    ck_assert_int_eq(judge("lazyops", 200, ""), 'U');
}
END_TEST

START_TEST(dialects_judge_by_field_or_status)
{
    ck_assert_int_eq(judge("target", 200, "x-ms-copy-status: pending\n"), 'R');
    ck_assert_int_eq(judge("target", 200, "x-ms-copy-status: SUCCESS\n"), 'D');
    ck_assert_int_eq(judge("target", 200, "x-ms-copy-status: failed\n"), 'F');
    ck_assert_int_eq(judge("target", 200, "x-ms-copy-status: aborted\n"), 'F');
    ck_assert_int_eq(judge("target", 200, ""), 'U');
    ck_assert_int_eq(judge("same-url", 202, "A: b\n\n{\"status\":\"done\",\"jobId\":1}"), 'R');
    ck_assert_int_eq(judge("same-url", 200, "A: b\n\n{\"status\":\"failed\",\"jobId\":1}"), 'D');
    ck_assert_int_eq(judge("fhir", 200, "X-Export-Status: 202\n"), 'R');
    ck_assert_int_eq(judge("interim", 200, "Status-URI: 202 </x>\n"), 'R');
    ck_assert_int_eq(judge("interim", 200, "Status-URI: 201 </x>\n"), 'D');
    ck_assert_ptr_null(interim__dialect_named("generi", 6));
    ck_assert_ptr_null(interim__dialect_named("", 0));
}
END_TEST

/* ---- a monitor that a body linked to answers with documents ---- */

static struct fake run;

static void play(unsigned flags, const fake_step *script)
{
    interim_request *request = fake_request("POST", "http://dav.example/a/", NULL);

    request->polling.flags = flags;
    snprintf(request->link_member, sizeof request->link_member, "href");
    fake_run(&run, request, script);
}

START_TEST(dialects_link_is_believed_at_once)
{
    play(INTERIM_POLL_LINK,
         SCRIPT(SAY(202, LINKED), SAY(200, "A: b\n\n{\"status\":\"in-progress\"}"),
                SAY(200, "A: b\n\n{\"status\":\"whatever\"}"),
                SAY(200, "A: b\n\n{\"status\":\"failed\"}")));
    ck_assert_int_eq(run.result->outcome, INTERIM_FAILED);
    ck_assert_uint_eq(run.exchanges, 4);
    fake_finish(&run);
}
END_TEST

/* ---- the field Prefer ---- */

static bool sent(unsigned n, const char *text)
{
    return strstr(run.sent[n], text) != NULL;
}

static void ask(unsigned flags, int64_t wait_s, const char *fields)
{
    interim_request *request = fake_request("POST", "http://dav.example/a/", fields);

    request->polling.flags = flags;
    request->polling.wait_s = wait_s;
    fake_run(&run, request, SCRIPT(SAY(202, "Location: /1\n"), SAY(200, "")));
    ck_assert_uint_eq(run.exchanges, 2);
}

START_TEST(dialects_prefer_what_the_caller_wants)
{
    const unsigned both = INTERIM_POLL_PREFER_ASYNC | INTERIM_POLL_PREFER_PROCESSING;

    ask(0, 10, NULL);
    ck_assert(!sent(0, "Prefer:") && !sent(1, "Prefer:"));
    fake_finish(&run);
    ask(INTERIM_POLL_PREFER_ASYNC, 0, NULL);
    ck_assert(sent(0, "\r\nPrefer: respond-async\r\n") && !sent(1, "Prefer:"));
    fake_finish(&run);
    ask(INTERIM_POLL_PREFER_ASYNC, 86400, NULL);
    ck_assert(sent(0, "\r\nPrefer: respond-async, wait=86400\r\n") && !sent(1, "Prefer:"));
    fake_finish(&run);
    ask(INTERIM_POLL_PREFER_PROCESSING, 5, NULL);
    ck_assert(sent(0, "\r\nPrefer: processing\r\n") && sent(1, "\r\nPrefer: processing\r\n"));
    fake_finish(&run);
    ask(both, 5, NULL);
    ck_assert(sent(0, "\r\nPrefer: respond-async, wait=5, processing\r\n"));
    ck_assert(sent(1, "\r\nPrefer: processing\r\n"));
    fake_finish(&run);
    /* The caller's own goes before all of it, and not to the monitor. */
    ask(both, 5, "prefer: return=minimal\n");
    ck_assert(sent(0, "\r\nprefer: return=minimal\r\n") && !sent(0, "respond-async"));
    ck_assert(!sent(1, "return=minimal"));
    fake_finish(&run);
}
END_TEST

/* ---- embedded.c ---- */

/* Unwraps a body; the status of what it holds, 0 when it is left as it is. */
static int unwrap(const char *type, const char *body, interim__buffer *out)
{
    char text[64];
    interim_request *request = fake_request("POST", "http://dav.example/a/", NULL);
    interim__answer answer;
    int status, failed;

    snprintf(text, sizeof text, "Content-Type: %s\n", type);
    fake_answer(&answer, request, 200, text);
    ck_assert_int_eq(interim__buffer_append(out, body, strlen(body)), 0);
    failed = interim__embedded_unwrap(&answer, out);
    status = failed < 0 ? failed : answer.embedded;
    if (status > 0)
        ck_assert_ptr_null(interim__fields_next(&answer.fields, "content-type", NULL));
    fake_answer_free(&answer);
    interim__request_release(request);
    return status;
}

START_TEST(dialects_unwrap_an_embedded_response)
{
    static const struct {
        const char *type, *body, *rest;
        int status;
    } cases[] = {
        {"application/http", "HTTP/1.1 201 Created\r\nA: b\r\n\r\nbody", "body", 201},
        {"Application/HTTP; msgtype=response", "HTTP/1.1 599 \r\n\r\n", "", 599},
        {"application/http", "HTTP/1.1 204 No Content\r\n\r\n", "", 204},
        {"application/json", "HTTP/1.1 201 Created\r\n\r\n", "HTTP/1.1 201 Created\r\n\r\n", 0},
        {"application/http", "HTTP/1.1 102 Processing\r\n\r\n", "HTTP/1.1 102 Processing\r\n\r\n",
         0},
        {"application/http", "HTTP/1.1 201 Created\r\nA: b\r\n", "HTTP/1.1 201 Created\r\nA: b\r\n",
         0},
        {"application/http", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", 0},
        {"application/http", "HTTP/1.1 201 Created\r\n: b\r\n\r\n",
         "HTTP/1.1 201 Created\r\n: b\r\n\r\n", 0},
        {"application/http", "", "", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        interim__buffer body = {0};

        ck_assert_msg(unwrap(cases[i].type, cases[i].body, &body) == cases[i].status, "%s",
                      cases[i].body);
        ck_assert_uint_eq(body.length, strlen(cases[i].rest));
        ck_assert(body.length == 0 || memcmp(body.data, cases[i].rest, body.length) == 0);
        interim__buffer_dispose(&body);
    }
}
END_TEST

START_TEST(dialects_unwrap_without_memory)
{
    static const char text[] = "HTTP/1.1 201 Created\r\nA: b\r\n\r\nbody";
    interim_request *request = fake_request("POST", "http://dav.example/a/", NULL);
    unsigned long nth = 0;
    bool failed;

    do {
        interim__buffer body = {0};
        interim__answer answer;
        int code;

        fake_answer(&answer, request, 200, "Content-Type: application/http\n");
        ck_assert_int_eq(interim__buffer_append(&body, text, sizeof text - 1), 0);
        failing_alloc_arm(++nth);
        code = interim__embedded_unwrap(&answer, &body);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(code, failed ? INTERIM_ENOMEM : 0);
        ck_assert_int_eq(answer.embedded, failed ? 0 : 201);
        ck_assert_uint_eq(body.length, failed ? sizeof text - 1 : 4);
        fake_answer_free(&answer);
        interim__buffer_dispose(&body);
    } while (failed);
    ck_assert_uint_gt(nth, 3);
    interim__request_release(request);
}
END_TEST

/* ---- what is kept beside the result ---- */

START_TEST(dialects_keep_the_first_answer_and_the_last)
{
    const interim_message *first, *last;

    play(0, SCRIPT(SAY(202, "Location: /1\nX-Id: 7\n\n{\"id\":7}"), SAY(202, "X-N: 1\n\n{\"n\":1}"),
                   SAY(202, "X-N: 2\n\n{\"n\":2}"), SAY(401, "X-N: 3\n\nno")));
    first = interim_result_accepted(run.result);
    last = interim_result_monitor(run.result);
    ck_assert_int_eq(run.result->outcome, INTERIM_UNKNOWN);
    ck_assert_int_eq(first->status, 202);
    ck_assert_str_eq(first->body, "{\"id\":7}");
    ck_assert_str_eq(first->url, "http://dav.example/a/");
    ck_assert_int_eq(last->status, 401);
    ck_assert_str_eq(last->body, "no");
    ck_assert_str_eq(last->url, "http://dav.example/1");
    fake_finish(&run);
    /* The last answer is the final response: the same by both names. */
    play(0, SCRIPT(SAY(202, "Location: /1\n"), SAY(201, "X-N: 1\n\nmade")));
    last = interim_result_monitor(run.result);
    ck_assert_int_eq(last->status, 201);
    ck_assert_str_eq(last->body, "made");
    ck_assert_ptr_eq(last->body, interim_result_body(run.result, NULL));
    fake_finish(&run);
    play(0, SCRIPT(SAY(201, "")));
    ck_assert_ptr_null(interim_result_accepted(run.result));
    ck_assert_ptr_null(interim_result_monitor(run.result));
    fake_finish(&run);
}
END_TEST

/* ---- want of memory ---- */

#define TASK(state)                                                                                \
    "Location: /m\n\n{\"@odata.type\":\"#Task.v1\",\"@odata.id\":\"/t\",\"TaskState\":\"" state    \
    "\"}"

/* Jobs that fail, in four dialects. */
static const struct {
    unsigned flags;
    const fake_step *script;
} failing[] = {
    {0, SCRIPT(SAY(202, TASK("Running")), SAY(202, ""), SAY(204, ""), SAY(200, TASK("Exception")))},
    {INTERIM_POLL_INTERIM | INTERIM_POLL_PREFER_PROCESSING,
     SCRIPT(RAW("HTTP/1.1 102 P\r\nLocation: /m\r\n\r\n"), CUT,
            SAY(200, "Status-URI: 507 </x>\n"))},
    {INTERIM_POLL_EMBEDDED,
     SCRIPT(SAY(202, "Location: /m\n"),
            SAY(200, "Content-Type: application/http\n\nHTTP/1.1 409 No\r\n\r\n"))},
    {INTERIM_POLL_LINK,
     SCRIPT(SAY(202, LINKED), SAY(200, "A: b\n\n{\"status\":\"failed\",\"error\":\"e\"}"))},
};

/* Whatever allocation fails: the request is sent once, and a job that failed is never done. */
START_TEST(dialects_without_memory_are_never_done)
{
    for (size_t i = 0; i < sizeof failing / sizeof *failing; i++) {
        unsigned long nth = 0;
        bool failed;

        do {
            interim_request *request = fake_request("POST", "http://dav.example/a/", NULL);

            request->polling.flags = failing[i].flags;
            snprintf(request->link_member, sizeof request->link_member, "href");
            ck_assert_int_eq(fake_start(&run, request), 0);
            failing_alloc_arm(++nth);
            fake_play(&run, failing[i].script);
            failed = failing_alloc_disarm();
            fake_check(&run);
            ck_assert_msg(run.result->outcome != INTERIM_DONE, "%zu, %lu: %s", i, nth,
                          run.result->reason);
            ck_assert(failed || run.result->outcome == INTERIM_FAILED);
            for (unsigned at = 1; at < run.exchanges; at++)
                ck_assert(!sent(at, "POST "));
            fake_finish(&run);
        } while (failed);
        ck_assert_uint_gt(nth, 10);
    }
}
END_TEST

Suite *dialects_suite(void)
{
    Suite *suite = suite_create("dialects");
    TCase *tests = tcase_create("dialects");

    tcase_add_test(tests, dialects_begin_by_field_and_status);
    tcase_add_test(tests, dialects_behind_flags);
    tcase_add_test(tests, dialects_that_read_bodies_are_not_strict);
    tcase_add_test(tests, dialects_judge_by_the_words_of_a_document);
    tcase_add_test(tests, dialects_judge_by_field_or_status);
    tcase_add_test(tests, dialects_link_is_believed_at_once);
    tcase_add_test(tests, dialects_prefer_what_the_caller_wants);
    tcase_add_test(tests, dialects_unwrap_an_embedded_response);
    tcase_add_test(tests, dialects_unwrap_without_memory);
    tcase_add_test(tests, dialects_keep_the_first_answer_and_the_last);
    tcase_add_test(tests, dialects_without_memory_are_never_done);
    suite_add_tcase(suite, tests);
    return suite;
}
