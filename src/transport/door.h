/* door.h - the way from a client to TLS, which is behind a table (tls_table.h) that is opened when
 * the first thing needs it: an option that names something to be read or checked, the first
 * connection with TLS, the first hash. May be included by transport, drive and client. */
#ifndef INTERIM_TRANSPORT_DOOR_H
#define INTERIM_TRANSPORT_DOOR_H

#include "transport/tls_table.h"

typedef struct interim__door {
    const interim__tls_table *table; /* NULL: not opened yet */
    interim__tls *tls;               /* NULL: not made yet, and all its options are below */
    interim_tls_version minimum;
    bool no_resumption;
} interim__door;

/* Makes one of the options for TLS, all borrowed until return. Errors: as of interim__tls_new, and
 * ETLS where something is to be read or checked and TLS cannot be loaded. */
int interim__door_new(interim__door **out, const interim_client_options *options,
                      interim_error *error);
void interim__door_free(interim__door *door);

/* Whether there is a client certificate. */
bool interim__door_identifies(const interim__door *door);

/* As interim__tls_session_new, and ETLS where TLS cannot be loaded. With the session, table is
 * there. */
int interim__door_session_new(interim__tls_session **out, interim__door *door,
                              struct interim__socket *socket, const interim__endpoint *endpoint,
                              interim_error *error);

/* As interim__hash_fn, and error tells of ETLS. */
int interim__door_hash(interim__door *door, interim_error *error,
                       unsigned char out[INTERIM__HASH_MAX], size_t *size, interim__hash hash,
                       const interim__piece *pieces, size_t count);

#endif
