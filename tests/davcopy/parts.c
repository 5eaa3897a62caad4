/* parts.c - unit tests of the parts of davcopy that are pure functions: what a 207 says
 * (members.c and, below it, the reader of the library), what an answer means (verdict.c), what may
 * be seen (printable.c), who logs in (netrc.c, in parts_netrc.c), what is shown of progress
 * (display.c, in parts_display.c).
 *
 * Prints a line for each failure and the counts at the end; exits 0 or 1.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

#include "../../tools/davcopy/members.h"
#include "../../tools/davcopy/printable.h"
#include "../../tools/davcopy/verdict.h"

static int passed, failed;

void check(const char *claim, bool holds)
{
    if (holds) {
        passed++;
        return;
    }
    failed++;
    printf("FAILED: %s\n", claim);
}

/* ---- members.c ----------------------------------------------------------------------------- */

/* Limits of the library's reader. */
enum { TEXT_MAX = 4096, DEPTH_MAX = 64, BYTES_MAX = 64 * 1024 * 1024 };

struct reading {
    unsigned long long succeeded, failed;
    size_t kept;
    char problem[160];
    char first[TEXT_MAX + 1]; /* the href of the first that failed */
    char description[256];
    int status;
};

static void read_split(struct reading *out, const char *body, size_t size, size_t split, bool naked)
{
    struct members *reader = members_new(naked);
    const struct members_report *report;

    memset(out, 0, sizeof *out);
    if (!reader)
        exit(2);
    if (members_feed(reader, body, split))
        members_feed(reader, body + split, size - split);
    report = members_end(reader);
    out->succeeded = report->succeeded;
    out->failed = report->failed;
    out->kept = report->member_count;
    strcpy(out->problem, report->problem);
    if (report->member_count > 0) {
        strcpy(out->first, report->members[0].href);
        out->status = report->members[0].status;
        snprintf(out->description, sizeof out->description, "%s", report->members[0].description);
    }
    members_free(reader);
}

/* Reads at every split: what comes out must not depend on it. */
static void read_body(struct reading *out, const char *body, bool naked)
{
    const size_t size = strlen(body);
    struct reading other;

    read_split(out, body, size, size, naked);
    for (size_t split = 0; split < size; split++) {
        read_split(&other, body, size, split, naked);
        check("a 207 reads the same at every split", memcmp(out, &other, sizeof other) == 0);
    }
}

#define OPEN "<?xml version='1.0'?><D:multistatus xmlns:D='DAV:'>"
#define CLOSE "</D:multistatus>"
#define MEMBER(href, status)                                                                       \
    "<D:response><D:href>" href "</D:href><D:status>" status "</D:status></D:response>"

static void test_members(void)
{
    struct reading got;

    read_body(&got, OPEN MEMBER("/a", "HTTP/1.1 201 Created") CLOSE, false);
    check("one member that succeeded", got.succeeded == 1 && got.failed == 0 && !got.problem[0]);

    read_body(&got,
              OPEN MEMBER("/a", "HTTP/1.1 201 Created") MEMBER("\n /b \n", "HTTP/1.1 423 Locked")
                  CLOSE,
              false);
    check("one of two failed", got.succeeded == 1 && got.failed == 1 && got.kept == 1);
    check("its href is trimmed", strcmp(got.first, "/b") == 0 && got.status == 423);

    read_body(&got,
              OPEN "<D:response><D:href>/a</D:href><D:href>/b</D:href>"
                   "<D:status>HTTP/1.1 403 Forbidden</D:status>"
                   "<D:responsedescription>no &lt;way&gt;</D:responsedescription>"
                   "</D:response>" CLOSE,
              false);
    check("hrefs share a status", got.failed == 2 && got.kept == 2 && got.status == 403);
    check("a description is kept", strcmp(got.description, "no <way>") == 0);

    read_body(&got,
              OPEN "<D:response><D:href>/f</D:href><D:propstat><D:prop><D:x/></D:prop>"
                   "<D:status>HTTP/1.1 200 OK</D:status></D:propstat><D:propstat><D:prop/>"
                   "<D:status>HTTP/1.1 409 Conflict</D:status></D:propstat></D:response>" CLOSE,
              false);
    check("the worst propstat counts", got.failed == 1 && got.status == 409);

    read_body(&got, OPEN MEMBER("/a", "garbage") CLOSE, false);
    check("a status that cannot be read is a failure", got.failed == 1 && got.status == 0);
}

