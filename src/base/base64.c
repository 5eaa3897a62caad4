/* base64.c - see base64.h. */
#include "base/base64.h"

void interim__base64_write(char *out, const unsigned char *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < size; i += 3) {
        unsigned long bits = (unsigned long)data[i] << 16;

        if (i + 1 < size)
            bits |= (unsigned long)data[i + 1] << 8;
        if (i + 2 < size)
            bits |= data[i + 2];
        *out++ = digits[bits >> 18];
        *out++ = digits[bits >> 12 & 63];
        *out++ = i + 1 < size ? digits[bits >> 6 & 63] : '=';
        *out++ = i + 2 < size ? digits[bits & 63] : '=';
    }
    *out = '\0';
}
