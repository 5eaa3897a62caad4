/* log_failure.c - tests of src/client/log.c: a log that cannot be written harms nobody, and says
 * how many events it lost. */
#include "client/log.h"

#include "log_cases.h"
#include "support/failing_alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(opening)
{
    interim_log *log = (interim_log *)1;
    int null = open("/dev/null", O_RDONLY), closed = dup(null);

    close(closed);
    ck_assert_int_eq(interim_log_open(&log, null, INTERIM_LOG_JSON_LINES), INTERIM_EINVAL);
    ck_assert_ptr_null(log);
    ck_assert_int_eq(interim_log_open(&log, closed, INTERIM_LOG_JSON_LINES), INTERIM_EINVAL);
    ck_assert_int_eq(interim_log_open(&log, -1, INTERIM_LOG_JSON_LINES), INTERIM_EINVAL);
    ck_assert_int_eq(interim_log_open(&log, 2, (interim_log_format)1), INTERIM_EINVAL);
    ck_assert_int_eq(interim_log_open(NULL, 2, INTERIM_LOG_JSON_LINES), INTERIM_EINVAL);
    close(null);
    uint64_t lost = 99;
    ck_assert_int_eq(interim_log_close(NULL, &lost), 0);
    ck_assert_uint_eq(lost, 0);
    ck_assert_int_eq(interim_log_close(NULL, NULL), 0);
    interim__log_event(NULL, NULL);
}
END_TEST

START_TEST(full_disk)
{
    interim_event event = log_plain_event(INTERIM_EVENT_START);
    int full = open("/dev/full", O_WRONLY);
    interim_log *log;
    uint64_t lost = 0;

    ck_assert_int_ge(full, 0);
    ck_assert_int_eq(interim_log_open(&log, full, INTERIM_LOG_JSON_LINES), 0);
    errno = 4711;
    for (int i = 0; i < 3; i++)
        interim__log_event(log, &event);
    ck_assert_int_eq(errno, 4711);
    ck_assert_int_eq(interim_log_close(log, &lost), INTERIM_ELOG);
    ck_assert_uint_eq(lost, 3);
    close(full);
}
END_TEST

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
    (void)number;
    signals++;
}

static void lose_one(int fd)
{
    interim_event event = log_plain_event(INTERIM_EVENT_START);
    interim_log *log;
    uint64_t lost = 0;

    ck_assert_int_eq(interim_log_open(&log, fd, INTERIM_LOG_JSON_LINES), 0);
    interim__log_event(log, &event);
    ck_assert_int_eq(interim_log_close(log, &lost), INTERIM_ELOG);
    ck_assert_uint_eq(lost, 1);
}

static bool is_pending(int number)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, number);
}

