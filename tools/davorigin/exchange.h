/* One request and its answer, with what a handler may use: the site that is served, the connection,
 * the request, its body. */
#ifndef DAVORIGIN_EXCHANGE_H
#define DAVORIGIN_EXCHANGE_H

#include "body.h"
#include "options.h"
#include "path.h"
#include "request.h"

struct jobs;

struct site {
    const struct options *options;
    int root_fd;
    struct jobs *jobs;
};

struct exchange {
    const struct site *site;
    struct connection *connection;
    struct request request;
    struct body body;
    struct path path;
    int status;        /* of the final response; 0 before it */
    unsigned interims; /* 102s sent */
    bool is_head;      /* the answer has no body */
    bool chunked;      /* the answer's body is sent in chunks */
    bool close;        /* the connection ends after this exchange */
    bool lost;         /* the client is gone */
};

#endif
