/* Bytes to and from a client, in clear or by TLS: a table of three functions over a non-blocking
 * socket.
 *
 * Each call waits at most until `deadline` (clock_ms() time). read gives the number of bytes, 0 at
 * the end of the stream; write gives how many were taken. Failures are negative errnos, -ETIMEDOUT
 * when the deadline passed. */
#ifndef DAVORIGIN_IO_H
#define DAVORIGIN_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct io {
    ssize_t (*read)(struct io *io, void *data, size_t size, int64_t deadline);
    ssize_t (*write)(struct io *io, const void *data, size_t size, int64_t deadline);
    /* Says goodbye as the protocol wants it (TLS close_notify) and frees; the descriptor stays
     * open. */
    void (*close)(struct io *io);
    int fd;
    void *tls;
};

/* Makes `out` speak in clear over `fd`, which is made non-blocking. */
void io_plain(struct io *out, int fd);

/* Waits until `fd` is ready for the poll events. 0, -ETIMEDOUT or another negative errno. */
int io_wait(int fd, short events, int64_t deadline);

#endif
