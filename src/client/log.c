/* log.c - the event log: each event becomes one line of JSON, and each line one write(2).
 *
 * A log must never disturb what it describes. A line that cannot be written, for want of memory or
 * room, is counted and forgotten; interim_log_close tells how many. A line that was written in part
 * (a disk that fills up, a pipe whose reader is slow and whose descriptor does not block) is ended
 * by the newline that the next event puts before its own line, so that one line is broken and not
 * two. The counters are atomic: clients of different threads may share a log.
 *
 * write(2) to a pipe or socket without a reader raises SIGPIPE, and beyond the limit for file sizes
 * SIGXFSZ, both in the thread that writes. send(MSG_NOSIGNAL) would serve sockets only. So both are
 * blocked in this thread around the write, and what the write made pending is taken back before the
 * old mask returns; one that was pending before is left to its owner. */
#include "client/log.h"

#include "base/buffer.h"
#include "client/log_json.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
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

/* ---- Writing without a signal ---------------------------------------------------------------- */

static const int write_signals[] = {SIGPIPE, SIGXFSZ};

typedef struct quiet {
    sigset_t before;   /* the mask of the thread */
    sigset_t consumed; /* those of write_signals that were not pending */
} quiet;

static bool quiet_begin(quiet *state)
{
    sigset_t block, pending;

    sigemptyset(&block);
    sigemptyset(&state->consumed);
    sigpending(&pending);
    for (size_t i = 0; i < sizeof write_signals / sizeof write_signals[0]; i++) {
        sigaddset(&block, write_signals[i]);
        if (!sigismember(&pending, write_signals[i]))
            sigaddset(&state->consumed, write_signals[i]);
    }
    return pthread_sigmask(SIG_BLOCK, &block, &state->before) == 0;
}

static void quiet_end(const quiet *state, bool failed)
{
    const struct timespec at_once = {0, 0};

    if (failed)
        while (sigtimedwait(&state->consumed, NULL, &at_once) == -1 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &state->before, NULL);
}

/* Writes all of it; a second write comes only where the system took a part of the first. Returns
 * how much was written. */
static size_t write_all(int fd, const char *data, size_t size)
{
    size_t written = 0;

    while (written < size) {
        ssize_t step = write(fd, data + written, size - written);

        if (step > 0)
            written += (size_t)step;
        else if (step == 0 || errno != EINTR)
            break;
    }
    return written;
}

static size_t write_quietly(int fd, const char *data, size_t size)
{
    int saved = errno;
    size_t written = 0;
    quiet state;

    if (quiet_begin(&state)) {
        written = write_all(fd, data, size);
        quiet_end(&state, written < size);
    }
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
        written = write_quietly(log->fd, line.data, line.length);
        if (written < line.length)
            log->lost++;
        if (written > 0)
            log->torn = line.data[written - 1] != '\n';
    }
    interim__buffer_dispose(&line);
}
