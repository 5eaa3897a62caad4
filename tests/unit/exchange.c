/* exchange.c - one request on one connection: what transcripts (tests/transcripts) do not reach. */
#include "exchange/exchange.h"

#include "exchange/request_head.h"
#include "suites.h"
#include "support/failing_alloc.h"
#include "support/guard.h"

#include <stdio.h>
#include <string.h>

static interim_error error;
static interim__exchange exchange;

static void begin_body(const char *method, const char *data, int64_t length)
{
    interim__body_source body = {.data = data, .length = length};

    interim__error_init(&error);
    interim__exchange_init(&exchange, method, &error);
    ck_assert_int_eq(interim__buffer_append_text(&exchange.sender.out, "X / HTTP/1.1\r\n\r\n"), 0);
    interim__sender_start(&exchange.sender, &body);
}

/* Begins an exchange whose request has been sent. */
static void begin(const char *method)
{
    const char *data;
    ptrdiff_t size;

    begin_body(method, NULL, INTERIM__BODY_NONE);
    while ((size = interim__sender_output(&exchange.sender, &data, &error)) > 0)
        interim__sender_sent(&exchange.sender, (size_t)size);
    ck_assert(interim__sender_done(&exchange.sender));
}

/* What one piece came to, each step a letter: I interim, R response, B body, O over, E error; *left
 * gets the bytes that were not taken. Stops at O, E, or when more is needed. */
static const char *take(const char *text, size_t length, size_t *left)
{
    static char steps[4096];
    char *data = guarded(text, length);
    size_t count = 0;

    for (;;) {
        int step = interim__exchange_step(&exchange, &data, &length);

        ck_assert_uint_lt(count, sizeof steps - 1);
        if (step == INTERIM__STEP_MORE)
            break;
        steps[count++] = step < 0 ? 'E' : "?IRBO"[step];
        if (step < 0 || step == INTERIM__STEP_OVER)
            break;
    }
    steps[count] = '\0';
    *left = length;
    return steps;
}

#define TEXT(text) (text), sizeof(text) - 1

START_TEST(exchange_of_several_interims_and_the_final_in_one_read)
{
    size_t left;

    begin("COPY");
    ck_assert_str_eq(take(TEXT("HTTP/1.1 102 Processing\r\n\r\n"
                               "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
                               "HTTP/1.1 199\r\n\r\n"
                               "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"),
                          &left),
                     "IIIRBO");
    ck_assert_uint_eq(left, 0);
    ck_assert_uint_eq(exchange.interim_count, 3);
    ck_assert_int_eq(exchange.last_interim, 199);
    ck_assert_int_eq(exchange.head.status, 201);
    ck_assert(interim__exchange_reusable(&exchange));
    interim__exchange_dispose(&exchange);
}
END_TEST

/* Taken at once when it is there as a whole; each counts, and errors tell the right byte. */
START_TEST(exchange_of_the_same_interim_again_and_again)
{
    static const char one[] = "HTTP/1.1 102 Processing\r\n\r\n";
    char text[12 * (sizeof one - 1) + 1] = "";
    size_t left, length;

    for (int i = 0; i < 12; i++)
        strcat(text, one);
    length = strlen(text);
    for (size_t cut = 0; cut <= length; cut++) {
        begin("COPY");
        take(text, cut, &left);
        ck_assert_uint_eq(exchange.interim_count, cut / (sizeof one - 1));
        take(text + cut, length - cut, &left);
        ck_assert_uint_eq(exchange.interim_count, 12);
        ck_assert_uint_eq(exchange.received, length);
        ck_assert_str_eq(take(TEXT("HTTP/1.1 102 Processing\r\nX\r\n\r\n"), &left), "E");
        ck_assert_int_eq(error.offset, (int64_t)length + 25);
        interim__exchange_dispose(&exchange);
    }
}
END_TEST

