/* options.h - the public structs that begin with their size: a caller's may be of an older or newer
 * header. May be included by every layer. */
#ifndef INTERIM_BASE_OPTIONS_H
#define INTERIM_BASE_OPTIONS_H

#include <stddef.h>

/* Copies as much as this library knows, size bytes, over the defaults that are in out. EINVAL, and
 * nothing is copied: what its first member says is not the size of such a struct. */
int interim__options_copy(void *out, size_t size, const void *given);

#endif
