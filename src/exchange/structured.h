/* structured.h - structured field values (RFC 9651), as much of them as we read: Items that are an
 * Integer or a Boolean, and the members of a Dictionary. Parameters are checked and ignored. May be
 * included by operation. */
#ifndef INTERIM_EXCHANGE_STRUCTURED_H
#define INTERIM_EXCHANGE_STRUCTURED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INTERIM__STRUCTURED_MAX INT64_C(999999999999999) /* the largest Integer */

/* The value of a field is that and nothing else. */
bool interim__structured_integer(int64_t *out, const char *text, size_t length);
bool interim__structured_boolean(bool *out, const char *text, size_t length);

typedef struct interim__structured_member {
    const char *key;
    size_t key_length;
    bool is_integer;
    int64_t integer;
} interim__structured_member;

/* Takes the next member off a Dictionary: 1, 0 at its end, or -1 when it is none. */
int interim__structured_next(interim__structured_member *out, const char **text, size_t *length);

#endif
