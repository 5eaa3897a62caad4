/* multistatus.c - the reader of 207 bodies: members with their properties, at every split of the
 * body; limits; and what a hostile server sends. What davcopy makes of members is tested in
 * tests/davcopy/parts.c. */
#include "suites.h"
#include "support/failing_alloc.h"

#include <interim.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN "<?xml version='1.0'?><D:multistatus xmlns:D='DAV:'>"
#define CLOSE "</D:multistatus>"
#define RESPONSE(inside) "<D:response>" inside "</D:response>"
#define PROPSTAT(props, status)                                                                    \
    "<D:propstat><D:prop>" props "</D:prop><D:status>HTTP/1.1 " status "</D:status></D:propstat>"
#define MIB ((size_t)1024 * 1024)

/* Members, a line each. */
static char lines[4096];
static unsigned members;
static unsigned stop_at;

static int note(const interim_member *member, void *user)
{
    const size_t used = strlen(lines);

    ck_assert_ptr_eq(user, lines);
    ck_assert_uint_eq(member->size, sizeof *member);
    members++;
    if (members <= 8)
        snprintf(lines + used, sizeof lines - used, "%.60s %d%s%s %lld %lld %lld [%s] %s\n",
                 member->href, member->status, member->collection ? " collection" : "",
                 member->locked ? " locked" : "", (long long)member->length,
                 (long long)member->modified_s, (long long)member->created_s, member->etag,
                 member->description);
    return members == stop_at;
}

static interim_multistatus *begin(int naked)
{
    interim_multistatus *reader;

    lines[0] = '\0';
    members = stop_at = 0;
    ck_assert_int_eq(interim_multistatus_new(&reader, naked, note, lines), 0);
    return reader;
}

/* Reads a body in two parts. Returns what the end says. */
static int read_split(const char *body, size_t split, int naked)
{
    interim_multistatus *reader = begin(naked);
    int failed;

    interim_multistatus_feed(reader, body, split);
    interim_multistatus_feed(reader, body + split, strlen(body) - split);
    failed = interim_multistatus_end(reader);
    ck_assert_int_eq(interim_multistatus_end(reader), failed);
    ck_assert_int_eq(interim_multistatus_problem(reader)[0] == '\0', failed == 0);
    interim_multistatus_free(reader);
    return failed;
}

/* The members and the end, the same at every split. */
static void expect(const char *body, int code, const char *wanted)
{
    for (size_t split = 0; split <= strlen(body); split++) {
        const int failed = read_split(body, split, 0);

        ck_assert_msg(failed == code, "%s: %s", interim_error_name(failed), body);
        ck_assert_str_eq(lines, wanted);
    }
}

START_TEST(multistatus_tells_properties)
{
    expect(OPEN RESPONSE("<D:href> /a%20b </D:href>" PROPSTAT(
               "<D:resourcetype/><D:getcontentlength> 600 </D:getcontentlength>"
               "<D:getetag>&quot;x-1&quot;</D:getetag>"
               "<D:getlastmodified>Sun, 22 Nov 2026 10:00:00 GMT</D:getlastmodified>"
               "<D:creationdate>2026-11-22T11:00:00.123+01:00</D:creationdate>"
               "<D:lockdiscovery/>",
               "200 OK") PROPSTAT("<D:x/>", "404 Not Found")) CLOSE,
           0, "/a%20b 200 600 1795341600 1795341600 [\"x-1\"] \n");
    expect(OPEN RESPONSE("<D:href>/c/</D:href>" PROPSTAT(
               "<D:resourcetype><D:collection/></D:resourcetype>"
               "<D:lockdiscovery><D:activelock><D:locktype><D:write/></D:locktype></D:activelock>"
               "</D:lockdiscovery>",
               "200 OK")) CLOSE,
           0, "/c/ 200 collection locked -1 -1 -1 [] \n");
}
END_TEST

