/* prepared.c - see prepared.h. */
#include "operation/prepared.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

const interim__prepared *interim__prepared_find(const interim_request *request,
                                                const char *user_agent, bool closes)
{
    const interim__prepared *prepared = request->prepared;

    return prepared != NULL && prepared->closes == closes &&
                   strcmp(prepared->text + prepared->length, or_empty(user_agent)) == 0
               ? prepared
               : NULL;
}

void interim__prepared_keep(interim_request *request, const interim__buffer *head,
                            const char *user_agent, bool closes, bool expects)
{
    size_t size = strlen(or_empty(user_agent)) + 1;
    interim__prepared *prepared;

    if (!request->written || request->prepared != NULL) {
        request->written = true;
        return;
    }
    prepared = malloc(sizeof *prepared + head->length + size);
    if (prepared == NULL)
        return;
    prepared->length = head->length;
    prepared->closes = closes;
    prepared->expects = expects;
    memcpy(prepared->text, head->data, head->length);
    memcpy(prepared->text + head->length, or_empty(user_agent), size);
    request->prepared = prepared;
}

void interim__prepared_forget(interim_request *request)
{
    if (request->prepared != NULL)
        OPENSSL_cleanse(request->prepared->text, request->prepared->length);
    free(request->prepared);
    request->prepared = NULL;
    request->written = false;
}
