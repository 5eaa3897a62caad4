/* report.c - see report.h. */
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "printable.h"

int report_verdict(struct session *session, const struct verdict *verdict, const struct plan *plan)
{
    char what[1024], where[512];
    const char *url = verdict->where == PLACE_SOURCE        ? plan->source
                      : verdict->where == PLACE_DESTINATION ? plan->destination
                                                            : "";

    display_line(&session->display, "%s%s%s%s%s", printable(what, sizeof what, verdict->what),
                 url[0] ? ", " : "", printable(where, sizeof where, url),
                 verdict->advice[0] ? "; " : "", verdict->advice);
    return (int)verdict->exit;
}

void report_problem(struct session *session, const struct verdict *verdict,
                    const interim_result *result)
{
    const interim_problem *problem = interim_result_problem(result);
    char title[256], detail[1024];
    const char *said;

    if (!problem)
        return;
    said = problem->detail[0] ? problem->detail : problem->title;
    if (said[0] == '\0' || strstr(verdict->what, said))
        return;
    display_line(&session->display, "the server says: %s%s%s",
                 printable(title, sizeof title, problem->title),
                 problem->title[0] && problem->detail[0] ? ": " : "",
                 printable(detail, sizeof detail, problem->detail));
}

void report_members(struct session *session, const struct members_report *report)
{
    for (size_t i = 0; i < report->member_count; i++) {
        const struct failed_member *member = &report->members[i];
        char href[1024], description[512], status[16];

        snprintf(status, sizeof status, "%d", member->status);
        display_line(&session->display, "failed (%s): %s%s%s", member->status ? status : "?",
                     printable_href(href, sizeof href, member->href),
                     member->description ? ": " : "",
                     printable(description, sizeof description, member->description));
    }
    if (report->failed > report->member_count)
        display_line(&session->display, "and %llu more",
                     (unsigned long long)(report->failed - report->member_count));
}

/* "102", "202", both, or that the answer came by itself. */
static const char *way_of(const struct answer *answer, const interim_timing *timing)
{
    if (timing->marker_count > 0)
        return "markers";
    if (answer->polled)
        return timing->interim_count > 0 ? "102 and 202" : "202";
    return timing->interim_count > 0 ? "102" : "plain answer";
}

int report_summary(struct session *session, const struct answer *answer, const struct plan *plan)
{
    const interim_timing *timing = interim_result_timing(answer->result);
    const unsigned long signs =
        (unsigned long)timing->interim_count + timing->poll_count + timing->marker_count;
    char from[1024], to[1024];

    if (session->options->quiet)
        return EXIT_DONE;
    printf("%s %s to %s in %.1f s (%s, %lu sign%s of life, longest silence %.1f s)\n",
           session->options->move ? "moved" : "copied", printable(from, sizeof from, plan->source),
           printable(to, sizeof to, plan->destination), (double)timing->end_ms / 1000,
           way_of(answer, timing), signs, signs == 1 ? "" : "s",
           (double)(timing->longest_silence_ms > 0 ? timing->longest_silence_ms : 0) / 1000);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_DONE;
    display_line(&session->display, "it was %s, and the summary could not be written: %s",
                 session->options->move ? "moved" : "copied", strerror(errno));
    return EXIT_LOCAL;
}
