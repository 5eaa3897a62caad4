/* waiting.c - what it costs to wait for jobs: a server accepts many, each with a monitor of its
 * own, and all of them wait for their next poll in one client. Prints the memory of each and, if
 * they are to be polled, how late polls come. It measures, and asserts nothing but that the jobs
 * wait and end.
 *
 *     waiting [JOBS [HOLD_S SPREAD_S]]
 *
 * JOBS: 10,000. Without more, the jobs are left as soon as all of them wait. Else the first poll is
 * due HOLD_S seconds after the start, which should be time enough to have them all accepted, and
 * the last one SPREAD_S seconds later; each ends its job. A poll is late by the time from when it
 * was due, by the event that announced it, to when its request was sent. */
#include <arpa/inet.h>
#include <interim.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE 32 /* jobs that are being started */
#define POLLS_AT_ONCE 200
#define CONNECTIONS 256 /* that the server can have */
#define LIMIT_S 900     /* of the server's life */
#define RETRY_LATER 3600

static struct {
    unsigned long jobs, hold_s, spread_s;
} plan = {.jobs = 10000};

static void must(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(EXIT_FAILURE);
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- the server: one process; a request comes in one piece, and is a COPY or the poll of a job
 * ---- */

static int accept_job(char *answer, size_t size, unsigned long job, double started)
{
    double due = started + (double)plan.hold_s +
                 (double)plan.spread_s * (double)job / (double)plan.jobs - seconds();
    unsigned long retry_after = plan.hold_s == 0 ? RETRY_LATER : due < 1 ? 1 : (unsigned long)due;

    return snprintf(answer, size,
                    "HTTP/1.1 202 Accepted\r\nLocation: /jobs/%lu\r\nRetry-After: %lu\r\n"
                    "Content-Length: 0\r\n\r\n",
                    job, retry_after);
}

/* False when the connection has ended. */
static bool answer_one(int connection, unsigned long *jobs, double started)
{
    char request[4096], answer[256] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    ssize_t got = read(connection, request, sizeof request);
    int length = (int)strlen(answer);

    if (got <= 0)
        return false;
    if (request[0] == 'C')
        length = accept_job(answer, sizeof answer, (*jobs)++, started);
    return write(connection, answer, (size_t)length) == length;
}

static void serve_all(int listener)
{
    struct pollfd watched[CONNECTIONS + 1] = {{.fd = listener, .events = POLLIN}};
    nfds_t count = 1;
    unsigned long jobs = 0;
    double started = seconds();

    for (;;) {
        must(poll(watched, count, -1) > 0, "poll");
        for (nfds_t i = count - 1; i > 0; i--)
            if (watched[i].revents != 0 && !answer_one(watched[i].fd, &jobs, started)) {
                close(watched[i].fd);
                watched[i] = watched[--count];
            }
        if (watched[0].revents != 0 && count <= CONNECTIONS)
            watched[count++] =
                (struct pollfd){.fd = accept(listener, NULL, NULL), .events = POLLIN};
    }
}

static pid_t serve(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    pid_t child;

    must(listener >= 0 && bind(listener, (struct sockaddr *)&address, length) == 0 &&
             listen(listener, CONNECTIONS) == 0 &&
             getsockname(listener, (struct sockaddr *)&address, &length) == 0,
         "a socket of 127.0.0.1");
    *port = ntohs(address.sin_port);
    child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        alarm(LIMIT_S);
        serve_all(listener);
    }
    close(listener);
    return child;
}

/* ---- jobs ---- */

static struct {
    unsigned long waiting, ended, polled;
    int64_t *due_ns; /* of each job, by the number of its operation, from 1 on */
    double *late_ms; /* of each poll */
} seen;

static int watch(const interim_event *event, void *user)
{
    (void)user;
    if (event->kind == INTERIM_EVENT_WAITING) {
        seen.waiting++;
        seen.due_ns[event->operation - 1] = event->monotonic_ns + event->wait_ms * 1000000;
    } else if (event->kind == INTERIM_EVENT_SENT && event->hop == INTERIM_HOP_POLL) {
        must(seen.polled < plan.jobs, "one poll for a job");
        seen.late_ms[seen.polled++] =
            (double)(event->monotonic_ns - seen.due_ns[event->operation - 1]) / 1e6;
    }
    return 0;
}

static void on_done(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation, (void)user;
    must(interim_result_outcome(result) == INTERIM_DONE ||
             interim_result_outcome(result) == INTERIM_CANCELLED,
         interim_result_reason(result));
    seen.ended++;
    interim_result_free(result);
}

static size_t heap(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static double resident_mib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;

    if (file != NULL) {
        if (fscanf(file, "%*u %lu", &pages) != 1)
            pages = 0;
        fclose(file);
    }
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

static void start_all(interim_client *client, interim_request *request)
{
    for (unsigned long started = 0; started < plan.jobs;) {
        for (int i = 0; i < AT_ONCE && started < plan.jobs; i++, started++)
            must(interim_start(NULL, client, request, on_done, NULL) == 0, "an operation");
        while (seen.waiting < started)
            must(interim_client_run(client, 1000) > 0, "a job");
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void tell_lateness(void)
{
    qsort(seen.late_ms, seen.polled, sizeof *seen.late_ms, by_value);
    printf("polls jobs=%lu over_s=%lu late_median_ms=%.1f late_p999_ms=%.1f late_max_ms=%.1f\n",
           seen.polled, plan.spread_s, seen.late_ms[seen.polled / 2],
           seen.late_ms[seen.polled - 1 - seen.polled / 1000], seen.late_ms[seen.polled - 1]);
}

static void measure(interim_client *client, interim_request *request)
{
    size_t heap_before = heap();
    double before_mib = resident_mib(), begun = seconds();

    start_all(client, request);
    printf("waiting jobs=%lu started_in_s=%.1f heap_bytes_per_job=%.0f rss_mib=%.0f\n",
           seen.waiting - seen.ended, seconds() - begun,
           (double)(heap() - heap_before) / (double)plan.jobs, resident_mib() - before_mib);
    fflush(stdout);
    if (plan.hold_s == 0)
        return;
    while (interim_client_run(client, -1) > 0)
        ;
    must(seen.ended == plan.jobs && seen.polled == plan.jobs, "the end of each job by a poll");
    tell_lateness();
}

int main(int argc, char **argv)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;
    interim_client *client;
    interim_request *request;
    uint16_t port;
    char url[64];
    pid_t server;

    if (argc > 1)
        plan.jobs = strtoul(argv[1], NULL, 10);
    if (argc > 3) {
        plan.hold_s = strtoul(argv[2], NULL, 10);
        plan.spread_s = strtoul(argv[3], NULL, 10);
    }
    must(plan.jobs > 0, "JOBS");
    seen.due_ns = calloc(plan.jobs, sizeof *seen.due_ns);
    seen.late_ms = calloc(plan.jobs, sizeof *seen.late_ms);
    must(seen.due_ns != NULL && seen.late_ms != NULL, "memory");
    memset(seen.due_ns, 1, plan.jobs * sizeof *seen.due_ns); /* resident before it counts */
    server = serve(&port);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", port);
    options.polls_at_once = POLLS_AT_ONCE;
    must(interim_client_new(&client, &options) == 0, "a client");
    must(interim_request_new(&request, "COPY", url) == 0 &&
             interim_request_on_event(request, watch, NULL) == 0,
         "a request");
    measure(client, request);
    interim_request_free(request);
    interim_client_free(client);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    free(seen.due_ns);
    free(seen.late_ms);
    return EXIT_SUCCESS;
}
