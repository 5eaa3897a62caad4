/* log.c - the event log: each event becomes one line of JSON, and each line one write(2).
 *
 * A log must never disturb what it describes. A line that cannot be written, for want of memory or
 * room, is counted and forgotten; interim_log_close tells how many. A line that was written in part
 * (a disk that fills up, a pipe whose reader is slow and whose descriptor does not block) is ended
 * by the newline that the next event puts before its own line, so that one line is broken and not
 * two. The counters are atomic: clients of different threads may share a log. */
#include "client/log.h"

#include "client/log_json.h"
#include "client/quiet_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct interim_log {
    int fd;
    bool is_file;
    long process_id;
    _Atomic uint64_t lost;
    atomic_bool torn; /* the last line has no end */
    interim__log_memory memory;
};

static bool is_file(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

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
    log->is_file = is_file(fd);
    atomic_flag_clear(&log->memory.busy);
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
static size_t write_keeping_errno(const interim_log *log, const interim__buffer *line)
{
    int saved = errno;
    size_t written = log->is_file ? interim__quiet_write_file(log->fd, line->data, line->length)
                                  : interim__quiet_write(log->fd, line->data, line->length);

    errno = saved;
    return written;
}

/* ---- The line -------------------------------------------------------------------------------- */

#define LINE_ROOM 1024 /* enough for most lines */

void interim__log_event(interim_log *log, const interim_event *event)
{
    interim__json line = {0};
    size_t written = 0;

    if (log == NULL)
        return;
    line.failed = interim__buffer_reserve(&line.out, LINE_ROOM) < 0;
    if (log->torn)
        interim__json_put(&line, "\n", 1);
    interim__log_object(&line, event, log->process_id, &log->memory);
    interim__json_put(&line, "\n", 1);
    if (line.failed) {
        log->lost++;
    } else {
        written = write_keeping_errno(log, &line.out);
        if (written < line.out.length)
            log->lost++;
        if (written > 0)
            log->torn = line.out.data[written - 1] != '\n';
    }
    interim__buffer_dispose(&line.out);
}
