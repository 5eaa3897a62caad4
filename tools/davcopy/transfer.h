/* transfer.h - one COPY or MOVE, from the plan to the verdict. Included by main.c. */
#ifndef DAVCOPY_TRANSFER_H
#define DAVCOPY_TRANSFER_H

#include "options.h"
#include "plan.h"
#include "token_file.h"

/* Does what was planned, after adding slashes where the source turns out to be a collection, and
 * says how it went; or, with a file that was read, goes on waiting. Returns the exit code. */
int transfer_run(const struct options *options, struct plan *plan, struct token_file *file);

#endif
