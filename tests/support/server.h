/* server.h - a loopback server that plays scripts, each accepted connection in a thread of its own.
 *
 *     static const server_step hello[] = {
 *         {SERVER_HEAD, 0, NULL},
 *         {SERVER_SEND, 0, "HTTP/1.1 204 No Content\r\n\r\n"},
 *         {SERVER_CLOSE, 0, NULL},
 *     };
 *     const server_step *scripts[] = {hello, NULL};
 *     struct server *origin = server_start(scripts, NULL);
 *     ... server_port(origin) ...
 *     server_stop(origin);
 *
 * Failures to set it up end the program: they are the test's. */
#ifndef TESTS_SUPPORT_SERVER_H
#define TESTS_SUPPORT_SERVER_H

#include <stddef.h>
#include <stdint.h>

typedef enum server_action {
    SERVER_CLOSE = 0, /* ends the stream cleanly (close_notify under TLS, FIN), waits for the peer's
                         end; the end of a script */
    SERVER_CUT,       /* FIN without close_notify; the end of a script */
    SERVER_RESET,     /* RST; the end of a script */
    SERVER_HEAD,      /* reads until the end of a blank line */
    SERVER_READ,      /* reads size bytes */
    SERVER_SEND,      /* sends text: size bytes of it, or all when size is 0 */
    SERVER_FILL,      /* sends size bytes of 'x' */
    SERVER_SLEEP,     /* waits size milliseconds */
    SERVER_WAIT,      /* waits for server_go */
    SERVER_REPEAT     /* begins the script again */
} server_action;

typedef struct server_step {
    server_action action;
    size_t size;
    const char *text;
} server_step;

/* How it speaks TLS. Files are PEM; alpn: the protocol that it chooses, whatever the client offers,
 * NULL: it does not know ALPN; highest: a TLS1_*_VERSION, 0: any; client_ca_file: asks for a
 * certificate of this CA, and, if client_required, insists on it; NULL: does not ask. */
typedef struct server_tls {
    const char *certificate_file;
    const char *key_file;
    const char *alpn;
    int highest;
    const char *client_ca_file;
    int client_required;
} server_tls;

struct server;

/* Listens on a port of 127.0.0.1. The n-th connection gets the n-th script, later ones the last.
 * scripts ends with NULL; it and all in it is borrowed until server_stop. tls: NULL for plain TCP.
 */
struct server *server_start(const server_step *const *scripts, const server_tls *tls);
/* The same at a Unix-domain socket: a path where nothing is yet, or "@" and an abstract name. */
struct server *server_start_unix(const char *path, const server_step *const *scripts,
                                 const server_tls *tls);
uint16_t server_port(const struct server *server);

/* Lets one SERVER_WAIT, present or future, go on. */
void server_go(struct server *server);

/* How many connections were accepted; waits until there were at least that many. */
unsigned server_accepted(struct server *server);
void server_wait_accepted(struct server *server, unsigned count);

/* Whether the script of a connection (0: the first) has come to its end, and waits until it has. */
int server_ended(struct server *server, unsigned connection);
void server_wait_end(struct server *server, unsigned connection);

/* Copies what a connection received so far, with a NUL, as far as it fits. Returns how much it
 * received. */
size_t server_received(struct server *server, unsigned connection, char *out, size_t size);

/* The address that a connection came from, "127.0.0.1". */
void server_peer(struct server *server, unsigned connection, char *out, size_t size);

/* Whether the peer of a connection that has ended said close_notify. */
int server_notified(struct server *server, unsigned connection);

/* Whether the handshake of a connection resumed an earlier session, and the common name of the
 * certificate that the client showed in it, "" if none. They are known once the script has begun.
 */
int server_resumed(struct server *server, unsigned connection);
void server_client_name(struct server *server, unsigned connection, char *out, size_t size);

/* Ends all connections and frees it. */
void server_stop(struct server *server);

/* A listening socket of 127.0.0.1, or of another local address, that does not answer: its backlog
 * is full, so that a further connect gets neither SYN-ACK nor RST. *port: 0 picks one. */
struct blackhole;
struct blackhole *blackhole_start(const char *address, uint16_t *port);
void blackhole_stop(struct blackhole *hole);

/* A port of 127.0.0.1 where nobody listens. */
uint16_t closed_port(void);

#endif
