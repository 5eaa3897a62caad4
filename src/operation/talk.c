/* talk.c - see talk.h. */
#include "operation/talk.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 2048 /* bytes of a buffer that the next exchange may want as well */

/* Not by calloc, which does not take what free has put into the cache of the thread (glibc): with
 * one for each exchange that is half of what memory costs. */
interim__talk *interim__talk_new(interim__talk **spare)
{
    interim__talk *talk = *spare;

    *spare = NULL;
    if (talk == NULL) {
        talk = malloc(sizeof *talk);
        if (talk == NULL)
            return NULL;
        talk->looked = talk->asked = (interim__buffer){0};
    }
    /* but for the exchange, which is there when it is initialised */
    memset(talk, 0, offsetof(interim__talk, exchange));
    return talk;
}

static void empty(interim__buffer *buffer)
{
    if (buffer->capacity > KEPT_MAX)
        interim__buffer_dispose(buffer);
    else
        interim__buffer_clear(buffer);
}

void interim__talk_forget(interim__talk **spare)
{
    if (*spare == NULL)
        return;
    if ((*spare)->asked.data != NULL) /* a head may prove who asks */
        explicit_bzero((*spare)->asked.data, (*spare)->asked.capacity);
    interim__buffer_dispose(&(*spare)->looked);
    interim__buffer_dispose(&(*spare)->asked);
    free(*spare);
    *spare = NULL;
}

void interim__talk_free(interim__talk *talk, interim__talk **spare)
{
    if (talk == NULL)
        return;
    if (talk->exchanging)
        interim__exchange_dispose(&talk->exchange);
    interim__coding_free(talk->coding);
    interim__answer_dispose(&talk->answer);
    free(talk->marking);
    interim__buffer_dispose(&talk->backlog);
    interim__buffer_dispose(&talk->held);
    empty(&talk->looked);
    empty(&talk->asked);
    if (*spare != NULL)
        interim__talk_forget(&talk);
    else
        *spare = talk;
}
