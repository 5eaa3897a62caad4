/* operation.c - the life of an operation: its events, its waits, its end, and the caller who wants
 * no more. */
#include "operation/operation.h"

#include "suites.h"
#include "support/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOB SAY(202, "Location: /1\n")
#define RUNNING SAY(200, "Content-Type: application/json\n\n{\"status\":\"running\"}")

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

/* ---- events ---- */

static int note_sign(const interim_event *event, void *user)
{
    (void)event;
    (void)user;
    return 0;
}

/* What nobody wants is not made; its number, and what a sign of life means, stay. */
START_TEST(operation_is_quiet_where_nobody_listens)
{
    static const fake_step script[] = {JOB, RUNNING, SAY(200, ""), STEP(STOP, 0)};
    interim_request *request = copy();

    interim_request_on_interim(request, note_sign, NULL);
    ck_assert_int_eq(fake_start(&run, request), 0);
    run.environment.quiet = true;
    fake_play(&run, SCRIPT(SAY(102, ""), SAY(102, "Progress: 1/2\n"), SAY(201, "")));
    ck_assert_uint_eq(run.event_count, 3); /* start, before that was known, and the two */
    ck_assert_int_eq(run.events[1].kind, INTERIM_EVENT_INTERIM);
    ck_assert_uint_eq(run.events[1].sequence, 4);
    ck_assert_uint_eq(run.events[2].sequence, 5);
    ck_assert_int_eq(run.events[2].done, 1);
    ck_assert_uint_eq(interim__history_at(&run.result->history, 1)->sequence, 5);
    fake_finish(&run);
    for (int quiet = 0; quiet < 2; quiet++) {
        ck_assert_int_eq(fake_start(&run, copy()), 0);
        run.environment.quiet = quiet;
        fake_play(&run, script);
        ck_assert_uint_eq(run.event_count, quiet ? 1 : 10);
        check_outcome(INTERIM_DONE, 0);
        ck_assert_uint_eq(run.op.sequence, 10);
        ck_assert_uint_eq(run.op.signs, 1);
        fake_finish(&run);
    }
}
END_TEST

START_TEST(operation_tells_a_plain_exchange)
{
    const fake_event *event;

    fake_run(&run, copy(), SCRIPT(LATER(2000), OPEN, LATER(3000), SAY(201, "Via: 1.1 p\n")));
    check_outcome(INTERIM_DONE, 0);
    ck_assert_str_eq(fake_trace(&run), "sctre");
    for (size_t i = 0; i < run.event_count; i++) {
        event = &run.events[i];
        ck_assert_uint_eq(event->sequence, i + 1);
        ck_assert_int_eq(event->hop, INTERIM_HOP_REQUEST);
        ck_assert_str_eq(event->method, "COPY");
        ck_assert_str_eq(event->url, "http://dav.example/a/");
        ck_assert_int_eq(event->wait_ms, -1);
        ck_assert(event->percent < 0);
        ck_assert_int_eq(event->done, -1);
        ck_assert_int_eq(event->total, -1);
        ck_assert_int_eq(event->error, 0);
    }
    ck_assert_str_eq(fake_find(&run, INTERIM_EVENT_CONNECTED, 0)->text, "new");
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_CONNECTED, 0)->at, 2 * FAKE_SECOND);
    ck_assert_int_eq(run.result->timing.connected_ms, 2000);
    ck_assert_int_eq(run.result->timing.sent_ms, 2000);
    ck_assert_int_eq(run.result->timing.first_interim_ms, -1);
    ck_assert_int_eq(run.result->timing.accepted_ms, -1);
    ck_assert_int_eq(run.result->timing.response_ms, 5000);
    ck_assert_int_eq(run.result->timing.end_ms, 5000);
    ck_assert_int_eq(run.result->timing.longest_silence_ms, 3000);
    ck_assert_uint_eq(run.result->timing.retry_count, 0);
    fake_finish(&run);
    fake_run(&run, copy(), SCRIPT(REUSE, SAY(201, "")));
    ck_assert_str_eq(fake_find(&run, INTERIM_EVENT_CONNECTED, 0)->text, "reused");
    fake_finish(&run);
}
END_TEST

