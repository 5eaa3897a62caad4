/* way.c - how the origin of a request's URL is reached: what the caller gives is checked here. */
#include "operation/request.h"
#include "transport/local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* text: NULL takes back what was there. */
static int replace(char **out, const char *text)
{
    char *copy = text == NULL ? NULL : strdup(text);

    if (text != NULL && copy == NULL)
        return INTERIM_ENOMEM;
    free(*out);
    *out = copy;
    return 0;
}

static void forget_host(interim__way *way)
{
    replace(&way->host, NULL);
    way->port = 0;
}

int interim_request_set_unix_socket(interim_request *request, const char *path)
{
    interim__address address;
    int failed;

    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    if (path != NULL && !interim__address_unix(&address, path))
        return INTERIM_EINVAL;
    failed = replace(&request->way.socket_path, path);
    if (failed == 0 && path != NULL)
        forget_host(&request->way);
    return failed;
}

/* Writes a host as a URL has it: an IPv6 address in brackets, the percent sign before its zone
 * encoded (RFC 6874). */
static size_t write_url(char *out, const char *host)
{
    bool six = strchr(host, ':') != NULL, bare = six && host[0] != '[';
    size_t length = (size_t)sprintf(out, "http://%s", bare ? "[" : "");
    size_t before = six ? strcspn(host, "%") : strlen(host);

    return length + (size_t)sprintf(out + length, "%.*s%s%s%s", (int)before, host,
                                    host[before] == '%' ? "%25" : "",
                                    host + before + (host[before] == '%'), bare ? "]" : "");
}

/* What can be connected to is what a URL could name. Errors: EINVAL, ENOMEM. */
static int read_host(interim__uri **out, const char *host)
{
    size_t length = strlen(host);
    char *url;
    int failed;

    if (strpbrk(host, "/?#\\@") != NULL || (host[0] == '[' && host[length - 1] != ']'))
        return INTERIM_EINVAL;
    url = malloc(length + sizeof "http://[%25]");
    if (url == NULL)
        return INTERIM_ENOMEM;
    failed = interim__uri_parse(out, url, write_url(url, host), NULL);
    free(url);
    return failed == INTERIM_EURL ? INTERIM_EINVAL : failed;
}

int interim_request_set_connect_to(interim_request *request, const char *host, int port)
{
    interim__way *way = &request->way;
    interim__uri *uri;
    int failed;

    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    if (host == NULL) {
        forget_host(way);
        return 0;
    }
    if (port < 0 || port > 65535)
        return INTERIM_EINVAL;
    failed = read_host(&uri, host);
    if (failed < 0)
        return failed;
    failed = replace(&way->host, uri->host);
    interim__uri_dispose(&uri);
    if (failed < 0)
        return failed;
    way->port = port == 0 ? request->uri->port : (uint16_t)port;
    return replace(&way->socket_path, NULL);
}

int interim_request_set_local_address(interim_request *request, const char *address)
{
    interim__local local;

    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    if (address != NULL && !interim__local_parse(&local, address))
        return INTERIM_EINVAL;
    return replace(&request->way.local, address);
}
