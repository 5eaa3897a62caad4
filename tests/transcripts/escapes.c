/* escapes.c - see escapes.h. */
#include "escapes.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void put(interim__buffer *out, const void *data, size_t size)
{
    if (interim__buffer_append(out, data, size) < 0) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
}

void put_text(interim__buffer *out, const char *text)
{
    put(out, text, strlen(text));
}

void put_format(interim__buffer *out, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof line)
        abort();
    put(out, line, (size_t)length);
}

bool escapes_read(interim__buffer *out, const char *text, size_t length, unsigned index)
{
    static const char names[] = "rnt0\\\"", bytes[] = "\r\n\t\0\\\"";

    for (size_t i = 0; i < length; i++) {
        const char *name;

        if (text[i] != '\\') {
            const char *escape = memchr(text + i, '\\', length - i);
            size_t plain = escape == NULL ? length - i : (size_t)(escape - text) - i;

            put(out, text + i, plain);
            i += plain - 1;
            continue;
        }
        if (++i == length)
            return false;
        name = strchr(names, text[i]);
        if (name != NULL) {
            put(out, bytes + (name - names), 1);
        } else if (text[i] == 'i') {
            put_format(out, "%u", index);
        } else if (text[i] == 'x' && i + 2 < length && interim__text_hex(text[i + 1]) >= 0 &&
                   interim__text_hex(text[i + 2]) >= 0) {
            char byte =
                (char)(interim__text_hex(text[i + 1]) * 16 + interim__text_hex(text[i + 2]));

            put(out, &byte, 1);
            i += 2;
        } else {
            return false;
        }
    }
    return true;
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte <= 0x7e && byte != '"' && byte != '\\';
}

static void write_escape(interim__buffer *out, unsigned char byte)
{
    static const char bytes[] = "\r\n\t\\\"", names[] = "rnt\\\"";
    const char *at = byte == '\0' ? NULL : strchr(bytes, byte);

    if (at != NULL)
        put_format(out, "\\%c", names[at - bytes]);
    else
        put_format(out, "\\x%02x", byte);
}

void escapes_write(interim__buffer *out, const void *data, size_t size)
{
    const char *bytes = data;

    for (size_t i = 0; i < size;) {
        size_t plain = 0;

        while (i + plain < size && is_plain((unsigned char)bytes[i + plain]))
            plain++;
        put(out, bytes + i, plain);
        i += plain;
        if (i < size)
            write_escape(out, (unsigned char)bytes[i++]);
    }
}

static void skip_blanks(const char **text)
{
    while (**text == ' ')
        (*text)++;
}

bool escapes_read_quoted(interim__buffer *out, const char **text, unsigned index)
{
    const char *at = *text, *end;
    unsigned long times = 1;
    interim__buffer once = {0};
    bool good;

    if (*at++ != '"')
        return false;
    for (end = at; *end != '"'; end++)
        if (*end == '\0' || (*end == '\\' && *++end == '\0'))
            return false;
    good = escapes_read(&once, at, (size_t)(end - at), index);
    at = end + 1;
    skip_blanks(&at);
    if (*at == '*') {
        char *rest;

        times = strtoul(at + 1, &rest, 10);
        at = rest;
        skip_blanks(&at);
    }
    put(out, "", 0);
    for (; good && times > 0; times--)
        put(out, once.data, once.length);
    interim__buffer_dispose(&once);
    *text = at;
    return good;
}
