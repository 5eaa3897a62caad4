/* uri.h - http and https URLs: parse, resolve, compare (RFC 3986, RFC 9110 section 4.2).
 *
 * A parsed URI is one allocation with all its parts, which does not change any more and is shared
 * by those who need it: an operation, its job and its connection mostly mean the same one. It is
 * normalised as far as the RFCs call it harmless: scheme and host in lower case, a default port
 * left out, an empty path made "/". The target keeps the caller's percent-encoding, because servers
 * tell
 * "%2F" from "/". May be included by exchange and all above. */
#ifndef INTERIM_EXCHANGE_URI_H
#define INTERIM_EXCHANGE_URI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INTERIM__URI_MAX 16384 /* bytes of a URL, without NUL */

typedef struct interim__uri {
    unsigned owners;
    uint16_t path_length;  /* of target, up to the '?' */
    uint16_t port;         /* never 0 */
    bool tls;              /* https */
    const char *host;      /* without brackets; an IPv6 literal may have a zone: "fe80::1%eth0" */
    const char *authority; /* as in Host: "host", "host:8443", "[::1]:8080" (without zone) */
    const char *target;    /* "/path?query": origin-form, points into text */
    char text[];           /* "https://host:8443/path?query", then the parts */
} interim__uri;

/* Parses an absolute http or https URL of the given length. Errors: EURL (problem, if not NULL,
 * gets a static clause: "there is no scheme", "the scheme is neither http nor https", "it holds
 * user name or password", "the port is not a number from 1 to 65535", "it holds a space or a
 * control character", "it is longer than 16384 bytes", "a percent sign is not followed by two
 * hexadecimal digits", "the host is empty", ...), ENOMEM. A fragment is dropped. */
int interim__uri_parse(interim__uri **out, const char *text, size_t length, const char **problem);

/* Resolves a reference against base (RFC 3986 section 5.2, strict), dot segments removed. What it
 * gives, and its errors, are those of interim__uri_parse. The empty reference is base itself. */
int interim__uri_resolve(interim__uri **out, const interim__uri *base, const char *reference,
                         size_t length, const char **problem);

/* Another owner of the same; NULL included. */
interim__uri *interim__uri_share(const interim__uri *uri);

/* Gives up what *uri owns, which is NULL then; NULL included. */
void interim__uri_dispose(interim__uri **uri);

/* Scheme, host and port are the same (RFC 9110 section 4.3.1). */
bool interim__uri_is_same_origin(const interim__uri *a, const interim__uri *b);
static inline bool interim__uri_same_origin(const interim__uri *a, const interim__uri *b)
{
    return a == b || interim__uri_is_same_origin(a, b);
}

/* The same request: same origin and same target, byte by byte. */
bool interim__uri_equal(const interim__uri *a, const interim__uri *b);

/* interim_url_compare of interim.h, on parsed URIs. INTERIM_ENOMEM when out of memory. */
int interim__uri_relation(const interim__uri *a, const interim__uri *b);

/* How many segments uri lies below root as interim__uri_relation sees it, 0 for the same; their
 * names are hashed (64 bits of FNV-1a) into *hash. Errors: EURL (it lies elsewhere), ENOMEM. */
int interim__uri_below(uint64_t *hash, const interim__uri *root, const interim__uri *uri);

/* The URL for logs and errors: the query, if there is one, replaced by "?..." when blank_query. The
 * result is to be freed; NULL when out of memory. */
char *interim__uri_redacted(const interim__uri *uri, bool blank_query);

#endif