/* Once more with the same request, which the caller keeps; what was sent. */
static const char *ask(interim_request *request, const char *user_agent)
{
    request->references++;
    ck_assert_int_eq(fake_start(&run, request), 0);
    run.environment.user_agent = user_agent;
    fake_play(&run, SCRIPT(SAY(200, "")));
    check_outcome(INTERIM_DONE, 0);
    fake_finish(&run);
    return run.sent[0];
}

START_TEST(operation_asks_in_the_words_that_are_true_now)
{
    static char first[2][FAKE_SENT + 1];
    interim_request *request = copy();

    for (int body = 0; body < 2; body++) {
        if (body > 0)
            ck_assert_int_eq(interim_request_set_body(request, "abc", 3), 0);
        strcpy(first[body], ask(request, "one/1"));
        for (int i = 0; i < 3; i++)
            ck_assert_str_eq(ask(request, "one/1"), first[body]);
        ck_assert_ptr_nonnull(request->prepared);
    }
    ck_assert_ptr_nonnull(strstr(first[1], "User-Agent: one/1\r\nContent-Length: 3\r\n\r\nabc"));
    ck_assert_ptr_null(strstr(first[0], "Content-Length"));
    ck_assert_ptr_nonnull(strstr(ask(request, "other/2"), "User-Agent: other/2\r\n"));
    ck_assert_ptr_null(strstr(ask(request, NULL), "User-Agent"));
    ck_assert_str_eq(ask(request, "one/1"), first[1]);
    ck_assert_int_eq(interim_request_add_header(request, "X-New", "1"), 0);
    ck_assert_ptr_null(request->prepared);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_nonnull(strstr(ask(request, "one/1"), "\r\nX-New: 1\r\n"));
    ck_assert_int_eq(interim_request_set_credentials(request, "user", "secret"), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_nonnull(strstr(ask(request, "one/1"), "\r\nAuthorization: Basic "));
    ck_assert_ptr_null(request->prepared); /* the proof may be another each time */
    interim__request_release(request);
}
END_TEST

/* The same with a job; what its poll said. */
static const char *ask_job(interim_request *request, const char *user_agent, const char *accepted)
{
    request->references++;
    ck_assert_int_eq(fake_start(&run, request), 0);
    run.environment.user_agent = user_agent;
    fake_play(&run, SCRIPT(SAY(202, accepted), SAY(202, ""), SAY(200, "")));
    check_outcome(INTERIM_DONE, 0);
    ck_assert_str_eq(run.sent[1], run.sent[2]);
    fake_finish(&run);
    return run.sent[1];
}

START_TEST(operation_polls_in_the_words_that_are_true_now)
{
    static char first[FAKE_SENT + 1];
    interim_request *request = copy();
    const char *sent;

    ck_assert_int_eq(interim_request_add_header(request, "X-Own", "1"), 0);
    strcpy(first, ask_job(request, "one/1", "Location: /1\n"));
    ck_assert_ptr_eq(strstr(first, "GET /1 HTTP/1.1\r\nHost: dav.example\r\n"), first);
    ck_assert_ptr_null(request->poll); /* it may be the only one */
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(ask_job(request, "one/1", "Location: /1\n"), first);
    ck_assert_ptr_nonnull(request->poll);
    sent = ask_job(request, "one/1", "Location: /jobs/22?a\n");
    ck_assert_ptr_eq(strstr(sent, "GET /jobs/22?a HTTP/1.1\r\n"), sent);
    ck_assert_str_eq(strstr(sent, "\r\n"), strstr(first, "\r\n"));
    sent = ask_job(request, "one/1", "Location: http://b.example/1\n");
    ck_assert(strstr(sent, "X-Own") == NULL && strstr(sent, "Host: b.example\r\n") != NULL);
    ck_assert_ptr_nonnull(strstr(ask_job(request, "two/2", "Location: /1\n"), "two/2\r\n"));
    ck_assert_ptr_null(strstr(ask_job(request, NULL, "Location: /1\n"), "User-Agent"));
    ck_assert_str_eq(ask_job(request, "one/1", "Location: /1\n"), first);
    ck_assert_int_eq(interim_request_add_header(request, "X-New", "1"), 0);
    ck_assert_ptr_null(request->poll);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_nonnull(
            strstr(ask_job(request, "one/1", "Location: /1\n"), "\r\nX-New: 1\r\n"));
    interim__request_release(request);
}
END_TEST

START_TEST(operation_gives_the_same_events_byte_by_byte)
{
    static struct fake bytes;
    static const fake_step script[] = {
        SAY(102, "X-Progress: 1%\n"),
        SAY(103, "Link: </x>\n"),
        SAY(307, "Location: /c\n\nmoved"),
        SAY(102, ""),
        SAY(202, "Location: /1?k\nRetry-After: 3\n\n{\"status\":\"new\"}"),
        SAY(404, "A: b\n\n-"),
        SAY(302, "Location: /2\n"),
        RAW("HTTP/1.1 200 O\r\nTransfer-Encoding: chunked\r\n\r\n13\r\n{\"status\":\"strange\""
            "\r\n1\r\n}\r\n0\r\n\r\n"),
        SAY(200, "A: b\n\n{\"status\":\"done\"}"),
        STEP(STOP, 0)};

    fake_run(&run, copy(), script);
    bytes.bytewise = true;
    fake_run(&bytes, copy(), script);
    ck_assert_str_eq(fake_trace(&run), "sctiir>ctirawctpwctpctpwctpe");
    ck_assert_str_eq(fake_trace(&bytes), fake_trace(&run));
    ck_assert_int_eq(memcmp(run.events, bytes.events, run.event_count * sizeof *run.events), 0);
    ck_assert_str_eq(run.result->body.data, bytes.result->body.data);
    fake_finish(&run);
    fake_finish(&bytes);
}
END_TEST

START_TEST(operation_warns_of_gaps)
{
    fake_run(&run, copy(), SCRIPT(OPEN, LATER(100000), SAY(102, ""), LATER(29999), SAY(201, "")));
    ck_assert_str_eq(fake_trace(&run), "sctggire");
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_GAP, 0)->silence_ms, 30000);
    ck_assert_int_eq(fake_find(&run, INTERIM_EVENT_GAP, 1)->silence_ms, 60000);
    ck_assert_int_eq(run.result->timing.longest_silence_ms, 100000);
    fake_finish(&run);
    /* It is no gap while nothing was sent, or while we wait on purpose. */
    fake_run(&run, copy(),
             SCRIPT(LATER(9999), SAY(202, "Location: /1\nRetry-After: 500\n"), SAY(200, "")));
    ck_assert_uint_eq(fake_count(&run, INTERIM_EVENT_GAP), 0);
    ck_assert_int_ge(fake_find(&run, INTERIM_EVENT_POLL, 0)->silence_ms, 500000);
    fake_finish(&run);
}
END_TEST

