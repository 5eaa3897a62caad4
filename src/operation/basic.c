/* basic.c - see basic.h. */
#include "operation/basic.h"

#include "base/base64.h"

#include <stdlib.h>
#include <string.h>

char *interim__basic_new(const char *user, const char *password)
{
    static const char scheme[] = "Basic ";
    size_t user_length = strlen(user), password_length = strlen(password);
    size_t length = user_length + 1 + password_length;
    char *pair = malloc(length + 1);
    char *out = malloc(sizeof scheme + INTERIM__BASE64_SIZE(length));

    if (pair != NULL && out != NULL) {
        memcpy(pair, user, user_length);
        pair[user_length] = ':';
        memcpy(pair + user_length + 1, password, password_length + 1);
        memcpy(out, scheme, sizeof scheme);
        interim__base64_write(out + sizeof scheme - 1, (unsigned char *)pair, length);
        explicit_bzero(pair, length);
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
        explicit_bzero(basic, strlen(basic));
    free(basic);
}
