/* line.h - a line of text for people, put together piece by piece in a fixed room; what does not
 * fit is cut off. For what is written for every operation: the printf family costs more than all
 * the rest. May be included by every layer. */
#ifndef INTERIM_BASE_LINE_H
#define INTERIM_BASE_LINE_H

#include <stddef.h>
#include <stdint.h>

#define INTERIM__LINE_SIZE 200

/* Zero: empty. text always ends with NUL. */
typedef struct interim__line {
    size_t length;
    char text[INTERIM__LINE_SIZE];
} interim__line;

void interim__line_begin(interim__line *line);
void interim__line_put(interim__line *line, const char *text);
void interim__line_put_number(interim__line *line, int64_t number);

#endif
