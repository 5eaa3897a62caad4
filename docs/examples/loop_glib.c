/* loop_glib.c - libinterim in a GLib main loop. Usage: loop_glib URL
 *
 * Copies URL to URL.1, URL.2 and URL.3 at the same time, on a WebDAV server that takes its time,
 * while a timer of the loop goes on. Link with -linterim and GLib. */
#include <glib-unix.h>
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

static gboolean readable(gint fd, GIOCondition condition, gpointer loop)
{
    (void)fd, (void)condition;
    left = interim_client_run(client, 0); /* all callbacks run in here */
    if (left > 0)
        return G_SOURCE_CONTINUE;
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static gboolean tick(gpointer unused)
{
    (void)unused;
    ticks++;
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    guint timer = g_timeout_add(100, tick, NULL);

    if (argc != 2 || interim_client_new(&client, NULL) < 0)
        return 2;
    for (int i = 1; i <= 3; i++)
        if (start_copy(argv[1], i) < 0)
            fprintf(stderr, "copy %d was not started\n", i);
    g_unix_fd_add(interim_client_fd(client), G_IO_IN, readable, loop);
    g_main_loop_run(loop);
    g_source_remove(timer);
    g_main_loop_unref(loop);
    interim_client_free(client);
    printf("%d ticks meanwhile\n", ticks);
    return left < 0;
}
