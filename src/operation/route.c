/* route.c - see route.h. */
#include "operation/route.h"

#include "base/text.h"
#include <arpa/inet.h>
#include <interim.h>
#include <stdlib.h>
#include <string.h>

#define CREDENTIAL_MAX 255 /* of a name or a password: RFC 1929 */

/* ---- parsing ---- */

static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

void interim__route_free(interim__route *route)
{
    if (route == NULL)
        return;
    free(route->host);
    interim__credentials_dispose(&route->login);
    interim__digest_dispose(&route->digest);
    free(route);
}

/* Percent-decodes a name or password. NULL, and *problem unless memory is out. */
static char *decode(const char *text, size_t length, const char **problem)
{
    char *out = malloc(length + 1), *at = out;

    for (size_t i = 0; out != NULL && i < length; i++) {
        int high, low;

        if (text[i] != '%') {
            *at++ = text[i];
            continue;
        }
        high = i + 2 < length ? interim__text_hex(text[i + 1]) : -1;
        low = high < 0 ? -1 : interim__text_hex(text[i + 2]);
        if (low < 0 || high * 16 + low == 0) {
            *problem = "its user name or password is not percent-encoded";
            free(out);
            return NULL;
        }
        *at++ = (char)(high * 16 + low);
        i += 2;
    }
    if (out == NULL)
        return NULL;
    *at = '\0';
    if (at - out <= CREDENTIAL_MAX)
        return out;
    *problem = "its user name or password is longer than 255 bytes";
    wipe(out);
    return NULL;
}

static bool parse_credentials(interim__route *route, const char *text, size_t length,
                              const char **problem)
{
    const char *colon = memchr(text, ':', length);
    size_t user_length = colon == NULL ? length : (size_t)(colon - text);
    interim__credentials *login = &route->login;

    login->user = decode(text, user_length, problem);
    if (login->user == NULL)
        return false;
    login->password = colon == NULL ? decode("", 0, problem)
                                    : decode(colon + 1, length - user_length - 1, problem);
    if (login->password == NULL)
        return false;
    /* Whoever writes a password into the URL of a proxy without TLS has chosen the clear text. */
    login->clear_text = true;
    if (route->kind == INTERIM__ROUTE_HTTP &&
        interim__credentials_check(login->user, login->password, NULL) < 0)
        *problem = "its user name holds a colon, or one of both a control character";
    return *problem == NULL;
}

/* The host and port, which are written as in an http URL. */
static int parse_place(interim__route *route, const char *place, const char **problem)
{
    static const char scheme[] = "http://";
    const char *colon = strrchr(place, ':'), *bracket = strrchr(place, ']');
    size_t length = strlen(place);
    bool has_port;
    interim__uri *uri;
    char *url = malloc(sizeof scheme + length);
    int failed;

    if (url == NULL)
        return INTERIM_ENOMEM;
    memcpy(url, scheme, sizeof scheme - 1);
    memcpy(url + sizeof scheme - 1, place, length + 1);
    failed = interim__uri_parse(&uri, url, sizeof scheme - 1 + length, problem);
    free(url);
    if (failed < 0)
        return failed;
    has_port = colon != NULL && (bracket == NULL || colon > bracket);
    route->port = has_port || route->kind == INTERIM__ROUTE_HTTP ? uri->port : 1080;
    route->host = strdup(uri->host);
    if (strcmp(uri->target, "/") != 0)
        *problem = "it has a path";
    failed = *problem != NULL ? INTERIM_EURL : (route->host == NULL ? INTERIM_ENOMEM : 0);
    interim__uri_dispose(&uri);
    return failed;
}

static const char *skip_scheme(interim__route *route, const char *url)
{
    static const struct {
        const char *text;
        interim__route_kind kind;
    } schemes[] = {{"http://", INTERIM__ROUTE_HTTP},
                   {"socks5h://", INTERIM__ROUTE_SOCKS5},
                   {"socks5://", INTERIM__ROUTE_SOCKS5}};

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (interim__text_begins(url, strlen(url), schemes[i].text)) {
            route->kind = schemes[i].kind;
            return url + strlen(schemes[i].text);
        }
    return NULL;
}

