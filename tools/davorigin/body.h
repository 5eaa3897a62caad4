/* A request body: its framing (RFC 9112 §6), read piece by piece straight from the connection.
 *
 * Nothing is read before a handler asks for it; the first read sends 100 Continue when the client
 * waits for that. */
#ifndef DAVORIGIN_BODY_H
#define DAVORIGIN_BODY_H

#include "buffer.h"
#include "connection.h"
#include "request.h"

#include <stdbool.h>
#include <stdint.h>

struct body {
    struct connection *connection;
    uint64_t left; /* of the body or of the current chunk */
    bool chunked;
    bool first_chunk;
    bool continue_wanted; /* the client waits for 100 Continue */
    bool done;
    int failure; /* once a read failed: that status, negative */
};

/* Reads the framing off the head. 0 or the status to refuse with; then nothing after the head can
 * be trusted. */
int body_open(struct body *out, const struct request *request, struct connection *connection);

/* The next bytes: their number, 0 at the end, or a negative status: -400 for broken framing or a
 * body cut short, -408 for silence. After a failure the connection cannot be used again. */
ssize_t body_read(struct body *body, void *data, size_t size);

/* Reads all of it into `out`, or throws it away where `out` is NULL. 0 or a status; 413 for more
 * than `limit` bytes. */
int body_read_all(struct buffer *out, struct body *body, size_t limit);

/* Whether the rest is known to be at most `limit` bytes that are already on their way. */
bool body_is_short(const struct body *body, size_t limit);

#endif
