/* uri_resolve.c - a reference becomes a URL (RFC 3986 section 5.2, strict: "http:g" is not "g").
 *
 * The parts are chosen by the table of section 5.2.2, written one behind the other and parsed as
 * any other URL, so that nothing can come out of here that interim__uri_parse would refuse. */
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

static void append_path(writer *out, interim__uri_view path)
{
    size_t start = out->length;

    append(out, path.at, path.length);
    if (path.length > 0 && path.at[0] == '/')
        out->length = start + remove_dots(out->text + start, path.length);
}

/* RFC 3986 section 5.2.3; the path of base is never empty. */
static void append_merged(writer *out, interim__uri_view base, interim__uri_view path)
{
    size_t start = out->length, folder = base.length;

    while (base.at[folder - 1] != '/')
        folder--;
    append(out, base.at, folder);
    append(out, path.at, path.length);
    out->length = start + remove_dots(out->text + start, out->length - start);
}

static void append_authority(writer *out, interim__uri_view authority)
{
    append(out, "//", 2);
    append(out, authority.at, authority.length);
}

/* RFC 3986 section 5.2.2. */
static void append_resolved(writer *out, const interim__uri_parts *base,
                            const interim__uri_parts *ref)
{
    interim__uri_view scheme = ref->scheme.at != NULL ? ref->scheme : base->scheme;
    interim__uri_view query = ref->query;

    append(out, scheme.at, scheme.length);
    append(out, ":", 1);
    if (ref->scheme.at != NULL || ref->authority.at != NULL) {
        if (ref->authority.at != NULL)
            append_authority(out, ref->authority);
        append_path(out, ref->path);
    } else {
        append_authority(out, base->authority);
        if (ref->path.length == 0) {
            append(out, base->path.at, base->path.length);
            if (query.at == NULL)
                query = base->query;
        } else if (ref->path.at[0] == '/') {
            append_path(out, ref->path);
        } else {
            append_merged(out, base->path, ref->path);
        }
    }
    if (query.at != NULL) {
        append(out, "?", 1);
        append(out, query.at, query.length);
    }
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

/* The parts of a URL, which are known. */
static interim__uri_parts parts_of(const interim__uri *uri)
{
    size_t scheme = uri->tls ? 5 : 4;
    const char *authority = uri->text + scheme + 3, *query = uri->target + uri->path_length;
    interim__uri_parts parts = {0};

    parts.scheme = (interim__uri_view){uri->text, scheme};
    parts.authority = (interim__uri_view){authority, (size_t)(uri->target - authority)};
    parts.path = (interim__uri_view){uri->target, uri->path_length};
    if (*query == '?')
        parts.query = (interim__uri_view){query + 1, strlen(query + 1)};
    return parts;
}

int interim__uri_resolve(interim__uri **out, const interim__uri *base, const char *reference,
                         size_t length, const char **problem)
{
    interim__uri_parts base_parts = parts_of(base), parts;
    const char *why = interim__uri_split(&parts, reference, length);
    writer text = {NULL, 0};
    int status;

    *out = NULL;
    if (why == NULL)
        why = check_first_segment(&parts);
    if (problem != NULL)
        *problem = why;
    if (why != NULL)
        return INTERIM_EURL;
    text.text = malloc(strlen(base->text) + length + 8);
    if (text.text == NULL)
        return INTERIM_ENOMEM;
    append_resolved(&text, &base_parts, &parts);
    status = interim__uri_parse(out, text.text, text.length, problem);
    free(text.text);
    return status;
}