START_TEST(exchange_interims_have_fields_of_their_own)
{
    static char text[] = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nLocation: /x\r\n\r\n"
                         "HTTP/1.1 201 Created\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n";

    for (size_t split = 0; split < sizeof text - 1; split++) {
        char copy[sizeof text], *data = copy;
        size_t length = split;
        int step;

        memcpy(copy, text, sizeof text);
        begin("PUT");
        step = interim__exchange_step(&exchange, &data, &length);
        if (step == INTERIM__STEP_MORE) {
            length = sizeof text - 1 - split;
            data = copy + split;
            step = interim__exchange_step(&exchange, &data, &length);
        } else {
            length += sizeof text - 1 - split; /* the rest lies behind it */
        }
        ck_assert_int_eq(step, INTERIM__STEP_INTERIM);
        ck_assert_int_eq(exchange.head.status, 103);
        ck_assert_str_eq(exchange.head.reason, "Early Hints");
        ck_assert_uint_eq(exchange.head.fields.count, 2);
        ck_assert_str_eq(exchange.head.fields.items[0].value, "</a.css>");
        ck_assert_str_eq(interim__fields_value(&exchange.head.fields, "location", ""), "/x");
        ck_assert_int_eq(interim__exchange_step(&exchange, &data, &length), INTERIM__STEP_RESPONSE);
        ck_assert_str_eq(exchange.head.reason, "Created");
        ck_assert_uint_eq(exchange.head.fields.count, 2);
        ck_assert_str_eq(interim__fields_value(&exchange.head.fields, "location", ""), "/y");
        ck_assert_int_eq(interim__exchange_step(&exchange, &data, &length), INTERIM__STEP_OVER);
        ck_assert_uint_eq(length, 0);
        ck_assert_uint_eq(exchange.received, sizeof text - 1);
        interim__exchange_dispose(&exchange);
    }
}
END_TEST

START_TEST(exchange_passes_on_every_interim_code_but_101)
{
    for (int code = 100; code < 200; code++) {
        char text[128];
        int length =
            snprintf(text, sizeof text,
                     "HTTP/1.1 %d x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", code);
        size_t left;

        begin("GET");
        ck_assert_str_eq(take(text, (size_t)length, &left), code == 101 ? "E" : "IRO");
        ck_assert_int_eq(error.code, code == 101 ? INTERIM_EUPGRADE : 0);
        ck_assert_int_eq(error.offset, code == 101 ? 0 : -1);
        ck_assert_uint_eq(exchange.interim_count, code != 101);
        ck_assert(interim__exchange_reusable(&exchange) == (code != 101));
        interim__exchange_dispose(&exchange);
    }
}
END_TEST

START_TEST(exchange_counts_interims_without_limit_or_memory)
{
    static const char text[] = "HTTP/1.1 102 Processing\r\nA: b\r\n\r\n";
    size_t left;
    unsigned long allocations = 0;

    begin("COPY");
    for (int i = 0; i < 20000; i++) {
        char *data = guarded(text, sizeof text - 1);
        size_t length = sizeof text - 1;

        /* From the second on, an interim that comes whole takes no memory. */
        if (i == 1)
            failing_alloc_arm(1);
        allocations += interim__exchange_step(&exchange, &data, &length) != INTERIM__STEP_INTERIM;
    }
    ck_assert(!failing_alloc_disarm());
    ck_assert_uint_eq(allocations, 0);
    ck_assert_uint_eq(exchange.interim_count, 20000);
    ck_assert_str_eq(take(TEXT("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"), &left), "RO");
    interim__exchange_dispose(&exchange);
}
END_TEST

START_TEST(exchange_holds_no_memory_between_interims)
{
    size_t left;

    begin("COPY");
    ck_assert_str_eq(take(TEXT("HTTP/1.1 102 Proc"), &left), "");
    ck_assert(interim__exchange_in_head(&exchange));
    ck_assert_ptr_nonnull(exchange.pending.data);
    ck_assert_str_eq(take(TEXT("essing\r\n\r\n"), &left), "I");
    ck_assert_ptr_null(exchange.pending.data);
    ck_assert_ptr_null(exchange.sender.out.data);
    ck_assert_str_eq(take(TEXT("HTTP/1.1 102 Processing\r\nA: b\r\n\r\n"), &left), "I");
    ck_assert_ptr_null(exchange.head.fields.items);
    interim__exchange_dispose(&exchange);
}
END_TEST

