/* A client's connection: its io and the bytes that were read ahead (a head arrives with what
 * follows it, RFC 9112 §9.3.2). */
#ifndef DAVORIGIN_CONNECTION_H
#define DAVORIGIN_CONNECTION_H

#include "io.h"

enum {
    CONNECTION_HEAD_BYTES = 65536, /* the largest request head */
    CONNECTION_HEAD_MS = 30000,    /* from when we wait for a head to its end */
    CONNECTION_SILENCE_MS = 60000  /* within a body or an answer, without a byte */
};

struct connection {
    struct io io;
    size_t start; /* unread bytes: data[start] … data[end - 1] */
    size_t end;
    char data[CONNECTION_HEAD_BYTES];
};

/* Reads more behind what is there, making room by moving it to the front. Bytes read, 0 at the end
 * of the stream, -ENOBUFS when the buffer is full, or another negative errno. */
ssize_t connection_fill(struct connection *connection, int64_t deadline);

/* Reads up to `size` bytes, those read ahead first. As io read. */
ssize_t connection_read(struct connection *connection, void *data, size_t size);

/* One byte, or -1 when none came. */
int connection_read_byte(struct connection *connection);

/* Writes everything. 0 or a negative errno. */
int connection_write(struct connection *connection, const void *data, size_t size);

/* Ends the connection so that the client can still read the answer: half-closes, then waits shortly
 * for its end. */
void connection_end(struct connection *connection);

#endif
