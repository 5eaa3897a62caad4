/* Growable text: what davorigin builds before it sends.
 *
 * A buffer that could not grow is marked failed and takes nothing more; who built it looks once, at
 * the end, instead of after each append. `data` ends with a NUL that `length` does not count, and
 * is NULL as long as nothing was appended. */
#ifndef DAVORIGIN_BUFFER_H
#define DAVORIGIN_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *data;
    size_t length;
    size_t capacity;
    bool failed;
};

void buffer_append(struct buffer *buffer, const void *data, size_t length);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Forgets the content and keeps the memory. */
void buffer_clear(struct buffer *buffer);
void buffer_free(struct buffer *buffer);

#endif
