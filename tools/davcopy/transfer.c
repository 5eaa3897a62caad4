/* transfer.c - see transfer.h. Plan, look, ask once, judge, report. The COPY or MOVE is sent one
 * time whatever happens; when it is not known how it ended, that is the answer.
 */
#include "transfer.h"

#include <interim.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "exits.h"
#include "plan.h"
#include "precheck.h"
#include "report.h"
#include "session.h"
#include "settle.h"
#include "verdict.h"

/* For on_accepted. */
struct keeping {
    struct session *session;
    const struct plan *plan;
    struct token_file *file;
};

static int set_limits(interim_request *request, const struct session *session)
{
    interim_patience patience = INTERIM_PATIENCE_INIT;
    interim_polling polling = INTERIM_POLLING_INIT;
    const int64_t left_ms = session_remaining_ms(session);
    int code;

    patience.silence_ms = session->options->silence_ms;
    patience.total_ms = left_ms;
    patience.stall_ms = session->options->stall_ms;
    polling.deadline_ms = left_ms;
    code = interim_request_set_patience(request, &patience);
    return code < 0 ? code : interim_request_set_polling(request, &polling);
}

/* The fields that make it a COPY or MOVE. Overwrite is always sent: servers differ in what they
 * take its absence for. */
static int set_fields(interim_request *request, const struct options *options,
                      const struct plan *plan)
{
    const size_t size = 2 * (size_t)PLAN_URL_MAX;
    char *destination = malloc(size);
    int code = INTERIM_ENOMEM;

    if (!destination)
        return code;
    plan_destination_field(destination, size, plan, options_header(options, "Host"));
    code = interim_request_add_header(request, "Destination", destination);
    free(destination);
    if (code >= 0)
        code = interim_request_add_header(request, "Overwrite", options->overwrite ? "T" : "F");
    if (code >= 0 && !options->move)
        code = interim_request_add_header(request, "Depth", options->depth_zero ? "0" : "infinity");
    return code;
}

/* The same for a copy between two servers; what the other one gets is among the user's fields. */
static int set_third_party(interim_request *request, const struct options *options,
                           const struct plan *plan)
{
    interim_third_party copy = INTERIM_THIRD_PARTY_INIT;

    if (plan->pull)
        copy.source = plan->source;
    else
        copy.destination = plan->destination;
    copy.overwrite = options->overwrite;
    copy.streams = options->streams;
    copy.trusted = options->trusted;
    return interim_request_set_third_party(request, &copy);
}

static interim_request *prepare(struct session *session, int *exit_code, const struct plan *plan)
{
    const struct options *options = session->options;
    interim_request *request =
        session_request(session, exit_code, options_method(options), plan_target(plan), false);
    int code;

    if (!request)
        return NULL;
    code = set_limits(request, session);
    if (code >= 0)
        code = plan->third_party ? set_third_party(request, options, plan)
                                 : set_fields(request, options, plan);
    if (code >= 0)
        return request;
    interim_request_free(request);
    display_line(&session->display, "cannot make the request: %s; nothing was copied",
                 interim_strerror(code));
    *exit_code = code == INTERIM_ENOMEM ? EXIT_LOCAL : EXIT_USAGE;
    return NULL;
}

/* The job goes on whether we can write that down or not, and so does the wait. */
static int on_accepted(const char *token, void *user)
{
    struct keeping *keeping = user;

    if (!token_file_write(keeping->file, keeping->session->options, keeping->plan, token))
        display_line(&keeping->session->display, "cannot write the token file %s: %s",
                     keeping->file->path, strerror(errno));
    return 0;
}

static interim_request *resume(struct session *session, int *exit_code, const char *token)
{
    interim_request *request = session_resumed(session, exit_code, token);

    if (request && set_limits(request, session) < 0) {
        interim_request_free(request);
        *exit_code = EXIT_LOCAL;
        return NULL;
    }
    return request;
}

