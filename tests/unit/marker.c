/* marker.c - the lines of performance markers, in every form and cut at every place. */
#include "operation/marker.h"

#include "suites.h"

#include <stdio.h>
#include <string.h>

#define ONE(index, bytes)                                                                          \
    "Perf Marker\nTimestamp: 1\nStripe Index: " index "\nStripe Bytes Transferred: " bytes "\nEnd" \
    "\n"

static interim__markers markers;
static char trace[512]; /* a letter for each line: see letters */

static void note(interim__marker_step step)
{
    static const char letters[] = " bupiev";
    size_t length = strlen(trace);

    if (step == INTERIM__MARKER_MORE)
        return;
    ck_assert_uint_lt(length + 1, sizeof trace);
    trace[length] = letters[step];
    trace[length + 1] = '\0';
}

static void feed(const char *data, size_t size)
{
    while (size > 0) {
        interim__marker_step step;
        size_t taken = interim__markers_feed(&markers, &step, data, size);

        ck_assert_uint_gt(taken, 0);
        ck_assert_uint_le(taken, size);
        note(step);
        data += taken;
        size -= taken;
    }
}

static void begin(void)
{
    interim__markers_init(&markers);
    trace[0] = '\0';
}

/* The text in two pieces, then the end. */
static void take_cut(const char *text, size_t length, size_t cut)
{
    begin();
    feed(text, cut);
    feed(text + cut, length - cut);
    note(interim__markers_finish(&markers));
}

static void take(const char *text)
{
    take_cut(text, strlen(text), 0);
}

START_TEST(marker_lines_of_every_server)
{
    static const struct {
        const char *text, *trace, *last, *reason;
        int64_t done;
        interim__marker_verdict verdict;
    } forms[] = {
        /* dCache, once it waits and once it copies */
        {"Perf Marker\n    Timestamp: 1360578938\n    State: Queued\n    State description: "
         "x\nEnd\n"
         "Perf Marker\n    Timestamp: 1360578943\n    State: Running\n    Stripe Index: 0\n"
         "    Stripe Bytes Transferred: 49397760\n    Total Stripe Count: 1\n"
         "    RemoteConnections: tcp:192.0.2.4:443,tcp:[2600::1]:2345\nEnd\nsuccess: Created\n",
         "piiiepiiiiiiev", "1360578943 Running", "success: Created", 49397760,
         INTERIM__MARKER_SUCCESS},
        /* XRootD: no line end at the end */
        {"Perf Marker\nTimestamp: 7\nStripe Index: 0\nStripe Bytes Transferred: 0\n"
         "Total Stripe Count: 1\nEnd\nfailure: HTTP 404",
         "piiiiev", "7", "failure: HTTP 404", 0, INTERIM__MARKER_FAILURE},
        /* CR LF, blanks, either case, lines that nobody knows, and no blank behind the colon */
        {"\r\nhello\r\n \t perf MARKER\r\n\tSTRIPE BYTES TRANSFERRED:5\r\nwhat: is\r\n end \r\n"
         "ABORTED: by hand\r\n",
         "bupiiev", "", "ABORTED: by hand", 5, INTERIM__MARKER_ABORTED},
        {"failed\n", "v", "", "failed", -1, INTERIM__MARKER_FAILURE},
        {"success", "v", "", "success", -1, INTERIM__MARKER_SUCCESS},
        {"", "", "", "", -1, INTERIM__MARKER_NONE},
    };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t length = strlen(forms[i].text);

        for (size_t cut = 0; cut <= length; cut++) {
            take_cut(forms[i].text, length, cut);
            ck_assert_str_eq(trace, forms[i].trace);
            ck_assert_str_eq(markers.text, forms[i].last);
            ck_assert_str_eq(markers.reason, forms[i].reason);
            ck_assert_int_eq(markers.done, forms[i].done);
            ck_assert_int_eq(markers.verdict, forms[i].verdict);
        }
        begin();
        for (size_t at = 0; at < length; at++)
            feed(forms[i].text + at, 1);
        note(interim__markers_finish(&markers));
        ck_assert_str_eq(trace, forms[i].trace);
    }
}
END_TEST

START_TEST(marker_words_that_are_no_verdict)
{
    take("fail\nfailover\nabort\nsucces\nmy success\nEnd\nTimestamp: 5");
    ck_assert_str_eq(trace, "uuuuuuu");
    ck_assert_int_eq(markers.verdict, INTERIM__MARKER_NONE);
}
END_TEST

START_TEST(marker_stripes_add_up)
{
    take(ONE("0", "10") ONE("1", "5"));
    ck_assert_int_eq(markers.done, 15);
    ck_assert(markers.moved);
    take(ONE("0", "10") ONE("1", "5") ONE("0", "10"));
    ck_assert_int_eq(markers.done, 15);
    ck_assert(!markers.moved);
    take(ONE("0", "10") ONE("0", "3")); /* as the server says, but no progress ... */
    ck_assert_int_eq(markers.done, 3);
    ck_assert(!markers.moved);
    take(ONE("0", "10") ONE("0", "3") ONE("0", "10")); /* ... nor is what was there before */
    ck_assert(!markers.moved);
    take(ONE("0", "10") ONE("0", "3") ONE("0", "11"));
    ck_assert(markers.moved);
    take(ONE("0", "0"));
    ck_assert_int_eq(markers.done, 0);
    ck_assert(!markers.moved);
    take(ONE("0", "9") "Perf Marker\nState: Paused\nEnd\n"); /* says nothing of bytes */
    ck_assert_int_eq(markers.done, 9);
    ck_assert(!markers.moved);
}
END_TEST

