/* certificate.h - says in words why a certificate was not accepted. May be included by tls. */
#ifndef INTERIM_TRANSPORT_CERTIFICATE_H
#define INTERIM_TRANSPORT_CERTIFICATE_H

#include <interim.h>

#include <openssl/x509_vfy.h>

/* Fills error (ECERTIFICATE, tls_error is the X509_V_ERR_*) from a verification that stands at its
 * failure. host is the name that was wanted. */
void interim__certificate_describe(interim_error *error, X509_STORE_CTX *verification,
                                   const char *host);

#endif
