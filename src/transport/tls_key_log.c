/* tls_key_log.c - see tls_key_log.h. */
#include "transport/tls_key_log.h"

#include "base/error.h"
#include "transport/address.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* A pipe could raise SIGPIPE, or keep everything waiting: not to wait at the opening, either. */
static bool is_regular(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

int interim__tls_key_log_open(int *out, const char *path, interim_error *error)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    char buffer[64];

    *out = fd;
    if (fd >= 0 && is_regular(fd))
        return 0;
    if (fd >= 0) {
        close(fd);
        *out = -1;
        return interim__error_set(error, INTERIM_ETLS, INTERIM_STAGE_START,
                                  "key log %.80s: it is not a regular file", path);
    }
    error->os_error = errno;
    return interim__error_set(error, INTERIM_ETLS, INTERIM_STAGE_START, "key log %.80s: %s", path,
                              interim__address_problem(error->os_error, buffer, sizeof buffer));
}

void interim__tls_key_log_write(int fd, const char *line)
{
    char text[512]; /* the longest line has 31 + 1 + 64 + 1 + 128 characters */
    size_t length = strlen(line);

    if (length >= sizeof text)
        return;
    memcpy(text, line, length);
    text[length] = '\n';
    while (write(fd, text, length + 1) < 0 && errno == EINTR)
        continue;
    explicit_bzero(text, sizeof text);
}

void interim__tls_key_log_close(int fd)
{
    if (fd >= 0)
        close(fd);
}
