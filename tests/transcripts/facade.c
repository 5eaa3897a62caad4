/* facade.c - see facade.h. */
#include "facade.h"

#include "asking.h"
#include "escapes.h"
#include "origin.h"

#include <stdio.h>
#include <stdlib.h>

#define TIME_DIVISOR 5 /* limits of time are that much shorter than the transcript says */

static interim_client *new_client(const struct facade *facade, const struct transcript *transcript)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    interim_client *client;
    int failed;

    options.engine = facade->engine;
    options.body_cap_bytes = transcript->body_cap;
    failed = interim_client_new(&client, &options);
    if (failed < 0) {
        fprintf(stderr, "a client: %s\n", interim_strerror(failed));
        exit(2);
    }
    return client;
}

void facade_play(const struct facade *facade, const struct transcript *transcript,
                 const struct cut *cut, struct log *log, interim__buffer *problems)
{
    struct origin *origin = origin_start(transcript, cut);
    interim_client *client = new_client(facade, transcript);
    struct asking asking;
    interim_result *result;

    log->real_time = true;
    asking_begin(&asking, transcript, log, facade->keep || transcript->body_cap > 0,
                 origin_translate, origin, TIME_DIVISOR);
    result = facade->perform(client, asking.request);
    if (result == NULL) {
        log_record(log, "there is no result");
    } else {
        asking_ended(&asking, result, origin_was_left(origin) ? "no" : "yes");
        interim_result_free(result);
    }
    asking_dispose(&asking);
    interim_client_free(client);
    log_finish(log);
    origin_restore(origin, &log->text);
    origin_stop(origin, problems);
}

bool facade_can(const struct transcript *transcript)
{
    for (size_t i = 0; i < transcript->exchange_count; i++)
        if (transcript->exchanges[i].refuse)
            return false;
    return true;
}
