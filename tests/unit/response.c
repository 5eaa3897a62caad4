/* response.c - taking an answer in: interims, the final response, and where its body goes. */
#include "operation/operation.h"

#include "suites.h"
#include "support/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define JOB SAY(202, "Location: /1\n")
#define LONG "HTTP/1.1 200 O\r\nContent-Length: "

static struct fake run;

static interim_request *copy(void)
{
    return fake_request("COPY", "http://dav.example/a/", NULL);
}

static void check_outcome(interim_outcome outcome, int error)
{
    ck_assert_msg(run.result->outcome == outcome && run.result->error->code == error, "%s",
                  run.result->reason);
}

static void check_body(const char *body)
{
    ck_assert_uint_eq(run.result->body.length, strlen(body));
    if (*body != '\0')
        ck_assert_str_eq(run.result->body.data, body);
}

/* ---- interims ---- */

START_TEST(response_interims_are_reported_live)
{
    const fake_event *event;

    fake_run(&run, copy(),
             SCRIPT(OPEN, LATER(4000), SAY(102, "X-Progress: 10%\nServer: s/1\n"), LATER(6000),
                    RAW("HTTP/1.1 199\r\n\r\n"), LATER(1000), SAY(201, "")));
    ck_assert_str_eq(fake_trace(&run), "sctiire");
    event = fake_find(&run, INTERIM_EVENT_INTERIM, 0);
    ck_assert_int_eq(event->status, 102);
    ck_assert_int_eq(event->at, 4 * FAKE_SECOND);
    ck_assert_int_eq(event->silence_ms, 4000);
    ck_assert_uint_eq(event->field_count, 2);
    ck_assert(event->percent > 9.9 && event->percent < 10.1);
    event = fake_find(&run, INTERIM_EVENT_INTERIM, 1);
    ck_assert_int_eq(event->status, 199);
    ck_assert_int_eq(event->silence_ms, 6000);
    ck_assert_uint_eq(event->field_count, 0);
    ck_assert(event->percent < 0);
    event = fake_find(&run, INTERIM_EVENT_RESPONSE, 0);
    ck_assert_int_eq(event->silence_ms, 1000);
    ck_assert_uint_eq(run.result->timing.interim_count, 2);
    ck_assert_int_eq(run.result->timing.first_interim_ms, 4000);
    ck_assert_int_eq(run.result->timing.longest_silence_ms, 6000);
    ck_assert_str_eq(interim__history_at(&run.result->history, 0)->server, "s/1");
    ck_assert_int_eq(interim__history_at(&run.result->history, 1)->status, 199);
    fake_finish(&run);
}
END_TEST

START_TEST(response_interims_touch_nothing_of_the_final)
{
    fake_run(&run, copy(),
             SCRIPT(SAY(102, "Location: /m\nRetry-After: 9\nContent-Length: 99\n"
                             "Transfer-Encoding: chunked\nSet-Cookie: a\n"),
                    SAY(201, "A: b\n\nbody")));
    check_outcome(INTERIM_DONE, 0);
    ck_assert_uint_eq(run.result->field_count, 2);
    ck_assert_str_eq(run.result->fields[0].name, "A");
    check_body("body");
    fake_finish(&run);
}
END_TEST

START_TEST(response_keeps_the_last_64_interims_of_a_day)
{
    ck_assert_int_eq(fake_start(&run, copy()), 0);
    interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
    for (int i = 0; i < 86400; i += 5) {
        char text[] = "HTTP/1.1 102 P\r\n\r\n";

        run.now.monotonic += 5 * FAKE_SECOND;
        interim__operation_received(&run.op, text, sizeof text - 1, run.now);
        interim__operation_tick(&run.op, run.now);
    }
    ck_assert_int_eq(run.op.need, INTERIM__NEED_EXCHANGE);
    ck_assert_uint_eq(run.op.result->timing.interim_count, 17280);
    ck_assert_ptr_null(interim__history_at(&run.op.result->history, 64));
    ck_assert_int_eq(interim__history_at(&run.op.result->history, 63)->elapsed_ms, 86400000);
    run.step = SCRIPT(SAY(201, ""));
    fake_finish(&run);
}
END_TEST

