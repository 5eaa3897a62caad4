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

static int no_answer(struct session *session, const struct plan *plan, const interim_place *place)
{
    struct verdict verdict = {.advice = ""};

    verdict_network(&verdict, place->code, place->text);
    return report_verdict(session, &verdict, plan);
}

/* A status that the COPY would meet as well. */
static bool is_final(const interim_place *place)
{
    return place->status == 401 || place->status == 407 || place->status == 429 ||
           (place->sight == INTERIM_SIGHT_ABSENT && (place->status == 404 || place->status == 410));
}

static int refused(struct session *session, const struct plan *plan, const interim_place *place)
{
    const struct options *options = session->options;
    const struct evidence evidence = {
        .status = place->status,
        .credentials = options->user || options_header(options, "Authorization"),
        .outcome = INTERIM_FAILED,
    };
    struct verdict verdict = {.advice = ""};

    verdict_status(&verdict, &evidence);
    return report_verdict(session, &verdict, plan);
}

/* The library followed redirects of the question. It would not follow all of them for a COPY, and
 * the rules of plan.h were checked for the old name. */
static int moved(struct session *session, const struct plan *plan, const interim_place *place)
{
    char what[1100];
    char from[512];

    if (place->url[0] == '\0' || strlen(place->url) == sizeof place->url - 1 ||
        interim_url_compare(plan->source, place->url) == INTERIM_URL_SAME)
        return EXIT_DONE;
    display_line(&session->display, "the server redirects %s to %s; give that as SOURCE",
                 printable(from, sizeof from, plan->source),
                 printable(what, sizeof what, place->url));
    return EXIT_REFUSED;
}

static int judge(struct session *session, const struct plan *plan, const interim_place *source)
{
    int exit_code;

    if (source->sight == INTERIM_SIGHT_NO_ANSWER)
        return no_answer(session, plan, source);
    exit_code = moved(session, plan, source);
    if (exit_code == EXIT_DONE && is_final(source))
        exit_code = refused(session, plan, source);
    return exit_code;
}

static int look(struct precheck *out, struct session *session, const struct plan *plan,
                interim_request *request)
{
    const int exit_code = session_look(session, &out->before, request, plan->destination);

    if (exit_code == EXIT_INTERRUPTED)
        display_line(&session->display, "interrupted; nothing was copied");
    if (exit_code != EXIT_DONE)
        return exit_code;
    return judge(session, plan, interim_settlement_source(out->before));
}

static int look_within(struct precheck *out, struct session *session, struct plan *plan,
                       interim_request *request)
{
    const interim_place *source;
    const int exit_code = look(out, session, plan, request);

    if (exit_code != EXIT_DONE)
        return exit_code;
    source = interim_settlement_source(out->before);
    out->webdav = source->sight == INTERIM_SIGHT_FILE || source->sight == INTERIM_SIGHT_COLLECTION;
    if (source->sight == INTERIM_SIGHT_COLLECTION)
        plan_collection(plan);
    if (source->sight == INTERIM_SIGHT_FILE)
        return plan_file(plan);
    if (!out->webdav)
        display_detail(&session->display,
                       "the server does not tell what the source is (status %d); going on with the "
                       "URLs as they are",
                       source->status);
    return EXIT_DONE;
}

/* The name and password are for the server that gets the COPY: the library asks no other one. */
static int look_at_third_party(struct precheck *out, struct session *session,
                               const struct plan *plan, interim_request *request)
{
    char shown[512];
    const interim_place *source;
    int exit_code;

    if (plan->pull)
        return EXIT_DONE;
    exit_code = look(out, session, plan, request);
    if (exit_code != EXIT_DONE)
        return exit_code;
    source = interim_settlement_source(out->before);
    if (source->sight != INTERIM_SIGHT_COLLECTION)
        return EXIT_DONE;
    display_line(&session->display,
                 "the source is a collection, %s; a third-party copy is of a file",
                 printable(shown, sizeof shown, plan->source));
    return EXIT_USAGE;
}

int precheck_run(struct precheck *out, struct session *session, struct plan *plan,
                 interim_request *request)
{
    *out = (struct precheck){false, NULL};
    if (plan->third_party)
        return look_at_third_party(out, session, plan, request);
    return look_within(out, session, plan, request);
}

void precheck_dispose(struct precheck *precheck)
{
    interim_settlement_free(precheck->before);
}
