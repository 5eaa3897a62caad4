/* server.c - see server.h. One lock guards everything; threads do not hold it while they wait for a
 * socket. server_stop shuts all sockets down, which ends those waits. */
#include "support/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MOST 600 /* connections a server */

struct visitor {
    struct server *server;
    const server_step *script;
    pthread_t thread;
    int fd;
    struct sockaddr_in from;
    SSL *ssl;
    bool ended, notified, resumed;
    char client_name[64];
    char *received; /* under the lock */
    size_t length, room, scanned;
};

struct server {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    const server_step *const *scripts;
    SSL_CTX *context;
    const char *alpn;
    int fd;
    uint16_t port;
    bool stopping;
    unsigned permits; /* of server_go */
    unsigned count;
    struct visitor *visitors[MOST];
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "server: %s: %s\n", what, strerror(errno));
    abort();
}

/* ---- Bytes --------------------------------------------------------------------------------- */

static bool send_all(struct visitor *visitor, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = visitor->ssl != NULL
                           ? SSL_write(visitor->ssl, data, size > 65536 ? 65536 : (int)size)
                           : send(visitor->fd, data, size, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool receive_some(struct visitor *visitor)
{
    char buffer[16384];
    ssize_t got = visitor->ssl != NULL ? SSL_read(visitor->ssl, buffer, sizeof buffer)
                                       : recv(visitor->fd, buffer, sizeof buffer, 0);

    if (got <= 0)
        return false;
    pthread_mutex_lock(&visitor->server->lock);
    if (visitor->length + (size_t)got > visitor->room) {
        visitor->room = 2 * (visitor->length + (size_t)got);
        visitor->received = realloc(visitor->received, visitor->room);
        must(visitor->received != NULL, "realloc");
    }
    memcpy(visitor->received + visitor->length, buffer, (size_t)got);
    visitor->length += (size_t)got;
    pthread_cond_broadcast(&visitor->server->changed);
    pthread_mutex_unlock(&visitor->server->lock);
    return true;
}

/* `received` is written by this thread only, so it may read it without the lock. */
static bool receive_head(struct visitor *visitor)
{
    for (;;) {
        const char *end = visitor->length == visitor->scanned
                              ? NULL
                              : memmem(visitor->received + visitor->scanned,
                                       visitor->length - visitor->scanned, "\r\n\r\n", 4);

        if (end != NULL) {
            visitor->scanned = (size_t)(end - visitor->received) + 4;
            return true;
        }
        if (!receive_some(visitor))
            return false;
    }
}

static bool receive_bytes(struct visitor *visitor, size_t size)
{
    while (visitor->length - visitor->scanned < size)
        if (!receive_some(visitor))
            return false;
    visitor->scanned += size;
    return true;
}

static bool fill(struct visitor *visitor, size_t size)
{
    char copy[16384];

    memset(copy, 'x', sizeof copy);
    while (size > 0) {
        size_t part = size < sizeof copy ? size : sizeof copy;

        if (!send_all(visitor, copy, part))
            return false;
        size -= part;
    }
    return true;
}

/* ---- Waiting ------------------------------------------------------------------------------- */

static bool wait_permit(struct server *server)
{
    bool granted;

    pthread_mutex_lock(&server->lock);
    while (server->permits == 0 && !server->stopping)
        pthread_cond_wait(&server->changed, &server->lock);
    granted = server->permits > 0;
    if (granted)
        server->permits--;
    pthread_mutex_unlock(&server->lock);
    return granted;
}

static bool wait_time(struct server *server, size_t ms)
{
    struct timespec until;
    bool stopping;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&server->lock);
    while (!server->stopping &&
           pthread_cond_timedwait(&server->changed, &server->lock, &until) != ETIMEDOUT)
        ;
    stopping = server->stopping;
    pthread_mutex_unlock(&server->lock);
    return !stopping;
}

/* ---- A script ------------------------------------------------------------------------------ */

static void end_stream(struct visitor *visitor, server_action how)
{
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};

    if (how == SERVER_RESET) {
        setsockopt(visitor->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        return;
    }
    if (how == SERVER_CLOSE && visitor->ssl != NULL)
        SSL_shutdown(visitor->ssl);
    /* Closing with bytes unread would be a reset: wait for the peer's end. */
    shutdown(visitor->fd, SHUT_WR);
    for (char rest[4096]; recv(visitor->fd, rest, sizeof rest, 0) > 0;)
        ;
}

static bool step(struct visitor *visitor, const server_step *step)
{
    switch (step->action) {
    case SERVER_HEAD:
        return receive_head(visitor);
    case SERVER_READ:
        return receive_bytes(visitor, step->size);
    case SERVER_SEND:
        return send_all(visitor, step->text, step->size == 0 ? strlen(step->text) : step->size);
    case SERVER_FILL:
        return fill(visitor, step->size);
    case SERVER_SLEEP:
        return wait_time(visitor->server, step->size);
    case SERVER_WAIT:
        return wait_permit(visitor->server);
    default:
        return false;
    }
}

static void play(struct visitor *visitor)
{
    const server_step *at = visitor->script;

    for (;;) {
        if (at->action == SERVER_REPEAT) {
            at = visitor->script;
            continue;
        }
        if (at->action <= SERVER_RESET) {
            end_stream(visitor, at->action);
            return;
        }
        if (!step(visitor, at))
            return;
        at++;
    }
}

static void note_handshake(struct visitor *visitor)
{
    X509 *shown = SSL_get1_peer_certificate(visitor->ssl);

    pthread_mutex_lock(&visitor->server->lock);
    visitor->resumed = SSL_session_reused(visitor->ssl);
    if (shown != NULL)
        X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName,
                                  visitor->client_name, sizeof visitor->client_name);
    pthread_mutex_unlock(&visitor->server->lock);
    X509_free(shown);
}

