/* log_fields.c - fields of the peer's in the event log: which are blanked, and how text is made
 * safe to keep.
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

static bool holds_any(const char *name, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strstr(name, *words) != NULL)
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

/* ---- Text ------------------------------------------------------------------------------------ */

/* Length of the UTF-8 sequence at text (RFC 3629: no overlong form, no surrogate), 0 for none. */
static size_t utf8_length(const unsigned char *text, size_t length)
{
    unsigned char lead = text[0], low = 0x80, high = 0xbf;
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
        if (text[i] < (i == 1 ? low : 0x80) || text[i] > (i == 1 ? high : 0xbf))
            return 0;
    }
    return size;
}

json_t *interim__log_string(const char *text, size_t length, size_t cap)
{
    interim__buffer clean = {0};
    json_t *string = NULL;
    size_t at = 0;
    int failed = interim__buffer_append(&clean, "", 0);

    while (at < length && !failed) {
        size_t size = utf8_length((const unsigned char *)text + at, length - at);

        if (at + (size > 0 ? size : 1) > cap)
            break;
        if (size == 0 || text[at] == 0x7f) {
            failed = interim__buffer_append_text(&clean, "\xef\xbf\xbd");
            at++;
        } else {
            failed = interim__buffer_append(&clean, text + at, size);
            at += size;
        }
    }
    if (at < length && !failed)
        failed = interim__buffer_append_text(&clean, "\xe2\x80\xa6");
    if (!failed)
        string = json_stringn_nocheck(clean.data, clean.length);
    interim__buffer_dispose(&clean);
    return string;
}

/* ---- Fields ---------------------------------------------------------------------------------- */

/* The value as it is logged; key is PREFIX and the name in lower case. */
static json_t *make_value(const interim_field *field, const char *key)
{
    char name[NAME_MAX_BYTES + 1];
    interim__buffer text = {0};
    const char *value = field->value;
    size_t length = field->value_length;
    json_t *string = NULL;
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
    if (status == 0)
        string = interim__log_string(value, length, INTERIM__LOG_VALUE_MAX);
    interim__buffer_dispose(&text);
    return string;
}

/* One array a name, as OpenTelemetry has it: repeated fields are not joined. */
static int add_field(json_t *object, const interim_field *field)
{
    char key[sizeof PREFIX + NAME_MAX_BYTES] = PREFIX;
    size_t start = sizeof PREFIX - 1;
    json_t *array;

    for (size_t i = 0; i < field->name_length; i++) {
        char byte = field->name[i];

        key[start + i] = byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
    }
    array = json_object_get(object, key);
    if (array == NULL) {
        if (json_object_set_new_nocheck(object, key, json_array()) < 0)
            return INTERIM_ENOMEM;
        array = json_object_get(object, key);
    }
    return json_array_append_new(array, make_value(field, key)) < 0 ? INTERIM_ENOMEM : 0;
}

static bool is_loggable(const interim_field *field)
{
    return field->name_length <= NAME_MAX_BYTES &&
           interim__text_is_token(field->name, field->name_length);
}

int interim__log_add_fields(json_t *object, const interim_field *fields, size_t count)
{
    size_t logged = 0;

    for (size_t i = 0; i < count && logged < INTERIM__LOG_FIELDS_MAX; i++) {
        if (!is_loggable(&fields[i]))
            continue;
        if (add_field(object, &fields[i]) < 0)
            return INTERIM_ENOMEM;
        logged++;
    }
    if (logged == count)
        return 0;
    return json_object_set_new_nocheck(object, "interim.fields_left_out",
                                       json_integer((json_int_t)(count - logged)));
}