START_TEST(exchange_is_in_a_head_from_its_first_byte_to_its_last)
{
    static const char text[] =
        "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    size_t left;

    begin("GET");
    ck_assert(!interim__exchange_in_head(&exchange));
    for (size_t i = 0; i < sizeof text - 1; i++) {
        take(text + i, 1, &left);
        ck_assert_msg(interim__exchange_in_head(&exchange) ==
                          ((i < 17) || (i >= 18 && i < sizeof text - 1 - 4)),
                      "byte %zu", i);
    }
    ck_assert(!interim__exchange_in_head(&exchange));
    interim__exchange_dispose(&exchange);
}
END_TEST

START_TEST(exchange_leaves_the_bytes_that_follow)
{
    static const struct {
        const char *text;
        size_t length, left;
        const char *steps;
    } cases[] = {
        {TEXT("HTTP/1.1 204 No\r\n\r\nHTTP/1.1"), 8, "RO"},
        {TEXT("HTTP/1.1 304 No\r\nContent-Length: 3\r\n\r\nabc"), 3, "RO"},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nabc"), 3, "RO"},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc"), 1, "RBO"},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nbc"), 2,
         "RBO"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t left;

        begin("GET");
        ck_assert_str_eq(take(cases[i].text, cases[i].length, &left), cases[i].steps);
        ck_assert_uint_eq(left, cases[i].left);
        ck_assert_uint_eq(exchange.received, cases[i].length - cases[i].left);
        /* it takes no more of them, however often it is asked */
        ck_assert_str_eq(take(TEXT("HTTP/1.1 200 evil\r\n\r\n"), &left), "O");
        ck_assert_uint_eq(left, 21);
        ck_assert_int_eq(interim__exchange_end(&exchange, false), INTERIM__STEP_OVER);
        interim__exchange_dispose(&exchange);
    }
}
END_TEST

