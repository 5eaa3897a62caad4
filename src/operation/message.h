/* message.h - a response that is kept beside the final one: the 202, and the monitor's last answer.
 * Packed, because a job that waits has one for hours, and laid out for a reader only when somebody
 * asks for it. May be included by operation, drive and client. */
#ifndef INTERIM_OPERATION_MESSAGE_H
#define INTERIM_OPERATION_MESSAGE_H

#include "base/fields.h"

typedef struct interim__message {
    interim_message *view; /* NULL until somebody asks */
    uint16_t status, field_count;
    uint32_t body_size;
    char text[]; /* the URL, and a NUL; names and values as a parser leaves them: each with a NUL,
                    and with what stood between them; the body, and a NUL */
} interim__message;

/* Everything is copied: fields are those of an answer (interim__fields_copy_parsed, or _clone), the
 * body is at most INTERIM__DOCUMENT_MAX bytes. NULL when out of memory. */
interim__message *interim__message_new(int status, const char *url, const interim__fields *fields,
                                       const char *body, size_t body_size);

/* NULL included. */
void interim__message_free(interim__message *message);

/* Lies in message. NULL when there is no message, or no memory. */
const interim_message *interim__message_view(interim__message *message);

#endif
