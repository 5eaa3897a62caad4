/* layer_async.c - plays on interim_start, with both engines: epoll behind the one descriptor that a
 * loop of our own watches, and poll(2) by letting interim_client_run wait. Bodies are streamed. */
#include "facade.h"

#include <poll.h>

static void keep_result(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation;
    *(interim_result **)user = result;
}

/* A loop of our own: it waits for the descriptor and knows of no timer. */
static interim_result *perform_by_descriptor(interim_client *client, interim_request *request)
{
    struct pollfd fd = {interim_client_fd(client), POLLIN, 0};
    interim_result *result = NULL;

    if (interim_start(NULL, client, request, keep_result, &result) < 0)
        return NULL;
    while (result == NULL) {
        poll(&fd, 1, -1);
        if (interim_client_run(client, 0) < 0)
            break;
    }
    return result;
}

static interim_result *perform_by_run(interim_client *client, interim_request *request)
{
    interim_result *result = NULL;

    if (interim_start(NULL, client, request, keep_result, &result) < 0)
        return NULL;
    while (result == NULL)
        if (interim_client_run(client, 1000) < 0)
            break;
    return result;
}

static void play_epoll(const struct transcript *transcript, const struct cut *cut, struct log *log,
                       interim__buffer *problems)
{
    static const struct facade facade = {INTERIM_ENGINE_EPOLL, false, perform_by_descriptor};

    facade_play(&facade, transcript, cut, log, problems);
}

static void play_poll(const struct transcript *transcript, const struct cut *cut, struct log *log,
                      interim__buffer *problems)
{
    static const struct facade facade = {INTERIM_ENGINE_POLL, false, perform_by_run};

    facade_play(&facade, transcript, cut, log, problems);
}

const struct layer layer_async = {"async", "async with epoll", false, play_epoll, facade_can};
const struct layer layer_async_poll = {"async", "async with poll", false, play_poll, facade_can};