START_TEST(operation_says_no_secret)
{
    static const char secret[] = "hushhush";
    interim_request *request = fake_request("POST", "https://dav.example/a/",
                                            "Authorization: Bearer hushhush\nCookie: hushhush\n");

    fake_set_login(request, "hushhush", "hushhush");
    fake_run(&run, request,
             SCRIPT(SAY(307, "Location: /b?hushhush\n"),
                    SAY(202, "Location: /m?hushhush\nSet-Cookie: hushhush\n"), CUT, SAY(404, ""),
                    SAY(302, "Location: /n?hushhush\n"), SAY(503, ""),
                    SAY(303, "Location: /r?hushhush\n"), SAY(302, "Location: /s?hushhush\n"),
                    SAY(302, "Location: http://u:hushhush@dav.example/\n")));
    for (size_t i = 0; i < run.event_count; i++) {
        ck_assert_ptr_null(strstr(run.events[i].url, secret));
        ck_assert_ptr_null(strstr(run.events[i].text, secret));
    }
    ck_assert_ptr_null(strstr(run.result->reason, secret));
    ck_assert_ptr_null(strstr(run.result->error->text, secret));
    ck_assert_ptr_null(strstr(run.result->url, secret));
    fake_finish(&run);
}
END_TEST

START_TEST(operation_needs_no_event_to_be_started_twice)
{
    unsigned first = 0;

    for (uint64_t seed = 1; seed < 4; seed++) { /* the same seed, the same waits */
        fake_run(&run, copy(), SCRIPT(SAY(202, "Location: /1\nRetry-After: 100\n"), SAY(200, "")));
        if (seed == 1)
            first = (unsigned)run.result->timing.end_ms;
        ck_assert_uint_eq((unsigned)run.result->timing.end_ms, first);
        fake_finish(&run);
    }
}
END_TEST

