/* connection_parts.h - a connection from inside, for the files that it consists of: connection.c
 * (its states, from the dialled socket to the end), dial.c (look-up and race), connection_bytes.c
 * (reads and writes). May be included by these. */
#ifndef INTERIM_TRANSPORT_CONNECTION_PARTS_H
#define INTERIM_TRANSPORT_CONNECTION_PARTS_H

#include "transport/connection.h"
#include "transport/race.h"
#include "transport/socket.h"
#include "transport/socks.h"

#include <netinet/in.h>

typedef enum interim__connection_state {
    RESOLVING,
    RACING,
    SOCKS,
    HANDSHAKE,
    OPEN,
    FAILED
} interim__connection_state;

/* Of those that wait there are many: what a connection has for a while, or not at all, is not in
 * it. */
struct interim__connection {
    union {
        interim__lookup lookup; /* RESOLVING */
        interim__timer timer;   /* then: a second is over */
    };                          /* first: either is the connection */
    const interim__transport *transport;
    interim__connection_owner owner;
    interim__race *race;           /* RACING */
    interim__socks *socks;         /* SOCKS */
    interim__socket *socket;       /* from SOCKS or HANDSHAKE on */
    interim__tls_session *session; /* the same, under TLS */
    interim_error *error;          /* NULL: none, or it is for want of memory */
    char *peer;                    /* NULL: nobody asked yet, or no memory */
    union {
        struct sockaddr_in6 address; /* of the peer until then, or as much of another family's */
        char short_peer[sizeof "255.255.255.255:65535"]; /* then; most are no longer */
    };
    interim__endpoint endpoint;
    interim__connection_state state;
    uint32_t answer; /* of the resolver, 0: it was not asked */
    unsigned char read_needs, write_needs;
    signed char read_end, write_end; /* END, BROKEN or ABRUPT once it came to that, else 0 */
    bool kept_alive;
    unsigned char moves; /* reads and writes since the timer was set, QUICK or more as QUICK */
    char texts[];        /* of the endpoint */
};

/* What a session can do. */
static inline const interim__tls_table *
interim__connection_tls(const interim__connection *connection)
{
    return connection->transport->door->table;
}

/* connection.c: the only assignment of its state. */
void interim__connection_step_to(interim__connection *connection, interim__connection_state next);

/* connection.c: where a failure is to be told; false: there is no memory for that, which is then
 * the failure. */
bool interim__connection_can_tell(interim__connection *connection);

/* Waits for what read_needs and write_needs say. */
static inline void interim__connection_wait(interim__connection *connection)
{
    interim__watch_want(connection->transport->loop, &connection->socket->watch,
                        (unsigned)connection->read_needs | connection->write_needs);
}

/* connection.c: it cannot be opened: tells the owner, who may free it. */
void interim__connection_fail(interim__connection *connection);

/* connection.c: there is an address, or will be none: the timer is where the look-up was. */
void interim__connection_resolved(interim__connection *connection);

/* connection.c: goes on with the socket that was dialled; owned from now on. */
void interim__connection_take(interim__connection *connection, interim__socket *socket);

/* dial.c: begins to look for the host, or for the proxy before it, and to race its addresses.
 * Errors: as of interim__connection_open. */
int interim__dial_begin(interim__connection *connection);

/* dial.c: has connection->peer be the text of who it is connected to, if there is one. Without
 * memory for it there is none. */
void interim__dial_name_peer(interim__connection *connection);

/* dial.c: the addresses that were tried are no good: they are not to be believed again. */
void interim__dial_distrust(interim__connection *connection);

/* dial.c: nobody has the patience to wait any longer. */
void interim__dial_give_up(interim__connection *connection);

/* connection_bytes.c: as interim__connection_read and _write, without TLS. */
ptrdiff_t interim__connection_read_plain(interim__connection *connection, void *buffer,
                                         size_t size);
ptrdiff_t interim__connection_write_plain(interim__connection *connection, const void *data,
                                          size_t size);

/* connection_bytes.c: the socket is ready: tells the owner what is possible, who may free it. */
void interim__connection_deliver(interim__connection *connection, unsigned events);

/* connection_bytes.c: has the next be called in a second; false: there is no memory for a timer. */
bool interim__connection_watch_time(interim__connection *connection);
void interim__connection_second_passed(interim__timer *timer);

#endif
