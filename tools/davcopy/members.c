/* members.c - see members.h. */
#include "members.h"

#include <interim.h>

#include <stdlib.h>
#include <string.h>

struct members {
    interim_multistatus *reader;
    struct failed_member kept[MEMBERS_KEPT];
    struct members_report report;
};

static int keep(struct members *members, const interim_member *member)
{
    struct failed_member *kept = &members->kept[members->report.member_count];

    kept->href = strdup(member->href);
    kept->description = strdup(member->description);
    kept->status = member->status;
    members->report.member_count++;
    return kept->href && kept->description ? 0 : -1;
}

static int on_member(const interim_member *member, void *user)
{
    struct members *members = user;

    if (member->status >= 200 && member->status <= 299) {
        members->report.succeeded++;
        return 0;
    }
    members->report.failed++;
    return members->report.member_count < MEMBERS_KEPT && member->href[0] != '\0'
               ? keep(members, member)
               : 0;
}

struct members *members_new(bool naked)
{
    struct members *members = calloc(1, sizeof *members);

    if (!members)
        return NULL;
    members->report.members = members->kept;
    if (interim_multistatus_new(&members->reader, naked, on_member, members) == 0)
        return members;
    free(members);
    return NULL;
}

bool members_feed(struct members *members, const void *data, size_t size)
{
    return interim_multistatus_feed(members->reader, data, size) == 0;
}

const struct members_report *members_end(struct members *members)
{
    interim_multistatus_end(members->reader);
    members->report.problem = interim_multistatus_problem(members->reader);
    return &members->report;
}

void members_free(struct members *members)
{
    if (!members)
        return;
    for (size_t i = 0; i < members->report.member_count; i++) {
        free(members->kept[i].href);
        free(members->kept[i].description);
    }
    interim_multistatus_free(members->reader);
    free(members);
}
