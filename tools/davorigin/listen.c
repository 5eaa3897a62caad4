/* The listening socket; server.h tells the concept. Addresses that other machines reach need
 * --allow-remote: what is served can be changed and deleted by everybody who reaches it. */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;

        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;

        return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
    }
    return false;
}

static void close_quietly(int fd)
{
    const int failure = errno;

    close(fd);
    errno = failure;
}

static int open_socket(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol);
    int on = 1;

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, 128) == 0)
        return fd;
    close_quietly(fd);
    return -1;
}

static bool announce(int fd, bool tls)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char host[NI_MAXHOST];
    char port[NI_MAXSERV];

    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0 ||
        getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    printf(strchr(host, ':') ? "davorigin: listening on %s://[%s]:%s/\n"
                             : "davorigin: listening on %s://%s:%s/\n",
           tls ? "https" : "http", host, port);
    return fflush(stdout) == 0;
}

/* Only what is permitted to write to the socket reaches it: by umask that is this user. */
static int open_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t length = strlen(path);
    int fd = -1;

    if (length >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, length);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, (const struct sockaddr *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) == 0 &&
        listen(fd, 128) == 0)
        return fd;
    close_quietly(fd);
    return -1;
}

static int listen_unix(const char *path, bool tls)
{
    const int fd = open_unix(path);

    if (fd < 0) {
        fprintf(stderr, "davorigin: cannot listen at %s (%s); %s\n", path, strerror(errno),
                errno == EADDRINUSE ? "if no server uses it, remove it" : "choose another path");
        return -1;
    }
    printf("davorigin: listening on %s://localhost/ at unix:%s\n", tls ? "https" : "http", path);
    if (fflush(stdout) == 0)
        return fd;
    fprintf(stderr, "davorigin: cannot print the address (%s); check standard output\n",
            strerror(errno));
    close(fd);
    return -1;
}

void server_unlisten(const struct options *options)
{
    if (options->listen_path && options->listen_path[0] != '@')
        (void)unlink(options->listen_path);
}

static int listen_tcp(const struct options *options)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    const char *host = options->listen_host;
    int failure = getaddrinfo(host, options->listen_port, &hints, &found);
    int fd = -1;

    if (failure) {
        fprintf(stderr,
                "davorigin: cannot find %s (%s); give --listen an address of this machine\n", host,
                gai_strerror(failure));
        return -1;
    }
    if (!options->allow_remote && !is_loopback(found->ai_addr)) {
        fprintf(stderr, "davorigin: other machines reach %s; add --allow-remote if that is meant\n",
                host);
    } else {
        fd = open_socket(found);
        if (fd < 0)
            fprintf(stderr,
                    "davorigin: cannot listen on %s port %s (%s); choose another, or port 0\n",
                    host, options->listen_port, strerror(errno));
    }
    freeaddrinfo(found);
    if (fd >= 0 && !announce(fd, options->tls_cert != NULL)) {
        fprintf(stderr, "davorigin: cannot print the address (%s); check standard output\n",
                strerror(errno));
        close(fd);
        fd = -1;
    }
    return fd;
}

int server_listen(const struct options *options)
{
    return options->listen_path ? listen_unix(options->listen_path, options->tls_cert != NULL)
                                : listen_tcp(options);
}
