/* basic.c - see basic.h. */
#include "operation/basic.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

char *interim__basic_new(const char *user, const char *password)
{
    static const char scheme[] = "Basic ";
    size_t user_length = strlen(user), password_length = strlen(password);
    size_t length = user_length + 1 + password_length;
    char *pair = malloc(length + 1);
    char *out = malloc(sizeof scheme + (length + 2) / 3 * 4);

    if (pair != NULL && out != NULL) {
        memcpy(pair, user, user_length);
        pair[user_length] = ':';
        memcpy(pair + user_length + 1, password, password_length + 1);
        memcpy(out, scheme, sizeof scheme);
        EVP_EncodeBlock((unsigned char *)out + sizeof scheme - 1, (unsigned char *)pair,
                        (int)length);
        OPENSSL_cleanse(pair, length);
    } else {
        free(out);
        out = NULL;
    }
    free(pair);
    return out;
}

void interim__basic_free(char *basic)
{
    if (basic != NULL)
        OPENSSL_cleanse(basic, strlen(basic));
    free(basic);
}
