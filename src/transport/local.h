/* local.h - where a connection starts from on this machine: an address, or an interface. May be
 * included by transport and client. */
#ifndef INTERIM_TRANSPORT_LOCAL_H
#define INTERIM_TRANSPORT_LOCAL_H

#include "transport/address.h"

#include <net/if.h>

typedef struct interim__local {
    interim__address address;    /* length 0: none */
    char interface[IF_NAMESIZE]; /* "": none */
    const char *text;            /* as it was given; borrowed; NULL: any will do */
    bool gone;                   /* the interface of its zone is not there (any more) */
} interim__local;

/* Reads a literal address, perhaps with a zone, or else the name of an interface, which need not
 * exist yet. False: it is neither, or a zone that is not there; *out can then be used, and will not
 * bind. Never waits. */
bool interim__local_parse(interim__local *out, const char *text);

/* Binds a new socket of a family. 0, or an errno: EADDRNOTAVAIL: the address is not this machine's;
 * EAFNOSUPPORT: it is of another family; ENODEV: there is no such interface; EPERM: this process
 * may not choose one. */
int interim__local_bind(const interim__local *local, int fd, sa_family_t family);

#endif
