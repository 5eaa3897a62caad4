/* text.c - see text.h. */
#include "base/text.h"

#include <string.h>

const bool interim__text_token_chars[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 0x00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 0x10 */
    0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0, /* 0x20 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, /* 0x30 */
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 0x40 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, /* 0x50 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 0x60 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, /* 0x70 */
};

static char lower_of(char c)
{
    return (unsigned char)c - (unsigned)'A' < 26 ? (char)(c | 0x20) : c;
}

size_t interim__text_token_length(const char *text, size_t length)
{
    size_t i = 0;

    while (i < length && interim__text_token_chars[(unsigned char)text[i]])
        i++;
    return i;
}

bool interim__text_is_token(const char *text, size_t length)
{
    return length > 0 && interim__text_token_length(text, length) == length;
}

bool interim__text_begins(const char *text, size_t length, const char *prefix)
{
    for (size_t i = 0; prefix[i] != '\0'; i++)
        if (i >= length || lower_of(text[i]) != prefix[i])
            return false;
    return true;
}

bool interim__text_equal(const char *a, const char *b)
{
    while (*a != '\0' && lower_of(*a) == lower_of(*b))
        a++, b++;
    return lower_of(*a) == lower_of(*b);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

void interim__text_trim(const char **text, size_t *length)
{
    while (*length > 0 && is_blank((*text)[0]))
        (*text)++, (*length)--;
    while (*length > 0 && is_blank((*text)[*length - 1]))
        (*length)--;
}

bool interim__text_next_element(const char **list, size_t *list_length, const char **element,
                                size_t *length)
{
    while (*list_length > 0) {
        const char *comma = memchr(*list, ',', *list_length);
        size_t taken = comma == NULL ? *list_length : (size_t)(comma - *list);

        *element = *list;
        *length = taken;
        taken += comma != NULL;
        *list += taken;
        *list_length -= taken;
        interim__text_trim(element, length);
        if (*length > 0)
            return true;
    }
    return false;
}

bool interim__text_decimal(int64_t *out, const char *text, size_t length, bool *overflow)
{
    const char *end = text + length;
    uint64_t value = 0; /* once it is above INT64_MAX it stays there */

    for (; text < end; text++) {
        unsigned digit = (unsigned char)*text - (unsigned)'0';

        if (digit > 9)
            return false;
        value = value > INT64_MAX / 10 ? UINT64_MAX : value * 10 + digit;
    }
    if (overflow != NULL)
        *overflow = value > INT64_MAX;
    *out = value > INT64_MAX ? INT64_MAX : (int64_t)value;
    return length > 0 && value <= INT64_MAX;
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

/* Two digits a step: a division costs more than all else here. */
char *interim__text_put_digits(char *out, unsigned number, unsigned digits)
{
    char *end = out + digits, *at = end;

    for (; at - out >= 2; number /= 100)
        memcpy(at -= 2, pairs + (size_t)(number % 100) * 2, 2);
    if (at > out)
        *--at = (char)('0' + number % 10);
    return end;
}

size_t interim__text_put_decimal(char out[INTERIM__DECIMAL], uint64_t value)
{
    char digits[INTERIM__DECIMAL];
    size_t at = sizeof digits, length;

    for (; value >= 100; value /= 100)
        memcpy(digits + (at -= 2), pairs + value % 100 * 2, 2);
    digits[--at] = pairs[value * 2 + 1];
    if (value >= 10)
        digits[--at] = pairs[value * 2];
    length = sizeof digits - at;
    memcpy(out, digits + at, length);
    out[length] = '\0';
    return length;
}

void interim__text_put(char *out, size_t size, const char *text)
{
    size_t length = strnlen(text, size - 1);

    memcpy(out, text, length);
    out[length] = '\0';
}

void interim__text_clean(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

const signed char interim__text_hex_values[256] = {
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, /* 0x00 */
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, /* 0x10 */
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, /* 0x20 */
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  -1, -1, -1, -1, -1, -1, /* 0x30 */
    -1, 10, 11, 12, 13, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, /* 0x40 */
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, /* 0x50 */
    -1, 10, 11, 12, 13, 14, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, /* 0x60 */
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, /* 0x70 */
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, /* 0x80 */
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, /* 0x90 */
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, /* 0xa0 */
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, /* 0xb0 */
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, /* 0xc0 */
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, /* 0xd0 */
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, /* 0xe0 */
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, /* 0xf0 */
};

size_t interim__text_utf8_length(const char *text, size_t length)
{
    unsigned char lead = (unsigned char)text[0], low = 0x80, high = 0xbf;
    size_t size = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

    if (size == 0 || size > length || lead > 0xf4)
        return 0;
    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (byte < (i == 1 ? low : 0x80) || byte > (i == 1 ? high : 0xbf))
            return 0;
    }
    return size;
}
