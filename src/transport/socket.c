/* socket.c - see socket.h: opening and closing. */
#include "transport/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#define KEEPALIVE_IDLE_S 30
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_COUNT 3
#define USER_TIMEOUT_MS 120000

static void socket_ready(interim__watch *watch, unsigned events)
{
    interim__socket *self = (interim__socket *)(void *)watch;

    self->ready(self->user, events);
}

static int connect_now(int fd, const interim__address *address)
{
    return connect(fd, (const struct sockaddr *)(const void *)&address->storage, address->length);
}

int interim__socket_connect(interim__socket **out, interim__loop *loop,
                            const interim__address *address, const interim__local *local,
                            void (*ready)(void *user, unsigned events), void *user)
{
    interim__socket *self = malloc(sizeof *self); /* not calloc: see src/operation/talk.c */
    int fd, problem;

    *out = NULL;
    if (self == NULL)
        return ENOMEM;
    *self = (interim__socket){
        .watch = {.ready = socket_ready, .fd = -1},
        .ready = ready,
        .user = user,
    };
    fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        problem = errno;
        goto out;
    }
    if (local != NULL && address->storage.ss_family != AF_UNIX) {
        problem = -interim__local_bind(local, fd, address->storage.ss_family);
        if (problem != 0)
            goto out_close;
    }
    /* A signal does not end the attempt: it goes on as if it were EINPROGRESS (POSIX). */
    if (connect_now(fd, address) < 0 && errno != EINPROGRESS && errno != EINTR) {
        problem = errno;
        goto out_close;
    }
    problem = interim__watch_add(loop, &self->watch, fd);
    if (problem < 0) {
        problem = problem == INTERIM_ENOMEM ? ENOMEM : errno;
        goto out_close;
    }
    self->watch.possible = 0;
    self->delays = address->storage.ss_family != AF_UNIX;
    interim__watch_want(loop, &self->watch, INTERIM__WRITE);
    *out = self;
    return 0;
out_close:
    close(fd);
out:
    free(self);
    return problem;
}

/* Asked for its error, or by a second connect, the system would forget why it is not. */
bool interim__socket_is_connected(interim__socket *self)
{
    struct sockaddr peer;
    socklen_t size = sizeof peer;

    if (getpeername(self->watch.fd, &peer, &size) < 0)
        return false;
    self->watch.possible |= INTERIM__WRITE;
    return true;
}

/* Writable, and nothing else, means connected. A second connect tells all three: connected, still
 * under way, failed and why. SO_ERROR cannot tell the first two apart, and ready may come for
 * nothing. */
int interim__socket_finish(interim__socket *self, interim__loop *loop,
                           const interim__address *address)
{
    bool writable = (self->watch.possible & (INTERIM__WRITE | INTERIM__HANGUP)) == INTERIM__WRITE;

    /* A Unix-domain socket is connected at once; asked again, it tells of the peer's queue. */
    if (writable || address->storage.ss_family == AF_UNIX ||
        connect_now(self->watch.fd, address) == 0 || errno == EISCONN)
        return 0;
    if (errno != EALREADY && errno != EINPROGRESS && errno != EINTR)
        return errno;
    interim__watch_want(loop, &self->watch, INTERIM__WRITE);
    return EINPROGRESS;
}

static void set_option(const interim__socket *self, int level, int name, int value)
{
    /* A system that lacks one of these still makes a usable connection. */
    (void)setsockopt(self->watch.fd, level, name, &value, sizeof value);
}

void interim__socket_keep_alive(interim__socket *self)
{
    set_option(self, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
    set_option(self, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
#endif
#ifdef TCP_KEEPINTVL
    set_option(self, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
#endif
#ifdef TCP_KEEPCNT
    set_option(self, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
#endif
#ifdef TCP_USER_TIMEOUT
    set_option(self, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
#endif
}

void interim__socket_free(interim__socket *self, interim__loop *loop)
{
    int fd;

    if (self == NULL)
        return;
    fd = self->watch.fd;
    interim__watch_remove(loop, &self->watch);
    close(fd);
    free(self);
}
