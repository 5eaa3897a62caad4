/* log_fields.c - fields of the peer's in the event log, and which are blanked.
 *
 * A log outlives what it describes and is read by people who were not trusted with the password. So
 * the rules are wide: it is cheaper to blank a value that was harmless than to log one that was
 * not.
 * - A field whose name speaks of a credential has no value at all. Of WWW-Authenticate and
 *   Proxy-Authenticate a well-known scheme stays, because it is what an operator asks for.
 * - A value that is or holds a URL loses user-info, query and fragment: a monitor's URL is often
 * all that is needed to read or stop the job. */
#include "client/log_json.h"

#include "base/buffer.h"
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

#define NAME_MAX_BYTES 128
#define PREFIX "http.response.header."

static const char blank[] = "REDACTED";

/* ---- Names ----------------------------------------------------------------------------------- */

/* Looks for all of them at once, where their first letters are. */
static bool holds_any(const char *name, const char *const *words)
{
    unsigned first = 0;

    for (const char *const *word = words; *word != NULL; word++)
        first |= 1U << (**word & 31);
    for (; *name != '\0'; name++)
        for (const char *const *word = words; (first >> (*name & 31) & 1) && *word != NULL; word++)
            if (**word == *name && strncmp(name, *word, strlen(*word)) == 0)
                return true;
    return false;
}

/* name is in lower case, with '-' for '_'. */
static bool is_secret(const char *name)
{
    static const char *const words[] = {
        "auth",      "cookie",    "token",          "secret",  "passw", "passphrase",
        "signature", "api-key",   "apikey",         "session", "jwt",   "-key",
        "credent",   "assertion", "transferheader", NULL};

    if (holds_any(name, words))
        return true;
    return strncmp(name, "proxy-", 6) == 0 && strcmp(name, "proxy-status") != 0 &&
           strcmp(name, "proxy-connection") != 0;
}

/* Azure-AsyncOperation is the one monitor whose name does not say so. */
static bool is_url(const char *name)
{
    static const char *const words[] = {"location",    "uri",      "url",     "link",
                                        "destination", "refresh",  "monitor", "asyncoperation",
                                        "referer",     "callback", "href",    NULL};

    return holds_any(name, words);
}

/* A '?' with a '=' somewhere behind it is a query, whatever the field. */
static bool looks_like_url(const char *value, size_t length)
{
    const char *query = length > 0 ? memchr(value, '?', length) : NULL;

    for (size_t i = 0; i + 2 < length; i++)
        if (memcmp(value + i, "://", 3) == 0)
            return true;
    return query != NULL && memchr(query, '=', length - (size_t)(query - value)) != NULL;
}

/* ---- Values ---------------------------------------------------------------------------------- */

static size_t until(const char *text, size_t at, size_t length, const char *stops)
{
    while (at < length && (text[at] == '\0' || strchr(stops, text[at]) == NULL))
        at++;
    return at;
}

/* What follows "//" up to the path: user-info goes. Returns where to go on. */
static size_t skip_user_info(interim__buffer *out, const char *value, size_t at, size_t length,
                             int *failed)
{
    size_t end = until(value, at, length, "/?#<> \"\\"), after = at;

    for (size_t i = at; i < end; i++)
        if (value[i] == '@')
            after = i + 1;
    if (after > at)
        *failed |= interim__buffer_append_text(out, "...@") < 0;
    return after;
}

/* Within <...> (RFC 8288) a URL ends at the '>', else only with the value: a raw blank in a URL is
 * the peer's mistake and must not let out what follows it. */
static int append_url(interim__buffer *out, const char *value, size_t length)
{
    bool angle = false;
    int failed = 0;

    for (size_t at = 0; at < length && !failed;) {
        char byte = value[at++];

        if (byte == '<' || byte == '>')
            angle = byte == '<';
        failed |= interim__buffer_append(out, &byte, 1) < 0;
        if (byte == '/' && at < length && value[at] == '/') {
            failed |= interim__buffer_append_text(out, "/") < 0;
            at = skip_user_info(out, value, at + 1, length, &failed);
        } else if ((byte == '?' || byte == '#') && at < length) {
            at = angle ? until(value, at, length, ">") : length;
            failed |= interim__buffer_append_text(out, "...") < 0;
        }
    }
    return failed ? INTERIM_ENOMEM : 0;
}