static bool shake_hands(struct visitor *visitor)
{
    if (visitor->ssl == NULL)
        return true;
    if (SSL_accept(visitor->ssl) != 1)
        return false;
    note_handshake(visitor);
    return true;
}

static void *serve(void *argument)
{
    struct visitor *visitor = argument;
    struct server *server = visitor->server;

    if (server->context != NULL) {
        visitor->ssl = SSL_new(server->context);
        must(visitor->ssl != NULL, "SSL_new");
        SSL_set_fd(visitor->ssl, visitor->fd);
    }
    if (shake_hands(visitor))
        play(visitor);
    else
        end_stream(visitor, SERVER_CUT);
    pthread_mutex_lock(&server->lock);
    visitor->notified =
        visitor->ssl != NULL && (SSL_get_shutdown(visitor->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
    SSL_free(visitor->ssl);
    ERR_clear_error();
    close(visitor->fd);
    visitor->fd = -1;
    visitor->ended = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static void welcome(struct server *server, int fd)
{
    struct visitor *visitor = calloc(1, sizeof *visitor);
    socklen_t length = sizeof visitor->from;
    unsigned script = 0;

    must(visitor != NULL && server->count < MOST, "too many connections");
    while (script < server->count && server->scripts[script + 1] != NULL)
        script++;
    visitor->server = server;
    visitor->script = server->scripts[script];
    visitor->fd = fd;
    getpeername(fd, (struct sockaddr *)&visitor->from, &length);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    server->visitors[server->count++] = visitor;
    must(pthread_create(&visitor->thread, NULL, serve, visitor) == 0, "pthread_create");
    pthread_cond_broadcast(&server->changed);
}

static void *receive_visitors(void *argument)
{
    struct server *server = argument;

    for (;;) {
        int fd = accept(server->fd, NULL, NULL);
        bool stopping;

        /* Without a descriptor, wait for one: a test may have used them up. */
        if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
            if (!wait_time(server, 5))
                return NULL;
            continue;
        }
        if (fd < 0 && errno == EINTR)
            continue;
        pthread_mutex_lock(&server->lock);
        stopping = server->stopping || fd < 0;
        if (!stopping)
            welcome(server, fd);
        pthread_mutex_unlock(&server->lock);
        if (stopping) {
            if (fd >= 0)
                close(fd);
            return NULL;
        }
    }
}

/* ---- The server ---------------------------------------------------------------------------- */

static int listen_on(const char *address, uint16_t *port, int backlog)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(*port)};
    socklen_t length = sizeof where;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    must(fd >= 0, "socket");
    inet_pton(AF_INET, address, &where.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    must(bind(fd, (struct sockaddr *)&where, sizeof where) == 0, "bind");
    must(listen(fd, backlog) == 0, "listen");
    must(getsockname(fd, (struct sockaddr *)&where, &length) == 0, "getsockname");
    *port = ntohs(where.sin_port);
    return fd;
}

static int listen_at(const char *path)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    must(fd >= 0 && length < sizeof where.sun_path, "socket");
    memcpy(where.sun_path, path, length);
    if (path[0] == '@')
        where.sun_path[0] = '\0';
    length += offsetof(struct sockaddr_un, sun_path);
    must(bind(fd, (struct sockaddr *)&where, (socklen_t)length) == 0, "bind");
    must(listen(fd, 128) == 0, "listen");
    return fd;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *length,
                           const unsigned char *offered, unsigned offered_length, void *user)
{
    const struct server *server = user;

    (void)ssl;
    (void)offered;
    (void)offered_length;
    if (server->alpn == NULL)
        return SSL_TLSEXT_ERR_NOACK;
    *out = (const unsigned char *)server->alpn;
    *length = (unsigned char)strlen(server->alpn);
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *make_context(struct server *server, const server_tls *tls)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    must(context != NULL, "SSL_CTX_new");
    must(SSL_CTX_use_certificate_chain_file(context, tls->certificate_file) == 1, "certificate");
    must(SSL_CTX_use_PrivateKey_file(context, tls->key_file, SSL_FILETYPE_PEM) == 1, "key");
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, server);
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"test", 4);
    if (tls->client_ca_file != NULL) {
        must(SSL_CTX_load_verify_file(context, tls->client_ca_file) == 1, "client CA");
        SSL_CTX_set_verify(
            context, SSL_VERIFY_PEER | (tls->client_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
            NULL);
    }
    if (tls->highest != 0) {
        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_min_proto_version(context, 0);
        SSL_CTX_set_max_proto_version(context, tls->highest);
    }
    return context;
}

