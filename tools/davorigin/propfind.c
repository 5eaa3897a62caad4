/* PROPFIND and PROPPATCH; propfind.h tells the concept. */
#include "propfind.h"

#include "conditions.h"
#include "members.h"
#include "properties.h"
#include "reply.h"
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { FLUSH_BYTES = 32768 };

struct listing {
    struct exchange *exchange;
    const struct propreq *request;
    struct buffer out;
};

static void flush(struct listing *listing)
{
    if (listing->out.failed)
        listing->exchange->lost = listing->exchange->close = true;
    else
        reply_data(listing->exchange, listing->out.data, listing->out.length);
    buffer_clear(&listing->out);
}

static void begin_response(struct listing *listing, const struct member *member, bool collection)
{
    buffer_text(&listing->out, "<D:response><D:href>");
    member_href(&listing->out, member);
    /* RFC 4918 §5.2: a collection's href ends with a slash; the root's is one already. */
    if (collection && (*member->name || member->up))
        buffer_text(&listing->out, "/");
    buffer_text(&listing->out, "</D:href>");
}

static void list_resource(struct listing *listing, int parent_fd, const struct member *member,
                          const char *name, const struct stat *info)
{
    const char *slash = strrchr(member->name, '/');
    const struct resource resource = {.parent_fd = parent_fd,
                                      .name = name,
                                      .shown_name = slash ? slash + 1 : member->name,
                                      .info = info};

    begin_response(listing, member, S_ISDIR(info->st_mode));
    properties_write(&listing->out, listing->request, &resource);
    buffer_text(&listing->out, "</D:response>\n");
    if (listing->out.length >= FLUSH_BYTES || listing->out.failed)
        flush(listing);
}

/* Lists the members of the folder `name`, `depth` levels down. What cannot be looked into is listed
 * without its members. */
static void list_members(struct listing *listing, int parent_fd, const struct member *member,
                         const char *name, int depth)
{
    struct members members;
    int fd = depth > 0 ? members_open(parent_fd, name) : -1;

    if (fd < 0)
        return;
    if (members_read(&members, fd, false) == 0) {
        for (size_t i = 0; i < members.count && !listing->exchange->lost; i++) {
            const struct member below = {.up = member, .name = members.names[i]};
            struct stat info;

            if (fstatat(fd, members.names[i], &info, AT_SYMLINK_NOFOLLOW) != 0 ||
                (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode)))
                continue;
            list_resource(listing, fd, &below, members.names[i], &info);
            if (S_ISDIR(info.st_mode))
                list_members(listing, fd, &below, members.names[i], depth - 1);
        }
        members_free(&members);
    }
    close(fd);
}

static void answer(struct exchange *exchange, const struct propreq *request,
                   const struct place *place, int depth)
{
    struct listing listing = {.exchange = exchange, .request = request};
    const struct member top = {.up = NULL, .name = exchange->path.text};

    reply_begin(exchange, 207, NULL, MULTISTATUS_TYPE, -1);
    multistatus_begin(&listing.out);
    list_resource(&listing, place->parent_fd, &top, place->name, &place->info);
    if (place_is_collection(place))
        list_members(&listing, place->parent_fd, &top, place->name, depth);
    multistatus_end(&listing.out);
    flush(&listing);
    reply_end(exchange);
    buffer_free(&listing.out);
}

/* The Depth field as levels; -1 when it is none of 0, 1 and infinity. */
static int depth_of(const struct request *request)
{
    const char *depth = request_field(request, "Depth");

    if (!depth || strcasecmp(depth, "infinity") == 0)
        return TREE_LEVELS;
    return strcmp(depth, "0") == 0 ? 0 : strcmp(depth, "1") == 0 ? 1 : -1;
}

/* Reads the body and finds the resource. 0 with `request` and `place` open, or a status. */
static int prepare(struct exchange *exchange, struct propreq *request, struct place *place,
                   const char *root)
{
    struct buffer body = {0};
    int status = body_read_all(&body, &exchange->body, PROPREQ_BODY_BYTES);
    int failure = 0;

    if (!status)
        status = propreq_parse(request, &body, root);
    buffer_free(&body);
    if (status)
        return status;
    failure = place_open(place, exchange->site->root_fd, &exchange->path);
    if (failure) {
        status = status_of_errno(-failure);
    } else {
        if (!place->exists || (exchange->path.slash && !place_is_collection(place)))
            status = 404;
        else
            status = conditions_check(&exchange->request, &place->info);
        if (status)
            place_close(place);
    }
    if (status)
        propreq_free(request);
    return status;
}

void propfind_handle(struct exchange *exchange)
{
    struct propreq request;
    struct place place;
    int depth = depth_of(&exchange->request);
    int status = 0;

    if (depth < 0) {
        reply_status(exchange, 400, "Depth is 0, 1 or infinity");
        return;
    }
    status = prepare(exchange, &request, &place, "propfind");
    if (status) {
        reply_status(exchange, status, NULL);
        return;
    }
    answer(exchange, &request, &place, depth);
    place_close(&place);
    propreq_free(&request);
}

void proppatch_handle(struct exchange *exchange)
{
    struct propreq request;
    struct place place;
    struct listing listing = {.exchange = exchange};
    const struct member top = {.up = NULL, .name = exchange->path.text};
    int status = prepare(exchange, &request, &place, "propertyupdate");

    if (status) {
        reply_status(exchange, status, NULL);
        return;
    }
    multistatus_begin(&listing.out);
    begin_response(&listing, &top, place_is_collection(&place));
    buffer_text(&listing.out, "<D:propstat><D:prop>");
    for (size_t i = 0; i < request.count; i++)
        property_write_name(&listing.out, &request.properties[i]);
    buffer_text(&listing.out, "</D:prop><D:status>HTTP/1.1 403 Forbidden</D:status></D:propstat>"
                              "<D:responsedescription>this server keeps no properties"
                              "</D:responsedescription></D:response>\n");
    multistatus_end(&listing.out);
    reply_buffer(exchange, 207, NULL, MULTISTATUS_TYPE, &listing.out);
    buffer_free(&listing.out);
    place_close(&place);
    propreq_free(&request);
}