/* Pipe and socket, with the default action, a handler, and the signal ignored. */
START_TEST(closed_pipe)
{
    void (*const actions[])(int) = {SIG_DFL, count_signal, SIG_IGN};
    sigset_t before, after;

    pthread_sigmask(SIG_SETMASK, NULL, &before);
    for (int i = 0; i < 6; i++) {
        void (*old)(int) = signal(SIGPIPE, actions[i / 2]);
        int ends[2];

        ck_assert_int_eq(i % 2 ? pipe(ends) : socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        close(ends[0]);
        lose_one(ends[1]);
        close(ends[1]);
        ck_assert(!is_pending(SIGPIPE));
        signal(SIGPIPE, old);
    }
    ck_assert_int_eq(signals, 0);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    ck_assert_int_eq(sigismember(&before, SIGPIPE), sigismember(&after, SIGPIPE));
    ck_assert_int_eq(sigismember(&before, SIGXFSZ), sigismember(&after, SIGXFSZ));
}
END_TEST

/* A SIGPIPE that was waiting for the caller is still there. */
START_TEST(pending_signal)
{
    const struct timespec at_once = {0, 0};
    sigset_t set, before;
    int ends[2];

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    pthread_kill(pthread_self(), SIGPIPE);
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    lose_one(ends[1]);
    close(ends[1]);
    ck_assert(is_pending(SIGPIPE));
    ck_assert_int_eq(sigtimedwait(&set, NULL, &at_once), SIGPIPE);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}
END_TEST

/* RLIMIT_FSIZE cuts the second line; once there is room the third begins on a line of its own. */
START_TEST(torn_line)
{
    interim_event event = log_plain_event(INTERIM_EVENT_START);
    FILE *file = tmpfile();
    struct rlimit old, limit;
    char text[4096] = "";
    interim_log *log;
    uint64_t lost = 0;
    json_t *object;
    off_t first;
    char *line;

    getrlimit(RLIMIT_FSIZE, &old);
    limit = old;
    ck_assert_int_eq(interim_log_open(&log, fileno(file), INTERIM_LOG_JSON_LINES), 0);
    interim__log_event(log, &event);
    first = lseek(fileno(file), 0, SEEK_CUR);
    limit.rlim_cur = (rlim_t)first + 100;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    interim__log_event(log, &event); /* one part */
    interim__log_event(log, &event); /* nothing */
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
    ck_assert(!is_pending(SIGXFSZ));
    interim__log_event(log, &event);
    ck_assert_int_eq(interim_log_close(log, &lost), INTERIM_ELOG);
    ck_assert_uint_eq(lost, 2);
    ck_assert_int_gt(pread(fileno(file), text, sizeof text - 1, 0), first + 100);
    fclose(file);
    ck_assert_int_eq(text[first - 1], '\n');
    ck_assert_int_eq(text[first + 100], '\n');
    line = text + first + 101;
    ck_assert_int_eq((off_t)strlen(line), first);
    object = json_loads(line, 0, NULL);
    ck_assert_ptr_nonnull(object);
    json_decref(object);
}
END_TEST

/* A pipe that does not block and is full: lost, not waited for. */
START_TEST(full_pipe)
{
    static char block[4096];
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
    while (write(ends[1], block, sizeof block) > 0)
        ;
    lose_one(ends[1]);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

static void *log_a_lot(void *user)
{
    interim_event event = log_plain_event(INTERIM_EVENT_START);

    for (int i = 0; i < 500; i++)
        interim__log_event(user, &event);
    return NULL;
}

/* Clients of several threads share a log: no line is mixed with another. */
START_TEST(threads)
{
    FILE *file = tmpfile();
    char line[2048];
    interim_log *log;
    pthread_t others[3];
    int lines = 0;

    ck_assert_int_eq(fcntl(fileno(file), F_SETFL, O_APPEND), 0);
    ck_assert_int_eq(interim_log_open(&log, fileno(file), INTERIM_LOG_JSON_LINES), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&others[i], NULL, log_a_lot, log), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(others[i], NULL);
    ck_assert_int_eq(interim_log_close(log, NULL), 0);
    rewind(file);
    while (fgets(line, sizeof line, file) != NULL) {
        json_t *object = json_loads(line, 0, NULL);

        ck_assert_ptr_nonnull(object);
        json_decref(object);
        lines++;
    }
    ck_assert_int_eq(lines, 1500);
    fclose(file);
}
END_TEST

/* ---- Without memory -------------------------------------------------------------------------- */

/* One event with everything, the n-th allocation failing. Whether one did: it is lost then. */
static bool write_without_memory(int fd, unsigned long nth)
{
    interim_field fields[] = {log_field("Server", "x"), log_field("Link", "</a?b>"),
                              log_field("Token", "t")};
    interim_event event = log_plain_event(INTERIM_EVENT_RESPONSE);
    interim_log *log;
    uint64_t lost = 0;
    bool failed;

    event.status = 201;
    event.reason = "Created";
    event.percent = 1;
    event.fields = fields;
    event.field_count = 3;
    ck_assert_int_eq(interim_log_open(&log, fd, INTERIM_LOG_JSON_LINES), 0);
    failing_alloc_arm(nth);
    interim__log_event(log, &event);
    failed = failing_alloc_disarm();
    ck_assert_int_eq(interim_log_close(log, &lost), failed ? INTERIM_ELOG : 0);
    ck_assert_uint_eq(lost, failed);
    return failed;
}

START_TEST(out_of_memory)
{
    FILE *file = tmpfile();
    unsigned long nth = 1;
    interim_log *log;
    json_t *object;
    int status;

    failing_alloc_arm(1);
    status = interim_log_open(&log, fileno(file), INTERIM_LOG_JSON_LINES);
    failing_alloc_disarm();
    ck_assert_int_eq(status, INTERIM_ENOMEM);
    ck_assert_ptr_null(log);
    for (; write_without_memory(fileno(file), nth); nth++)
        ck_assert_int_eq(lseek(fileno(file), 0, SEEK_END), 0);
    ck_assert_uint_ge(nth, 4); /* the line, and text that is blanked */
    ck_assert_int_gt(lseek(fileno(file), 0, SEEK_END), 0);
    rewind(file);
    object = json_loadf(file, 0, NULL);
    ck_assert_ptr_nonnull(object);
    json_decref(object);
    fclose(file);
}
END_TEST

TCase *log_failure_case(void)
{
    const TTest *const tests[] = {opening,   full_disk, closed_pipe, pending_signal,
                                  torn_line, full_pipe, threads,     out_of_memory};
    TCase *failure = tcase_create("failure");

    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(failure, tests[i]);
    return failure;
}
