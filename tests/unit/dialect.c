/* dialect.c - which 202 names a monitor, and what a 2xx of the monitor means: the GENERIC row. */
#include "operation/dialect.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/fake.h"

#include <stdio.h>
#include <string.h>

#define FIELDS "Destination: http://dav.example/b/\n"

/* Why a 202 to a request is not polled: NULL, it is; "-", it names no monitor. */
static const char *refusal_of(const char *method, const char *fields, const char *answer_text)
{
    interim_request *request = fake_request(method, "http://dav.example/a/?q=1", fields);
    interim__naming naming;
    interim__answer answer;
    const interim__dialect *dialect;

    fake_answer(&answer, request, 202, answer_text);
    dialect = interim__dialect_find(&naming, &answer);
    if (dialect != NULL)
        ck_assert_ptr_nonnull(naming.monitor);
    fake_answer_free(&answer);
    interim__request_release(request);
    return dialect == NULL ? "-" : naming.refusal;
}

START_TEST(dialect_generic_follows_a_location)
{
    ck_assert_ptr_null(refusal_of("COPY", FIELDS, "Location: /jobs/1\n"));
    ck_assert_ptr_null(refusal_of("COPY", FIELDS, "location: http://other.example/1\n"));
    ck_assert_ptr_null(refusal_of("POST", NULL, "LOCATION: ?op=1\nRetry-After: 5\n"));
    ck_assert_ptr_null(refusal_of("DELETE", NULL, "Location: /jobs/1\n\n{\"status\":\"new\"}"));
    ck_assert_str_eq(refusal_of("COPY", FIELDS, ""), "-");
    ck_assert_str_eq(refusal_of("COPY", FIELDS, "Content-Location: /jobs/1\n"), "-");
}
END_TEST

START_TEST(dialect_generic_needs_a_202)
{
    interim_request *request = fake_request("COPY", "http://dav.example/a/", NULL);

    for (int status = 200; status < 600; status++) {
        interim__naming naming;
        interim__answer answer;

        fake_answer(&answer, request, status, "Location: /jobs/1\n");
        ck_assert((interim__dialect_find(&naming, &answer) != NULL) == (status == 202));
        fake_answer_free(&answer);
    }
    interim__request_release(request);
}
END_TEST

/* Guard 1: fields that give the Location another meaning. */
START_TEST(dialect_guard_of_uploads_and_others)
{
    static const char *const signs[] = {"Docker-Upload-UUID: 6b3c\n",
                                        "OCI-Chunk-Min-Length: 1\n",
                                        "oci-subject: sha256\n",
                                        "Upload-Offset: 0\n",
                                        "Upload-Complete: ?0\n",
                                        "Upload-Limit: max-size=1\n",
                                        "Tus-Resumable: 1.0.0\n",
                                        "Set-Txn: 1\n",
                                        "Range: 0-511\n",
                                        "upload-offset: \n"};
    static const char *const harmless[] = {"Docker-Distribution-Api-Version: registry/2.0\n",
                                           "Content-Range: bytes 0-1/2\n",
                                           "Accept-Ranges: bytes\n",
                                           "X-Upload-Offset: 1\n",
                                           "ETag: \"x\"\n",
                                           "OC: 1\n"};
    char text[100];

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        snprintf(text, sizeof text, "%sLocation: /v2/x/blobs/uploads/1\n", signs[i]);
        ck_assert_msg(refusal_of("POST", NULL, text) != NULL, "%s", text);
        ck_assert_msg(refusal_of("GET", NULL, text) != NULL, "%s", text);
    }
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        snprintf(text, sizeof text, "Location: /v2/x/blobs/uploads/1\n%s", harmless[i]);
        ck_assert_msg(refusal_of("POST", NULL, text) == NULL, "%s", text);
    }
}
END_TEST

