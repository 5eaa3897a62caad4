/* upload.h - a resumable upload (draft-ietf-httpbis-resumable-upload-12 and later, interop version
 * 9): what the server has said of it, and what that comes to.
 *
 *     CREATED --104 names the upload resource, then lost, 5xx, 413--> ASKED      (wait, HEAD)
 *     CREATED (careful: an empty request) --2xx with Location--> APPENDED
 *     ASKED --offset--> APPENDED   (PATCH from there)
 *     ASKED --no answer, 5xx, 429--> ASKED, later
 *     APPENDED --part was taken--> APPENDED
 *     APPENDED --lost, 5xx, 409--> ASKED
 *     any --Upload-Complete: ?1--> the answer of the operation
 *     any --gone, refused, wrong offset, over a limit--> stopped
 *
 * Nothing is sent twice: an append begins at the offset that the server has just reported, and that
 * never lies before one that it confirmed, nor behind what was handed to the connection. Knows no
 * socket, no clock. May be included by operation. */
#ifndef INTERIM_OPERATION_UPLOAD_H
#define INTERIM_OPERATION_UPLOAD_H

#include "operation/dialect.h"
#include "operation/request.h"

/* What to do next. */
typedef enum interim__upload_turn {
    INTERIM__UPLOAD_ASK,    /* HEAD of current, at ask_at */
    INTERIM__UPLOAD_APPEND, /* PATCH of current, at once */
    INTERIM__UPLOAD_STOP    /* error tells why; failed tells whether that is the whole story */
} interim__upload_turn;

typedef struct interim__upload {
    const interim_request *request; /* NULL: no upload was offered */
    uint64_t *random;
    bool careful;           /* it is created by an empty request */
    interim__uri *resource; /* the upload resource; NULL: not known */
    interim__uri *current;  /* the same, or where it redirects to for now */
    const char *refusal;    /* why one that was named cannot be used; static */
    int64_t length;
    int64_t confirmed;  /* the highest offset that the server reported */
    int64_t base;       /* ... when it was last asked: more than that is progress */
    int64_t handed;     /* the highest offset up to which bytes went to a connection */
    bool all_handed;    /* the server may have had everything */
    int64_t from, size; /* of the content of the request that is under way ... */
    bool completes;     /* ... which is said to be the last one */
    bool replaying;     /* the server had said that the upload is complete */
    int64_t max_append, min_append, max_size; /* -1: not said */
    int64_t expires_at;                       /* monotonic ns, or FAR */
    int64_t ask_at;
    int64_t outage_since;
    unsigned failures; /* in a row, without progress */
    unsigned resumed, redirects, asked;
    int answered;     /* the status of the final response that interrupted it; 0: none did */
    const char *last; /* what went wrong last; static */
    bool failed;      /* STOP: the work was certainly not done */
    char offset_text[24], length_text[24];
} interim__upload;

/* Whether a request may be an upload that resumes: the caller allowed it, and (fits) its body can
 * be read again from any offset. */
bool interim__upload_fits(const interim_request *request);
static inline bool interim__upload_can(const interim_request *request)
{
    return request->resumes && interim__upload_fits(request);
}

/* Begins an upload anew: what was known of an earlier attempt is forgotten. */
void interim__upload_create(interim__upload *upload, const interim_request *request,
                            uint64_t *random);
void interim__upload_dispose(interim__upload *upload);

/* Adds the fields of the request that is to be sent. Their values lie in upload. ENOMEM. */
int interim__upload_fields(interim__upload *upload, interim__fields *fields, interim_hop hop,
                           const char *method);

/* Its content. */
interim__body_source interim__upload_body(const interim__upload *upload, interim_hop hop,
                                          const char *method);

/* Notes how much of its content went to the connection. */
void interim__upload_handed(interim__upload *upload, const interim__sender *sender);

/* A 104 came; from: the URL of its exchange; creating: it answers the request that creates the
 * upload. progress gets what it tells. 1: this request must not go on, because of a limit; the rest
 * can be sent in parts. Errors: EUPLOAD_RULES, EUPLOAD_LIMIT, ENOMEM, and error is set. */
int interim__upload_told(interim__upload *upload, const interim__fields *fields,
                         const interim__uri *from, bool creating, interim__progress *progress,
                         int64_t now, interim_error *error);

/* Whether a final response is that of the operation, and not about the upload. */
bool interim__upload_is_final(const interim__upload *upload, const interim__answer *answer,
                              bool creating, bool asking);

/* Whether it says Upload-Complete: ?1, and its Location is not the upload resource's: then its
 * fields mean what they do without uploads. */
bool interim__upload_is_of_target(const interim__upload *upload, const interim__answer *answer);

/* What an answer that is not final comes to: of the request that created the upload, of a HEAD, of
 * a PATCH. whole: all of the content had been sent. */
interim__upload_turn interim__upload_created(interim__upload *upload, const interim__answer *answer,
                                             int64_t now, int64_t wall, interim_error *error);
interim__upload_turn interim__upload_asked(interim__upload *upload, const interim__answer *answer,
                                           int64_t now, int64_t wall, interim_error *error);
interim__upload_turn interim__upload_appended(interim__upload *upload,
                                              const interim__answer *answer, bool whole,
                                              int64_t now, int64_t wall, interim_error *error);

/* What it comes to that there was no answer, for this reason (code); or, 0, that a limit does not
 * let the request go on. */
interim__upload_turn interim__upload_unanswered(interim__upload *upload, int code, int64_t now,
                                                interim_error *error);

/* The upload resource is about to be asked: its lifetime may be over. */
interim__upload_turn interim__upload_ask(interim__upload *upload, int64_t now,
                                         interim_error *error);

#endif
