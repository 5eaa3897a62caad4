/* steps.h - what the files of the operation machine call of each other: operation.c (lifecycle and
 * inputs), asking.c (writes the request), rest.c (waits for its answer), tick.c (time passes),
 * response.c (takes an answer in), marking.c (markers in it), following.c (where to go from it),
 * ending.c (how it ends). May be included by these. */
#ifndef INTERIM_OPERATION_STEPS_H
#define INTERIM_OPERATION_STEPS_H

#include "base/line.h"
#include "operation/operation.h"

/* operation.c: notes when a step of the operation was first done, if it is not known yet. */
void interim__operation_note_time(int64_t *out, const interim__operation *op);

/* operation.c: leaves the exchange, if there is one, and asks for a connection to uri (transferred)
 * for the next hop. */
void interim__operation_begin(interim__operation *op, interim_hop hop, unsigned hop_index,
                              const char *method, interim__uri *uri);

/* asking.c: makes op->passage if there is none yet. Errors: ENOMEM. */
int interim__operation_pass(interim__operation *op);

/* asking.c: makes op->talk, for an exchange of op->method. Errors: ENOMEM. */
int interim__operation_talk(interim__operation *op);

/* rest.c: gets op->talk, of which nothing is initialised. Errors: ENOMEM. */
int interim__operation_room(interim__operation *op);

/* rest.c: an exchange that only waits for its answer gives op->talk away; or gets one again, if it
 * has none. Errors: ENOMEM. */
void interim__operation_rest(interim__operation *op);
int interim__operation_wake(interim__operation *op);

/* asking.c: begins the exchange on the connection to the origin, which has been opened. */
void interim__operation_begin_exchange(interim__operation *op);

/* asking.c: the hop as which the request is written: some polls are the request once more. */
interim_hop interim__operation_asks_as(const interim__operation *op);

/* operation.c: leaves the exchange, if there is one, and waits; until the job is to be polled. */
void interim__operation_sleep(interim__operation *op, int64_t until);
void interim__operation_wait(interim__operation *op);

/* operation.c: the URL of the exchange for people: all but the caller's own without its query. */
char *interim__operation_url(const interim__operation *op);

/* operation.c: the same, if it need not be written down; NULL: it must be. */
const char *interim__operation_shown_url(const interim__operation *op);

/* operation.c: the body that waited for 100 may go out. */
void interim__operation_release_body(interim__operation *op);

/* response.c: takes the bytes of an answer, until the exchange is over. */
void interim__response_receive(interim__operation *op, char **data, size_t *size);

/* response.c: goes on with the body after a pause. */
void interim__response_resume(interim__operation *op);

/* response.c: gives a piece of the final body to the caller, or keeps it. Errors: op->error is set.
 */
int interim__response_give(interim__operation *op, const char *data, size_t size);

/* response.c: the body is complete, and must be so in its content coding, which it has, too.
 * Errors: op->error is set. */
int interim__response_finish(interim__operation *op);

/* marking.c: the head of a final response came: whether its body may be a stream of markers, which
 * is never polled, is in op->talk->marking then. Errors: op->error is set. */
int interim__marking_begin(interim__operation *op);

/* marking.c: whether the body is known to be one: its bytes are no sign of life, its markers are.
 */
bool interim__marking_is_stream(const interim__operation *op);

/* marking.c: takes a piece of the body, line by line, and gives it on. Errors: op->error is set. */
int interim__marking_take(interim__operation *op, const char *data, size_t size);

/* marking.c: keeps a piece of a stream in the result: the end of it, not all. Errors: as above. */
int interim__marking_keep(interim__operation *op, const char *data, size_t size);

/* marking.c: the body, which is watched for markers, is complete; or any was cut short or came to a
 * limit (op->error). Whether it was a stream: the operation has ended then. */
bool interim__marking_over(interim__operation *op);
bool interim__marking_failed(interim__operation *op);

/* following.c: where an answer that is no 1xx or 2xx is to be followed to; NULL: nowhere. The same
 * of any. */
const interim_field *interim__following_redirect(const interim__operation *op);
static inline const interim_field *interim__following_location(const interim__operation *op)
{
    return op->talk->answer.status < 300 ? NULL : interim__following_redirect(op);
}

/* The answer is 417 to our Expect: the request is sent once more, without it (RFC 9110 section
 * 15.5.18). Nothing is sent twice: not one byte of the body was. */
static inline bool interim__following_unexpected(const interim__operation *op)
{
    return op->talk->answer.status == 417 && op->expects && op->talk->exchange.sender.held;
}

/* following.c: looks at the head of a final response for what it says of credentials; see
 * op->challenged. Errors: op->error is set. */
int interim__following_challenged(interim__operation *op);

/* following.c: the answer of this exchange becomes that of the operation. */
void interim__following_adopt(interim__operation *op);

/* following.c: tells that the challenge of the answer is answered, and how. */
void interim__following_report_answer(interim__operation *op);
/* job.c: begins to follow op->job, which an answer of this status began; 0: none here. */
void interim__job_begin(interim__operation *op, int status);

/* following.c: the operation ends with this answer. */
void interim__following_conclude(interim__operation *op);

/* following.c: the exchange is over. */
void interim__following_over(interim__operation *op);

/* job.c: takes the answer that may begin a job; that of a poll; to the DELETE that is to stop the
 * job; and the result of a job that is done. */
void interim__job_accept(interim__operation *op);
void interim__job_polled(interim__operation *op);
void interim__job_cancelled(interim__operation *op);
void interim__job_result(interim__operation *op);

/* job.c: the final response is lost, or a gateway's; begins to poll the monitor that a 102
 * named. False when there is none. */
bool interim__job_learnt(interim__operation *op);

/* job.c: takes an answer of the monitor that another operation had. */
void interim__job_told(interim__operation *op, const interim_message *answer,
                       const interim__uri *uri);

/* job.c: goes on as a poll's answer, or the lack of one, demands. */
void interim__job_go_on(interim__operation *op, interim__poll_outcome outcome);

/* ending.c: the outcome is known. op->error, if set, becomes the result's. */
void interim__ending_conclude(interim__operation *op, interim_outcome outcome, const char *format,
                              ...) INTERIM__PRINTF(3, 4);
void interim__ending_tell(interim__operation *op, interim_outcome outcome, interim__line *reason);

/* ending.c: the same; the reason lies with the result's fields. */
void interim__ending_told(interim__operation *op, interim_outcome outcome, const char *reason);

/* ending.c: op->error has ended the exchange, or the attempt at one. */
void interim__ending_failed(interim__operation *op);

/* ending.c: a limit of time has passed, nothing can wake it any more, or the caller wants no more:
 * whatever the hop. */
void interim__ending_deadline(interim__operation *op);
void interim__ending_starved(interim__operation *op);
void interim__ending_cancelled(interim__operation *op);

/* Every input begins with this: what went wrong before, in this operation or another, is over. */
static inline void interim__operation_enter(interim__operation *op, interim__moment now)
{
    op->now = now;
    if (op->error->code != 0)
        interim__error_init(op->error);
}

/* After any input: what the caller asked for meanwhile. */
static inline void interim__operation_settle(interim__operation *op)
{
    if (op->stop && op->need != INTERIM__NEED_NOTHING)
        interim__ending_cancelled(op);
}

#endif
