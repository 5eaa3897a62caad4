/* structured.c - see structured.h. Each function takes what it understands off the front of a text,
 * and says false when that is not there. */
#include "exchange/structured.h"

#include "base/text.h"

#include <string.h>

typedef struct span {
    const char *at, *end;
} span;

static char first(const span *text)
{
    return text->at == text->end ? '\0' : *text->at;
}

static bool take(span *text, char wanted)
{
    if (text->at == text->end || *text->at != wanted)
        return false;
    text->at++;
    return true;
}

static void take_blanks(span *text, const char *blanks)
{
    while (first(text) != '\0' && strchr(blanks, first(text)) != NULL)
        text->at++;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_alpha(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static size_t take_digits(span *text, size_t most, int64_t *value)
{
    size_t count = 0;

    for (*value = 0; count < most && is_digit(first(text)); count++)
        *value = *value * 10 + (*text->at++ - '0');
    return count;
}

/* An Integer or a Decimal. */
static bool take_number(span *text, bool *is_integer, int64_t *value)
{
    bool negative = take(text, '-');
    int64_t fraction;
    size_t digits = take_digits(text, 15, value), decimals;

    if (negative)
        *value = -*value;
    *is_integer = !take(text, '.');
    if (*is_integer)
        return digits > 0 && !is_digit(first(text));
    decimals = take_digits(text, 3, &fraction);
    return digits > 0 && digits <= 12 && decimals > 0 && !is_digit(first(text));
}

static bool take_string(span *text)
{
    text->at++;
    while (text->at < text->end && *text->at != '"') {
        if (*text->at < 0x20 || *text->at > 0x7e)
            return false;
        if (take(text, '\\') && first(text) != '"' && first(text) != '\\')
            return false;
        text->at++;
    }
    return take(text, '"');
}

static bool take_bytes(span *text)
{
    text->at++;
    while (is_alpha(first(text)) || is_digit(first(text)) || first(text) == '+' ||
           first(text) == '/' || first(text) == '=')
        text->at++;
    return take(text, ':');
}

static bool take_token(span *text)
{
    size_t size;

    do {
        size = interim__text_token_length(text->at, (size_t)(text->end - text->at));
        if (size == 0)
            size = first(text) == ':' || first(text) == '/';
        text->at += size;
    } while (size > 0);
    return true;
}

static bool take_bare_item(span *text, bool *is_integer, int64_t *value)
{
    bool whole;

    *is_integer = false;
    switch (first(text)) {
    case '"':
        return take_string(text);
    case ':':
        return take_bytes(text);
    case '?':
        text->at++;
        return take(text, '0') || take(text, '1');
    case '@':
        text->at++;
        return take_number(text, &whole, value) && whole;
    case '%':
        text->at++;
        return first(text) == '"' && take_string(text);
    default:
        if (first(text) == '-' || is_digit(first(text)))
            return take_number(text, is_integer, value);
        return (is_alpha(first(text)) || first(text) == '*') && take_token(text);
    }
}

static bool take_key(span *text)
{
    if (!is_lower(first(text)) && first(text) != '*')
        return false;
    while (is_lower(first(text)) || is_digit(first(text)) ||
           (first(text) != '\0' && strchr("_-.*", first(text)) != NULL))
        text->at++;
    return true;
}

static bool take_parameters(span *text)
{
    bool is_integer;
    int64_t value;

    while (take(text, ';')) {
        take_blanks(text, " ");
        if (!take_key(text) || (take(text, '=') && !take_bare_item(text, &is_integer, &value)))
            return false;
    }
    return true;
}

static bool take_inner_list(span *text)
{
    bool is_integer;
    int64_t value;

    text->at++;
    take_blanks(text, " ");
    while (first(text) != ')') {
        if (!take_bare_item(text, &is_integer, &value) || !take_parameters(text) ||
            (first(text) != ' ' && first(text) != ')'))
            return false;
        take_blanks(text, " ");
    }
    return take(text, ')');
}

bool interim__structured_integer(int64_t *out, const char *text, size_t length)
{
    span rest = {text, text + length};
    bool is_integer;

    return (is_digit(first(&rest)) || first(&rest) == '-') &&
           take_number(&rest, &is_integer, out) && is_integer && take_parameters(&rest) &&
           rest.at == rest.end;
}

bool interim__structured_boolean(bool *out, const char *text, size_t length)
{
    span rest = {text, text + length};

    if (!take(&rest, '?'))
        return false;
    *out = first(&rest) == '1';
    return (take(&rest, '0') || take(&rest, '1')) && take_parameters(&rest) && rest.at == rest.end;
}

static bool take_value(span *text, interim__structured_member *out)
{
    if (!take(text, '='))
        return true; /* true */
    if (first(text) == '(')
        return take_inner_list(text);
    return take_bare_item(text, &out->is_integer, &out->integer);
}

int interim__structured_next(interim__structured_member *out, const char **text, size_t *length)
{
    span rest = {*text, *text + *length};
    bool more;

    if (*length == 0)
        return 0;
    *out = (interim__structured_member){.key = rest.at};
    if (!take_key(&rest))
        return -1;
    out->key_length = (size_t)(rest.at - out->key);
    if (!take_value(&rest, out) || !take_parameters(&rest))
        return -1;
    take_blanks(&rest, " \t");
    more = take(&rest, ',');
    take_blanks(&rest, " \t");
    /* A comma at the end is none of a Dictionary's. */
    if (more == (rest.at == rest.end))
        return -1;
    *text = rest.at;
    *length = (size_t)(rest.end - rest.at);
    return 1;
}
