/* session.c - see session.h. */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "exits.h"
#include "interrupt.h"
#include "printable.h"

static int local_trouble(struct session *session, const char *what, int code)
{
    display_line(&session->display, "%s: %s%s%s", what, interim_strerror(code),
                 code == INTERIM_ESYSTEM ? ", " : "",
                 code == INTERIM_ESYSTEM ? strerror(errno) : "");
    return EXIT_LOCAL;
}

static int open_log(struct session *session)
{
    const char *path = session->options->log_file;
    int fd = STDERR_FILENO;
    int code;

    if (!path)
        return EXIT_DONE;
    if (strcmp(path, "-") != 0) {
        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
        if (fd < 0) {
            char shown[512];

            display_line(&session->display, "cannot write the log %s: %s; nothing was sent",
                         printable(shown, sizeof shown, path), strerror(errno));
            return EXIT_LOCAL;
        }
        session->log_fd = fd;
    }
    code = interim_log_open(&session->log, fd, INTERIM_LOG_JSON_LINES);
    return code < 0 ? local_trouble(session, "cannot open the log", code) : EXIT_DONE;
}

/* The library tells which file or value it is; the option's name is ours. */
static int wrong_option(struct session *session, const interim_error *error)
{
    static const char *const names[][2] = {
        {"CA file", "--cacert"},
        {"CA directory", "--capath"},
        {"client certificate", "--cert"},
        {"client key", "--key"},
        {"CRL file", "--crl"},
        {"pinned key", "--pinned"},
        {"key log", "SSLKEYLOGFILE"},
        {"the URL of the proxy", "--proxy, or the environment's,"},
    };
    const char *name = "an option";

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strncmp(error->text, names[i][0], strlen(names[i][0])) == 0)
            name = names[i][1];
    }
    display_line(&session->display, "%s cannot be used: %s; nothing was sent", name, error->text);
    return EXIT_USAGE;
}

/* The secrets of TLS are written down only if the user has asked for it. */
static int make_client(struct session *session)
{
    const struct options *options = session->options;
    const char *key_log_file = secure_getenv("SSLKEYLOGFILE");
    interim_client_options client_options = INTERIM_CLIENT_OPTIONS_INIT;
    interim_error error = {.size = sizeof error};
    int code;

    client_options.user_agent = "davcopy/" INTERIM_VERSION;
    client_options.ca_file = options->ca_file;
    client_options.ca_dir = options->ca_dir;
    client_options.certificate_file = options->certificate_file;
    client_options.key_file = options->key_file;
    client_options.key_password = options->key_password;
    client_options.crl_file = options->crl_file;
    client_options.pinned_keys = options->pinned_keys;
    client_options.tls_min = options->only_tls_1_3 ? INTERIM_TLS_1_3 : INTERIM_TLS_1_2;
    if (key_log_file && key_log_file[0] != '\0')
        client_options.key_log_file = key_log_file;
    if (options->proxy && strcmp(options->proxy, "none") != 0)
        client_options.proxy = options->proxy;
    client_options.proxy_from_environment = !options->proxy;
    client_options.error = &error;
    code = interim_client_new(&session->client, &client_options);
    if (code == INTERIM_ETLS || code == INTERIM_EINVAL || code == INTERIM_EURL)
        return wrong_option(session, &error);
    return code < 0 ? local_trouble(session, "cannot begin", code) : EXIT_DONE;
}

int session_open(struct session *out, const struct options *options)
{
    const bool log_on_stderr = options->log_file && strcmp(options->log_file, "-") == 0;
    int code;

    memset(out, 0, sizeof *out);
    out->options = options;
    out->log_fd = -1;
    out->began_ms = display_now_ms();
    display_init(&out->display, options->quiet, options->verbose, !log_on_stderr);
    code = open_log(out);
    if (code == EXIT_DONE)
        code = make_client(out);
    if (code == EXIT_DONE && out->log)
        interim_client_set_log(out->client, out->log);
    return code;
}

static int on_event(const interim_event *event, void *user)
{
    struct session *session = user;

    answer_event(session->answer, event);
    display_event(&session->display, event);
    return 0;
}

static int on_body(const void *data, size_t size, void *user)
{
    struct session *session = user;

    return answer_body(session->answer, interim_operation_status(session->operation), data, size);
}

/* Fields that are about the COPY, and would be misunderstood with a question before it. */
static bool is_about_the_change(const char *name)
{
    return strcasecmp(name, "Prefer") == 0 || strcasecmp(name, "If") == 0 ||
           strncasecmp(name, "If-", 3) == 0 || strcasecmp(name, "Lock-Token") == 0 ||
           strncasecmp(name, "TransferHeader", 14) == 0;
}

