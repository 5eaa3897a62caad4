/* proxy.c - see proxy.h. */
#include "client/proxy.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

/* HTTP_PROXY in capitals is not read: a CGI server sets it from a request's Proxy field. */
static const char *environment(const char *lower, const char *upper)
{
    const char *value = getenv(lower);

    if (value == NULL || *value == '\0')
        value = upper == NULL ? NULL : getenv(upper);
    return value == NULL || *value == '\0' ? NULL : value;
}

/* The URL may hold a password, so the error does not. */
static int parse(interim__route **out, const char *url, interim_error *error)
{
    const char *problem;
    int failed = url == NULL ? 0 : interim__route_parse(out, url, &problem);

    if (failed == INTERIM_EURL)
        interim__error_set(error, failed, INTERIM_STAGE_START, "the URL of the proxy: %s", problem);
    return failed;
}

static const char *or_else(const char *first, const char *second)
{
    return first != NULL ? first : second;
}

static int read_environment(interim__routes *routes, interim_error *error)
{
    const char *all = environment("all_proxy", "ALL_PROXY");
    int failed = parse(&routes->http, or_else(environment("http_proxy", NULL), all), error);

    if (failed == 0)
        failed =
            parse(&routes->https, or_else(environment("https_proxy", "HTTPS_PROXY"), all), error);
    return failed;
}

int interim__proxy_read(interim__routes *routes, const interim_client_options *options,
                        interim_error *error)
{
    const char *exceptions = options->no_proxy;
    int failed;

    *routes = (interim__routes){0};
    if (options->proxy != NULL) {
        failed = parse(&routes->http, options->proxy, error);
        routes->https = routes->http;
    } else {
        failed = options->proxy_from_environment != 0 ? read_environment(routes, error) : 0;
        if (exceptions == NULL && options->proxy_from_environment != 0)
            exceptions = environment("no_proxy", "NO_PROXY");
    }
    if (failed < 0 || exceptions == NULL)
        return failed;
    routes->exceptions = strdup(exceptions);
    return routes->exceptions == NULL ? INTERIM_ENOMEM : 0;
}
