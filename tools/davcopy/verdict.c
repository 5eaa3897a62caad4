/* verdict.c - see verdict.h.
 *
 * 201 and 204 are success. 207 is what its members say. Any other 2xx proves nothing: a plain file
 * server answers 200 to COPY with the file and copies nothing. 4xx is a refusal. A 5xx is not: it
 * often comes from a proxy in between that lost patience, while the origin goes on; the exceptions
 * are those that only the origin says and that exclude success.
 */
#include "verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char look_first[] = "look at the destination before asking again";

__attribute__((format(printf, 5, 6))) static void conclude(struct verdict *out, enum exit_code exit,
                                                           enum verdict_place where,
                                                           const char *advice, const char *format,
                                                           ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(out->what, sizeof out->what, format, arguments);
    va_end(arguments);
    out->exit = exit;
    out->where = where;
    out->advice = advice;
}

static bool is_success(int status)
{
    return status >= 200 && status <= 299;
}

/* ---- Statuses of 400 and more -------------------------------------------------------------- */

static const struct meaning {
    int status;
    enum verdict_place where;
    const char *what;
    const char *advice;
} meanings[] = {
    {400, PLACE_SOURCE, "the server finds fault with the request",
     "its log may tell why; some servers want a slash at the end of a collection"},
    {403, PLACE_DESTINATION, "the server forbids it",
     "check the rights at both ends, and that the destination may exist there"},
    {404, PLACE_SOURCE, "it does not exist", "check the URL"},
    {405, PLACE_SOURCE, "the server does not allow that there",
     "is it a WebDAV server, and may this part of it be changed?"},
    {407, PLACE_SOURCE, "the proxy wants a name and a password",
     "give them with --proxy http://NAME:PASSWORD@HOST"},
    {409, PLACE_DESTINATION, "the collection above the destination is missing",
     "make it first, with MKCOL"},
    {410, PLACE_SOURCE, "it does not exist any more", "check the URL"},
    {413, PLACE_SOURCE, "it is too large for the server", "ask its administrator"},
    {414, PLACE_SOURCE, "the URL is too long for the server", "use a shorter one"},
    {423, PLACE_DESTINATION, "one of both ends is locked",
     "wait until the lock is gone, or send its token with --header 'If: (<TOKEN>)'"},
    {424, PLACE_DESTINATION, "something else that it depends on failed", "look at both ends"},
    {429, PLACE_SOURCE, "the server was asked too often", "wait and ask again"},
    {501, PLACE_SOURCE, "the server does not know that method", "is it a WebDAV server?"},
    {505, PLACE_SOURCE, "the server does not speak HTTP/1.1", "is it a WebDAV server?"},
    {507, PLACE_DESTINATION, "the server has no room for it",
     "make room; a part of the copy may be there"},
    {508, PLACE_SOURCE, "the server met a loop of collections", "look for links in the source"},
};

static const struct meaning *find_meaning(int status)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (meanings[i].status == status)
            return &meanings[i];
    }
    return NULL;
}

static void judge_401(struct verdict *out, const struct evidence *evidence)
{
    if (evidence->credentials)
        conclude(out, EXIT_REFUSED, PLACE_SOURCE, "check both",
                 "the server did not accept the name and password (401)");
    else
        conclude(out, EXIT_REFUSED, PLACE_SOURCE, "give them with --user NAME",
                 "the server wants a name and a password (401)");
}

static void judge_412(struct verdict *out, const struct evidence *evidence)
{
    if (evidence->overwrite)
        conclude(out, EXIT_REFUSED, PLACE_DESTINATION, "look at the fields given by --header",
                 "a condition of the request does not hold (412)");
    else
        conclude(out, EXIT_REFUSED, PLACE_DESTINATION, "use --overwrite to replace it",
                 "the destination exists already (412)");
}

void verdict_status(struct verdict *out, const struct evidence *evidence)
{
    const int status = evidence->status;
    const struct meaning *meaning = find_meaning(status);

    if (status == 401)
        judge_401(out, evidence);
    else if (status == 412)
        judge_412(out, evidence);
    else if (meaning)
        conclude(out, EXIT_REFUSED, meaning->where, meaning->advice, "%s (%d)", meaning->what,
                 status);
    else if (status >= 500)
        conclude(out, EXIT_UNKNOWN, PLACE_DESTINATION, look_first,
                 "the server answered %d, which does not tell how it ended; it may still be at it",
                 status);
    else
        conclude(out, EXIT_REFUSED, PLACE_SOURCE, "--verbose shows more",
                 "the server refused it with status %d", status);
}

/* ---- Other answers ------------------------------------------------------------------------- */

static void judge_redirect(struct verdict *out, const struct evidence *evidence)
{
    if (evidence->status == 303)
        conclude(out, EXIT_UNKNOWN, PLACE_DESTINATION, look_first,
                 "the server says that the outcome is to be seen elsewhere (303): %s",
                 evidence->location ? evidence->location : "it does not say where");
    else
        conclude(out, EXIT_REFUSED, PLACE_SOURCE, "ask again with that as SOURCE, if it is right",
                 "the server did nothing and points elsewhere (%d): %s", evidence->status,
                 evidence->location ? evidence->location : "it does not say where");
}

