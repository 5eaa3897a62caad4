/* davcopy - have a WebDAV server copy or move something, and wait until it has.
 *
 * The command-line tool of libinterim: a COPY or MOVE (RFC 4918) followed to its end whichever way
 * the server tells that it takes long. It uses the public header only.
 *
 *     main.c         from the command line to the exit code
 *     options.c      the command line            credentials.c  the password
 *     plan.c         both URLs, and what is refused without asking
 *     precheck.c     what is asked before        settle.c       what is asked after a loss
 *     transfer.c     the request proper          session.c      client, log, Ctrl-C
 *     answer.c       what came of a request      members.c      the body of a 207
 *     verdict.c      what it means               report.c       the last words
 *     display.c      what is seen meanwhile      printable.c    what may be seen at all
 *     interrupt.c    signals                     exits.h        exit codes
 *     token_file.c   what outlives davcopy
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "credentials.h"
#include "exits.h"
#include "interrupt.h"
#include "options.h"
#include "plan.h"
#include "token_file.h"
#include "transfer.h"

/* The plan comes first: nobody is asked for a password over something that is refused anyway. */
static int run_planned(struct options *options, struct plan *plan)
{
    struct token_file file;
    int exit_code = token_file_open(&file, options, plan);

    if (exit_code == EXIT_DONE && !options->resume_file)
        exit_code = plan_make(plan, options);
    if (exit_code == EXIT_DONE)
        exit_code = credentials_read(options);
    if (exit_code == EXIT_DONE)
        exit_code = transfer_run(options, plan, &file);
    token_file_close(&file);
    return exit_code;
}

static int run(struct options *options)
{
    struct plan *plan = malloc(sizeof *plan);
    int exit_code = EXIT_LOCAL;

    if (!plan || interrupt_open() < 0)
        fprintf(stderr, "davcopy: cannot begin: %s\n", strerror(errno));
    else
        exit_code = run_planned(options, plan);
    free(plan);
    return exit_code;
}

int main(int argc, char **argv)
{
    struct options options;
    int exit_code;

    setlocale(LC_CTYPE, ""); /* for printable.c: may names be shown as they are? */
    if (options_parse(&options, &exit_code, argc, argv))
        exit_code = run(&options);
    options_dispose(&options);
    if (fflush(stdout) != 0 && exit_code == EXIT_DONE) {
        fprintf(stderr, "davcopy: cannot write to standard output: %s\n", strerror(errno));
        exit_code = EXIT_LOCAL;
    }
    return exit_code;
}
