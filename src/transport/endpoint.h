/* endpoint.h - where a connection leads, and by which way: what two connections must share to be
 * exchanged for one another. May be included by transport and drive. */
#ifndef INTERIM_TRANSPORT_ENDPOINT_H
#define INTERIM_TRANSPORT_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum interim__via {
    INTERIM__VIA_NOTHING,
    INTERIM__VIA_FORWARD, /* to an HTTP proxy, for all its plain origins: host and port are the
                             proxy's */
    INTERIM__VIA_TUNNEL, /* to an HTTP proxy that will be asked to connect on; TLS begins after that
                          */
    INTERIM__VIA_SOCKS5  /* through a SOCKS5 proxy */
} interim__via;

typedef struct interim__endpoint {
    const char *host; /* without brackets; hosts are in lower case, as a parsed URL has them */
    bool tls;
    bool identify; /* the caller named this origin, so it may see the client certificate */
    uint16_t port;
    uint16_t dial_port, proxy_port;
    interim__via via;
    const char *proxy_host;                  /* TUNNEL and SOCKS5: who is connected to */
    const char *proxy_user, *proxy_password; /* SOCKS5; or NULL */
    const char *socket_path; /* of a Unix-domain socket that is connected to; or NULL */
    const char *dial_host;   /* is connected to, with dial_port, by the proxy if there is one, in
                                place of host and port, which stay what is verified; or NULL */
    const char *local;       /* the address or interface that it starts from; or NULL: any */
} interim__endpoint;

/* A copy whose strings are put into texts, which has room for them; to be forgotten before that is
 * freed: what is secret is wiped out. */
size_t interim__endpoint_texts_size(const interim__endpoint *endpoint);
void interim__endpoint_copy_to(interim__endpoint *out, const interim__endpoint *from, char *texts);
void interim__endpoint_forget(interim__endpoint *endpoint);

/* A copy that owns its strings in one block; false when out of memory. */
bool interim__endpoint_copy(interim__endpoint *out, const interim__endpoint *from);
void interim__endpoint_dispose(interim__endpoint *endpoint);

/* Whether a connection to one can serve for the other, but for who may see the client certificate,
 * or with that too. */
bool interim__endpoint_same_way(const interim__endpoint *a, const interim__endpoint *b);
static inline bool interim__endpoint_equal(const interim__endpoint *a, const interim__endpoint *b)
{
    return a->identify == b->identify && interim__endpoint_same_way(a, b);
}

/* Who is meant in the end, behind a proxy or not. */
const char *interim__endpoint_final_host(const interim__endpoint *endpoint);
uint16_t interim__endpoint_final_port(const interim__endpoint *endpoint);

#endif
