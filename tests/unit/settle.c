/* settle.c - src/operation/settle.c with survey.c and judgement.c below it, on a made-up clock and
 * against a made-up server: what each look sees is a line of a table.
 *
 *     -             404                      f600@9#e  a file: length, modified, etag
 *     f600          a file                   d(x5y7s(z1))  a collection: files and collections
 *     h600          PROPFIND is 405, HEAD tells the length
 *     !403          that status to all       x         no answer
 *     L...          what follows, locked     ?f600     a 207 that is broken
 *
 * Times are seconds since the server's epoch; its Date is 1000 at the first look and goes on. */
#include "operation/settle.h"

#include "suites.h"
#include "support/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S (1000 * INTERIM__NS_PER_MS)
#define LOOKS 64

typedef struct sights {
    const char *source, *destination;
} sights;

static interim__settle settle;
static interim_settlement found, earlier;
static interim_settle_options options;
static interim_request *request;
static int64_t now, began;
static unsigned questions, heads;
static int64_t date_skew; /* seconds that the server's clock is off */
static int64_t retry_after_ms;

/* ---- The server ---- */

static interim__heard heard;

static void tell_member(const char *url, const char *sight, bool locked)
{
    interim_member member = {.size = sizeof member,
                             .href = url,
                             .status = 200,
                             .description = "",
                             .collection = *sight == 'd',
                             .locked = locked,
                             .length = -1,
                             .modified_s = -1,
                             .created_s = -1,
                             .etag = ""};
    interim__uri *base;
    const char *at;
    int failed;

    if (*sight == 'f' && sight[1] >= '0' && sight[1] <= '9')
        member.length = atoll(sight + 1);
    at = strchr(sight, '@');
    if (at != NULL && *sight == 'f')
        member.modified_s = atoll(at + 1) + date_skew;
    at = strchr(sight, '#');
    if (at != NULL && *sight == 'f')
        member.etag = at + 1;
    ck_assert_int_eq(interim__uri_parse(&base, heard.url, strlen(heard.url), NULL), 0);
    failed = interim__settle_member(&settle, &member, base);
    if (failed < 0)
        heard.members = failed;
    interim__uri_dispose(&base);
}

/* The end of a member "s(z1)" or "x5", which begins at name. */
static const char *skip_member(const char *name)
{
    int depth = 0;

    name++;
    if (*name != '(')
        return name + strspn(name, "0123456789");
    do {
        depth += (*name == '(') - (*name == ')');
        name++;
    } while (depth > 0);
    return name;
}

static void list(const char *url, const char *inside)
{
    char member[260], sight[16];

    for (const char *at = inside; *at != ')'; at = skip_member(at)) {
        snprintf(member, sizeof member, "%s%c%s", url, *at, at[1] == '(' ? "/" : "");
        snprintf(sight, sizeof sight, "%c%.*s", at[1] == '(' ? 'd' : 'f',
                 at[1] == '(' ? 0 : (int)strspn(at + 1, "0123456789"), at + 1);
        tell_member(member, sight, false);
    }
}

/* The listing of the collection whose path below the place is `below`, of one letter a level. */
static const char *find(const char *inside, const char *below)
{
    for (const char *at = inside; *at != ')'; at = skip_member(at)) {
        if (*at != *below || at[1] != '(')
            continue;
        return below[1] == '/' && below[2] != '\0' ? find(at + 2, below + 2) : at + 2;
    }
    return NULL;
}

