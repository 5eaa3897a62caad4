/* The members of a collection: the names in a folder, sorted, so that every walk has the same
 * order. */
#ifndef DAVORIGIN_MEMBERS_H
#define DAVORIGIN_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

struct members {
    char **names;
    size_t count;
};

/* Reads the names of the folder behind `directory_fd` (which is read to its end). Names of the
 * server's own only where `with_reserved`. 0 or a negative errno. */
int members_read(struct members *out, int directory_fd, bool with_reserved);
void members_free(struct members *members);

/* Opens a folder for reading its names; a symbolic link is not followed. A descriptor or a negative
 * errno. */
int members_open(int parent_fd, const char *name);

#endif
