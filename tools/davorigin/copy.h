/* The engine of COPY and MOVE: walks a tree and makes it anew elsewhere, member by member.
 *
 * Each file is written to a scratch file that takes its name when complete, so a full disk leaves
 * nothing half. A member that fails is noted and the walk goes on (RFC 4918 §9.8.3); a collection
 * that cannot be made fails with all its members, as one. Only files and collections are copied:
 * symbolic links, devices and temporary files are no resources. */
#ifndef DAVORIGIN_COPY_H
#define DAVORIGIN_COPY_H

#include "multistatus.h"
#include "path.h"
#include "progress.h"

struct copy_order {
    const struct place *source;
    const struct place *destination; /* nothing is there, or a file that a file shall replace */
    const char *source_path;
    const char *destination_path;
    bool move;
    bool shallow; /* a collection without its members */
    bool replace; /* whether a file at the destination may be replaced */
    unsigned delay_ms;
    const char *fail_member;
};

/* 0 when everything or (failures) all but some members are done, or the status of the top
 * resource's own failure. Stops early, with 0, when the progress is cancelled. */
int copy_run(struct failures *failures, const struct copy_order *order, struct progress *progress);

#endif
