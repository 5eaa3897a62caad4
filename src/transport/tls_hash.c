/* tls_hash.c - see tls_hash.h. */
#include "transport/tls_hash.h"

#include <interim.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdbool.h>

static const EVP_MD *type_of(interim__hash hash)
{
    switch (hash) {
    case INTERIM__SHA_512_256:
        return EVP_sha512_256();
    case INTERIM__SHA_256:
        return EVP_sha256();
    default:
        return EVP_md5();
    }
}

int interim__tls_hash(void *user, unsigned char out[INTERIM__HASH_MAX], size_t *size,
                      interim__hash hash, const interim__piece *pieces, size_t count)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned length = 0;
    bool done = context != NULL && EVP_DigestInit_ex(context, type_of(hash), NULL) == 1;

    (void)user;
    for (size_t i = 0; done && i < count; i++)
        done = EVP_DigestUpdate(context, pieces[i].data, pieces[i].size) == 1;
    done = done && EVP_DigestFinal_ex(context, out, &length) == 1;
    EVP_MD_CTX_free(context); /* clears its state */
    ERR_clear_error();
    *size = length;
    return done ? 0 : INTERIM_EUNSUPPORTED;
}
