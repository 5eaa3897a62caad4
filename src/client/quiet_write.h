/* quiet_write.h - write(2) that raises no signal in a program that did not ask for one. May be
 * included by client. */
#ifndef INTERIM_CLIENT_QUIET_WRITE_H
#define INTERIM_CLIENT_QUIET_WRITE_H

#include <stddef.h>

/* Writes all of it; a second write comes only where the system took a part of the first. Returns
 * how much was written; when that is not all, errno tells why. SIGPIPE and SIGXFSZ are not raised.
 */
size_t interim__quiet_write(int fd, const void *data, size_t size);

/* The same to a regular file, with two system calls in place of four: without a limit for the sizes
 * of files it raises none. */
size_t interim__quiet_write_file(int fd, const void *data, size_t size);

#endif
