/* tls_identity.h - the client's own certificate, its chain and its key. They are not part of the
 * TLS context: which servers they are offered to is decided for each connection. May be included by
 * tls.c. */
#ifndef INTERIM_TRANSPORT_TLS_IDENTITY_H
#define INTERIM_TRANSPORT_TLS_IDENTITY_H

#include <interim.h>

#include <openssl/types.h>

typedef struct interim__tls_identity interim__tls_identity;

/* Reads the files that options name; NULL when they name none. Never asks at the terminal. Errors:
 * ETLS (a file, the password, or a key that is not the certificate's: error tells), EINVAL (a key
 * without a certificate), ENOMEM. */
int interim__tls_identity_new(interim__tls_identity **out, const interim_client_options *options,
                              interim_error *error);
void interim__tls_identity_free(interim__tls_identity *identity);

/* Has ssl show it when the server asks for it. 1, or 0 with OpenSSL's error. */
int interim__tls_identity_offer(const interim__tls_identity *identity, SSL *ssl);

#endif
