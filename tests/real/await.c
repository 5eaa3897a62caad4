/* await.c - a client of the public API for tests/real/dialects.sh: asks once, follows what comes,
 * and prints it, a line each.
 *
 *     await [-H 'Name: value'] [-u NAME:PASSWORD] [-p POLLING] ... METHOD URL
 *
 * -p: same-url, created, link, embedded, target, interim, prefer-async, prefer-processing (flags),
 * strict, reject (other origins), judge (a callback that understands Google's "done"), or NAME as
 * in link=NAME for the member that links to the monitor. Polls come 20 ms apart. Ends with 0 when
 * the outcome is done, 1 when it failed, 2 for wrong use, 3 for any other outcome. */
#include <interim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    unsigned flag;
} flags[] = {
    {"same-url", INTERIM_POLL_SAME_URL},
    {"created", INTERIM_POLL_CREATED},
    {"link", INTERIM_POLL_LINK},
    {"embedded", INTERIM_POLL_EMBEDDED},
    {"target", INTERIM_POLL_TARGET},
    {"interim", INTERIM_POLL_INTERIM},
    {"prefer-async", INTERIM_POLL_PREFER_ASYNC},
    {"prefer-processing", INTERIM_POLL_PREFER_PROCESSING},
};

struct wish {
    interim_polling polling;
    int judges;
    interim_request *request;
};

static void die(const char *what, int code)
{
    fprintf(stderr, "await: %s: %s\n", what, code == 0 ? "wrong use" : interim_strerror(code));
    exit(2);
}

static int show(const interim_event *event, void *user)
{
    (void)user;
    if (event->kind == INTERIM_EVENT_ACCEPTED)
        printf("accepted %s\n", event->text);
    else if (event->kind == INTERIM_EVENT_POLL || event->kind == INTERIM_EVENT_INTERIM)
        printf("%s %d %.0f%% %s\n", interim_event_name(event->kind), event->status, event->percent,
               event->text);
    return 0;
}

/* Google AIP-151: {"done": false}, then {"done": true} with a response or an error. */
static interim_poll_verdict judge(const interim_message *answer, void *user)
{
    (void)user;
    if (answer->status != 200)
        return INTERIM_POLL_VERDICT_DEFAULT;
    if (strstr(answer->body, "\"done\": true") == NULL)
        return INTERIM_POLL_VERDICT_RUNNING;
    return strstr(answer->body, "\"error\"") == NULL ? INTERIM_POLL_VERDICT_DONE
                                                     : INTERIM_POLL_VERDICT_FAILED;
}

static void take_polling(struct wish *wish, char *word)
{
    if (strcmp(word, "strict") == 0)
        wish->polling.mode = INTERIM_POLL_STRICT;
    else if (strcmp(word, "reject") == 0)
        wish->polling.cross_origin = INTERIM_CROSS_ORIGIN_REJECT;
    else if (strcmp(word, "judge") == 0)
        wish->judges = 1;
    else if (strncmp(word, "link=", 5) == 0)
        wish->polling.link_member = word + 5;
    else {
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
            if (strcmp(word, flags[i].name) == 0) {
                wish->polling.flags |= flags[i].flag;
                return;
            }
        die(word, 0);
    }
}

/* Cuts a text at a character; what stands behind it, past blanks. */
static char *cut(char *text, char at)
{
    char *found = strchr(text, at);

    if (found == NULL)
        die(text, 0);
    *found = '\0';
    return found + 1 + strspn(found + 1, " ");
}

static void ask_for(struct wish *wish, int argc, char **argv)
{
    char *fields[16], *login = NULL;
    int option, count = 0, code;

    while ((option = getopt(argc, argv, "H:u:p:")) != -1) {
        if (option == 'H' && count < 16)
            fields[count++] = optarg;
        else if (option == 'u')
            login = optarg;
        else if (option == 'p')
            take_polling(wish, optarg);
        else
            die("option", 0);
    }
    if (argc - optind != 2)
        die("METHOD URL", 0);
    code = interim_request_new(&wish->request, argv[optind], argv[optind + 1]);
    for (int i = 0; code == 0 && i < count; i++) {
        char *value = cut(fields[i], ':');

        code = interim_request_add_header(wish->request, fields[i], value);
    }
    if (code == 0 && login != NULL) {
        char *password = cut(login, ':');

        code = interim_request_set_credentials(wish->request, login, password);
    }
    if (code < 0)
        die(argv[optind + 1], code);
}

static void print_end(const interim_result *result)
{
    const interim_problem *problem = interim_result_problem(result);
    size_t size;
    const char *body = interim_result_body(result, &size);

    if (problem != NULL)
        printf("problem %d %s: %s\n", problem->status, problem->title, problem->detail);
    if (interim_result_accepted(result) != NULL)
        printf("first %d\n", interim_result_accepted(result)->status);
    printf("body %.*s\n", (int)(size < 200 ? size : 200), body);
    printf("reason %s\n", interim_result_reason(result));
    printf("end %s %d %s\n", interim_outcome_name(interim_result_outcome(result)),
           interim_result_status(result), interim_error_name(interim_result_error(result)->code));
}

int main(int argc, char **argv)
{
    struct wish wish = {.polling = INTERIM_POLLING_INIT};
    interim_patience patience = INTERIM_PATIENCE_INIT;
    interim_result *result;
    interim_outcome outcome;
    interim_client *client = NULL;
    int code;

    wish.polling.first_ms = wish.polling.min_ms = 20;
    wish.polling.max_ms = 40;
    patience.total_ms = 60000;
    ask_for(&wish, argc, argv);
    code = interim_request_set_polling(wish.request, &wish.polling);
    if (code == 0)
        code = interim_request_set_patience(wish.request, &patience);
    if (code == 0)
        code = interim_request_on_event(wish.request, show, NULL);
    if (code == 0 && wish.judges)
        code = interim_request_on_poll(wish.request, judge, NULL);
    if (code == 0)
        code = interim_client_new(&client, NULL);
    if (code < 0)
        die("request", code);
    interim_perform(&result, client, wish.request);
    if (result == NULL)
        die("perform", INTERIM_ENOMEM);
    print_end(result);
    outcome = interim_result_outcome(result);
    interim_result_free(result);
    interim_request_free(wish.request);
    interim_client_free(client);
    return outcome == INTERIM_DONE ? 0 : outcome == INTERIM_FAILED ? 1 : 3;
}
