/* resume.c - tokens for the caller: given while a job is followed, and taken in another process. */
#include "base/error.h"
#include "client/client.h"
#include "operation/resumption.h"
#include "operation/token.h"

#include <stdlib.h>
#include <string.h>

int interim_request_on_accepted(interim_request *request, interim_accepted_fn fn, void *user)
{
    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    request->on_accepted = fn;
    request->accepted_user = user;
    return 0;
}

int interim_operation_token(const interim_operation *operation, char *out, size_t size)
{
    interim__buffer text = {0};
    int length;

    if (out == NULL && size > 0)
        return INTERIM_EINVAL;
    length = interim__resumption_write(&text, &operation->machine, NULL);
    if (length == 0)
        length = (int)text.length; /* at most INTERIM__TOKEN_MAX */
    if (length > 0 && (size_t)length < size)
        memcpy(out, text.data, (size_t)length + 1);
    interim__buffer_dispose(&text);
    return length;
}

/* Polling as it was; the caller may set it anew. */
static void set_polling(interim_polling *polling, unsigned flags)
{
    if ((flags & INTERIM__TOKEN_STRICT) != 0)
        polling->mode = INTERIM_POLL_STRICT;
    if ((flags & INTERIM__TOKEN_OWN_ORIGIN) != 0)
        polling->cross_origin = INTERIM_CROSS_ORIGIN_REJECT;
    if ((flags & INTERIM__TOKEN_EMBEDDED) != 0)
        polling->flags |= INTERIM_POLL_EMBEDDED;
    if ((flags & INTERIM__TOKEN_PROCESSING) != 0)
        polling->flags |= INTERIM_POLL_PREFER_PROCESSING;
}

static int make_request(interim_request **out, const char *text, interim_error *error)
{
    interim__token *token = malloc(sizeof *token);
    int failed = token == NULL ? INTERIM_ENOMEM : interim__token_read(token, text, error);

    if (failed == 0) {
        failed = interim_request_new(out, token->method, token->url->text);
        if (failed < 0)
            interim__token_dispose(token);
    }
    if (failed < 0) {
        free(token);
        return interim__error_set(error, failed, INTERIM_STAGE_START, "%s",
                                  interim_strerror(failed));
    }
    set_polling(&(*out)->polling, token->flags);
    (*out)->resumed = token;
    return 0;
}

int interim_resume_new(interim_request **out, const char *token, interim_error *error)
{
    interim_error known;
    int failed;

    *out = NULL;
    if (token == NULL)
        return INTERIM_EINVAL;
    interim__error_init(&known);
    failed = make_request(out, token, &known);
    if (failed < 0 && error != NULL)
        interim__error_copy(error, &known);
    return failed;
}

const char *interim_request_method(const interim_request *request)
{
    return request->method;
}

const char *interim_request_url(const interim_request *request)
{
    return request->uri->text;
}
