/* options.c - see options.h. Every wrong option ends with one line on standard error that names
 * it and says what is right.
 */
#include "options.h"

#include <interim.h>

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exits.h"
#include "printable.h"

enum { SETTLE_MS = 60000 };

static const char help_text[] =
    "Usage: davcopy [OPTION]... SOURCE DESTINATION\n"
    "Have a WebDAV server copy a file or a collection, and wait until it has.\n"
    "\n"
    "SOURCE is an absolute http or https URL. DESTINATION is a URL on the same server, or a\n"
    "path there; it names the copy itself, not the collection to put it in.\n"
    "\n"
    "  -m, --move                  move instead of copy\n"
    "      --overwrite             replace what is at DESTINATION (default: refuse)\n"
    "      --depth 0|infinity      of a collection: itself alone, or with all members (default)\n"
    "  -H, --header 'NAME: VALUE'  send this field too; may be given again\n"
    "  -u, --user NAME[:PASSWORD]  log in; asks for the password if it is not given\n"
    "      --password-file FILE    take the password from the first line of FILE (-: stdin)\n"
    "      --netrc FILE            take name and password from FILE, by the host of SOURCE\n"
    "      --cacert FILE           trust these CAs (PEM) instead of the system's\n"
    "      --capath DIR            trust the CAs in this directory instead of the system's\n"
    "      --cert FILE             show this client certificate (PEM) if asked (default: none)\n"
    "      --key FILE              its key (default: it is in the file of --cert)\n"
    "      --key-password-file FILE  the first line of FILE opens the key (-: stdin); without it\n"
    "                              the password of an encrypted key is asked for\n"
    "      --crl FILE              refuse certificates that these lists revoke (default: no "
    "check)\n"
    "      --pinned KEY            insist on this public key, 'sha256//...' (default: any)\n"
    "      --tls-min 1.2|1.3       the oldest version of TLS that will do (default 1.2)\n"
    "  -x, --proxy URL             go through this proxy, http://... or socks5h://..., 'none' for\n"
    "                              none (default: http_proxy, https_proxy, no_proxy)\n"
    "      --unix-socket PATH      connect to this Unix-domain socket, '@NAME' if it is abstract\n"
    "      --connect-to HOST[:PORT]\n"
    "                              connect to that place; the server is still that of SOURCE\n"
    "      --local-address ADDRESS connect from this address or interface of this machine\n"
    "      --tpc pull|push|auto    third-party copy between servers: DESTINATION fetches it, "
    "SOURCE\n"
    "                              sends it, or pull if they differ (default: one server only)\n"
    "      --transfer-header 'NAME: VALUE'\n"
    "                              what the other server gets, say 'Authorization: Bearer ...'\n"
    "      --streams N             of a third-party copy, up to 1000 (default: as the server "
    "likes)\n"
    "      --trust HOSTS           follow its redirects there, with all fields (default: none)\n"
    "      --stall SECONDS         give up when its bytes do not move for so long (default 600)\n"
    "      --silence SECONDS       give up after that long without a sign of life (default 300)\n"
    "      --deadline SECONDS      stop waiting after that long in all (default: none, but 24 h\n"
    "                              for a job that is polled)\n"
    "      --cancel-job            Ctrl-C asks the server to stop, if it is known how\n"
    "      --token FILE            write down what is waited for, so that it survives davcopy\n"
    "      --resume FILE           go on waiting with that file, in place of SOURCE DESTINATION\n"
    "      --settle-time SECONDS   if nobody told how it ended, look what became of it for that\n"
    "                              long (default 60)\n"
    "      --no-settle             do not look\n"
    "      --log FILE              append every event to FILE as JSON Lines (-: stderr)\n"
    "  -q, --quiet                 say nothing but errors\n"
    "  -v, --verbose               say everything that happens, a line each\n"
    "  -h, --help                  show this\n"
    "  -V, --version               show the version\n"
    "\n"
    "Exit codes: 0 done, 1 refused by the server, 2 usage, 3 some members failed,\n"
    "4 network or TLS (nothing was copied), 5 still running, 6 outcome unknown: look at the\n"
    "destination before asking again, 7 local trouble, 8 lost, and found not to have happened,\n"
    "130 interrupted (the server may go on).\n";