/* Guard 2: the request's own URL, or its Destination, is no monitor of it. */
START_TEST(dialect_guard_of_the_resource_itself)
{
    static const char *const own[] = {"http://dav.example/a/?q=1",
                                      "HTTP://DAV.EXAMPLE:80/a/?q=1",
                                      "/a/?q=1",
                                      "/a/?q=1#part",
                                      "?q=1",
                                      "",
                                      "../a/?q=1",
                                      "/%61/?q=1",
                                      "/a?q=1",
                                      "http://dav.example/b/",
                                      "/b/",
                                      "../b/",
                                      "/b",
                                      "/%62/",
                                      "/./b/"};
    static const char *const other[] = {
        "/a/",      "/a/?q=2", "/a/b/",  "https://dav.example/b/",
        "/b/?op=1", "/B/",     "/b/b/x", "http://dav.example:81/b/"};
    char text[100];

    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        snprintf(text, sizeof text, "Location: %s\n", own[i]);
        ck_assert_msg(refusal_of("COPY", FIELDS, text) != NULL, "%s", text);
    }
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        snprintf(text, sizeof text, "Location: %s\n", other[i]);
        ck_assert_msg(refusal_of("MOVE", FIELDS, text) == NULL, "%s", text);
    }
    /* For a safe request it may well be. */
    ck_assert_ptr_null(refusal_of("GET", NULL, "Location: /a/?q=1\n"));
    ck_assert_ptr_nonnull(refusal_of("POST", NULL, "Location: /a/?q=1\n"));
    ck_assert_ptr_null(refusal_of("COPY", "Destination: ht tp://x\n", "Location: /b/\n"));
    /* CouchDB: COPY with a relative Destination (f16). */
    ck_assert_ptr_nonnull(refusal_of("COPY", "Destination: new\n",
                                     "Location: http://dav.example/a/new\nETag: \"1\"\n"));
}
END_TEST

START_TEST(dialect_guard_of_the_url_before_a_redirect)
{
    interim_request *request = fake_request("COPY", "http://dav.example/a/", FIELDS);
    interim__uri *moved;
    interim__naming naming;
    interim__answer answer;

    ck_assert_int_eq(interim__uri_parse(&moved, "http://dav.example/m/", 21, NULL), 0);
    for (int i = 0; i < 2; i++) {
        fake_answer(&answer, request, 202, i == 0 ? "Location: /a/\n" : "Location: /m/\n");
        answer.uri = moved;
        ck_assert_ptr_nonnull(interim__dialect_find(&naming, &answer));
        ck_assert_ptr_nonnull(naming.refusal);
        fake_answer_free(&answer);
    }
    interim__uri_dispose(&moved);
    interim__request_release(request);
}
END_TEST

/* Guard 3: CouchDB's body. */
START_TEST(dialect_guard_of_couchdb)
{
    static const char couch[] = "ETag: \"1\"\nLocation: /db/new\n\n{\"ok\":true,\"id\":\"new\","
                                "\"rev\":\"1-9\"}";

    ck_assert_ptr_nonnull(refusal_of("POST", NULL, couch));
    ck_assert_ptr_null(refusal_of("POST", NULL, strchr(couch, '\n') + 1)); /* no ETag */
    ck_assert_ptr_null(
        refusal_of("POST", NULL, "ETag: \"1\"\nLocation: /jobs/1\n\n{\"id\":\"1\"}"));
}
END_TEST

/* Guard 4 is interim__follow_resolve's, but for this. */
START_TEST(dialect_guard_of_several_locations)
{
    ck_assert_ptr_nonnull(refusal_of("COPY", FIELDS, "Location: /1\nLocation: /2\n"));
    ck_assert_ptr_nonnull(refusal_of("COPY", FIELDS, "Location: /1\nA: b\nlocation: /1\n"));
}
END_TEST

