/* hash.h - what hashes are asked for, and of whom: this library makes none itself, and who does is
 * no part of the layers that need them. May be included by every layer. */
#ifndef INTERIM_BASE_HASH_H
#define INTERIM_BASE_HASH_H

#include <stddef.h>

typedef enum interim__hash { INTERIM__MD5, INTERIM__SHA_256, INTERIM__SHA_512_256 } interim__hash;

#define INTERIM__HASH_MAX 32 /* bytes of the largest */

typedef struct interim__piece {
    const void *data;
    size_t size;
} interim__piece;

/* Hashes pieces, one behind the other, and sets the size of the hash. Errors: EUNSUPPORTED (there
 * is no such hash, as no MD5 under FIPS, or no memory for it); ETLS (nobody here can make one). */
typedef int (*interim__hash_fn)(void *user, unsigned char out[INTERIM__HASH_MAX], size_t *size,
                                interim__hash hash, const interim__piece *pieces, size_t count);

/* user is borrowed as long as it is used. */
typedef struct interim__hasher {
    interim__hash_fn make;
    void *user;
} interim__hasher;

#endif
