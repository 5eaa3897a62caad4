/* prepared.c - see prepared.h. */
#include "operation/prepared.h"

#include <stdlib.h>
#include <string.h>

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

const interim__prepared *interim__prepared_if(const interim__prepared *prepared,
                                              const char *user_agent, bool closes)
{
    return prepared != NULL && prepared->closes == closes &&
                   strcmp(prepared->text + prepared->length, or_empty(user_agent)) == 0
               ? prepared
               : NULL;
}

/* NULL when out of memory. */
static interim__prepared *prepare(const char *words, size_t length, const char *user_agent,
                                  bool closes, bool expects)
{
    size_t size = strlen(or_empty(user_agent)) + 1;
    interim__prepared *prepared = malloc(sizeof *prepared + length + size);

    if (prepared == NULL)
        return NULL;
    prepared->length = length;
    prepared->closes = closes;
    prepared->expects = expects;
    memcpy(prepared->text, words, length);
    memcpy(prepared->text + length, or_empty(user_agent), size);
    return prepared;
}

void interim__prepared_keep(interim_request *request, const interim__buffer *head,
                            const char *user_agent, bool closes, bool expects)
{
    if (request->written && request->prepared == NULL)
        request->prepared = prepare(head->data, head->length, user_agent, closes, expects);
    request->written = true;
}

void interim__prepared_keep_poll(interim_request *request, const char *words, size_t length,
                                 const char *user_agent, bool closes)
{
    if (request->prepared != NULL && request->poll == NULL)
        request->poll = prepare(words, length, user_agent, closes, false);
}

static void forget(interim__prepared **prepared)
{
    if (*prepared != NULL)
        explicit_bzero((*prepared)->text, (*prepared)->length);
    free(*prepared);
    *prepared = NULL;
}

void interim__prepared_forget(interim_request *request)
{
    forget(&request->prepared);
    forget(&request->poll);
    request->written = false;
}