static void test_bad_bodies(void)
{
    struct reading got;

    read_body(&got, "", false);
    check("an empty body is a problem", got.problem[0] != '\0');
    read_body(&got, OPEN MEMBER("/a", "HTTP/1.1 201 X"), false);
    check("an unfinished body is a problem", got.problem[0] != '\0' && got.succeeded == 1);
    read_body(&got, OPEN "<D:response><D:href>/half</D:href></D:multi", false);
    check("half a member is not kept", got.problem[0] != '\0' && got.kept == 0);
    read_body(&got, "<html><body>hello</body></html>", false);
    check("another document is a problem", strstr(got.problem, "root") != NULL);
    read_body(&got, OPEN "<D:response><D:href>/a</D:href></D:response>" CLOSE, false);
    check("a member without a status is a problem", strstr(got.problem, "no status") != NULL);
    read_body(&got,
              "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>"
              "<multistatus xmlns='DAV:'>&b;</multistatus>",
              false);
    check("a DOCTYPE is refused", strstr(got.problem, "DOCTYPE") != NULL);
    read_body(&got, "<multistatus><response/></multistatus>", false);
    check("without its namespace it is not DAV", strstr(got.problem, "root") != NULL);
}

static void test_naked_bodies(void)
{
    struct reading got;

    read_body(&got, MEMBER("/a/x", "HTTP/1.1 403 Forbidden"), true);
    check("a naked response is read", got.failed == 1 && strcmp(got.first, "/a/x") == 0);
    read_body(&got, "", true);
    check("an empty naked body is none", got.failed == 0 && got.succeeded == 0);
    read_body(&got, "just a file <D:response", true);
    check("a file is no naked body", got.failed == 0 && got.problem[0] != '\0');
    read_body(&got, "<D:multistatus xmlns:D='DAV:'>" MEMBER("/q", "HTTP/1.1 423 Locked") CLOSE,
              true);
    check("a whole one is read too", got.failed == 1 && got.status == 423);
}

/* count times the part, between OPEN and CLOSE. */
static void read_many(struct reading *out, const char *part, size_t count)
{
    struct members *reader = members_new(false);
    const struct members_report *report;

    members_feed(reader, OPEN, strlen(OPEN));
    for (size_t i = 0; i < count; i++) {
        if (!members_feed(reader, part, strlen(part)))
            break;
    }
    members_feed(reader, CLOSE, strlen(CLOSE));
    report = members_end(reader);
    memset(out, 0, sizeof *out);
    out->failed = report->failed;
    out->succeeded = report->succeeded;
    out->kept = report->member_count;
    strcpy(out->problem, report->problem);
    members_free(reader);
}

static void test_limits(void)
{
    static const char failing[] = MEMBER("/f", "HTTP/1.1 500 X");
    static char long_href[TEXT_MAX + 512];
    struct reading got;
    char deep[16 * (DEPTH_MAX + 2)];

    read_many(&got, failing, MEMBERS_KEPT - 1);
    check("all are kept below the limit", got.kept == MEMBERS_KEPT - 1);
    read_many(&got, failing, MEMBERS_KEPT);
    check("all are kept at the limit", got.kept == MEMBERS_KEPT);
    read_many(&got, failing, MEMBERS_KEPT + 1);
    check("the rest is counted", got.kept == MEMBERS_KEPT && got.failed == MEMBERS_KEPT + 1);
    read_many(&got, MEMBER("/s", "HTTP/1.1 204 X"), 100000);
    check("successes cost nothing", got.kept == 0 && got.succeeded == 100000 && !got.problem[0]);

    for (size_t depth = DEPTH_MAX - 1; depth <= DEPTH_MAX + 1; depth++) {
        deep[0] = '\0';
        for (size_t i = 0; i < depth; i++)
            strcat(deep, i == 0 ? "<a>" : "<b>");
        for (size_t i = depth; i > 0; i--)
            strcat(deep, i == 1 ? "</a>" : "</b>");
        read_split(&got, deep, strlen(deep), 0, false);
        check("depth is limited", (strstr(got.problem, "deep") != NULL) == (depth > DEPTH_MAX));
    }
    for (size_t length = TEXT_MAX - 1; length <= TEXT_MAX + 1; length++) {
        memset(long_href, 0, sizeof long_href);
        strcpy(long_href, OPEN "<D:response><D:href>");
        memset(long_href + strlen(long_href), 'h', length);
        strcat(long_href, "</D:href><D:status>HTTP/1.1 500 X</D:status></D:response>" CLOSE);
        read_split(&got, long_href, strlen(long_href), 100, false);
        check("a long href is cut",
              got.failed == 1 && strlen(got.first) == (length < TEXT_MAX ? length : TEXT_MAX));
    }
}

