/* Removing a resource with everything below it, going on past members that cannot be removed (RFC
 * 4918 §9.6.1). */
#ifndef DAVORIGIN_REMOVE_H
#define DAVORIGIN_REMOVE_H

#include "multistatus.h"

/* Removes `name` from the folder; `path` is its decoded path, for the hrefs. 0 when it is gone. 207
 * when it remains because of the members added to `failures`. Else the status of its own failure.
 */
int tree_remove(struct failures *failures, int parent_fd, const char *name, const char *path);

#endif
