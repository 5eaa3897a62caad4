/* uri_resolve.c - a reference becomes a URL (RFC 3986 section 5.2, strict: "http:g" is not "g").
 *
 * One that names scheme or authority is written out and parsed as any other URL. Of one that does
 * not (most monitors' do not) only path and query are new, and their bytes have been looked at; all
 * else is that of base, which was parsed before. */
#include "exchange/uri.h"
#include "exchange/uri_parts.h"

#include <interim.h>
#include <stdlib.h>
#include <string.h>

/* Text that is being written; its memory is large enough for base and reference together. */
typedef struct writer {
    char *text;
    size_t length;
} writer;

static void append(writer *out, const char *text, size_t length)
{
    if (length > 0)
        memcpy(out->text + out->length, text, length);
    out->length += length;
}

static bool is_dots(const char *segment, size_t length, size_t dots)
{
    return length == dots && memcmp(segment, "..", dots) == 0;
}

/* RFC 3986 section 5.2.4, in place, on a path that begins with '/'. Returns its new length. */
static size_t remove_dots(char *path, size_t length)
{
    size_t in = 0, out = 0;

    while (in < length) {
        size_t end = in + 1;
        bool here, up;

        while (end < length && path[end] != '/')
            end++;
        here = is_dots(path + in + 1, end - in - 1, 1);
        up = is_dots(path + in + 1, end - in - 1, 2);
        if (up)
            while (out > 0 && path[--out] != '/')
                ;
        if (!here && !up) {
            memmove(path + out, path + in, end - in);
            out += end - in;
        } else if (end == length) {
            path[out++] = '/'; /* "/a/." and "/a/b/.." are folders */
        }
        in = end;
    }
    return out;
}

/* RFC 3986 section 5.2.2, for a reference with a scheme, an authority, or both. */
static void append_resolved(writer *out, const interim__uri *base, const interim__uri_parts *ref)
{
    interim__uri_view scheme = ref->scheme;
    size_t start;

    if (scheme.at == NULL)
        scheme = (interim__uri_view){base->text, base->tls ? 5 : 4};
    append(out, scheme.at, scheme.length);
    append(out, ":", 1);
    if (ref->authority.at != NULL) {
        append(out, "//", 2);
        append(out, ref->authority.at, ref->authority.length);
    }
    start = out->length;
    append(out, ref->path.at, ref->path.length);
    if (ref->path.length > 0 && ref->path.at[0] == '/')
        out->length = start + remove_dots(out->text + start, ref->path.length);
    if (ref->query.at != NULL) {
        append(out, "?", 1);
        append(out, ref->query.at, ref->query.length);
    }
}

static int resolve_elsewhere(interim__uri **out, const interim__uri *base,
                             const interim__uri_parts *ref, size_t length, const char **problem)
{
    writer text = {malloc(strlen(base->text) + length + 8), 0};
    int status;

    if (text.text == NULL)
        return INTERIM_ENOMEM;
    append_resolved(&text, base, ref);
    status = interim__uri_parse(out, text.text, text.length, problem);
    free(text.text);
    return status;
}

/* How much of the path of base, which is never empty, stands before that of the reference (RFC 3986
 * section 5.2.3). */
static size_t kept_of_path(const interim__uri *base, interim__uri_view path)
{
    size_t kept = base->path_length;

    if (path.length > 0 && path.at[0] == '/')
        return 0;
    if (path.length > 0)
        while (base->target[kept - 1] != '/')
            kept--;
    return kept;
}

static interim__uri_view query_of(const interim__uri *base, const interim__uri_parts *ref)
{
    const char *query = base->target + base->path_length;

    if (ref->path.length > 0 || ref->query.at != NULL || *query == '\0')
        return ref->query;
    return (interim__uri_view){query + 1, strlen(query + 1)};
}

/* Host and authority lie one behind the other, as interim__uri_parse wrote them. */
static void take_authority(interim__uri *uri, char *at, const interim__uri *base, size_t size)
{
    memcpy(at, base->host, size);
    uri->host = at;
    uri->authority = at + (base->authority - base->host);
}

static int resolve_within(interim__uri **out, const interim__uri *base,
                          const interim__uri_parts *ref, const char **problem)
{
    size_t origin = (size_t)(base->target - base->text), kept = kept_of_path(base, ref->path);
    size_t names = (size_t)(base->authority - base->host) + strlen(base->authority) + 1;
    interim__uri_view query = query_of(base, ref);
    interim__uri *uri =
        malloc(sizeof *uri + origin + kept + ref->path.length + 1 + query.length + 1 + names);
    writer text;

    if (uri == NULL)
        return INTERIM_ENOMEM;
    *uri = (interim__uri){
        .owners = 1, .port = base->port, .tls = base->tls, .target = uri->text + origin};
    text = (writer){uri->text, 0};
    append(&text, base->text, origin + kept);
    append(&text, ref->path.at, ref->path.length);
    if (ref->path.length > 0)
        text.length = origin + remove_dots(uri->text + origin, kept + ref->path.length);
    uri->path_length = (uint16_t)(text.length - origin);
    if (query.at != NULL) {
        append(&text, "?", 1);
        append(&text, query.at, query.length);
    }
    if (text.length > INTERIM__URI_MAX) {
        *problem = "it is longer than 16384 bytes";
        free(uri);
        return INTERIM_EURL;
    }
    append(&text, "", 1);
    take_authority(uri, uri->text + text.length, base, names);
    *out = uri;
    return 0;
}

/* path-noscheme: ":8080/x" or a mistyped scheme is not a path (RFC 3986 section 4.2). */
static const char *check_first_segment(const interim__uri_parts *ref)
{
    if (ref->scheme.at != NULL || ref->authority.at != NULL)
        return NULL;
    for (size_t i = 0; i < ref->path.length && ref->path.at[i] != '/'; i++)
        if (ref->path.at[i] == ':')
            return "the first segment of the relative path holds a colon";
    return NULL;
}

int interim__uri_resolve(interim__uri **out, const interim__uri *base, const char *reference,
                         size_t length, const char **problem)
{
    interim__uri_parts parts;
    const char *why = interim__uri_split(&parts, reference, length);
    int status = INTERIM_EURL;

    *out = NULL;
    if (why == NULL)
        why = check_first_segment(&parts);
    if (why == NULL)
        status = parts.scheme.at != NULL || parts.authority.at != NULL
                     ? resolve_elsewhere(out, base, &parts, length, &why)
                     : resolve_within(out, base, &parts, &why);
    if (problem != NULL)
        *problem = why;
    return status;
}
