/* base64.h - base64 with padding (RFC 4648 section 4). May be included by every layer. */
#ifndef INTERIM_BASE_BASE64_H
#define INTERIM_BASE_BASE64_H

#include <stddef.h>

/* Bytes that size bytes become, without a NUL. */
#define INTERIM__BASE64_SIZE(size) (((size) + 2) / 3 * 4)

/* Writes them, and a NUL behind. */
void interim__base64_write(char *out, const unsigned char *data, size_t size);

#endif
