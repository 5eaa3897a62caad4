/* settle.c - see settle.h. Only what is certain makes a success of it; "never" is as sure as it can
 * be seen from outside, and has an exit code of its own.
 */
#include "settle.h"

#include <interim.h>

#include <stdio.h>

#include "exits.h"
#include "printable.h"

static const struct meaning {
    enum exit_code exit;
    const char *what, *advice;
} meanings[] = {
    [INTERIM_FOUND_UNCLEAR] = {EXIT_UNKNOWN, "how it ended is not known, and looking does not tell",
                               "look at the destination before asking again"},
    [INTERIM_FOUND_DONE] = {EXIT_UNKNOWN, "it was done",
                            "look at the destination before asking again"},
    [INTERIM_FOUND_RUNNING] = {EXIT_RUNNING, "the server is still at it",
                               "look at the destination later"},
    [INTERIM_FOUND_PARTLY] = {EXIT_UNKNOWN, "a part of it was done",
                              "look at both ends before asking again"},
    [INTERIM_FOUND_NEVER] = {EXIT_NEVER, "it never happened", "it can be asked for again"},
};

static void tell_evidence(struct session *session, const interim_settlement *found)
{
    const char *clause;
    char shown[512];

    if (session->options->quiet)
        return;
    display_line(&session->display, "looked %u time%s:", interim_settlement_looks(found),
                 interim_settlement_looks(found) == 1 ? "" : "s");
    for (size_t i = 0; (clause = interim_settlement_evidence(found, i)) != NULL; i++)
        display_line(&session->display, "- %s", printable(shown, sizeof shown, clause));
}

static void judge(struct verdict *verdict, const interim_settlement *found)
{
    const interim_finding finding = interim_settlement_finding(found);
    const interim_certainty certainty = interim_settlement_certainty(found);
    const struct meaning *meaning = &meanings[finding];

    verdict->exit = meaning->exit;
    if (finding == INTERIM_FOUND_DONE && certainty == INTERIM_CERTAIN)
        verdict->exit = EXIT_DONE;
    snprintf(verdict->what, sizeof verdict->what, "%s%s%s%s: %s", meaning->what,
             certainty ? " (" : "", certainty ? interim_certainty_name(certainty) : "",
             certainty ? ")" : "", interim_settlement_reason(found));
    verdict->where = PLACE_DESTINATION;
    verdict->advice = verdict->exit == EXIT_DONE ? "" : meaning->advice;
}

void settle_run(struct verdict *verdict, struct session *session, const struct plan *plan,
                const interim_settlement *before, interim_request *request, int64_t sent_ago_ms)
{
    interim_settle_options options = INTERIM_SETTLE_OPTIONS_INIT;
    const int64_t left_ms = session_remaining_ms(session);
    interim_settlement *found;
    char what[1024];
    int exit_code;

    options.before = before;
    options.destination = plan->destination;
    options.sent_ago_ms = sent_ago_ms;
    options.deadline_ms = session->options->settle_ms;
    if (left_ms > 0 && left_ms < options.deadline_ms)
        options.deadline_ms = left_ms;
    display_line(&session->display, "%s; looking what became of it, for up to %.0f s",
                 printable(what, sizeof what, verdict->what), (double)options.deadline_ms / 1000);
    exit_code = session_settle(session, &found, request, &options);
    if (exit_code == EXIT_DONE) {
        tell_evidence(session, found);
        judge(verdict, found);
    } else if (exit_code == EXIT_INTERRUPTED) {
        verdict->exit = EXIT_INTERRUPTED;
    }
    interim_settlement_free(found);
}