START_TEST(dialect_guards_hold_without_memory)
{
    interim_request *request = fake_request("COPY", "http://dav.example/a/", FIELDS);
    unsigned long nth = 0;
    bool failed;

    do {
        interim__naming naming;
        interim__answer answer;

        fake_answer(&answer, request, 202, "Location: /b/\n");
        failing_alloc_arm(++nth);
        interim__dialect_find(&naming, &answer);
        failed = failing_alloc_disarm();
        ck_assert_ptr_nonnull(naming.refusal);
        fake_answer_free(&answer);
    } while (failed);
    ck_assert_uint_gt(nth, 4);
    interim__request_release(request);
}
END_TEST

/* ---- judging a poll ---- */

static interim_poll_mode mode;

/* R running, D done, F failed; a capital L before it: latched afterwards. */
static const char *judge(bool latched, int status, const char *text)
{
    static const char *const verdicts[] = {"R", "D", "F", "LR", "LD", "LF"};
    interim_request *request = fake_request("COPY", "http://dav.example/a/", FIELDS);
    interim__naming naming;
    interim__answer answer;
    interim__verdict verdict;
    const interim__dialect *dialect;

    request->polling.mode = mode;
    fake_answer(&answer, request, 202, "Location: /jobs/1\n");
    dialect = interim__dialect_find(&naming, &answer);
    fake_answer_free(&answer);
    fake_answer(&answer, request, status, text);
    verdict = dialect->judge(&answer, interim__dialect_effective_status(&answer), &latched);
    fake_answer_free(&answer);
    interim__request_release(request);
    return verdicts[(int)verdict + (latched ? 3 : 0)];
}

START_TEST(dialect_judges_by_status_first)
{
    ck_assert_str_eq(judge(false, 202, ""), "R");
    ck_assert_str_eq(judge(false, 200, ""), "D");
    ck_assert_str_eq(judge(false, 201, "Location: /b/\n"), "D");
    ck_assert_str_eq(judge(false, 204, ""), "D");
    ck_assert_str_eq(judge(false, 299, "A: b\n\n<p>running</p>"), "D");
    /* A resource with a status of its own (f07), and words that nobody knows. */
    ck_assert_str_eq(judge(false, 200, "A: b\n\n{\"status\":\"running\"}"), "D");
    ck_assert_str_eq(judge(false, 200, "A: b\n\n{\"status\":\"active\",\"jobId\":1}"), "D");
    ck_assert_str_eq(judge(false, 202, "A: b\n\n{\"status\":\"completed\"}"), "R");
    ck_assert_str_eq(judge(false, 202, "A: b\n\n{\"status\":\"active\",\"jobId\":1}"), "R");
}
END_TEST

START_TEST(dialect_judges_by_a_corroborated_document)
{
    ck_assert_str_eq(judge(false, 200, "Retry-After: 1\n\n{\"status\":\"running\"}"), "LR");
    ck_assert_str_eq(judge(false, 200, "A: b\n\n{\"status\":\"Running\",\"progress\":5}"), "LR");
    ck_assert_str_eq(judge(false, 202, "A: b\n\n{\"status\":\"completed\",\"jobId\":1}"), "LD");
    ck_assert_str_eq(judge(false, 202, "A: b\n\n{\"status\":\"failed\",\"jobId\":1}"), "LF");
    ck_assert_str_eq(judge(false, 200, "A: b\n\n{\"status\":\"Canceled\",\"jobId\":1}"), "LF");
    ck_assert_str_eq(judge(false, 200, "A: b\n\n{\"status\":\"cancelled\",\"jobId\":1}"), "LF");
    /* An error corroborates a bad word by itself, and only a bad one. */
    ck_assert_str_eq(judge(false, 200, "A: b\n\n{\"status\":\"failed\",\"error\":\"e\"}"), "LF");
    ck_assert_str_eq(judge(false, 200, "A: b\n\n{\"status\":\"running\",\"error\":\"e\"}"), "D");
    ck_assert_str_eq(judge(false, 200,
                           "A: b\n\n{\"status\":\"Success\",\"operation\":\"\",\"metadata\":"
                           "{\"status\":\"Running\",\"status_code\":103}}"),
                     "LR");
}
END_TEST

