/* asked.c - looks whether a request is what a transcript says that it is. */
#include "base/text.h"
#include "escapes.h"
#include "transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The line of a head that begins with this name, or NULL; *length gets its length. */
static const char *find_field(const char *head, const char *name, size_t name_length)
{
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, name_length) == 0 && line[name_length] == ':')
            return line;
    }
    return NULL;
}

/* Whether the head has this field line, among others of the same name perhaps; a star at its end
 * stands for the rest of a line. */
static bool has_line(const char *head, const char *wanted)
{
    size_t length = strlen(wanted);
    bool open = length > 0 && wanted[length - 1] == '*';

    length -= open;

    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncmp(line, wanted, length) == 0 && (open || strncmp(line + length, "\r\n", 2) == 0))
            return true;
    }
    return false;
}

static void unchunk(interim__buffer *content, const char *at, const char *end)
{
    for (;;) {
        char *line_end;
        unsigned long size = strtoul(at, &line_end, 16);

        if (strncmp(line_end, "\r\n", 2) != 0 || size > (size_t)(end - line_end)) {
            put_text(content, "<no chunk>");
            return;
        }
        put(content, line_end + 2, size);
        at = line_end + 2 + size + 2;
        if (size == 0)
            return;
    }
}

static void check_content(const char *wanted, const char *head, const char *content,
                          const char *end, interim__buffer *problems)
{
    interim__buffer plain = {0}, expected = {0};

    put(&plain, "", 0);
    put(&expected, "", 0);
    if (find_field(head, "transfer-encoding", 17) != NULL)
        unchunk(&plain, content, end);
    else
        put(&plain, content, (size_t)(end - content));
    while (*wanted != '\0')
        if (!escapes_read_quoted(&expected, &wanted, 0))
            break;
    if (plain.length != expected.length ||
        memcmp(plain.data, expected.data, expected.length) != 0) {
        put_text(problems, "its content is not what was expected: \"");
        escapes_write(problems, plain.data, plain.length < 100 ? plain.length : 100);
        put_text(problems, "\"\n");
    }
    interim__buffer_dispose(&plain);
    interim__buffer_dispose(&expected);
}

static void check_line(bool first, const char *line, const char *head, const char *content,
                       const char *end, interim__buffer *problems)
{
    if (*line == '@')
        return;
    if (first) {
        size_t length = strlen(line);

        if (strncmp(head, line, length) != 0 || strncmp(head + length, "\r\n", 2) != 0)
            put_format(problems, "it is not \"%s\", but \"%.*s\"\n", line, (int)strcspn(head, "\r"),
                       head);
    } else if (*line == '-') {
        if (find_field(head, line + 1, strlen(line + 1)) != NULL)
            put_format(problems, "it has the field %s\n", line + 1);
    } else if (strncmp(line, "body ", 5) == 0) {
        check_content(line + 5, head, content, end, problems);
    } else if (!has_line(head, line)) {
        put_format(problems, "it has no \"%s\"\n", line);
    }
}

void transcript_check_request(const struct served *served, size_t number, const char *wire,
                              size_t size, interim__buffer *problems)
{
    const char *line = served->asked.data, *content = strstr(wire, "\r\n\r\n");
    interim__buffer head = {0}, found = {0};
    bool first = true;

    if (line == NULL)
        return;
    content = content == NULL ? wire + size : content + 4;
    put(&head, wire, (size_t)(content - wire));
    for (; *line != '\0'; line += strcspn(line, "\n") + 1) {
        char *copy = strndup(line, strcspn(line, "\n"));

        check_line(first, copy, head.data, content, wire + size, &found);
        first = first && *copy == '@';
        free(copy);
    }
    if (found.length > 0) {
        put_format(problems, "request %zu: ", number);
        put(problems, found.data, found.length);
    }
    interim__buffer_dispose(&head);
    interim__buffer_dispose(&found);
}
