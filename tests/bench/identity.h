/* identity.h - who the origin says it is under TLS. May be included by the origin. */
#ifndef BENCH_IDENTITY_H
#define BENCH_IDENTITY_H

#include <openssl/ssl.h>

/* A context for sessions as localhost and as 127.0.0.1 up to 127.0.0.ADDRS; its certificate is
 * written to FILE, unless that is NULL. Ends the origin when it cannot be made. */
SSL_CTX *identity_new(const char *file, int addrs);

#endif
