/* log_json.c - writes JSON, piece by piece: a line of the event log is made for every event, and
 * trees of values cost ten times as much. Non-ASCII is escaped: a line shows the same on every
 * terminal, and steers none. */
#include "client/log_json.h"

#include "base/text.h"

#include <string.h>

/* Makes room for size bytes and returns where they go; NULL: there is none. */
static char *room(interim__json *json, size_t size)
{
    interim__buffer *out = &json->out;

    if (size < out->capacity - out->length)
        return out->data + out->length;
    if (json->failed || interim__buffer_reserve(out, size) < 0) {
        json->failed = 1;
        return NULL;
    }
    return out->data + out->length;
}

void interim__json_put(interim__json *json, const char *text, size_t length)
{
    char *at = room(json, length);

    if (at == NULL)
        return;
    memcpy(at, text, length);
    json->out.length += length;
}

static void put_byte(interim__json *json, char byte)
{
    char *at = room(json, 1);

    if (at == NULL)
        return;
    *at = byte;
    json->out.length++;
}

void interim__json_key(interim__json *json, const char *key, size_t length)
{
    size_t comma = json->out.length > 0 && json->out.data[json->out.length - 1] == '{';

    interim__json_put(json, key + comma, length - comma);
}

/* ---- Numbers --------------------------------------------------------------------------------- */

void interim__json_integer(interim__json *json, int64_t number)
{
    char *at = room(json, 1 + INTERIM__DECIMAL);

    if (at == NULL)
        return;
    if (number < 0) {
        *at++ = '-';
        json->out.length++;
    }
    json->out.length +=
        interim__text_put_decimal(at, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

/* Without the printf family, which would ask the locale for the point. */
void interim__json_number(interim__json *json, double number)
{
    uint64_t scale = 100000, scaled;
    char digits[16];
    size_t length = 0;

    for (double limit = 10; number >= limit && scale > 1; limit *= 10)
        scale /= 10;
    scaled = (uint64_t)(number * (double)scale + 0.5);
    interim__json_integer(json, (int64_t)(scaled / scale));
    digits[length++] = '.';
    do {
        scaled %= scale;
        scale = scale > 1 ? scale / 10 : 1;
        digits[length++] = (char)('0' + scaled / scale % 10);
    } while (scaled % scale > 0);
    interim__json_put(json, digits, length);
}

/* ---- Text ------------------------------------------------------------------------------------ */

static unsigned long code_point(const unsigned char *text, size_t size)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned long point = text[0] & masks[size];

    for (size_t i = 1; i < size; i++)
        point = point << 6 | (text[i] & 0x3f);
    return point;
}

static void put_unit(interim__json *json, unsigned long unit)
{
    static const char hex[] = "0123456789ABCDEF";
    const char text[] = {
        '\\', 'u', hex[unit >> 12 & 15], hex[unit >> 8 & 15], hex[unit >> 4 & 15], hex[unit & 15]};

    interim__json_put(json, text, sizeof text);
}

static void put_escaped(interim__json *json, unsigned long point)
{
    static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *name = point == 0 || point > 0x7f ? NULL : strchr(named, (int)point);

    if (name != NULL) {
        put_byte(json, '\\');
        put_byte(json, letters[name - named]);
    } else if (point < 0x10000) {
        put_unit(json, point);
    } else {
        put_unit(json, 0xd800 + ((point - 0x10000) >> 10));
        put_unit(json, 0xdc00 + ((point - 0x10000) & 0x3ff));
    }
}

/* Whether all of eight bytes stand for themselves: none below a blank, no '"', no '\\', nothing
 * from DEL on. A byte that is below what is taken off it borrows into its own highest bit. */
static bool are_plain(const char *bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t eight, quotes, slashes;

    memcpy(&eight, bytes, sizeof eight);
    quotes = eight ^ ones * '"';
    slashes = eight ^ ones * '\\';
    return (((eight - ones * ' ') | (quotes - ones) | (slashes - ones) | (eight + ones) | eight) &
            high) == 0;
}

/* Writes the bytes from the beginning on that stand for themselves, and tells how many. */
static size_t put_plain(interim__json *json, const char *text, size_t length)
{
    char *at = room(json, length);
    size_t i = 0;

    if (at == NULL)
        return length;
    for (; length - i >= 8 && are_plain(text + i); i += 8)
        memcpy(at + i, text + i, 8);
    if (length > 8 && length - i < 8 && are_plain(text + length - 8)) { /* some of them again */
        memcpy(at + length - 8, text + length - 8, 8);
        i = length;
    }
    for (; i < length; i++) {
        char byte = text[i];

        if (byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\')
            break;
        at[i] = byte;
    }
    json->out.length += i;
    return i;
}

void interim__json_string(interim__json *json, const char *text, size_t length, size_t cap)
{
    size_t most = length < cap ? length : cap, at = 0;

    put_byte(json, '"');
    for (;;) {
        const unsigned char *here;
        size_t size = put_plain(json, text + at, most - at);

        at += size;
        if (at == most)
            break;
        here = (const unsigned char *)text + at;
        size = interim__text_utf8_length((const char *)here, length - at);
        if (size > most - at)
            break; /* a character is not cut in half */
        put_escaped(json, size == 0 || *here == 0x7f ? 0xfffd : code_point(here, size));
        at += size == 0 ? 1 : size;
    }
    if (at < length)
        put_escaped(json, 0x2026);
    put_byte(json, '"');
}