/* Sends count interims at once; the rest of the burst is not used up. */
static void flood(int count)
{
    char *text = malloc((size_t)count * 18);
    size_t at = 0;

    ck_assert_ptr_nonnull(text);
    for (int i = 0; i < count; i++, at += 18)
        memcpy(text + at, "HTTP/1.1 102 P\r\n\r\n", 18);
    interim__operation_received(&run.op, text, at, run.now);
    free(text);
}

START_TEST(response_interims_may_not_flood)
{
    for (int more = 0; more < 2; more++) {
        ck_assert_int_eq(fake_start(&run, copy()), 0);
        interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
        interim__operation_sent(&run.op, 1, run.now);
        flood(16384 + more);
        ck_assert_int_eq(run.op.need == INTERIM__NEED_NOTHING, more);
        fake_play(&run, SCRIPT(END));
        ck_assert_uint_eq(run.ends, 1);
        check_outcome(INTERIM_UNKNOWN, more ? INTERIM_EFLOOD : INTERIM_EDISCONNECTED);
        ck_assert_uint_eq(run.result->timing.interim_count, (unsigned)(16384 + more));
        fake_finish(&run);
    }
}
END_TEST

START_TEST(response_flood_of_a_poll_is_an_outage)
{
    interim_request *request = copy();

    request->patience.interim_burst = 2;
    request->patience.interim_rate = 1;
    fake_run(&run, request, SCRIPT(JOB, SAY(102, ""), SAY(102, ""), SAY(102, ""), SAY(200, "")));
    check_outcome(INTERIM_DONE, 0);
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_RETRY, 0)->error, INTERIM_EFLOOD);
    fake_finish(&run);
}
END_TEST

/* ---- time ---- */

START_TEST(response_head_that_drips_is_no_sign_of_life)
{
    interim_request *request = copy();

    ck_assert_int_eq(fake_start(&run, request), 0);
    interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
    interim__operation_sent(&run.op, 1, run.now);
    run.now.monotonic += 100 * FAKE_SECOND;
    for (int second = 0; second < 30; second++, run.now.monotonic += FAKE_SECOND) {
        char byte = "HTTP/1.1 102 Processing and on"[second];

        interim__operation_tick(&run.op, run.now);
        ck_assert_int_eq(run.op.need, INTERIM__NEED_EXCHANGE);
        interim__operation_received(&run.op, &byte, 1, run.now);
    }
    run.now.monotonic--;
    interim__operation_tick(&run.op, run.now);
    ck_assert_int_eq(run.op.need, INTERIM__NEED_EXCHANGE);
    run.now.monotonic++;
    ck_assert_int_eq(interim__operation_deadline(&run.op), run.now.monotonic);
    interim__operation_tick(&run.op, run.now);
    fake_play(&run, SCRIPT(END));
    check_outcome(INTERIM_UNKNOWN, INTERIM_EHEAD_TIMEOUT);
    ck_assert_int_eq(run.result->error->stage, INTERIM_STAGE_HEAD);
    fake_finish(&run);
}
END_TEST

START_TEST(response_bytes_of_a_head_do_not_end_silence)
{
    interim_request *request = copy();

    request->patience.silence_ms = 5000;
    fake_run(&run, request,
             SCRIPT(RAW("H"), LATER(2000), RAW("T"), LATER(2000), RAW("T"), LATER(999), RAW("P"),
                    LATER(1)));
    check_outcome(INTERIM_UNKNOWN, INTERIM_ESILENCE);
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_END, 0)->at, 5 * FAKE_SECOND);
    fake_finish(&run);
}
END_TEST

