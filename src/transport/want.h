/* want.h - errno values that tell of what this machine or this process is short of: they say
 * nothing of the peer, and a server that cannot be asked for want of memory is not a server that is
 * away. May be included by transport and drive. */
#ifndef INTERIM_TRANSPORT_WANT_H
#define INTERIM_TRANSPORT_WANT_H

#include <stdbool.h>

/* The error code of such a one: ESYSTEM or ENOMEM; 0: it is none. */
int interim__want_code(int os_error);

/* Whether an idle connection that is closed may make room. */
bool interim__want_yields(int os_error);

/* What is short, for an error text, behind what the system says; "": that tells all. */
const char *interim__want_hint(int os_error);

#endif
