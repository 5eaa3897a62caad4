/* Paths; path.h tells the concept. */
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes one name; `out` has room for `length` bytes. The decoded length, or -1. */
static ssize_t decode_name(char *out, const char *raw, size_t length)
{
    size_t decoded = 0;

    for (size_t i = 0; i < length; i++) {
        char c = raw[i];

        if (c == '%') {
            int high = i + 2 < length ? hex_digit(raw[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(raw[i + 2]) : -1;

            if (low < 0)
                return -1;
            c = (char)(high * 16 + low);
            if (c == '/' || c == '\0')
                return -1;
            i += 2;
        }
        out[decoded++] = c;
    }
    return (ssize_t)decoded;
}

bool path_is_reserved(const char *name)
{
    return strncmp(name, PATH_RESERVED_PREFIX, strlen(PATH_RESERVED_PREFIX)) == 0;
}

static int check_name(const char *name, size_t length)
{
    if ((length == 1 && name[0] == '.') || (length == 2 && name[0] == '.' && name[1] == '.'))
        return 400;
    if (length > 255)
        return 403;
    if (length >= strlen(PATH_RESERVED_PREFIX) && path_is_reserved(name))
        return 403;
    return 0;
}

int path_decode(struct path *out, const char *target)
{
    size_t end = strcspn(target, "?");
    size_t length = 0;
    size_t names = 0;

    out->slash = false;
    /* RFC 9112 §3.2: a fragment is not part of a target; acting on the rest would hit the wrong
     * resource. */
    out->text = target[0] == '/' && !strchr(target, '#') ? malloc(end + 2) : NULL;
    if (!out->text)
        return target[0] == '/' && !strchr(target, '#') ? 503 : 400;
    for (size_t i = 0; i < end;) {
        size_t raw = 0;
        ssize_t decoded = 0;
        int failure = 0;

        if (target[i] == '/') {
            i++;
            continue;
        }
        raw = strcspn(target + i, "/?");
        if (length > 0)
            out->text[length++] = '/';
        decoded = decode_name(out->text + length, target + i, raw);
        if (decoded >= 0)
            out->text[length + (size_t)decoded] = '\0';
        failure = decoded < 0 ? 400 : check_name(out->text + length, (size_t)decoded);
        if (!failure && ++names > PATH_NAMES)
            failure = 403;
        if (failure) {
            path_free(out);
            return failure;
        }
        length += (size_t)decoded;
        i += raw;
    }
    out->text[length] = '\0';
    out->slash = target[end - 1] == '/';
    return 0;
}

void path_free(struct path *path)
{
    free(path->text);
    path->text = NULL;
}

void path_encode(struct buffer *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";

    buffer_append(out, "/", 1);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
            strchr("-._~/", c)) {
            buffer_append(out, text, 1);
        } else {
            char escaped[3] = {'%', hex[c >> 4], hex[c & 15]};

            buffer_append(out, escaped, 3);
        }
    }
}

bool path_is_below(const struct path *inner, const struct path *outer, bool or_same)
{
    size_t length = strlen(outer->text);

    if (strncmp(inner->text, outer->text, length) != 0)
        return false;
    if (inner->text[length] == '\0')
        return or_same;
    return length == 0 || inner->text[length] == '/';
}

/* One step down. The new O_PATH descriptor or a negative errno. */
static int step_down(int fd, const char *name)
{
    struct stat info;
    int next = openat(fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    int failure = 0;

    if (next < 0)
        return -errno;
    if (fstat(next, &info) != 0)
        failure = -errno;
    else if (S_ISLNK(info.st_mode))
        failure = -ELOOP;
    else if (!S_ISDIR(info.st_mode))
        failure = -ENOTDIR;
    if (failure) {
        close(next);
        return failure;
    }
    return next;
}

/* Walks to the folder that holds the last name. Its descriptor or a negative errno. */
static int open_parent(int root_fd, const char *text, const char **name)
{
    char component[256];
    int fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    for (;;) {
        const char *slash = strchr(text, '/');
        int next = 0;

        if (!slash) {
            *name = *text ? text : ".";
            return fd;
        }
        memcpy(component, text, (size_t)(slash - text));
        component[slash - text] = '\0';
        next = step_down(fd, component);
        close(fd);
        if (next < 0)
            return next;
        fd = next;
        text = slash + 1;
    }
}

int place_open(struct place *out, int root_fd, const struct path *path)
{
    int failure = 0;

    memset(out, 0, sizeof *out);
    out->parent_fd = open_parent(root_fd, path->text, &out->name);
    if (out->parent_fd < 0)
        return out->parent_fd;
    if (fstatat(out->parent_fd, out->name, &out->info, AT_SYMLINK_NOFOLLOW) == 0) {
        out->exists = true;
        if (S_ISLNK(out->info.st_mode))
            failure = -ELOOP;
        else if (!S_ISDIR(out->info.st_mode) && !S_ISREG(out->info.st_mode))
            failure = -EACCES;
    } else if (errno != ENOENT) {
        failure = -errno;
    }
    if (failure)
        place_close(out);
    return failure;
}

void place_close(struct place *place)
{
    if (place->parent_fd >= 0)
        close(place->parent_fd);
    place->parent_fd = -1;
}

bool place_is_collection(const struct place *place)
{
    return place->exists && S_ISDIR(place->info.st_mode);
}
