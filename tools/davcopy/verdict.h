/* verdict.h - what the answer to a COPY or MOVE means. A pure function from what is known to an
 * exit code and one sentence. The rule behind it: only what the server said counts, "not copied"
 * is said only when the server said so, and when nobody can tell, that is said. Included by
 * precheck.c, transfer.c and report.c.
 */
#ifndef DAVCOPY_VERDICT_H
#define DAVCOPY_VERDICT_H

#include <interim.h>

#include <stdbool.h>

#include "exits.h"
#include "members.h"

struct evidence {
    bool move;
    bool overwrite;
    bool credentials; /* a name and password, or an Authorization field, were sent */
    bool sent;        /* the request was written completely */
    bool polled;      /* a 202 was followed */
    bool interims;    /* at least one interim came */
    bool marked;      /* of a third-party copy: at least one marker came */
    interim_outcome outcome;
    int status;                          /* the final one, or the last that was seen */
    int code;                            /* INTERIM_E*, 0 when nothing failed */
    const char *detail;                  /* facts about code, "" for none */
    const char *reason;                  /* interim_result_reason */
    const char *location;                /* of a redirect, NULL when there was none */
    const struct members_report *report; /* of a 207, or of a 200 that is one; may be NULL */
    bool webdav;                         /* the server answered a PROPFIND with 207 */
    interim_sight destination_before;    /* NONE unless the server may be no WebDAV server */
    interim_sight destination_after;     /* asked if verdict_needs_look */
    interim_sight source_after;          /* the same, for MOVE */
};

enum verdict_place { PLACE_NONE = 0, PLACE_SOURCE, PLACE_DESTINATION };

struct verdict {
    enum exit_code exit;
    char what[400]; /* not yet fit to be printed: it may hold text of the server's making */
    enum verdict_place where;
    const char *advice; /* static, "" for none */
};

/* Whether the answer proves nothing until the destination (for MOVE, the source too) was seen. */
bool verdict_needs_look(const struct evidence *evidence);

/* Judges. */
void verdict_judge(struct verdict *out, const struct evidence *evidence);

/* What a status of 400 or more means, for whatever request. */
void verdict_status(struct verdict *out, const struct evidence *evidence);

/* What an error on the way to the server means: nothing was sent that changes anything. */
void verdict_network(struct verdict *out, int code, const char *detail);

#endif
