/* multistatus.h - a 207 Multi-Status body (RFC 4918 section 13), read as it arrives.
 *
 * Members that succeeded are counted, members that failed are kept with href and status, up to a
 * number; so memory does not grow with the size of the tree. A DOCTYPE, and with it every entity
 * declaration, is refused, as are bodies that are too deep or too long. Included by answer.c,
 * propfind.c, verdict.c and report.c.
 */
#ifndef DAVCOPY_MULTISTATUS_H
#define DAVCOPY_MULTISTATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MULTISTATUS_MEMBERS_KEPT = 256,
    MULTISTATUS_DEPTH_MAX = 64,
    MULTISTATUS_TEXT_MAX = 4096, /* of one href, status or description; the rest is cut off */
    MULTISTATUS_BYTES_MAX = 64 * 1024 * 1024
};

/* A member that failed. status: 0 when the member had none that can be read. */
struct multistatus_member {
    char *href;
    char *description; /* responsedescription, NULL when there was none */
    int status;
};

struct multistatus_report {
    char problem[160]; /* why the body cannot be relied on, "" when it can */
    uint64_t succeeded;
    uint64_t failed;
    const struct multistatus_member *members; /* the first of those that failed */
    size_t member_count;
    bool collection; /* a member has the resource type collection */
};

struct multistatus;

/* naked: the body may be DAV:response elements without the DAV:multistatus around them, as lighttpd
 * sends with a 200. Returns NULL when there is no memory. */
struct multistatus *multistatus_new(bool naked);

/* Reads size bytes more. Returns whether more is wanted. */
bool multistatus_feed(struct multistatus *reader, const char *data, size_t size);

/* Ends the body. The report is the reader's. */
const struct multistatus_report *multistatus_end(struct multistatus *reader);

void multistatus_free(struct multistatus *reader);

#endif