/* Each read ends in the middle of a head: no head takes longer than a second. */
START_TEST(response_heads_that_overlap_have_a_time_each)
{
    ck_assert_int_eq(fake_start(&run, copy()), 0);
    interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
    interim__operation_sent(&run.op, 1, run.now);
    for (int second = 0; second < 100; second++, run.now.monotonic += FAKE_SECOND) {
        char text[] = "\r\n\r\nHTTP/1.1 102 P";
        size_t skip = second == 0 ? 4 : 0;

        interim__operation_tick(&run.op, run.now);
        interim__operation_received(&run.op, text + skip, sizeof text - 1 - skip, run.now);
        ck_assert_msg(run.op.need == INTERIM__NEED_EXCHANGE, "after %d s: %s", second,
                      run.op.result->reason);
    }
    fake_play(&run, SCRIPT(END));
    fake_finish(&run);
}
END_TEST

START_TEST(response_parts_of_a_body_end_silence)
{
    interim_request *request = copy();

    request->patience.silence_ms = 5000;
    fake_run(&run, request,
             SCRIPT(RAW("HTTP/1.1 201 C\r\nContent-Length: 4\r\n\r\n"), LATER(4999), RAW("a"),
                    LATER(4999), RAW("b"), LATER(4999), RAW("c"), LATER(4999), RAW("d")));
    check_outcome(INTERIM_DONE, 0);
    check_body("abcd");
    fake_finish(&run);
    request = copy();
    request->patience.silence_ms = 5000;
    fake_run(&run, request,
             SCRIPT(RAW("HTTP/1.1 201 C\r\nContent-Length: 4\r\n\r\n"), LATER(4999), RAW("a"),
                    LATER(5000)));
    check_outcome(INTERIM_UNKNOWN, INTERIM_ESILENCE);
    ck_assert_int_eq(run.result->error->stage, INTERIM_STAGE_BODY);
    fake_finish(&run);
}
END_TEST

/* ---- bodies ---- */

START_TEST(response_body_is_kept_up_to_a_cap)
{
    char text[200];

    for (int size = 19; size <= 21; size++) {
        snprintf(text, sizeof text, "HTTP/1.1 201 C\r\nContent-Length: %d\r\n\r\n%.*s", size, size,
                 "123456789012345678901");
        for (int bytewise = 0; bytewise < 2; bytewise++) {
            run.bytewise = bytewise;
            ck_assert_int_eq(fake_start(&run, copy()), 0);
            run.environment.body_cap = 20;
            fake_play(&run, SCRIPT(RAW(text)));
            fake_check(&run);
            check_outcome(size <= 20 ? INTERIM_DONE : INTERIM_UNKNOWN,
                          size <= 20 ? 0 : INTERIM_EBODY_LIMIT);
            ck_assert_uint_le(run.result->body.length, 20);
            ck_assert_int_eq(run.result->status, 201);
            fake_finish(&run);
        }
    }
    ck_assert_int_eq(fake_start(&run, fake_request("GET", "http://dav.example/", NULL)), 0);
    run.environment.body_cap = 20;
    fake_play(&run, SCRIPT(RAW(text)));
    check_outcome(INTERIM_FAILED, INTERIM_EBODY_LIMIT);
    fake_finish(&run);
}
END_TEST

static interim_request *streaming(interim_request *request)
{
    request->on_body = fake_body;
    request->body_user = &run;
    return request;
}

START_TEST(response_body_is_streamed)
{
    ck_assert_int_eq(fake_start(&run, streaming(copy())), 0);
    run.environment.body_cap = 1;
    fake_play(&run, SCRIPT(SAY(102, "A: b\n"), SAY(201, "A: b\n\nthe body")));
    check_outcome(INTERIM_DONE, 0);
    ck_assert_str_eq(run.body, "the body");
    check_body("");
    fake_finish(&run);
    run.bytewise = true;
    fake_run(&run, streaming(copy()),
             SCRIPT(RAW("HTTP/1.1 201 C\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n")));
    ck_assert_str_eq(run.body, "abcde");
    ck_assert_uint_eq(run.result->trailer_count, 1);
    ck_assert_str_eq(run.result->trailers[0].value, "v");
    ck_assert_uint_eq(run.result->field_count, 1);
    fake_finish(&run);
}
END_TEST

