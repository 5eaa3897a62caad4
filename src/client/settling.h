/* settling.h - a settling in flight, whose questions and whose conductor are a file each. May be
 * included by client/settle*.c. */
#ifndef INTERIM_CLIENT_SETTLING_H
#define INTERIM_CLIENT_SETTLING_H

#include "client/settle.h"
#include "operation/settle.h"

struct interim_settling {
    interim_client *client;
    interim_request *request;
    interim__settle machine;
    interim_settlement *settlement;
    interim_settled_fn on_settled;
    void *user;
    char *url; /* for events */
    uint64_t number, sequence;
    int64_t began;
    bool stop;
    interim__timer timer;
    /* The question that is being asked. */
    interim_operation *asking; /* NULL: none is */
    interim_multistatus *reader;
    size_t dull_bytes;
    bool enough; /* of a body that can tell nothing more */
    int trouble; /* ENOMEM while reading members */
    interim_settling *next, *previous;
};

/* Asks what the machine wants to know. Errors: those of interim_start. */
int interim__settling_ask(interim_settling *settling);

/* An answer has come, and the machine knows it: goes on. Or, failed being an error, ends. */
void interim__settling_answered(interim_settling *settling, int failed);

#endif
