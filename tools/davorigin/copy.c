/* The engine of COPY and MOVE; copy.h tells the concept. */
#include "copy.h"

#include "members.h"
#include "scratch.h"
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 131072 };

struct engine {
    const struct copy_order *order;
    struct progress *progress;
    struct failures *failures;
    char *block;
};

/* A resource during the walk: where it is, and its path for the hrefs. */
struct spot {
    int parent_fd;
    const char *name;
    struct member member;
};

/* A failure belongs to the source or to the destination (RFC 4918 §9.8.5: the most appropriate of
 * the two). */
struct fault {
    int status;
    bool at_destination;
};

static struct fault source_fault(int error)
{
    return (struct fault){status_of_errno(error), false};
}

static struct fault destination_fault(int error)
{
    return (struct fault){status_of_errno(error), true};
}

static const struct fault no_fault = {0, false};

static struct fault copy_content(struct engine *engine, int fd, struct scratch *scratch)
{
    for (;;) {
        ssize_t got = read(fd, engine->block, BLOCK_BYTES);
        int failure = 0;

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return source_fault(errno);
        if (got == 0 || progress_is_cancelled(engine->progress))
            return no_fault;
        failure = scratch_write(scratch, engine->block, (size_t)got);
        if (failure)
            return destination_fault(-failure);
    }
}

static struct fault copy_file(struct engine *engine, const struct spot *from, const struct spot *to)
{
    struct scratch scratch;
    struct stat info;
    struct fault fault = no_fault;
    int failure = 0;
    int fd = openat(from->parent_fd, from->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return source_fault(errno);
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return source_fault(EACCES);
    }
    failure = scratch_open(&scratch, to->parent_fd, info.st_mode);
    if (failure) {
        close(fd);
        return destination_fault(-failure);
    }
    fault = copy_content(engine, fd, &scratch);
    close(fd);
    if (fault.status || progress_is_cancelled(engine->progress)) {
        scratch_drop(&scratch);
        return fault;
    }
    failure = scratch_keep(&scratch, to->name, engine->order->replace);
    return failure ? destination_fault(-failure) : no_fault;
}

/* rename does nothing when both names are hard links to one file; the source shall be gone all the
 * same. */