static void test_size_limit(void)
{
    static char blanks[1024 * 1024];
    struct members *reader = members_new(false);
    const size_t most = BYTES_MAX / sizeof blanks;
    bool wanted = true;

    memset(blanks, ' ', sizeof blanks);
    memcpy(blanks, OPEN, strlen(OPEN));
    wanted = members_feed(reader, blanks, sizeof blanks);
    memset(blanks, ' ', strlen(OPEN));
    for (size_t i = 1; i < most; i++)
        wanted = wanted && members_feed(reader, blanks, sizeof blanks);
    check("a body may be as long as the limit", wanted);
    check("and not a byte longer", !members_feed(reader, " ", 1));
    check("which is a problem", strstr(members_end(reader)->problem, "too long") != NULL);
    members_free(reader);
}

/* ---- verdict.c ----------------------------------------------------------------------------- */

static const struct evidence plain = {
    .sent = true,
    .webdav = true,
    .outcome = INTERIM_DONE,
    .detail = "",
    .reason = "the reason",
};

static struct verdict judge(struct evidence evidence)
{
    struct verdict verdict = {.advice = ""};

    verdict_judge(&verdict, &evidence);
    return verdict;
}

static void expect(const char *claim, struct evidence evidence, enum exit_code exit,
                   const char *piece)
{
    const struct verdict verdict = judge(evidence);

    check(claim, verdict.exit == exit && strstr(verdict.what, piece) != NULL);
    check("a failure says what to do",
          exit == EXIT_DONE || verdict.advice[0] != '\0' || exit == EXIT_INTERRUPTED);
    if (verdict.exit != exit || !strstr(verdict.what, piece))
        printf("  %s: exit %d, %s\n", claim, (int)verdict.exit, verdict.what);
}

