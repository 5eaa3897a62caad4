/* document.c - status documents: words, members that corroborate, and bodies that are none. */
#include "operation/document.h"

#include "suites.h"
#include "support/failing_alloc.h"
#include "support/guard.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static interim__progress progress;

static interim__document take_bytes(const char *body, size_t length)
{
    static interim__document document; /* what it holds is freed by the next one */

    interim__progress_init(&progress);
    ck_assert(interim__document_read(&document, &progress, guarded(body, length), length, "href"));
    return document;
}

static interim__document take(const char *body)
{
    return take_bytes(body, strlen(body));
}

/* ---- words ---- */

/* A word in lower case, in upper case, and with a capital, as each of the members that hold one. */
static void check_word(const char *word, interim__word meaning)
{
    static const char *const members[] = {"status", "state", "TaskState"};
    char body[128], text[64];

    for (int form = 0; form < 3; form++)
        for (size_t i = 0; i < 3; i++) {
            snprintf(text, sizeof text, "%s", word);
            for (size_t at = 0; text[at] != '\0'; at++)
                if ((form == 1 || (form == 2 && at == 0)) && text[at] >= 'a' && text[at] <= 'z')
                    text[at] = (char)(text[at] & ~0x20);
            snprintf(body, sizeof body, "{\"%s\":\"%s\"}", members[i], text);
            ck_assert_msg(take(body).word == meaning, "%s", body);
            ck_assert_str_eq(take(body).state, text);
            ck_assert(!take(body).corroborated);
        }
}

START_TEST(document_knows_every_word)
{
    static const char *const running[] = {
        "notstarted", "pending",    "queued",      "accepted",    "submitted",  "scheduled",
        "waiting",    "new",        "init",        "initial",     "starting",   "started",
        "running",    "inprogress", "in-progress", "in_progress", "processing", "executing",
        "working",    "updating",   "deleting",    "copying",     "canceling",  "cancelling",
        "stopping",   "suspended",  "interrupted", "not started", "in progress"};
    static const char *const good[] = {"succeeded",  "completed", "success", "complete",
                                       "successful", "done",      "finished"};
    static const char *const bad[] = {"failed",  "failure",     "canceled", "cancelled",
                                      "aborted", "error",       "timedout", "exception",
                                      "killed",  "deletefailed"};
    static const char *const unknown[] = {"",      "active", "ok",       "ready", "running ",
                                          " done", "do",     "donedone", "200",   "r\\u0000n"};

    for (size_t i = 0; i < sizeof running / sizeof *running; i++)
        check_word(running[i], INTERIM__WORD_RUNNING);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        check_word(good[i], INTERIM__WORD_GOOD);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_word(bad[i], INTERIM__WORD_BAD);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown - 1; i++)
        check_word(unknown[i], INTERIM__WORD_UNKNOWN);
    ck_assert_int_ne(take("{\"status\":\"done\\u0000\"}").word, INTERIM__WORD_GOOD);
}
END_TEST

START_TEST(document_takes_the_first_member_that_is_a_string)
{
    ck_assert_int_eq(take("{\"status\":200,\"state\":\"running\"}").word, INTERIM__WORD_RUNNING);
    ck_assert_int_eq(take("{\"state\":\"running\",\"status\":\"done\"}").word, INTERIM__WORD_GOOD);
    ck_assert_int_eq(take("{\"Status\":\"done\"}").word, INTERIM__WORD_NONE);
    ck_assert_int_eq(take("{\"properties\":{\"status\":\"done\"}}").word, INTERIM__WORD_NONE);
    /* Of members with the same name the last counts, as most readers have it. */
    ck_assert_int_eq(take("{\"status\":\"running\",\"status\":\"done\"}").word, INTERIM__WORD_GOOD);
}
END_TEST

