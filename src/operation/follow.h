/* follow.h - which URLs of a server's making may be asked, and how: redirects, monitors, results.
 * May be included by operation. */
#ifndef INTERIM_OPERATION_FOLLOW_H
#define INTERIM_OPERATION_FOLLOW_H

#include "operation/request.h"
#include "operation/upload.h"

#define INTERIM__REDIRECTS_MAX 10     /* of a request */
#define INTERIM__POLL_REDIRECTS_MAX 5 /* of one poll */

typedef enum interim__redirect {
    INTERIM__REDIRECT_NONE,  /* the response is final */
    INTERIM__REDIRECT_SAME,  /* ask there by the same method */
    INTERIM__REDIRECT_AS_GET /* ask there by GET */
} interim__redirect;

/* What a 3xx with a Location means for a request (RFC 9110 section 15.4): GET, HEAD, OPTIONS and
 * PROPFIND go there; other methods only by 307 and 308, which keep method and body, and only to the
 * same origin (see interim__follow_stays). */
interim__redirect interim__follow_redirect(const char *method, int status);

/* Whether this redirect of a method that changes something may be followed: to where the caller's
 * fields may go, with a body that can be sent once more. */
bool interim__follow_stays(const interim_request *request, const interim__uri *to);

/* Resolves a reference that the response of `from` holds. Refused: what is no http or https URL, or
 * has user-info, or goes from https to http. Errors: EURL and a static clause at *problem, ENOMEM.
 */
int interim__follow_resolve(interim__uri **out, const interim_request *request,
                            const interim__uri *from, const interim_field *reference,
                            const char **problem);

/* The same for a monitor, which must not leave the request's origin where polling forbids that. */
int interim__follow_monitor(interim__uri **out, const interim_request *request,
                            const interim__uri *from, const interim_field *reference,
                            const char **problem);

/* Whether a request of this hop asks for content codings, which are undone then: the answers of
 * monitors are short, and not worth it. */
bool interim__follow_decodes(const interim_request *request, interim_hop hop);

/* Whether a hop asks something of a monitor, which has little to think about. */
static inline bool interim__follow_is_poll(interim_hop hop)
{
    return hop == INTERIM_HOP_POLL || hop == INTERIM_HOP_CANCEL;
}

/* The body of the request of a hop: the caller's, if it is the caller's request. */
interim__body_source interim__follow_body(const interim_request *request, interim_hop hop,
                                          const char *method);

/* Whether all of a body is in memory, or there is none: it can be hashed. */
bool interim__follow_knows(const interim__body_source *body);

/* Whether a field is about the method and the body of the first request, and would be wrong, or a
 * second order, on a GET that takes its place (RFC 9110 section 15.4), or on a question about it.
 */
bool interim__follow_is_about_the_method(const interim_field *field);

/* Whether the origin of uri is that of the request, and so may have, and ask for, its credentials;
 * a field Authorization of the caller's own is all that it gets. */
bool interim__follow_logs_in(const interim_request *request, const interim__uri *uri);

/* Who is told who asks: values of fields, or NULL. */
typedef struct interim__proofs {
    const char *to_origin; /* Authorization; see interim__follow_logs_in */
    bool by_proxy;         /* the request goes to an HTTP proxy without a tunnel */
    const char *to_proxy;  /* Proxy-Authorization, only with by_proxy */
    bool closes;           /* the connection will not be used again (RFC 9112 section 9.6) */
} interim__proofs;

/* Appends the head of the request of a hop to out. Credentials and fields of the caller go to the
 * origin that the caller named, and to no other; a poll, what asks for an upload or appends to it,
 * and a GET after a 303 to another method drop what would be about the first request (its body,
 * conditions, Destination, Depth and the like). *expects tells whether it asks before it sends a
 * body; false forbids it. Through an HTTP proxy without a tunnel the target is in absolute form.
 * upload: the one that the request is part of, or NULL. body gets what is to be sent. Errors:
 * ENOMEM. */
int interim__follow_write(interim__buffer *out, interim__body_source *body,
                          const interim_request *request, interim_hop hop, const char *method,
                          const interim__uri *uri, const interim__proofs *proofs,
                          const char *user_agent, interim__upload *upload, bool *expects);

#endif
