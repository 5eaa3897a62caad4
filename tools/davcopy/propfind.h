/* propfind.h - what is there? A PROPFIND of depth 0 (RFC 4918 section 9.1) for the type of a
 * resource, a HEAD where PROPFIND is not answered. Nothing is changed by it. Included by
 * precheck.c, transfer.c and verdict.h.
 */
#ifndef DAVCOPY_PROPFIND_H
#define DAVCOPY_PROPFIND_H

#include <stdbool.h>

struct session;

enum sight {
    SIGHT_NOT_ASKED = 0,
    SIGHT_ABSENT,     /* 404 or 410 */
    SIGHT_SOMETHING,  /* it exists, of whatever type */
    SIGHT_FILE,       /* it exists and is no collection: WebDAV says so */
    SIGHT_COLLECTION, /* it exists and is a collection: WebDAV says so */
    SIGHT_UNCLEAR,    /* the server answered, but not this question: see status */
    SIGHT_NO_ANSWER   /* no usable answer: see trouble */
};

struct look {
    enum sight sight;
    int status;        /* the server's last word, 0 when there was none */
    int code;          /* SIGHT_NO_ANSWER: an INTERIM_E* */
    char trouble[256]; /* SIGHT_NO_ANSWER: what was seen */
    char url[1024];    /* where redirects led to, as far as it fits */
    bool interrupted;
};

/* Asks by PROPFIND. Returns EXIT_DONE with *out filled in; else what is wrong has been said. */
int propfind_look(struct look *out, struct session *session, const char *url);

/* Asks by PROPFIND, and by HEAD when that is unclear. */
int propfind_or_head(struct look *out, struct session *session, const char *url);

#endif
