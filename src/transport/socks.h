/* socks.h - the client's side of SOCKS5 (RFC 1928, RFC 1929) as a machine of bytes: what to send,
 * and what an answer means. Names go to the proxy as they are; nothing is resolved here. May be
 * included by transport.
 *
 *     GREETING -> [LOGIN] -> CONNECT -> DONE
 */
#ifndef INTERIM_TRANSPORT_SOCKS_H
#define INTERIM_TRANSPORT_SOCKS_H

#include <interim.h>
#include <stdbool.h>

#define INTERIM__SOCKS_MAX 520 /* the longest message: a login with two times 255 bytes */

typedef enum interim__socks_state {
    INTERIM__SOCKS_GREETING,
    INTERIM__SOCKS_LOGIN,
    INTERIM__SOCKS_CONNECT,
    INTERIM__SOCKS_DONE
} interim__socks_state;

typedef struct interim__socks {
    interim__socks_state state;
    const char *host, *user, *password; /* borrowed; user NULL: no login is offered */
    uint16_t port;
    unsigned char output[INTERIM__SOCKS_MAX]; /* to be sent, from sent on */
    size_t output_length, sent;
    unsigned char input[262]; /* of the answer that is expected, so far */
    size_t input_length;
} interim__socks;

/* Begins; the first message is in output. Errors: EPROXY when host, user or password are longer
 * than the 255 bytes that the protocol has for each, or empty. */
int interim__socks_start(interim__socks *socks, const char *host, uint16_t port, const char *user,
                         const char *password, interim_error *error);

/* How many bytes may be read at most, so that none of the stream behind the answer is taken; 0 when
 * something is to be sent first, or it is done. */
size_t interim__socks_wanted(const interim__socks *socks);

/* Bytes that came, at most as many as wanted. 1: done, 0: go on (output may have more). Errors:
 * EPROXY with a clear text. */
int interim__socks_take(interim__socks *socks, const unsigned char *data, size_t size,
                        interim_error *error);

#endif
