/* The command line; options.h tells the concept. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "(not packaged)"
#endif

enum {
    OPTION_ROOT = 1000,
    OPTION_LISTEN,
    OPTION_ALLOW_REMOTE,
    OPTION_ANSWER,
    OPTION_INTERVAL,
    OPTION_STEADY,
    OPTION_RETRY_AFTER,
    OPTION_END,
    OPTION_DELAY,
    OPTION_FAIL_MEMBER,
    OPTION_LOG,
    OPTION_USER,
    OPTION_TLS_CERT,
    OPTION_TLS_KEY,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option long_options[] = {
    {"root", required_argument, NULL, OPTION_ROOT},
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"allow-remote", no_argument, NULL, OPTION_ALLOW_REMOTE},
    {"answer", required_argument, NULL, OPTION_ANSWER},
    {"interval", required_argument, NULL, OPTION_INTERVAL},
    {"steady", no_argument, NULL, OPTION_STEADY},
    {"retry-after", required_argument, NULL, OPTION_RETRY_AFTER},
    {"end", required_argument, NULL, OPTION_END},
    {"delay", required_argument, NULL, OPTION_DELAY},
    {"fail-member", required_argument, NULL, OPTION_FAIL_MEMBER},
    {"log", required_argument, NULL, OPTION_LOG},
    {"user", required_argument, NULL, OPTION_USER},
    {"tls-cert", required_argument, NULL, OPTION_TLS_CERT},
    {"tls-key", required_argument, NULL, OPTION_TLS_KEY},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "Usage: davorigin --root DIR [options]\n"
    "Serves a folder by WebDAV, and answers COPY and MOVE in the way that is asked for.\n"
    "\n"
    "  --root DIR           the folder to serve\n"
    "  --listen HOST:PORT   where to listen; port 0 takes a free one (127.0.0.1:0)\n"
    "  --listen unix:PATH   listen at a Unix-domain socket, at @NAME an abstract one\n"
    "  --allow-remote       permit an address that other machines reach\n"
    "  --log FILE           write a line for each request; - is standard error\n"
    "  --user NAME:PASSWORD ask for this name and password\n"
    "  --tls-cert FILE      speak TLS with this certificate chain (PEM)\n"
    "  --tls-key FILE       and its private key\n"
    "\n"
    "How COPY and MOVE are answered:\n"
    "  --answer plain|102|202  final response only, 102 Processing meanwhile, or\n"
    "                       202 Accepted with a status resource to poll (plain)\n"
    "  --interval MS        102: time to the first one; doubles each time (5000)\n"
    "  --steady             102: keep the interval as it is\n"
    "  --retry-after S      202: the Retry-After field (1)\n"
    "  --end 200|303        202: how the status resource reports the end (200)\n"
    "  --delay MS           wait before each file that is copied or moved (0)\n"
    "  --fail-member NAME   refuse to copy or move what has this name\n"
    "\n"
    "  --help, --version\n";

static int wrong(const char *what, const char *value, const char *advice)
{
    fprintf(stderr, "davorigin: %s%s%s; %s\n", what, value ? " " : "", value ? value : "", advice);
    return 2;
}

static bool parse_number(unsigned *out, const char *text, unsigned long limit)
{
    char *end = NULL;
    unsigned long value = 0;

    if (*text < '0' || *text > '9' || strlen(text) > 10)
        return false;
    value = strtoul(text, &end, 10);
    if (*end || value > limit)
        return false;
    *out = (unsigned)value;
    return true;
}

/* unix:PATH, or HOST:PORT, where an IPv6 address stands in brackets. */
static bool parse_listen(struct options *out, const char *text)
{
    char *copy = strdup(text);
    char *colon = copy ? strrchr(copy, ':') : NULL;
    unsigned port = 0;

    free(out->listen_text);
    out->listen_text = copy;
    out->listen_path = copy && strncmp(copy, "unix:", 5) == 0 ? copy + 5 : NULL;
    if (out->listen_path)
        return *out->listen_path != '\0';
    if (!colon || colon == copy || !parse_number(&port, colon + 1, 65535))
        return false;
    *colon = '\0';
    out->listen_port = colon + 1;
    out->listen_host = copy;
    if (copy[0] == '[') {
        if (colon[-1] != ']')
            return false;
        colon[-1] = '\0';
        out->listen_host = copy + 1;
    }
    return *out->listen_host && (copy[0] == '[' || !strchr(copy, ':'));
}