enum {
    OPTION_OVERWRITE = 256,
    OPTION_DEPTH,
    OPTION_PASSWORD_FILE,
    OPTION_NETRC,
    OPTION_CACERT,
    OPTION_CAPATH,
    OPTION_CERT,
    OPTION_KEY,
    OPTION_KEY_PASSWORD_FILE,
    OPTION_CRL,
    OPTION_PINNED,
    OPTION_TLS_MIN,
    OPTION_UNIX_SOCKET,
    OPTION_CONNECT_TO,
    OPTION_LOCAL_ADDRESS,
    OPTION_TPC,
    OPTION_TRANSFER_HEADER,
    OPTION_STREAMS,
    OPTION_TRUST,
    OPTION_STALL,
    OPTION_SILENCE,
    OPTION_DEADLINE,
    OPTION_CANCEL_JOB,
    OPTION_TOKEN,
    OPTION_RESUME,
    OPTION_SETTLE_TIME,
    OPTION_NO_SETTLE,
    OPTION_LOG
};

static const struct option long_options[] = {
    {"move", no_argument, NULL, 'm'},
    {"overwrite", no_argument, NULL, OPTION_OVERWRITE},
    {"depth", required_argument, NULL, OPTION_DEPTH},
    {"header", required_argument, NULL, 'H'},
    {"user", required_argument, NULL, 'u'},
    {"password-file", required_argument, NULL, OPTION_PASSWORD_FILE},
    {"netrc", required_argument, NULL, OPTION_NETRC},
    {"cacert", required_argument, NULL, OPTION_CACERT},
    {"capath", required_argument, NULL, OPTION_CAPATH},
    {"cert", required_argument, NULL, OPTION_CERT},
    {"key", required_argument, NULL, OPTION_KEY},
    {"key-password-file", required_argument, NULL, OPTION_KEY_PASSWORD_FILE},
    {"crl", required_argument, NULL, OPTION_CRL},
    {"pinned", required_argument, NULL, OPTION_PINNED},
    {"tls-min", required_argument, NULL, OPTION_TLS_MIN},
    {"proxy", required_argument, NULL, 'x'},
    {"unix-socket", required_argument, NULL, OPTION_UNIX_SOCKET},
    {"connect-to", required_argument, NULL, OPTION_CONNECT_TO},
    {"local-address", required_argument, NULL, OPTION_LOCAL_ADDRESS},
    {"tpc", required_argument, NULL, OPTION_TPC},
    {"transfer-header", required_argument, NULL, OPTION_TRANSFER_HEADER},
    {"streams", required_argument, NULL, OPTION_STREAMS},
    {"trust", required_argument, NULL, OPTION_TRUST},
    {"stall", required_argument, NULL, OPTION_STALL},
    {"silence", required_argument, NULL, OPTION_SILENCE},
    {"deadline", required_argument, NULL, OPTION_DEADLINE},
    {"cancel-job", no_argument, NULL, OPTION_CANCEL_JOB},
    {"token", required_argument, NULL, OPTION_TOKEN},
    {"resume", required_argument, NULL, OPTION_RESUME},
    {"settle-time", required_argument, NULL, OPTION_SETTLE_TIME},
    {"no-settle", no_argument, NULL, OPTION_NO_SETTLE},
    {"log", required_argument, NULL, OPTION_LOG},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

__attribute__((format(printf, 1, 2))) static int wrong(const char *format, ...)
{
    char raw[512], line[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    fprintf(stderr, "davcopy: %s\n", printable(line, sizeof line, raw));
    return EXIT_USAGE;
}

static int no_memory(void)
{
    fputs("davcopy: out of memory\n", stderr);
    return EXIT_LOCAL;
}

static int take_seconds(int64_t *out_ms, const char *option, const char *text)
{
    const size_t length = strlen(text);
    char *end = NULL;
    double seconds = -1;

    if (length > 0 && strspn(text, "0123456789.") == length)
        seconds = strtod(text, &end);
    if (!end || *end != '\0' || seconds < 0.001 || seconds > 366.0 * 86400)
        return wrong("%s %s is not a number of seconds; give one above 0, up to 366 days", option,
                     text);
    *out_ms = (int64_t)(seconds * 1000 + 0.5);
    return EXIT_DONE;
}

/* Fields that davcopy or the library writes: an option is there for each, or none is needed. */
static const char *why_not(const char *name, bool user_given)
{
    if (strcasecmp(name, "Destination") == 0)
        return "DESTINATION is the second argument";
    if (strcasecmp(name, "Overwrite") == 0)
        return "use --overwrite, or leave it out";
    if (strcasecmp(name, "Source") == 0)
        return "use --tpc pull";
    if (strcasecmp(name, "Depth") == 0)
        return "use --depth";
    if (strcasecmp(name, "Authorization") == 0 && user_given)
        return "--user and --netrc send one already; give one of both";
    return NULL;
}

static int take_header(struct options *out, const char *text)
{
    const char *colon = strchr(text, ':');
    struct header *header = &out->headers[out->header_count];

    if (!colon || colon == text)
        return wrong("--header '%s' is not a field; write it as 'Name: value'", text);
    if (out->header_count == OPTIONS_HEADERS_MAX)
        return wrong("--header was given too often; %d are enough", (int)OPTIONS_HEADERS_MAX);
    header->name = strndup(text, (size_t)(colon - text));
    if (!header->name)
        return no_memory();
    header->value = colon + 1 + strspn(colon + 1, " \t");
    out->header_count++;
    return EXIT_DONE;
}

/* For the other server: TransferHeaderNAME. The value is mostly a token, and taken out of argv. */
static int take_transfer_header(struct options *out, char *text)
{
    static const char prefix[] = "TransferHeader";
    char *colon = strchr(text, ':'), *value;
    struct header *header = &out->headers[out->header_count];
    size_t length = colon ? (size_t)(colon - text) : 0;

    if (length == 0)
        return wrong("--transfer-header is not a field; write it as 'Name: value'");
    if (out->header_count == OPTIONS_HEADERS_MAX)
        return wrong("--transfer-header was given too often; %d fields are enough",
                     (int)OPTIONS_HEADERS_MAX);
    value = colon + 1 + strspn(colon + 1, " \t");
    header->name = malloc(sizeof prefix + length + 1 + strlen(value));
    if (!header->name)
        return no_memory();
    memcpy(header->name, prefix, sizeof prefix - 1);
    memcpy(header->name + sizeof prefix - 1, text, length);
    header->name[sizeof prefix - 1 + length] = '\0';
    header->secret = header->name + sizeof prefix + length;
    strcpy(header->secret, value);
    header->value = header->secret;
    memset(value, '*', strlen(value));
    out->header_count++;
    return EXIT_DONE;
}

static int take_tpc(struct options *out, const char *text)
{
    static const char *const names[] = {"", "auto", "pull", "push"};

    for (int way = TPC_AUTO; way <= TPC_PUSH; way++) {
        if (strcmp(text, names[way]) == 0) {
            out->tpc = (enum tpc)way;
            return EXIT_DONE;
        }
    }
    return wrong("--tpc %s does not exist; give pull, push or auto", text);
}

static int take_streams(struct options *out, const char *text)
{
    const size_t length = strlen(text);

    out->streams = length <= 4 && strspn(text, "0123456789") == length ? (unsigned)atoi(text) : 0;
    if (out->streams < 1 || out->streams > 1000)
        return wrong("--streams %s is not a number from 1 to 1000", text);
    return EXIT_DONE;
}

/* The password is taken out of argv, so that a list of processes shows it for a moment only. */
static int take_user(struct options *out, char *text)
{
    char *colon = strchr(text, ':');

    if (out->user)
        return wrong("--user was given twice; give it once");
    if (colon == text || text[0] == '\0')
        return wrong("--user has no name; write it as NAME or NAME:PASSWORD");
    out->user = colon ? strndup(text, (size_t)(colon - text)) : strdup(text);
    if (!out->user)
        return no_memory();
    if (!colon)
        return EXIT_DONE;
    out->password = strdup(colon + 1);
    if (!out->password)
        return no_memory();
    for (char *at = colon + 1; *at != '\0'; at++)
        *at = '*';
    return EXIT_DONE;
}

static int take_depth(struct options *out, const char *text)
{
    if (strcmp(text, "0") == 0)
        out->depth_zero = true;
    else if (strcasecmp(text, "infinity") == 0)
        out->depth_zero = false;
    else
        return wrong("--depth %s does not exist for a copy; give 0 or infinity", text);
    return EXIT_DONE;
}

static int take_tls_min(struct options *out, const char *text)
{
    if (strcmp(text, "1.2") == 0)
        out->only_tls_1_3 = false;
    else if (strcmp(text, "1.3") == 0)
        out->only_tls_1_3 = true;
    else
        return wrong("--tls-min %s is not a version that is spoken; give 1.2 or 1.3", text);
    return EXIT_DONE;
}

/* HOST, HOST:PORT, an IPv6 address, or one in brackets with a port; the library judges the host. */
static int take_connect_to(struct options *out, const char *text)
{
    const char *colon = strrchr(text, ':');
    const bool has_port =
        colon && (colon == strchr(text, ':') || (text[0] == '[' && colon[-1] == ']'));
    const char *digits = has_port ? colon + 1 : "1";
    const size_t length = strlen(digits);

    if (length == 0 || length > 5 || strspn(digits, "0123456789") != length || atoi(digits) < 1 ||
        atoi(digits) > 65535)
        return wrong("--connect-to %s has no port from 1 to 65535; write HOST:PORT", text);
    free(out->connect_host);
    out->connect_host = has_port ? strndup(text, (size_t)(colon - text)) : strdup(text);
    out->connect_port = has_port ? atoi(digits) : 0;
    return out->connect_host ? EXIT_DONE : no_memory();
}

static int take(struct options *out, int option, char *argument)
{
    switch (option) {
    case 'm':
        out->move = true;
        return EXIT_DONE;
    case 'q':
        out->quiet = true;
        return EXIT_DONE;
    case 'v':
        out->verbose = true;
        return EXIT_DONE;
    case 'H':
        return take_header(out, argument);
    case 'u':
        return take_user(out, argument);
    case OPTION_OVERWRITE:
        out->overwrite = true;
        return EXIT_DONE;
    case OPTION_DEPTH:
        return take_depth(out, argument);
    case OPTION_PASSWORD_FILE:
        out->password_file = argument;
        return EXIT_DONE;
    case OPTION_NETRC:
        out->netrc_file = argument;
        return EXIT_DONE;
    case OPTION_CACERT:
        out->ca_file = argument;
        return EXIT_DONE;
    case OPTION_CAPATH:
        out->ca_dir = argument;
        return EXIT_DONE;
    case OPTION_CERT:
        out->certificate_file = argument;
        return EXIT_DONE;
    case OPTION_KEY:
        out->key_file = argument;
        return EXIT_DONE;
    case OPTION_KEY_PASSWORD_FILE:
        out->key_password_file = argument;
        return EXIT_DONE;
    case OPTION_CRL:
        out->crl_file = argument;
        return EXIT_DONE;
    case OPTION_PINNED:
        out->pinned_keys = argument;
        return EXIT_DONE;
    case OPTION_TLS_MIN:
        return take_tls_min(out, argument);
    case 'x':
        out->proxy = argument;
        return EXIT_DONE;
    case OPTION_UNIX_SOCKET:
        out->unix_socket = argument;
        return EXIT_DONE;
    case OPTION_CONNECT_TO:
        return take_connect_to(out, argument);
    case OPTION_LOCAL_ADDRESS:
        out->local_address = argument;
        return EXIT_DONE;
    case OPTION_CANCEL_JOB:
        out->cancel_job = true;
        return EXIT_DONE;
    case OPTION_TPC:
        return take_tpc(out, argument);
    case OPTION_TRANSFER_HEADER:
        return take_transfer_header(out, argument);
    case OPTION_STREAMS:
        return take_streams(out, argument);
    case OPTION_TRUST:
        out->trusted = argument;
        return EXIT_DONE;
    case OPTION_STALL:
        return take_seconds(&out->stall_ms, "--stall", argument);
    case OPTION_SILENCE:
        return take_seconds(&out->silence_ms, "--silence", argument);
    case OPTION_SETTLE_TIME:
        return take_seconds(&out->settle_ms, "--settle-time", argument);
    case OPTION_NO_SETTLE:
        out->settle_ms = 0;
        return EXIT_DONE;
    case OPTION_DEADLINE:
        return take_seconds(&out->deadline_ms, "--deadline", argument);
    case OPTION_TOKEN:
        out->token_file = argument;
        return EXIT_DONE;
    case OPTION_RESUME:
        out->resume_file = argument;
        return EXIT_DONE;
    default:
        out->log_file = argument;
        return EXIT_DONE;
    }
}

static int check_third_party(const struct options *out)
{
    const bool asked = out->streams > 0 || out->trusted || out->stall_ms > 0;

    for (size_t i = 0; i < out->header_count; i++) {
        if (out->tpc == TPC_OFF && out->headers[i].secret)
            return wrong("--transfer-header needs --tpc; give pull, push or auto");
    }
    if (out->tpc == TPC_OFF)
        return asked ? wrong("--streams, --trust and --stall need --tpc; give pull, push or auto")
                     : EXIT_DONE;
    if (out->move)
        return wrong("--tpc cannot go with --move; copy, look at the copy, then delete");
    if (out->netrc_file)
        return wrong("--netrc cannot go with --tpc: there are two hosts; use --user");
    return EXIT_DONE;
}

static int check_together(const struct options *out)
{
    for (size_t i = 0; i < out->header_count; i++) {
        const char *reason = why_not(out->headers[i].name, out->user || out->netrc_file);

        if (reason)
            return wrong("--header cannot set %s; %s", out->headers[i].name, reason);
    }
    if (out->move && out->depth_zero)
        return wrong("--depth 0 cannot go with --move; a collection moves with all its members");
    if (out->quiet && out->verbose)
        return wrong("--quiet and --verbose exclude each other; give one of them");
    if (out->key_file && !out->certificate_file)
        return wrong("--key needs --cert; give the certificate too");
    if (out->key_password_file && !out->certificate_file)
        return wrong("--key-password-file needs --cert; give the certificate too");
    if (out->password_file && !out->user)
        return wrong("--password-file needs --user; give the name too");
    if (out->netrc_file && out->user)
        return wrong("--user and --netrc exclude each other; give one of them");
    if (out->unix_socket && (out->connect_host || out->local_address))
        return wrong("--unix-socket and %s exclude each other; give one of them",
                     out->connect_host ? "--connect-to" : "--local-address");
    if (out->password_file && out->password)
        return wrong("--user has a password already; leave it out, or --password-file");
    return check_third_party(out);
}

static int take_places(struct options *out, int argc, char **argv)
{
    if (out->resume_file && (argc > optind || out->token_file || out->move || out->overwrite))
        return wrong("--resume takes all from its file; leave out SOURCE, DESTINATION, --token, "
                     "--move and --overwrite");
    if (out->resume_file)
        return EXIT_DONE;
    if (argc - optind < 2)
        return wrong("%s is missing; see davcopy --help",
                     argc == optind ? "SOURCE" : "DESTINATION");
    if (argc - optind > 2)
        return wrong("'%s' is one argument too many; quote URLs that hold blanks or &",
                     argv[optind + 2]);
    out->source = argv[optind];
    out->destination = argv[optind + 1];
    return EXIT_DONE;
}

static int bad_option(int option, char **argv)
{
    const char *given = argv[optind - 1];
    const bool is_long =
        optopt == 0 || optopt >= 256 || (strncmp(given, "--", 2) == 0 && strchr(given, '='));

    if (option == ':')
        return wrong("%s needs a value; see davcopy --help", given);
    if (!is_long)
        return wrong("there is no option -%c; see davcopy --help", optopt);
    return wrong("there is no option %s, or not in this form; see davcopy --help", given);
}

bool options_parse(struct options *out, int *exit_code, int argc, char **argv)
{
    int option;

    memset(out, 0, sizeof *out);
    out->settle_ms = SETTLE_MS;
    *exit_code = EXIT_DONE;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":mH:u:x:qvhV", long_options, NULL)) != -1) {
        if (option == 'h' || option == 'V') {
            fputs(option == 'h' ? help_text : "davcopy " INTERIM_VERSION "\n", stdout);
            return false;
        }
        *exit_code =
            option == '?' || option == ':' ? bad_option(option, argv) : take(out, option, optarg);
        if (*exit_code != EXIT_DONE)
            return false;
    }
    *exit_code = check_together(out);
    if (*exit_code == EXIT_DONE)
        *exit_code = take_places(out, argc, argv);
    return *exit_code == EXIT_DONE;
}

const char *options_header(const struct options *options, const char *name)
{
    for (size_t i = 0; i < options->header_count; i++) {
        if (strcasecmp(options->headers[i].name, name) == 0)
            return options->headers[i].value;
    }
    return NULL;
}

const char *options_method(const struct options *options)
{
    return options->move ? "MOVE" : "COPY";
}

void options_dispose(struct options *options)
{
    for (size_t i = 0; i < options->header_count; i++) {
        if (options->headers[i].secret)
            explicit_bzero(options->headers[i].secret, strlen(options->headers[i].secret));
        free(options->headers[i].name);
    }
    if (options->password)
        explicit_bzero(options->password, strlen(options->password));
    free(options->password);
    if (options->key_password)
        explicit_bzero(options->key_password, strlen(options->key_password));
    free(options->key_password);
    free(options->connect_host);
    free(options->user);
}
