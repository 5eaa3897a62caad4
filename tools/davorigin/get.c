/* GET and HEAD; get.h tells the concept. */
#include "get.h"

#include "clock.h"
#include "conditions.h"
#include "members.h"
#include "reply.h"
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { BLOCK_BYTES = 65536 };

struct range {
    off_t first;
    off_t length;
    int status; /* 200: everything, 206, 416 */
};

/* Digits as an offset; what is too large counts as the largest. */
static const char *parse_offset(off_t *out, const char *text)
{
    const off_t limit = INT64_MAX / 16;

    if (*text < '0' || *text > '9')
        return NULL;
    for (*out = 0; *text >= '0' && *text <= '9'; text++)
        *out = *out < limit ? *out * 10 + (*text - '0') : limit;
    return text;
}

/* One range of bytes is served. Several, or another unit, or nonsense, get everything (RFC 9110
 * §14.2). */
static struct range choose_range(const struct request *request, const struct stat *info)
{
    const char *text = request_field(request, "Range");
    const struct range whole = {0, info->st_size, 200};
    struct range range = whole;
    off_t last = info->st_size - 1;
    bool suffix = false;

    if (!text || request_field_count(request, "Range") > 1 || strncasecmp(text, "bytes=", 6) != 0 ||
        strchr(text, ',') || !conditions_allow_range(request, info))
        return whole;
    text += 6;
    suffix = *text == '-';
    if (suffix) {
        text = parse_offset(&range.length, text + 1);
        if (!text || *text)
            return whole;
        if (range.length > info->st_size)
            range.length = info->st_size;
        range.first = info->st_size - range.length;
        last = info->st_size - 1;
    } else {
        text = parse_offset(&range.first, text);
        if (!text || *text++ != '-')
            return whole;
        if (*text) {
            text = parse_offset(&last, text);
            if (!text || *text || last < range.first)
                return whole;
        }
        if (last > info->st_size - 1)
            last = info->st_size - 1;
        range.length = last - range.first + 1;
    }
    range.status = range.first < info->st_size && range.length > 0 ? 206 : 416;
    return range;
}

static void write_validators(struct buffer *fields, const struct stat *info)
{
    char tag[ENTITY_TAG_SIZE];
    char date[CLOCK_TEXT_SIZE];

    entity_tag(tag, info);
    clock_http_date(date, info->st_mtim.tv_sec);
    buffer_format(fields, "ETag: %s\r\nLast-Modified: %s\r\n", tag, date);
}

static void send_file(struct exchange *exchange, int fd, off_t first, off_t left)
{
    char *block = malloc(BLOCK_BYTES);

    while (block && left > 0 && !exchange->lost) {
        size_t size = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
        ssize_t got = pread(fd, block, size, first);

        if (got <= 0)
            break;
        reply_data(exchange, block, (size_t)got);
        first += got;
        left -= got;
    }
    free(block);
    /* The length was promised: a body that stays short must end the connection. */
    if (left > 0)
        exchange->close = true;
}

static void get_file(struct exchange *exchange, int fd, const struct stat *info)
{
    struct buffer fields = {0};
    struct range range = choose_range(&exchange->request, info);
    int condition = conditions_check(&exchange->request, info);

    write_validators(&fields, info);
    buffer_text(&fields, "Accept-Ranges: bytes\r\n");
    if (condition == 412) {
        reply_status(exchange, 412, NULL);
    } else if (fields.failed) {
        reply_status(exchange, 503, NULL);
    } else if (condition == 304) {
        reply_whole(exchange, 304, fields.data, NULL, NULL, 0);
    } else if (range.status == 416) {
        buffer_format(&fields, "Content-Range: bytes */%" PRIdMAX "\r\n", (intmax_t)info->st_size);
        reply_whole(exchange, 416, fields.data, NULL, NULL, 0);
    } else {
        if (range.status == 206)
            buffer_format(&fields,
                          "Content-Range: bytes %" PRIdMAX "-%" PRIdMAX "/%" PRIdMAX "\r\n",
                          (intmax_t)range.first, (intmax_t)(range.first + range.length - 1),
                          (intmax_t)info->st_size);
        reply_begin(exchange, range.status, fields.data, "application/octet-stream", range.length);
        if (!exchange->is_head)
            send_file(exchange, fd, range.first, range.length);
    }
    buffer_free(&fields);
}

static void get_collection(struct exchange *exchange, int fd)
{
    struct members members;
    struct buffer text = {0};
    int failure = members_read(&members, fd, false);

    if (failure) {
        reply_status(exchange, status_of_errno(-failure), NULL);
        return;
    }
    for (size_t i = 0; i < members.count; i++) {
        struct stat info;

        if (fstatat(fd, members.names[i], &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            (S_ISDIR(info.st_mode) || S_ISREG(info.st_mode)))
            buffer_format(&text, "%s%s\n", members.names[i], S_ISDIR(info.st_mode) ? "/" : "");
    }
    members_free(&members);
    reply_buffer(exchange, 200, NULL, "text/plain; charset=utf-8", &text);
    buffer_free(&text);
}

void get_handle(struct exchange *exchange)
{
    struct place place;
    struct stat info;
    int failure = place_open(&place, exchange->site->root_fd, &exchange->path);
    int fd = -1;

    if (failure) {
        reply_status(exchange, status_of_errno(-failure), NULL);
        return;
    }
    /* O_NONBLOCK: a pipe that took the file's place since must not stop this thread. */
    fd = openat(place.parent_fd, place.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0)
        reply_status(exchange, status_of_errno(errno), NULL);
    else if (S_ISDIR(info.st_mode))
        get_collection(exchange, fd);
    else if (!S_ISREG(info.st_mode) || exchange->path.slash)
        reply_status(exchange, S_ISREG(info.st_mode) ? 404 : 403, NULL);
    else
        get_file(exchange, fd, &info);
    if (fd >= 0)
        close(fd);
    place_close(&place);
}
