/* digest.h - the Digest scheme (RFC 7616): from a challenge and a password, the value of an
 * Authorization or Proxy-Authorization field.
 *
 *     challenge --read--> NONCE --answer (nc 1, 2, 3 ...)--> NONCE
 *                               --info: nextnonce----------> another NONCE, nc from 1
 *
 * MD5, SHA-256 and SHA-512-256, each with -sess; qop auth, auth-int where the body is at hand, and
 * none at all (RFC 2069). The domain parameter is not looked at: a server does not choose where
 * credentials go to. One challenge has one cnonce, so that -sess means the same to servers that
 * keep the session's key and to those that make it anew. May be included by operation. */
#ifndef INTERIM_OPERATION_DIGEST_H
#define INTERIM_OPERATION_DIGEST_H

#include "base/buffer.h"
#include "base/hash.h"
#include "operation/challenge.h"

#include <stdint.h>

#define INTERIM__DIGEST_TEXT_MAX 4096 /* bytes of a realm, a nonce or an opaque */

typedef enum interim__digest_qop {
    INTERIM__QOP_NONE,
    INTERIM__QOP_AUTH,
    INTERIM__QOP_AUTH_INT
} interim__digest_qop;

typedef struct interim__digest {
    const interim__hasher *hasher;
    interim__hash algorithm;
    bool named;   /* the challenge names its algorithm */
    bool session; /* -sess */
    bool userhash, utf8, stale;
    interim__digest_qop qop;
    char *realm, *nonce, *opaque; /* opaque: NULL, there is none */
    uint32_t count;               /* requests that were answered with this nonce */
    char cnonce[65];              /* "" until the first answer */
    char session_key[65];         /* -sess: made by the first answer; a secret */
} interim__digest;

/* What an answer is for. */
typedef struct interim__digest_subject {
    const char *user, *password;
    const char *method, *target; /* as in the request line */
    const char *body;            /* memory, may be NULL when body_length is 0 */
    size_t body_length;
    bool body_known; /* else auth-int cannot be answered */
} interim__digest_subject;

/* Takes a challenge of scheme Digest over. Errors: EUNSUPPORTED (it cannot be answered, which is no
 * fault of ours: an algorithm or a qop that is not known, no nonce, a parameter that could not be
 * given back safely), ENOMEM, ETLS of the hasher, which is borrowed until _dispose; out is empty
 * then. body_known as in the subject. */
int interim__digest_read(interim__digest *out, const interim__challenge *challenge,
                         const interim__hasher *hasher, bool body_known);

/* More is better. SHA-256 and SHA-512-256 are equal: the server's order decides (RFC 7616 section
 * 3.7). */
int interim__digest_strength(const interim__digest *digest);

/* Appends the value of the field. random makes the cnonce. Errors: EUNSUPPORTED (auth-int and the
 * body is not known; the user name holds a control character), ENOMEM; nothing was appended then.
 */
int interim__digest_answer(interim__buffer *out, interim__digest *digest,
                           const interim__digest_subject *subject, uint64_t *random);

/* Reads Authentication-Info or Proxy-Authentication-Info: the nonce to go on with. What is
 * malformed is not looked at; the old nonce is then as good as the server says. */
void interim__digest_info(interim__digest *digest, const char *value, size_t length);

/* Frees and overwrites; it is empty then. */
void interim__digest_dispose(interim__digest *digest);

#endif