START_TEST(document_cuts_what_it_keeps)
{
    char letters[2 * 60 + 1] = "", body[400];

    ck_assert_str_eq(take("{\"status\":\"1234567890123456789012345678901\"}").state,
                     "1234567890123456789012345678901");
    ck_assert_str_eq(take("{\"status\":\"12345678901234567890123456789012\"}").state,
                     "1234567890123456789012345678901");
    for (int i = 0; i < 60; i++) /* two bytes each, never cut in the middle */
        memcpy(letters + 2 * i, "\xc3\xa9", 3);
    snprintf(body, sizeof body, "{\"status\":\"%s\",\"error\":\"%s\"}", letters, letters);
    ck_assert_uint_eq(strlen(take(body).state), 30);
    ck_assert_uint_eq(strlen(take(body).message), 94);
    snprintf(body, sizeof body, "{\"status\":\"a%s\",\"error\":\"a%s\"}", letters, letters);
    ck_assert_uint_eq(strlen(take(body).state), 31);
    ck_assert_uint_eq(strlen(take(body).message), 95);
}
END_TEST

START_TEST(document_keeps_no_control_characters)
{
    interim__document document =
        take("{\"status\":\"run\\n\\u001b[2Jning\\u007f\",\"error\":\"a\\r\\nb\\tc\"}");

    ck_assert_str_eq(document.state, "run??[2Jning?");
    ck_assert_str_eq(document.message, "a??b?c");
}
END_TEST

/* ---- bodies that are no status document ---- */

START_TEST(document_of_another_type_is_none)
{
    static const char *const none[] = {"",
                                       "null",
                                       "true",
                                       "1",
                                       "\"running\"",
                                       "[]",
                                       "[{\"status\":\"running\"}]",
                                       "{",
                                       "{\"status\":",
                                       "{\"status\":\"running\"",
                                       "{\"status\":\"running\"} x",
                                       "<status>running</status>",
                                       "accepted",
                                       "\v{\"status\":\"running\"}",
                                       "{'status':'running'}",
                                       "{\"status\":\"\xff\xfe\"}",
                                       "{\"status\":\"running\xed\xa0\x80\"}",
                                       "{\"status\":\"running\n\"}",
                                       "{\"status\":\"running\",\"a\":\"\\\"\t\"}",
                                       "{\"status\":\"running\\u0000\"}",
                                       "{\"status\":\"running\",\"\\u0000\":1}",
                                       "{\"status\":\"running\",\f\"a\":1}",
                                       "{\"status\":\"running\",\"a\":\"\\ud800\"}",
                                       "{\"status\":\"running\",\"a\":\"\\",
                                       "{\"status\":\"running\",}",
                                       " ",
                                       "{\"status\":null}",
                                       "{\"status\":{\"a\":1}}",
                                       "{\"status\":[\"done\"]}",
                                       "{\"status\":true}",
                                       "{\"metadata\":[]}",
                                       "{\"metadata\":\"x\"}",
                                       "{\"metadata\":{\"status_code\":\"103\"}}",
                                       "{\"metadata\":{\"status_code\":103.5}}",
                                       "\xef\xbb\xbf",
                                       "\xef\xbb",
                                       "\xef\xbb\xbf\xef\xbb\xbf{\"status\":\"done\"}"};

    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        interim__document document = take(none[i]);

        ck_assert_msg(document.word == INTERIM__WORD_NONE, "%s", none[i]);
        ck_assert(!document.corroborated && !document.has_error && !document.couch);
        ck_assert_str_eq(document.state, "");
        ck_assert_str_eq(document.message, "");
    }
    ck_assert(interim__document_read(&(interim__document){0}, &progress, NULL, 0, NULL));
}
END_TEST

START_TEST(document_with_a_byte_order_mark)
{
    ck_assert_int_eq(take("\xef\xbb\xbf{\"status\":\"Running\"}").word, INTERIM__WORD_RUNNING);
    ck_assert_int_eq(take(" \r\n\t{\"status\":\"Running\"}\n").word, INTERIM__WORD_RUNNING);
    ck_assert_int_eq(take("{\"a\":\"\\\\u0000\\\"\",\n\t\"status\":\"Running\"}").word,
                     INTERIM__WORD_RUNNING);
}
END_TEST

START_TEST(document_at_its_limit)
{
    static const char start[] = "{\"status\":\"done\",\"pad\":\"";
    static char body[INTERIM__DOCUMENT_MAX + 16];

    for (size_t length = INTERIM__DOCUMENT_MAX - 1; length <= INTERIM__DOCUMENT_MAX + 1; length++) {
        memset(body, 'x', sizeof body);
        memcpy(body, start, sizeof start - 1);
        body[length - 2] = '"';
        body[length - 1] = '}';
        ck_assert_int_eq(take_bytes(body, length).word,
                         length <= INTERIM__DOCUMENT_MAX ? INTERIM__WORD_GOOD : INTERIM__WORD_NONE);
    }
}
END_TEST

