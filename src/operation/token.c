/* token.c - see token.h. */
#include "operation/token.h"

#include "base/error.h"
#include "base/text.h"
#include "operation/request.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define VERSION "interim1"
#define CHECKSUM " crc32="
#define CHECKSUM_LENGTH (sizeof CHECKSUM - 1 + 8)
#define TIME_MAX INT64_C(253402300799999) /* the end of the year 9999 */

static const struct flag_name {
    interim__token_flag flag;
    const char *name;
} flag_names[] = {
    {INTERIM__TOKEN_STRICT, "strict"},           {INTERIM__TOKEN_OWN_ORIGIN, "own-origin"},
    {INTERIM__TOKEN_EMBEDDED, "embedded"},       {INTERIM__TOKEN_PROCESSING, "processing"},
    {INTERIM__TOKEN_ANSWERED, "answered"},       {INTERIM__TOKEN_LATCHED, "latched"},
    {INTERIM__TOKEN_REDFISH, "redfish"},         {INTERIM__TOKEN_VERIFYING, "verifying"},
    {INTERIM__TOKEN_CANCELLABLE, "cancellable"}, {INTERIM__TOKEN_CANCELLING, "cancelling"},
};

#define FLAGS (sizeof flag_names / sizeof *flag_names)

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

static int put_url(interim__buffer *out, const char *name, const interim__uri *url)
{
    return url == NULL ? 0 : put(out, name, url->text);
}

static int put_time(interim__buffer *out, const char *name, int64_t time_ms)
{
    char digits[24];

    snprintf(digits, sizeof digits, "%lld", (long long)time_ms);
    return put(out, name, time_ms < 0 ? "never" : digits);
}

static int put_flags(interim__buffer *out, unsigned flags)
{
    const char *before = " flags=";
    int failed = flags == 0 ? put(out, before, "none") : 0;

    for (size_t i = 0; failed == 0 && i < FLAGS; i++)
        if ((flags & flag_names[i].flag) != 0) {
            failed = put(out, before, flag_names[i].name);
            before = ",";
        }
    return failed;
}

int interim__token_write(interim__buffer *out, const interim__token *token, uint32_t *state)
{
    size_t start = out->length;
    char digits[9];
    int failed = put(out, VERSION " method=", token->method);

    if (failed == 0)
        failed = put_url(out, " url=", token->url);
    if (failed == 0)
        failed = put(out, " dialect=", token->dialect->name);
    if (failed == 0)
        failed = put_url(out, " monitor=", token->monitor);
    if (failed == 0)
        failed = put_url(out, " task=", token->task);
    if (failed == 0)
        failed = put_url(out, " result=", token->result);
    if (failed == 0)
        failed = put_time(out, " until=", token->until_ms);
    if (failed == 0)
        failed = put_flags(out, token->flags);
    if (failed == 0 && state != NULL)
        *state = checksum(out->data + start, out->length - start);
    if (failed == 0)
        failed = put_time(out, " after=", token->after_ms);
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

/* A URL, which must not leave TLS if the request's has it. */
static int take_url(interim__uri **out, const char **at, const char *end, const char *name,
                    const interim__token *token, interim_error *error)
{
    const char *problem = "it is not there";
    size_t length = 0;
    const char *value = take(at, end, name, &length);
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

static int take_optional_url(interim__uri **out, const char **at, const char *end, const char *name,
                             const interim__token *token, interim_error *error)
{
    size_t length = strlen(name);

    if ((size_t)(end - *at) < length || strncmp(*at, name, length) != 0)
        return 0;
    return take_url(out, at, end, name, token, error);
}

static int take_method(interim__token *out, const char **at, const char *end, interim_error *error)
{
    size_t length = 0;
    const char *value = take(at, end, " method=", &length);

    if (value == NULL || length >= sizeof out->method || !interim__text_is_token(value, length) ||
        interim__text_is(value, length, "connect"))
        return wrong(error, "its method is none", "");
    memcpy(out->method, value, length);
    out->method[length] = '\0';
    return 0;
}

static int take_dialect(interim__token *out, const char **at, const char *end, interim_error *error)
{
    size_t length = 0;
    const char *value = take(at, end, " dialect=", &length);

    out->dialect = value == NULL ? NULL : interim__dialect_named(value, length);
    return out->dialect == NULL ? wrong(error, "its dialect is not known here", "") : 0;
}

static int take_time(int64_t *out, const char **at, const char *end, const char *name, bool never,
                     interim_error *error)
{
    size_t length = 0;
    const char *value = take(at, end, name, &length);

    *out = -1;
    if (value != NULL && never && interim__text_is(value, length, "never"))
        return 0;
    if (value == NULL || !interim__text_decimal(out, value, length, NULL) || *out > TIME_MAX)
        return wrong(error, "a time in it is none", "");
    return 0;
}

static int take_flags(interim__token *out, const char **at, const char *end, interim_error *error)
{
    size_t length = 0, name_length;
    const char *value = take(at, end, " flags=", &length), *name;

    if (value == NULL)
        return wrong(error, "its flags are missing", "");
    if (interim__text_is(value, length, "none"))
        return 0;
    while (interim__text_next_element(&value, &length, &name, &name_length)) {
        size_t i = 0;

        while (i < FLAGS && !interim__text_is(name, name_length, flag_names[i].name))
            i++;
        if (i == FLAGS)
            return wrong(error, "a flag in it is not known here", "");
        out->flags |= flag_names[i].flag;
    }
    return 0;
}

static int take_all(interim__token *out, const char *at, const char *end, interim_error *error)
{
    int failed = take_method(out, &at, end, error);

    if (failed == 0)
        failed = take_url(&out->url, &at, end, " url=", out, error);
    if (failed == 0)
        failed = take_dialect(out, &at, end, error);
    if (failed == 0)
        failed = take_url(&out->monitor, &at, end, " monitor=", out, error);
    if (failed == 0)
        failed = take_optional_url(&out->task, &at, end, " task=", out, error);
    if (failed == 0)
        failed = take_optional_url(&out->result, &at, end, " result=", out, error);
    if (failed == 0)
        failed = take_time(&out->until_ms, &at, end, " until=", true, error);
    if (failed == 0)
        failed = take_flags(out, &at, end, error);
    if (failed == 0)
        failed = take_time(&out->after_ms, &at, end, " after=", false, error);
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
        failed = take_all(out, text + sizeof VERSION - 1, text + length, error);
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