static void answer(const interim__question *question, const char *sight)
{
    const char *below = question->url + strlen("http://h/a");
    const char *inside = strchr(sight, '(');
    const bool locked = *sight == 'L', broken = *sight == '?';
    static char url[256];

    sight += locked || broken;
    below += *below == '/';
    snprintf(url, sizeof url, "%s", question->url);
    heard = (interim__heard){.status = 207,
                             .text = "",
                             .url = url,
                             .date_s = 1000 + date_skew + (now - began) / S,
                             .length = -1,
                             .modified_s = -1};
    questions++;
    heads += question->head;
    if (*sight == 'x') {
        heard.status = 0;
        heard.code = INTERIM_EDISCONNECTED;
    } else if (*sight == '!') {
        heard.status = atoi(sight + 1);
    } else if (*sight == '-') {
        heard.status = 404;
    } else if (*sight == 'h') {
        heard.status = question->head ? 200 : 405;
        heard.length = question->head ? atoll(sight + 1) : -1;
    } else if (*below == '\0') {
        tell_member(url, sight, locked);
        if (question->depth == 1 && inside != NULL)
            list(url[strlen(url) - 1] == '/' ? url : strcat(url, "/"), inside + 1);
    } else {
        inside = find(inside + 1, below);
        ck_assert_ptr_nonnull(inside);
        tell_member(url, "d", false);
        list(url, inside);
    }
    if (broken)
        heard.members = INTERIM_EMULTISTATUS;
}

/* ---- Settling ---- */

static void reset(void)
{
    options = (interim_settle_options)INTERIM_SETTLE_OPTIONS_INIT;
    now = began = 5000 * S;
    date_skew = 0;
    retry_after_ms = -1;
    questions = heads = 0;
}

/* Plays looks until it is over; the last sights stay. */
static void play(const sights *looks)
{
    unsigned look = 0;

    while (settle.need != INTERIM__SETTLE_OVER) {
        const interim__question question = interim__settle_question(&settle);
        const bool source = settle.place == INTERIM__SOURCE;

        answer(&question, source ? looks[look].source : looks[look].destination);
        interim__settle_answered(&settle, &heard, retry_after_ms, now);
        ck_assert_uint_lt(questions, 100000);
        if (settle.looked) {
            settle.looked = false;
            look += looks[look + 1].destination != NULL || looks[look + 1].source != NULL;
        }
        if (settle.need == INTERIM__SETTLE_WAIT) {
            now = settle.wait_until;
            interim__settle_tick(&settle, now);
        }
    }
}

static void look_before(const char *source, const char *destination)
{
    const sights once[] = {{source, destination}, {NULL, NULL}};
    interim_settle_options look = options;

    memset(&earlier, 0, sizeof earlier);
    look.only_look = 1;
    ck_assert_int_eq(interim__settle_init(&settle, request, &look, &earlier, now), 0);
    play(once);
    ck_assert_uint_eq(earlier.looks, 1);
    ck_assert_int_eq(earlier.finding, INTERIM_FOUND_UNCLEAR);
    interim__settle_dispose(&settle);
    options.before = &earlier;
}

/* looks ends with an empty one. */
static void expect(const sights *looks, interim_finding finding, interim_certainty certainty)
{
    memset(&found, 0, sizeof found);
    began = now;
    ck_assert_int_eq(interim__settle_init(&settle, request, &options, &found, now), 0);
    play(looks);
    interim__settle_dispose(&settle);
    ck_assert_msg(found.finding == finding && found.certainty == certainty,
                  "%s, %s: %s (%u looks, %s, %s)", interim_finding_name(found.finding),
                  interim_certainty_name(found.certainty), found.reason, found.looks,
                  looks[0].source, looks[0].destination);
    ck_assert_int_eq(certainty == INTERIM_CERTAINTY_NONE, finding == INTERIM_FOUND_UNCLEAR);
    ck_assert_str_ne(found.reason, "");
    ck_assert_uint_gt(found.evidence_count, 0);
    ck_assert_int_le(now - began, (options.deadline_ms == 0 ? 120000 : options.deadline_ms) *
                                      INTERIM__NS_PER_MS);
}

static void ask_for(const char *method, const char *fields)
{
    reset();
    interim__request_release(request);
    request = fake_request(method, "http://h/a", fields);
}

static void end(void)
{
    interim__request_release(request);
    request = NULL;
}

