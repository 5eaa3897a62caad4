/* prepared.h - the head of a request as it was sent before. Most requests are sent many times in
 * the same words: from the second time on their head is kept with them, and sent from there; and
 * what their polls say, which differ in where they go to and nothing else. Not one with a proof of
 * who asks, nor that of a redirect, an upload, or through a proxy: these are written each time. May
 * be included by operation. */
#ifndef INTERIM_OPERATION_PREPARED_H
#define INTERIM_OPERATION_PREPARED_H

#include "base/buffer.h"
#include "operation/request.h"

typedef struct interim__prepared {
    size_t length; /* of the words; the user agent is behind them */
    bool closes;   /* it says that the connection serves once */
    bool expects;  /* it says Expect: 100-continue */
    char text[];   /* the words, and the user agent that is in them, with a NUL */
} interim__prepared;

/* prepared, one of a request's two (NULL included), if it is with this user agent (may be NULL),
 * and says or does not say that it is to close the connection; or NULL. It stays while the request
 * is in flight. */
const interim__prepared *interim__prepared_if(const interim__prepared *prepared,
                                              const char *user_agent, bool closes);

/* Keeps a head that was written, if it is not the first, and none is kept yet. Without memory it
 * does not. */
void interim__prepared_keep(interim_request *request, const interim__buffer *head,
                            const char *user_agent, bool closes, bool expects);

/* Keeps what the head of a poll says behind its target, of a request that was sent more than once:
 * of many that are sent once each is a job, and waits for long. */
void interim__prepared_keep_poll(interim_request *request, const char *words, size_t length,
                                 const char *user_agent, bool closes);

/* The request is going to be another; what was kept is overwritten, for it may hold secrets. */
void interim__prepared_forget(interim_request *request);

#endif
