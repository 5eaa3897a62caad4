/* framing.c - how long the body of a final response is (RFC 9112 section 6.3). */
#include "exchange/framing.h"

#include "suites.h"

#include <stdio.h>
#include <string.h>

enum {
    NONE = INTERIM__FRAMING_NONE,
    LENGTH = INTERIM__FRAMING_LENGTH,
    CHUNKED = INTERIM__FRAMING_CHUNKED,
    CLOSE = INTERIM__FRAMING_CLOSE,
    REFUSED
};

static const struct {
    const char *method, *head; /* without "HTTP/1." and the empty line */
    int kind;
    int64_t length;
    bool close;
} cases[] = {
    /* by method and status: no body, whatever the fields say */
    {"HEAD", "1 200 OK\r\nContent-Length: 5\r\n", NONE, -1, false},
    {"HEAD", "1 200 OK\r\nTransfer-Encoding: chunked\r\n", NONE, -1, false},
    {"HEAD", "1 200 OK\r\n", NONE, -1, false},
    {"HEAD", "1 200 OK\r\nContent-Length: nonsense\r\n", NONE, -1, false},
    {"GET", "1 204 No Content\r\n", NONE, -1, false},
    {"GET", "1 204 No Content\r\nContent-Length: 5\r\n", NONE, -1, false},
    {"GET", "1 204 No Content\r\nTransfer-Encoding: chunked\r\n", NONE, -1, false},
    {"GET", "1 304 Not Modified\r\nContent-Length: 5\r\n", NONE, -1, false},
    /* methods have a case: "head" is another one */
    {"head", "1 200 OK\r\nContent-Length: 5\r\n", LENGTH, 5, false},
    {"COPY", "1 205 Reset Content\r\nContent-Length: 0\r\n", LENGTH, 0, false},
    /* neither length: until the end of the connection */
    {"GET", "1 200 OK\r\n", CLOSE, -1, true},
    {"GET", "0 200 OK\r\n", CLOSE, -1, true},
    {"COPY", "1 201 Created\r\nX-Content-Length: 5\r\n", CLOSE, -1, true},
    /* Content-Length */
    {"GET", "1 200 OK\r\nContent-Length: 0\r\n", LENGTH, 0, false},
    {"GET", "1 200 OK\r\nCONTENT-LENGTH:7\r\n", LENGTH, 7, false},
    {"GET", "1 200 OK\r\nContent-Length: 007\r\n", LENGTH, 7, false},
    {"GET", "0 200 OK\r\nContent-Length: 7\r\n", LENGTH, 7, false},
    {"GET", "1 200 OK\r\nContent-Length: 9223372036854775807\r\n", LENGTH, INT64_MAX, false},
    {"GET", "1 200 OK\r\nContent-Length: 9223372036854775808\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length: 99999999999999999999\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length: 18446744073709551618\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length: -1\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length: +2\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length:\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length: ,\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length: 2x\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length: 0x2\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length: 2 2\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length: 2.0\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length: \"2\"\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length: 1\r\n 2\r\n", REFUSED, 0, false}, /* folded */
    /* several that agree, as lines and as a list, and several that do not */
    {"GET", "1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n", LENGTH, 2, false},
    {"GET", "1 200 OK\r\nContent-Length: 2, 2\r\n", LENGTH, 2, false},
    {"GET", "1 200 OK\r\nContent-Length: 2,2\r\ncontent-length: 02\r\n", LENGTH, 2, false},
    {"GET", "1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length: 2, 3\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length: 2\r\nContent-Length: x\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length: 2\r\nContent-Length:\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nContent-Length: 2\r\nX: y\r\nContent-Length: 3\r\n", REFUSED, 0, false},
    /* Transfer-Encoding */
    {"GET", "1 200 OK\r\nTransfer-Encoding: chunked\r\n", CHUNKED, -1, false},
    {"GET", "1 200 OK\r\nTRANSFER-ENCODING: CHUNKED\r\n", CHUNKED, -1, false},
    {"GET", "1 200 OK\r\nTransfer-Encoding: ,chunked,\r\n", CHUNKED, -1, false},
    {"GET", "0 200 OK\r\nTransfer-Encoding: chunked\r\n", CHUNKED, -1, true},
    {"GET", "1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", CHUNKED, 5, true},
    {"GET", "1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", CHUNKED, 5, true},
    {"GET", "1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n", CHUNKED, 0, true},
    {"GET", "1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: x\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", REFUSED, 0,
     false},
    {"GET", "1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 3\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", REFUSED, 0,
     false},
    {"GET", "1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nTransfer-Encoding: chunked;q=1\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nTransfer-Encoding: xchunked\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nTransfer-Encoding: \"chunked\"\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nTransfer-Encoding: identity\r\n", REFUSED, 0, false},
    {"GET", "1 200 OK\r\nTransfer-Encoding:\r\n", REFUSED, 0, false},
    {"GET",
     "1 200 OK\r\nTransfer-Encoding: \x0b"
     "chunked\r\n",
     REFUSED, 0, false},
};

START_TEST(framing_is_decided_by_the_head)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        interim__framing framing;
        interim__head head = {0};
        interim_error error;
        char text[256];
        int length = snprintf(text, sizeof text, "HTTP/1.%s\r\n", cases[i].head), decided;

        interim__error_init(&error);
        ck_assert_int_eq(interim__head_parse(&head, text, (size_t)length, &error), length);
        decided = interim__framing_decide(&framing, &head, cases[i].method, &error);
        if (cases[i].kind == REFUSED) {
            ck_assert_msg(decided == INTERIM_EFRAMING, "case %zu: %s", i, cases[i].head);
            ck_assert_int_eq(error.code, INTERIM_EFRAMING);
            ck_assert_int_eq(error.stage, INTERIM_STAGE_HEAD);
            ck_assert_uint_gt(strlen(error.text), 0);
        } else {
            ck_assert_msg(decided == 0, "case %zu: %s: %s", i, cases[i].head, error.text);
            ck_assert_msg((int)framing.kind == cases[i].kind, "case %zu: %s", i, cases[i].head);
            ck_assert_msg(framing.close == cases[i].close, "case %zu: %s", i, cases[i].head);
            if (framing.kind == INTERIM__FRAMING_LENGTH)
                ck_assert_int_eq(framing.length, cases[i].length);
        }
        interim__head_dispose(&head);
    }
}
END_TEST

START_TEST(framing_error_quotes_what_was_seen)
{
    char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 12, 13\r\n\r\n";
    interim__framing framing;
    interim__head head = {0};
    interim_error error;

    interim__error_init(&error);
    ck_assert_int_gt(interim__head_parse(&head, text, sizeof text - 1, &error), 0);
    ck_assert_int_eq(interim__framing_decide(&framing, &head, "GET", &error), INTERIM_EFRAMING);
    ck_assert_ptr_nonnull(strstr(error.text, "12, 13"));
    interim__head_dispose(&head);
}
END_TEST

Suite *framing_suite(void)
{
    Suite *suite = suite_create("framing");
    TCase *tests = tcase_create("framing");

    tcase_add_test(tests, framing_is_decided_by_the_head);
    tcase_add_test(tests, framing_error_quotes_what_was_seen);
    suite_add_tcase(suite, tests);
    return suite;
}
