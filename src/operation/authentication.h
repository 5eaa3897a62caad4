/* authentication.h - who asks: what is sent to prove it, and whether a 401 is worth another try.
 * One for each protection space of an operation: the origin that the caller named, and its proxy
 * (proxy_login.h), and never another; whoever sends checks that.
 *
 *     SILENT --challenged, once for each fresh challenge--> SPEAKING --challenged: stale-->
 * SPEAKING SPEAKING --challenged otherwise--> the callback's fresh credentials, once--> SPEAKING
 *                                     `-> refused: the 401 is final
 *
 * Basic and Bearer that were asked for by name begin as SPEAKING. Any other answer than a 401 lets
 * all of this begin anew, so that credentials may expire many times during one operation. Secrets
 * are overwritten, and are in no text that is given out. May be included by operation and client.
 */
#ifndef INTERIM_OPERATION_AUTHENTICATION_H
#define INTERIM_OPERATION_AUTHENTICATION_H

#include "operation/digest.h"

#define INTERIM__STALES_MAX 3 /* stale nonces in a row that are believed */

/* What the caller has given. Strings may be NULL. */
typedef struct interim__credentials {
    interim_scheme scheme;
    bool clear_text; /* AUTO may answer Basic and Bearer without TLS */
    char *user, *password, *token;
    interim_challenge_fn fresh;
    void *fresh_user;
} interim__credentials;

typedef enum interim__speaking {
    INTERIM__SPEAKING_NOTHING,
    INTERIM__SPEAKING_BASIC,
    INTERIM__SPEAKING_BEARER,
    INTERIM__SPEAKING_DIGEST
} interim__speaking;

typedef struct interim__authentication {
    const interim__credentials *given; /* the request's */
    interim__credentials fresh;        /* those of the callback, once it gave some */
    interim__speaking speaking;
    interim__digest digest;
    bool proxy;
    bool answered;       /* the request that is answered now had credentials */
    bool asked;          /* the callback was, since the last acceptance ... */
    unsigned rounds;     /* ... and so many challenges were answered ... */
    unsigned stales;     /* ... for a stale nonce */
    const char *refusal; /* why a challenge was not answered: a clause, static; or NULL */
} interim__authentication;

/* Where a challenge comes from. */
typedef struct interim__space {
    bool tls;
    const char *authority;
    bool body_known; /* see interim__digest_subject */
    const interim__hasher *hasher;
} interim__space;

/* Whether credentials can be sent: EINVAL when not. NULLs are taken. */
int interim__credentials_check(const char *user, const char *password, const char *token);

/* Copies the strings; what was there is overwritten and freed, on success only. Errors: ENOMEM. */
int interim__credentials_set(interim__credentials *out, const char *user, const char *password,
                             const char *token);
/* Whether there are any, or somebody to ask for them. */
bool interim__credentials_are_there(const interim__credentials *credentials);

void interim__credentials_dispose(interim__credentials *credentials);

/* given is borrowed until _dispose. */
void interim__authentication_init(interim__authentication *out, const interim__credentials *given,
                                  bool proxy);
void interim__authentication_dispose(interim__authentication *authentication);

/* Appends the value of Authorization (or Proxy-Authorization) for a request; nothing, if there is
 * none to be sent. user and password of the subject are not looked at. Errors: ENOMEM. */
int interim__authentication_write(interim__buffer *out, interim__authentication *authentication,
                                  const interim__digest_subject *subject, uint64_t *random);

/* A 401 (or 407) came. 1: the same request is to be sent again, now with an answer; 0: the response
 * is final, see refusal; or ENOMEM, or ETLS of the hasher. May call the callback. */
int interim__authentication_challenged(interim__authentication *authentication,
                                       const interim__fields *fields, const interim__space *space);

/* Another final response came. */
void interim__authentication_accepted(interim__authentication *authentication,
                                      const interim__fields *fields);

/* The scheme that is spoken now: "Digest"; "" when none is. Static. */
const char *interim__authentication_scheme(const interim__authentication *authentication);

#endif