/* From here on it may have been sent, whatever becomes of us. */
static bool note_beginning(struct session *session, const struct plan *plan,
                           struct token_file *file)
{
    if (!file->path || file->token || token_file_write(file, session->options, plan, NULL))
        return true;
    display_line(&session->display, "cannot write the token file %s: %s; nothing was copied",
                 file->path, strerror(errno));
    return false;
}

/* The file goes when the outcome is known, after that was said. */
static void end_file(struct session *session, struct token_file *file,
                     const struct verdict *verdict, const struct answer *answer)
{
    /* Cancelled, and without an error: the server stopped it. */
    const bool stopped = answer_outcome(answer) == INTERIM_CANCELLED &&
                         interim_result_error(answer->result)->code == 0;
    const bool interrupted =
        verdict->exit == EXIT_INTERRUPTED && verdict->where != PLACE_NONE && !stopped;

    if (!file->path)
        return;
    if (verdict->exit != EXIT_RUNNING && verdict->exit != EXIT_UNKNOWN && !interrupted)
        token_file_remove(file);
    else
        display_line(&session->display, "what is known is in %s; davcopy --resume goes on with it",
                     file->path);
}

static void collect(struct evidence *out, const struct session *session, const struct plan *plan,
                    const struct precheck *precheck, const struct answer *answer)
{
    const struct options *options = session->options;
    const interim_error *error = interim_result_error(answer->result);

    memset(out, 0, sizeof *out);
    out->move = options->move;
    out->overwrite = options->overwrite;
    out->credentials = options->user || options_header(options, "Authorization");
    out->sent = answer->sent;
    out->polled = answer->polled;
    out->marked = plan->third_party && interim_result_timing(answer->result)->marker_count > 0;
    out->interims = interim_result_interim_count(answer->result) > 0;
    out->outcome = answer_outcome(answer);
    out->status = answer_status(answer);
    out->code = answer->enough ? 0 : error->code;
    out->detail = answer->enough ? "" : error->text;
    out->reason = interim_result_reason(answer->result);
    out->location = interim_result_header(answer->result, "Location");
    out->report = answer->report;
    out->webdav = precheck->webdav;
    if (precheck->before)
        out->destination_before = interim_settlement_destination(precheck->before)->sight;
}

/* Looks at both ends after an answer that proves nothing. */
static int look_again(struct evidence *evidence, struct session *session, const struct plan *plan,
                      interim_request *work)
{
    interim_settlement *seen;
    int exit_code;

    display_detail(&session->display, "the server answered %d, which proves nothing: looking",
                   evidence->status);
    exit_code = session_look(session, &seen, work, plan->destination);
    if (exit_code == EXIT_DONE) {
        evidence->destination_after = interim_settlement_destination(seen)->sight;
        evidence->source_after = interim_settlement_source(seen)->sight;
    }
    interim_settlement_free(seen);
    return exit_code == EXIT_INTERRUPTED ? EXIT_DONE : exit_code;
}

static int64_t sent_ago_ms(const struct answer *answer)
{
    const interim_timing *timing = interim_result_timing(answer->result);

    return timing->end_ms - (timing->sent_ms > 0 ? timing->sent_ms : 0);
}

/* Judges by the answer and by what can be seen; work says what was asked for, and is not sent. */
static int find_verdict(struct verdict *out, struct session *session, const struct plan *plan,
                        const struct precheck *precheck, const struct answer *answer,
                        interim_request *work)
{
    struct evidence evidence;
    int exit_code = EXIT_DONE;

    collect(&evidence, session, plan, precheck, answer);
    if (verdict_needs_look(&evidence) && !plan->third_party)
        exit_code = look_again(&evidence, session, plan, work);
    if (exit_code != EXIT_DONE)
        return exit_code;
    verdict_judge(out, &evidence);
    if (answer->report && answer->report->failed > 0)
        report_members(session, answer->report);
    if (out->exit != EXIT_UNKNOWN || session->options->settle_ms == 0 || plan->third_party)
        return EXIT_DONE;
    /* Of a job that was resumed it is not known when it was sent. */
    settle_run(out, session, plan, precheck->before, work,
               precheck->before ? sent_ago_ms(answer) : 0);
    if (out->exit == EXIT_DONE)
        report_verdict(session, out, plan);
    return EXIT_DONE;
}