#define LOOK(...) ((const sights[LOOKS]){__VA_ARGS__})
#define TO_B "Destination: http://h/b\nOverwrite: T\n"
#define TO_B_NEW "Destination: /b\nOverwrite: F\n"

static bool has_evidence(const char *piece)
{
    for (size_t i = 0; i < found.evidence_count; i++)
        if (strstr(found.evidence[i], piece) != NULL)
            return true;
    return false;
}

/* ---- COPY ---- */

START_TEST(settle_copy_of_a_file)
{
    ask_for("COPY", TO_B);
    look_before("f600", "-");
    expect(LOOK({"f600", "f600"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    ck_assert_uint_eq(found.looks, 3);
    ck_assert(has_evidence("was not there before"));
    ck_assert(has_evidence("as long as the source, 600 bytes"));
    expect(LOOK({"f600", "-"}, {"f600", "f10"}, {"f600", "f300"}, {"f600", "f600"}),
           INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    ck_assert_uint_eq(found.looks, 6);
    expect(LOOK({"f600", "-"}), INTERIM_FOUND_NEVER, INTERIM_LIKELY);
    ck_assert_int_ge(now - began, 30 * S);
    expect(LOOK({"f600", "f10"}), INTERIM_FOUND_PARTLY, INTERIM_LIKELY);
    expect(LOOK({"-", "f600"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN); /* by the length before */
    expect(LOOK({"!403", "f600"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    expect(LOOK({"f600", "d()"}), INTERIM_FOUND_PARTLY, INTERIM_LIKELY);
    expect(LOOK({"f", "f600"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    end();
}
END_TEST

START_TEST(settle_copy_over_a_file)
{
    ask_for("COPY", TO_B);
    look_before("f600@1", "f600@2#old");
    expect(LOOK({"f600@1", "f600@2#old"}), INTERIM_FOUND_NEVER, INTERIM_LIKELY);
    expect(LOOK({"f600@1", "f600@2#new"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    expect(LOOK({"f600@1", "f600@3#old"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    expect(LOOK({"f600@1", "-"}), INTERIM_FOUND_PARTLY, INTERIM_LIKELY);
    look_before("f600", "f600"); /* nothing by which to tell them apart */
    expect(LOOK({"f600", "f600"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    ask_for("COPY", TO_B_NEW);
    look_before("f600@1", "f600@2");
    expect(LOOK({"f600@1", "f600@2"}), INTERIM_FOUND_NEVER, INTERIM_CERTAIN);
    ck_assert_uint_eq(found.looks, 3);
    end();
}
END_TEST

START_TEST(settle_copy_without_a_look_before)
{
    ask_for("COPY", TO_B);
    expect(LOOK({"f600", "f600"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    expect(LOOK({"f600", "-"}), INTERIM_FOUND_NEVER, INTERIM_LIKELY);
    /* Seen to come. */
    expect(LOOK({"f600", "-"}, {"f600", "f600"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    options.sent_ago_ms = 100000; /* at 900 - 1 of the server's clock */
    expect(LOOK({"f600", "f600@899"}), INTERIM_FOUND_DONE, INTERIM_LIKELY);
    expect(LOOK({"f600", "f600@898"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    end();
}
END_TEST

/* Years off in either direction: only its own times are compared. */
START_TEST(settle_does_not_care_for_the_servers_clock)
{
    for (int i = 0; i < 2; i++) {
        ask_for("COPY", TO_B);
        date_skew = i == 0 ? 2000000000 : 400;
        options.sent_ago_ms = 100000;
        expect(LOOK({"f600", "f600@950"}), INTERIM_FOUND_DONE, INTERIM_LIKELY);
        expect(LOOK({"f600", "f600@10"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    }
    end();
}
END_TEST

START_TEST(settle_copy_of_a_tree)
{
    ask_for("COPY", TO_B);
    look_before("d(x5y7s(z1))", "-");
    ck_assert_int_eq(earlier.places[0].member_count, -1); /* a look before does not walk */
    expect(LOOK({"d(x5y7s(z1))", "d(s(z1)y7x5)"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    ck_assert_int_eq(found.places[0].member_count, 4);
    ck_assert_int_eq(found.places[1].member_bytes, 13);
    ck_assert(has_evidence("4 of them, of the same lengths"));
    expect(LOOK({"d(x5y7s(z1))", "d(x5)"}, {"d(x5y7s(z1))", "d(x5y7)"},
                {"d(x5y7s(z1))", "d(x5y7s())"}, {"d(x5y7s(z1))", "d(x5y7s(z1))"}),
           INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    expect(LOOK({"d(x5y7s(z1))", "d(x5y7s())"}), INTERIM_FOUND_PARTLY, INTERIM_LIKELY);
    ck_assert(has_evidence("3 members, the source 4"));
    /* The same number of members and bytes, and yet others. */
    expect(LOOK({"d(x5y7s(z1))", "d(x7y5s(z1))"}), INTERIM_FOUND_PARTLY, INTERIM_LIKELY);
    expect(LOOK({"d(x5y7s(z1))", "d(x5y7z1s())"}), INTERIM_FOUND_PARTLY, INTERIM_LIKELY);
    end();
    ask_for("COPY", TO_B "Depth: 0\n");
    look_before("d(x5)", "-");
    expect(LOOK({"d(x5)", "d()"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    ck_assert_uint_eq(questions, 2 + 6);
    end();
}
END_TEST

START_TEST(settle_counts_members_up_to_a_number)
{
    for (uint32_t most = 3; most <= 5; most++) {
        ask_for("COPY", TO_B);
        look_before("d(x5)", "-");
        options.members_max = most;
        if (most >= 4)
            expect(LOOK({"d(x5y7s(z1))", "d(x5y7s(z1))"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
        else
            expect(LOOK({"d(x5y7s(z1))", "d(x5y7s(z1))"}), INTERIM_FOUND_UNCLEAR,
                   INTERIM_CERTAINTY_NONE);
        ck_assert_int_eq(found.places[1].complete, most >= 4);
        ck_assert_int_eq(found.places[1].member_count, most < 4 ? most : 4);
    }
    end();
}
END_TEST

START_TEST(settle_a_destination_that_changes_for_ever_is_running)
{
    static char sizes[LOOKS + 2][16];
    static sights looks[LOOKS + 3];

    ask_for("COPY", TO_B);
    look_before("f600", "-");
    for (int i = 0; i < LOOKS + 2; i++) {
        snprintf(sizes[i], sizeof sizes[i], "f%d", i);
        looks[i] = (sights){"f600", sizes[i]};
    }
    expect(looks, INTERIM_FOUND_RUNNING, INTERIM_CERTAIN);
    ck_assert_uint_eq(found.looks, 61);
    ck_assert_int_eq(now - began, 120 * S);
    /* It stood still for a moment only when the time was over. */
    options.deadline_ms = 20000;
    options.quiet_ms = 15000;
    expect(LOOK({"f600", "f1"}, {"f600", "f2"}, {"f600", "f3"}, {"f600", "f4"}),
           INTERIM_FOUND_RUNNING, INTERIM_LIKELY);
    end();
}
END_TEST

START_TEST(settle_a_lock_is_a_sign_of_work)
{
    ask_for("COPY", TO_B);
    look_before("f600", "-");
    expect(LOOK({"f600", "Lf600"}), INTERIM_FOUND_RUNNING, INTERIM_LIKELY);
    expect(LOOK({"Lf600", "-"}, {"f600", "f600"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    expect(LOOK({"f600", "!423"}), INTERIM_FOUND_RUNNING, INTERIM_LIKELY);
    look_before("Lf600", "-"); /* it was locked before */
    expect(LOOK({"Lf600", "f600"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    ask_for("COPY", TO_B "If: (<opaquelocktoken:1>)\n"); /* the lock is the caller's */
    look_before("f600", "-");
    expect(LOOK({"f600", "Lf600"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    end();
}
END_TEST

/* ---- The other methods ---- */

START_TEST(settle_move)
{
    ask_for("MOVE", TO_B);
    look_before("f600", "-");
    expect(LOOK({"-", "f600"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    expect(LOOK({"f600", "-"}), INTERIM_FOUND_NEVER, INTERIM_LIKELY);
    expect(LOOK({"f600", "f600"}), INTERIM_FOUND_PARTLY, INTERIM_LIKELY);
    expect(LOOK({"-", "-"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    expect(LOOK({"-", "f10"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    expect(LOOK({"!403", "f600"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    look_before("d(x5y7)", "-");
    expect(LOOK({"d(x5y7)", "d(x5)"}, {"d(y7)", "d(x5y7)"}, {"-", "d(x5y7)"}), INTERIM_FOUND_DONE,
           INTERIM_CERTAIN);
    expect(LOOK({"d(x5y7)", "d(x5)"}, {"d(y7)", "d(x5)"}), INTERIM_FOUND_PARTLY, INTERIM_LIKELY);
    look_before("f600", "f10@1");
    expect(LOOK({"f600", "f10@1"}), INTERIM_FOUND_NEVER, INTERIM_LIKELY);
    expect(LOOK({"-", "f10@1"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    look_before("-", "-");
    expect(LOOK({"-", "-"}), INTERIM_FOUND_NEVER, INTERIM_CERTAIN);
    ask_for("MOVE", TO_B);
    expect(LOOK({"-", "f600"}), INTERIM_FOUND_DONE, INTERIM_LIKELY);
    expect(LOOK({"f600", "f600"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    end();
}
END_TEST

START_TEST(settle_delete)
{
    ask_for("DELETE", NULL);
    expect(LOOK({"-", NULL}), INTERIM_FOUND_DONE, INTERIM_LIKELY);
    expect(LOOK({"d(x5y7)", NULL}, {"d(x5)", NULL}, {"-", NULL}), INTERIM_FOUND_DONE,
           INTERIM_CERTAIN);
    look_before("f600@1", NULL);
    expect(LOOK({"-", NULL}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    ck_assert_int_eq(found.places[INTERIM__DESTINATION].sight, INTERIM_SIGHT_NONE);
    expect(LOOK({"f600@1", NULL}), INTERIM_FOUND_NEVER, INTERIM_LIKELY);
    expect(LOOK({"d(x5)", NULL}, {"d()", NULL}), INTERIM_FOUND_PARTLY, INTERIM_LIKELY);
    look_before("-", NULL);
    expect(LOOK({"-", NULL}), INTERIM_FOUND_NEVER, INTERIM_CERTAIN);
    end();
}
END_TEST

START_TEST(settle_put_and_mkcol)
{
    ask_for("PUT", NULL);
    fake_set_body(request, "hello");
    look_before(NULL, "-");
    expect(LOOK({NULL, "f5"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    expect(LOOK({NULL, "f3"}), INTERIM_FOUND_PARTLY, INTERIM_LIKELY);
    expect(LOOK({NULL, "-"}), INTERIM_FOUND_NEVER, INTERIM_LIKELY);
    expect(LOOK({NULL, "h5"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    look_before(NULL, "f9#old");
    expect(LOOK({NULL, "f5#new"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    expect(LOOK({NULL, "f9#old"}), INTERIM_FOUND_NEVER, INTERIM_LIKELY);
    ask_for("MKCOL", NULL);
    look_before(NULL, "-");
    expect(LOOK({NULL, "d()"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    expect(LOOK({NULL, "f5"}), INTERIM_FOUND_PARTLY, INTERIM_LIKELY);
    expect(LOOK({NULL, "-"}), INTERIM_FOUND_NEVER, INTERIM_LIKELY);
    look_before(NULL, "f5@1");
    expect(LOOK({NULL, "f5@1"}), INTERIM_FOUND_NEVER, INTERIM_CERTAIN);
    end();
}
END_TEST

/* ---- Servers ---- */

START_TEST(settle_by_head_where_propfind_is_not_answered)
{
    ask_for("COPY", TO_B);
    look_before("h600", "-");
    ck_assert_uint_eq(heads, 1);
    expect(LOOK({"h600", "h600"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    ck_assert_uint_eq(questions, 3 + 2 + 2 * 3); /* PROPFIND once for each place */
    expect(LOOK({"h600", "?f600"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    end();
}
END_TEST

START_TEST(settle_when_looks_are_refused)
{
    static const char *const at_once[] = {"!401", "!403", "!407"};
    static const char *const later[] = {"!429", "!500", "!502", "!503", "x"};

    for (size_t i = 0; i < sizeof at_once / sizeof *at_once; i++) {
        ask_for("COPY", TO_B);
        look_before("f600", "-");
        expect(LOOK({"f600", at_once[i]}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
        ck_assert_uint_eq(found.looks, 1);
    }
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        ask_for("COPY", TO_B);
        look_before("f600", "-");
        expect(LOOK({"f600", later[i]}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
        ck_assert_uint_eq(found.looks, 61);
        /* What passes does not disturb what was seen before it. */
        expect(LOOK({"f600", "f600"}, {"f600", later[i]}, {"f600", "f600"}), INTERIM_FOUND_DONE,
               INTERIM_CERTAIN);
        ck_assert_uint_eq(found.looks, 4);
    }
    end();
}
END_TEST

START_TEST(settle_waits_as_the_server_asks)
{
    ask_for("COPY", TO_B);
    look_before("f600", "-");
    retry_after_ms = 50000;
    expect(LOOK({"f600", "!503"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    ck_assert_uint_eq(found.looks, 4); /* at 0, 50, 100 and 120 s */
    retry_after_ms = INT64_MAX / 2000000;
    expect(LOOK({"f600", "!503"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    ck_assert_uint_eq(found.looks, 2);
    end();
}
END_TEST

START_TEST(settle_does_not_ask_twice_who_does_not_answer)
{
    ask_for("COPY", TO_B);
    options.deadline_ms = 1000;
    expect(LOOK({"x", "f600"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    ck_assert_uint_eq(questions, 2);
    ck_assert_int_eq(found.places[1].sight, INTERIM_SIGHT_NO_ANSWER);
    reset(); /* nor tries a password twice */
    expect(LOOK({"!401", "f600"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    ck_assert_uint_eq(questions, 1);
    end();
}
END_TEST

START_TEST(settle_asks_no_other_origin)
{
    ask_for("COPY", "Destination: http://other/b\n");
    expect(LOOK({"f600", "f600"}), INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE);
    ck_assert_uint_eq(questions, 1);
    ck_assert_str_eq(found.places[1].text, "it is on another server, which is not asked");
    options.destination = "/b"; /* the caller knows better */
    expect(LOOK({"f600", "-"}, {"f600", "f600"}), INTERIM_FOUND_DONE, INTERIM_CERTAIN);
    end();
}
END_TEST

/* ---- What a listing may say ---- */

static interim__survey survey;
static interim__uri *base;

static void begin_survey(const char *url)
{
    interim__question question;

    ck_assert_int_eq(interim__survey_init(&survey, url, true, 100), 0);
    ck_assert_int_eq(interim__uri_parse(&base, url, strlen(url), NULL), 0);
    interim__survey_begin(&survey);
    ck_assert(interim__survey_next(&survey, &question));
    ck_assert_int_eq(question.depth, 1);
}

static void tell(const char *href, bool collection, int64_t length)
{
    interim_member member = {.size = sizeof member,
                             .href = href,
                             .status = 200,
                             .description = "",
                             .collection = collection,
                             .length = length,
                             .modified_s = -1,
                             .created_s = -1,
                             .etag = ""};

    ck_assert_int_eq(interim__survey_member(&survey, &member, base), 0);
}

/* How many collections are asked about next. */
static unsigned end_survey(void)
{
    const interim__heard all = {
        .status = 207, .text = "", .url = base->text, .date_s = -1, .length = -1, .modified_s = -1};
    interim__question question;
    unsigned asked = 0;

    interim__survey_answered(&survey, &all);
    while (interim__survey_next(&survey, &question)) {
        ck_assert(strncmp(question.url, "http://h/", 9) == 0);
        asked++;
        interim__survey_answered(&survey, &all);
    }
    interim__uri_dispose(&base);
    return asked;
}

START_TEST(survey_never_asks_what_lies_elsewhere)
{
    begin_survey("http://h/a/");
    tell("/a/", true, -1);
    tell("http://evil/a/x/", true, -1);
    tell("//evil/a/y/", true, -1);
    tell("/elsewhere/", true, -1);
    tell("/a/../b/", true, -1);
    tell("/a/%2e%2e/c/", true, -1);
    tell("javascript:alert(1)", true, -1);
    tell("http://h:1/%zz", false, 1);
    tell("", true, -1);
    tell("/a/f", false, 5);
    ck_assert_uint_eq(end_survey(), 0);
    ck_assert_int_eq(survey.place.member_count, 1);
    ck_assert_int_eq(survey.place.complete, 0);
    interim__survey_dispose(&survey);
}
END_TEST

START_TEST(survey_takes_other_names_of_its_host)
{
    begin_survey("http://h/a/");
    tell("https://h/a/", true, -1); /* before a proxy that ends TLS, or behind it */
    tell("https://h:8443/a/f", false, 5);
    tell("http://h/%61/s/", true, -1);
    ck_assert_uint_eq(end_survey(), 1);
    ck_assert_int_eq(survey.place.member_count, 2);
    ck_assert_int_eq(survey.place.complete, 1);
    interim__survey_dispose(&survey);
}
END_TEST

START_TEST(survey_counts_each_member_where_it_is_asked_about)
{
    begin_survey("http://h/a/");
    tell("/a/", true, -1);
    tell("/a", true, -1); /* itself once more */
    tell("/a/s/", true, -1);
    tell("/a/s/deep", false, 5); /* comes again, when s is asked about */
    tell("/a/f", false, INT64_MAX);
    tell("/a/g", false, INT64_MAX);
    ck_assert_uint_eq(end_survey(), 1);
    ck_assert_int_eq(survey.place.member_count, 3);
    ck_assert_int_eq(survey.place.member_bytes, -1); /* more than a number can hold */
    interim__survey_dispose(&survey);
}
END_TEST

START_TEST(survey_of_a_listing_without_the_collection_is_unclear)
{
    begin_survey("http://h/a/");
    tell("/a/f", false, 5);
    ck_assert_uint_eq(end_survey(), 1); /* HEAD tells that it is there */
    ck_assert_int_eq(survey.place.sight, INTERIM_SIGHT_SOMETHING);
    interim__survey_dispose(&survey);
    begin_survey("http://h/a/"); /* a proxy has renamed all of it */
    tell("/backend/a/", true, -1);
    tell("/backend/a/f", false, 5);
    ck_assert_uint_eq(end_survey(), 0);
    ck_assert_int_eq(survey.place.sight, INTERIM_SIGHT_COLLECTION);
    ck_assert_int_eq(survey.place.complete, 0);
    interim__survey_dispose(&survey);
}
END_TEST

/* A server that invents collections within collections for ever. */
START_TEST(survey_comes_to_an_end)
{
    const interim__heard all = {
        .status = 207, .text = "", .url = "", .date_s = -1, .length = -1, .modified_s = -1};
    interim__question question = {0};
    char url[4096] = "http://h/a/";
    unsigned asked = 0;

    ck_assert_int_eq(interim__survey_init(&survey, url, true, 100), 0);
    interim__survey_begin(&survey);
    for (; interim__survey_next(&survey, &question); asked++) {
        interim_member member = {.size = sizeof member,
                                 .href = url,
                                 .status = 200,
                                 .description = "",
                                 .collection = 1,
                                 .length = -1,
                                 .modified_s = -1,
                                 .created_s = -1,
                                 .etag = ""};

        snprintf(url, sizeof url, "%s", question.url);
        ck_assert_int_eq(interim__uri_parse(&base, url, strlen(url), NULL), 0);
        interim__survey_member(&survey, &member, base);
        strcat(url, "x/");
        interim__survey_member(&survey, &member, base);
        interim__survey_answered(&survey, &all);
        interim__uri_dispose(&base);
        ck_assert_uint_lt(asked, 1000);
    }
    ck_assert_int_eq(survey.place.member_count, 100);
    ck_assert_int_eq(survey.place.complete, 0);
    interim__survey_dispose(&survey);
}
END_TEST

START_TEST(settle_refuses_what_it_cannot_settle)
{
    static const char *const methods[] = {"GET", "POST", "PATCH", "PROPFIND", "copy"};
    const interim_settle_options preset = INTERIM_SETTLE_OPTIONS_INIT;

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        ask_for(methods[i], TO_B);
        ck_assert_int_eq(interim__settle_init(&settle, request, NULL, &found, 0), INTERIM_EINVAL);
    }
    ask_for("COPY", NULL);
    ck_assert_int_eq(interim__settle_init(&settle, request, NULL, &found, 0), INTERIM_EINVAL);
    ask_for("COPY", "Destination: ftp://h/b\n");
    ck_assert_int_eq(interim__settle_init(&settle, request, NULL, &found, 0), INTERIM_EURL);
    ask_for("COPY", TO_B);
    for (int i = 0; i < 6; i++) {
        options = preset;
        if (i == 0)
            options.size = 2;
        else
            *(i == 1   ? &options.sent_ago_ms
              : i == 2 ? &options.interval_ms
              : i == 3 ? &options.quiet_ms
                       : &options.deadline_ms) = i == 5 ? INT64_MAX : -1;
        ck_assert_int_eq(interim__settle_init(&settle, request, &options, &found, 0),
                         INTERIM_EINVAL);
    }
    end();
}
END_TEST

Suite *settle_suite(void)
{
    Suite *suite = suite_create("settle");
    TCase *tests = tcase_create("settle");

    tcase_add_test(tests, settle_copy_of_a_file);
    tcase_add_test(tests, settle_copy_over_a_file);
    tcase_add_test(tests, settle_copy_without_a_look_before);
    tcase_add_test(tests, settle_does_not_care_for_the_servers_clock);
    tcase_add_test(tests, settle_copy_of_a_tree);
    tcase_add_test(tests, settle_counts_members_up_to_a_number);
    tcase_add_test(tests, settle_a_destination_that_changes_for_ever_is_running);
    tcase_add_test(tests, settle_a_lock_is_a_sign_of_work);
    tcase_add_test(tests, settle_move);
    tcase_add_test(tests, settle_delete);
    tcase_add_test(tests, settle_put_and_mkcol);
    tcase_add_test(tests, settle_by_head_where_propfind_is_not_answered);
    tcase_add_test(tests, settle_when_looks_are_refused);
    tcase_add_test(tests, settle_waits_as_the_server_asks);
    tcase_add_test(tests, settle_does_not_ask_twice_who_does_not_answer);
    tcase_add_test(tests, settle_asks_no_other_origin);
    tcase_add_test(tests, survey_never_asks_what_lies_elsewhere);
    tcase_add_test(tests, survey_takes_other_names_of_its_host);
    tcase_add_test(tests, survey_counts_each_member_where_it_is_asked_about);
    tcase_add_test(tests, survey_of_a_listing_without_the_collection_is_unclear);
    tcase_add_test(tests, survey_comes_to_an_end);
    tcase_add_test(tests, settle_refuses_what_it_cannot_settle);
    suite_add_tcase(suite, tests);
    return suite;
}
