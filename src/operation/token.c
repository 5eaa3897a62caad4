/* token.c - see token.h. */
#include "operation/token.h"

#include "base/error.h"
#include "base/text.h"
#include "operation/request.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define VERSION "interim1"
#define CHECKSUM " crc32="
#define CHECKSUM_LENGTH (sizeof CHECKSUM - 1 + 8)
#define TIME_MAX INT64_C(253402300799999) /* the end of the year 9999 */

/* The parts of a token in their order, and what of interim__token each holds. */
enum kind { METHOD, DIALECT, URL, URL_OR_NONE, TIME, TIME_OR_NEVER, FLAGS };

static const struct part {
    char name[12];
    unsigned char kind, offset;
} parts[] = {
    {" method=", METHOD, offsetof(interim__token, method)},
    {" url=", URL, offsetof(interim__token, url)},
    {" dialect=", DIALECT, offsetof(interim__token, dialect)},
    {" monitor=", URL, offsetof(interim__token, monitor)},
    {" task=", URL_OR_NONE, offsetof(interim__token, task)},
    {" result=", URL_OR_NONE, offsetof(interim__token, result)},
    {" until=", TIME_OR_NEVER, offsetof(interim__token, until_ms)},
    {" flags=", FLAGS, offsetof(interim__token, flags)},
    {" after=", TIME, offsetof(interim__token, after_ms)},
};

#define PARTS (sizeof parts / sizeof *parts)

/* Of interim__token_flag, from its lowest bit on. */
static const char flag_names[][12] = {"strict",      "own-origin", "embedded", "processing",
                                      "answered",    "latched",    "redfish",  "verifying",
                                      "cancellable", "cancelling"};

#define FLAG_COUNT (sizeof flag_names / sizeof *flag_names)

static uint32_t checksum(const char *text, size_t length)
{
    return (uint32_t)crc32(0, (const Bytef *)text, (uInt)length);
}

/* ---- writing ---- */

static int put(interim__buffer *out, const char *name, const char *value)
{
    int failed = interim__buffer_append_text(out, name);

    return failed < 0 ? failed : interim__buffer_append_text(out, value);
}

static int put_flags(interim__buffer *out, const char *before, unsigned flags)
{
    int failed = flags == 0 ? put(out, before, "none") : 0;

    for (size_t i = 0; failed == 0 && i < FLAG_COUNT; i++)
        if ((flags >> i & 1) != 0) {
            failed = put(out, before, flag_names[i]);
            before = ",";
        }
    return failed;
}

static int put_part(interim__buffer *out, const struct part *part, const interim__token *token)
{
    const void *from = (const char *)token + part->offset;
    const interim__uri *url;
    char digits[24];

    switch (part->kind) {
    case METHOD:
        return put(out, part->name, token->method);
    case DIALECT:
        return put(out, part->name, token->dialect->name);
    case FLAGS:
        return put_flags(out, part->name, token->flags);
    case TIME:
    case TIME_OR_NEVER:
        snprintf(digits, sizeof digits, "%lld", (long long)*(const int64_t *)from);
        return put(out, part->name, *digits == '-' ? "never" : digits);
    default:
        url = *(interim__uri *const *)from;
        return url == NULL ? 0 : put(out, part->name, url->text);
    }
}

int interim__token_write(interim__buffer *out, const interim__token *token, uint32_t *state)
{
    size_t start = out->length;
    char digits[9];
    int failed = interim__buffer_append_text(out, VERSION);

    for (size_t i = 0; failed == 0 && i < PARTS; i++) {
        if (i == PARTS - 1 && state != NULL)
            *state = checksum(out->data + start, out->length - start);
        failed = put_part(out, &parts[i], token);
    }
    if (failed < 0)
        return failed;
    snprintf(digits, sizeof digits, "%08x",
             (unsigned)checksum(out->data + start, out->length - start));
    return put(out, CHECKSUM, digits);
}