START_TEST(multistatus_believes_no_value_that_is_none)
{
    expect(OPEN RESPONSE("<D:href>/a</D:href>" PROPSTAT(
               "<D:getcontentlength>-5</D:getcontentlength>"
               "<D:getlastmodified>yesterday</D:getlastmodified>"
               "<D:creationdate>1960-01-01T00:00:00Z</D:creationdate>",
               "200 OK")) CLOSE,
           0, "/a 200 -1 -1 -1 [] \n");
    expect(OPEN RESPONSE("<D:href>/a</D:href>" PROPSTAT(
               "<D:getcontentlength>99999999999999999999</D:getcontentlength>", "200 OK")) CLOSE,
           0, "/a 200 -1 -1 -1 [] \n");
    /* Of a propstat that failed, and of another namespace. */
    expect(OPEN RESPONSE("<D:href>/a</D:href>" PROPSTAT(
               "<D:getcontentlength>5</D:getcontentlength><D:resourcetype><D:collection/>"
               "</D:resourcetype>",
               "403 Forbidden")) CLOSE,
           0, "/a 403 -1 -1 -1 [] \n");
    expect(OPEN RESPONSE("<D:href>/a</D:href>" PROPSTAT(
               "<x:getcontentlength xmlns:x='other'>5</x:getcontentlength>", "200 OK")) CLOSE,
           0, "/a 200 -1 -1 -1 [] \n");
}
END_TEST

START_TEST(multistatus_shares_a_status_and_takes_the_worst)
{
    expect(OPEN RESPONSE("<D:href>/a</D:href><D:href>/b</D:href><D:status>HTTP/1.1 423 Locked"
                         "</D:status><D:responsedescription>no &lt;way&gt;</D:responsedescription>")
               CLOSE,
           0, "/a 423 -1 -1 -1 [] no <way>\n/b 423 -1 -1 -1 [] no <way>\n");
    expect(OPEN RESPONSE("<D:href>/a</D:href>" PROPSTAT("<D:x/>", "404 Not Found")
                             PROPSTAT("<D:y/>", "409 Conflict") PROPSTAT("<D:z/>", "200 OK")) CLOSE,
           0, "/a 409 -1 -1 -1 [] \n");
    expect(OPEN RESPONSE("<D:href>/a</D:href>" PROPSTAT("<D:x/>", "404 Not Found")) CLOSE, 0,
           "/a 404 -1 -1 -1 [] \n");
    expect(OPEN RESPONSE("<D:href>/a</D:href><D:status>garbage</D:status>") CLOSE, 0,
           "/a 0 -1 -1 -1 [] \n");
}
END_TEST

START_TEST(multistatus_refuses_other_bodies)
{
    expect("", INTERIM_EMULTISTATUS, "");
    expect("<html/>", INTERIM_EMULTISTATUS, "");
    expect("<multistatus/>", INTERIM_EMULTISTATUS, "");
    expect(OPEN RESPONSE("<D:href>/a</D:href>") CLOSE, INTERIM_EMULTISTATUS, "");
    expect(OPEN RESPONSE("<D:href>/a</D:href><D:status>HTTP/1.1 201 C</D:status>"),
           INTERIM_EMULTISTATUS, "/a 201 -1 -1 -1 [] \n");
    ck_assert_int_eq(read_split("<D:response><D:href>/a</D:href><D:status>HTTP/1.1 403 F</D:status>"
                                "</D:response>",
                                7, 1),
                     0);
    ck_assert_str_eq(lines, "/a 403 -1 -1 -1 [] \n");
}
END_TEST

START_TEST(multistatus_expands_no_entities)
{
    expect("<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
           "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>]>" OPEN "&c;&c;&c;&c;" CLOSE,
           INTERIM_EMULTISTATUS, "");
    expect("<!DOCTYPE x SYSTEM 'file:///etc/passwd'>" OPEN CLOSE, INTERIM_EMULTISTATUS, "");
    expect(OPEN "&undefined;" CLOSE, INTERIM_EMULTISTATUS, "");
}
END_TEST

/* A part, again and again. Returns how often it was taken. */
static size_t feed_often(interim_multistatus *reader, const char *part, size_t times)
{
    size_t taken = 0;

    while (taken < times && interim_multistatus_feed(reader, part, strlen(part)) == 0)
        taken++;
    return taken;
}

