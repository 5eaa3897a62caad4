/* 207 Multi-Status (RFC 4918 §13): the members that failed while a tree was handled, and the XML
 * that tells of them. */
#ifndef DAVORIGIN_MULTISTATUS_H
#define DAVORIGIN_MULTISTATUS_H

#include "buffer.h"

#define MULTISTATUS_TYPE "application/xml; charset=utf-8"

enum { FAILURES_KEPT = 1000, FAILURES_HREF_BYTES = 1 << 20 };

/* A member of a tree that is being walked, as a chain up to the top, whose name is its whole path.
 */
struct member {
    const struct member *up;
    const char *name;
};

struct failure {
    char *href;
    int status;
};

/* The first FAILURES_KEPT failures with at most FAILURES_HREF_BYTES of hrefs; the others are only
 * counted. */
struct failures {
    struct failure *items;
    size_t count;
    size_t dropped;
    size_t href_bytes;
};

void failures_add(struct failures *failures, const struct member *member, int status);
void failures_free(struct failures *failures);

/* The path of a member, percent-encoded. */
void member_href(struct buffer *out, const struct member *member);

/* Appends text with the XML characters escaped; what XML 1.0 cannot hold becomes U+FFFD. */
void xml_escape(struct buffer *out, const char *text);

void multistatus_begin(struct buffer *out);
void multistatus_end(struct buffer *out);
/* The complete document about these failures. */
void multistatus_of_failures(struct buffer *out, const struct failures *failures);

#endif
