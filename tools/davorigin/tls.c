/* TLS behind the io table; tls.h tells the concept. */
#include "tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>

/* struct tls is never defined: its pointer is the SSL_CTX. */
static SSL_CTX *context_of(struct tls *tls)
{
    return (SSL_CTX *)(void *)tls;
}

struct tls *tls_new(const char *certificate_file, const char *key_file, char *why, size_t why_size)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    const char *what = "OpenSSL";

    if (!context)
        goto failed;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    what = certificate_file;
    if (SSL_CTX_use_certificate_chain_file(context, certificate_file) != 1)
        goto failed;
    what = key_file;
    if (SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
        goto failed;
    return (struct tls *)(void *)context;
failed : {
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    snprintf(why, why_size, "%s: %s", what, reason ? reason : "could not be used");
}
    ERR_clear_error();
    SSL_CTX_free(context);
    return NULL;
}

void tls_free(struct tls *tls)
{
    SSL_CTX_free(context_of(tls));
}

/* After a failed SSL call: waits for what OpenSSL asks for. 0 to try again, 1 for the end of the
 * stream, else an errno. */
static int wait_for_more(struct io *io, int result, int64_t deadline)
{
    int reason = SSL_get_error(io->tls, result);

    ERR_clear_error();
    switch (reason) {
    case SSL_ERROR_WANT_READ:
        return io_wait(io->fd, POLLIN, deadline);
    case SSL_ERROR_WANT_WRITE:
        return io_wait(io->fd, POLLOUT, deadline);
    case SSL_ERROR_ZERO_RETURN:
        return 1;
    default:
        return -EPROTO;
    }
}

static int bounded(size_t size)
{
    return size > INT_MAX ? INT_MAX : (int)size;
}

static ssize_t tls_read(struct io *io, void *data, size_t size, int64_t deadline)
{
    for (;;) {
        int got = SSL_read(io->tls, data, bounded(size));
        int failure = 0;

        if (got > 0)
            return got;
        failure = wait_for_more(io, got, deadline);
        if (failure)
            return failure > 0 ? 0 : failure;
    }
}

static ssize_t tls_write(struct io *io, const void *data, size_t size, int64_t deadline)
{
    for (;;) {
        int taken = SSL_write(io->tls, data, bounded(size));
        int failure = 0;

        if (taken > 0)
            return taken;
        failure = wait_for_more(io, taken, deadline);
        if (failure)
            return failure > 0 ? -EPIPE : failure;
    }
}

static void tls_close(struct io *io)
{
    (void)SSL_shutdown(io->tls);
    ERR_clear_error();
    SSL_free(io->tls);
    io->tls = NULL;
}

int tls_accept(struct tls *tls, struct io *io, int64_t deadline)
{
    io->tls = SSL_new(context_of(tls));
    if (!io->tls)
        return -ENOMEM;
    if (SSL_set_fd(io->tls, io->fd) == 1) {
        for (;;) {
            int result = SSL_accept(io->tls);

            if (result == 1) {
                io->read = tls_read;
                io->write = tls_write;
                io->close = tls_close;
                return 0;
            }
            if (wait_for_more(io, result, deadline) != 0)
                break;
        }
    }
    SSL_free(io->tls);
    io->tls = NULL;
    return -EPROTO;
}
