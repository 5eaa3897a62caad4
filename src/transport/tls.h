/* tls.h - TLS by OpenSSL: one context a client, and a session a connection. Verification of the
 * chain and of the host name (RFC 9110 section 4.3.4) is always on; SNI for names (not for
 * addresses), ALPN "http/1.1", TLS 1.2 at least. Reads and writes the socket through a BIO of its
 * own that never raises SIGPIPE. A connection resumes the session of an earlier one to the same
 * place (tls_tickets.h). May be included by transport and by the client that makes the context. */
#ifndef INTERIM_TRANSPORT_TLS_H
#define INTERIM_TRANSPORT_TLS_H

#include "transport/endpoint.h"

#include <interim.h>
#include <stdbool.h>
#include <stddef.h>

struct interim__socket;

typedef struct interim__tls interim__tls;
typedef struct interim__tls_session interim__tls_session;

/* Makes a context of the options for TLS, all borrowed until return. Files that they name are read
 * here; the system's store is read at the first session. Errors: ETLS (error tells which file and
 * why), EINVAL (a pin, a key without a certificate), ENOMEM. */
int interim__tls_new(interim__tls **out, const interim_client_options *options,
                     interim_error *error);
void interim__tls_free(interim__tls *tls);

/* Whether there is a client certificate: connections that show it and others are then two kinds. */
bool interim__tls_identifies(const interim__tls *tls);

/* A session for a connected socket; it and the endpoint are borrowed until the session is freed.
 * The endpoint's host is checked against the certificate. Only if it says `identify` is the client
 * certificate shown when the server asks. Errors: ETLS, ENOMEM. */
int interim__tls_session_new(interim__tls_session **out, interim__tls *tls,
                             struct interim__socket *socket, const interim__endpoint *endpoint,
                             interim_error *error);
void interim__tls_session_free(interim__tls_session *session);

/* What a step came to; *want gets INTERIM__READ or INTERIM__WRITE with AGAIN. The numbers are those
 * of connection.h: AGAIN 0, END, BROKEN, ABRUPT. handshake returns 1 when done. error is filled for
 * BROKEN: ECERTIFICATE with clear text (expired, not yet valid, wrong host and which names it is
 * for, unknown issuer, self-signed, revoked, not pinned); EDISCONNECTED with os_error where the
 * socket failed after the handshake; else ETLS, or ENOMEM. */
int interim__tls_handshake(interim__tls_session *session, unsigned *want, interim_error *error);
ptrdiff_t interim__tls_read(interim__tls_session *session, void *buffer, size_t size,
                            unsigned *want, interim_error *error);
ptrdiff_t interim__tls_write(interim__tls_session *session, const void *data, size_t size,
                             unsigned *want, interim_error *error);

/* Whether buffers are kept between records, which is quick, or given back, now if that is possible:
 * 16 to 32 KiB of a session that waits. At first they are kept. */
void interim__tls_keep_buffers(interim__tls_session *session, bool keep);

/* Sends close_notify if that is possible at once. */
void interim__tls_shutdown(interim__tls_session *session);

#endif
