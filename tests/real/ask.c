/* ask.c - requests, one after the other by one client, for the tests of this folder. A program of
 * its own because davcopy knows neither uploads nor downloads.
 *
 *     ask [CLIENT_OPTION ...] REQUEST [+ REQUEST ...]
 *
 * A REQUEST is METHOD URL [OPTION ...]. For each, a line is printed:
 *
 *     PUT 201 done 0 new interims=100, body=0
 *
 * method, status, outcome, name of the error or 0, whether the last connection was new or reused,
 * the interims as they came and the length of the body.
 */
#include <interim.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static interim_client_options client_options = INTERIM_CLIENT_OPTIONS_INIT;
static interim_client *client;

/* What one request is about, and what was seen of it. */
struct ask {
    interim_request *request;
    int body_fd, output_fd;
    unsigned pause_ms;   /* before it */
    char interims[1000]; /* "100,102," */
    char connection[8];  /* "new", "reused", "none" */
};

static void must(int result, const char *what)
{
    if (result >= 0)
        return;
    fprintf(stderr, "ask: %s: %s\n", what, interim_strerror(result));
    exit(2);
}

/* The value of an argument NAME=VALUE, or NULL when it is called otherwise. */
static const char *value_of(const char *argument, const char *name)
{
    size_t length = strlen(name);

    return strncmp(argument, name, length) == 0 && argument[length] == '=' ? argument + length + 1
                                                                           : NULL;
}

static int watch(const interim_event *event, void *user)
{
    struct ask *ask = user;
    size_t length = strlen(ask->interims);

    if (event->kind == INTERIM_EVENT_CONNECTED)
        snprintf(ask->connection, sizeof ask->connection, "%s", event->text);
    if (event->kind == INTERIM_EVENT_INTERIM)
        snprintf(ask->interims + length, sizeof ask->interims - length, "%d,", event->status);
    return 0;
}

static ptrdiff_t read_body(void *buffer, size_t size, void *user)
{
    return read(((struct ask *)user)->body_fd, buffer, size);
}

static int open_file(const char *path, int flags)
{
    int fd = open(path, flags, 0600);

    if (fd < 0) {
        perror(path);
        exit(2);
    }
    return fd;
}

static void set_header(struct ask *ask, const char *field)
{
    char name[100];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(field, ":"), field);
    field += strcspn(field, ":");
    must(interim_request_add_header(ask->request, name, field + strspn(field, ": ")), name);
}

static void set_silence(struct ask *ask, int64_t silence_ms)
{
    interim_patience patience = INTERIM_PATIENCE_INIT;

    patience.silence_ms = silence_ms;
    must(interim_request_set_patience(ask->request, &patience), "silence");
}

static void set_option(struct ask *ask, const char *argument)
{
    const char *value;

    if ((value = value_of(argument, "header")) != NULL) {
        set_header(ask, value);
    } else if ((value = value_of(argument, "file")) != NULL) {
        ask->body_fd = open_file(value, O_RDONLY);
        must(interim_request_set_body_fd(ask->request, ask->body_fd, 0, -1), argument);
    } else if ((value = value_of(argument, "stream")) != NULL) {
        ask->body_fd = open_file(value, O_RDONLY);
        must(interim_request_set_body_reader(ask->request, read_body, -1, ask), argument);
    } else if ((value = value_of(argument, "output")) != NULL) {
        ask->output_fd = open_file(value, O_WRONLY | O_CREAT | O_TRUNC);
        must(interim_request_set_output_fd(ask->request, ask->output_fd), argument);
    } else if ((value = value_of(argument, "expect")) != NULL) {
        must(interim_request_set_expect(ask->request, strcmp(value, "always") == 0
                                                          ? INTERIM_EXPECT_ALWAYS
                                                          : INTERIM_EXPECT_NEVER),
             argument);
    } else if ((value = value_of(argument, "silence")) != NULL) {
        set_silence(ask, atoll(value));
    } else if ((value = value_of(argument, "pause")) != NULL) {
        ask->pause_ms = (unsigned)atoi(value);
    } else if (strcmp(argument, "decode") == 0) {
        must(interim_request_set_decoding(ask->request, 1, 0), argument);
    } else {
        fprintf(stderr, "ask: what is %s?\n", argument);
        exit(2);
    }
}

static void tell(const struct ask *ask, const char *method, const interim_result *result)
{
    const interim_error *error = interim_result_error(result);
    long long length = 0;
    size_t kept;

    interim_result_body(result, &kept);
    if (ask->output_fd >= 0)
        length = (long long)lseek(ask->output_fd, 0, SEEK_END);
    printf("%s %d %s %s %s interims=%s body=%lld\n", method, interim_result_status(result),
           interim_outcome_name(interim_result_outcome(result)),
           error->code == 0 ? "0" : interim_error_name(error->code), ask->connection, ask->interims,
           length + (long long)kept);
    if (error->code != 0)
        fprintf(stderr, "ask: %s\n", error->text);
}

/* Asks what arguments tell, up to "+"; returns how many these are. */
static int perform(char **arguments, int count)
{
    struct ask ask = {.body_fd = -1, .output_fd = -1, .connection = "none"};
    interim_result *result;
    int used = 2;

    if (count < 2) {
        fputs("ask: a request is METHOD URL\n", stderr);
        exit(2);
    }
    must(interim_request_new(&ask.request, arguments[0], arguments[1]), arguments[1]);
    must(interim_request_on_event(ask.request, watch, &ask), "on_event");
    for (; used < count && strcmp(arguments[used], "+") != 0; used++)
        set_option(&ask, arguments[used]);
    usleep(ask.pause_ms * 1000);
    (void)interim_perform(&result, client, ask.request);
    if (result == NULL)
        must(INTERIM_ENOMEM, "perform");
    tell(&ask, arguments[0], result);
    interim_result_free(result);
    interim_request_free(ask.request);
    if (ask.body_fd >= 0)
        close(ask.body_fd);
    if (ask.output_fd >= 0)
        close(ask.output_fd);
    return used < count ? used + 1 : used;
}

static bool client_option(const char *argument)
{
    const char *value;

    if ((value = value_of(argument, "cacert")) != NULL)
        client_options.ca_file = value;
    else if ((value = value_of(argument, "cert")) != NULL)
        client_options.certificate_file = value;
    else if ((value = value_of(argument, "key")) != NULL)
        client_options.key_file = value;
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    interim_log *log = NULL;
    int at = 1;

    setvbuf(stdout, NULL, _IOLBF, 0);
    while (at < argc && client_option(argv[at]))
        at++;
    must(interim_client_new(&client, &client_options), "client");
    if (at < argc && value_of(argv[at], "log") != NULL) {
        must(interim_log_open(&log,
                              open_file(value_of(argv[at++], "log"), O_WRONLY | O_CREAT | O_APPEND),
                              INTERIM_LOG_JSON_LINES),
             "log");
        must(interim_client_set_log(client, log), "log");
    }
    while (at < argc)
        at += perform(argv + at, argc - at);
    interim_client_free(client);
    must(interim_log_close(log, NULL), "log");
    return 0;
}