START_TEST(document_that_is_deep_is_none)
{
    static char body[100000];
    static const char *const shells[] = {"[", "{\"status\":"};

    for (size_t i = 0; i < 2; i++) {
        size_t step = strlen(shells[i]);

        for (size_t at = 0; at + step <= sizeof body; at += step)
            memcpy(body + at, shells[i], step);
        ck_assert_int_eq(take_bytes(body, sizeof body).word, INTERIM__WORD_NONE);
        ck_assert_int_eq(take_bytes(body, INTERIM__DOCUMENT_MAX).word, INTERIM__WORD_NONE);
    }
    /* Closed again, and still too deep for a status document. */
    memset(body, '[', 32000);
    memset(body + 32000, ']', 32000);
    ck_assert(!take_bytes(body, 64000).is_object);
}
END_TEST

/* ---- other members ---- */

START_TEST(document_is_corroborated_by_other_members)
{
    static const char *const yes[] = {"\"percentageComplete\":1",
                                      "\"percentComplete\":0.5",
                                      "\"PercentComplete\":100",
                                      "\"progress\":7",
                                      "\"resourceId\":\"x\"",
                                      "\"resourceLocation\":\"x\"",
                                      "\"jobID\":1",
                                      "\"jobId\":\"1\"",
                                      "\"operationId\":\"1\"",
                                      "\"operation\":\"/x\"",
                                      "\"@odata.type\":\"#Task.v1\"",
                                      "\"createdDateTime\":\"x\",\"lastActionDateTime\":\"y\""};
    static const char *const no[] = {"\"percent\":1",
                                     "\"progress\":\"half\"",
                                     "\"percentComplete\":null",
                                     "\"id\":1",
                                     "\"createdDateTime\":\"x\"",
                                     "\"lastActionDateTime\":\"x\"",
                                     "\"JobId\":1",
                                     "\"@odata.type\":\"Task.v1\"",
                                     "\"@odata.type\":\"#Tasks\"",
                                     "\"@odata.type\":5",
                                     "\"error\":\"x\""};
    char body[200];

    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        snprintf(body, sizeof body, "{\"status\":\"running\",%s}", yes[i]);
        ck_assert_msg(take(body).corroborated, "%s", body);
    }
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        snprintf(body, sizeof body, "{\"status\":\"running\",%s}", no[i]);
        ck_assert_msg(!take(body).corroborated, "%s", body);
    }
}
END_TEST

START_TEST(document_tells_progress)
{
    take("{\"percentComplete\":42.5}");
    ck_assert(progress.percent > 42.4 && progress.percent < 42.6);
    take("{\"percentComplete\":-3}");
    ck_assert(progress.percent < 0);
    take("{\"progress\":101}");
    ck_assert(progress.percent < 0);
    take("{\"done\":3,\"total\":9}");
    ck_assert_int_eq(progress.done, 3);
    ck_assert_int_eq(progress.total, 9);
    take("{\"done\":10,\"total\":9}");
    ck_assert_int_eq(progress.done, -1);
    take("{\"done\":-1,\"total\":9}");
    ck_assert_int_eq(progress.total, -1);
    take("{\"done\":true,\"total\":9}");
    ck_assert_int_eq(progress.done, -1);
}
END_TEST

START_TEST(document_tells_an_error)
{
    interim__document document = take("{\"error\":{\"code\":\"Q\",\"message\":\"no room\"}}");

    ck_assert(document.has_error);
    ck_assert_str_eq(document.message, "no room");
    ck_assert_str_eq(take("{\"error\":\"no room\"}").message, "no room");
    ck_assert_str_eq(take("{\"errorCode\":7,\"errorMessage\":\"no room\"}").message, "no room");
    ck_assert_str_eq(take("{\"exception\":\"E\",\"error\":\"first\"}").message, "first");
    ck_assert(take("{\"exception\":[]}").has_error);
    ck_assert(!take("{\"error\":null}").has_error);
    ck_assert(!take("{\"errors\":\"x\"}").has_error);
}
END_TEST

