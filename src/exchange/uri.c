/* uri.c - see uri.h.
 *
 * Parsing has two halves. The first looks at the caller's text through views, and finds all that
 * can be wrong with it without allocating; the second writes the normalised text, the host and the
 * authority one behind the other into one allocation. A URI is thus complete or all zero, and its
 * text, parsed again, gives the same URI. */
#include "exchange/uri.h"

#include "base/text.h"
#include "exchange/uri_parts.h"

#include <interim.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What the second half writes from. */
typedef struct plan {
    interim__uri_host host;
    interim__uri_view path;
    interim__uri_view query;
    uint16_t port;
    bool tls;
    char port_text[1 + INTERIM__DECIMAL]; /* ":8443", or "" for the port that the scheme implies */
} plan;

static bool is_scheme(interim__uri_view view)
{
    if (view.length == 0 || !interim__uri_is_alpha(view.at[0]))
        return false;
    for (size_t i = 1; i < view.length; i++) {
        char byte = view.at[i];

        if (!interim__uri_is_alpha(byte) && !interim__uri_is_digit(byte) && byte != '+' &&
            byte != '-' && byte != '.')
            return false;
    }
    return true;
}

/* The digits behind the ':'; none at all mean the port of the scheme (RFC 3986 section 6.2.3). */
static const char *read_port(plan *out, const char *text, size_t length)
{
    unsigned implied = out->tls ? 443 : 80, port = 0;

    for (size_t i = 0; i < length; i++) {
        if (interim__uri_is_digit(text[i]))
            port = port * 10 + (unsigned)(text[i] - '0');
        else
            port = 65536;
        if (port > 65535)
            return "the port is not a number from 1 to 65535";
    }
    if (length == 0)
        port = implied;
    if (port == 0)
        return "the port is not a number from 1 to 65535";
    out->port = (uint16_t)port;
    if (port != implied) {
        out->port_text[0] = ':';
        interim__text_put_decimal(out->port_text + 1, port);
    }
    return NULL;
}

static const char *read_authority(plan *out, interim__uri_view authority)
{
    const char *host_end, *end = authority.at + authority.length, *problem;

    if (authority.length == 0)
        return "the host is empty";
    if (memchr(authority.at, '@', authority.length) != NULL)
        return "it holds user name or password";
    host_end = memchr(authority.at, authority.at[0] == '[' ? ']' : ':', authority.length);
    if (host_end == NULL)
        host_end = end;
    else if (*host_end == ']')
        host_end++;
    problem = interim__uri_host_read(&out->host, authority.at, (size_t)(host_end - authority.at));
    if (problem != NULL)
        return problem;
    if (host_end < end && *host_end != ':')
        return "there is more than a port behind the bracket";
    if (host_end < end)
        host_end++;
    return read_port(out, host_end, (size_t)(end - host_end));
}

static const char *make_plan(plan *out, const char *text, size_t length)
{
    interim__uri_parts parts;
    const char *problem = interim__uri_split(&parts, text, length);

    *out = (plan){0};
    if (problem != NULL)
        return problem;
    if (!is_scheme(parts.scheme))
        return "there is no scheme";
    out->tls = interim__text_is(parts.scheme.at, parts.scheme.length, "https");
    if (!out->tls && !interim__text_is(parts.scheme.at, parts.scheme.length, "http"))
        return "the scheme is neither http nor https";
    if (parts.authority.at == NULL)
        return "there is no // behind the scheme";
    out->path = parts.path;
    out->query = parts.query;
    if (out->path.length == 0)
        out->path = (interim__uri_view){"/", 1}; /* RFC 9110 section 4.2.3 */
    return read_authority(out, parts.authority);
}

static char *put(char *at, const char *text, size_t length)
{
    if (length > 0)
        memcpy(at, text, length);
    return at + length;
}

static char *put_text(char *at, const char *text)
{
    return put(at, text, strlen(text));
}

