/* COPY and MOVE as an order; transfer.h tells the concept. */
#include "transfer.h"

#include "conditions.h"
#include "copy.h"
#include "remove.h"
#include "status.h"

#include <string.h>
#include <strings.h>

struct authority {
    const char *host;
    size_t host_length;
    const char *port;
    size_t port_length;
};

/* Splits host and port; a missing port is the scheme's. */
static struct authority split_authority(const char *text, size_t length, const char *default_port)
{
    struct authority result = {text, length, default_port, strlen(default_port)};

    for (size_t i = length; i > 0 && text[i - 1] != ']'; i--) {
        if (text[i - 1] != ':')
            continue;
        result.host_length = i - 1;
        if (i < length) {
            result.port = text + i;
            result.port_length = length - i;
        }
        break;
    }
    return result;
}

/* The scheme is not compared: behind a proxy that ends TLS the client says https where we speak
 * http. */
static bool is_same_authority(const char *url, size_t length, const char *host, bool https)
{
    const char *port = https ? "443" : "80";
    struct authority a = split_authority(url, length, port);
    struct authority b = split_authority(host, strlen(host), port);

    return a.host_length > 0 && a.host_length == b.host_length &&
           strncasecmp(a.host, b.host, a.host_length) == 0 && a.port_length == b.port_length &&
           strncmp(a.port, b.port, a.port_length) == 0;
}

static int parse_destination(struct path *out, const struct request *request, const char **why)
{
    const char *url = request_field(request, "Destination");
    bool https = url && strncasecmp(url, "https://", 8) == 0;
    int status = 0;

    if (request_field_count(request, "Destination") != 1) {
        *why = "one Destination field is needed";
        return 400;
    }
    if (https || strncasecmp(url, "http://", 7) == 0) {
        size_t length = 0;

        url = strstr(url, "://") + 3;
        length = strcspn(url, "/?#");
        if (!is_same_authority(url, length, request->host, https))
            return 502;
        url = url[length] == '/' ? url + length : "/";
    } else if (url[0] != '/' || url[1] == '/') {
        *why = "Destination is an absolute URL or an absolute path";
        return 400;
    }
    status = path_decode(out, url);
    *why = status ? "the server refuses this Destination" : NULL;
    return status;
}

static int parse_overwrite(bool *out, const struct request *request)
{
    const char *value = request_field(request, "Overwrite");

    *out = !value || strcasecmp(value, "T") == 0;
    return *out || strcasecmp(value, "F") == 0 ? 0 : 400;
}

static int parse_depth(bool *out_shallow, const struct request *request)
{
    const char *value = request_field(request, "Depth");

    *out_shallow = value && strcmp(value, "0") == 0;
    return !value || *out_shallow || strcasecmp(value, "infinity") == 0 ? 0 : 400;
}

static int check_relation(const struct transfer *transfer, const char **why)
{
    const struct path *source = &transfer->source;
    const struct path *destination = &transfer->destination;

    if (path_is_below(destination, source, true))
        *why = "source and destination are the same, or the destination lies within the source";
    else if (path_is_below(source, destination, false))
        *why = "the source lies within the destination and would be replaced with it";
    else
        return 0;
    return 403;
}

static int check_source(const struct transfer *transfer, const struct request *request,
                        struct stat *out_info, const char **why)
{
    struct place place;
    int failure = place_open(&place, transfer->site->root_fd, &transfer->source);
    int status = 0;

    if (failure)
        return status_of_errno(-failure);
    if (!place.exists || (transfer->source.slash && !place_is_collection(&place)))
        status = 404;
    else if (transfer->move && transfer->shallow && place_is_collection(&place)) {
        *why = "a collection is moved with Depth: infinity only";
        status = 400;
    } else
        status = conditions_check(request, &place.info);
    *out_info = place.info;
    place_close(&place);
    return status;
}

