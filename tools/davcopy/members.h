/* members.h - the members that a 207 Multi-Status body tells of, as the library reads them: those
 * that succeeded are counted, those that failed are kept with href and status, up to a number; so
 * memory does not grow with the size of the tree. Included by answer.h, verdict.c and report.c.
 */
#ifndef DAVCOPY_MEMBERS_H
#define DAVCOPY_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MEMBERS_KEPT = 256 };

/* A member that failed. status: 0 when the member had none that can be read. */
struct failed_member {
    char *href;
    char *description; /* responsedescription, "" when there was none */
    int status;
};

struct members_report {
    const char *problem; /* why the body cannot be relied on, "" when it can */
    uint64_t succeeded;
    uint64_t failed;
    const struct failed_member *members; /* the first of those that failed */
    size_t member_count;
};

struct members;

/* naked: as interim_multistatus_new has it. Returns NULL when there is no memory. */
struct members *members_new(bool naked);

/* Reads size bytes more. Returns whether more is wanted. */
bool members_feed(struct members *members, const void *data, size_t size);

/* Ends the body. The report is the members'. */
const struct members_report *members_end(struct members *members);

void members_free(struct members *members);

#endif
