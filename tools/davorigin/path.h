/* Paths: from a request target to a place in the served folder, never outside of it.
 *
 * A target is percent-decoded once and split at its slashes. `.` and `..`, an encoded slash, NUL
 * and bad escapes are refused (400), and so are names that begin with `.davorigin`, which belong to
 * the server (403). The place is then found by walking down from the root one name at a time with
 * openat(O_PATH | O_NOFOLLOW). A symbolic link anywhere on the way, or at its end, is refused
 * (403), wherever it points; so are devices, sockets and pipes. */
#ifndef DAVORIGIN_PATH_H
#define DAVORIGIN_PATH_H

#include "buffer.h"

#include <stdbool.h>
#include <sys/stat.h>

#define PATH_RESERVED_PREFIX ".davorigin"

enum {
    PATH_NAMES = 128 /* names in one path */,
    TREE_LEVELS = 256 /* levels a tree is walked down */
};

struct path {
    char *text; /* decoded; no slash at either end; "" is the root */
    bool slash; /* the target ended with a slash */
};

/* Decodes the path part of a target (what follows `?` is cut off). 0 or the status to refuse with.
 */
int path_decode(struct path *out, const char *target);
void path_free(struct path *path);

/* Appends `/` and the percent-encoded text. */
void path_encode(struct buffer *out, const char *text);

bool path_is_reserved(const char *name);

/* Whether `inner` lies below `outer`, or is the same where `or_same`. */
bool path_is_below(const struct path *inner, const struct path *outer, bool or_same);

struct place {
    int parent_fd;    /* O_PATH; owned */
    const char *name; /* points into the path; "." for the root */
    bool exists;
    struct stat info; /* if it exists: a regular file or a directory */
};

/* Finds `path` under `root_fd`. 0: the parent exists, and `exists` tells about the resource. Else a
 * negative errno: -ENOENT or -ENOTDIR for a missing parent, -ELOOP for a symbolic link, -EACCES for
 * what is neither file nor directory. */
int place_open(struct place *out, int root_fd, const struct path *path);
void place_close(struct place *place);
bool place_is_collection(const struct place *place);

#endif