START_TEST(response_body_callback_cancels)
{
    static const fake_step scripts[][5] = {
        {SAY(201, "A: b\n\nx"), STEP(STOP, 0)},
        {RAW("HTTP/1.1 201 C\r\n\r\nx"), END, STEP(STOP, 0)},
        /* Bodies that are looked at before they are given. */
        {SAY(202, "Location: \n\nx"), STEP(STOP, 0)},
        {JOB, SAY(200, "A: b\n\nx"), STEP(STOP, 0)},
        {JOB, SAY(409, "A: b\n\nx"), STEP(STOP, 0)},
        {SAY(202, "Location: /1\n\nx"), SAY(405, ""), STEP(STOP, 0)},
        {JOB, RAW(LONG "70000\r\n\r\n"), STEP(FILL, 70000), STEP(STOP, 0)}};

    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        run.body_answer = -1;
        ck_assert_int_eq(fake_start(&run, streaming(copy())), 0);
        fake_play(&run, scripts[i]);
        fake_check(&run);
        check_outcome(INTERIM_CANCELLED, INTERIM_ECANCELLED);
        ck_assert_int_eq(run.body[0], 'x');
        fake_finish(&run);
    }
}
END_TEST

START_TEST(response_body_waits_while_it_is_paused)
{
    static const char text[] = "HTTP/1.1 201 C\r\nContent-Length: 6\r\n\r\nabcdef";
    size_t head = sizeof text - 1 - 6;

    ck_assert_int_eq(fake_start(&run, streaming(copy())), 0);
    interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
    interim__operation_sent(&run.op, 1, run.now);
    run.body_answer = 1; /* pauses after each piece */
    for (size_t at = 0; at < 3; at++) {
        char piece[sizeof text];
        size_t size = at == 0 ? head + 2 : 2;

        memcpy(piece, text + (at == 0 ? 0 : head + 2 * at), size);
        ck_assert(interim__operation_reads(&run.op));
        interim__operation_received(&run.op, piece, size, run.now);
        ck_assert(!interim__operation_reads(&run.op));
        ck_assert_uint_eq(run.body_length, 2 * (at + 1));
        /* For hours: that is not the silence of the server. */
        for (int i = 0; i < 100; i++) {
            run.now.monotonic += 100 * FAKE_SECOND;
            interim__operation_tick(&run.op, run.now);
        }
        ck_assert_int_eq(run.op.need, INTERIM__NEED_EXCHANGE);
        interim__operation_resume(&run.op);
        ck_assert_int_le(interim__operation_deadline(&run.op), run.now.monotonic);
        interim__operation_tick(&run.op, run.now);
    }
    fake_play(&run, SCRIPT(END));
    fake_check(&run);
    check_outcome(INTERIM_DONE, 0);
    ck_assert_str_eq(run.body, "abcdef");
    fake_finish(&run);
}
END_TEST

/* Counts, and wants no more each time. */
static int count_and_pause(const void *data, size_t size, void *user)
{
    (void)data;
    *(size_t *)user += size;
    return 1;
}

