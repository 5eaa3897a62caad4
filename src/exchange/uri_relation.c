/* uri_relation.c - how the paths of two URLs lie to each other (interim_url_compare).
 *
 * This guards against copying a tree into itself, so it looks at what a server would make of a
 * path, not at its spelling. Segments are split at '/' only, then decoded: "%2F" is a byte of a
 * name and never a separator, "%2e%2e" is "..". Dot segments go first, as RFC 3986 section 5.2.4
 * has it, and empty segments afterwards, because servers that serve folders take "//" for "/". */
#include "exchange/uri.h"
#include "exchange/uri_parts.h"

#include <interim.h>
#include <stdlib.h>
#include <string.h>

/* The path as its segments; their bytes lie in the same allocation, behind them. */
typedef struct segments {
    interim__uri_view *at;
    size_t count;
} segments;

static size_t decode(char *out, const char *text, size_t length)
{
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '%') {
            out[used++] = interim__uri_unhex(text + i + 1);
            i += 2;
        } else {
            out[used++] = text[i];
        }
    }
    return used;
}

static void add_segment(segments *out, const char *name, size_t length)
{
    if (length == 1 && name[0] == '.')
        return;
    if (length == 2 && memcmp(name, "..", 2) == 0) {
        if (out->count > 0)
            out->count--;
        return;
    }
    out->at[out->count++] = (interim__uri_view){name, length};
}

static void drop_empty(segments *list)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++)
        if (list->at[i].length > 0)
            list->at[kept++] = list->at[i];
    list->count = kept;
}

static int read_segments(segments *out, const interim__uri *uri)
{
    const char *at = uri->target, *end = at + uri->path_length;
    size_t most = 0;
    char *bytes;

    *out = (segments){0};
    for (const char *slash = at; slash < end; slash++)
        most += *slash == '/';
    out->at = malloc(most * sizeof *out->at + uri->path_length);
    if (out->at == NULL)
        return INTERIM_ENOMEM;
    bytes = (char *)(out->at + most);
    while (at < end) {
        const char *start = ++at; /* behind the '/' */
        size_t length;

        while (at < end && *at != '/')
            at++;
        length = decode(bytes, start, (size_t)(at - start));
        add_segment(out, bytes, length);
        bytes += length;
    }
    drop_empty(out);
    return 0;
}

static int compare(const segments *a, const segments *b)
{
    size_t shared = a->count < b->count ? a->count : b->count;

    for (size_t i = 0; i < shared; i++)
        if (a->at[i].length != b->at[i].length ||
            memcmp(a->at[i].at, b->at[i].at, a->at[i].length) != 0)
            return INTERIM_URL_APART;
    if (a->count == b->count)
        return INTERIM_URL_SAME;
    return a->count < b->count ? INTERIM_URL_INSIDE : INTERIM_URL_AROUND;
}

int interim__uri_relation(const interim__uri *a, const interim__uri *b)
{
    segments of_a = {0}, of_b = {0};
    int relation;

    if (!interim__uri_same_origin(a, b))
        return INTERIM_URL_OTHER_ORIGIN;
    relation = read_segments(&of_a, a);
    if (relation == 0)
        relation = read_segments(&of_b, b);
    if (relation == 0)
        relation = compare(&of_a, &of_b);
    free(of_a.at);
    free(of_b.at);
    return relation;
}

/* Each name ends with a byte that hashes differently from any in a name, so that "a/b" is not "ab".
 */
static uint64_t hash_from(const segments *list, size_t first)
{
    const uint64_t prime = UINT64_C(1099511628211);
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = first; i < list->count; i++) {
        for (size_t k = 0; k < list->at[i].length; k++)
            hash = (hash ^ (unsigned char)list->at[i].at[k]) * prime;
        hash = (hash ^ 256) * prime;
    }
    return hash;
}

int interim__uri_below(uint64_t *hash, const interim__uri *root, const interim__uri *uri)
{
    segments of_root = {0}, of_uri = {0};
    int below;

    if (!interim__uri_same_origin(root, uri))
        return INTERIM_EURL;
    below = read_segments(&of_root, root);
    if (below == 0)
        below = read_segments(&of_uri, uri);
    if (below == 0) {
        int relation = compare(&of_root, &of_uri);

        below = relation == INTERIM_URL_SAME || relation == INTERIM_URL_INSIDE
                    ? (int)(of_uri.count - of_root.count)
                    : INTERIM_EURL;
        if (below >= 0)
            *hash = hash_from(&of_uri, of_root.count);
    }
    free(of_root.at);
    free(of_uri.at);
    return below;
}