/* ---- reading ---- */

static int wrong(interim_error *error, const char *what, const char *why)
{
    return interim__error_set(error, INTERIM_ETOKEN, INTERIM_STAGE_START, "%s%s", what, why);
}

/* The text before the checksum, once that is right. */
static int check_whole(size_t *length, const char *text, interim_error *error)
{
    size_t size = strnlen(text, INTERIM__TOKEN_MAX + 1);
    size_t digits;
    char wanted[9];

    if (size > INTERIM__TOKEN_MAX)
        return wrong(error, "it is longer than a token can be", "");
    if (strncmp(text, "interim", 7) != 0)
        return wrong(error, "it does not begin as a token does", "");
    digits = strspn(text + 7, "0123456789");
    if (digits == 0 || text[7 + digits] != ' ')
        return wrong(error, "it does not begin as a token does", "");
    if (digits != 1 || text[7] != '1')
        return wrong(error, "it was made by a newer libinterim, or was changed", "");
    if (size < CHECKSUM_LENGTH ||
        strncmp(text + size - CHECKSUM_LENGTH, CHECKSUM, sizeof CHECKSUM - 1) != 0)
        return wrong(error, "it does not end as a token does; it may be cut short", "");
    *length = size - CHECKSUM_LENGTH;
    snprintf(wanted, sizeof wanted, "%08x", (unsigned)checksum(text, *length));
    if (strcmp(text + size - 8, wanted) != 0)
        return wrong(error, "its checksum is wrong; it was changed", "");
    return 0;
}

/* Takes the part that begins with name. NULL, and nothing is taken, when the next one does not. */
static const char *take(const char **at, const char *end, const char *name, size_t *length)
{
    size_t begin = strlen(name);
    const char *value = *at + begin, *stop;

    if ((size_t)(end - *at) < begin || strncmp(*at, name, begin) != 0)
        return NULL;
    stop = memchr(value, ' ', (size_t)(end - value));
    *at = stop == NULL ? end : stop;
    *length = (size_t)(*at - value);
    return value;
}

/* All that follow: value is NULL when the part is not there. A URL must not leave TLS if the
 * request's has it. */
static int read_url(interim__uri **out, const char *name, const char *value, size_t length,
                    const interim__token *token, interim_error *error)
{
    const char *problem = "it is not there";
    int failed = INTERIM_EURL;
    char what[24];

    if (value != NULL)
        failed = interim__uri_parse(out, value, length, &problem);
    if (failed == 0 && token->url->tls && !(*out)->tls) {
        interim__uri_dispose(out);
        failed = INTERIM_EURL;
        problem = "it goes from https to http";
    }
    if (failed == INTERIM_ENOMEM)
        return interim__error_set(error, failed, INTERIM_STAGE_START, "out of memory");
    snprintf(what, sizeof what, "%.*s: ", (int)strlen(name) - 2, name + 1);
    return failed == 0 ? 0 : wrong(error, what, problem);
}

static bool read_method(interim__token *out, const char *value, size_t length)
{
    if (value == NULL || length >= sizeof out->method || !interim__text_is_token(value, length) ||
        interim__text_is(value, length, "connect"))
        return false;
    memcpy(out->method, value, length);
    out->method[length] = '\0';
    return true;
}

static bool read_time(int64_t *out, const char *value, size_t length, bool never)
{
    *out = -1;
    if (value != NULL && never && interim__text_is(value, length, "never"))
        return true;
    return value != NULL && interim__text_decimal(out, value, length, NULL) && *out <= TIME_MAX;
}

static bool read_flags(unsigned *out, const char *value, size_t length)
{
    const char *name;
    size_t name_length;

    if (interim__text_is(value, length, "none"))
        return true;
    while (interim__text_next_element(&value, &length, &name, &name_length)) {
        size_t i = 0;

        while (i < FLAG_COUNT && !interim__text_is(name, name_length, flag_names[i]))
            i++;
        if (i == FLAG_COUNT)
            return false;
        *out |= 1U << i;
    }
    return true;
}

