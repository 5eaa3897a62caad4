/* The XML body of PROPFIND and PROPPATCH (RFC 4918 §9.1, §9.2): which properties are meant.
 *
 * Parsed with expat. A document type declaration is refused, and with it every entity; the body is
 * limited to PROPREQ_BODY_BYTES. */
#ifndef DAVORIGIN_PROPREQ_H
#define DAVORIGIN_PROPREQ_H

#include "buffer.h"

enum { PROPREQ_BODY_BYTES = 65536, PROPREQ_PROPERTIES = 1000 };

enum propreq_kind { PROPREQ_ALL, PROPREQ_NAMES, PROPREQ_LISTED };

struct property {
    char *space; /* the namespace; "" for none */
    char *name;
};

struct propreq {
    enum propreq_kind kind;
    struct property *properties;
    size_t count;
};

/* Parses `body` whose root element must be DAV: `root` ("propfind" or "propertyupdate"). An empty
 * PROPFIND body asks for all properties. 0 or the status to refuse with. */
int propreq_parse(struct propreq *out, const struct buffer *body, const char *root);
void propreq_free(struct propreq *request);

#endif
