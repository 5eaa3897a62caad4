/* buffer.h - bytes that grow, with a cap. Always followed by a NUL that length does not count, so
 * that text in it is a C string. May be included by every layer. */
#ifndef INTERIM_BASE_BUFFER_H
#define INTERIM_BASE_BUFFER_H

#include <stddef.h>
#include <stdlib.h>

typedef struct interim__buffer {
    char *data; /* NULL until something was appended */
    size_t length;
    size_t capacity;
} interim__buffer;

/* Makes room for size bytes, and the NUL, behind those that are there. 0, or INTERIM_ENOMEM and
 * nothing has changed. */
int interim__buffer_reserve(interim__buffer *buffer, size_t size);

/* Appends size bytes. 0, or INTERIM_ENOMEM and nothing has changed. */
int interim__buffer_append(interim__buffer *buffer, const void *data, size_t size);
int interim__buffer_append_text(interim__buffer *buffer, const char *text);

/* Makes room for size bytes behind those that are there, and a NUL: exactly so much if that is more
 * than twice what there was. Errors: as above. */
int interim__buffer_reserve(interim__buffer *buffer, size_t size);

/* Drops the first size bytes. */
void interim__buffer_drop(interim__buffer *buffer, size_t size);

/* Empties the buffer and keeps its memory. */
static inline void interim__buffer_clear(interim__buffer *buffer)
{
    buffer->length = 0;
    if (buffer->data != NULL)
        *buffer->data = '\0';
}

/* Frees the memory; the buffer is empty and can be used again. */
static inline void interim__buffer_dispose(interim__buffer *buffer)
{
    if (buffer->data == NULL)
        return;
    free(buffer->data);
    *buffer = (interim__buffer){0};
}

#endif