static int add_fields(struct session *session, interim_request *request, bool safe)
{
    const struct options *options = session->options;

    for (size_t i = 0; i < options->header_count; i++) {
        const struct header *header = &options->headers[i];
        char shown[256];
        int code;

        if (safe && is_about_the_change(header->name))
            continue;
        code = interim_request_add_header(request, header->name, header->value);
        if (code == INTERIM_EFIELD) {
            display_line(&session->display,
                         "--header %s cannot be sent; a name is letters, digits and -, a value "
                         "has no line break or control character, and the fields of the "
                         "connection are davcopy's own",
                         printable(shown, sizeof shown, header->name));
            return EXIT_USAGE;
        }
        if (code < 0)
            return local_trouble(session, "cannot make the request", code);
    }
    return EXIT_DONE;
}

static int wrong_way(struct session *session, const char *option, const char *value,
                     const char *advice)
{
    char shown[256];

    display_line(&session->display, "%s '%s' cannot be used; %s", option,
                 printable(shown, sizeof shown, value), advice);
    return EXIT_USAGE;
}

/* How the server is reached. */
static int set_way(struct session *session, interim_request *request)
{
    const struct options *options = session->options;
    int code = 0;

    if (options->unix_socket)
        code = interim_request_set_unix_socket(request, options->unix_socket);
    if (code == INTERIM_EINVAL)
        return wrong_way(session, "--unix-socket", options->unix_socket,
                         "give a path of 1 to 107 bytes, or @NAME");
    if (code == 0 && options->connect_host)
        code =
            interim_request_set_connect_to(request, options->connect_host, options->connect_port);
    if (code == INTERIM_EINVAL)
        return wrong_way(session, "--connect-to", options->connect_host,
                         "give HOST:PORT, an IPv6 address in brackets");
    if (code == 0 && options->local_address)
        code = interim_request_set_local_address(request, options->local_address);
    if (code == INTERIM_EINVAL)
        return wrong_way(session, "--local-address", options->local_address,
                         "give an address of this machine, or the name of an interface");
    return code < 0 ? local_trouble(session, "cannot make the request", code) : EXIT_DONE;
}

static int set_up(struct session *session, interim_request *request)
{
    const struct options *options = session->options;
    interim_authentication login = INTERIM_AUTHENTICATION_INIT;
    int code = interim_request_on_event(request, on_event, session);

    if (code == 0)
        code = interim_request_on_body(request, on_body, session);
    /* Who gives a name for an http URL gets Basic there, as ever; Digest wherever it is offered. */
    login.clear_text = 1;
    login.user = options->user;
    login.password = options->password;
    if (code == 0 && options->user)
        code = interim_request_set_authentication(request, &login);
    if (code == INTERIM_EINVAL) {
        display_line(&session->display,
                     "the name or password cannot be sent; it holds a control character, or the "
                     "name a colon");
        return EXIT_USAGE;
    }
    return code < 0 ? local_trouble(session, "cannot make the request", code) : EXIT_DONE;
}

/* Gives a request (transferred) what all have; NULL after saying why not. */
static interim_request *equip(struct session *session, int *exit_code, interim_request *request,
                              bool safe)
{
    *exit_code = set_up(session, request);
    if (*exit_code == EXIT_DONE)
        *exit_code = set_way(session, request);
    if (*exit_code == EXIT_DONE)
        *exit_code = add_fields(session, request, safe);
    if (*exit_code == EXIT_DONE)
        return request;
    interim_request_free(request);
    return NULL;
}

interim_request *session_resumed(struct session *session, int *exit_code, const char *token)
{
    interim_error error = {.size = sizeof error};
    interim_request *request;

    if (interim_resume_new(&request, token, &error) == 0)
        return equip(session, exit_code, request, false);
    display_line(&session->display, "the token in %s cannot be used: %s",
                 session->options->resume_file, error.text);
    *exit_code = EXIT_LOCAL;
    return NULL;
}

interim_request *session_request(struct session *session, int *exit_code, const char *method,
                                 const char *url, bool safe)
{
    interim_request *request;
    const int code = interim_request_new(&request, method, url);
    char shown[512];

    if (code == INTERIM_EURL) {
        const char *problem = interim_url_problem(url);

        display_line(&session->display, "the URL %s cannot be used: %s",
                     printable(shown, sizeof shown, url), problem ? problem : "it is too long");
        *exit_code = EXIT_USAGE;
        return NULL;
    }
    if (code < 0) {
        *exit_code = local_trouble(session, "cannot make the request", code);
        return NULL;
    }
    return equip(session, exit_code, request, safe);
}

