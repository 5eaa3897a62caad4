/* want.c - see want.h. */
#include "transport/want.h"

#include <errno.h>
#include <interim.h>

int interim__want_code(int os_error)
{
    switch (os_error) {
    case ENOMEM:
        return INTERIM_ENOMEM;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOSPC:
    case EADDRNOTAVAIL:
        return INTERIM_ESYSTEM;
    default:
        return 0;
    }
}

bool interim__want_yields(int os_error)
{
    /* The port of a closed connection stays in use for a while. */
    return os_error != EADDRNOTAVAIL && interim__want_code(os_error) != 0;
}

const char *interim__want_hint(int os_error)
{
    switch (os_error) {
    case EADDRNOTAVAIL:
        return " (no local port is free, or the address is of no use here)";
    case EMFILE:
        return " in this process (RLIMIT_NOFILE)";
    case ENFILE:
        return " (fs.file-max)";
    case ENOBUFS:
    case ENOMEM:
        return " (the system's, for sockets)";
    case ENOSPC:
        return " (of watches: fs.epoll.max_user_watches)";
    case EAGAIN:
        return " (a thread: RLIMIT_NPROC)";
    default:
        return "";
    }
}
