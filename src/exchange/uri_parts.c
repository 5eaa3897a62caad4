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

bool interim__uri_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

bool interim__uri_is_alpha(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_one_of(char byte, const char *set)
{
    return byte != '\0' && strchr(set, byte) != NULL;
}

bool interim__uri_is_unreserved(char byte)
{
    return interim__uri_is_alpha(byte) || interim__uri_is_digit(byte) || is_one_of(byte, "-._~");
}

bool interim__uri_is_subdelim(char byte)
{
    return is_one_of(byte, "!$&'()*+,;=");
}

char interim__uri_unhex(const char *digits)
{
    unsigned value =
        (unsigned)interim__text_hex(digits[0]) * 16 + (unsigned)interim__text_hex(digits[1]);

    return (char)(unsigned char)value;
}

static const char *check_byte(char byte)
{
    unsigned char code = (unsigned char)byte;

    if (interim__uri_is_unreserved(byte) || interim__uri_is_subdelim(byte) ||
        is_one_of(byte, ":/?#[]@%"))
        return NULL;
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
    for (size_t i = 0; i < length; i++) {
        const char *problem = check_byte(text[i]);

        if (problem != NULL)
            return problem;
        if (text[i] == '%' && (length - i < 3 || interim__text_hex(text[i + 1]) < 0 ||
                               interim__text_hex(text[i + 2]) < 0))
            return "a percent sign is not followed by two hexadecimal digits";
    }
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

/* The bytes from *at up to one of stops or to end; *at goes behind them. */
static interim__uri_view take_until(const char **at, const char *end, const char *stops)
{
    interim__uri_view view = {*at, 0};

    while (*at < end && !is_one_of(**at, stops))
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
    first = take_until(&at, end, ":/?#");
    if (first.length > 0 && at < end && *at == ':') {
        out->scheme = first;
        at++;
    } else {
        at = text;
    }
    if (end - at >= 2 && at[0] == '/' && at[1] == '/') {
        at += 2;
        out->authority = take_until(&at, end, "/?#");
    }
    out->path = take_until(&at, end, "?#");
    if (at < end && *at == '?') {
        at++;
        out->query = take_until(&at, end, "#");
    }
    if (at < end) {
        at++;
        out->fragment = take_until(&at, end, "");
    }
    return check_parts(out);
}
