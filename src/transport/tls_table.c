/* tls_table.c - see tls_table.h. */
#include "transport/tls_table.h"

#include "transport/tls_hash.h"

const interim__tls_table interim__openssl = {
    .version = INTERIM_VERSION,
    .layout = INTERIM__TLS_LAYOUT,
    .make = interim__tls_new,
    .free = interim__tls_free,
    .identifies = interim__tls_identifies,
    .session_new = interim__tls_session_new,
    .session_free = interim__tls_session_free,
    .handshake = interim__tls_handshake,
    .read = interim__tls_read,
    .write = interim__tls_write,
    .keep_buffers = interim__tls_keep_buffers,
    .shutdown = interim__tls_shutdown,
    .hash = interim__tls_hash,
};

/* For the static library and the unit tests. */
const interim__tls_table *interim__tls_open(interim_stage stage, interim_error *error)
{
    (void)stage;
    (void)error;
    return &interim__openssl;
}
