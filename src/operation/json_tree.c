/* json_tree.c - see json_tree.h. */
#include "operation/json_tree.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

#define EXACT 9007199254740992.0 /* 2^53 */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Length of what stands here, 0 for what JSON is not made of. */
static size_t piece(const char *text, size_t length, bool *in_string)
{
    if ((unsigned char)*text < 0x20)
        return !*in_string && is_blank(*text) ? 1 : 0;
    if (*text == '"')
        *in_string = !*in_string;
    if (*text != '\\' || length < 2)
        return interim__text_utf8_length(text, length);
    if (length >= 6 && memcmp(text, "\\u0000", 6) == 0)
        return 0;
    return 2; /* an escaped quote ends nothing */
}

/* Whether the text is such as JSON is made of; its grammar is cJSON's affair. */
static bool is_text(const char *text, size_t length)
{
    bool in_string = false;

    for (size_t at = 0, size; at < length; at += size) {
        unsigned char byte = (unsigned char)text[at];
        bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';

        size = plain ? 1 : piece(text + at, length - at, &in_string);
        if (size == 0)
            return false;
    }
    return true;
}

/* cJSON tells neither of memory that it did not get, but malloc does, by errno. */
static cJSON *parse(const char *body, size_t length, bool *starved)
{
    const char *end = NULL;
    cJSON *tree;

    errno = 0;
    tree = cJSON_ParseWithLengthOpts(body, length, &end, 0);
    *starved = tree == NULL && errno == ENOMEM;
    while (tree != NULL && end < body + length && is_blank(*end))
        end++;
    if (tree == NULL || end == body + length)
        return tree;
    cJSON_Delete(tree); /* something follows it */
    return NULL;
}

cJSON *interim__tree_read(const char *body, size_t length, bool *starved)
{
    *starved = false;
    if (length >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0)
        body += 3, length -= 3;
    while (length > 0 && is_blank(*body))
        body++, length--;
    /* Most bodies are no document, and their first byte tells. */
    if (length == 0 || (*body != '{' && *body != '[') || !is_text(body, length))
        return NULL;
    return parse(body, length, starved);
}

/* Of members with one name the last counts, as with most readers: they are to see the same. */
const cJSON *interim__tree_get(const cJSON *object, const char *name)
{
    const cJSON *found = NULL;

    if (!cJSON_IsObject(object))
        return NULL;
    for (const cJSON *at = object->child; at != NULL; at = at->next)
        if (strcmp(at->string, name) == 0)
            found = at;
    return found;
}

const char *interim__tree_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue((cJSON *)interim__tree_get(object, name));
}

const cJSON *interim__tree_first(const cJSON *object, const char *name)
{
    const cJSON *array = interim__tree_get(object, name);

    return cJSON_IsArray(array) ? array->child : NULL;
}

bool interim__tree_integer(int64_t *out, const cJSON *value)
{
    double number = cJSON_IsNumber(value) ? value->valuedouble : EXACT + EXACT;

    if (!(number >= -EXACT && number <= EXACT) || (double)(int64_t)number != number)
        return false;
    *out = (int64_t)number;
    return true;
}