static void judge_members(struct verdict *out, const struct evidence *evidence)
{
    const struct members_report *report = evidence->report;

    if (report && report->failed > 0)
        conclude(out, EXIT_PARTIAL, PLACE_DESTINATION, "see the lines above, and look at both ends",
                 "%llu member%s failed", (unsigned long long)report->failed,
                 report->failed == 1 ? "" : "s");
    else if (!report || report->problem[0] != '\0')
        conclude(out, EXIT_UNKNOWN, PLACE_DESTINATION, look_first,
                 "the server answered 207 and the list of members cannot be read: %s",
                 report ? report->problem : "out of memory");
    else if (report->succeeded == 0)
        conclude(out, EXIT_UNKNOWN, PLACE_DESTINATION, look_first,
                 "the server answered 207 and names no member");
    else
        conclude(out, EXIT_DONE, PLACE_NONE, "", "every member succeeded (207)");
}

static bool exists(interim_sight sight)
{
    return sight == INTERIM_SIGHT_SOMETHING || sight == INTERIM_SIGHT_FILE ||
           sight == INTERIM_SIGHT_COLLECTION;
}

/* A 2xx that is neither 201 nor 204 nor 207. Seeing the destination proves it only if it was not
 * there before, or if the server is a WebDAV server and knows what it says. */
static void judge_unproven(struct verdict *out, const struct evidence *evidence)
{
    const int status = evidence->status;

    if (evidence->report && evidence->report->failed > 0)
        judge_members(out, evidence);
    else if (evidence->destination_after == INTERIM_SIGHT_ABSENT)
        conclude(out, EXIT_REFUSED, PLACE_DESTINATION,
                 "a plain file server answers like that and copies nothing: is it WebDAV?",
                 "the server answered %d and the destination is not there", status);
    else if (!exists(evidence->destination_after))
        conclude(out, EXIT_UNKNOWN, PLACE_DESTINATION, look_first,
                 "the server answered %d, which proves nothing, and the destination cannot be seen",
                 status);
    else if (evidence->move && exists(evidence->source_after))
        conclude(out, EXIT_UNKNOWN, PLACE_SOURCE, "look at both ends before asking again",
                 "the server answered %d and the source is still there", status);
    else if (evidence->move && evidence->source_after != INTERIM_SIGHT_ABSENT)
        conclude(out, EXIT_UNKNOWN, PLACE_SOURCE, "look at both ends before asking again",
                 "the server answered %d, and whether the source is gone cannot be seen", status);
    else if (!evidence->webdav && evidence->destination_before != INTERIM_SIGHT_ABSENT)
        conclude(out, EXIT_UNKNOWN, PLACE_DESTINATION,
                 "a plain file server answers like that and copies nothing: is it WebDAV?",
                 "the server answered %d and the destination may be that of before", status);
    else
        conclude(out, EXIT_DONE, PLACE_NONE, "", "the destination was seen (%d)", status);
}

/* A 202 is done only if its monitor, or the markers in its body, said so. */
static bool is_proof(const struct evidence *evidence)
{
    return evidence->status == 201 || evidence->status == 202 || evidence->status == 204 ||
           evidence->polled;
}

bool verdict_needs_look(const struct evidence *evidence)
{
    return evidence->outcome == INTERIM_DONE && is_success(evidence->status) &&
           evidence->status != 207 && !is_proof(evidence) &&
           !(evidence->report && evidence->report->failed > 0);
}

/* A monitor that answers with this speaks of the job; with other statuses it may speak of itself.
 */
static bool is_about_the_job(int status)
{
    return status == 409 || status == 412 || status == 423 || status == 507;
}

static void judge_status(struct verdict *out, const struct evidence *evidence)
{
    const bool job_failed = evidence->polled && evidence->outcome == INTERIM_FAILED;

    if (job_failed && is_about_the_job(evidence->status))
        verdict_status(out, evidence);
    else if (job_failed)
        conclude(out, EXIT_REFUSED, PLACE_DESTINATION,
                 "look at the destination, a part of it may be there",
                 "the job failed at the server: %s", evidence->reason);
    else if (evidence->outcome == INTERIM_FAILED && is_success(evidence->status))
        conclude(out, EXIT_REFUSED, PLACE_DESTINATION,
                 "look at the destination, a part of it may be there", "the copy failed: %s",
                 evidence->reason);
    else if (evidence->status == 207)
        judge_members(out, evidence);
    else if (is_proof(evidence))
        conclude(out, EXIT_DONE, PLACE_NONE, "", "%s", evidence->reason);
    else if (is_success(evidence->status))
        judge_unproven(out, evidence);
    else if (evidence->status >= 300 && evidence->status <= 399)
        judge_redirect(out, evidence);
    else
        verdict_status(out, evidence);
}

