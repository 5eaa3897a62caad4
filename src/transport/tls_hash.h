/* tls_hash.h - hashes by OpenSSL. May be included by tls_table.c. */
#ifndef INTERIM_TRANSPORT_TLS_HASH_H
#define INTERIM_TRANSPORT_TLS_HASH_H

#include "base/hash.h"

/* An interim__hash_fn that has no user, and never says ETLS. */
int interim__tls_hash(void *user, unsigned char out[INTERIM__HASH_MAX], size_t *size,
                      interim__hash hash, const interim__piece *pieces, size_t count);

#endif
