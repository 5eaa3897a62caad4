/* proxy_login.c - see proxy_login.h. */
#include "operation/proxy_login.h"

#include <stdio.h>
#include <string.h>

/* Takes over what an earlier operation has left at the route. */
static void enter(interim__proxy_login *login, interim__route *route)
{
    interim__authentication *authentication = &login->authentication;

    interim__authentication_init(authentication, &route->login, true);
    login->route = route;
    login->accepted = false;
    if (route->speaks == INTERIM__SPEAKING_NOTHING ||
        (route->speaks == INTERIM__SPEAKING_DIGEST && route->digest.nonce == NULL))
        return;
    authentication->speaking = route->speaks;
    authentication->digest = route->digest;
    route->digest = (interim__digest){0};
}

void interim__proxy_login_dispose(interim__proxy_login *login)
{
    interim__authentication *authentication = &login->authentication;
    interim__route *route = login->route;

    if (route == NULL)
        return;
    if (login->accepted) {
        interim__digest_dispose(&route->digest);
        route->digest = authentication->digest;
        authentication->digest = (interim__digest){0};
    }
    interim__authentication_dispose(authentication);
    *login = (interim__proxy_login){0};
}

int interim__proxy_login_write(interim__buffer *out, interim__proxy_login *login,
                               interim__route *route, const interim__digest_subject *subject,
                               uint64_t *random)
{
    if (login->route != route) {
        interim__proxy_login_dispose(login);
        enter(login, route);
    }
    return interim__authentication_write(out, &login->authentication, subject, random);
}

int interim__proxy_login_challenged(interim__proxy_login *login, const interim__fields *fields,
                                    const interim__hasher *hasher, bool body_known)
{
    interim__route *route = login->route;
    bool bare = strchr(route->host, ':') == NULL;
    char authority[300];
    const interim__space space = {false, authority, body_known, hasher};
    int answer;

    snprintf(authority, sizeof authority, "%s%s%s:%u", bare ? "" : "[", route->host,
             bare ? "" : "]", (unsigned)route->port);
    login->accepted = false;
    answer = interim__authentication_challenged(&login->authentication, fields, &space);
    /* What it took once it takes no more: the next operation finds out by itself. */
    if (answer == 0)
        route->speaks = INTERIM__SPEAKING_NOTHING;
    return answer;
}

/* Credentials of the callback that the proxy took are those of the operations to come. Without
 * memory they ask the callback again. */
static void remember(interim__proxy_login *login)
{
    interim__authentication *authentication = &login->authentication;
    interim__credentials *fresh = &authentication->fresh;
    interim__route *route = login->route;

    route->speaks = authentication->speaking;
    if ((fresh->user != NULL || fresh->token != NULL) &&
        interim__credentials_set(&route->login, fresh->user, fresh->password, fresh->token) < 0)
        route->speaks = INTERIM__SPEAKING_NOTHING;
}

void interim__proxy_login_accepted(interim__proxy_login *login, const interim__fields *fields)
{
    if (login->route == NULL)
        return;
    interim__authentication_accepted(&login->authentication, fields);
    login->accepted = login->authentication.answered;
    if (login->accepted)
        remember(login);
}
