/* Temporary files; scratch.h tells the concept. */
#include "scratch.h"

#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

bool scratch_random_name(char out[RANDOM_NAME_SIZE])
{
    unsigned char bytes[16];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", (unsigned)bytes[i]);
    return true;
}

int scratch_open(struct scratch *out, int parent_fd, mode_t mode)
{
    char random[RANDOM_NAME_SIZE];

    memset(out, 0, sizeof *out);
    out->parent_fd = parent_fd;
    if (!scratch_random_name(random))
        return -EIO;
    snprintf(out->name, sizeof out->name, PATH_RESERVED_PREFIX "-%s", random);
    out->fd = openat(parent_fd, out->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                     mode & 0777);
    return out->fd < 0 ? -errno : 0;
}

int scratch_write(struct scratch *scratch, const void *data, size_t size)
{
    const char *next = data;

    while (size > 0) {
        ssize_t taken = write(scratch->fd, next, size);

        if (taken < 0 && errno == EINTR)
            continue;
        if (taken < 0)
            return -errno;
        next += taken;
        size -= (size_t)taken;
    }
    return 0;
}

/* renameat2 with RENAME_NOREPLACE, and a check before renaming on file systems that do not know it.
 */
static int give_name(const struct scratch *scratch, const char *name, bool replace)
{
    int folder = scratch->parent_fd;

    if (renameat2(folder, scratch->name, folder, name, replace ? 0 : RENAME_NOREPLACE) == 0)
        return 0;
    if (replace || errno != EINVAL)
        return -errno;
    if (faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return -EEXIST;
    return renameat(folder, scratch->name, folder, name) == 0 ? 0 : -errno;
}

int scratch_keep(struct scratch *scratch, const char *name, bool replace)
{
    /* Some file systems tell of a full disk or quota only when the file is closed. */
    int failure = close(scratch->fd) == 0 ? 0 : -errno;

    scratch->fd = -1;
    if (!failure)
        failure = give_name(scratch, name, replace);
    if (failure)
        scratch_drop(scratch);
    return failure;
}

void scratch_drop(struct scratch *scratch)
{
    if (scratch->fd >= 0)
        close(scratch->fd);
    scratch->fd = -1;
    (void)unlinkat(scratch->parent_fd, scratch->name, 0);
}
