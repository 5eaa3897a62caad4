/* url.c - the public functions on URLs: exchange/uri.h for callers who hold C strings. */
#include "exchange/uri.h"

#include <interim.h>
#include <string.h>

static int parse(interim__uri **out, const char *url)
{
    return interim__uri_parse(out, url, strlen(url), NULL);
}

int interim_url_resolve(char *out, size_t size, const char *base, const char *reference)
{
    interim__uri *from, *resolved;
    size_t length;
    int status;

    if (base == NULL || reference == NULL || (out == NULL && size > 0))
        return INTERIM_EINVAL;
    status = parse(&from, base);
    if (status < 0)
        return status;
    status = interim__uri_resolve(&resolved, from, reference, strlen(reference), NULL);
    interim__uri_dispose(&from);
    if (status < 0)
        return status;
    length = strlen(resolved->text);
    if (length < size)
        memcpy(out, resolved->text, length + 1);
    interim__uri_dispose(&resolved);
    return (int)length; /* at most INTERIM__URI_MAX */
}

int interim_url_compare(const char *a, const char *b)
{
    interim__uri *first, *second;
    int status;

    if (a == NULL || b == NULL)
        return INTERIM_EINVAL;
    status = parse(&first, a);
    if (status < 0)
        return status;
    status = parse(&second, b);
    if (status == 0)
        status = interim__uri_relation(first, second);
    interim__uri_dispose(&second);
    interim__uri_dispose(&first);
    return status;
}

const char *interim_url_problem(const char *url)
{
    const char *problem = NULL;
    interim__uri *uri;

    if (url == NULL)
        return "there is no URL";
    interim__uri_parse(&uri, url, strlen(url), &problem);
    interim__uri_dispose(&uri);
    return problem; /* NULL, too, when only memory was short: the URL is not to blame */
}
