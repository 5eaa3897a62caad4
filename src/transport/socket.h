/* socket.h - a stream socket and its watch, for whoever has it at the moment: first the race, then
 * the connection, without being registered twice.
 *
 * watch.possible tells what is worth a system call: when everything was taken out or the buffer was
 * filled up, receive and send answer EAGAIN without one until the loop reports something new. May
 * be included by transport. */
#ifndef INTERIM_TRANSPORT_SOCKET_H
#define INTERIM_TRANSPORT_SOCKET_H

#include "loop/loop.h"
#include "transport/local.h"

typedef struct interim__socket {
    interim__watch watch; /* first: the watch is the socket */
    void (*ready)(void *user, unsigned events);
    void *user;
    int problem;  /* errno of the first receive or send that failed for good, 0: none */
    bool delays;  /* small pieces wait for the acknowledgement of earlier ones (RFC 896) */
    bool written; /* something was sent */
    bool blocks;  /* the descriptor waits where that is not forbidden, for a short time ... */
    bool awaits;  /* ... which the next receive does */
} interim__socket;

/* Begins to connect and waits for INTERIM__WRITE; local: where from, or NULL. 0, or an errno; a
 * negative one when it could not start from local. EAGAIN: the queue of a Unix-domain socket is
 * full, and nothing will tell when it is not. */
int interim__socket_connect(interim__socket **out, interim__loop *loop,
                            const interim__address *address, const interim__local *local,
                            void (*ready)(void *user, unsigned events), void *user);

/* Whether it is connected by now; if so, it can be written to. What else became of it is told after
 * ready, as if this had not been asked. */
bool interim__socket_is_connected(interim__socket *socket);

/* Whether it is connected, asked after ready: 0, EINPROGRESS (waits again), or an errno. */
int interim__socket_finish(interim__socket *socket, interim__loop *loop,
                           const interim__address *address);

/* Keepalive: a peer or a NAT that forgot us is noticed. For a connection that lasts: it is five
 * system calls, and says something after 30 s at the earliest. */
void interim__socket_keep_alive(interim__socket *socket);

/* As recv and send, without Nagle's delay; -1 with errno EAGAIN: wait for INTERIM__READ or
 * INTERIM__WRITE. Never raises SIGPIPE. */
ptrdiff_t interim__socket_receive(interim__socket *socket, void *buffer, size_t size);
ptrdiff_t interim__socket_send(interim__socket *socket, const void *data, size_t size);

/* Has the next receive wait up to INTERIM__BRIEF_MS for something to come. Two system calls the
 * first time. False: that cannot be. */
bool interim__socket_await(interim__socket *socket);

/* As sendfile, a bounded part of size bytes of the file fd from offset on. 0: the file has ended
 * there. -1: errno EAGAIN as above; any other: it cannot be sent in this way, and sending it by
 * hand will tell why. */
ptrdiff_t interim__socket_send_file(interim__socket *socket, int fd, int64_t offset, int64_t size);

/* Closes and frees it, NULL included. */
void interim__socket_free(interim__socket *socket, interim__loop *loop);

#endif
