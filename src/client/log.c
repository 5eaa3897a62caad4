/* log.c - the event log: each event becomes one line of JSON, and each line one write(2).
 *
 * A log must never disturb what it describes. A line that cannot be written, for want of memory or
 * room, is counted and forgotten; interim_log_close tells how many. A line that was written in part
 * (a disk that fills up, a pipe whose reader is slow and whose descriptor does not block) is ended
 * by the newline that the next event puts before its own line, so that one line is broken and not
 * two. The counters are atomic: clients of different threads may share a log. */
#include "client/log.h"

#include "base/buffer.h"
#include "client/log_json.h"
#include "client/quiet_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

struct interim_log {
    int fd;
    long process_id;
    _Atomic uint64_t lost;
    atomic_bool torn; /* the last line has no end */
};

int interim_log_open(interim_log **out, int fd, interim_log_format format)
{
    interim_log *log;
    int flags;

    if (out == NULL)
        return INTERIM_EINVAL;
    *out = NULL;
    if (format != INTERIM_LOG_JSON_LINES)
        return INTERIM_EINVAL;
    flags = fcntl(fd, F_GETFL);
    if (flags == -1 || (flags & O_ACCMODE) == O_RDONLY)
        return INTERIM_EINVAL;
    log = calloc(1, sizeof *log);
    if (log == NULL)
        return INTERIM_ENOMEM;
    log->fd = fd;
    log->process_id = (long)getpid();
    *out = log;
    return 0;
}

int interim_log_close(interim_log *log, uint64_t *lost)
{
    uint64_t count = log == NULL ? 0 : log->lost;

    if (lost != NULL)
        *lost = count;
    free(log);
    return count > 0 ? INTERIM_ELOG : 0;
}

/* A callback that made the event may still look at errno. */
static size_t write_keeping_errno(int fd, const char *data, size_t size)
{
    int saved = errno;
    size_t written = interim__quiet_write(fd, data, size);

    errno = saved;
    return written;
}

/* ---- The line -------------------------------------------------------------------------------- */

static int append_dumped(const char *data, size_t size, void *buffer)
{
    return interim__buffer_append(buffer, data, size);
}

/* Non-ASCII is escaped: a line shows the same on every terminal, and steers none. */
static int append_line(interim__buffer *out, const interim_event *event, long process_id)
{
    json_t *object = interim__log_object(event, process_id);
    int status = -1;

    if (object != NULL)
        status = json_dump_callback(object, append_dumped, out,
                                    JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));
    json_decref(object);
    return status == 0 ? interim__buffer_append_text(out, "\n") : INTERIM_ENOMEM;
}

void interim__log_event(interim_log *log, const interim_event *event)
{
    interim__buffer line = {0};
    bool torn;
    size_t written = 0;

    if (log == NULL)
        return;
    torn = log->torn;
    if ((torn && interim__buffer_append_text(&line, "\n") < 0) ||
        append_line(&line, event, log->process_id) < 0) {
        log->lost++;
    } else {
        written = write_keeping_errno(log->fd, line.data, line.length);
        if (written < line.length)
            log->lost++;
        if (written > 0)
            log->torn = line.data[written - 1] != '\n';
    }
    interim__buffer_dispose(&line);
}