static int append_blank(interim__buffer *out, const char *name, const char *value, size_t length)
{
    static const char *const schemes[] = {"basic", "bearer", "digest", "dpop",
                                          "hoba",  "mutual", "ntlm",   "negotiate"};
    size_t word = until(value, 0, length, " \t,");

    if (strcmp(name, "www-authenticate") == 0 || strcmp(name, "proxy-authenticate") == 0)
        for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
            if (interim__text_is(value, word, schemes[i])) {
                if (interim__buffer_append(out, value, word) < 0 ||
                    interim__buffer_append_text(out, " ") < 0)
                    return INTERIM_ENOMEM;
            }
    return interim__buffer_append_text(out, blank);
}

/* ---- Fields ---------------------------------------------------------------------------------- */

/* The value as it is logged; key is PREFIX and the name in lower case. */
static void add_value(interim__json *out, const interim_field *field, const char *key)
{
    char name[NAME_MAX_BYTES + 1];
    interim__buffer text = {0};
    const char *value = field->value;
    size_t length = field->value_length;
    int status = 0;

    strcpy(name, key + strlen(PREFIX));
    for (char *at = name; *at != '\0'; at++)
        if (*at == '_')
            *at = '-';
    if (is_secret(name))
        status = append_blank(&text, name, value, length);
    else if (is_url(name) || looks_like_url(value, length))
        status = append_url(&text, value, length);
    if (text.data != NULL) {
        value = text.data;
        length = text.length;
    }
    if (status < 0)
        out->failed = 1;
    interim__json_string(out, value, length, INTERIM__LOG_VALUE_MAX);
    interim__buffer_dispose(&text);
}

static bool is_loggable(const interim_field *field)
{
    return field->name_length <= NAME_MAX_BYTES &&
           interim__text_is_token(field->name, field->name_length);
}

static bool is_same_name(const interim_field *a, const interim_field *b)
{
    return a == b || (a->name_length == b->name_length && interim__text_equal(a->name, b->name));
}

/* One array a name, as OpenTelemetry has it: repeated fields are not joined. It stands where the
 * first one came. */
static void add_array(interim__json *out, const interim_field *const *fields, size_t count)
{
    char key[sizeof PREFIX + NAME_MAX_BYTES] = PREFIX;
    size_t start = sizeof PREFIX - 1, values = 0;

    for (size_t i = 0; i < fields[0]->name_length; i++) {
        char byte = fields[0]->name[i];

        key[start + i] = byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
    }
    interim__json_name(out, key);
    for (size_t i = 0; i < count; i++)
        if (is_same_name(fields[0], fields[i])) {
            interim__json_put(out, values++ == 0 ? "[" : ",", 1);
            add_value(out, fields[i], key);
        }
    interim__json_put(out, "]", 1);
}

void interim__log_add_fields(interim__json *out, const interim_field *fields, size_t count)
{
    const interim_field *logged[INTERIM__LOG_FIELDS_MAX];
    size_t chosen = 0;

    for (size_t i = 0; i < count && chosen < INTERIM__LOG_FIELDS_MAX; i++)
        if (is_loggable(&fields[i]))
            logged[chosen++] = &fields[i];
    for (size_t i = 0; i < chosen; i++) {
        size_t before = 0;

        while (!is_same_name(logged[before], logged[i]))
            before++;
        if (before == i)
            add_array(out, logged + i, chosen - i);
    }
    if (chosen == count)
        return;
    interim__json_name(out, "interim.fields_left_out");
    interim__json_integer(out, (int64_t)(count - chosen));
}
