/* blocking.c - a COPY that may take hours, in one call. Usage: blocking SOURCE DESTINATION */
#include <interim.h>
#include <stdio.h>

static int show(const interim_event *event, void *user)
{
    (void)user;
    printf("%6.1f s  still working: %s %d, %.0f %%\n", (double)event->elapsed_ms / 1000,
           interim_event_name(event->kind), event->status, event->percent);
    return 0;
}

int main(int argc, char **argv)
{
    interim_client *client = NULL;
    interim_request *request = NULL;
    interim_result *result = NULL;
    int failed = argc == 3 ? interim_client_new(&client, NULL) : INTERIM_EINVAL;

    if (failed == 0)
        failed = interim_request_new(&request, "COPY", argv[1]);
    if (failed == 0)
        failed = interim_request_add_header(request, "Destination", argv[2]);
    if (failed == 0)
        failed = interim_request_add_header(request, "Overwrite", "F");
    if (failed == 0) {
        interim_request_on_interim(request, show, NULL);
        failed = interim_perform(&result, client, request);
    }
    if (result != NULL)
        printf("%s: %s\n", interim_outcome_name(interim_result_outcome(result)),
               interim_result_reason(result));
    else
        fprintf(stderr, "blocking: %s\n", interim_strerror(failed));
    failed = failed < 0 || interim_result_outcome(result) != INTERIM_DONE;
    interim_result_free(result);
    interim_request_free(request);
    interim_client_free(client);
    return failed;
}