static bool is_same_file(const struct spot *from, const struct spot *to)
{
    struct stat a;
    struct stat b;

    return fstatat(from->parent_fd, from->name, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstatat(to->parent_fd, to->name, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* 0 or a negative errno, -EXDEV among them. */
static int rename_resource(const struct engine *engine, const struct spot *from,
                           const struct spot *to)
{
    unsigned flags = engine->order->replace ? 0 : RENAME_NOREPLACE;

    if (is_same_file(from, to))
        return unlinkat(from->parent_fd, from->name, 0) == 0 ? 0 : -errno;
    if (renameat2(from->parent_fd, from->name, to->parent_fd, to->name, flags) == 0)
        return 0;
    /* A file system without NOREPLACE; transfer_run has looked just before. */
    if (errno == EINVAL && flags &&
        renameat(from->parent_fd, from->name, to->parent_fd, to->name) == 0)
        return 0;
    return -errno;
}

/* -EXDEV comes here only from what cannot be copied instead: the source's fault. */
static struct fault rename_fault(int failure)
{
    if (failure == -EXDEV)
        return source_fault(EXDEV);
    return failure ? destination_fault(-failure) : no_fault;
}

static struct fault transfer_file(struct engine *engine, const struct spot *from,
                                  const struct spot *to)
{
    struct fault fault = no_fault;
    int failure = 0;

    progress_sleep(engine->progress, engine->order->delay_ms);
    if (progress_is_cancelled(engine->progress))
        return no_fault;
    if (!engine->order->move)
        return copy_file(engine, from, to);
    failure = rename_resource(engine, from, to);
    if (failure != -EXDEV)
        return rename_fault(failure);
    fault = copy_file(engine, from, to);
    if (fault.status || progress_is_cancelled(engine->progress))
        return fault;
    return unlinkat(from->parent_fd, from->name, 0) == 0 ? no_fault : source_fault(errno);
}

static struct fault transfer_member(struct engine *engine, const struct spot *from,
                                    const struct spot *to, int level);

static void transfer_members(struct engine *engine, const struct spot *from, const struct spot *to,
                             const struct members *members, const int fds[2], int level)
{
    for (size_t i = 0; i < members->count && !progress_is_cancelled(engine->progress); i++) {
        const char *name = members->names[i];
        const struct spot below_from = {fds[0], name, {&from->member, name}};
        const struct spot below_to = {fds[1], name, {&to->member, name}};
        struct fault fault = transfer_member(engine, &below_from, &below_to, level + 1);

        if (fault.status)
            failures_add(engine->failures,
                         fault.at_destination ? &below_to.member : &below_from.member,
                         fault.status);
    }
}

/* The collection itself: both folders opened, the new one made. */
static struct fault open_collection(const struct spot *from, const struct spot *to, int fds[2])
{
    struct stat info;

    fds[1] = -1;
    fds[0] = members_open(from->parent_fd, from->name);
    if (fds[0] < 0)
        return source_fault(-fds[0]);
    if (fstat(fds[0], &info) != 0)
        return source_fault(errno);
    if (mkdirat(to->parent_fd, to->name, (info.st_mode & 0777) | 0700) != 0)
        return destination_fault(errno);
    fds[1] = members_open(to->parent_fd, to->name);
    return fds[1] < 0 ? destination_fault(-fds[1]) : no_fault;
}

static struct fault transfer_collection(struct engine *engine, const struct spot *from,
                                        const struct spot *to, int level)
{
    struct members members = {0};
    size_t failed = engine->failures->count + engine->failures->dropped;
    int fds[2] = {-1, -1};
    struct fault fault =
        level < TREE_LEVELS ? open_collection(from, to, fds) : source_fault(EACCES);

    if (!fault.status && !engine->order->shallow) {
        int failure = members_read(&members, fds[0], false);

        if (failure)
            fault = source_fault(-failure);
        else
            transfer_members(engine, from, to, &members, fds, level);
        members_free(&members);
    }
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    if (fault.status || !engine->order->move || progress_is_cancelled(engine->progress) ||
        failed != engine->failures->count + engine->failures->dropped)
        return fault;
    return unlinkat(from->parent_fd, from->name, AT_REMOVEDIR) == 0 ? no_fault
                                                                    : source_fault(errno);
}

static struct fault transfer_member(struct engine *engine, const struct spot *from,
                                    const struct spot *to, int level)
{
    struct stat info;
    struct fault fault = no_fault;
    const char *forbidden = engine->order->fail_member;

    if (fstatat(from->parent_fd, from->name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return source_fault(errno);
    if (forbidden && strcmp(forbidden, from->name) == 0)
        fault = source_fault(EACCES);
    else if (S_ISDIR(info.st_mode))
        fault = transfer_collection(engine, from, to, level);
    else if (S_ISREG(info.st_mode))
        fault = transfer_file(engine, from, to);
    else if (engine->order->move) /* no resource, but it would keep its folder from going */
        return rename_fault(rename_resource(engine, from, to));
    else
        return no_fault;
    if (!progress_is_cancelled(engine->progress))
        progress_advance(engine->progress);
    return fault;
}

/* How many files and collections there are, the top one among them. */
static uint64_t count_members(struct progress *progress, int parent_fd, const char *name, int level)
{
    struct members members;
    struct stat info;
    uint64_t count = 1;
    int fd = -1;

    if (fstatat(parent_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    if (!S_ISDIR(info.st_mode))
        return S_ISREG(info.st_mode);
    fd = level < TREE_LEVELS ? members_open(parent_fd, name) : -1;
    if (fd >= 0 && members_read(&members, fd, false) == 0) {
        for (size_t i = 0; i < members.count && !progress_is_cancelled(progress); i++)
            count += count_members(progress, fd, members.names[i], level + 1);
        members_free(&members);
    }
    if (fd >= 0)
        close(fd);
    return count;
}

/* A real rename is one step. Only when members shall be slow or fail are they moved one by one. */
static bool may_rename_whole(const struct copy_order *order)
{
    return order->move && order->delay_ms == 0 && !order->fail_member;
}

int copy_run(struct failures *failures, const struct copy_order *order, struct progress *progress)
{
    struct engine engine = {.order = order, .progress = progress, .failures = failures};
    const struct place *source = order->source;
    const struct place *destination = order->destination;
    const struct spot from = {source->parent_fd, source->name, {NULL, order->source_path}};
    const struct spot to = {
        destination->parent_fd, destination->name, {NULL, order->destination_path}};
    struct fault fault = no_fault;

    if (may_rename_whole(order)) {
        int failure = rename_resource(&engine, &from, &to);

        if (failure != -EXDEV) {
            progress_set_total(progress, 1);
            progress_advance(progress);
            return rename_fault(failure).status;
        }
    }
    progress_set_total(progress,
                       order->shallow ? 1 : count_members(progress, from.parent_fd, from.name, 0));
    engine.block = malloc(BLOCK_BYTES);
    if (!engine.block)
        return 503;
    fault = transfer_member(&engine, &from, &to, 0);
    free(engine.block);
    return fault.status;
}