START_TEST(exchange_reuse_follows_the_final_response)
{
    static const struct {
        const char *head;
        bool reusable;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
        {"HTTP/1.1 204 OK\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: foo, CLOSE\r\n\r\n", false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: a\r\nConnection: close\r\n\r\n",
         false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive, close\r\n\r\n", false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: closed\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nProxy-Connection: close\r\n\r\n", true},
        {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n0\r\n\r\n",
         false},
        {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"
         "0\r\n\r\n",
         false},
        /* an interim that announces anything of a final response, a proxy has made */
        {"HTTP/1.1 102 P\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
        {"HTTP/1.1 102 P\r\nServer: s\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
        {"HTTP/1.1 102 P\r\nDate: d\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false},
        {"HTTP/1.1 102 P\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
         false},
        {"HTTP/1.1 102 P\r\nConnection: keep-alive\r\n\r\n"
         "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
         false},
        {"HTTP/1.1 103 E\r\ndate: d\r\n\r\nHTTP/1.1 102 P\r\n\r\n"
         "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
         false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t left, length = strlen(cases[i].head);

        begin("GET");
        ck_assert(!interim__exchange_reusable(&exchange));
        take(cases[i].head, length, &left);
        ck_assert_uint_eq(left, 0);
        ck_assert_int_eq(exchange.state, INTERIM__EXCHANGE_OVER);
        ck_assert_msg(interim__exchange_reusable(&exchange) == cases[i].reusable, "%s",
                      cases[i].head);
        interim__exchange_dispose(&exchange);
    }
}
END_TEST

START_TEST(exchange_final_before_the_body_was_sent_forbids_reuse)
{
    static const char answer[] = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
    static const char body[] = "0123456789";

    for (size_t sent = 0; sent <= 26; sent++) {
        const char *data;
        size_t left;

        begin_body("PUT", body, 10);
        for (size_t i = 0; i < sent; i++) {
            ck_assert_int_gt(interim__sender_output(&exchange.sender, &data, &error), 0);
            interim__sender_sent(&exchange.sender, 1);
        }
        ck_assert_str_eq(take(TEXT(answer), &left), "RO");
        ck_assert(interim__sender_done(&exchange.sender) == (sent == 26));
        ck_assert(interim__exchange_reusable(&exchange) == (sent == 26));
        /* and nothing more is sent */
        ck_assert_int_eq(interim__sender_output(&exchange.sender, &data, &error), 0);
        interim__exchange_dispose(&exchange);
    }
}
END_TEST

START_TEST(exchange_goes_on_sending_while_interims_and_a_body_come)
{
    const char *data;
    size_t left;

    begin_body("PUT", "0123456789", 10);
    ck_assert_str_eq(take(TEXT("HTTP/1.1 100 Continue\r\n\r\n"), &left), "I");
    ck_assert_int_eq(interim__sender_output(&exchange.sender, &data, &error), 16);
    interim__sender_sent(&exchange.sender, 16);
    ck_assert_str_eq(take(TEXT("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"), &left), "RB");
    ck_assert_int_eq(interim__sender_output(&exchange.sender, &data, &error), 10);
    interim__sender_sent(&exchange.sender, 10);
    ck_assert_str_eq(take(TEXT("cd"), &left), "BO");
    ck_assert(interim__exchange_reusable(&exchange));
    interim__exchange_dispose(&exchange);
}
END_TEST

START_TEST(exchange_end_tells_what_was_cut)
{
    static const struct {
        const char *text;
        bool clean;
        int code; /* 0: that completes the response */
        interim_stage stage;
    } cases[] = {
        {"", true, INTERIM_EDISCONNECTED, INTERIM_STAGE_HEAD},
        {"", false, INTERIM_EDISCONNECTED, INTERIM_STAGE_HEAD},
        {"HTTP/1.1 102 P\r\n\r\n", true, INTERIM_EDISCONNECTED, INTERIM_STAGE_HEAD},
        {"H", true, INTERIM_ETRUNCATED, INTERIM_STAGE_HEAD},
        {"HTTP/1.1 200 OK\r\n", true, INTERIM_ETRUNCATED, INTERIM_STAGE_HEAD},
        {"HTTP/1.1 102 P\r\n\r\nHTTP/1.1 20", true, INTERIM_ETRUNCATED, INTERIM_STAGE_HEAD},
        {"HTTP/1.1 200 OK\r\n\r\n", true, 0, 0},
        {"HTTP/1.1 200 OK\r\n\r\nabc", true, 0, 0},
        {"HTTP/1.1 200 OK\r\n\r\nabc", false, INTERIM_ETRUNCATED, INTERIM_STAGE_BODY},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true, INTERIM_ETRUNCATED,
         INTERIM_STAGE_BODY},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", true, INTERIM_ETRUNCATED,
         INTERIM_STAGE_BODY},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true, INTERIM_ETRUNCATED,
         INTERIM_STAGE_BODY},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", true, INTERIM_ETRUNCATED,
         INTERIM_STAGE_BODY},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", true,
         INTERIM_ETRUNCATED, INTERIM_STAGE_BODY},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", true,
         INTERIM_ETRUNCATED, INTERIM_STAGE_BODY},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n", true,
         INTERIM_ETRUNCATED, INTERIM_STAGE_BODY},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t left;
        char again[8] = "HTTP/1";
        char *data = again;
        int ended;

        begin("GET");
        take(cases[i].text, strlen(cases[i].text), &left);
        ended = interim__exchange_end(&exchange, cases[i].clean);
        ck_assert_msg(ended == (cases[i].code == 0 ? (int)INTERIM__STEP_OVER : cases[i].code),
                      "%s: %d", cases[i].text, ended);
        ck_assert(!interim__exchange_reusable(&exchange));
        if (cases[i].code != 0) {
            ck_assert_int_eq(error.code, cases[i].code);
            ck_assert_int_eq(error.stage, cases[i].stage);
            ck_assert_int_eq(error.offset, cases[i].code == INTERIM_ETRUNCATED
                                               ? (int64_t)strlen(cases[i].text)
                                               : -1);
            /* every later call gives the same */
            left = 6;
            ck_assert_int_eq(interim__exchange_step(&exchange, &data, &left), cases[i].code);
            ck_assert_uint_eq(left, 6);
            ck_assert_int_eq(interim__exchange_end(&exchange, true), cases[i].code);
        }
        interim__exchange_dispose(&exchange);
    }
}
END_TEST

START_TEST(exchange_end_after_interims_says_how_many_and_which)
{
    size_t left;

    begin("COPY");
    take(TEXT("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 102 P\r\n\r\n"), &left);
    ck_assert_int_eq(interim__exchange_end(&exchange, true), INTERIM_EDISCONNECTED);
    ck_assert_str_eq(error.text, "the connection ended after 2 interim responses, the last a 102");
    interim__exchange_dispose(&exchange);
    begin("COPY");
    take(TEXT("HTTP/1.1 102 P\r\n\r\n"), &left);
    ck_assert_int_eq(interim__exchange_end(&exchange, true), INTERIM_EDISCONNECTED);
    ck_assert_str_eq(error.text, "the connection ended after 1 interim response, the last a 102");
    interim__exchange_dispose(&exchange);
}
END_TEST