/* ---- the caller wants no more ---- */

static const fake_step everything[] = {
    SAY(102, ""),
    LATER(40000),
    SAY(307, "Location: /c\n\nmoved"),
    SAY(102, ""),
    SAY(202, "Location: /1?k\nRetry-After: 3\n\n{\"status\":\"new\"}"),
    CUT,
    SAY(404, "A: b\n\n-"),
    SAY(302, "Location: /2\n"),
    SAY(102, ""),
    SAY(200, "A: b\n\n{\"status\":\"strange\"}"),
    REFUSE(INTERIM_ECONNECT),
    SAY(303, "Location: /r\n"),
    SAY(302, "Location: /s\n"),
    SAY(102, ""),
    SAY(200, "A: b\n\nresult"),
    STEP(STOP, 0)};

START_TEST(operation_is_cancelled_by_the_callback_of_any_event)
{
    uint64_t count;

    fake_run(&run, fake_request("POST", "http://dav.example/a/", NULL), everything);
    check_outcome(INTERIM_DONE, 0);
    ck_assert_str_eq(run.result->body.data, "result");
    count = run.event_count;
    ck_assert_uint_gt(count, 40);
    fake_finish(&run);
    for (uint64_t n = 1; n <= count; n++)
        for (int way = 0; way < 4; way++) {
            run.cancel_at = n;
            run.cancel_quietly = way % 2 == 0;
            run.bytewise = way / 2 == 0;
            fake_run(&run, fake_request("POST", "http://dav.example/a/", NULL), everything);
            if (n == count) {
                check_outcome(INTERIM_DONE, 0);
            } else {
                check_outcome(INTERIM_CANCELLED, INTERIM_ECANCELLED);
                /* Nothing but the end comes after it. */
                ck_assert_uint_eq(run.event_count, n + 1);
            }
            fake_finish(&run);
        }
}
END_TEST

START_TEST(operation_is_cancelled_at_any_moment)
{
    /* While connecting, waiting for an answer, in a head, in a body, between polls. */
    static const fake_step scripts[][5] = {
        {LATER(10), STEP(STOP, 0)},
        {OPEN, LATER(10), STEP(STOP, 0)},
        {SAY(102, ""), LATER(10), STEP(STOP, 0)},
        {RAW("HTTP/1.1 2"), STEP(STOP, 0)},
        {RAW("HTTP/1.1 201 C\r\nContent-Length: 9\r\n\r\nx"), STEP(STOP, 0)},
        {JOB, OPEN, LATER(10), STEP(STOP, 0)},
        {JOB, STEP(STOP, 0)},
    };

    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        fake_run(&run, copy(), scripts[i]);
        check_outcome(INTERIM_CANCELLED, INTERIM_ECANCELLED);
        ck_assert_int_eq(strstr(run.result->reason, "may go on with the work") != NULL, i > 0);
        fake_finish(&run);
    }
    ck_assert_int_eq(fake_start(&run, copy()), 0);
    interim__operation_cancel(&run.op);
    interim__operation_cancel(&run.op);
    ck_assert_int_eq(interim__operation_deadline(&run.op), run.now.monotonic);
    fake_play(&run, SCRIPT(OPEN));
    fake_check(&run);
    ck_assert_uint_eq(run.connections, 0);
    check_outcome(INTERIM_CANCELLED, INTERIM_ECANCELLED);
    interim__operation_cancel(&run.op); /* too late */
    interim__operation_tick(&run.op, run.now);
    fake_check(&run);
    fake_finish(&run);
}
END_TEST

