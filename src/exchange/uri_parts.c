/* uri_parts.c - see uri_parts.h.
 *
 * RFC 3986 lets a reader split by the first delimiter it meets, and all readers must meet the same
 * one: a byte that some client takes for a delimiter and another does not (backslash, a raw space,
 * a control, a byte beyond ASCII) is how two programs come to disagree about the host of one URL.
 * Such bytes are refused here, before anything else looks at the text. */
#include "exchange/uri_parts.h"

#include "base/text.h"
#include "exchange/uri.h"

#include <string.h>

/* Sets of ASCII: a bit for each byte below 64, and one for each from 64 on. */
#define LOW(byte) (UINT64_C(1) << (byte))
#define HIGH(byte) (UINT64_C(1) << ((byte)-64))
#define DIGITS UINT64_C(0x03ff000000000000)
#define LETTERS UINT64_C(0x07fffffe07fffffe)

#define UNRESERVED_LOW (DIGITS | LOW('-') | LOW('.'))
#define UNRESERVED_HIGH (LETTERS | HIGH('_') | HIGH('~'))
#define SUBDELIMS                                                                                  \
    (LOW('!') | LOW('$') | LOW('&') | LOW('\'') | LOW('(') | LOW(')') | LOW('*') | LOW('+') |      \
     LOW(',') | LOW(';') | LOW('='))
#define DELIMS_LOW (LOW(':') | LOW('/') | LOW('?') | LOW('#'))
#define DELIMS_HIGH (HIGH('[') | HIGH(']') | HIGH('@'))

static bool is_in(char byte, uint64_t low, uint64_t high)
{
    unsigned char code = (unsigned char)byte;

    return code < 128 && ((code < 64 ? low : high) >> (code & 63) & 1) != 0;
}

bool interim__uri_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

bool interim__uri_is_alpha(char byte)
{
    return is_in(byte, 0, LETTERS);
}

bool interim__uri_is_unreserved(char byte)
{
    return is_in(byte, UNRESERVED_LOW, UNRESERVED_HIGH);
}

bool interim__uri_is_subdelim(char byte)
{
    return is_in(byte, SUBDELIMS, 0);
}

char interim__uri_unhex(const char *digits)
{
    unsigned value =
        (unsigned)interim__text_hex(digits[0]) * 16 + (unsigned)interim__text_hex(digits[1]);

    return (char)(unsigned char)value;
}

static const char *refusal_of(char byte)
{
    unsigned char code = (unsigned char)byte;

    if (code == '%')
        return "a percent sign is not followed by two hexadecimal digits";
    if (code <= 0x20 || code == 0x7f)
        return "it holds a space or a control character";
    if (code >= 0x80)
        return "it holds a byte that is not ASCII";
    if (byte == '\\')
        return "it holds a backslash";
    return "it holds a character that must be percent-encoded";
}

static const char *check_bytes(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_in(text[i], UNRESERVED_LOW | SUBDELIMS | DELIMS_LOW,
                   UNRESERVED_HIGH | DELIMS_HIGH) &&
            (text[i] != '%' || length - i < 3 || interim__text_hex(text[i + 1]) < 0 ||
             interim__text_hex(text[i + 2]) < 0))
            return refusal_of(text[i]);
    return NULL;
}

static bool holds(interim__uri_view view, char byte)
{
    return view.length > 0 && memchr(view.at, byte, view.length) != NULL;
}

static const char *check_parts(const interim__uri_parts *parts)
{
    const interim__uri_view rest[] = {parts->path, parts->query, parts->fragment};

    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
        if (holds(rest[i], '[') || holds(rest[i], ']'))
            return "it holds a bracket outside the host";
    if (holds(parts->fragment, '#'))
        return "it holds a second number sign";
    return NULL;
}

/* The bytes from *at up to one of stops, which are low, or to end; *at goes behind them. */
static interim__uri_view take_until(const char **at, const char *end, uint64_t stops)
{
    interim__uri_view view = {*at, 0};

    while (*at < end && !is_in(**at, stops, 0))
        ++*at;
    view.length = (size_t)(*at - view.at);
    return view;
}

const char *interim__uri_split(interim__uri_parts *out, const char *text, size_t length)
{
    const char *at = text, *end, *problem;
    interim__uri_view first;

    *out = (interim__uri_parts){0};
    out->path.at = "";
    if (length > INTERIM__URI_MAX)
        return "it is longer than 16384 bytes";
    if (length == 0)
        return NULL;
    end = text + length;
    problem = check_bytes(text, length);
    if (problem != NULL)
        return problem;
    first = take_until(&at, end, DELIMS_LOW);
    if (first.length > 0 && at < end && *at == ':') {
        out->scheme = first;
        at++;
    } else {
        at = text;
    }
    if (end - at >= 2 && at[0] == '/' && at[1] == '/') {
        at += 2;
        out->authority = take_until(&at, end, LOW('/') | LOW('?') | LOW('#'));
    }
    out->path = take_until(&at, end, LOW('?') | LOW('#'));
    if (at < end && *at == '?') {
        at++;
        out->query = take_until(&at, end, LOW('#'));
    }
    if (at < end) {
        at++;
        out->fragment = take_until(&at, end, 0);
    }
    return check_parts(out);
}