static void test_statuses(void)
{
    static const struct {
        int status;
        enum exit_code exit;
        const char *piece;
    } table[] = {
        {201, EXIT_DONE, ""},
        {204, EXIT_DONE, ""},
        {301, EXIT_REFUSED, "elsewhere (301)"},
        {303, EXIT_UNKNOWN, "303"},
        {307, EXIT_REFUSED, "elsewhere (307)"},
        {400, EXIT_REFUSED, "finds fault"},
        {401, EXIT_REFUSED, "wants a name"},
        {403, EXIT_REFUSED, "forbids"},
        {404, EXIT_REFUSED, "does not exist"},
        {405, EXIT_REFUSED, "does not allow"},
        {409, EXIT_REFUSED, "missing"},
        {412, EXIT_REFUSED, "exists already"},
        {418, EXIT_REFUSED, "418"},
        {423, EXIT_REFUSED, "locked"},
        {500, EXIT_UNKNOWN, "500"},
        {501, EXIT_REFUSED, "does not know"},
        {502, EXIT_UNKNOWN, "502"},
        {503, EXIT_UNKNOWN, "503"},
        {504, EXIT_UNKNOWN, "504"},
        {507, EXIT_REFUSED, "no room"},
        {599, EXIT_UNKNOWN, "599"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct evidence evidence = plain;
        char claim[32];

        snprintf(claim, sizeof claim, "status %d", table[i].status);
        evidence.status = table[i].status;
        evidence.outcome = table[i].status < 300 ? INTERIM_DONE : INTERIM_FAILED;
        expect(claim, evidence, table[i].exit, table[i].piece);
        if (table[i].status >= 400) { /* the library may call it unknown as well */
            evidence.outcome = INTERIM_UNKNOWN;
            expect(claim, evidence, table[i].exit, table[i].piece);
        }
    }
}

static void test_words(void)
{
    struct evidence evidence = plain;

    evidence.outcome = INTERIM_FAILED;
    evidence.status = 401;
    evidence.credentials = true;
    expect("401 to a login", evidence, EXIT_REFUSED, "did not accept");
    evidence.status = 412;
    evidence.overwrite = true;
    expect("412 although it may overwrite", evidence, EXIT_REFUSED, "condition");
    evidence.status = 301;
    evidence.location = "http://elsewhere/";
    expect("a redirect tells where to", evidence, EXIT_REFUSED, "http://elsewhere/");
}

static void test_207(void)
{
    struct members_report report = {.problem = "", .succeeded = 3};
    struct evidence evidence = plain;

    evidence.status = 207;
    evidence.report = &report;
    check("a 207 needs no look", !verdict_needs_look(&evidence));
    expect("a 207 of successes", evidence, EXIT_DONE, "");
    report.failed = 1;
    expect("a 207 with a failure", evidence, EXIT_PARTIAL, "1 member failed");
    report.problem = "broken";
    expect("a broken 207 with a failure", evidence, EXIT_PARTIAL, "1 member failed");
    report.failed = 0;
    expect("a broken 207", evidence, EXIT_UNKNOWN, "broken");
    report.problem = "";
    report.succeeded = 0;
    expect("an empty 207", evidence, EXIT_UNKNOWN, "no member");
    evidence.report = NULL;
    expect("a 207 that was not read", evidence, EXIT_UNKNOWN, "out of memory");
    evidence.report = &report;
    evidence.polled = true;
    report.failed = 2;
    expect("a job that ends with a 207", evidence, EXIT_PARTIAL, "2 members failed");
    evidence.polled = false;
    evidence.status = 200;
    expect("a 200 with members that failed", evidence, EXIT_PARTIAL, "2 members failed");
    check("which needs no look", !verdict_needs_look(&evidence));
}

static void test_markers(void)
{
    struct evidence evidence = plain;

    evidence.status = 202;
    check("a 202 that is done needs no look", !verdict_needs_look(&evidence));
    expect("a 202 whose markers said success", evidence, EXIT_DONE, "the reason");
    evidence.outcome = INTERIM_FAILED;
    expect("a 202 whose markers said failure", evidence, EXIT_REFUSED,
           "the copy failed: the reason");
    evidence.status = 201;
    expect("a 201 whose markers said failure", evidence, EXIT_REFUSED,
           "the copy failed: the reason");
    evidence.outcome = INTERIM_UNKNOWN;
    evidence.code = INTERIM_ETOTAL;
    expect("a deadline without markers", evidence, EXIT_RUNNING, "deadline");
    evidence.marked = true;
    expect("a deadline among markers stops the copy", evidence, EXIT_UNKNOWN, "total limit");
    evidence.code = INTERIM_EMARKERS;
    expect("markers without a verdict", evidence, EXIT_UNKNOWN, "the markers ended");
}

static void test_200(void)
{
    struct evidence evidence = plain;

    evidence.status = 200;
    check("a 200 needs a look", verdict_needs_look(&evidence));
    expect("200 and nothing was seen", evidence, EXIT_UNKNOWN, "cannot be seen");
    evidence.destination_after = INTERIM_SIGHT_ABSENT;
    expect("200 and nothing is there", evidence, EXIT_REFUSED, "is not there");
    evidence.destination_after = INTERIM_SIGHT_FILE;
    expect("200 and it is there", evidence, EXIT_DONE, "");
    evidence.webdav = false;
    expect("200 of a plain server", evidence, EXIT_UNKNOWN, "of before");
    evidence.destination_before = INTERIM_SIGHT_SOMETHING;
    expect("200, and it was there before", evidence, EXIT_UNKNOWN, "of before");
    evidence.destination_before = INTERIM_SIGHT_ABSENT;
    expect("200, and it was not there before", evidence, EXIT_DONE, "");
    evidence.move = true;
    expect("200 to MOVE, source unclear", evidence, EXIT_UNKNOWN, "cannot be seen");
    evidence.source_after = INTERIM_SIGHT_SOMETHING;
    expect("200 to MOVE, source still there", evidence, EXIT_UNKNOWN, "still there");
    evidence.source_after = INTERIM_SIGHT_ABSENT;
    expect("200 to MOVE, source gone", evidence, EXIT_DONE, "");
    evidence.polled = true;
    check("a job that ends with 200 needs no look", !verdict_needs_look(&evidence));
}

static void test_outcomes(void)
{
    struct evidence evidence = plain;

    evidence.outcome = INTERIM_UNREACHABLE;
    evidence.code = INTERIM_ECONNECT;
    evidence.detail = "refused";
    evidence.sent = false;
    expect("unreachable before", evidence, EXIT_NETWORK, "refused");
    check("which says that nothing was copied",
          strstr(judge(evidence).advice, "nothing was copied") != NULL);
    evidence.polled = evidence.sent = true;
    evidence.code = INTERIM_EPOLL_UNREACHABLE;
    expect("unreachable after a 202", evidence, EXIT_UNKNOWN, "not known");
    evidence = plain;
    evidence.outcome = INTERIM_STILL_RUNNING;
    expect("our deadline", evidence, EXIT_RUNNING, "still at it");
    evidence.outcome = INTERIM_ACCEPTED;
    expect("a 202 without a monitor", evidence, EXIT_RUNNING, "the reason");
    evidence.outcome = INTERIM_UNKNOWN;
    evidence.code = INTERIM_ETOTAL;
    expect("our deadline, on a held connection", evidence, EXIT_RUNNING, "deadline");
    evidence.code = INTERIM_ESILENCE;
    expect("silence", evidence, EXIT_UNKNOWN, "no sign of life");
    evidence.code = INTERIM_EDISCONNECTED;
    evidence.status = 102;
    expect("a cut", evidence, EXIT_UNKNOWN, "not known");
    evidence.code = INTERIM_ETRUNCATED;
    evidence.status = 201;
    expect("a cut in the body of a 201", evidence, EXIT_UNKNOWN, "not known");
    evidence = plain;
    evidence.outcome = INTERIM_CANCELLED;
    expect("a stop that was asked for", evidence, EXIT_INTERRUPTED, "the server stopped the work");
    evidence.code = INTERIM_ECANCELLED;
    expect("Ctrl-C", evidence, EXIT_INTERRUPTED, "interrupted");
    check("which was not cancelled there",
          strstr(judge(evidence).advice, "not cancelled at the server") != NULL);
    evidence.sent = false;
    expect("Ctrl-C before", evidence, EXIT_INTERRUPTED, "nothing was copied");
    evidence = plain;
    evidence.outcome = INTERIM_FAILED;
    evidence.polled = true;
    evidence.status = 200;
    expect("a job that failed", evidence, EXIT_REFUSED, "the reason");
    evidence.status = 500;
    expect("a job that failed with 500", evidence, EXIT_REFUSED, "the reason");
    evidence.status = 412;
    expect("a job that failed with 412", evidence, EXIT_REFUSED, "exists already");
}

/* ---- printable.c --------------------------------------------------------------------------- */

static void test_printable(bool utf8)
{
    char out[64], narrow[16];

    check("text passes", strcmp(printable(out, sizeof out, "a b"), "a b") == 0);
    check("NULL is empty", strcmp(printable(out, sizeof out, NULL), "") == 0);
    check("controls do not pass",
          strcmp(printable(out, sizeof out, "\033[31m\r\n\x7f"), "\\x1b[31m\\x0d\\x0a\\x7f") == 0);
    check("C1 controls neither", strcmp(printable(out, sizeof out, "\xc2\x9b"), "\\u{9b}") == 0);
    check("nor overlong forms", strcmp(printable(out, sizeof out, "\xc0\x80"), "\\xc0\\x80") == 0);
    check("nor surrogates",
          strcmp(printable(out, sizeof out, "\xed\xa0\x80"), "\\xed\\xa0\\x80") == 0);
    check("nor halves", strcmp(printable(out, sizeof out, "x\xe2\x82"), "x\\xe2\\x82") == 0);
    check("nor overrides", strcmp(printable(out, sizeof out, "\xe2\x80\xae"), "\\u{202e}") == 0);
    check("UTF-8 passes where it is at home",
          strcmp(printable(out, sizeof out, "\xc3\xa4"), utf8 ? "\xc3\xa4" : "\\u{e4}") == 0);
    check("long text is cut",
          strcmp(printable(narrow, sizeof narrow, "0123456789abcdefgh"), "0123456789ab...") == 0);
    check("but not what fits",
          strcmp(printable(narrow, sizeof narrow, "0123456789abcde"), "0123456789abcde") == 0);
    check("hrefs are decoded", strcmp(printable_href(out, sizeof out, "/a%20b"), "/a b") == 0);
    check("and then escaped",
          strcmp(printable_href(out, sizeof out, "/%1b%00%0A"), "/\\x1b\\x00\\x0a") == 0);
    check("but a slash in a name stays",
          strcmp(printable_href(out, sizeof out, "/a%2Fb%2fc"), "/a%2Fb%2fc") == 0);
    check("and what is no code too",
          strcmp(printable_href(out, sizeof out, "%zz%4%"), "%zz%4%") == 0);
}

int main(void)
{
    test_members();
    test_bad_bodies();
    test_naked_bodies();
    test_limits();
    test_size_limit();
    test_statuses();
    test_words();
    test_207();
    test_markers();
    test_200();
    test_outcomes();
    test_netrc();
    test_display();
    test_printable(false);
    if (setlocale(LC_CTYPE, "C.UTF-8"))
        test_printable(true);
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed > 0;
}