/* What came before the pause is kept as it came: a little of it may be much. */
START_TEST(response_coded_body_waits_coded)
{
    static char plain[1000000], answer[20000];
    size_t counted = 0, before, head;
    uLongf coded = sizeof answer - 200;
    interim_request *request = streaming(copy());
    unsigned waits = 0;

    ck_assert_int_eq(compress((Bytef *)answer + 200, &coded, (Bytef *)plain, sizeof plain), Z_OK);
    head = (size_t)snprintf(
        answer, 200, "HTTP/1.1 201 C\r\nContent-Encoding: deflate\r\nContent-Length: %lu\r\n\r\n",
        coded);
    memmove(answer + head, answer + 200, coded);
    request->on_body = count_and_pause;
    request->body_user = &counted;
    request->decode = true;
    ck_assert_int_eq(fake_start(&run, request), 0);
    interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
    interim__operation_sent(&run.op, 1, run.now);
    interim__operation_received(&run.op, answer, head + coded, run.now);
    do {
        before = counted;
        waits++;
        ck_assert(!interim__operation_reads(&run.op));
        ck_assert_ptr_null(run.op.talk->held.data);
        interim__operation_resume(&run.op);
        interim__operation_tick(&run.op, run.now);
        ck_assert_uint_le(counted - before, 65536);
    } while (counted > before && run.op.need == INTERIM__NEED_EXCHANGE);
    ck_assert_uint_eq(counted, sizeof plain);
    ck_assert_uint_ge(waits, sizeof plain / 65536);
    fake_play(&run, SCRIPT(END));
    fake_check(&run);
    check_outcome(INTERIM_DONE, 0);
    fake_finish(&run);
}
END_TEST

START_TEST(response_without_a_body_is_over_with_its_head)
{
    fake_run(&run, copy(), SCRIPT(RAW("HTTP/1.1 204 N\r\nContent-Length: 5\r\n\r\n")));
    check_outcome(INTERIM_DONE, 0);
    fake_finish(&run);
    fake_run(&run, fake_request("HEAD", "http://dav.example/", NULL),
             SCRIPT(RAW(LONG "5\r\n\r\n")));
    check_outcome(INTERIM_DONE, 0);
    fake_finish(&run);
    fake_run(&run, fake_request("GET", "http://dav.example/", NULL),
             SCRIPT(RAW("HTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\n")));
    check_outcome(INTERIM_DONE, 0);
    fake_finish(&run);
}
END_TEST

/* ---- the connection afterwards ---- */

START_TEST(response_says_whether_the_connection_can_be_kept)
{
    static const struct {
        const char *text;
        bool keep;
    } cases[] = {
        {"HTTP/1.1 201 C\r\nContent-Length: 1\r\n\r\nx", true},
        {"HTTP/1.1 201 C\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx", false},
        {"HTTP/1.0 201 C\r\nContent-Length: 1\r\n\r\nx", false},
        {"HTTP/1.1 201 C\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 X\r\n\r\n", false},
        {"HTTP/1.1 102 P\r\n\r\nHTTP/1.1 201 C\r\nContent-Length: 0\r\n\r\n", true},
        {"HTTP/1.1 102 P\r\nDate: x\r\n\r\nHTTP/1.1 201 C\r\nContent-Length: 0\r\n\r\n", false},
        {"HTTP/1.1 102 P\r\nConnection: close\r\n\r\nHTTP/1.1 204 C\r\n\r\n", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fake_run(&run, copy(), SCRIPT(RAW(cases[i].text)));
        check_outcome(INTERIM_DONE, 0);
        ck_assert_msg(run.kept == cases[i].keep, "%s", cases[i].text);
        fake_finish(&run);
    }
    fake_run(&run, copy(), SCRIPT(RAW("HTTP/1.1 201 C\r\n\r\nx"), END));
    ck_assert_uint_eq(run.closed, 1);
    fake_finish(&run);
}
END_TEST

/* ---- Expect: 100-continue ---- */

static interim_request *expecting(void)
{
    interim_request *request = fake_request("PUT", "http://dav.example/a", NULL);

    request->expect = INTERIM_EXPECT_ALWAYS;
    fake_set_body(request, "BODY");
    return request;
}

static bool sent_body(unsigned exchange)
{
    return strstr(run.sent[exchange], "\r\n\r\nBODY") != NULL;
}

START_TEST(response_100_lets_the_body_go)
{
    static const int codes[] = {100, 104};

    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(fake_start(&run, expecting()), 0);
        fake_play(&run, SCRIPT(SAY(102, ""), SAY(103, ""), LATER(999)));
        ck_assert(!sent_body(0));
        ck_assert_ptr_nonnull(strstr(run.sent[0], "Expect: 100-continue\r\n"));
        fake_finish(&run);
        fake_run(&run, expecting(), SCRIPT(SAY(codes[i], ""), SAY(201, "")));
        ck_assert(sent_body(0));
        ck_assert_uint_eq(run.kept, 1);
        fake_finish(&run);
    }
    fake_run(&run, expecting(), SCRIPT(SAY(102, ""), LATER(1000), SAY(201, "")));
    ck_assert(sent_body(0));
    fake_finish(&run);
}
END_TEST