/* ---- No final answer ----------------------------------------------------------------------- */

void verdict_network(struct verdict *out, int code, const char *detail)
{
    const char *advice;
    enum exit_code exit = EXIT_NETWORK;

    switch (code) {
    case INTERIM_ENOMEM:
    case INTERIM_ESYSTEM:
        exit = EXIT_LOCAL;
        advice = "that is to be mended on this machine; nothing was copied";
        break;
    case INTERIM_ERESOLVE:
        advice = "check the host name and the network; nothing was copied";
        break;
    case INTERIM_ECONNECT:
    case INTERIM_ECONNECT_TIMEOUT:
        advice = "check host and port, or the socket, and that the server runs; nothing was copied";
        break;
    case INTERIM_EPROXY:
        advice = "check --proxy, or http_proxy and https_proxy; nothing was copied";
        break;
    case INTERIM_ECERTIFICATE:
        advice = "if you trust it, give its CA with --cacert FILE; nothing was copied";
        break;
    case INTERIM_ETLS:
        advice = "check that this port speaks TLS; nothing was copied";
        break;
    case INTERIM_ESTATUS_LINE:
    case INTERIM_EFIELD_LINE:
    case INTERIM_EHEAD_LIMIT:
    case INTERIM_EUPGRADE:
    case INTERIM_EFRAMING:
    case INTERIM_ECHUNK:
        advice = "check that this port speaks HTTP/1.1, with TLS for https only; "
                 "nothing was copied";
        break;
    default:
        advice = "try again later; nothing was copied";
        break;
    }
    conclude(out, exit, PLACE_SOURCE, advice, "%s%s%s", interim_strerror(code),
             detail[0] ? ": " : "", detail);
}

static void judge_unknown(struct verdict *out, const struct evidence *evidence)
{
    if (!evidence->marked &&
        (evidence->code == INTERIM_ETOTAL || evidence->code == INTERIM_EPOLL_DEADLINE))
        conclude(out, EXIT_RUNNING, PLACE_DESTINATION,
                 "the server may go on: look at the destination later, or wait longer by "
                 "--deadline",
                 "the deadline passed before the server had finished");
    else if (evidence->code == INTERIM_ESILENCE)
        conclude(out, EXIT_UNKNOWN, PLACE_DESTINATION,
                 "the server may still be at it: look at the destination before asking again; "
                 "--silence waits longer",
                 "the server gave no sign of life for too long");
    else
        conclude(out, EXIT_UNKNOWN, PLACE_DESTINATION,
                 "the server may still be at it: look at the destination before asking again",
                 "how it ended is not known: %s%s%s",
                 evidence->code ? interim_strerror(evidence->code) : evidence->reason,
                 evidence->detail[0] ? ": " : "", evidence->detail);
}

static void judge_interrupted(struct verdict *out, const struct evidence *evidence)
{
    if (evidence->code == 0)
        conclude(out, EXIT_INTERRUPTED, PLACE_DESTINATION,
                 "what was copied before that may still be there",
                 "the server stopped the work, as it was asked to");
    else if (evidence->sent || evidence->polled || evidence->interims)
        conclude(out, EXIT_INTERRUPTED, PLACE_DESTINATION,
                 "it was not cancelled at the server, which may go on: look at the destination "
                 "before asking again",
                 "interrupted: the wait is over");
    else
        conclude(out, EXIT_INTERRUPTED, PLACE_NONE, "",
                 "interrupted before the request was sent; nothing was copied");
}

void verdict_judge(struct verdict *out, const struct evidence *evidence)
{
    switch (evidence->outcome) {
    case INTERIM_CANCELLED:
        judge_interrupted(out, evidence);
        break;
    case INTERIM_UNREACHABLE:
        if (evidence->polled || evidence->sent)
            judge_unknown(out, evidence);
        else
            verdict_network(out, evidence->code, evidence->detail);
        break;
    case INTERIM_STILL_RUNNING:
        conclude(out, EXIT_RUNNING, PLACE_DESTINATION,
                 "it goes on there: look at the destination later, or wait longer by --deadline",
                 "the server is still at it: %s", evidence->reason);
        break;
    case INTERIM_ACCEPTED:
        conclude(out, EXIT_RUNNING, PLACE_DESTINATION,
                 "the server goes on by itself: look at the destination later",
                 "the server accepted it (202) and cannot be asked how it goes: %s",
                 evidence->reason);
        break;
    case INTERIM_DONE:
    case INTERIM_FAILED:
        if (evidence->code == 0)
            judge_status(out, evidence);
        else if (evidence->sent)
            judge_unknown(out, evidence);
        else
            verdict_network(out, evidence->code, evidence->detail);
        break;
    default:
        if (evidence->code == 0 && evidence->status >= 400 && !evidence->polled)
            verdict_status(out, evidence);
        else
            judge_unknown(out, evidence);
        break;
    }
}
