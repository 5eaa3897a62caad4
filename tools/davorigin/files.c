/* PUT, DELETE, MKCOL and OPTIONS; files.h tells the concept. */
#include "files.h"

#include "conditions.h"
#include "remove.h"
#include "reply.h"
#include "scratch.h"
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { BLOCK_BYTES = 65536, SMALL_BODY_BYTES = 65536 };

void options_handle(struct exchange *exchange)
{
    int failure = body_read_all(NULL, &exchange->body, SMALL_BODY_BYTES);

    if (failure)
        reply_status(exchange, failure, NULL);
    else
        reply_whole(exchange, 200, "DAV: 1\r\nAllow: " DAVORIGIN_ALLOW "\r\n", NULL, NULL, 0);
}

/* Takes the body into the scratch file. 0 or a status. */
static int receive(struct exchange *exchange, struct scratch *scratch)
{
    char *block = malloc(BLOCK_BYTES);
    int status = block ? 0 : 503;

    while (status == 0) {
        ssize_t got = body_read(&exchange->body, block, BLOCK_BYTES);
        int failure = 0;

        if (got == 0)
            break;
        failure = got < 0 ? 0 : scratch_write(scratch, block, (size_t)got);
        if (got < 0)
            status = (int)-got;
        else if (failure)
            status = status_of_errno(-failure);
    }
    free(block);
    return status;
}

static void reply_stored(struct exchange *exchange, const struct place *place, int status)
{
    struct buffer fields = {0};
    struct stat info;
    char tag[ENTITY_TAG_SIZE];

    if (fstatat(place->parent_fd, place->name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        entity_tag(tag, &info);
        buffer_format(&fields, "ETag: %s\r\n", tag);
    }
    reply_whole(exchange, status, fields.failed ? NULL : fields.data, NULL, NULL, 0);
    buffer_free(&fields);
}

static void put_at(struct exchange *exchange, const struct place *place)
{
    struct scratch scratch;
    bool must_be_new = request_field(&exchange->request, "If-None-Match") && !place->exists;
    mode_t mode = place->exists ? place->info.st_mode : 0666;
    int failure = scratch_open(&scratch, place->parent_fd, mode);
    int status = 0;

    if (failure) {
        reply_status(exchange, status_of_errno(-failure), NULL);
        return;
    }
    status = receive(exchange, &scratch);
    if (status) {
        scratch_drop(&scratch);
    } else {
        failure = scratch_keep(&scratch, place->name, !must_be_new);
        /* A collection of that name appeared while the body came. */
        if (failure == -EISDIR)
            status = 405;
        else if (failure)
            status = status_of_errno(-failure);
    }
    if (status)
        reply_status(exchange, status, NULL);
    else
        reply_stored(exchange, place, place->exists ? 204 : 201);
}

void put_handle(struct exchange *exchange)
{
    struct place place;
    int failure = 0;
    int condition = 0;

    /* RFC 9110 §14.5: a part must not be taken for the whole. */
    if (request_field(&exchange->request, "Content-Range")) {
        reply_status(exchange, 400, "PUT takes a whole file, without Content-Range");
        return;
    }
    failure = place_open(&place, exchange->site->root_fd, &exchange->path);
    if (failure) {
        reply_status(exchange, status_of_parent_errno(-failure), NULL);
        return;
    }
    condition = conditions_check(&exchange->request, place.exists ? &place.info : NULL);
    if (place_is_collection(&place))
        reply_status(exchange, 405, "there is a collection at this path");
    else if (exchange->path.slash)
        reply_status(exchange, 409, "a path that ends with a slash is a collection's");
    else if (condition)
        reply_status(exchange, condition, NULL);
    else
        put_at(exchange, &place);
    place_close(&place);
}

static void delete_at(struct exchange *exchange, const struct place *place)
{
    struct failures failures = {0};
    struct buffer body = {0};
    int status = tree_remove(&failures, place->parent_fd, place->name, exchange->path.text);

    if (status == 207) {
        multistatus_of_failures(&body, &failures);
        reply_buffer(exchange, 207, NULL, MULTISTATUS_TYPE, &body);
    } else {
        reply_status(exchange, status ? status : 204, NULL);
    }
    buffer_free(&body);
    failures_free(&failures);
}

void delete_handle(struct exchange *exchange)
{
    struct place place;
    const char *depth = request_field(&exchange->request, "Depth");
    int failure = body_read_all(NULL, &exchange->body, SMALL_BODY_BYTES);
    int condition = 0;

    if (failure) {
        reply_status(exchange, failure, NULL);
        return;
    }
    failure = place_open(&place, exchange->site->root_fd, &exchange->path);
    if (failure || !place.exists) {
        reply_status(exchange, failure ? status_of_errno(-failure) : 404, NULL);
        if (!failure)
            place_close(&place);
        return;
    }
    condition = conditions_check(&exchange->request, &place.info);
    if (!*exchange->path.text)
        reply_status(exchange, 403, "the served folder itself cannot be deleted");
    else if (exchange->path.slash && !place_is_collection(&place))
        reply_status(exchange, 404, NULL);
    else if (place_is_collection(&place) && depth && strcasecmp(depth, "infinity") != 0)
        reply_status(exchange, 400, "a collection is deleted with Depth: infinity only");
    else if (condition)
        reply_status(exchange, condition, NULL);
    else
        delete_at(exchange, &place);
    place_close(&place);
}

void mkcol_handle(struct exchange *exchange)
{
    struct place place;
    int condition = 0;
    int failure = 0;

    if (!exchange->body.done) {
        reply_status(exchange, 415, NULL);
        return;
    }
    failure = place_open(&place, exchange->site->root_fd, &exchange->path);
    if (failure) {
        reply_status(exchange, status_of_parent_errno(-failure), NULL);
        return;
    }
    condition = conditions_check(&exchange->request, place.exists ? &place.info : NULL);
    if (place.exists)
        reply_status(exchange, 405, "there is something at this path already");
    else if (condition)
        reply_status(exchange, condition, NULL);
    else if (mkdirat(place.parent_fd, place.name, 0777) == 0)
        reply_status(exchange, 201, NULL);
    else
        reply_status(exchange, errno == EEXIST ? 405 : status_of_errno(errno), NULL);
    place_close(&place);
}
