/* facade.h - plays a transcript on the public API over real sockets: what layer_blocking.c and
 * layer_async.c share. */
#ifndef TESTS_TRANSCRIPTS_FACADE_H
#define TESTS_TRANSCRIPTS_FACADE_H

#include "layer.h"

struct facade {
    interim_engine engine;
    bool keep; /* the body is kept in the result, not streamed */
    /* Performs a request to its end. */
    interim_result *(*perform)(interim_client *client, interim_request *request);
};

void facade_play(const struct facade *facade, const struct transcript *transcript,
                 const struct cut *cut, struct log *log, interim__buffer *problems);

/* Whether sockets can play it. */
bool facade_can(const struct transcript *transcript);

#endif
