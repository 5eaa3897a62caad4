/* proxy_login.h - how an operation proves to an HTTP proxy who asks: Proxy-Authorization, and what
 * follows from a 407, for requests in absolute form and for CONNECT (RFC 9110 section 11.7). A 407
 * says that the proxy passed nothing on, so what it is about may be sent again.
 *
 * One for each operation; the credentials are the route's. What the proxy has accepted is left at
 * the route, so that the operations after it need no 407 of their own; a nonce of Digest is used by
 * one operation at a time, because its count must never be used twice. When the way leads to
 * another proxy all of it begins anew: nothing of one proxy goes to another. May be included by
 * operation. */
#ifndef INTERIM_OPERATION_PROXY_LOGIN_H
#define INTERIM_OPERATION_PROXY_LOGIN_H

#include "operation/route.h"

typedef struct interim__proxy_login {
    interim__route *route; /* of the proxy that it is for; NULL: none yet */
    interim__authentication authentication;
    bool accepted; /* the proxy took what was sent last */
} interim__proxy_login;

/* Appends the value of Proxy-Authorization for a request that goes to the proxy of route; nothing,
 * if there is none to be sent. user and password of the subject are not looked at. Errors: ENOMEM.
 */
int interim__proxy_login_write(interim__buffer *out, interim__proxy_login *login,
                               interim__route *route, const interim__digest_subject *subject,
                               uint64_t *random);

/* The proxy that was written to has answered 407. 1: the same is to be sent again, now with an
 * answer; 0: the 407 is final, see the refusal; or ENOMEM, or ETLS of the hasher. May call the
 * callback. */
int interim__proxy_login_challenged(interim__proxy_login *login, const interim__fields *fields,
                                    const interim__hasher *hasher, bool body_known);

/* Something else than 407 came through the proxy, or from it. */
void interim__proxy_login_accepted(interim__proxy_login *login, const interim__fields *fields);

void interim__proxy_login_dispose(interim__proxy_login *login);

#endif
