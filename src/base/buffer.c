/* buffer.c - see buffer.h. */
#include "base/buffer.h"

#include <interim.h>
#include <stdlib.h>
#include <string.h>

int interim__buffer_reserve(interim__buffer *buffer, size_t size)
{
    size_t need, capacity;
    char *data;

    if (size > SIZE_MAX / 2 - 1 - buffer->length)
        return INTERIM_ENOMEM;
    need = buffer->length + size + 1;
    if (need <= buffer->capacity)
        return 0;
    capacity = buffer->capacity == 0 ? 64 : 2 * buffer->capacity;
    if (capacity < need)
        capacity = need;
    data = realloc(buffer->data, capacity);
    if (data == NULL)
        return INTERIM_ENOMEM;
    buffer->data = data;
    buffer->capacity = capacity;
    return 0;
}

int interim__buffer_append(interim__buffer *buffer, const void *data, size_t size)
{
    if (interim__buffer_reserve(buffer, size) < 0)
        return INTERIM_ENOMEM;
    if (size > 0)
        memcpy(buffer->data + buffer->length, data, size);
    buffer->length += size;
    buffer->data[buffer->length] = '\0';
    return 0;
}

int interim__buffer_append_text(interim__buffer *buffer, const char *text)
{
    return interim__buffer_append(buffer, text, strlen(text));
}

void interim__buffer_drop(interim__buffer *buffer, size_t size)
{
    if (size == 0)
        return;
    buffer->length -= size;
    memmove(buffer->data, buffer->data + size, buffer->length + 1);
}
