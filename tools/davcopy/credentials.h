/* credentials.h - where the password comes from when --user does not hold it: the file of
 * --password-file, or the terminal, without echo; or, without --user, the file of --netrc; and the
 * password of an encrypted client key. Included by main.c.
 */
#ifndef DAVCOPY_CREDENTIALS_H
#define DAVCOPY_CREDENTIALS_H

#include "options.h"

/* Fills in options->password if it is wanted, with --netrc options->user, and
 * options->key_password. Returns EXIT_DONE to go on; else what was to be said has been said:
 * EXIT_USAGE, EXIT_LOCAL or EXIT_INTERRUPTED. */
int credentials_read(struct options *options);

#endif
