/* Tests of what docs/CONFORMANCE.md and docs/SECURITY.md promise and no other file shows: the row
 * of greenbytes/java-http-1xx-tests through the public API, the byte that an error names, and bytes
 * behind an answer, which reach nobody. */
#include "exchange/exchange.h"
#include "suites.h"
#include "support/guard.h"
#include "support/server.h"

#include <interim.h>
#include <stdio.h>
#include <string.h>

static interim_client *client;
static interim_request *request;
static struct server *origin;

static void begin(const char *method, const server_step *const *scripts)
{
    char url[64];

    ck_assert_int_eq(interim_client_new(&client, NULL), 0);
    origin = server_start(scripts, NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", server_port(origin));
    ck_assert_int_eq(interim_request_new(&request, method, url), 0);
}

static void end(void)
{
    interim_request_free(request);
    interim_client_free(client);
    server_stop(origin);
}

/* ---- The public table ---- */

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

typedef struct receipts {
    int status;
    unsigned count;
} receipts;

static int note(const interim_event *event, void *user)
{
    receipts *seen = user;

    ck_assert_int_eq(event->kind, INTERIM_EVENT_INTERIM);
    ck_assert_int_eq(event->status, seen->status);
    ck_assert_uint_eq(event->field_count, 1);
    ck_assert_str_eq(event->fields[0].name, "Test");
    ck_assert_uint_eq(strtoul(event->fields[0].value, NULL, 10), ++seen->count);
    return 0;
}

/* So many interims of a status before 200: the 200 is the answer, and each one was reported. */
static void row(int status, unsigned count)
{
    static char text[16384];
    server_step script[] = {
        {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, text}, {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {script, NULL};
    receipts seen = {status, 0};
    interim_result *result;
    size_t length = 0;

    for (unsigned i = 1; i <= count; i++)
        length += (size_t)snprintf(text + length, sizeof text - length,
                                   "HTTP/1.1 %d Interim\r\nTest: %u\r\n\r\n", status, i);
    snprintf(text + length, sizeof text - length, OK);
    begin("GET", scripts);
    ck_assert_int_eq(interim_request_on_interim(request, note, &seen), 0);
    ck_assert_int_eq(interim_perform(&result, client, request), 0);
    ck_assert_int_eq(interim_result_status(result), 200);
    ck_assert_str_eq(interim_result_body(result, NULL), "ok");
    ck_assert_ptr_null(interim_result_header(result, "Test"));
    ck_assert_uint_eq(seen.count, count);
    ck_assert_uint_eq(interim_result_interim_count(result), count);
    interim_result_free(result);
    end();
}

START_TEST(row_100)
{
    row(100, 1);
}
END_TEST

START_TEST(row_102)
{
    row(102, 1);
}
END_TEST

START_TEST(row_103)
{
    row(103, 1);
}
END_TEST

START_TEST(row_104)
{
    row(104, 1);
}
END_TEST

START_TEST(row_104_twice)
{
    row(104, 2);
}
END_TEST

START_TEST(row_104_a_hundred_times)
{
    row(104, 100);
}
END_TEST

START_TEST(row_199)
{
    row(199, 1);
}
END_TEST

/* The interim is reported when it comes, not with the answer: the server goes on only after that.
 */
static int go_on(const interim_event *event, void *user)
{
    (void)event;
    server_go(origin);
    ++*(unsigned *)user;
    return 0;
}

START_TEST(row_receipts_are_reported_live)
{
    static const server_step script[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"},
        {SERVER_WAIT, 0, NULL},
        {SERVER_SEND, 0, "HTTP/1.1 104 Upload Resumption Supported\r\n\r\n"},
        {SERVER_WAIT, 0, NULL},
        {SERVER_SEND, 0, OK},
        {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {script, NULL};
    interim_result *result;
    unsigned count = 0;

    begin("GET", scripts);
    interim_request_on_interim(request, go_on, &count);
    ck_assert_int_eq(interim_perform(&result, client, request), 0);
    ck_assert_int_eq(interim_result_status(result), 200);
    ck_assert_uint_eq(count, 2);
    interim_result_free(result);
    end();
}
END_TEST

/* ---- Bytes behind an answer ---- */

/* Who smuggles a second answer behind the first answers nobody: the next request has a connection
 * of its own (peers: serf 1.3 gives it the first one's 200). */
START_TEST(a_smuggled_answer_reaches_nobody)
{
    static const server_step evil[] = {
        {SERVER_HEAD, 0, NULL},
        {SERVER_SEND, 0, OK "HTTP/1.1 200 Evil\r\nContent-Length: 4\r\n\r\nevil"},
        {SERVER_CLOSE, 0, NULL}};
    static const server_step good[] = {
        {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, OK}, {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {evil, good, NULL};

    begin("GET", scripts);
    for (int i = 0; i < 2; i++) {
        interim_result *result;

        ck_assert_int_eq(interim_perform(&result, client, request), 0);
        ck_assert_str_eq(interim_result_body(result, NULL), "ok");
        interim_result_free(result);
    }
    ck_assert_uint_eq(server_accepted(origin), 2);
    end();
}
END_TEST

/* serf 1.3 takes the 103 for the answer, and then each answer for that of the request after it. */
START_TEST(after_interims_each_request_gets_its_own_answer)
{
#define HINT "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
#define SAYS(text) HINT "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" text
    static const server_step script[] = {{SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, SAYS("one")},
                                         {SERVER_HEAD, 0, NULL}, {SERVER_SEND, 0, SAYS("two")},
                                         {SERVER_HEAD, 0, NULL}, {SERVER_CLOSE, 0, NULL}};
    const server_step *scripts[] = {script, NULL};
    static const char *const expected[] = {"one", "two"};

    begin("GET", scripts);
    for (int i = 0; i < 2; i++) {
        interim_result *result;

        ck_assert_int_eq(interim_perform(&result, client, request), 0);
        ck_assert_str_eq(interim_result_body(result, NULL), expected[i]);
        ck_assert_uint_eq(interim_result_interim_count(result), 1);
        ck_assert_ptr_null(interim_result_header(result, "Link"));
        interim_result_free(result);
    }
    ck_assert_uint_eq(server_accepted(origin), 1);
    end();
}
END_TEST

/* ---- The byte that an error names ---- */

#define INTERIM_OF_18 "HTTP/1.1 102 P\r\n\r\n"
#define HEAD_OF_17 "HTTP/1.1 200 OK\r\n"
#define CHUNKED_OF_47 HEAD_OF_17 "Transfer-Encoding: chunked\r\n\r\n"

static const struct {
    const char *text;
    int code;
    int64_t offset;
} malformed[] = {
    /* the field line of a length that is not well defined, after an interim as before one */
    {HEAD_OF_17 "Content-Length: +2\r\n\r\n", INTERIM_EFRAMING, 17},
    {HEAD_OF_17 "A: b\r\nContent-Length: 2x\r\n\r\n", INTERIM_EFRAMING, 23},
    {HEAD_OF_17 "Content-Length:\r\n\r\n", INTERIM_EFRAMING, 17},
    {HEAD_OF_17 "Content-Length: ,\r\n\r\n", INTERIM_EFRAMING, 17},
    {HEAD_OF_17 "Content-Length: 2\r\nContent-Length: 3\r\n\r\n", INTERIM_EFRAMING, 36},
    {HEAD_OF_17 "Content-Length: 18446744073709551618\r\n\r\n", INTERIM_EFRAMING, 17},
    {HEAD_OF_17 "Transfer-Encoding: gzip\r\n\r\n", INTERIM_EFRAMING, 17},
    {HEAD_OF_17 "Transfer-Encoding:\r\n\r\n", INTERIM_EFRAMING, 17},
    {HEAD_OF_17 "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     INTERIM_EFRAMING, 45},
    {INTERIM_OF_18 HEAD_OF_17 "Content-Length: -1\r\n\r\n", INTERIM_EFRAMING, 35},
    {INTERIM_OF_18 INTERIM_OF_18 HEAD_OF_17 "A: b\r\nContent-Length: 1, 2\r\n\r\n",
     INTERIM_EFRAMING, 59},
    /* and what the tests of head.c and chunked.c show for each alone */
    {INTERIM_OF_18 HEAD_OF_17 "A : b\r\n\r\n", INTERIM_EFIELD_LINE, 35},
    {INTERIM_OF_18 "HTTP/1.1 20x OK\r\n\r\n", INTERIM_ESTATUS_LINE, 29},
    {CHUNKED_OF_47 "2xyz\r\nab\r\n", INTERIM_ECHUNK, 48},
    {CHUNKED_OF_47 "2\r\nab\r\n2\nab", INTERIM_ECHUNK, 55},
    {CHUNKED_OF_47 "2\r\nabc", INTERIM_ECHUNK, 52},
    {INTERIM_OF_18 CHUNKED_OF_47 "0\r\nA: b\r\nC : d\r\n\r\n", INTERIM_EFIELD_LINE, 74},
};

/* Feeds the two pieces, each ending where nothing can be read. */
static void feed(interim__exchange *exchange, const char *text, size_t length, size_t split)
{
    for (int piece = 0; piece < 2; piece++) {
        size_t left = piece == 0 ? split : length - split;
        char *data = guarded(text + (piece == 0 ? 0 : split), left);
        int step;

        do
            step = interim__exchange_step(exchange, &data, &left);
        while (step > 0 && step != INTERIM__STEP_OVER);
    }
}

START_TEST(an_error_names_its_byte_of_the_answer)
{
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        size_t length = strlen(malformed[i].text);

        for (size_t split = 0; split <= length; split++) {
            interim__exchange exchange;
            interim_error error;
            char named[32];

            interim__error_init(&error);
            interim__exchange_init(&exchange, "GET", &error);
            feed(&exchange, malformed[i].text, length, split);
            ck_assert_msg(error.code == malformed[i].code, "case %zu: %s", i, error.text);
            ck_assert_msg(error.offset == malformed[i].offset, "case %zu, split %zu: byte %lld", i,
                          split, (long long)error.offset);
            /* the text says the same number */
            snprintf(named, sizeof named, "byte %lld: ", (long long)malformed[i].offset);
            ck_assert_msg(strncmp(error.text, named, strlen(named)) == 0, "%s", error.text);
            interim__exchange_dispose(&exchange);
        }
    }
}
END_TEST

/* The limit of a head counts from its own beginning, its offset from that of the answer. */
START_TEST(a_head_over_its_limit_names_its_byte)
{
    static char text[INTERIM__HEAD_MAX + 64];
    interim__exchange exchange;
    interim_error error;

    memset(text, 'x', sizeof text);
    memcpy(text, INTERIM_OF_18 HEAD_OF_17 "A: ", 38);
    interim__error_init(&error);
    interim__exchange_init(&exchange, "GET", &error);
    feed(&exchange, text, sizeof text, 100);
    ck_assert_int_eq(error.code, INTERIM_EHEAD_LIMIT);
    ck_assert_int_eq(error.offset, 18 + INTERIM__HEAD_MAX);
    interim__exchange_dispose(&exchange);
}
END_TEST

/* ---- Chunks ---- */

/* What is taken at once and what is taken byte by byte is the same coding, with the same limits:
 * lines of many digits, and the byte at which framing gets out of proportion. */
START_TEST(chunk_lines_taken_at_once_have_the_same_limits)
{
    static const char *const lines[] = {"1\r\nx\r\n", "00000000000001\r\nx\r\n",
                                        "000000000000001\r\nx\r\n", "0000000000000001\r\nx\r\n",
                                        "000000000000000000000000000001\r\nx\r\n"};

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        int64_t offsets[2];

        for (int bytewise = 0; bytewise < 2; bytewise++) {
            interim__chunked chunked = {0};
            interim_error error;
            uint64_t taken = 0;
            int code = 0;

            interim__error_init(&error);
            for (int n = 0; n < 40000 && code == 0; n++) {
                size_t length = strlen(lines[i]);

                for (size_t at = 0; at < length && code == 0;) {
                    size_t left = bytewise ? 1 : length - at, before = left, body_length;
                    char copy[64], *data = copy;
                    const char *body;

                    memcpy(copy, lines[i] + at, left);
                    code = interim__chunked_next(&chunked, &data, &left, taken, &body, &body_length,
                                                 &error);
                    at += before - left;
                    taken += before - left;
                }
            }
            ck_assert_int_eq(code, INTERIM_ECHUNK);
            offsets[bytewise] = error.offset;
            ck_assert_uint_eq(chunked.overhead, INTERIM__CHUNK_OVERHEAD_MAX + 1);
            interim__chunked_dispose(&chunked);
        }
        ck_assert_int_eq(offsets[0], offsets[1]);
    }
}
END_TEST

Suite *strict_suite(void)
{
    Suite *suite = suite_create("strict");
    TCase *tests = tcase_create("strict");

    tcase_add_test(tests, row_100);
    tcase_add_test(tests, row_102);
    tcase_add_test(tests, row_103);
    tcase_add_test(tests, row_104);
    tcase_add_test(tests, row_104_twice);
    tcase_add_test(tests, row_104_a_hundred_times);
    tcase_add_test(tests, row_199);
    tcase_add_test(tests, row_receipts_are_reported_live);
    tcase_add_test(tests, a_smuggled_answer_reaches_nobody);
    tcase_add_test(tests, after_interims_each_request_gets_its_own_answer);
    tcase_add_test(tests, an_error_names_its_byte_of_the_answer);
    tcase_add_test(tests, a_head_over_its_limit_names_its_byte);
    tcase_add_test(tests, chunk_lines_taken_at_once_have_the_same_limits);
    suite_add_tcase(suite, tests);
    return suite;
}