/* The host as it stands in a URL, with its zone or, for Host, without (RFC 6874 section 4). */
static char *put_host(char *at, const interim__uri_host *host, bool zone)
{
    if (!host->literal)
        return put(at, host->text, host->length);
    at = put_text(at, "[");
    at = put(at, host->text, host->address_length);
    if (zone && host->length > host->address_length) {
        at = put_text(at, "%25");
        at = put_text(at, host->text + host->address_length + 1);
    }
    return put_text(at, "]");
}

static char *put_target(char *at, const plan *from)
{
    at = put(at, from->path.at, from->path.length);
    if (from->query.at == NULL)
        return at;
    at = put_text(at, "?");
    return put(at, from->query.at, from->query.length);
}

static size_t text_length(const plan *from)
{
    const interim__uri_host *host = &from->host;
    size_t length = strlen(from->tls ? "https://" : "http://") + host->length;

    if (host->literal)
        length += 2;
    if (host->length > host->address_length)
        length += 2; /* "%25" for "%" */
    length += strlen(from->port_text) + from->path.length;
    return from->query.at == NULL ? length : length + 1 + from->query.length;
}

static int build(interim__uri **out, const plan *from)
{
    size_t length =
        text_length(from) + 1 + 2 * (from->host.length + 1) + strlen(from->port_text) + 2;
    interim__uri *uri = malloc(sizeof *uri + length);
    char *at;

    if (uri == NULL)
        return INTERIM_ENOMEM;
    uri->owners = 1;
    uri->tls = from->tls;
    uri->port = from->port;
    uri->path_length = (uint16_t)from->path.length;
    at = put_text(uri->text, from->tls ? "https://" : "http://");
    at = put_host(at, &from->host, true);
    at = put_text(at, from->port_text);
    uri->target = at;
    at = put_target(at, from);
    *at++ = '\0';
    uri->host = at;
    at = put(at, from->host.text, from->host.length + 1);
    uri->authority = at;
    at = put_host(at, &from->host, false);
    at = put_text(at, from->port_text);
    *at = '\0';
    *out = uri;
    return 0;
}

int interim__uri_parse(interim__uri **out, const char *text, size_t length, const char **problem)
{
    plan found;
    const char *why = make_plan(&found, text, length);

    *out = NULL;
    /* An empty path has become "/": the text must still fit, so that it can be parsed again. */
    if (why == NULL && text_length(&found) > INTERIM__URI_MAX)
        why = "it is longer than 16384 bytes";
    if (problem != NULL)
        *problem = why;
    return why != NULL ? INTERIM_EURL : build(out, &found);
}

interim__uri *interim__uri_share(const interim__uri *uri)
{
    interim__uri *shared = (interim__uri *)uri; /* who owns it is not part of what it says */

    if (shared != NULL)
        shared->owners++;
    return shared;
}

void interim__uri_dispose(interim__uri **uri)
{
    if (*uri != NULL && --(*uri)->owners == 0)
        free(*uri);
    *uri = NULL;
}

bool interim__uri_is_same_origin(const interim__uri *a, const interim__uri *b)
{
    return a->tls == b->tls && a->port == b->port && strcmp(a->host, b->host) == 0;
}

bool interim__uri_equal(const interim__uri *a, const interim__uri *b)
{
    return interim__uri_same_origin(a, b) && strcmp(a->target, b->target) == 0;
}

char *interim__uri_redacted(const interim__uri *uri, bool blank_query)
{
    static const char blank[] = "?...";
    size_t length = strlen(uri->text);
    char *copy = malloc(length + sizeof blank);

    if (copy == NULL)
        return NULL;
    memcpy(copy, uri->text, length + 1);
    if (blank_query && uri->target[uri->path_length] == '?')
        memcpy(copy + (uri->target - uri->text) + uri->path_length, blank, sizeof blank);
    return copy;
}
