/* loop_epoll.c - libinterim in a bare epoll loop. Usage: loop_epoll URL
 *
 * Copies URL to URL.1, URL.2 and URL.3 at the same time, on a WebDAV server that takes its time,
 * while a timer of the loop goes on. Link with -linterim. */
#include <interim.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static interim_client *client;
static int left = 1, ticks;

static int alive(const interim_event *event, void *user)
{
    (void)user;
    printf("%d: %s %d\n", (int)event->operation, interim_event_name(event->kind), event->status);
    return 0;
}

static void done(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation, (void)user;
    printf("%s\n", interim_result_reason(result));
    interim_result_free(result);
}

static int start_copy(const char *url, int number)
{
    interim_request *request;
    char destination[2048];
    int failed = interim_request_new(&request, "COPY", url);

    if (failed < 0)
        return failed;
    snprintf(destination, sizeof destination, "%s.%d", url, number);
    interim_request_add_header(request, "Destination", destination);
    /* The server may keep us informed (102), or give us a job to ask about (202). */
    interim_request_add_header(request, "Prefer", number == 2 ? "respond-async" : "processing");
    interim_request_on_interim(request, alive, NULL);
    failed = interim_start(NULL, client, request, done, NULL);
    interim_request_free(request); /* the operation keeps what it needs */
    return failed;
}

static void watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void tick(int timer)
{
    uint64_t times;

    if (read(timer, &times, sizeof times) == (ssize_t)sizeof times)
        ticks++;
}

int main(int argc, char **argv)
{
    const struct itimerspec each = {{0, 100000000}, {0, 100000000}};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

    if (argc != 2 || interim_client_new(&client, NULL) < 0)
        return 2;
    for (int i = 1; i <= 3; i++)
        if (start_copy(argv[1], i) < 0)
            fprintf(stderr, "copy %d was not started\n", i);
    timerfd_settime(timer, 0, &each, NULL);
    watch(epoll, timer);
    watch(epoll, interim_client_fd(client));
    while (left > 0) {
        struct epoll_event ready[8];
        int count = epoll_wait(epoll, ready, 8, -1);

        for (int i = 0; i < count; i++)
            if (ready[i].data.fd == timer)
                tick(timer);
            else
                left = interim_client_run(client, 0); /* all callbacks run in here */
    }
    close(timer);
    close(epoll);
    interim_client_free(client);
    printf("%d ticks meanwhile\n", ticks);
    return left < 0;
}
