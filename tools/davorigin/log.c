/* The access log; log.h tells the concept. */
#include "log.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { TARGET_SHOWN = 1024 };

int log_open(const char *file)
{
    int fd = -1;

    if (strcmp(file, "-") == 0)
        fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    else
        fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    return fd < 0 ? -errno : fd;
}

/* Methods and targets hold no blanks and no control characters: the parser saw to it. What is not
 * ASCII is escaped. */
static void write_target(struct buffer *line, const char *target)
{
    for (size_t i = 0; target[i] && i < TARGET_SHOWN; i++) {
        if ((unsigned char)target[i] < 0x80)
            buffer_append(line, &target[i], 1);
        else
            buffer_format(line, "%%%02X", (unsigned)(unsigned char)target[i]);
    }
}

void log_write(int fd, const struct exchange *exchange, int64_t duration_ms)
{
    struct buffer line = {0};
    char date[CLOCK_TEXT_SIZE];
    const struct request *request = &exchange->request;

    if (fd < 0)
        return;
    clock_rfc3339(date, time(NULL));
    /* A refused head may lack both, or hold anything. */
    buffer_format(&line, "%s %.32s ", date, *request->method ? request->method : "-");
    write_target(&line, *request->target ? request->target : "-");
    buffer_format(&line, " %d %" PRId64 "ms 102s=%u%s\n", exchange->status, duration_ms,
                  exchange->interims, exchange->lost ? " client-gone" : "");
    if (!line.failed && write(fd, line.data, line.length) < 0) {
        /* A full disk must not stop the server, and there is nowhere to tell it. */
    }
    buffer_free(&line);
}