static bool parse_answer(enum answer_kind *out, const char *text)
{
    static const char *const names[] = {"plain", "102", "202"};
    static const enum answer_kind kinds[] = {ANSWER_PLAIN, ANSWER_INTERIM, ANSWER_ACCEPTED};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = kinds[i];
            return true;
        }
    }
    return false;
}

/* Options whose value is a word or number with rules. */
static int take_checked(struct options *out, int option, const char *value)
{
    switch (option) {
    case OPTION_LISTEN:
        return parse_listen(out, value)
                   ? -1
                   : wrong("--listen", value,
                           "write HOST:PORT, for instance 127.0.0.1:0, or unix:PATH");
    case OPTION_ANSWER:
        return parse_answer(&out->answer, value)
                   ? -1
                   : wrong("--answer", value, "write plain, 102 or 202");
    case OPTION_INTERVAL:
        return parse_number(&out->interval_ms, value, 86400000) && out->interval_ms > 0
                   ? -1
                   : wrong("--interval", value, "write milliseconds from 1 to 86400000");
    case OPTION_RETRY_AFTER:
        return parse_number(&out->retry_after_s, value, 86400)
                   ? -1
                   : wrong("--retry-after", value, "write seconds from 0 to 86400");
    case OPTION_DELAY:
        return parse_number(&out->delay_ms, value, 86400000)
                   ? -1
                   : wrong("--delay", value, "write milliseconds from 0 to 86400000");
    case OPTION_END:
        out->end_by_redirect = strcmp(value, "303") == 0;
        return out->end_by_redirect || strcmp(value, "200") == 0
                   ? -1
                   : wrong("--end", value, "write 200 or 303");
    case OPTION_FAIL_MEMBER:
        out->fail_member = value;
        return *value && !strchr(value, '/')
                   ? -1
                   : wrong("--fail-member", value, "write a name without folders");
    default:
        out->user = value;
        return strchr(value, ':') && value[0] != ':'
                   ? -1
                   : wrong("--user without a colon", NULL, "write NAME:PASSWORD");
    }
}

static int take(struct options *out, int option, const char *value)
{
    switch (option) {
    case OPTION_ROOT:
        out->root = value;
        return -1;
    case OPTION_ALLOW_REMOTE:
        out->allow_remote = true;
        return -1;
    case OPTION_STEADY:
        out->steady = true;
        return -1;
    case OPTION_LOG:
        out->log_file = value;
        return -1;
    case OPTION_TLS_CERT:
        out->tls_cert = value;
        return -1;
    case OPTION_TLS_KEY:
        out->tls_key = value;
        return -1;
    case OPTION_HELP:
        fputs(help, stdout);
        return 0;
    case OPTION_VERSION:
        puts("davorigin " PACKAGE_VERSION);
        return 0;
    default:
        return take_checked(out, option, value);
    }
}

int options_parse(struct options *out, int argc, char **argv)
{
    int option = 0;

    memset(out, 0, sizeof *out);
    out->listen_host = "127.0.0.1";
    out->listen_port = "0";
    out->interval_ms = 5000;
    out->retry_after_s = 1;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        int status = 0;

        if (option == ':')
            return wrong(argv[optind - 1], "has no value", "see davorigin --help");
        if (option == '?')
            return wrong("unknown option", argv[optind - 1], "see davorigin --help");
        status = take(out, option, optarg);
        if (status >= 0)
            return status;
    }
    if (optind < argc)
        return wrong("unexpected argument", argv[optind], "name the folder with --root DIR");
    if (!out->root)
        return wrong("no folder to serve", NULL, "name it with --root DIR");
    if (!out->tls_cert != !out->tls_key)
        return wrong("TLS needs a certificate and its key", NULL,
                     "give both --tls-cert and --tls-key");
    return -1;
}

void options_free(struct options *options)
{
    free(options->listen_text);
    options->listen_text = NULL;
}
