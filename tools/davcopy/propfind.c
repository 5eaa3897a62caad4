/* propfind.c - see propfind.h. These questions have a limit of time of their own, because a server
 * answers them at once or not at all, however long it takes for the COPY.
 */
#include "propfind.h"

#include <interim.h>

#include <stdio.h>
#include <string.h>

#include "exits.h"
#include "session.h"

enum { QUESTION_MS = 60000 };

static const char question[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                               "<propfind xmlns=\"DAV:\"><prop><resourcetype/></prop></propfind>\n";

static int limit_time(interim_request *request, const struct session *session)
{
    interim_patience patience = INTERIM_PATIENCE_INIT;
    interim_polling polling = INTERIM_POLLING_INIT;
    const int64_t left_ms = session_remaining_ms(session);
    const int64_t silence_ms = session->options->silence_ms;
    int code;

    patience.total_ms = left_ms > 0 && left_ms < QUESTION_MS ? left_ms : QUESTION_MS;
    patience.silence_ms = silence_ms > 0 && silence_ms < QUESTION_MS ? silence_ms : QUESTION_MS;
    polling.mode = INTERIM_POLL_OFF;
    code = interim_request_set_patience(request, &patience);
    return code < 0 ? code : interim_request_set_polling(request, &polling);
}

static int add_question(interim_request *request)
{
    int code = interim_request_add_header(request, "Depth", "0");

    if (code >= 0)
        code = interim_request_add_header(request, "Content-Type", "application/xml");
    if (code >= 0)
        code = interim_request_set_body(request, question, sizeof question - 1);
    return code;
}

static enum sight judge(const struct answer *answer, bool head)
{
    const int status = answer_status(answer);
    const struct multistatus_report *report = answer->report;

    if (status == 404 || status == 410)
        return SIGHT_ABSENT;
    if (head)
        return status >= 200 && status <= 299 ? SIGHT_SOMETHING : SIGHT_UNCLEAR;
    if (status != 207 || !report || report->problem[0] != '\0')
        return SIGHT_UNCLEAR;
    if (report->collection)
        return SIGHT_COLLECTION;
    return report->succeeded + report->failed > 0 ? SIGHT_FILE : SIGHT_UNCLEAR;
}

static void fill_in(struct look *out, const struct answer *answer, bool head)
{
    const interim_error *error = interim_result_error(answer->result);
    const interim_outcome outcome = answer_outcome(answer);

    memset(out, 0, sizeof *out);
    out->status = answer_status(answer);
    snprintf(out->url, sizeof out->url, "%s", interim_result_url(answer->result));
    if (outcome == INTERIM_CANCELLED) {
        out->interrupted = true;
        out->sight = SIGHT_NO_ANSWER;
    } else if (error->code != 0 && !answer->enough) {
        out->sight = SIGHT_NO_ANSWER;
        out->code = error->code;
        snprintf(out->trouble, sizeof out->trouble, "%s", error->text);
    } else {
        out->sight = judge(answer, head);
    }
}

static int ask(struct look *out, struct session *session, const char *url, bool head)
{
    struct answer answer;
    int exit_code;
    interim_request *request =
        session_request(session, &exit_code, head ? "HEAD" : "PROPFIND", url, true);

    memset(out, 0, sizeof *out);
    if (!request)
        return exit_code;
    if (limit_time(request, session) < 0 || (!head && add_question(request) < 0)) {
        interim_request_free(request);
        display_line(&session->display, "out of memory; nothing was copied");
        return EXIT_LOCAL;
    }
    if (!session_run(session, &answer, request)) {
        answer_dispose(&answer);
        return EXIT_LOCAL;
    }
    fill_in(out, &answer, head);
    answer_dispose(&answer);
    return EXIT_DONE;
}

int propfind_look(struct look *out, struct session *session, const char *url)
{
    return ask(out, session, url, false);
}

int propfind_or_head(struct look *out, struct session *session, const char *url)
{
    const int exit_code = ask(out, session, url, false);

    if (exit_code != EXIT_DONE || out->sight != SIGHT_UNCLEAR)
        return exit_code;
    return ask(out, session, url, true);
}
