/* The server: connections and their threads; server.h tells the concept.
 *
 * The thread that accepts owns the list of connections; each connection's thread takes itself off
 * it, under the lock, before it closes its descriptor. So the stop, which wakes all threads by
 * shutting their sockets down, never meets a descriptor that means something else by now. */
#include "server.h"

#include "clock.h"
#include "connection.h"
#include "job.h"
#include "serve.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
    const struct site *site;
    struct tls *tls;
    int log_fd;
    pthread_mutex_t mutex;
    pthread_cond_t idle; /* a connection ended */
    struct client *first;
    size_t count;
};

struct client {
    struct server *server;
    struct client *next;
    struct client *previous;
    struct connection connection;
};

static void add_client(struct server *server, struct client *client)
{
    pthread_mutex_lock(&server->mutex);
    client->next = server->first;
    if (client->next)
        client->next->previous = client;
    server->first = client;
    server->count++;
    pthread_mutex_unlock(&server->mutex);
}

/* Takes the client off the list, closes and frees it. */
static void remove_client(struct server *server, struct client *client)
{
    pthread_mutex_lock(&server->mutex);
    if (client->previous)
        client->previous->next = client->next;
    else
        server->first = client->next;
    if (client->next)
        client->next->previous = client->previous;
    close(client->connection.io.fd);
    free(client);
    server->count--;
    pthread_cond_signal(&server->idle);
    pthread_mutex_unlock(&server->mutex);
}

static void *run_client(void *user)
{
    struct client *client = user;
    struct server *server = client->server;
    struct connection *connection = &client->connection;

    if (!server->tls ||
        tls_accept(server->tls, &connection->io, clock_ms() + CONNECTION_HEAD_MS) == 0) {
        serve_connection(server->site, connection, server->log_fd);
        connection_end(connection);
    }
    remove_client(server, client);
    return NULL;
}

static bool start_client(struct server *server, int fd)
{
    struct client *client = calloc(1, sizeof *client);
    pthread_attr_t attributes;
    pthread_t thread;
    int failure = 0;

    if (!client || pthread_attr_init(&attributes) != 0) {
        free(client);
        return false;
    }
    client->server = server;
    io_plain(&client->connection.io, fd);
    add_client(server, client);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    failure = pthread_create(&thread, &attributes, run_client, client);
    pthread_attr_destroy(&attributes);
    if (failure)
        remove_client(server, client);
    return true;
}

static void refuse(const struct server *server, int fd)
{
    static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
                               "Content-Length: 0\r\nConnection: close\r\n\r\n";

    if (!server->tls)
        (void)send(fd, busy, sizeof busy - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
}

static void accept_client(struct server *server, int listen_fd)
{
    int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    int on = 1;
    size_t count = 0;

    if (fd < 0) {
        /* Out of descriptors: the connection stays in the queue, and asking again at once would
         * only burn time. */
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            poll(NULL, 0, 50);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    pthread_mutex_lock(&server->mutex);
    count = server->count;
    pthread_mutex_unlock(&server->mutex);
    if (count >= SERVER_CONNECTIONS || !start_client(server, fd))
        refuse(server, fd);
}

static void stop(struct server *server)
{
    jobs_stop(server->site->jobs);
    pthread_mutex_lock(&server->mutex);
    for (struct client *client = server->first; client; client = client->next)
        shutdown(client->connection.io.fd, SHUT_RDWR);
    while (server->count > 0)
        pthread_cond_wait(&server->idle, &server->mutex);
    pthread_mutex_unlock(&server->mutex);
}

static int signals_fd(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

int server_run(const struct site *site, int listen_fd, struct tls *tls, int log_fd)
{
    struct server server = {.site = site, .tls = tls, .log_fd = log_fd};
    struct pollfd fds[2] = {{.fd = listen_fd, .events = POLLIN},
                            {.fd = signals_fd(), .events = POLLIN}};
    int failure = fds[1].fd < 0 || pthread_mutex_init(&server.mutex, NULL) != 0;

    if (!failure && pthread_cond_init(&server.idle, NULL) != 0) {
        pthread_mutex_destroy(&server.mutex);
        failure = 1;
    }
    if (failure) {
        fprintf(stderr, "davorigin: cannot start (%s); try again with fewer programs running\n",
                strerror(errno));
        if (fds[1].fd >= 0)
            close(fds[1].fd);
        return -1;
    }
    for (;;) {
        int ready = poll(fds, 2, -1);

        if (ready < 0 && errno != EINTR)
            break;
        if (ready > 0 && fds[1].revents)
            break;
        if (ready > 0 && fds[0].revents)
            accept_client(&server, listen_fd);
    }
    stop(&server);
    close(fds[1].fd);
    pthread_cond_destroy(&server.idle);
    pthread_mutex_destroy(&server.mutex);
    return 0;
}