START_TEST(exchange_error_offset_counts_from_the_beginning_of_the_answer)
{
    static const struct {
        const char *text;
        int code;
        int64_t offset;
    } cases[] = {
        {"HTTP/1.1 102 P\r\n\r\nHTTP/1.1 102 P\r\nA b\r\n\r\n", INTERIM_EFIELD_LINE, 34},
        {"HTTP/1.1 102 P\r\n\r\nxyz", INTERIM_ESTATUS_LINE, 18},
        {"HTTP/1.1 102 P\r\nContent-Length: 5\r\n\r\nabcde", INTERIM_ESTATUS_LINE, 37},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabXX", INTERIM_ECHUNK, 52},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz", INTERIM_ECHUNK, 54},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\nCd\r\n\r\n",
         INTERIM_EFIELD_LINE, 56},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t left, length = strlen(cases[i].text);

        for (size_t split = 0; split <= length; split++) {
            begin("GET");
            take(cases[i].text, split, &left);
            take(cases[i].text + split, length - split, &left);
            ck_assert_int_eq(error.code, cases[i].code);
            ck_assert_msg(error.offset == cases[i].offset, "%s: offset %lld at split %zu",
                          cases[i].text, (long long)error.offset, split);
            interim__exchange_dispose(&exchange);
        }
    }
}
END_TEST

START_TEST(exchange_without_memory_is_enomem)
{
    static const char text[] =
        "HTTP/1.1 102 P\r\nA: b\r\n\r\n"
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nT: u\r\n\r\n";
    unsigned long nth = 0;
    bool failed;

    for (int bytewise = 0; bytewise < 2; bytewise++) {
        nth = 0;
        do {
            size_t at = 0, step_size = bytewise ? 1 : sizeof text - 1;
            int step = 0;

            begin("GET");
            failing_alloc_arm(++nth);
            while (at < sizeof text - 1 && step >= 0) {
                char *data = guarded(text + at, step_size);
                size_t length = step_size;

                do
                    step = interim__exchange_step(&exchange, &data, &length);
                while (step > 0 && step != INTERIM__STEP_OVER);
                at += step_size;
            }
            failed = failing_alloc_disarm();
            ck_assert_int_eq(step, failed ? INTERIM_ENOMEM : (int)INTERIM__STEP_OVER);
            ck_assert_int_eq(error.code, failed ? INTERIM_ENOMEM : 0);
            ck_assert_int_eq(error.offset, -1);
            interim__exchange_dispose(&exchange);
        } while (failed);
        ck_assert_uint_gt(nth, 2);
    }
}
END_TEST

Suite *exchange_suite(void)
{
    Suite *suite = suite_create("exchange");
    TCase *tests = tcase_create("exchange");

    tcase_add_test(tests, exchange_of_several_interims_and_the_final_in_one_read);
    tcase_add_test(tests, exchange_of_the_same_interim_again_and_again);
    tcase_add_test(tests, exchange_interims_have_fields_of_their_own);
    tcase_add_test(tests, exchange_passes_on_every_interim_code_but_101);
    tcase_add_test(tests, exchange_counts_interims_without_limit_or_memory);
    tcase_add_test(tests, exchange_holds_no_memory_between_interims);
    tcase_add_test(tests, exchange_is_in_a_head_from_its_first_byte_to_its_last);
    tcase_add_test(tests, exchange_leaves_the_bytes_that_follow);
    tcase_add_test(tests, exchange_reuse_follows_the_final_response);
    tcase_add_test(tests, exchange_final_before_the_body_was_sent_forbids_reuse);
    tcase_add_test(tests, exchange_goes_on_sending_while_interims_and_a_body_come);
    tcase_add_test(tests, exchange_end_tells_what_was_cut);
    tcase_add_test(tests, exchange_end_after_interims_says_how_many_and_which);
    tcase_add_test(tests, exchange_error_offset_counts_from_the_beginning_of_the_answer);
    tcase_add_test(tests, exchange_without_memory_is_enomem);
    suite_add_tcase(suite, tests);
    return suite;
}
