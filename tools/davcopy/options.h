/* options.h - the command line of davcopy. Nothing is asked of anybody here: no server, no
 * terminal. Included by every file of davcopy above display.h.
 */
#ifndef DAVCOPY_OPTIONS_H
#define DAVCOPY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPTIONS_HEADERS_MAX = 64 };

struct header {
    char *name;        /* owned */
    const char *value; /* within argv, or the secret */
    char *secret;      /* within name: what --transfer-header gave; else NULL */
};

/* A third-party copy: who does the work. */
enum tpc {
    TPC_OFF = 0,
    TPC_AUTO, /* pull if the servers differ, else none */
    TPC_PULL, /* the server of DESTINATION */
    TPC_PUSH  /* the server of SOURCE */
};

/* Strings point into argv unless they are said to be owned. */
struct options {
    const char *source;
    const char *destination;
    bool move;
    bool overwrite;
    bool depth_zero;
    bool cancel_job; /* Ctrl-C asks the server to stop */
    bool quiet;
    bool verbose;
    struct header headers[OPTIONS_HEADERS_MAX];
    size_t header_count;
    char *user;                /* owned, NULL without --user */
    char *password;            /* owned, NULL when --user had none */
    const char *password_file; /* "-" is standard input */
    const char *netrc_file;
    const char *ca_file;
    const char *ca_dir;
    const char *certificate_file;
    const char *key_file;
    const char *key_password_file; /* "-" is standard input */
    char *key_password;            /* owned, NULL when there is none */
    const char *crl_file;
    const char *pinned_keys;
    bool only_tls_1_3;
    const char *proxy;         /* NULL: the environment's, "none": none */
    const char *unix_socket;   /* path, "@name": abstract */
    char *connect_host;        /* owned, NULL without --connect-to */
    int connect_port;          /* 0: that of SOURCE */
    const char *local_address; /* or interface */
    const char *token_file;
    const char *resume_file; /* then there are no source and destination */
    const char *log_file;    /* "-" is standard error */
    enum tpc tpc;
    unsigned streams;    /* 0: not said */
    const char *trusted; /* a list of hosts; NULL: none */
    int64_t stall_ms;    /* 0: the library's default */
    int64_t silence_ms;  /* 0: the library's default */
    int64_t deadline_ms; /* 0: none */
    int64_t settle_ms;   /* 0: do not look what became of it */
};

/* Reads argv; a password in it is blanked there. Returns true to go on; else what was to be said
 * has been said, and *exit_code is what to end with: EXIT_DONE after --help, EXIT_USAGE, or
 * EXIT_LOCAL. */
bool options_parse(struct options *out, int *exit_code, int argc, char **argv);

/* The value of a --header, compared without case; NULL when it was not given. */
const char *options_header(const struct options *options, const char *name);

/* "COPY" or "MOVE". */
const char *options_method(const struct options *options);

/* Frees what is owned; the password is overwritten. */
void options_dispose(struct options *options);

#endif
