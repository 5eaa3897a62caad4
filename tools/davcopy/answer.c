/* answer.c - see answer.h. */
#include "answer.h"

#include <string.h>

enum { DULL_BODY_MAX = 1024 * 1024 }; /* of a body that is no 207 */

void answer_init(struct answer *answer)
{
    memset(answer, 0, sizeof *answer);
}

void answer_event(struct answer *answer, const interim_event *event)
{
    if (event->kind == INTERIM_EVENT_SENT)
        answer->sent = true;
    else if (event->kind == INTERIM_EVENT_ACCEPTED)
        answer->polled = true;
}

static void expect_members(struct answer *answer, int status)
{
    if (!answer->members && (status == 207 || status == 200))
        answer->members = members_new(status == 200);
}

int answer_body(struct answer *answer, int status, const void *data, size_t size)
{
    bool wanted;

    if (answer->body_bytes == 0)
        expect_members(answer, status);
    answer->body_status = status;
    answer->body_bytes += size;
    wanted = answer->members && members_feed(answer->members, data, size);
    /* The body of a 201 or 202 may tell of the copy as long as that takes. */
    if (wanted || status == 201 || status == 202 || answer->body_bytes <= DULL_BODY_MAX)
        return 0;
    answer->enough = true;
    return -1;
}

void answer_end(struct answer *answer, interim_result *result)
{
    answer->result = result;
    if (interim_result_status(result) == 207)
        expect_members(answer, 207); /* even if there was no body: it will not be well-formed */
    if (answer->members)
        answer->report = members_end(answer->members);
}

interim_outcome answer_outcome(const struct answer *answer)
{
    const interim_outcome outcome = interim_result_outcome(answer->result);

    if (outcome != INTERIM_CANCELLED || !answer->enough)
        return outcome;
    return answer->body_status >= 200 && answer->body_status <= 299 ? INTERIM_DONE : INTERIM_FAILED;
}

int answer_status(const struct answer *answer)
{
    return answer->enough ? answer->body_status : interim_result_status(answer->result);
}

void answer_dispose(struct answer *answer)
{
    interim_result_free(answer->result);
    members_free(answer->members);
    memset(answer, 0, sizeof *answer);
}