static void on_done(interim_operation *operation, interim_result *result, void *user)
{
    struct session *session = user;

    (void)operation;
    session->ended = true;
    answer_end(session->answer, result);
}

static void on_settled(interim_settling *settling, interim_settlement *settlement, void *user)
{
    struct session *session = user;

    (void)settling;
    session->ended = true;
    *session->settled = settlement;
}

static void stop_at_interrupt(struct session *session)
{
    if (session->interrupted || !interrupt_seen())
        return;
    session->interrupted = true;
    if (session->settling)
        interim_settling_cancel(session->settling);
    else if (session->options->cancel_job && interim_operation_cancel_job(session->operation) == 0)
        display_line(&session->display,
                     "asking the server to stop; interrupt again to stop waiting as well");
    else
        interim_operation_cancel(session->operation);
}

/* Waits until the client or the user has something for us. Without a descriptor the client does
 * the waiting itself, a tick at a time. Returns what interim_client_run returns. */
static int wait_a_little(struct session *session)
{
    const int fd = interim_client_fd(session->client);
    struct pollfd watched[] = {{fd, POLLIN, 0}, {interrupt_fd(), POLLIN, 0}};

    if (fd < 0)
        return interim_client_run(session->client, 100);
    poll(watched, session->interrupted ? 1 : 2, display_tick_ms(&session->display));
    return interim_client_run(session->client, 0);
}

/* The operation is still the client's; what it yet tells must not go to the caller's answer. */
static bool give_up(struct session *session, int code)
{
    const char *what = session->answer->sent ? "the wait broke off, and the server may go on: look "
                                               "at the destination before asking again"
                                             : "cannot wait";

    answer_init(&session->abandoned);
    session->answer = &session->abandoned;
    local_trouble(session, what, code);
    return false;
}

/* Until what was started has ended; code: how starting went. Returns the last code. */
static int wait_for_end(struct session *session, int code)
{
    if (code >= 0)
        code = interim_client_run(session->client, 0);
    while (code >= 0 && !session->ended) {
        stop_at_interrupt(session);
        display_tick(&session->display);
        code = wait_a_little(session);
    }
    return code;
}

bool session_run(struct session *session, struct answer *answer, interim_request *request)
{
    int code;

    answer_init(answer);
    session->answer = answer;
    session->ended = false;
    session->settling = NULL;
    code = interim_start(&session->operation, session->client, request, on_done, session);
    interim_request_free(request);
    code = wait_for_end(session, code);
    return session->ended || give_up(session, code);
}

int session_settle(struct session *session, interim_settlement **out, interim_request *request,
                   const interim_settle_options *options)
{
    int code;

    *out = NULL;
    answer_init(&session->abandoned);
    session->answer = &session->abandoned; /* the events of questions are no answer */
    session->settled = out;
    session->ended = false;
    code = interim_settle_start(&session->settling, session->client, request, options, on_settled,
                                session);
    code = wait_for_end(session, code);
    if (session->ended)
        code = interim_settlement_code(*out);
    else
        session->settled = &session->unsettled;
    if (code >= 0)
        return EXIT_DONE;
    interim_settlement_free(*out);
    *out = NULL;
    return code == INTERIM_ECANCELLED ? EXIT_INTERRUPTED
                                      : local_trouble(session, "cannot look", code);
}

int session_look(struct session *session, interim_settlement **out, interim_request *request,
                 const char *destination)
{
    interim_settle_options options = INTERIM_SETTLE_OPTIONS_INIT;

    options.only_look = 1;
    options.destination = destination;
    options.deadline_ms = session_remaining_ms(session);
    return session_settle(session, out, request, &options);
}

int64_t session_remaining_ms(const struct session *session)
{
    const int64_t limit_ms = session->options->deadline_ms;
    const int64_t left_ms = limit_ms - (display_now_ms() - session->began_ms);

    if (limit_ms == 0)
        return 0;
    return left_ms > 1 ? left_ms : 1;
}

int session_close(struct session *session)
{
    uint64_t lost = 0;
    int code;

    interim_client_free(session->client);
    answer_dispose(&session->abandoned);
    interim_settlement_free(session->unsettled);
    code = interim_log_close(session->log, &lost);
    if (session->log_fd >= 0 && close(session->log_fd) < 0)
        code = INTERIM_ELOG;
    if (code >= 0)
        return EXIT_DONE;
    display_line(&session->display, "the log is not complete, %llu events are missing: %s",
                 (unsigned long long)lost, "check the space where it is written");
    return EXIT_LOCAL;
}