START_TEST(multistatus_ends_at_64_mib)
{
    char *part = malloc(MIB + 1);
    interim_multistatus *reader = begin(0);

    memset(part, ' ', MIB);
    part[MIB] = '\0';
    memcpy(part, OPEN, strlen(OPEN));
    ck_assert_uint_eq(feed_often(reader, part, 1), 1);
    memset(part, ' ', strlen(OPEN));
    ck_assert_uint_eq(feed_often(reader, part, 100), 63);
    ck_assert_int_eq(interim_multistatus_feed(reader, " ", 1), INTERIM_EMULTISTATUS);
    ck_assert_int_eq(interim_multistatus_end(reader), INTERIM_EMULTISTATUS);
    ck_assert_str_eq(interim_multistatus_problem(reader), "it is too long");
    interim_multistatus_free(reader);
    free(part);
}
END_TEST

START_TEST(multistatus_has_limits_of_depth_and_hrefs)
{
    interim_multistatus *reader = begin(0);

    interim_multistatus_feed(reader, OPEN, strlen(OPEN));
    ck_assert_uint_eq(feed_often(reader, "<a>", 100), 63);
    interim_multistatus_free(reader);
    reader = begin(0);
    interim_multistatus_feed(reader, OPEN "<D:response>", strlen(OPEN "<D:response>"));
    feed_often(reader, "<D:href>/a</D:href>", 1000);
    feed_often(reader, "<D:status>HTTP/1.1 200 OK</D:status></D:response>" CLOSE, 1);
    ck_assert_int_eq(interim_multistatus_end(reader), 0);
    ck_assert_uint_eq(members, 1000);
    interim_multistatus_free(reader);
}
END_TEST

START_TEST(multistatus_ends_when_the_caller_wants_no_more)
{
    static const char one[] = RESPONSE("<D:href>/a</D:href><D:status>HTTP/1.1 200 X</D:status>");
    interim_multistatus *reader = begin(0);

    stop_at = 3;
    interim_multistatus_feed(reader, OPEN, strlen(OPEN));
    ck_assert_uint_eq(feed_often(reader, one, 10), 2);
    ck_assert_int_eq(interim_multistatus_end(reader), INTERIM_ECANCELLED);
    ck_assert_uint_eq(members, 3);
    interim_multistatus_free(reader);
    interim_multistatus_free(NULL);
    ck_assert_int_eq(interim_multistatus_new(&reader, 0, NULL, NULL), INTERIM_EINVAL);
    ck_assert_ptr_null(reader);
}
END_TEST

static int ignore(const interim_member *member, void *user)
{
    (void)member;
    (void)user;
    return 0;
}

START_TEST(multistatus_without_memory_is_enomem)
{
    static const char body[] =
        OPEN RESPONSE("<D:href>/a</D:href><D:status>HTTP/1.1 200 X</D:status>") CLOSE;

    for (unsigned long n = 1, failed = 1; failed; n++) {
        interim_multistatus *reader = NULL;
        int code;

        failing_alloc_arm(n);
        code = interim_multistatus_new(&reader, 0, ignore, NULL);
        if (code == 0) {
            interim_multistatus_feed(reader, body, strlen(body));
            code = interim_multistatus_end(reader);
        }
        failed = failing_alloc_disarm();
        ck_assert_int_eq(code, failed ? INTERIM_ENOMEM : 0);
        interim_multistatus_free(reader);
        ck_assert_uint_lt(n, 100);
    }
}
END_TEST

Suite *multistatus_suite(void)
{
    Suite *suite = suite_create("multistatus");
    TCase *tests = tcase_create("multistatus");

    tcase_add_test(tests, multistatus_tells_properties);
    tcase_add_test(tests, multistatus_believes_no_value_that_is_none);
    tcase_add_test(tests, multistatus_shares_a_status_and_takes_the_worst);
    tcase_add_test(tests, multistatus_refuses_other_bodies);
    tcase_add_test(tests, multistatus_expands_no_entities);
    tcase_add_test(tests, multistatus_ends_at_64_mib);
    tcase_add_test(tests, multistatus_has_limits_of_depth_and_hrefs);
    tcase_add_test(tests, multistatus_ends_when_the_caller_wants_no_more);
    tcase_add_test(tests, multistatus_without_memory_is_enomem);
    suite_add_tcase(suite, tests);
    return suite;
}
