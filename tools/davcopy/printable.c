/* printable.c - see printable.h.
 *
 * A small decoder of UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF)
 * decides what may pass; the locale decides only whether anything beyond ASCII may.
 */
#include "printable.h"

#include <langinfo.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The length of the character at text, 0 when it is none; *code is its number. */
static size_t decode(uint32_t *code, const unsigned char *text, size_t size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length;

    if (text[0] < 0x80) {
        *code = text[0];
        return 1;
    }
    if ((text[0] & 0xe0) == 0xc0)
        length = 2;
    else if ((text[0] & 0xf0) == 0xe0)
        length = 3;
    else if ((text[0] & 0xf8) == 0xf0)
        length = 4;
    else
        return 0;
    if (length > size)
        return 0;
    *code = text[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (text[i] & 0x3fU);
    }
    if (*code < least[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
        return 0;
    return length;
}

/* Line breaks, direction marks and invisible characters beyond ASCII. */
static bool is_deceptive(uint32_t code)
{
    return (code >= 0x80 && code < 0xa0) || code == 0xad || code == 0x61c ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
           (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe007f);
}

/* Writes what stands for the text at its beginning; returns how many bytes of it that covers. */
static size_t show_one(char *out, size_t capacity, const char *text, size_t size, bool utf8)
{
    uint32_t code = 0;
    size_t length = decode(&code, (const unsigned char *)text, size);

    if (length == 0 || (length == 1 && (code < 0x20 || code == 0x7f))) {
        snprintf(out, capacity, "\\x%02x", (unsigned)(unsigned char)text[0]);
        return 1;
    }
    if (length > 1 && (!utf8 || is_deceptive(code)))
        snprintf(out, capacity, "\\u{%lx}", (unsigned long)code);
    else
        snprintf(out, capacity, "%.*s", (int)length, text);
    return length;
}

const char *printable_bytes(char *out, size_t capacity, const char *text, size_t size)
{
    const bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    size_t used = 0, cut = 0; /* cut: the last place that leaves room for "..." */

    out[0] = '\0';
    for (size_t i = 0; i < size;) {
        char shown[16];
        const size_t covered = show_one(shown, sizeof shown, text + i, size - i, utf8);
        const size_t length = strlen(shown);

        if (used + length + 1 > capacity) {
            strcpy(out + cut, "...");
            break;
        }
        memcpy(out + used, shown, length + 1);
        used += length;
        i += covered;
        if (used + 4 <= capacity)
            cut = used;
    }
    return out;
}

const char *printable(char *out, size_t capacity, const char *text)
{
    return printable_bytes(out, capacity, text ? text : "", text ? strlen(text) : 0);
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return -1;
}

const char *printable_href(char *out, size_t capacity, const char *href)
{
    const size_t size = strlen(href);
    char *decoded = malloc(size + 1);
    size_t length = 0;

    if (!decoded)
        return printable_bytes(out, capacity, href, size);
    for (size_t i = 0; i < size; i++) {
        const int high = href[i] == '%' && i + 2 < size ? hex_value(href[i + 1]) : -1;
        const int low = high >= 0 ? hex_value(href[i + 2]) : -1;
        const int value = low >= 0 ? high * 16 + low : '/';

        decoded[length++] = value == '/' ? href[i] : (char)value;
        if (value != '/')
            i += 2;
    }
    printable_bytes(out, capacity, decoded, length);
    free(decoded);
    return out;
}
