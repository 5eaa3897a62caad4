/* loop_uv.c - libinterim in a libuv loop. Usage: loop_uv URL
 *
 * Copies URL to URL.1, URL.2 and URL.3 at the same time, on a WebDAV server that takes its time,
 * while a timer of the loop goes on. Link with -linterim -luv. */
#include <interim.h>
#include <stdio.h>
#include <uv.h>

static interim_client *client;
static int left = 1, ticks;
static uv_poll_t watch;
static uv_timer_t timer;

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

static void readable(uv_poll_t *handle, int status, int events)
{
    (void)handle, (void)status, (void)events;
    left = interim_client_run(client, 0); /* all callbacks run in here */
    if (left > 0)
        return;
    uv_close((uv_handle_t *)&watch, NULL); /* nothing is left: uv_run returns */
    uv_close((uv_handle_t *)&timer, NULL);
}

static void tick(uv_timer_t *handle)
{
    (void)handle;
    ticks++;
}

int main(int argc, char **argv)
{
    uv_loop_t *loop = uv_default_loop();

    if (argc != 2 || interim_client_new(&client, NULL) < 0)
        return 2;
    for (int i = 1; i <= 3; i++)
        if (start_copy(argv[1], i) < 0)
            fprintf(stderr, "copy %d was not started\n", i);
    uv_poll_init(loop, &watch, interim_client_fd(client));
    uv_poll_start(&watch, UV_READABLE, readable);
    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, tick, 100, 100);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
    interim_client_free(client);
    printf("%d ticks meanwhile\n", ticks);
    return left < 0;
}
