/* async.c - many slow requests at once, in an event loop of one's own. Usage: async URL... */
#include <interim.h>
#include <poll.h>
#include <stdio.h>

static void done(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation;
    printf("%s: %s\n", (const char *)user, interim_result_reason(result));
    interim_result_free(result);
}

int main(int argc, char **argv)
{
    interim_client *client;
    int in_flight;

    if (interim_client_new(&client, NULL) < 0)
        return 1;
    for (int i = 1; i < argc; i++) {
        interim_request *request;

        if (interim_request_new(&request, "GET", argv[i]) < 0) {
            fprintf(stderr, "%s: %s\n", argv[i], interim_url_problem(argv[i]));
            continue;
        }
        if (interim_start(NULL, client, request, done, argv[i]) < 0)
            fprintf(stderr, "%s: out of memory\n", argv[i]);
        interim_request_free(request); /* the operation keeps what it needs */
    }
    while ((in_flight = interim_client_run(client, 0)) > 0) {
        /* Any loop that can watch one descriptor will do. */
        struct pollfd watched = {interim_client_fd(client), POLLIN, 0};

        poll(&watched, 1, -1);
    }
    interim_client_free(client);
    return in_flight < 0;
}