START_TEST(operation_is_cancelled_while_it_waits)
{
    ck_assert_int_eq(fake_start(&run, copy()), 0);
    interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
    {
        char text[] = "HTTP/1.1 202 A\r\nLocation: /1\r\nContent-Length: 0\r\n\r\n";

        interim__operation_sent(&run.op, 1, run.now);
        interim__operation_received(&run.op, text, sizeof text - 1, run.now);
    }
    ck_assert_int_eq(run.op.need, INTERIM__NEED_TIME);
    ck_assert(run.op.keep_connection == false || run.op.connections_left == 1);
    interim__operation_cancel(&run.op);
    interim__operation_tick(&run.op, run.now);
    fake_play(&run, SCRIPT(OPEN));
    fake_check(&run);
    check_outcome(INTERIM_CANCELLED, INTERIM_ECANCELLED);
    ck_assert_int_eq(run.result->error->stage, INTERIM_STAGE_WAIT);
    ck_assert_int_eq(run.result->status, 202);
    fake_finish(&run);
}
END_TEST

/* ---- ticks ---- */

START_TEST(operation_can_be_ticked_for_nothing)
{
    ck_assert_int_eq(fake_start(&run, copy()), 0);
    for (int i = 0; i < 100; i++)
        interim__operation_tick(&run.op, run.now);
    interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
    for (int i = 0; i < 100; i++)
        interim__operation_tick(&run.op, run.now);
    ck_assert_uint_eq(run.event_count, 2);
    fake_play(&run, SCRIPT(JOB, SAY(200, "")));
    for (int i = 0; i < 100; i++)
        interim__operation_tick(&run.op, run.now);
    fake_check(&run);
    fake_finish(&run);
}
END_TEST

static int pause(const void *data, size_t size, void *user)
{
    (void)data, (void)size, (void)user;
    return INTERIM_PAUSE;
}

static int go_on(const void *data, size_t size, void *user)
{
    (void)data, (void)size, (void)user;
    return 0;
}

/* The body was there, complete, before it was paused; it is wanted again when a limit of time has
 * just passed. An operation ends once. */
START_TEST(operation_that_ended_by_a_resumed_body_has_no_limits)
{
    static char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n--body--";
    interim_request *request = fake_request("GET", "http://dav.example/a", NULL);
    interim_patience patience = INTERIM_PATIENCE_INIT;
    char bytes[sizeof answer];
    unsigned ends;

    patience.total_ms = 1000;
    ck_assert_int_eq(interim_request_set_patience(request, &patience), 0);
    interim_request_on_body(request, pause, NULL);
    ck_assert_int_eq(fake_start(&run, request), 0);
    interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
    interim__operation_sent(&run.op, 1, run.now);
    memcpy(bytes, answer, sizeof bytes);
    interim__operation_received(&run.op, bytes, sizeof bytes - 1, run.now);
    ck_assert(!interim__operation_reads(&run.op));
    request->on_body = go_on;
    interim__operation_resume(&run.op);
    run.now.monotonic += 2 * FAKE_SECOND;
    interim__operation_tick(&run.op, run.now);
    ck_assert_int_eq(run.op.need, INTERIM__NEED_NOTHING);
    ends = run.ends;
    fake_play(&run, SCRIPT(STEP(STOP, 0)));
    ck_assert_uint_eq(ends, 1);
    check_outcome(INTERIM_DONE, 0);
    fake_finish(&run);
}
END_TEST

