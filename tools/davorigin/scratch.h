/* Temporary files beside their destination: content becomes visible under its name only when it is
 * complete.
 *
 * The name begins with the reserved prefix, so no client sees it, and removing the collection
 * removes it too. */
#ifndef DAVORIGIN_SCRATCH_H
#define DAVORIGIN_SCRATCH_H

#include <stdbool.h>
#include <sys/types.h>

enum { RANDOM_NAME_SIZE = 33 };

struct scratch {
    int parent_fd; /* borrowed */
    int fd;
    char name[64];
};

/* 32 random hexadecimal digits. False when the system gives no random bytes. */
bool scratch_random_name(char out[RANDOM_NAME_SIZE]);

/* Makes an empty file in the folder. 0 or a negative errno. */
int scratch_open(struct scratch *out, int parent_fd, mode_t mode);
/* Writes all of it. 0 or a negative errno. */
int scratch_write(struct scratch *scratch, const void *data, size_t size);
/* Gives the file its name. Where not `replace`, an existing one makes it fail with -EEXIST. 0 or a
 * negative errno; the scratch is closed, and on failure removed. */
int scratch_keep(struct scratch *scratch, const char *name, bool replace);
void scratch_drop(struct scratch *scratch);

#endif
