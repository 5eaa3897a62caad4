/* proxy.c - see proxy.h. */
#include "client/proxy.h"

#include "base/error.h"
#include "base/options.h"

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

/* What the caller says of logging in. Its credentials are for the proxy that it names, and not for
 * those of the environment. */
static int log_in(interim__route *route, const interim_authentication *login, bool named)
{
    int failed = 0;

    if (route == NULL || route->kind != INTERIM__ROUTE_HTTP)
        return 0;
    if (named && (login->user != NULL || login->token != NULL))
        failed =
            interim__credentials_set(&route->login, login->user, login->password, login->token);
    route->login.scheme = login->scheme;
    route->login.clear_text = login->clear_text != 0;
    route->login.fresh = login->fresh;
    route->login.fresh_user = login->fresh_user;
    return failed;
}

/* Also where no proxy is reached by HTTP: what is wrong is wrong. */
static int read_login(interim__routes *routes, const interim_client_options *options,
                      interim_error *error)
{
    const interim_authentication *given = options->proxy_authentication;
    interim_authentication login = INTERIM_AUTHENTICATION_INIT;
    int failed;

    if (given == NULL)
        return 0;
    if (interim__options_copy(&login, sizeof login, given) < 0 ||
        login.scheme < INTERIM_SCHEME_AUTO || login.scheme > INTERIM_SCHEME_BEARER ||
        interim__credentials_check(login.user, login.password, login.token) < 0)
        return interim__error_set(error, INTERIM_EINVAL, INTERIM_STAGE_START,
                                  "the login at the proxy is out of range, or cannot be sent");
    failed = log_in(routes->http, &login, options->proxy != NULL);
    if (failed == 0 && routes->https != routes->http)
        failed = log_in(routes->https, &login, false);
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
    if (failed == 0)
        failed = read_login(routes, options, error);
    if (failed < 0 || exceptions == NULL)
        return failed;
    routes->exceptions = strdup(exceptions);
    return routes->exceptions == NULL ? INTERIM_ENOMEM : 0;
}