static int judge(struct session *session, const struct plan *plan, const struct precheck *precheck,
                 const struct answer *answer, struct token_file *file)
{
    struct verdict verdict = {.advice = ""};
    int exit_code;
    interim_request *work = prepare(session, &exit_code, plan);

    if (!work)
        return exit_code;
    exit_code = find_verdict(&verdict, session, plan, precheck, answer, work);
    interim_request_free(work);
    if (exit_code != EXIT_DONE)
        return exit_code;
    if (verdict.exit == EXIT_DONE) {
        exit_code = report_summary(session, answer, plan);
    } else {
        report_problem(session, &verdict, answer->result);
        exit_code = report_verdict(session, &verdict, plan);
    }
    end_file(session, file, &verdict, answer);
    return exit_code;
}

/* The request proper. */
static int ask(struct session *session, const struct plan *plan, const struct precheck *precheck,
               struct token_file *file)
{
    struct keeping keeping = {session, plan, file};
    struct answer answer;
    int exit_code;
    interim_request *request =
        file->token ? resume(session, &exit_code, file->token) : prepare(session, &exit_code, plan);

    if (!request)
        return exit_code;
    if (file->path)
        interim_request_on_accepted(request, on_accepted, &keeping);
    if (!note_beginning(session, plan, file)) {
        interim_request_free(request);
        return EXIT_LOCAL;
    }
    display_begin(&session->display, session->options->move ? "moving" : "copying", plan->source,
                  plan->destination);
    if (!session_run(session, &answer, request)) {
        display_end(&session->display, "cannot wait any longer");
        answer_dispose(&answer);
        return EXIT_LOCAL;
    }
    display_end(&session->display, interim_result_reason(answer.result));
    exit_code = judge(session, plan, precheck, &answer, file);
    answer_dispose(&answer);
    return exit_code;
}

static int look_before(struct precheck *out, struct session *session, struct plan *plan)
{
    int exit_code;
    interim_request *work = prepare(session, &exit_code, plan);

    *out = (struct precheck){false, NULL};
    if (!work)
        return exit_code;
    exit_code = precheck_run(out, session, plan, work);
    interim_request_free(work);
    return exit_code;
}

static int run_planned(struct session *session, struct plan *plan, struct token_file *file)
{
    struct precheck precheck;
    int exit_code = look_before(&precheck, session, plan);

    if (exit_code == EXIT_DONE && session->interrupted) {
        display_line(&session->display, "interrupted; nothing was copied");
        exit_code = EXIT_INTERRUPTED;
    }
    if (exit_code == EXIT_DONE)
        exit_code = ask(session, plan, &precheck, file);
    precheck_dispose(&precheck);
    return exit_code;
}

/* It is never sent again. */
static int run_resumed(struct session *session, struct plan *plan, struct token_file *file)
{
    const struct precheck precheck = {.webdav = true};
    const struct verdict verdict = {
        .exit = EXIT_UNKNOWN,
        .what = "davcopy ended before the server had accepted it, and the request may have been "
                "sent",
        .where = PLACE_DESTINATION,
        .advice = "look at the destination, then remove the token file",
    };

    return file->token ? ask(session, plan, &precheck, file)
                       : report_verdict(session, &verdict, plan);
}

int transfer_run(const struct options *options, struct plan *plan, struct token_file *file)
{
    struct session session;
    int closing, exit_code = session_open(&session, options);

    if (exit_code == EXIT_DONE)
        exit_code = options->resume_file ? run_resumed(&session, plan, file)
                                         : run_planned(&session, plan, file);
    closing = session_close(&session);
    return exit_code == EXIT_DONE ? closing : exit_code;
}