START_TEST(operation_survives_a_sleep_of_the_machine)
{
    /* Between polls: the poll is late. In an exchange: the limit has passed. */
    ck_assert_int_eq(fake_start(&run, copy()), 0);
    interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
    {
        char text[] = "HTTP/1.1 202 A\r\nLocation: /1\r\nContent-Length: 0\r\n\r\n";

        interim__operation_received(&run.op, text, sizeof text - 1, run.now);
    }
    run.now.monotonic += 7200 * FAKE_SECOND;
    interim__operation_tick(&run.op, run.now);
    ck_assert_int_eq(run.op.need, INTERIM__NEED_CONNECTION);
    fake_play(&run, SCRIPT(SAY(200, "")));
    fake_check(&run);
    check_outcome(INTERIM_DONE, 0);
    fake_finish(&run);
}
END_TEST

/* ---- sending ---- */

static ptrdiff_t fail_to_read(void *buffer, size_t size, void *user)
{
    (void)buffer, (void)size, (void)user;
    return -1;
}

START_TEST(operation_ends_when_the_body_reader_fails)
{
    interim_request *request = fake_request("POST", "http://dav.example/a/", NULL);

    request->body = (interim__body_source){.reader = fail_to_read, .length = 10};
    fake_run(&run, request, SCRIPT(SAY(200, "")));
    check_outcome(INTERIM_UNKNOWN, INTERIM_ECALLBACK);
    ck_assert_int_eq(run.result->error->stage, INTERIM_STAGE_SEND);
    fake_finish(&run);
}
END_TEST

START_TEST(operation_reads_an_answer_when_nothing_can_be_written)
{
    interim_request *request = fake_request("POST", "http://dav.example/a/", NULL);

    fake_set_body(request, "body");
    fake_run(&run, request, SCRIPT(STEP(STUCK, 0), SAY(413, "A: b\n\ntoo large")));
    check_outcome(INTERIM_FAILED, 0);
    ck_assert_uint_eq(run.closed, 1);
    fake_finish(&run);
}
END_TEST

/* ---- idle connections ---- */

START_TEST(operation_asks_once_more_only_what_is_safe)
{
    static const char *const safe[] = {"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"};
    static const char *const others[] = {"COPY", "MOVE", "POST", "PUT", "DELETE", "PATCH", "LOCK"};

    for (size_t i = 0; i < 5; i++) {
        fake_run(&run, fake_request(safe[i], "http://dav.example/", NULL),
                 SCRIPT(REUSE, CUT, SAY(200, "")));
        check_outcome(INTERIM_DONE, 0);
        ck_assert_uint_eq(run.exchanges, 2);
        ck_assert_str_eq(run.sent[0], run.sent[1]);
        ck_assert_str_eq(fake_trace(&run), "sctyctre");
        ck_assert_uint_eq(run.result->timing.retry_count, 1);
        fake_finish(&run);
        /* Not twice, not on a new connection, and not after a byte or an interim. */
        fake_run(&run, fake_request(safe[i], "http://dav.example/", NULL),
                 SCRIPT(REUSE, CUT, REUSE, CUT, SAY(200, "")));
        ck_assert_uint_eq(run.exchanges, 2);
        check_outcome(INTERIM_FAILED, INTERIM_EDISCONNECTED);
        fake_finish(&run);
        fake_run(&run, fake_request(safe[i], "http://dav.example/", NULL), SCRIPT(CUT));
        ck_assert_uint_eq(run.exchanges, 1);
        fake_finish(&run);
        fake_run(&run, fake_request(safe[i], "http://dav.example/", NULL),
                 SCRIPT(REUSE, RAW("H"), CUT));
        ck_assert_uint_eq(run.exchanges, 1);
        fake_finish(&run);
        fake_run(&run, fake_request(safe[i], "http://dav.example/", NULL),
                 SCRIPT(REUSE, SAY(102, ""), CUT));
        ck_assert_uint_eq(run.exchanges, 1);
        fake_finish(&run);
    }
    for (size_t i = 0; i < 7; i++) {
        fake_run(&run, fake_request(others[i], "http://dav.example/", NULL), SCRIPT(REUSE, CUT));
        check_outcome(INTERIM_UNKNOWN, INTERIM_EDISCONNECTED);
        ck_assert_uint_eq(run.exchanges, 1);
        fake_finish(&run);
    }
}
END_TEST

