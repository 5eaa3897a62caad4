/* descriptor.c - bodies from a file descriptor, and into one. */
#include "client/quiet_write.h"
#include "operation/request.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads at an offset, so that many operations can send the same file at once, and one can send it
 * twice. */
static ptrdiff_t read_piece(void *buffer, size_t size, int64_t offset, void *user)
{
    const interim_request *request = user;
    ssize_t got;

    do
        got = pread(request->body_fd, buffer, size, (off_t)(request->body_offset + offset));
    while (got < 0 && errno == EINTR);
    return got;
}

int interim_request_set_body_fd(interim_request *request, int fd, int64_t offset, int64_t length)
{
    struct stat status;

    if (!interim__request_may_change(request))
        return INTERIM_EBUSY;
    if (fstat(fd, &status) < 0)
        return INTERIM_ESYSTEM;
    if (!S_ISREG(status.st_mode) || offset < 0 || offset > status.st_size || length < -1 ||
        length > status.st_size - offset)
        return INTERIM_EINVAL;
    free(request->body_memory);
    request->body_memory = NULL;
    request->body_fd = fd;
    request->body_offset = offset;
    request->body =
        (interim__body_source){.piece = read_piece,
                               .movable = true,
                               .user = request,
                               .length = length < 0 ? (int64_t)status.st_size - offset : length};
    return 0;
}

static int write_piece(const void *data, size_t size, void *user)
{
    const interim_request *request = user;
    const char *at = data;

    while (size > 0) {
        size_t written = interim__quiet_write(request->output_fd, at, size);
        struct pollfd writable = {request->output_fd, POLLOUT, 0};

        at += written;
        size -= written;
        if (size > 0 && errno != EAGAIN)
            return INTERIM_ESYSTEM;
        if (size > 0)
            poll(&writable, 1, -1);
    }
    return 0;
}

int interim_request_set_output_fd(interim_request *request, int fd)
{
    int failed = interim_request_on_body(request, fd < 0 ? NULL : write_piece, request);

    if (failed < 0)
        return failed;
    request->to_descriptor = fd >= 0;
    request->output_fd = fd;
    return 0;
}