static int read_part(interim__token *out, const struct part *part, const char *value, size_t length,
                     interim_error *error)
{
    void *to = (char *)out + part->offset;
    const char *problem;
    bool right;

    switch (part->kind) {
    case METHOD:
        right = read_method(out, value, length);
        problem = "its method is none";
        break;
    case DIALECT:
        out->dialect = value == NULL ? NULL : interim__dialect_named(value, length);
        right = out->dialect != NULL;
        problem = "its dialect is not known here";
        break;
    case FLAGS:
        right = value != NULL && read_flags(&out->flags, value, length);
        problem = value == NULL ? "its flags are missing" : "a flag in it is not known here";
        break;
    case TIME:
    case TIME_OR_NEVER:
        right = read_time(to, value, length, part->kind == TIME_OR_NEVER);
        problem = "a time in it is none";
        break;
    default:
        return value == NULL && part->kind == URL_OR_NONE
                   ? 0
                   : read_url(to, part->name, value, length, out, error);
    }
    return right ? 0 : wrong(error, problem, "");
}

static int read_all(interim__token *out, const char *at, const char *end, interim_error *error)
{
    int failed = 0;

    for (size_t i = 0; failed == 0 && i < PARTS; i++) {
        size_t length = 0;
        const char *value = take(&at, end, parts[i].name, &length);

        failed = read_part(out, &parts[i], value, length, error);
    }
    if (failed == 0 && at != end)
        failed = wrong(error, "there is more in it than a token has", "");
    return failed;
}

static bool is_away(const interim__uri *url, const interim__uri *home)
{
    return url != NULL && !interim__uri_same_origin(url, home);
}

/* Whether the parts go together: no job of ours comes to others. */
static int check_sense(const interim__token *token, interim_error *error)
{
    bool own = (token->flags & INTERIM__TOKEN_OWN_ORIGIN) != 0;
    bool strict = (token->flags & INTERIM__TOKEN_STRICT) != 0;

    /* A poll of this dialect is the request once more, which must change nothing. */
    if (token->dialect->repeats && strcmp(token->method, "GET") != 0 &&
        strcmp(token->method, "HEAD") != 0)
        return wrong(error, "its method would be sent again", "");
    if (own && (is_away(token->monitor, token->url) || is_away(token->task, token->url) ||
                is_away(token->result, token->url)))
        return wrong(error, "it leads to another origin, and says that this is forbidden", "");
    if (strict && token->dialect->reads_bodies)
        return wrong(error, "its dialect cannot be followed by status codes alone", "");
    return 0;
}

/* A token is written in one way. */
static int check_spelling(const interim__token *token, const char *text, interim_error *error)
{
    interim__buffer again = {0};
    int failed = interim__token_write(&again, token, NULL);

    if (failed < 0)
        interim__error_set(error, failed, INTERIM_STAGE_START, "out of memory");
    else if (strcmp(again.data, text) != 0)
        failed = wrong(error, "it is not written as tokens are", "");
    interim__buffer_dispose(&again);
    return failed;
}

int interim__token_read(interim__token *out, const char *text, interim_error *error)
{
    size_t length = 0;
    int failed = check_whole(&length, text, error);

    *out = (interim__token){0};
    if (failed == 0)
        failed = read_all(out, text + sizeof VERSION - 1, text + length, error);
    if (failed == 0)
        failed = check_sense(out, error);
    if (failed == 0)
        failed = check_spelling(out, text, error);
    if (failed < 0)
        interim__token_dispose(out);
    return failed;
}

void interim__token_dispose(interim__token *token)
{
    interim__uri_dispose(&token->url);
    interim__uri_dispose(&token->monitor);
    interim__uri_dispose(&token->task);
    interim__uri_dispose(&token->result);
    *token = (interim__token){0};
}
