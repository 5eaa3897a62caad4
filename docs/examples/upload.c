/* upload.c - an upload that goes on where it was cut off. Usage: upload FILE URL */
#include <fcntl.h>
#include <interim.h>
#include <stdio.h>
#include <unistd.h>

static int show(const interim_event *event, void *user)
{
    (void)user;
    if (event->kind == INTERIM_EVENT_RETRY)
        printf("%6.1f s  interrupted: %s\n", (double)event->elapsed_ms / 1000,
               event->error == NULL ? event->text : event->error->text);
    else if (event->kind == INTERIM_EVENT_INTERIM && event->total > 0)
        printf("%6.1f s  %3.0f %%: %lld of %lld bytes\n", (double)event->elapsed_ms / 1000,
               event->percent, (long long)event->done, (long long)event->total);
    return 0;
}

int main(int argc, char **argv)
{
    interim_upload_resumption resumption = INTERIM_UPLOAD_RESUMPTION_INIT;
    interim_client *client = NULL;
    interim_request *request = NULL;
    interim_result *result = NULL;
    int fd = argc == 3 ? open(argv[1], O_RDONLY) : -1;
    int failed = fd < 0 ? INTERIM_EINVAL : interim_client_new(&client, NULL);

    resumption.first_ms = 100; /* soon: somebody is looking on */
    if (failed == 0)
        failed = interim_request_new(&request, "PUT", argv[2]);
    if (failed == 0)
        failed = interim_request_set_body_fd(request, fd, 0, -1);
    if (failed == 0)
        failed = interim_request_set_upload_resumption(request, &resumption);
    if (failed == 0) {
        interim_request_on_event(request, show, NULL);
        failed = interim_perform(&result, client, request);
    }
    if (result != NULL)
        printf("%s: %s\n", interim_outcome_name(interim_result_outcome(result)),
               interim_result_reason(result));
    else
        fprintf(stderr, "upload: %s\n", interim_strerror(failed));
    failed = failed < 0 || interim_result_outcome(result) != INTERIM_DONE;
    interim_result_free(result);
    interim_request_free(request);
    interim_client_free(client);
    if (fd >= 0)
        close(fd);
    return failed;
}
