/* plan.h - from what to what: the two URLs of a COPY or MOVE, and what is refused without asking
 * the server, because servers destroy or multiply data over it (a resource onto itself, a tree
 * into itself or onto one that holds it). Included by main.c, precheck.c, report.c and transfer.c.
 */
#ifndef DAVCOPY_PLAN_H
#define DAVCOPY_PLAN_H

#include "options.h"

enum { PLAN_URL_MAX = 16 * 1024 };

struct plan {
    char source[PLAN_URL_MAX + 2];      /* one more for the slash of a collection */
    char destination[PLAN_URL_MAX + 2]; /* absolute; on the authority of the source, unless ... */
    bool third_party;                   /* ... one server copies to or from another */
    bool pull;                          /* it is that of the destination */
};

/* Makes the plan. Returns EXIT_DONE to go on, or EXIT_USAGE after saying what is wrong. */
int plan_make(struct plan *out, const struct options *options);

/* The source is a collection: both URLs end with a slash then (some servers insist on it). */
void plan_collection(struct plan *plan);

/* The source is a file: a destination that ends with a slash would make some servers replace the
 * collection of that name by the file. Returns EXIT_DONE, or EXIT_USAGE after saying so. */
int plan_file(const struct plan *plan);

/* Where the COPY or MOVE goes to. */
const char *plan_target(const struct plan *plan);

/* The destination as the value of the Destination field: its authority is that of the Host field
 * if the caller gives one. size: of out, at least 2 * PLAN_URL_MAX. */
void plan_destination_field(char *out, size_t size, const struct plan *plan, const char *host);

#endif
