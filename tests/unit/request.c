/* request.c - methods, presets of polling, and the life of a request. */
#include "operation/request.h"

#include "suites.h"
#include "support/fake.h"

#include <stdlib.h>
#include <string.h>

START_TEST(request_knows_safe_methods)
{
    static const char *const safe[] = {"GET",      "HEAD",   "OPTIONS", "TRACE",
                                       "PROPFIND", "REPORT", "SEARCH"};
    static const char *const unsafe[] = {"COPY",   "MOVE",      "POST", "PUT",       "PATCH",
                                         "DELETE", "MKCOL",     "LOCK", "PROPPATCH", "UNLOCK",
                                         "get",    "PROPFINDX", "",     "UPDATE",    "BIND"};

    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
        ck_assert_msg(interim__method_is_safe(safe[i]), "%s", safe[i]);
    for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++)
        ck_assert_msg(!interim__method_is_safe(unsafe[i]), "%s", unsafe[i]);
}
END_TEST

START_TEST(request_has_presets_of_polling)
{
    interim_polling filled = INTERIM_POLLING_INIT;
    interim_polling kept = {
        .deadline_ms = INTERIM_FOREVER, .first_ms = 1, .min_ms = 2, .max_ms = 3, .outage_ms = 4};

    interim__polling_fill(&filled);
    ck_assert_int_eq(filled.mode, INTERIM_POLL_STANDARD);
    ck_assert_int_eq(filled.cross_origin, INTERIM_CROSS_ORIGIN_STRIP);
    ck_assert_int_eq(filled.deadline_ms, INT64_C(86400000));
    ck_assert_int_eq(filled.first_ms, 1000);
    ck_assert_int_eq(filled.min_ms, 250);
    ck_assert_int_eq(filled.max_ms, 600000);
    ck_assert_int_eq(filled.outage_ms, 0); /* depends on the job */
    interim__polling_fill(&kept);
    ck_assert_int_eq(kept.deadline_ms, INTERIM_FOREVER);
    ck_assert_int_eq(kept.first_ms, 1);
    ck_assert_int_eq(kept.min_ms, 2);
    ck_assert_int_eq(kept.max_ms, 3);
    ck_assert_int_eq(kept.outage_ms, 4);
}
END_TEST

START_TEST(request_lives_as_long_as_its_last_operation)
{
    interim_request *request = fake_request("GET", "http://dav.example/", "A: b\n");

    fake_set_body(request, "body");
    fake_set_login(request, "u", "p");
    request->references++;
    interim__request_release(request);
    ck_assert_uint_eq(request->references, 1);
    ck_assert_str_eq(request->fields.items[0].value, "b");
    ck_assert_str_eq(request->credentials.password, "p");
    interim__request_release(request);
    interim__request_release(NULL);
}
END_TEST

START_TEST(request_is_in_flight_until_its_results_are_taken)
{
    static struct fake run;
    interim_request *request = fake_request("GET", "http://dav.example/", NULL);

    request->references++;
    ck_assert_uint_eq(request->in_flight, 0);
    ck_assert_int_eq(fake_start(&run, request), 0);
    ck_assert_uint_eq(request->in_flight, 1);
    ck_assert_uint_eq(request->references, 3);
    fake_play(&run, SCRIPT(SAY(200, "")));
    fake_check(&run);
    ck_assert_uint_eq(request->in_flight, 0); /* the result was taken */
    ck_assert_uint_eq(request->references, 3);
    fake_finish(&run);
    ck_assert_uint_eq(request->references, 1);
    interim__request_release(request);
}
END_TEST

Suite *request_suite(void)
{
    Suite *suite = suite_create("request");
    TCase *tests = tcase_create("request");

    tcase_add_test(tests, request_knows_safe_methods);
    tcase_add_test(tests, request_has_presets_of_polling);
    tcase_add_test(tests, request_lives_as_long_as_its_last_operation);
    tcase_add_test(tests, request_is_in_flight_until_its_results_are_taken);
    suite_add_tcase(suite, tests);
    return suite;
}
