/* talk.c - see talk.h. */
#include "operation/talk.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Not by calloc, which does not take what free has put into the cache of the thread (glibc): with
 * one for each exchange that is half of what memory costs. */
interim__talk *interim__talk_new(interim__talk **spare)
{
    interim__talk *talk = *spare == NULL ? malloc(sizeof *talk) : *spare;

    *spare = NULL;
    if (talk != NULL) /* but for the exchange, which is there when it is initialised */
        memset(talk, 0, offsetof(interim__talk, exchange));
    return talk;
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
    interim__buffer_dispose(&talk->looked);
    interim__buffer_dispose(&talk->backlog);
    interim__buffer_dispose(&talk->held);
    if (*spare == NULL)
        *spare = talk;
    else
        free(talk);
}
