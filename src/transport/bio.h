/* bio.h - the socket as OpenSSL sees it: a BIO that never waits and never raises SIGPIPE. May be
 * included by tls. */
#ifndef INTERIM_TRANSPORT_BIO_H
#define INTERIM_TRANSPORT_BIO_H

#include "transport/socket.h"

#include <openssl/bio.h>

/* The kind of BIO, one a TLS context; NULL when there is no memory. BIO_meth_free frees it. */
BIO_METHOD *interim__bio_method_new(void);

/* A BIO over a socket, borrowed until BIO_free; NULL when there is no memory. */
BIO *interim__bio_new(const BIO_METHOD *method, interim__socket *socket);

#endif
