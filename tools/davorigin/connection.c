/* A client's connection; connection.h tells the concept. */
#include "connection.h"

#include "clock.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { LINGER_MS = 1000, LINGER_BYTES = 1 << 20 };

ssize_t connection_fill(struct connection *connection, int64_t deadline)
{
    size_t unread = connection->end - connection->start;
    ssize_t got = 0;

    if (connection->start > 0) {
        memmove(connection->data, connection->data + connection->start, unread);
        connection->start = 0;
        connection->end = unread;
    }
    if (connection->end == sizeof connection->data)
        return -ENOBUFS;
    got = connection->io.read(&connection->io, connection->data + connection->end,
                              sizeof connection->data - connection->end, deadline);
    if (got > 0)
        connection->end += (size_t)got;
    return got;
}

ssize_t connection_read(struct connection *connection, void *data, size_t size)
{
    size_t unread = connection->end - connection->start;

    if (unread == 0)
        return connection->io.read(&connection->io, data, size, clock_ms() + CONNECTION_SILENCE_MS);
    if (size > unread)
        size = unread;
    memcpy(data, connection->data + connection->start, size);
    connection->start += size;
    return (ssize_t)size;
}

int connection_read_byte(struct connection *connection)
{
    if (connection->start == connection->end &&
        connection_fill(connection, clock_ms() + CONNECTION_SILENCE_MS) <= 0)
        return -1;
    return (unsigned char)connection->data[connection->start++];
}

int connection_write(struct connection *connection, const void *data, size_t size)
{
    const char *next = data;

    while (size > 0) {
        ssize_t taken =
            connection->io.write(&connection->io, next, size, clock_ms() + CONNECTION_SILENCE_MS);

        if (taken < 0)
            return (int)taken;
        next += taken;
        size -= (size_t)taken;
    }
    return 0;
}

/* Closing with unread bytes makes the kernel send a reset, which may destroy the answer on its way
 * (RFC 9112 §9.6). */
void connection_end(struct connection *connection)
{
    struct io plain;
    char waste[4096];
    int64_t deadline = clock_ms() + LINGER_MS;
    size_t total = 0;

    connection->io.close(&connection->io);
    if (shutdown(connection->io.fd, SHUT_WR) != 0)
        return;
    io_plain(&plain, connection->io.fd);
    while (total < LINGER_BYTES) {
        ssize_t got = plain.read(&plain, waste, sizeof waste, deadline);

        if (got <= 0 || clock_ms() >= deadline)
            return;
        total += (size_t)got;
    }
}