int interim__route_parse(interim__route **out, const char *url, const char **problem)
{
    interim__route *route = calloc(1, sizeof *route);
    const char *place, *at;
    int failed;

    *out = NULL;
    *problem = NULL;
    if (route == NULL)
        return INTERIM_ENOMEM;
    place = skip_scheme(route, url);
    if (place == NULL) {
        *problem = "its scheme is neither http nor socks5h";
        interim__route_free(route);
        return INTERIM_EURL;
    }
    at = strrchr(place, '@');
    if (at != NULL && !parse_credentials(route, place, (size_t)(at - place), problem)) {
        interim__route_free(route);
        return *problem == NULL ? INTERIM_ENOMEM : INTERIM_EURL;
    }
    failed = parse_place(route, at == NULL ? place : at + 1, problem);
    if (failed < 0) {
        interim__route_free(route);
        return failed;
    }
    *out = route;
    return 0;
}

/* ---- exceptions ---- */

/* The bytes of an address; how many, or 0 when it is none. */
static size_t address_of(unsigned char out[16], const char *text, size_t length)
{
    char copy[46];

    if (length >= 2 && text[0] == '[' && text[length - 1] == ']')
        text++, length -= 2;
    if (length >= sizeof copy)
        return 0;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (inet_pton(AF_INET, copy, out) == 1)
        return 4;
    return inet_pton(AF_INET6, copy, out) == 1 ? 16 : 0;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, size_t bits)
{
    size_t bytes = bits / 8;
    unsigned mask = 0xff00u >> bits % 8;

    return memcmp(a, b, bytes) == 0 &&
           (bits % 8 == 0 || ((a[bytes] ^ b[bytes]) & mask & 0xff) == 0);
}

static bool is_address_or_network(const char *entry, size_t length, const char *host)
{
    const char *slash = memchr(entry, '/', length);
    size_t address_length = slash == NULL ? length : (size_t)(slash - entry);
    unsigned char network[16], address[16];
    size_t size = address_of(network, entry, address_length);
    int64_t bits = (int64_t)size * 8;

    if (size == 0 || address_of(address, host, strlen(host)) != size)
        return false;
    if (slash != NULL &&
        (!interim__text_decimal(&bits, slash + 1, length - address_length - 1, NULL) ||
         bits > (int64_t)size * 8))
        return false;
    return same_bits(network, address, (size_t)bits);
}

/* "a.test" is itself and every name below it. */
static bool is_name_or_below(const char *entry, size_t length, const char *host)
{
    size_t host_length = strlen(host);
    const char *tail;

    if (length > 0 && entry[0] == '.')
        entry++, length--;
    if (length == 0 || host_length < length)
        return false;
    tail = host + host_length - length;
    for (size_t i = 0; i < length; i++)
        if ((entry[i] >= 'A' && entry[i] <= 'Z' ? entry[i] | 0x20 : entry[i]) != tail[i])
            return false;
    return host_length == length || tail[-1] == '.';
}

/* Takes ":port" off an entry; *port stays 0 when there is none. A bare IPv6 address has colons too.
 */
static void take_port(const char *entry, size_t *length, int64_t *port)
{
    size_t at = *length;

    while (at > 0 && entry[at - 1] >= '0' && entry[at - 1] <= '9')
        at--;
    if (at < 2 || at == *length || entry[at - 1] != ':')
        return;
    if (entry[0] != '[' && memchr(entry, ':', at - 1) != NULL)
        return;
    interim__text_decimal(port, entry + at, *length - at, NULL);
    *length = at - 1;
}

static bool is_exception(const char *entry, size_t length, const interim__uri *uri)
{
    int64_t port = 0;

    if (length == 1 && entry[0] == '*')
        return true;
    take_port(entry, &length, &port);
    if (port != 0 && port != uri->port)
        return false;
    return is_address_or_network(entry, length, uri->host) ||
           is_name_or_below(entry, length, uri->host);
}

bool interim__route_lists(const char *list, const interim__uri *uri)
{
    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ", \t");

        if (length > 0 && is_exception(list, length, uri))
            return true;
        list += length;
        list += strspn(list, ", \t");
    }
    return false;
}

interim__route *interim__routes_find(const interim__routes *routes, const interim__uri *uri)
{
    interim__route *route = uri->tls ? routes->https : routes->http;

    return route != NULL && interim__route_lists(routes->exceptions, uri) ? NULL : route;
}

void interim__routes_dispose(interim__routes *routes)
{
    if (routes->https != routes->http)
        interim__route_free(routes->https);
    interim__route_free(routes->http);
    free(routes->exceptions);
    *routes = (interim__routes){0};
}
