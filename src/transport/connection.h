/* connection.h - a byte stream to an origin: resolve, race the addresses, TLS, then bytes.
 *
 *     RESOLVING -> RACING -> [SOCKS] -> [HANDSHAKE] -> OPEN -> (closed)
 *
 * Through a tunnel it is OPEN first, for CONNECT, and goes back to HANDSHAKE. A Unix-domain socket
 * is not resolved.
 *
 * It knows nothing of HTTP but the ALPN name "http/1.1". It has no time limit of its own: who opens
 * it closes it when patience ends. Never raises SIGPIPE. May be included by transport and drive. */
#ifndef INTERIM_TRANSPORT_CONNECTION_H
#define INTERIM_TRANSPORT_CONNECTION_H

#include "loop/loop.h"
#include "transport/door.h"
#include "transport/endpoint.h"
#include "transport/resolver.h"

typedef struct interim__connection interim__connection;

/* Who is called. opened: once, in a turn of the loop, when the stream is open (error NULL) or
 * cannot be opened (error tells code, stage, os_error, tls_error, text; borrowed until return; the
 * owner then frees the connection); not if interim__connection_open had told it. ready: bytes can
 * be read or written as wanted; may come for nothing. Both may free the connection. */
typedef struct interim__connection_owner {
    void (*opened)(void *user, const interim_error *error);
    void (*ready)(void *user, unsigned events);
    void *user;
} interim__connection_owner;

/* Everything that a connection needs from its client. */
typedef struct interim__transport {
    interim__loop *loop;
    interim__resolver *resolver;
    interim__door *door;
    int64_t attempt_delay_ns; /* the head start of an address (race.h), 0: the usual one */
} interim__transport;

/* Begins to open a connection; endpoint is copied, transport borrowed until it is freed. 1: that is
 * over already, and opened is not called: it is open, or it cannot be opened if
 * interim__connection_error has a code. Errors: ENOMEM, ESYSTEM; opened is then not called. */
int interim__connection_open(interim__connection **out, const interim__transport *transport,
                             const interim__endpoint *endpoint,
                             const interim__connection_owner *owner);

/* Begins TLS with the origin on an open connection that leads through a tunnel. opened is called
 * once more, in a turn of the loop. */
void interim__connection_start_tls(interim__connection *connection);

/* Gives it to another owner (the pool, or the next operation), who is called from now on. */
void interim__connection_set_owner(interim__connection *connection,
                                   const interim__connection_owner *owner);

/* Closes the stream (with a TLS close_notify if that can be sent at once) and frees it; NULL is
 * nothing. */
void interim__connection_free(interim__connection *connection);

/* What a read or write came to, besides a positive number of bytes. */
#define INTERIM__AGAIN 0     /* not now; the owner is called when it is possible */
#define INTERIM__END (-1)    /* read: the peer ended the stream, cleanly (FIN, and close_notify) */
#define INTERIM__BROKEN (-2) /* reset, or a TLS failure: interim__connection_error tells */
#define INTERIM__ABRUPT (-3) /* read: TLS stream cut by FIN without close_notify */
#define INTERIM__UNABLE                                                                            \
    (-4) /* file: write its bytes by hand, which tells why if that fails too                       \
          */

/* Reads at most size bytes into buffer, or writes at most size bytes of data. On AGAIN the
 * connection has already told the loop what it waits for: after a read, bytes to read; after a
 * write, room to write. Both may be waited for at the same time, and TLS may need the other
 * direction: that is handled in here. After a write that came to AGAIN or took a part, go on with
 * the bytes that were not taken, at least as many as before: TLS has already sealed them. A write
 * that is BROKEN does not keep the owner from reading what the peer said before. */
ptrdiff_t interim__connection_read(interim__connection *connection, void *buffer, size_t size);
ptrdiff_t interim__connection_write(interim__connection *connection, const void *data, size_t size);

/* Writes some of size bytes of the file fd from offset on, without looking at them, where there is
 * no TLS; otherwise as interim__connection_write. */
ptrdiff_t interim__connection_write_file(interim__connection *connection, int fd, int64_t offset,
                                         int64_t size);

/* The only watch that can tell what it waits for; NULL: it is not so. */
interim__watch *interim__connection_watch(const interim__connection *connection);

/* Where bytes to read are all that it waits for: has the next read wait for them, up to
 * INTERIM__BRIEF_MS. False: it will not. */
bool interim__connection_await(interim__connection *connection);

/* Of one that is not open yet: where bytes to read are all that it waits for, waits for them up to
 * INTERIM__BRIEF_MS and goes on with what comes, so that opened may be called. */
void interim__connection_await_opened(interim__connection *connection);

/* Has ready called in the next turn, for an owner that stopped reading before AGAIN. */
void interim__connection_again(interim__connection *connection);

/* Whether it is open, with nothing to be read and not ended, asked of the system now; it then waits
 * for bytes to read. For the pool. */
bool interim__connection_is_clean(interim__connection *connection);

/* The failure behind BROKEN, or behind opened: the first. EDISCONNECTED with os_error where the
 * socket of an open stream failed, with or without TLS. */
const interim_error *interim__connection_error(const interim__connection *connection);

/* Where it stands, for limits of time: INTERIM_STAGE_RESOLVE, _CONNECT, _TLS, or _SEND once open.
 */
interim_stage interim__connection_stage(const interim__connection *connection);

/* Whether it can serve for this endpoint: for the pool. */
bool interim__connection_is_to(const interim__connection *connection,
                               const interim__endpoint *endpoint);

/* Whether it leads to the origin of this endpoint, by whichever way. */
bool interim__connection_is_of(const interim__connection *connection,
                               const interim__endpoint *endpoint);

/* "192.0.2.1:443", "[2001:db8::1]:443" or "unix:/run/dav.sock"; "" before there is one. Borrowed
 * until it is freed. Written down for the first who asks: most are never asked. */
const char *interim__connection_peer(interim__connection *connection);

#endif
