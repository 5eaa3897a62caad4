/* layer_blocking.c - plays on interim_perform. Bodies are kept in the result. */
#include "facade.h"

static interim_result *perform(interim_client *client, interim_request *request)
{
    interim_result *result;

    interim_perform(&result, client, request);
    return result;
}

static void play(const struct transcript *transcript, const struct cut *cut, struct log *log,
                 interim__buffer *problems)
{
    static const struct facade facade = {INTERIM_ENGINE_AUTO, true, perform};

    facade_play(&facade, transcript, cut, log, problems);
}

const struct layer layer_blocking = {"blocking", "blocking", false, play, facade_can};
