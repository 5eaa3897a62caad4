/* bio.c - see bio.h. Why a socket failed is kept in it: OpenSSL does not promise to keep errno. */
#include "transport/bio.h"

#include <errno.h>

static int bio_write(BIO *bio, const char *data, size_t size, size_t *done)
{
    ptrdiff_t sent = interim__socket_send(BIO_get_data(bio), data, size);

    BIO_clear_retry_flags(bio);
    *done = sent > 0 ? (size_t)sent : 0;
    if (sent < 0 && errno == EAGAIN)
        BIO_set_retry_write(bio);
    return sent > 0;
}

static int bio_read(BIO *bio, char *buffer, size_t size, size_t *done)
{
    ptrdiff_t got = interim__socket_receive(BIO_get_data(bio), buffer, size);

    BIO_clear_retry_flags(bio);
    *done = got > 0 ? (size_t)got : 0;
    if (got == 0)
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF); /* as OpenSSL's own socket BIO does */
    if (got < 0 && errno == EAGAIN)
        BIO_set_retry_read(bio);
    return got > 0;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF: /* tells a cut stream from a broken one */
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    default:
        return 0;
    }
}

BIO_METHOD *interim__bio_method_new(void)
{
    /* Not BIO_get_new_index: there are only 127 of them in a process, for good. */
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "interim");

    if (method == NULL)
        return NULL;
    if (!BIO_meth_set_write_ex(method, bio_write) || !BIO_meth_set_read_ex(method, bio_read) ||
        !BIO_meth_set_ctrl(method, bio_ctrl)) {
        BIO_meth_free(method);
        return NULL;
    }
    return method;
}

BIO *interim__bio_new(const BIO_METHOD *method, interim__socket *socket)
{
    BIO *bio = BIO_new(method);

    if (bio == NULL)
        return NULL;
    BIO_set_data(bio, socket);
    BIO_set_shutdown(bio, 0);
    BIO_set_init(bio, 1);
    return bio;
}
