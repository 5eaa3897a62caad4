/* precheck.c - see precheck.h. What the server refuses to tell does not stop the COPY: there are
 * servers without PROPFIND. What it says clearly does: a source that is not there, a login that is
 * needed, a name that has moved.
 */
#include "precheck.h"

#include <stdio.h>
#include <string.h>

#include "exits.h"
#include "printable.h"
#include "report.h"
#include "verdict.h"

static int no_answer(struct session *session, const struct plan *plan, const struct look *look)
{
    struct verdict verdict = {.advice = ""};

    if (look->interrupted) {
        display_line(&session->display, "interrupted; nothing was copied");
        return EXIT_INTERRUPTED;
    }
    verdict_network(&verdict, look->code, look->trouble);
    return report_verdict(session, &verdict, plan);
}

/* A status that the COPY would meet as well. */
static bool is_final(const struct look *look)
{
    return look->status == 401 || look->status == 407 || look->status == 429 ||
           (look->sight == SIGHT_ABSENT && (look->status == 404 || look->status == 410));
}

static int refused(struct session *session, const struct plan *plan, const struct look *look)
{
    const struct options *options = session->options;
    const struct evidence evidence = {
        .status = look->status,
        .credentials = options->user || options_header(options, "Authorization"),
        .outcome = INTERIM_FAILED,
    };
    struct verdict verdict = {.advice = ""};

    verdict_status(&verdict, &evidence);
    return report_verdict(session, &verdict, plan);
}

/* The library followed redirects of the question. It would not follow all of them for a COPY, and
 * the rules of plan.h were checked for the old name. */
static int moved(struct session *session, const struct plan *plan, const struct look *look)
{
    char what[1100];
    char from[512];

    if (look->url[0] == '\0' || strlen(look->url) == sizeof look->url - 1 ||
        interim_url_compare(plan->source, look->url) == INTERIM_URL_SAME)
        return EXIT_DONE;
    display_line(&session->display, "the server redirects %s to %s; give that as SOURCE",
                 printable(from, sizeof from, plan->source),
                 printable(what, sizeof what, look->url));
    return EXIT_REFUSED;
}

static int look_at_destination(struct precheck *out, struct session *session,
                               const struct plan *plan)
{
    struct look look;
    const int exit_code = propfind_or_head(&look, session, plan->destination);

    if (exit_code != EXIT_DONE)
        return exit_code;
    if (look.sight == SIGHT_NO_ANSWER)
        return no_answer(session, plan, &look);
    out->destination_before = look.sight;
    return EXIT_DONE;
}

static int look_at_source(struct look *out, struct session *session, const struct plan *plan)
{
    int exit_code = propfind_look(out, session, plan->source);

    if (exit_code != EXIT_DONE)
        return exit_code;
    if (out->sight == SIGHT_NO_ANSWER)
        return no_answer(session, plan, out);
    exit_code = moved(session, plan, out);
    if (exit_code == EXIT_DONE && is_final(out))
        exit_code = refused(session, plan, out);
    return exit_code;
}

static int look_within(struct precheck *out, struct session *session, struct plan *plan)
{
    struct look look;
    const int exit_code = look_at_source(&look, session, plan);

    out->webdav = look.sight == SIGHT_FILE || look.sight == SIGHT_COLLECTION;
    out->destination_before = SIGHT_NOT_ASKED;
    if (exit_code != EXIT_DONE)
        return exit_code;
    if (look.sight == SIGHT_COLLECTION)
        plan_collection(plan);
    if (look.sight == SIGHT_FILE)
        return plan_file(plan);
    if (out->webdav)
        return EXIT_DONE;
    display_detail(&session->display,
                   "the server does not tell what the source is (PROPFIND: %d); going on with the "
                   "URLs as they are",
                   look.status);
    return look_at_destination(out, session, plan);
}

/* The name and password are for the server that gets the COPY: the other one is not asked. */
static int look_at_third_party(struct precheck *out, struct session *session,
                               const struct plan *plan)
{
    char shown[512];
    struct look look;
    int exit_code;

    out->webdav = false;
    out->destination_before = SIGHT_NOT_ASKED;
    if (plan->pull)
        return EXIT_DONE;
    exit_code = look_at_source(&look, session, plan);
    if (exit_code != EXIT_DONE || look.sight != SIGHT_COLLECTION)
        return exit_code;
    display_line(&session->display,
                 "the source is a collection, %s; a third-party copy is of a file",
                 printable(shown, sizeof shown, plan->source));
    return EXIT_USAGE;
}

int precheck_run(struct precheck *out, struct session *session, struct plan *plan)
{
    if (plan->third_party)
        return look_at_third_party(out, session, plan);
    return look_within(out, session, plan);
}
