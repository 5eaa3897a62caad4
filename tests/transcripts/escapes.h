/* escapes.h - bytes as text on one line, with the escapes of C: \r \n \t \0 \\ \" \xHH. */
#ifndef TESTS_TRANSCRIPTS_ESCAPES_H
#define TESTS_TRANSCRIPTS_ESCAPES_H

#include "base/buffer.h"

#include <stdbool.h>

/* Appends the bytes that length characters stand for. `\i` is the number index. False when it is
 * malformed. */
bool escapes_read(interim__buffer *out, const char *text, size_t length, unsigned index);

/* Appends bytes as printable text, so that escapes_read gives them back. */
void escapes_write(interim__buffer *out, const void *data, size_t size);

/* Reads a quoted string at *text, which is moved behind it and the blanks there; and `* N` behind
 * it, that many times. False when there is none. */
bool escapes_read_quoted(interim__buffer *out, const char **text, unsigned index);

/* For all of the runner: appends, or ends the program. */
void put(interim__buffer *out, const void *data, size_t size);
void put_text(interim__buffer *out, const char *text);
void put_format(interim__buffer *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
