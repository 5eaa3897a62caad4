/* log.c - what an event of the log costs: microseconds of CPU a line, written to a file, the least
 * and the median of parts of all lines. It measures and asserts nothing but that no line is lost;
 * README.md tells how instructions are counted.
 *
 *     log [FILE [CASE [COUNT]]]      one case, COUNT times; without a case all */
#include "client/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COUNT 200000
#define PARTS 20

static const interim_field fields[] = {
    {"Server", "davorigin/0.1.0", 6, 15},
    {"Date", "Sun, 22 Nov 2026 10:38:30 GMT", 4, 29},
    {"Location", "https://dav.example/jobs/1?token=xyz", 8, 36},
};

static const struct {
    const char *name;
    size_t field_count;
} cases[] = {{"102", 0}, {"102-fields", sizeof fields / sizeof fields[0]}};

static int64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "log: %s\n", what);
    exit(EXIT_FAILURE);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void run(const char *path, size_t number, unsigned long count)
{
    size_t n = cases[number].field_count;
    interim_event event = {.size = sizeof event,
                           .kind = INTERIM_EVENT_INTERIM,
                           .operation = 1,
                           .wall_ns = INT64_C(1795343880123456789),
                           .monotonic_ns = INT64_C(987654321012345),
                           .status = 102,
                           .reason = "Processing",
                           .fields = fields,
                           .field_count = n,
                           .method = "COPY",
                           .url = "https://dav.example/projects/",
                           .peer = "192.0.2.1:443",
                           .server = n > 0 ? fields[0].value : "",
                           .via = "",
                           .percent = -1,
                           .done = -1,
                           .total = -1,
                           .wait_ms = -1,
                           .text = ""};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    double us[PARTS];
    interim_log *log;

    must(fd >= 0 && interim_log_open(&log, fd, INTERIM_LOG_JSON_LINES) == 0, path);
    for (size_t part = 0; part < PARTS; part++) {
        int64_t start = cpu_ns();

        for (unsigned long i = 0; i < count / PARTS; i++) {
            event.sequence++;
            event.monotonic_ns += 1000000000;
            event.wall_ns += 1000000000;
            event.silence_ms = 1000;
            event.elapsed_ms += 1000;
            interim__log_event(log, &event);
        }
        us[part] = (double)(cpu_ns() - start) / 1000 / (double)(count / PARTS);
    }
    qsort(us, PARTS, sizeof *us, compare);
    printf("log case=%s count=%lu least_us=%.2f median_us=%.2f\n", cases[number].name,
           count / PARTS * PARTS, us[0], (us[PARTS / 2 - 1] + us[PARTS / 2]) / 2);
    must(interim_log_close(log, NULL) == 0, "lines were lost");
    close(fd);
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "log.bench";
    unsigned long count = argc > 3 ? strtoul(argv[3], NULL, 10) : COUNT;

    must(count >= PARTS, "there are too few events to divide them");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (argc < 3 || strcmp(argv[2], cases[i].name) == 0)
            run(path, i, count);
    return unlink(path) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
