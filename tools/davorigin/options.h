/* What the command line asks for. */
#ifndef DAVORIGIN_OPTIONS_H
#define DAVORIGIN_OPTIONS_H

#include <stdbool.h>

enum answer_kind { ANSWER_PLAIN, ANSWER_INTERIM, ANSWER_ACCEPTED };

struct options {
    const char *root;
    const char *listen_host;
    const char *listen_port;
    const char *listen_path; /* of a Unix-domain socket, "@name": abstract; NULL: HOST:PORT */
    bool allow_remote;
    enum answer_kind answer;
    unsigned interval_ms;
    bool steady;
    unsigned retry_after_s;
    bool end_by_redirect; /* --end 303 */
    unsigned delay_ms;
    const char *fail_member; /* NULL: none */
    const char *log_file;    /* NULL: no log */
    const char *user;        /* NAME:PASSWORD; NULL: no authentication */
    const char *tls_cert;
    const char *tls_key;
    char *listen_text; /* owned; host, port and path point into it */
};

/* Parses the command line. -1: go on; else exit with that status: what was wrong, or the help, has
 * been printed. */
int options_parse(struct options *out, int argc, char **argv);
void options_free(struct options *options);

#endif
