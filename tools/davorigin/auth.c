/* Basic authentication; auth.h tells the concept. */
#include "auth.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static char *base64(const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t length = strlen(text);
    char *out = calloc(1, (length + 2) / 3 * 4 + 1);

    for (size_t i = 0, at = 0; out && i < length; i += 3) {
        unsigned long bits = (unsigned long)(unsigned char)text[i] << 16;

        if (i + 1 < length)
            bits |= (unsigned long)(unsigned char)text[i + 1] << 8;
        if (i + 2 < length)
            bits |= (unsigned char)text[i + 2];
        out[at++] = digits[bits >> 18];
        out[at++] = digits[bits >> 12 & 63];
        out[at++] = i + 1 < length ? digits[bits >> 6 & 63] : '=';
        out[at++] = i + 2 < length ? digits[bits & 63] : '=';
    }
    return out;
}

static bool is_equal(const char *given, const char *wanted)
{
    size_t given_length = strlen(given);
    size_t length = strlen(wanted);
    unsigned difference = given_length != length;

    for (size_t i = 0; i < length; i++)
        difference |= (unsigned)(wanted[i] ^ (i < given_length ? given[i] : 0));
    return difference == 0;
}

bool auth_permits(const struct request *request, const char *user)
{
    const char *value = request_field(request, "Authorization");
    char *wanted = NULL;
    bool result = false;

    if (!user)
        return true;
    if (!value || request_field_count(request, "Authorization") != 1 ||
        strncasecmp(value, "Basic ", 6) != 0)
        return false;
    wanted = base64(user);
    value += 6;
    value += strspn(value, " ");
    result = wanted && is_equal(value, wanted);
    free(wanted);
    return result;
}
