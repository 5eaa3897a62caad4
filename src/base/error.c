/* error.c - see error.h. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void interim__error_init(interim_error *error)
{
    memset(error, 0, sizeof *error);
    error->size = sizeof *error;
    error->offset = -1;
}

int interim__error_set(interim_error *error, int code, interim_stage stage, const char *format, ...)
{
    va_list arguments;

    if (error->code != 0)
        return error->code;
    error->code = code;
    error->stage = stage;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    for (char *at = error->text; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
            *at = '?';
    return code;
}

void interim__error_copy(interim_error *out, const interim_error *error)
{
    size_t size = out->size < sizeof *error ? out->size : sizeof *error;

    if (size < sizeof out->size)
        return;
    memcpy(out, error, size);
    out->size = size;
}
