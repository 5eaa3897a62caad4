/* rest.c - an exchange that only waits for its answer has no room for one, and nobody notices. */
#include "operation/operation.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/fake.h"

#include <stdlib.h>
#include <string.h>

#define I102 "HTTP/1.1 102 Processing\r\n\r\n"
#define HEAD "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"

static struct fake run;

static void begin(void)
{
    ck_assert_int_eq(fake_start(&run, FAKE_COPY(NULL)), 0);
    interim__operation_opened(&run.op, "192.0.2.1:80", false, run.now);
}

static void send(size_t left)
{
    const char *data;
    size_t size = interim__operation_output(&run.op, &data, run.now);

    ck_assert_uint_gt(size, left);
    interim__operation_sent(&run.op, size - left, run.now);
    interim__environment_make_room(&run.environment); /* as if there were others */
}

static void receive(const char *text)
{
    char bytes[256]; /* they may be changed in place */

    strcpy(bytes, text);
    interim__operation_received(&run.op, bytes, strlen(text), run.now);
    interim__environment_make_room(&run.environment);
}

static void take_result(void)
{
    ck_assert_int_eq(run.op.need, INTERIM__NEED_NOTHING);
    run.result = interim__operation_take_result(&run.op);
}

START_TEST(rest_is_from_the_request_to_the_final_head)
{
    const char *data;
    int64_t offset;

    begin();
    ck_assert_ptr_nonnull(run.op.talk);
    send(1);
    ck_assert_ptr_nonnull(run.op.talk);
    send(0);
    ck_assert_ptr_null(run.op.talk);
    ck_assert_uint_eq(interim__operation_output(&run.op, &data, run.now), 0);
    ck_assert_int_eq(interim__operation_file(&run.op, &offset), 0);
    receive(I102);
    ck_assert_ptr_null(run.op.talk);
    receive(I102 I102 "HT");
    ck_assert_ptr_nonnull(run.op.talk);
    receive("TP/1.1 102 Processing\r\nX-Progress: 10%\r\n\r\n");
    ck_assert_ptr_null(run.op.talk);
    receive(HEAD);
    ck_assert_ptr_nonnull(run.op.talk);
    receive("ok");
    take_result();
    ck_assert_uint_eq(run.result->timing.interim_count, 4);
    ck_assert_str_eq(run.result->body.data, "ok");
    fake_finish(&run);
}
END_TEST

/* Where nobody else needs it, the room stays, and is given up when somebody does: not while it is
 * used. */
START_TEST(rest_is_put_off_while_there_is_room)
{
    const char *data;
    char bytes[] = I102 "HT";

    begin();
    interim__operation_sent(&run.op, interim__operation_output(&run.op, &data, run.now), run.now);
    ck_assert_ptr_nonnull(run.op.talk);
    ck_assert_ptr_eq(run.environment.silent, &run.op);
    interim__operation_received(&run.op, bytes, strlen(I102), run.now);
    ck_assert_ptr_eq(run.environment.silent, &run.op);
    interim__operation_received(&run.op, bytes + strlen(I102), 2, run.now);
    ck_assert_ptr_null(run.environment.silent);
    receive("TP/1.1 102 Processing\r\n\r\n");
    ck_assert_ptr_null(run.op.talk);
    receive(I102);
    interim__operation_ended(&run.op, true, NULL, run.now);
    ck_assert_ptr_null(run.environment.silent);
    take_result();
    ck_assert_ptr_nonnull(strstr(run.result->reason, "after 3 interim responses, the last a 102"));
    fake_finish(&run);
}
END_TEST

/* What the exchange knew before: how many interims, and where in the answer something is. */
START_TEST(rest_forgets_nothing)
{
    begin();
    send(0);
    receive(I102);
    receive(I102);
    interim__operation_ended(&run.op, true, NULL, run.now);
    take_result();
    ck_assert_ptr_nonnull(strstr(run.result->reason, "after 2 interim responses, the last a 102"));
    fake_finish(&run);
    begin();
    send(0);
    receive(I102);
    receive("FTP");
    take_result();
    ck_assert_int_eq(run.result->error->offset, (int64_t)strlen(I102));
    fake_finish(&run);
}
END_TEST

/* Some proxies make an answer of their own out of an interim: such a connection is not kept. */
START_TEST(rest_keeps_a_rewritten_interim_in_mind)
{
    begin();
    send(0);
    receive("HTTP/1.1 102 Processing\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
    ck_assert_ptr_null(run.op.talk);
    receive(HEAD "ok");
    take_result();
    ck_assert(!run.op.keep_connection);
    fake_finish(&run);
}
END_TEST

/* What the others of a client have left is enough; where there is nothing, it is said. */
START_TEST(rest_needs_memory_to_end)
{
    begin();
    send(0);
    ck_assert_ptr_nonnull(run.environment.spare);
    interim__environment_dispose(&run.environment);
    failing_alloc_arm(1);
    receive(HEAD);
    failing_alloc_disarm();
    take_result();
    ck_assert_int_eq(run.result->outcome, INTERIM_UNKNOWN); /* it was a COPY, and it was sent */
    ck_assert_int_eq(run.result->error->code, INTERIM_ENOMEM);
    fake_finish(&run);
    begin();
    send(0);
    interim__environment_dispose(&run.environment);
    run.now.monotonic = interim__operation_deadline(&run.op);
    interim__operation_tick(&run.op, run.now); /* a gap */
    run.now.monotonic += run.request->patience.silence_ms * INTERIM__NS_PER_MS;
    failing_alloc_arm(1);
    interim__operation_tick(&run.op, run.now);
    failing_alloc_disarm();
    take_result();
    ck_assert_int_eq(run.result->outcome, INTERIM_UNKNOWN);
    ck_assert_int_eq(run.result->error->code, INTERIM_ESILENCE);
    fake_finish(&run);
}
END_TEST

Suite *rest_suite(void)
{
    Suite *suite = suite_create("rest");
    TCase *tests = tcase_create("rest");

    tcase_add_test(tests, rest_is_from_the_request_to_the_final_head);
    tcase_add_test(tests, rest_is_put_off_while_there_is_room);
    tcase_add_test(tests, rest_forgets_nothing);
    tcase_add_test(tests, rest_keeps_a_rewritten_interim_in_mind);
    tcase_add_test(tests, rest_needs_memory_to_end);
    suite_add_tcase(suite, tests);
    return suite;
}