START_TEST(document_of_lxd_tells_its_state_inside)
{
    static const struct {
        int code;
        interim__word word;
    } codes[] = {{100, INTERIM__WORD_RUNNING}, {103, INTERIM__WORD_RUNNING},
                 {199, INTERIM__WORD_RUNNING}, {200, INTERIM__WORD_GOOD},
                 {299, INTERIM__WORD_GOOD},    {400, INTERIM__WORD_BAD},
                 {401, INTERIM__WORD_BAD}};
    char body[400];

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        interim__document document;

        /* What status says outside is how the GET went, not how the job does. */
        snprintf(
            body, sizeof body,
            "{\"type\":\"sync\",\"status\":\"Success\",\"status_code\":200,\"operation\":\"\","
            "\"error\":\"\",\"metadata\":{\"id\":\"b8\",\"status\":\"Word\",\"status_code\":%d,"
            "\"err\":\"it broke\"}}",
            codes[i].code);
        document = take(body);
        ck_assert_int_eq(document.word, codes[i].word);
        ck_assert(document.corroborated);
        ck_assert_str_eq(document.state, "Word");
        ck_assert_str_eq(document.message, "it broke");
        snprintf(body, sizeof body, "{\"metadata\":{\"status_code\":%d}}", codes[i].code);
        ck_assert_int_eq(take(body).word, codes[i].word);
    }
}
END_TEST

START_TEST(document_of_couchdb)
{
    ck_assert(take("{\"ok\":true,\"id\":\"a\",\"rev\":\"1-2\"}").couch);
    ck_assert(!take("{\"ok\":1,\"id\":\"a\",\"rev\":\"1-2\"}").couch);
    ck_assert(!take("{\"ok\":true,\"id\":\"a\"}").couch);
    ck_assert(!take("{\"ok\":true,\"rev\":\"a\"}").couch);
}
END_TEST

/* ---- memory ---- */

static void *plain_malloc(size_t size)
{
    return malloc(size);
}

START_TEST(document_without_memory_is_not_taken_for_another)
{
    static const char body[] = "{\"status\":\"running\",\"jobId\":\"17\",\"n\":[1,2.5,\"\\u00e9\"],"
                               "\"error\":{\"message\":\"m\"},\"a\":1,\"b\":2,\"c\":3,\"d\":4,"
                               "\"e\":5,\"f\":6,\"g\":7,\"h\":8}";
    unsigned long nth = 0;
    bool failed;

    cJSON_InitHooks(&(cJSON_Hooks){plain_malloc, free}); /* ours can fail */
    do {
        interim__document document = {0};
        bool taken;

        interim__progress_init(&progress);
        failing_alloc_arm(++nth);
        taken = interim__document_read(&document, &progress, body, sizeof body - 1, NULL);
        failed = failing_alloc_disarm();
        ck_assert(taken || failed);
        if (taken)
            ck_assert_msg(document.word == INTERIM__WORD_RUNNING, "allocation %lu", nth);
    } while (failed);
    ck_assert_uint_gt(nth, 20);
}
END_TEST

Suite *document_suite(void)
{
    Suite *suite = suite_create("document");
    TCase *tests = tcase_create("document");

    tcase_add_test(tests, document_knows_every_word);
    tcase_add_test(tests, document_takes_the_first_member_that_is_a_string);
    tcase_add_test(tests, document_cuts_what_it_keeps);
    tcase_add_test(tests, document_keeps_no_control_characters);
    tcase_add_test(tests, document_of_another_type_is_none);
    tcase_add_test(tests, document_with_a_byte_order_mark);
    tcase_add_test(tests, document_at_its_limit);
    tcase_add_test(tests, document_that_is_deep_is_none);
    tcase_add_test(tests, document_is_corroborated_by_other_members);
    tcase_add_test(tests, document_tells_progress);
    tcase_add_test(tests, document_tells_an_error);
    tcase_add_test(tests, document_of_lxd_tells_its_state_inside);
    tcase_add_test(tests, document_of_couchdb);
    tcase_add_test(tests, document_without_memory_is_not_taken_for_another);
    suite_add_tcase(suite, tests);
    return suite;
}
