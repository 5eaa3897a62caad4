/* settle.h - the settlings of a client. May be included by client. */
#ifndef INTERIM_CLIENT_SETTLE_H
#define INTERIM_CLIENT_SETTLE_H

#include "client/client.h"

/* Ends all that wait between two looks; to be called after the operations have ended. */
void interim__settlings_abort(interim_client *client);

#endif
