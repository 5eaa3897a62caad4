/* framing.h - how long the body of a final response is (RFC 9112 section 6.3). Interims have none,
 * whatever they announce, and do not come here. May be included by exchange. */
#ifndef INTERIM_EXCHANGE_FRAMING_H
#define INTERIM_EXCHANGE_FRAMING_H

#include "exchange/head.h"

#include <stdbool.h>

typedef enum interim__framing_kind {
    INTERIM__FRAMING_NONE,
    INTERIM__FRAMING_LENGTH,
    INTERIM__FRAMING_CHUNKED,
    INTERIM__FRAMING_CLOSE /* until the connection ends */
} interim__framing_kind;

typedef struct interim__framing {
    interim__framing_kind kind;
    int64_t length; /* LENGTH: bytes */
    bool close;     /* the connection must not be used again */
} interim__framing;

/* Decides by the head and the method ("HEAD" has no body). Errors: EFRAMING. */
int interim__framing_decide(interim__framing *out, const interim__head *head, const char *method,
                            interim_error *error);

#endif
