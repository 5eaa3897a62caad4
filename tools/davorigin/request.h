/* A request head (RFC 9112 §2–§5): method, target, version, fields.
 *
 * Strict where leniency lets two readers disagree: lines end with CR LF, no space before the colon,
 * no folded lines, no control characters, exactly one Host in HTTP/1.1. */
#ifndef DAVORIGIN_REQUEST_H
#define DAVORIGIN_REQUEST_H

#include "connection.h"

#include <stdbool.h>
#include <stddef.h>

enum { REQUEST_FIELDS = 100 };

struct field {
    const char *name;
    const char *value;
};

struct request {
    char *head; /* owned; the strings below point into it */
    const char *method;
    const char *target;
    const char
        *host; /* of an absolute-form target, else of the Host field; "" when there is none */
    int minor; /* HTTP/1.minor */
    bool keep_alive;
    size_t field_count;
    struct field fields[REQUEST_FIELDS];
};

/* Waits for a head and parses it. 0: `out` is filled. Positive: the status to refuse with; `out`
 * may be half filled, the connection must be closed. Negative: the connection ended or idled before
 * a request. Free in all cases. */
int request_read(struct request *out, struct connection *connection);
void request_free(struct request *request);

/* The first field of that name, or NULL. */
const char *request_field(const struct request *request, const char *name);
size_t request_field_count(const struct request *request, const char *name);

/* Whether a list field (Connection, Prefer, Expect…) holds `token`, in any of its lines; parameters
 * are ignored. */
bool request_has_token(const struct request *request, const char *name, const char *token);

#endif
