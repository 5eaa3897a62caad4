/* Removing a tree; remove.h tells the concept. What is in the folder but is no resource (a symbolic
 * link, a temporary file) goes with it; links are removed, not followed. */
#include "remove.h"

#include "members.h"
#include "path.h"
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int remove_member(struct failures *failures, int parent_fd, const struct member *member,
                         const char *name, int level);

/* Removes the members of a folder. 0, 207 when some remain, or the status of the folder's own
 * failure. */
static int empty_folder(struct failures *failures, int parent_fd, const struct member *member,
                        const char *name, int level)
{
    struct members members;
    int fd = level < TREE_LEVELS ? members_open(parent_fd, name) : -EACCES;
    int failure = fd < 0 ? fd : members_read(&members, fd, true);
    int result = 0;

    for (size_t i = 0; !failure && i < members.count; i++) {
        const struct member below = {.up = member, .name = members.names[i]};
        int status = remove_member(failures, fd, &below, members.names[i], level + 1);

        if (status != 0 && status != 207)
            failures_add(failures, &below, status);
        if (status != 0)
            result = 207;
    }
    if (!failure)
        members_free(&members);
    if (fd >= 0)
        close(fd);
    return failure ? status_of_errno(-failure) : result;
}

static int remove_member(struct failures *failures, int parent_fd, const struct member *member,
                         const char *name, int level)
{
    struct stat info;
    int flags = 0;
    int status = 0;

    if (fstatat(parent_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : status_of_errno(errno);
    if (S_ISDIR(info.st_mode)) {
        flags = AT_REMOVEDIR;
        status = empty_folder(failures, parent_fd, member, name, level);
        if (status)
            return status;
    }
    if (unlinkat(parent_fd, name, flags) == 0 || errno == ENOENT)
        return 0;
    /* ENOTEMPTY: somebody put a new member in meanwhile. */
    return errno == ENOTEMPTY || errno == EEXIST ? 409 : status_of_errno(errno);
}

int tree_remove(struct failures *failures, int parent_fd, const char *name, const char *path)
{
    const struct member top = {.up = NULL, .name = path};

    return remove_member(failures, parent_fd, &top, name, 0);
}
