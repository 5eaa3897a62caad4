/* loop_event.c - libinterim in a libevent loop. Usage: loop_event URL
 *
 * Copies URL to URL.1, URL.2 and URL.3 at the same time, on a WebDAV server that takes its time,
 * while a timer of the loop goes on. Link with -linterim -levent_core. */
#include <event2/event.h>
#include <interim.h>
#include <stdio.h>

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

static void readable(evutil_socket_t fd, short events, void *base)
{
    (void)fd, (void)events;
    left = interim_client_run(client, 0); /* all callbacks run in here */
    if (left <= 0)
        event_base_loopbreak(base);
}

static void tick(evutil_socket_t fd, short events, void *unused)
{
    (void)fd, (void)events, (void)unused;
    ticks++;
}

int main(int argc, char **argv)
{
    const struct timeval each = {0, 100000};
    struct event_base *base = event_base_new();
    struct event *timer = event_new(base, -1, EV_PERSIST, tick, NULL), *watch;

    if (argc != 2 || interim_client_new(&client, NULL) < 0)
        return 2;
    for (int i = 1; i <= 3; i++)
        if (start_copy(argv[1], i) < 0)
            fprintf(stderr, "copy %d was not started\n", i);
    watch = event_new(base, interim_client_fd(client), EV_READ | EV_PERSIST, readable, base);
    event_add(watch, NULL);
    event_add(timer, &each);
    event_base_dispatch(base);
    event_free(watch); /* before its descriptor is closed */
    event_free(timer);
    event_base_free(base);
    libevent_global_shutdown();
    interim_client_free(client);
    printf("%d ticks meanwhile\n", ticks);
    return left < 0;
}
