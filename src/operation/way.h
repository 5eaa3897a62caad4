/* way.h - how the origin of a request's URL is reached, where the caller wants it otherwise than
 * the URL says. It holds for that origin and for no other. Pure data: what it does to sockets is
 * the transport's. May be included by operation, drive and client. */
#ifndef INTERIM_OPERATION_WAY_H
#define INTERIM_OPERATION_WAY_H

#include <stdint.h>

typedef struct interim__way {
    char *socket_path; /* of a Unix-domain socket, "@name": an abstract one; or NULL */
    char *host;        /* to connect to in place of the URL's, without brackets; or NULL */
    uint16_t port;     /* with host */
    char *local;       /* the address or interface to start from; or NULL: any */
} interim__way;

#endif
