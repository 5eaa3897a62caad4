/* session.h - a client with the display, the log and Ctrl-C around it: everything that the requests
 * of one davcopy share. Included by precheck.h, report.h, settle.h and transfer.c.
 */
#ifndef DAVCOPY_SESSION_H
#define DAVCOPY_SESSION_H

#include <interim.h>

#include <stdbool.h>

#include "answer.h"
#include "display.h"
#include "options.h"

struct session {
    const struct options *options;
    struct display display;
    interim_client *client;
    interim_log *log;
    int log_fd; /* -1: none of our own */
    int64_t began_ms;
    bool interrupted;

    /* The request in flight. */
    interim_operation *operation;
    interim_settling *settling;
    interim_settlement **settled;
    struct answer *answer;
    struct answer abandoned;       /* takes over from answer when session_run gives up */
    interim_settlement *unsettled; /* the same for settled */
    bool ended;
};

/* Opens the log and makes the client. Returns EXIT_DONE, or EXIT_USAGE or EXIT_LOCAL after saying
 * what is wrong; session_close is to be called in every case. */
int session_open(struct session *out, const struct options *options);

/* Makes a request to url with the user's credentials and, unless safe, all of the user's fields; a
 * safe request goes without those that would change what it asks. NULL after saying why. */
interim_request *session_request(struct session *session, int *exit_code, const char *method,
                                 const char *url, bool safe);

/* The same for what a resume token says. */
interim_request *session_resumed(struct session *session, int *exit_code, const char *token);

/* Performs the request, shows it, and stops it at Ctrl-C. The request is transferred. Returns
 * whether there is a result in answer; if not, what is wrong has been said (EXIT_LOCAL). */
bool session_run(struct session *session, struct answer *answer, interim_request *request);

/* Settles by the library: looks at the places of the request, and stops at Ctrl-C. Returns
 * EXIT_DONE with *out, to be freed; EXIT_INTERRUPTED without a word; or EXIT_LOCAL after saying
 * why. */
int session_settle(struct session *session, interim_settlement **out, interim_request *request,
                   const interim_settle_options *options);

/* Looks once at the places of the request; destination: the URL of its Destination. The same. */
int session_look(struct session *session, interim_settlement **out, interim_request *request,
                 const char *destination);

/* What is left of --deadline, in ms; 0 when there is none, at least 1 when there is one. */
int64_t session_remaining_ms(const struct session *session);

/* Frees everything. Returns EXIT_LOCAL, having said so, when events are missing from the log. */
int session_close(struct session *session);

#endif
