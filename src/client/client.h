/* client.h - the client: what its parts are. May be included by client. */
#ifndef INTERIM_CLIENT_CLIENT_H
#define INTERIM_CLIENT_CLIENT_H

#include "drive/drive.h"

struct interim_client {
    interim__drive drive; /* with loop, resolver, TLS and pool in it */
    interim_log *log;
    interim_settling *settlings; /* list */
    char *user_agent;
    bool running; /* in a turn: callbacks are on the stack */
    bool freeing;
};

#endif