START_TEST(operation_wants_a_fresh_connection_for_what_is_risky)
{
    ck_assert_int_eq(fake_start(&run, copy()), 0);
    ck_assert_int_eq(interim__operation_idle_limit(&run.op), FAKE_SECOND);
    fake_play(&run, SCRIPT(STEP(STOP, 0)));
    fake_finish(&run);
    ck_assert_int_eq(fake_start(&run, fake_request("GET", "http://dav.example/", NULL)), 0);
    ck_assert_int_eq(interim__operation_idle_limit(&run.op), INTERIM__FAR);
    interim__operation_opened(&run.op, "192.0.2.1:80", true, run.now);
    interim__operation_sent(&run.op, 1, run.now);
    interim__operation_ended(&run.op, true, NULL, run.now);
    ck_assert_int_eq(run.op.need, INTERIM__NEED_CONNECTION);
    ck_assert_int_lt(interim__operation_idle_limit(&run.op), 0);
    fake_play(&run, SCRIPT(SAY(200, "")));
    fake_check(&run);
    fake_finish(&run);
}
END_TEST

START_TEST(operation_polls_once_more_on_a_new_connection)
{
    fake_run(&run, copy(), SCRIPT(JOB, REUSE, CUT, SAY(202, ""), REUSE, CUT, SAY(200, "")));
    check_outcome(INTERIM_DONE, 0);
    /* The second time it waits: it is an outage then. */
    ck_assert_str_eq(fake_trace(&run), "sctrawctyctpwctywctpe");
    fake_finish(&run);
}
END_TEST

Suite *operation_suite(void)
{
    Suite *suite = suite_create("operation");
    TCase *tests = tcase_create("operation");

    tcase_add_test(tests, operation_tells_a_plain_exchange);
    tcase_add_test(tests, operation_is_quiet_where_nobody_listens);
    tcase_add_test(tests, operation_gives_the_same_events_byte_by_byte);
    tcase_add_test(tests, operation_warns_of_gaps);
    tcase_add_test(tests, operation_says_no_secret);
    tcase_add_test(tests, operation_needs_no_event_to_be_started_twice);
    tcase_add_test(tests, operation_is_cancelled_by_the_callback_of_any_event);
    tcase_add_test(tests, operation_is_cancelled_at_any_moment);
    tcase_add_test(tests, operation_is_cancelled_while_it_waits);
    tcase_add_test(tests, operation_can_be_ticked_for_nothing);
    tcase_add_test(tests, operation_that_ended_by_a_resumed_body_has_no_limits);
    tcase_add_test(tests, operation_survives_a_sleep_of_the_machine);
    tcase_add_test(tests, operation_ends_when_the_body_reader_fails);
    tcase_add_test(tests, operation_reads_an_answer_when_nothing_can_be_written);
    tcase_add_test(tests, operation_asks_once_more_only_what_is_safe);
    tcase_add_test(tests, operation_asks_in_the_words_that_are_true_now);
    tcase_add_test(tests, operation_polls_in_the_words_that_are_true_now);
    tcase_add_test(tests, operation_wants_a_fresh_connection_for_what_is_risky);
    tcase_add_test(tests, operation_polls_once_more_on_a_new_connection);
    suite_add_tcase(suite, tests);
    return suite;
}
