/* exits.h - the exit codes of davcopy. They are documented in --help and docs/davcopy.1 and never
 * change their meaning. Included by every file of davcopy.
 */
#ifndef DAVCOPY_EXITS_H
#define DAVCOPY_EXITS_H

enum exit_code {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1, /* the server says that it did not do it */
    EXIT_USAGE = 2,   /* wrong options, or URLs that are refused before asking */
    EXIT_PARTIAL = 3, /* some members failed, each is named */
    EXIT_NETWORK = 4, /* no usable connection; the COPY or MOVE was not sent */
    EXIT_RUNNING = 5, /* the server goes on, we stopped waiting */
    EXIT_UNKNOWN = 6, /* it was sent and nobody told how it ended */
    EXIT_LOCAL = 7,   /* this machine: memory, descriptors, log, standard output */
    EXIT_NEVER = 8,   /* nobody told how it ended, and looking found that it never happened */
    EXIT_INTERRUPTED = 130
};

#endif
