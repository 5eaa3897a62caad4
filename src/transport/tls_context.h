/* tls_context.h - what a client asks of every server: whose signature it trusts, what was revoked,
 * from which version of TLS on. May be included by tls.c. */
#ifndef INTERIM_TRANSPORT_TLS_CONTEXT_H
#define INTERIM_TRANSPORT_TLS_CONTEXT_H

#include <interim.h>

#include <openssl/types.h>
#include <stdbool.h>

/* Makes a context for clients, without a client certificate and without callbacks. Reads files: the
 * system's store if no other is named. Errors: NULL, and error is ETLS or ENOMEM. */
SSL_CTX *interim__tls_context_new(const interim_client_options *options, interim_error *error);

/* Whether options name files that it reads: then it is best made where they can be complained
 * about. */
bool interim__tls_context_has_files(const interim_client_options *options);

#endif