/* Threads inherit it: OpenSSL writes with write(2), and a SIGPIPE must not hide that the library
 * raised one. */
static void start_thread(struct server *server)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    must(pthread_create(&server->thread, NULL, receive_visitors, server) == 0, "pthread_create");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static struct server *start_on(int fd, const server_step *const *scripts, const server_tls *tls)
{
    struct server *server = calloc(1, sizeof *server);

    must(server != NULL, "calloc");
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    server->scripts = scripts;
    if (tls != NULL) {
        server->alpn = tls->alpn;
        server->context = make_context(server, tls);
    }
    server->fd = fd;
    start_thread(server);
    return server;
}

struct server *server_start(const server_step *const *scripts, const server_tls *tls)
{
    uint16_t port = 0;
    int fd = listen_on("127.0.0.1", &port, 128);
    struct server *server = start_on(fd, scripts, tls);

    server->port = port;
    return server;
}

struct server *server_start_unix(const char *path, const server_step *const *scripts,
                                 const server_tls *tls)
{
    return start_on(listen_at(path), scripts, tls);
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}

void server_go(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    server->permits++;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

unsigned server_accepted(struct server *server)
{
    unsigned count;

    pthread_mutex_lock(&server->lock);
    count = server->count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

void server_wait_accepted(struct server *server, unsigned count)
{
    pthread_mutex_lock(&server->lock);
    while (server->count < count)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

int server_ended(struct server *server, unsigned connection)
{
    int ended;

    pthread_mutex_lock(&server->lock);
    ended = connection < server->count && server->visitors[connection]->ended;
    pthread_mutex_unlock(&server->lock);
    return ended;
}

void server_wait_end(struct server *server, unsigned connection)
{
    pthread_mutex_lock(&server->lock);
    while (server->count <= connection || !server->visitors[connection]->ended)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

size_t server_received(struct server *server, unsigned connection, char *out, size_t size)
{
    size_t length = 0;

    pthread_mutex_lock(&server->lock);
    if (connection < server->count)
        length = server->visitors[connection]->length;
    if (size > 0) {
        size_t part = length < size ? length : size - 1;

        if (part > 0)
            memcpy(out, server->visitors[connection]->received, part);
        out[part] = '\0';
    }
    pthread_mutex_unlock(&server->lock);
    return length;
}

void server_peer(struct server *server, unsigned connection, char *out, size_t size)
{
    server_wait_accepted(server, connection + 1);
    pthread_mutex_lock(&server->lock);
    inet_ntop(AF_INET, &server->visitors[connection]->from.sin_addr, out, (socklen_t)size);
    pthread_mutex_unlock(&server->lock);
}

int server_notified(struct server *server, unsigned connection)
{
    int notified;

    pthread_mutex_lock(&server->lock);
    notified = connection < server->count && server->visitors[connection]->notified;
    pthread_mutex_unlock(&server->lock);
    return notified;
}

int server_resumed(struct server *server, unsigned connection)
{
    int resumed;

    pthread_mutex_lock(&server->lock);
    resumed = connection < server->count && server->visitors[connection]->resumed;
    pthread_mutex_unlock(&server->lock);
    return resumed;
}

void server_client_name(struct server *server, unsigned connection, char *out, size_t size)
{
    pthread_mutex_lock(&server->lock);
    snprintf(out, size, "%s",
             connection < server->count ? server->visitors[connection]->client_name : "");
    pthread_mutex_unlock(&server->lock);
}

void server_stop(struct server *server)
{
    if (server == NULL)
        return;
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    shutdown(server->fd, SHUT_RDWR);
    for (unsigned i = 0; i < server->count; i++)
        if (server->visitors[i]->fd >= 0)
            shutdown(server->visitors[i]->fd, SHUT_RDWR);
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    pthread_join(server->thread, NULL);
    for (unsigned i = 0; i < server->count; i++) {
        pthread_join(server->visitors[i]->thread, NULL);
        free(server->visitors[i]->received);
        free(server->visitors[i]);
    }
    close(server->fd);
    SSL_CTX_free(server->context);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

/* ---- Nobody at home ------------------------------------------------------------------------ */

#define FILLERS 4

struct blackhole {
    int fd;
    int fillers[FILLERS];
};

struct blackhole *blackhole_start(const char *address, uint16_t *port)
{
    struct blackhole *hole = calloc(1, sizeof *hole);
    struct sockaddr_in where = {.sin_family = AF_INET};

    must(hole != NULL, "calloc");
    hole->fd = listen_on(address, port, 0);
    inet_pton(AF_INET, address, &where.sin_addr);
    where.sin_port = htons(*port);
    for (int i = 0; i < FILLERS; i++) {
        hole->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        must(hole->fillers[i] >= 0, "socket");
        connect(hole->fillers[i], (struct sockaddr *)&where, sizeof where);
    }
    return hole;
}

void blackhole_stop(struct blackhole *hole)
{
    for (int i = 0; i < FILLERS; i++)
        close(hole->fillers[i]);
    close(hole->fd);
    free(hole);
}

uint16_t closed_port(void)
{
    uint16_t port = 0;

    close(listen_on("127.0.0.1", &port, 1));
    return port;
}
