/* route.h - by which proxy an origin is reached. Made by the client and read by its operations,
 * which leave there what the proxy has accepted (proxy_login.h). May be included by operation,
 * drive and client. */
#ifndef INTERIM_OPERATION_ROUTE_H
#define INTERIM_OPERATION_ROUTE_H

#include "exchange/uri.h"
#include "operation/authentication.h"

typedef enum interim__route_kind {
    INTERIM__ROUTE_HTTP,  /* requests in absolute form, and CONNECT for https */
    INTERIM__ROUTE_SOCKS5 /* RFC 1928, names resolved by the proxy */
} interim__route_kind;

typedef struct interim__route {
    interim__route_kind kind;
    char *host;
    uint16_t port;
    interim__credentials login; /* of the URL, or what the caller has given for it */
    interim__speaking speaks;   /* HTTP: what the proxy has accepted before ... */
    interim__digest digest;     /* ... and its nonce, while no operation uses it */
} interim__route;

typedef struct interim__routes {
    interim__route *http, *https; /* for URLs of that scheme; NULL: directly */
    char *exceptions;             /* a no_proxy list, or NULL */
} interim__routes;

/* Parses "http://[user:password@]host[:port]" or "socks5h://..." (the default ports are 80 and
 * 1080; a path of "/" is allowed). Errors: EURL and a static clause at *problem, ENOMEM. */
int interim__route_parse(interim__route **out, const char *url, const char **problem);
void interim__route_free(interim__route *route);

/* The proxy for a URL; NULL: none. exceptions is a list, by commas or blanks, of "*", host names
 * that also stand for all names below them (".a.test" and "a.test" are the same), addresses, and
 * networks such as 10.0.0.0/8; each may end with ":port". */
interim__route *interim__routes_find(const interim__routes *routes, const interim__uri *uri);

/* Whether a list such as exceptions names the host and port of uri; NULL: an empty list. */
bool interim__route_lists(const char *list, const interim__uri *uri);

void interim__routes_dispose(interim__routes *routes);

#endif
