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
#include "base/words.h"

#include <stdbool.h>
#include <string.h>

#define NAME_MAX_BYTES 128

static const char blank[] = "REDACTED";

typedef enum { PLAIN, URL, SECRET } shown;

/* ---- Names ----------------------------------------------------------------------------------- */

/* What speaks of a secret or a URL, where its first letter is. Azure-AsyncOperation is the one
 * monitor whose name does not say so. */
typedef struct {
    char text[15];
    unsigned char shown;
} telling_word;

#define WITH(letter, ...)                                                                          \
    [letter & 31] = (const telling_word[])                                                         \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            "", PLAIN                                                                              \
        }                                                                                          \
    }
static const telling_word *const words[32] = {
    WITH('a', {"auth", SECRET}, {"api-key", SECRET}, {"apikey", SECRET}, {"assertion", SECRET},
         {"asyncoperation", URL}),
    WITH('c', {"cookie", SECRET}, {"credent", SECRET}, {"callback", URL}),
    WITH('d', {"destination", URL}),
    WITH('h', {"href", URL}),
    WITH('j', {"jwt", SECRET}),
    WITH('l', {"location", URL}, {"link", URL}),
    WITH('m', {"monitor", URL}, {"-key", SECRET}), /* '-' has the bits of 'm' */
    WITH('p', {"passw", SECRET}, {"passphrase", SECRET}),
    WITH('r', {"refresh", URL}, {"referer", URL}),
    WITH('s', {"secret", SECRET}, {"signature", SECRET}, {"session", SECRET}),
    WITH('t', {"token", SECRET}, {"transferheader", SECRET}),
    WITH('u', {"uri", URL}, {"url", URL}),
};

static bool begins(const char *text, const char *word)
{
    while (*word != '\0' && *text == *word)
        text++, word++;
    return *word == '\0';
}

/* name is in lower case, with '-' for '_'. */
static shown shown_as(const char *name)
{
    shown found = PLAIN;

    if (begins(name, "proxy-") && strcmp(name, "proxy-status") != 0 &&
        strcmp(name, "proxy-connection") != 0)
        return SECRET;
    for (const char *at = name; *at != '\0'; at++)
        for (const telling_word *word = words[*at & 31]; word != NULL && word->text[0] != '\0';
             word++)
            if (at[1] == word->text[1] && begins(at, word->text)) {
                if (word->shown == SECRET)
                    return SECRET;
                found = URL;
            }
    return found;
}

/* A '?' with a '=' somewhere behind it is a query, whatever the field. */
static bool looks_like_url(const char *value, size_t length)
{
    const char *end = value + length, *at = value;

    while (at < end && (at = memchr(at, ':', (size_t)(end - at))) != NULL)
        if (end - ++at >= 2 && at[0] == '/' && at[1] == '/')
            return true;
    at = length > 0 ? memchr(value, '?', length) : NULL;
    return at != NULL && memchr(at, '=', (size_t)(end - at)) != NULL;
}

/* ---- Values ---------------------------------------------------------------------------------- */

/* A byte from ' ' to '_', in a set of them. */
#define BYTE(byte) (UINT64_C(1) << ((byte) - ' '))
#define PATH (BYTE('/') | BYTE('?') | BYTE('#'))
#define ANGLES (BYTE('<') | BYTE('>'))

static size_t until(const char *text, size_t at, size_t length, uint64_t stops)
{
    for (; at < length; at++) {
        unsigned byte = (unsigned char)text[at] - (unsigned)' ';

        if (byte < 64 && (stops >> byte & 1) != 0)
            break;
    }
    return at;
}

/* What follows "//" up to the path: user-info goes. Returns where to go on. */
static size_t skip_user_info(interim__buffer *out, const char *value, size_t at, size_t length,
                             int *failed)
{
    size_t end = until(value, at, length, PATH | ANGLES | BYTE(' ') | BYTE('"') | BYTE('\\')),
           after = at;

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
    int failed = interim__buffer_reserve(out, length) < 0;

    for (size_t at = 0; at < length && !failed;) {
        size_t start = at;
        char byte;

        at = until(value, at, length, PATH | ANGLES);
        byte = at < length ? value[at++] : '\0';
        if (byte == '<' || byte == '>')
            angle = byte == '<';
        if (byte == '/' && at < length && value[at] == '/') {
            failed |= interim__buffer_append(out, value + start, ++at - start) < 0;
            at = skip_user_info(out, value, at, length, &failed);
            continue;
        }
        failed |= interim__buffer_append(out, value + start, at - start) < 0;
        if ((byte == '?' || byte == '#') && at < length) {
            at = angle ? until(value, at, length, BYTE('>')) : length;
            failed |= interim__buffer_append_text(out, "...") < 0;
        }
    }
    return failed ? INTERIM_ENOMEM : 0;
}

static int append_blank(interim__buffer *out, const char *name, const char *value, size_t length)
{
    static const char schemes[] = "basic\0bearer\0digest\0dpop\0hoba\0mutual\0ntlm\0negotiate\0";
    size_t word = interim__text_token_length(value, length);

    if (strcmp(name, "www-authenticate") == 0 || strcmp(name, "proxy-authenticate") == 0)
        if (interim__words_find(schemes, value, word) >= 0 &&
            (interim__buffer_append(out, value, word) < 0 ||
             interim__buffer_append_text(out, " ") < 0))
            return INTERIM_ENOMEM;
    return interim__buffer_append_text(out, blank);
}

/* ---- Fields ---------------------------------------------------------------------------------- */

/* The value as it is logged. */
static void add_value(interim__json *out, const interim_field *field, const char *name, shown kind)
{
    interim__buffer text = {0};
    const char *value = field->value;
    size_t length = field->value_length;
    int status = 0;

    if (kind == SECRET)
        status = append_blank(&text, name, value, length);
    else if (kind == URL || looks_like_url(value, length))
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
    char key[] = ",\"http.response.header.", name[NAME_MAX_BYTES + 3];
    size_t length = fields[0]->name_length, values = 0;
    shown kind;

    for (size_t i = 0; i < length; i++) {
        char byte = fields[0]->name[i];

        name[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
    }
    memcpy(name + length, "\":", 3);
    interim__json_key(out, key, sizeof key - 1);
    interim__json_put(out, name, length + 2);
    name[length] = '\0';
    for (char *at = name; (at = strchr(at, '_')) != NULL;)
        *at = '-';
    kind = shown_as(name);
    for (size_t i = 0; i < count; i++)
        if (is_same_name(fields[0], fields[i])) {
            interim__json_put(out, values++ == 0 ? "[" : ",", 1);
            add_value(out, fields[i], name, kind);
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
    interim__json_key(out, INTERIM__JSON_KEY("interim.fields_left_out"));
    interim__json_integer(out, (int64_t)(count - chosen));
}
