/* tls_table.h - all that the library has OpenSSL for, as one table: the only thing that the rest of
 * it knows of tls*.c, so that these can be a shared object of their own, libinterim-tls, which a
 * program that speaks no TLS never loads. What the functions do is told by tls.h and tls_hash.h.
 *
 * The object is made of the sources of the library that loads it, has the files of it that it calls
 * built in (addresses, endpoints, errors, the bytes of sockets), and shares structures with it: the
 * stamp has to match. May be included by door and tls_table.c. */
#ifndef INTERIM_TRANSPORT_TLS_TABLE_H
#define INTERIM_TRANSPORT_TLS_TABLE_H

#include "base/hash.h"
#include "transport/socket.h"
#include "transport/tls.h"

typedef struct interim__tls_table {
    const char *version; /* INTERIM_VERSION; first, in every release */
    size_t layout;       /* INTERIM__TLS_LAYOUT */
    int (*make)(interim__tls **out, const interim_client_options *options, interim_error *error);
    void (*free)(interim__tls *tls);
    bool (*identifies)(const interim__tls *tls);
    int (*session_new)(interim__tls_session **out, interim__tls *tls,
                       struct interim__socket *socket, const interim__endpoint *endpoint,
                       interim_error *error);
    void (*session_free)(interim__tls_session *session);
    int (*handshake)(interim__tls_session *session, unsigned *want, interim_error *error);
    ptrdiff_t (*read)(interim__tls_session *session, void *buffer, size_t size, unsigned *want,
                      interim_error *error);
    ptrdiff_t (*write)(interim__tls_session *session, const void *data, size_t size, unsigned *want,
                       interim_error *error);
    void (*keep_buffers)(interim__tls_session *session, bool keep);
    void (*shutdown)(interim__tls_session *session);
    interim__hash_fn hash;
} interim__tls_table;

/* What of the structures that both sides know can be compared. */
#define INTERIM__TLS_LAYOUT                                                                        \
    (sizeof(interim__tls_table) << 20 ^ sizeof(interim__socket) << 10 ^                            \
     sizeof(interim__endpoint) << 5 ^ sizeof(interim_client_options) ^                             \
     sizeof(interim_error) << 15)

/* The one name that the object exports. */
#define INTERIM__TLS_SYMBOL "interim__openssl"

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
extern const interim__tls_table interim__openssl;

/* The table, from whichever place the program has it: loaded by door_loaded.c in the shared
 * library, linked by tls_table.c elsewhere. Errors: NULL, and error is ETLS at that stage. Any
 * thread may call it, again after an error too; the table stays for as long as the process. */
const interim__tls_table *interim__tls_open(interim_stage stage, interim_error *error);

#endif