START_TEST(dialect_judges_by_the_latch)
{
    ck_assert_str_eq(judge(true, 200, "A: b\n\n{\"status\":\"running\"}"), "LR");
    ck_assert_str_eq(judge(true, 200, "A: b\n\n{\"status\":\"verifying\"}"), "LR");
    ck_assert_str_eq(judge(true, 200, "A: b\n\n{\"status\":\"done\"}"), "LD");
    ck_assert_str_eq(judge(true, 202, "A: b\n\n{\"status\":\"done\"}"), "LD");
    ck_assert_str_eq(judge(true, 200, "A: b\n\n{\"status\":\"failed\"}"), "LF");
    ck_assert_str_eq(judge(true, 200, "A: b\n\n{\"result\":1}"),
                     "LD"); /* the monitor was replaced */
    ck_assert_str_eq(judge(true, 202, ""), "LR");
}
END_TEST

START_TEST(dialect_strict_looks_at_no_body)
{
    mode = INTERIM_POLL_STRICT;
    ck_assert_str_eq(judge(false, 200, "Retry-After: 1\n\n{\"status\":\"running\",\"jobId\":1}"),
                     "D");
    ck_assert_str_eq(judge(false, 202, "A: b\n\n{\"status\":\"done\",\"jobId\":1}"), "R");
    ck_assert_str_eq(judge(true, 200, "A: b\n\n{\"status\":\"failed\",\"error\":1}"), "LD");
    mode = INTERIM_POLL_STANDARD;
}
END_TEST

START_TEST(dialect_takes_replayed_statuses)
{
    static const struct {
        const char *text;
        int status;
    } cases[] = {
        {"AsyncResult: 202\n", 202},      {"asyncresult: 500\n", 500},
        {"AsyncResult: 404 Gone\n", 404}, {"X-Export-Status: 202\n", 202},
        {"X-Export-Status: 599\n", 599},  {"AsyncResult: 200\nX-Export-Status: 500\n", 200},
        {"AsyncResult: 102\n", 200},      {"AsyncResult: 600\n", 200},
        {"AsyncResult: 5000\n", 200},     {"AsyncResult: 500x\n", 200},
        {"AsyncResult: 50\n", 200},       {"AsyncResult: -50\n", 200},
        {"AsyncResult: \n", 200},         {"AsyncResult: OK 500\n", 200},
    };
    interim_request *request = fake_request("COPY", "http://dav.example/a/", NULL);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        interim__answer answer;

        fake_answer(&answer, request, 200, cases[i].text);
        ck_assert_msg(interim__dialect_effective_status(&answer) == cases[i].status, "%s",
                      cases[i].text);
        fake_answer_free(&answer);
    }
    interim__request_release(request);
    ck_assert_str_eq(judge(false, 200, "AsyncResult: 202\n"), "R");
    ck_assert_str_eq(judge(false, 202, "AsyncResult: 200\n"), "D");
}
END_TEST

Suite *dialect_suite(void)
{
    Suite *suite = suite_create("dialect");
    TCase *tests = tcase_create("dialect");

    tcase_add_test(tests, dialect_generic_follows_a_location);
    tcase_add_test(tests, dialect_generic_needs_a_202);
    tcase_add_test(tests, dialect_guard_of_uploads_and_others);
    tcase_add_test(tests, dialect_guard_of_the_resource_itself);
    tcase_add_test(tests, dialect_guard_of_the_url_before_a_redirect);
    tcase_add_test(tests, dialect_guard_of_couchdb);
    tcase_add_test(tests, dialect_guard_of_several_locations);
    tcase_add_test(tests, dialect_guards_hold_without_memory);
    tcase_add_test(tests, dialect_judges_by_status_first);
    tcase_add_test(tests, dialect_judges_by_a_corroborated_document);
    tcase_add_test(tests, dialect_judges_by_the_latch);
    tcase_add_test(tests, dialect_strict_looks_at_no_body);
    tcase_add_test(tests, dialect_takes_replayed_statuses);
    suite_add_tcase(suite, tests);
    return suite;
}
