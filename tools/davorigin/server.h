/* The server: listens, gives each connection a thread, and ends cleanly on SIGTERM and SIGINT. */
#ifndef DAVORIGIN_SERVER_H
#define DAVORIGIN_SERVER_H

#include "exchange.h"
#include "tls.h"

enum { SERVER_CONNECTIONS = 256 };

/* Opens the listening socket that the options name. A descriptor, or -1 with one line printed on
 * standard error. */
int server_listen(const struct options *options);

/* Removes what listening has left in the file system. */
void server_unlisten(const struct options *options);

/* Serves until SIGTERM or SIGINT, which the caller has blocked. `tls` NULL: in clear. 0, or -1 with
 * one line printed. */
int server_run(const struct site *site, int listen_fd, struct tls *tls, int log_fd);

#endif
