/* upload_request.c - see upload.h: what is an upload, and what is sent for it. */
#include "base/text.h"
#include "exchange/request_head.h"
#include "exchange/structured.h"
#include "operation/patience.h"
#include "operation/upload.h"
#include "operation/upload_said.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool interim__upload_fits(const interim_request *request)
{
    const interim__body_source *body = &request->body;
    const char *method = request->method;

    if ((body->data == NULL && body->piece == NULL) || body->length <= 0 ||
        body->length > INTERIM__STRUCTURED_MAX)
        return false;
    if (strcmp(method, "PUT") != 0 && strcmp(method, "POST") != 0 && strcmp(method, "PATCH") != 0)
        return false;
    /* The caller speaks the protocol by itself. */
    for (size_t i = 0; i < request->fields.count; i++)
        if (interim__text_begins(request->fields.items[i].name,
                                 request->fields.items[i].name_length, "upload-"))
            return false;
    return true;
}

/* A digest of the content would be wrong on an empty request. */
static bool is_careful(const interim_request *request)
{
    return request->resumption.careful &&
           interim__fields_next(&request->fields, "content-digest", NULL) == NULL &&
           interim__fields_next(&request->fields, "content-md5", NULL) == NULL;
}

void interim__upload_create(interim__upload *upload, const interim_request *request,
                            uint64_t *random)
{
    interim__upload_dispose(upload);
    *upload = (interim__upload){.request = request,
                                .random = random,
                                .careful = is_careful(request),
                                .length = request->body.length,
                                .max_append = -1,
                                .min_append = -1,
                                .max_size = -1,
                                .expires_at = INTERIM__FAR,
                                .last = ""};
    upload->completes = !upload->careful;
    upload->size = upload->careful ? 0 : upload->length;
}

void interim__upload_dispose(interim__upload *upload)
{
    interim__uri_dispose(&upload->resource);
    interim__uri_dispose(&upload->current);
}

static int add(interim__fields *fields, const char *name, const char *value)
{
    return interim__fields_add(fields, name, strlen(name), value, strlen(value));
}

int interim__upload_fields(interim__upload *upload, interim__fields *fields, interim_hop hop,
                           const char *method)
{
    bool about_it = hop == INTERIM_HOP_UPLOAD;

    if (add(fields, "Upload-Draft-Interop-Version", INTERIM__UPLOAD_VERSION) < 0)
        return INTERIM_ENOMEM;
    if (about_it && strcmp(method, "HEAD") == 0)
        return 0;
    if (add(fields, "Upload-Complete", upload->completes ? "?1" : "?0") < 0)
        return INTERIM_ENOMEM;
    snprintf(upload->length_text, sizeof upload->length_text, "%" PRId64, upload->length);
    if (!about_it)
        return add(fields, "Upload-Length", upload->length_text);
    snprintf(upload->offset_text, sizeof upload->offset_text, "%" PRId64, upload->from);
    if (add(fields, "Upload-Offset", upload->offset_text) < 0)
        return INTERIM_ENOMEM;
    return add(fields, "Content-Type", "application/partial-upload");
}

interim__body_source interim__upload_body(const interim__upload *upload, interim_hop hop,
                                          const char *method)
{
    interim__body_source body;

    if (hop == INTERIM_HOP_UPLOAD && strcmp(method, "HEAD") == 0)
        return (interim__body_source){.length = INTERIM__BODY_NONE};
    body = upload->request->body;
    if (body.data != NULL)
        body.data += upload->from;
    body.from = upload->from;
    body.length = upload->size;
    return body;
}

void interim__upload_handed(interim__upload *upload, const interim__sender *sender)
{
    int64_t given = sender->body.length <= 0 ? 0 : sender->body.length - sender->left;

    /* What a reader gave may still lie here. */
    if (sender->body.data == NULL && given > 0)
        given -= (int64_t)(sender->out.length - sender->at);
    if (upload->from + given > upload->handed)
        upload->handed = upload->from + given;
    if (upload->completes && interim__sender_done(sender))
        upload->all_handed = true;
}
