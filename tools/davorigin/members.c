/* The members of a collection; members.h tells the concept. */
#include "members.h"

#include "path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int members_open(int parent_fd, const char *name)
{
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

static int add(struct members *members, size_t *capacity, const char *name)
{
    if (members->count == *capacity) {
        size_t more = *capacity ? *capacity * 2 : 32;
        char **names = reallocarray(members->names, more, sizeof *names);

        if (!names)
            return -ENOMEM;
        members->names = names;
        *capacity = more;
    }
    members->names[members->count] = strdup(name);
    if (!members->names[members->count])
        return -ENOMEM;
    members->count++;
    return 0;
}

static int compare(const void *left, const void *right)
{
    const char *const *a = left;
    const char *const *b = right;

    return strcmp(*a, *b);
}

int members_read(struct members *out, int directory_fd, bool with_reserved)
{
    int copy = fcntl(directory_fd, F_DUPFD_CLOEXEC, 0);
    DIR *directory = copy < 0 ? NULL : fdopendir(copy);
    size_t capacity = 0;
    int failure = 0;

    memset(out, 0, sizeof *out);
    if (!directory) {
        failure = -errno;
        if (copy >= 0)
            close(copy);
        return failure;
    }
    for (;;) {
        struct dirent *entry = NULL;

        errno = 0;
        entry = readdir(directory);
        if (!entry) {
            failure = -errno;
            break;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            (!with_reserved && path_is_reserved(entry->d_name)))
            continue;
        failure = add(out, &capacity, entry->d_name);
        if (failure)
            break;
    }
    closedir(directory);
    if (failure)
        members_free(out);
    else if (out->count > 1)
        qsort(out->names, out->count, sizeof *out->names, compare);
    return failure;
}

void members_free(struct members *members)
{
    for (size_t i = 0; i < members->count; i++)
        free(members->names[i]);
    free(members->names);
    memset(members, 0, sizeof *members);
}