/* By inode too: names that differ in case may be one folder. */
static int check_destination(const struct transfer *transfer, const struct stat *source)
{
    struct place place;
    int failure = place_open(&place, transfer->site->root_fd, &transfer->destination);
    int status = 0;

    if (failure)
        return status_of_parent_errno(-failure);
    if (place_is_collection(&place) && place.info.st_dev == source->st_dev &&
        place.info.st_ino == source->st_ino)
        status = 403;
    else if (place.exists && !transfer->overwrite)
        status = 412;
    place_close(&place);
    return status;
}

int transfer_prepare(struct transfer *out, const struct exchange *exchange, const char **why)
{
    const struct request *request = &exchange->request;
    struct stat source = {0};
    int status = 0;

    memset(out, 0, sizeof *out);
    *why = NULL;
    out->site = exchange->site;
    out->move = strcmp(request->method, "MOVE") == 0;
    if (parse_overwrite(&out->overwrite, request)) {
        *why = "Overwrite is T or F";
        return 400;
    }
    if (parse_depth(&out->shallow, request)) {
        *why = "Depth is 0 or infinity";
        return 400;
    }
    out->source.slash = exchange->path.slash;
    out->source.text = strdup(exchange->path.text);
    status = out->source.text ? parse_destination(&out->destination, request, why) : 503;
    if (!status)
        status = check_relation(out, why);
    if (!status)
        status = check_source(out, request, &source, why);
    if (!status)
        status = check_destination(out, &source);
    if (status)
        transfer_free(out);
    return status;
}

void transfer_free(struct transfer *transfer)
{
    path_free(&transfer->source);
    path_free(&transfer->destination);
}

/* RFC 4918 §9.8.4: what is overwritten is deleted first, with everything below; but a file is
 * replaced by a file at once. */
static int make_room(struct outcome *out, const struct transfer *transfer,
                     const struct place *source, const struct place *destination)
{
    if (!destination->exists)
        return 0;
    if (!transfer->overwrite)
        return 412;
    if (!place_is_collection(source) && !place_is_collection(destination))
        return 0;
    return tree_remove(&out->failures, destination->parent_fd, destination->name,
                       transfer->destination.text);
}

static void run_between(struct outcome *out, const struct transfer *transfer,
                        const struct place *source, const struct place *destination,
                        struct progress *progress)
{
    const struct options *options = transfer->site->options;
    const struct copy_order order = {.source = source,
                                     .destination = destination,
                                     .source_path = transfer->source.text,
                                     .destination_path = transfer->destination.text,
                                     .move = transfer->move,
                                     .shallow = transfer->shallow,
                                     .replace = transfer->overwrite,
                                     .delay_ms = options->delay_ms,
                                     .fail_member = options->fail_member};

    if (options->fail_member && strcmp(options->fail_member, source->name) == 0)
        out->status = 403; /* here already, so that the destination is not deleted first */
    else
        out->status = make_room(out, transfer, source, destination);
    if (!out->status)
        out->status = copy_run(&out->failures, &order, progress);
    if (out->status || progress_is_cancelled(progress))
        return;
    if (out->failures.count + out->failures.dropped > 0)
        out->status = 207;
    else
        out->status = destination->exists ? 204 : 201;
}

void transfer_run(struct outcome *out, const struct transfer *transfer, struct progress *progress)
{
    struct place source;
    struct place destination;
    int root_fd = transfer->site->root_fd;
    int failure = place_open(&source, root_fd, &transfer->source);

    memset(out, 0, sizeof *out);
    if (failure) {
        out->status = status_of_errno(-failure);
        return;
    }
    failure = place_open(&destination, root_fd, &transfer->destination);
    if (failure) {
        out->status = status_of_parent_errno(-failure);
    } else {
        if (source.exists)
            run_between(out, transfer, &source, &destination, progress);
        else
            out->status = 404;
        place_close(&destination);
    }
    place_close(&source);
}
