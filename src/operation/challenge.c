/* challenge.c - see challenge.h. */
#include "operation/challenge.h"

#include "base/text.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static void skip_blanks(interim__challenge_reader *text)
{
    while (text->at < text->end && is_blank(*text->at))
        text->at++;
}

static void skip_blanks_and_commas(interim__challenge_reader *text)
{
    while (text->at < text->end && (is_blank(*text->at) || *text->at == ','))
        text->at++;
}

static bool at_element_end(const interim__challenge_reader *text)
{
    return text->at == text->end || *text->at == ',';
}

static size_t take_token(interim__challenge_reader *text, const char **out)
{
    *out = text->at;
    while (text->at < text->end && interim__text_is_token(text->at, 1))
        text->at++;
    return (size_t)(text->at - *out);
}

/* Behind an opening quote: up to and over the closing one. False: there is none, or a control
 * character comes first. */
static bool take_quoted(interim__challenge_reader *text, const char **out, size_t *length)
{
    *out = text->at;
    for (; text->at < text->end && !is_control(*text->at); text->at++) {
        if (*text->at == '"') {
            *length = (size_t)(text->at++ - *out);
            return true;
        }
        if (*text->at == '\\' && (++text->at == text->end || is_control(*text->at)))
            return false;
    }
    return false;
}

/* Passes over what is malformed, up to the next comma outside of quotes. An open quote takes the
 * rest of the field along: nothing in it can be trusted. */
static void skip_element(interim__challenge_reader *text)
{
    bool quoted = false;

    for (; text->at < text->end && (quoted || *text->at != ','); text->at++) {
        if (*text->at == '"')
            quoted = !quoted;
        else if (quoted && *text->at == '\\' && text->at + 1 < text->end)
            text->at++;
    }
}

/* An unquoted value: a token, and what servers write instead of one (a URL, base64). */
static size_t take_plain(interim__challenge_reader *text, const char **out)
{
    *out = text->at;
    while (text->at < text->end && (unsigned char)*text->at > 0x20 && *text->at != 0x7f &&
           strchr(",\"\\", *text->at) == NULL)
        text->at++;
    return (size_t)(text->at - *out);
}

static bool same_name(const interim__parameter *a, const interim__parameter *b)
{
    size_t i = 0;

    while (i < a->name_length && i < b->name_length &&
           (a->name[i] == b->name[i] || ((a->name[i] ^ b->name[i]) == 0x20 &&
                                         (a->name[i] | 0x20) >= 'a' && (a->name[i] | 0x20) <= 'z')))
        i++;
    return i == a->name_length && i == b->name_length;
}

/* Counts the parameter in, unless it is there already (RFC 9110 section 11.2). */
static bool add_parameter(interim__challenge *out)
{
    const interim__parameter *added = &out->parameters[out->parameter_count];

    for (size_t i = 0; i < out->parameter_count; i++)
        if (same_name(&out->parameters[i], added))
            return false;
    out->parameter_count++;
    return true;
}

static bool take_parameter(interim__challenge_reader *text, interim__challenge *out)
{
    interim__parameter *parameter = &out->parameters[out->parameter_count];

    if (out->parameter_count == INTERIM__PARAMETERS_MAX)
        return false;
    *parameter = (interim__parameter){0};
    parameter->name_length = take_token(text, &parameter->name);
    skip_blanks(text);
    if (parameter->name_length == 0 || text->at == text->end || *text->at != '=')
        return false;
    text->at++;
    skip_blanks(text);
    if (text->at < text->end && *text->at == '"') {
        text->at++;
        parameter->quoted = true;
        if (!take_quoted(text, &parameter->value, &parameter->value_length)) {
            text->at = text->end;
            return false;
        }
    } else {
        parameter->value_length = take_plain(text, &parameter->value);
        if (parameter->value_length == 0)
            return false;
    }
    skip_blanks(text);
    return at_element_end(text) && add_parameter(out);
}

