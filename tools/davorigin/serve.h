/* One connection's life: requests one after another, each handed to the handler of its method. */
#ifndef DAVORIGIN_SERVE_H
#define DAVORIGIN_SERVE_H

#include "exchange.h"

/* Serves until either side ends the connection. Does not close it. */
void serve_connection(const struct site *site, struct connection *connection, int log_fd);

#endif
