/* uri_parts.h - a URI reference in its five parts (RFC 3986 section 3), as views into the caller's
 * text, and the host of an authority. Nothing here allocates. For the files uri*.c only. */
#ifndef INTERIM_EXCHANGE_URI_PARTS_H
#define INTERIM_EXCHANGE_URI_PARTS_H

#include <stdbool.h>
#include <stddef.h>

/* A part that is absent has at == NULL; one that is there and empty has length 0. */
typedef struct interim__uri_view {
    const char *at;
    size_t length;
} interim__uri_view;

typedef struct interim__uri_parts {
    interim__uri_view scheme;    /* without ':' */
    interim__uri_view authority; /* without "//" */
    interim__uri_view path;      /* never absent */
    interim__uri_view query;     /* without '?' */
    interim__uri_view fragment;  /* without '#' */
} interim__uri_parts;

/* Splits a reference (RFC 3986 appendix B) and refuses every byte that its part cannot hold, but
 * for the inside of scheme and authority. Returns NULL, or why it is refused, a static clause. */
const char *interim__uri_split(interim__uri_parts *out, const char *text, size_t length);

#define INTERIM__URI_HOST_MAX 255 /* RFC 3986 section 3.2.2 */

/* A host in its one canonical spelling, so that two spellings of it are one origin. An IPv6 literal
 * is written as RFC 5952 says, which can be longer than what was given, but not by ten bytes. */
typedef struct interim__uri_host {
    char text[INTERIM__URI_HOST_MAX + 16]; /* "name", "192.0.2.1", "fe80::1%eth0"; ends with NUL */
    size_t length;
    size_t address_length; /* of text, without "%eth0" */
    bool literal;          /* belongs into brackets */
} interim__uri_host;

/* Reads the host of an authority, without its port. Returns as interim__uri_split. */
const char *interim__uri_host_read(interim__uri_host *out, const char *text, size_t length);

bool interim__uri_is_digit(char byte);
bool interim__uri_is_alpha(char byte);
bool interim__uri_is_unreserved(char byte); /* RFC 3986 section 2.3 */
bool interim__uri_is_subdelim(char byte);   /* RFC 3986 section 2.2 */

/* The byte that the two digits behind a '%' stand for. */
char interim__uri_unhex(const char *digits);

#endif