/* token68, up to the end of the element; else nothing is taken. */
static bool take_token68(interim__challenge_reader *text, interim__challenge *out)
{
    const char *start = text->at;

    while (text->at < text->end && *text->at != '=' &&
           (interim__text_is_token(text->at, 1) || *text->at == '/'))
        text->at++;
    while (text->at > start && text->at < text->end && *text->at == '=')
        text->at++;
    out->token68_length = (size_t)(text->at - start);
    skip_blanks(text);
    if (out->token68_length > 0 && at_element_end(text)) {
        out->token68 = start;
        return true;
    }
    out->token68_length = 0;
    text->at = start;
    return false;
}

/* Whether a parameter comes, and not the scheme of another challenge. Nothing is taken. */
static bool comes_parameter(const interim__challenge_reader *text)
{
    interim__challenge_reader ahead = *text;
    const char *name;

    if (take_token(&ahead, &name) == 0)
        return false;
    skip_blanks(&ahead);
    return ahead.at < ahead.end && *ahead.at == '=';
}

/* Takes the parameters that follow, each behind a comma. */
static bool take_parameters(interim__challenge_reader *text, interim__challenge *out)
{
    bool good = true;

    for (;;) {
        skip_blanks_and_commas(text);
        if (!comes_parameter(text))
            return good;
        if (!take_parameter(text, out)) {
            good = false;
            skip_element(text);
        }
    }
}

/* Takes one challenge, well-formed or not; what belongs to a malformed one is taken with it, so
 * that it is not mistaken for another. */
static bool take_challenge(interim__challenge_reader *text, interim__challenge *out)
{
    bool good = true;
    const char *behind;

    *out = (interim__challenge){0};
    out->scheme_length = take_token(text, &out->scheme);
    behind = text->at;
    skip_blanks(text);
    if (!at_element_end(text)) {
        /* A blank ends the scheme, nothing else does. */
        good = out->scheme_length > 0 && text->at > behind &&
               (take_token68(text, out) || take_parameter(text, out));
        if (!good)
            skip_element(text);
    }
    return take_parameters(text, out) && good && out->scheme_length > 0;
}

void interim__challenge_begin(interim__challenge_reader *reader, const interim__fields *fields,
                              const char *name)
{
    *reader = (interim__challenge_reader){.fields = fields, .name = name};
}

bool interim__challenge_next(interim__challenge_reader *reader, interim__challenge *out)
{
    for (;;) {
        skip_blanks_and_commas(reader);
        if (reader->at == reader->end) {
            reader->field = interim__fields_next(reader->fields, reader->name, reader->field);
            if (reader->field == NULL) {
                reader->seen = INTERIM__CHALLENGES_MAX; /* the end stays the end */
                return false;
            }
            reader->at = reader->field->value;
            reader->end = reader->at + reader->field->value_length;
            continue;
        }
        if (reader->seen == INTERIM__CHALLENGES_MAX)
            return false;
        reader->seen++;
        if (take_challenge(reader, out))
            return true;
    }
}

bool interim__challenge_read_parameters(interim__challenge *out, const char *text, size_t length)
{
    interim__challenge_reader reader = {.at = text, .end = text + length};

    *out = (interim__challenge){0};
    return take_parameters(&reader, out) && reader.at == reader.end;
}

const interim__parameter *interim__challenge_find(const interim__challenge *challenge,
                                                  const char *name)
{
    for (size_t i = 0; i < challenge->parameter_count; i++)
        if (interim__text_is(challenge->parameters[i].name, challenge->parameters[i].name_length,
                             name))
            return &challenge->parameters[i];
    return NULL;
}

ptrdiff_t interim__challenge_value(char *out, size_t size, const interim__parameter *parameter)
{
    size_t length = 0;

    for (size_t i = 0; i < parameter->value_length; i++) {
        char c = parameter->value[i];

        if (parameter->quoted && c == '\\')
            c = parameter->value[++i];
        if (length + 1 >= size)
            return -1;
        out[length++] = c;
    }
    if (size == 0)
        return -1;
    out[length] = '\0';
    return (ptrdiff_t)length;
}
