/* token_file.h - what outlives davcopy: a file that says which COPY or MOVE was begun and, as soon
 * as the server accepted it, holds the resume token of the job. Its states, each on disk before the
 * next step is taken:
 *
 *     empty --(before the request is sent)--> prepared --(202)--> token --(the outcome)--> removed
 *
 * so that "prepared" says that it may have been sent, and nothing that it was not. A new state
 * takes the place of the old one as a whole. Included by main.c and transfer.c.
 */
#ifndef DAVCOPY_TOKEN_FILE_H
#define DAVCOPY_TOKEN_FILE_H

#include <stdbool.h>

#include "options.h"
#include "plan.h"

struct token_file {
    const char *path; /* NULL: there is none */
    int fd;           /* locked as long as davcopy lives; -1: not open */
    bool written;     /* it is not empty */
    char *text;       /* --resume: what was read, owned */
    char *token;      /* --resume: of the job, within text; NULL: prepared, nothing is known */
};

/* Opens the file of --token, which must be empty or not exist, or that of --resume, and fills in
 * options and plan from it. Returns EXIT_DONE, also when there is neither, or EXIT_USAGE or
 * EXIT_LOCAL after saying why; token_file_close is to be called in every case. */
int token_file_open(struct token_file *out, struct options *options, struct plan *plan);

/* Writes the state to disk; token: NULL before there is one. False: errno tells why, and the state
 * before is still there. */
bool token_file_write(struct token_file *file, const struct options *options,
                      const struct plan *plan, const char *token);

/* The outcome is known: removes the file. */
void token_file_remove(struct token_file *file);

/* Closes it; removes it if nothing was written to it. */
void token_file_close(struct token_file *file);

#endif