START_TEST(marker_numbers_that_are_none)
{
    static const char *const none[] = {
        ONE("0", "-1"),
        ONE("0", "1x"),
        ONE("0", ""),
        ONE("0", "0x10"),
        ONE("0", "1.5"),
        ONE("0", "9223372036854775808"),
        ONE("9223372036854775808", "5"),
        ONE("-1", "5"),
        ONE("one", "5"),
        "Perf Marker\nStripe Bytes Transferred: 5\nPerf Marker\nEnd\n",
    };

    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        take(none[i]);
        ck_assert_int_eq(markers.done, -1);
        ck_assert(!markers.moved);
        ck_assert(strchr(trace, 'e') != NULL); /* a sign of life all the same */
    }
    take(ONE("9223372036854775807", "9223372036854775807") ONE("0", "9223372036854775807"));
    ck_assert_int_eq(markers.done, INT64_MAX);
}
END_TEST

START_TEST(marker_stripes_have_a_table_of_128)
{
    char text[256];

    begin();
    for (int i = 0; i < 10000; i++) {
        int length = snprintf(text, sizeof text, ONE("%d", "%d"), i, 2);

        trace[0] = '\0';
        feed(text, (size_t)length);
        ck_assert_str_eq(trace, "piiie");
    }
    ck_assert_int_eq(markers.done, (int64_t)2 * INTERIM__MARKER_STRIPES);
    ck_assert_uint_eq(markers.stripe_count, INTERIM__MARKER_STRIPES);
    ck_assert(!markers.moved);
    trace[0] = '\0';
    feed(ONE("5000", "3"), strlen(ONE("5000", "3"))); /* that others move is seen */
    ck_assert(markers.moved);
    feed(ONE("127", "3"), strlen(ONE("127", "3")));
    ck_assert_int_eq(markers.done, (int64_t)2 * INTERIM__MARKER_STRIPES + 1);
}
END_TEST

START_TEST(marker_lines_are_cut_at_512_bytes)
{
    static const char zeros[] = "Perf Marker\nStripe Bytes Transferred: ";
    char line[INTERIM__MARKER_LINE + 64];

    begin();
    for (int i = 0; i < 20000; i++)
        feed("some hundred bytes of nothing, again and again, without an end of the line, for ever "
             "and ever and so on.",
             100);
    feed("\nsuccess\n", 9);
    ck_assert_str_eq(trace, "uv");
    /* Of a number that is cut, the beginning is another number. */
    begin();
    feed(zeros, strlen(zeros));
    memset(line, '0', sizeof line);
    line[INTERIM__MARKER_LINE - 40] = '7';
    feed(line, sizeof line);
    feed("\nEnd\n", 5);
    ck_assert_str_eq(trace, "pue");
    ck_assert_int_eq(markers.done, -1);
    /* A verdict is one at any length. */
    begin();
    feed("failure: ", 9);
    feed(line, sizeof line);
    note(interim__markers_finish(&markers));
    ck_assert_str_eq(trace, "v");
    ck_assert_uint_eq(strlen(markers.reason), sizeof markers.reason - 1);
}
END_TEST

START_TEST(marker_verdicts_that_contradict)
{
    take("success: a\nsuccess: b\n");
    ck_assert_int_eq(markers.verdict, INTERIM__MARKER_SUCCESS);
    ck_assert_str_eq(markers.reason, "success: a");
    take("failure: a\naborted: b\n");
    ck_assert_int_eq(markers.verdict, INTERIM__MARKER_FAILURE);
    take("success: a\nfailure: b\nsuccess: c");
    ck_assert_int_eq(markers.verdict, INTERIM__MARKER_CONTRADICTION);
    take("aborted: a\nsuccess: b");
    ck_assert_int_eq(markers.verdict, INTERIM__MARKER_CONTRADICTION);
}
END_TEST

START_TEST(marker_text_holds_no_secret)
{
    static const char *const pairs[][2] = {
        {"failure: https://u:p@a.test/f?authz=x#y, then", "failure: https://a.test/f?..., then"},
        {"failure: 'davs://a.test/f?a=b' no", "failure: 'davs://a.test/f?...' no"},
        {"failure: (http://a.test?x)(http://u@b.test#y)",
         "failure: (http://a.test?...)(http://b.test?...)"},
        {"failure: BEARER  abc.def, Bearer", "failure: BEARER  ..., Bearer"},
        {"failure: what? why?", "failure: what? why?"},
        {"failure: a:// b ://", "failure: a:// b ://"},
        {"failure: \001\177\t\033[1m", "failure: ????[1m"},
    };

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        take(pairs[i][0]);
        ck_assert_str_eq(markers.reason, pairs[i][1]);
    }
    begin();
    feed("failure: a\0b\n", 13);
    ck_assert_str_eq(markers.reason, "failure: a?b");
}
END_TEST

Suite *marker_suite(void)
{
    Suite *suite = suite_create("marker");
    TCase *tests = tcase_create("marker");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, marker_lines_of_every_server);
    tcase_add_test(tests, marker_words_that_are_no_verdict);
    tcase_add_test(tests, marker_stripes_add_up);
    tcase_add_test(tests, marker_numbers_that_are_none);
    tcase_add_test(tests, marker_stripes_have_a_table_of_128);
    tcase_add_test(tests, marker_lines_are_cut_at_512_bytes);
    tcase_add_test(tests, marker_verdicts_that_contradict);
    tcase_add_test(tests, marker_text_holds_no_secret);
    suite_add_tcase(suite, tests);
    return suite;
}
