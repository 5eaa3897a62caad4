/* accepted.h - a job that a server accepted by 202, followed by polling its monitor.
 *
 *     ENTERED --wait--> ASKED --running, not found yet, out of reach--> wait again
 *                             --redirect--> ASKED
 *                             --done or gone, and there is a Task--> VERIFYING --> ended
 *                             --done, failed, gone, refused, ...--> ended
 *
 * Knows what every dialect shares: which answers of a monitor are its own trouble and which are the
 * job's end, when to ask again, and when to stop asking. No socket, no clock. May be included by
 * operation. */
#ifndef INTERIM_OPERATION_ACCEPTED_H
#define INTERIM_OPERATION_ACCEPTED_H

#include "base/buffer.h"
#include "operation/dialect.h"

/* What an answer of the monitor, or the lack of one, comes to. */
typedef enum interim__poll_outcome {
    INTERIM__POLL_AGAIN,     /* at poll_at */
    INTERIM__POLL_MOVED,     /* at once, at current */
    INTERIM__POLL_DONE,      /* this answer is the result */
    INTERIM__POLL_ELSEWHERE, /* done; current is where the result is */
    INTERIM__POLL_VERIFY,    /* the monitor says so, its Task is to be asked: this answer is kept */
    INTERIM__POLL_FAILED,    /* the job failed; this answer says so */
    INTERIM__POLL_CANCELLED, /* the server has stopped the job because it was asked to */
    INTERIM__POLL_NO_MONITOR, /* the URL is none: the 202 is final */
    INTERIM__POLL_STOP        /* error tells why it cannot be asked any more */
} interim__poll_outcome;

typedef struct interim__accepted {
    const interim__dialect *dialect;
    const interim_request *request;
    uint64_t *random;
    interim__uri *monitor;            /* to be asked next */
    interim__uri *current;            /* being asked: the monitor, or where it redirects to */
    interim__uri *result;             /* where it will be; NULL: in the last answer */
    interim__uri *task;               /* Redfish: tells how the job ended; NULL: none */
    int64_t since, deadline, poll_at; /* monotonic ns */
    int64_t outage_since;             /* the first of failures */
    interim__progress seen;
    unsigned polls;        /* asked */
    unsigned answers;      /* polls that told the state of the job */
    unsigned failures;     /* out of reach, in a row */
    uint16_t not_found;    /* 404 or 410, in a row */
    uint16_t backoff;      /* polls without progress */
    uint8_t server_errors; /* 500, in a row */
    uint8_t redirects;     /* of this poll */
    bool latched;          /* the monitor answers with status documents */
    bool is_redfish;       /* its controller may be away for long */
    bool unclear;          /* the last answers were no status documents */
    bool verifying;        /* the Task is asked, which is now the monitor ... */
    bool gone;             /* ... because the monitor has gone */
    bool said_little;      /* ... or has said 204, which it says whatever happened */
    bool can_cancel;       /* DELETE of the monitor stops the job */
    bool cancelling;       /* ... and was sent */
    bool moved;            /* monitor is another than it was: for who keeps books of that */
    const char *note;      /* what the last answer came to, for the event; static */
} interim__accepted;

/* Begins to follow a 202, or what else may begin a job. NULL, and a clause at *refusal, when it is
 * final after all; or *failed is ENOMEM. */
interim__accepted *interim__accepted_new(const interim__answer *answer, uint64_t *random,
                                         int64_t now, int64_t wall, const char **refusal,
                                         int *failed);

/* Begins with a monitor (transferred on success) that is known already. NULL when out of memory. */
interim__accepted *interim__accepted_known(const interim__dialect *dialect,
                                           const interim_request *request, interim__uri **monitor,
                                           uint64_t *random, int64_t now);
void interim__accepted_free(interim__accepted *job);

/* How to ask. */
const char *interim__accepted_method(const interim__accepted *job);

/* Begins a poll: current is where. */
void interim__accepted_ask(interim__accepted *job);

/* The monitor answered. verdict: the caller's own. error gets the reason of POLL_STOP. */
interim__poll_outcome interim__accepted_answered(interim__accepted *job,
                                                 const interim__answer *answer,
                                                 interim_poll_verdict verdict, int64_t now,
                                                 int64_t wall, interim_error *error);

/* The monitor could not be asked, or did not answer properly. */
interim__poll_outcome interim__accepted_unanswered(interim__accepted *job, int64_t now,
                                                   interim_error *error);

/* What came of asking the server to stop the job: the status, or 0 when nobody knows. The next poll
 * comes soon. */
void interim__accepted_cancel_answered(interim__accepted *job, int status, int64_t now);

/* Whether an answer, by its status and fields alone, is the last one: its body is the caller's
 * then, and else, when it is too long for a status document, of no use. */
bool interim__accepted_is_last_by_status(const interim__accepted *job,
                                         const interim__answer *answer);

#endif
