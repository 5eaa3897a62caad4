/* prepared.h - the head of a request as it was sent before. Most requests are sent many times in
 * the same words: from the second time on their head is kept with them, and sent from there. Not
 * one with a proof of who asks, nor that of a redirect, a poll, an upload, or through a proxy:
 * these are written each time. May be included by operation. */
#ifndef INTERIM_OPERATION_PREPARED_H
#define INTERIM_OPERATION_PREPARED_H

#include "base/buffer.h"
#include "operation/request.h"

typedef struct interim__prepared {
    size_t length; /* of the head; the user agent is behind it */
    bool closes;   /* it says that the connection serves once */
    bool expects;  /* it says Expect: 100-continue */
    char text[];   /* the head, and the user agent that is in it, with a NUL */
} interim__prepared;

/* The head of a request with this user agent (may be NULL), and whether it is to close the
 * connection; NULL: there is none. It stays while the request is in flight. */
const interim__prepared *interim__prepared_find(const interim_request *request,
                                                const char *user_agent, bool closes);

/* Keeps a head that was written, if it is not the first, and none is kept yet. Without memory it
 * does not. */
void interim__prepared_keep(interim_request *request, const interim__buffer *head,
                            const char *user_agent, bool closes, bool expects);

/* The request is going to be another; what was kept is overwritten, for it may hold secrets. */
void interim__prepared_forget(interim_request *request);

#endif