START_TEST(response_417_is_answered_without_expect_once)
{
    fake_run(&run, expecting(), SCRIPT(SAY(417, "A: b\n\nno"), SAY(201, "A: b\n\nyes")));
    check_outcome(INTERIM_DONE, 0);
    check_body("yes");
    ck_assert(!sent_body(0) && sent_body(1));
    ck_assert_ptr_null(strstr(run.sent[1], "Expect"));
    ck_assert_str_eq(fake_trace(&run), "scryctre");
    fake_finish(&run);
    fake_run(&run, expecting(), SCRIPT(SAY(417, ""), SAY(417, "")));
    check_outcome(INTERIM_FAILED, 0);
    ck_assert_uint_eq(run.exchanges, 2);
    fake_finish(&run);
    /* The body has gone: it is not sent twice. */
    fake_run(&run, expecting(), SCRIPT(SAY(100, ""), SAY(417, "")));
    check_outcome(INTERIM_FAILED, 0);
    ck_assert_uint_eq(run.exchanges, 1);
    fake_finish(&run);
}
END_TEST

START_TEST(response_final_keeps_the_body_back)
{
    fake_run(&run, expecting(),
             SCRIPT(RAW("HTTP/1.1 413 L\r\nContent-Length: 2\r\n\r\n"), LATER(5000), RAW("no")));
    check_outcome(INTERIM_FAILED, 0);
    ck_assert(!sent_body(0));
    ck_assert_uint_eq(run.closed, 1);
    fake_finish(&run);
    fake_run(&run, expecting(),
             SCRIPT(RAW("HTTP/1.1 417 L\r\nContent-Length: 2\r\n\r\n"), LATER(5000), RAW("no"),
                    SAY(201, "")));
    check_outcome(INTERIM_DONE, 0);
    ck_assert(!sent_body(0) && sent_body(1));
    fake_finish(&run);
}
END_TEST

Suite *response_suite(void)
{
    Suite *suite = suite_create("response");
    TCase *tests = tcase_create("response");

    tcase_add_test(tests, response_interims_are_reported_live);
    tcase_add_test(tests, response_interims_touch_nothing_of_the_final);
    tcase_add_test(tests, response_keeps_the_last_64_interims_of_a_day);
    tcase_add_test(tests, response_interims_may_not_flood);
    tcase_add_test(tests, response_flood_of_a_poll_is_an_outage);
    tcase_add_test(tests, response_head_that_drips_is_no_sign_of_life);
    tcase_add_test(tests, response_bytes_of_a_head_do_not_end_silence);
    tcase_add_test(tests, response_heads_that_overlap_have_a_time_each);
    tcase_add_test(tests, response_parts_of_a_body_end_silence);
    tcase_add_test(tests, response_body_is_kept_up_to_a_cap);
    tcase_add_test(tests, response_body_is_streamed);
    tcase_add_test(tests, response_body_callback_cancels);
    tcase_add_test(tests, response_body_waits_while_it_is_paused);
    tcase_add_test(tests, response_coded_body_waits_coded);
    tcase_add_test(tests, response_without_a_body_is_over_with_its_head);
    tcase_add_test(tests, response_says_whether_the_connection_can_be_kept);
    tcase_add_test(tests, response_100_lets_the_body_go);
    tcase_add_test(tests, response_417_is_answered_without_expect_once);
    tcase_add_test(tests, response_final_keeps_the_body_back);
    suite_add_tcase(suite, tests);
    return suite;
}
