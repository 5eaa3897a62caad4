/* The properties of a resource: the live ones of RFC 4918 §15 that a folder can tell. There are no
 * dead properties. */
#ifndef DAVORIGIN_PROPERTIES_H
#define DAVORIGIN_PROPERTIES_H

#include "multistatus.h"
#include "propreq.h"

#include <sys/stat.h>

struct resource {
    int parent_fd;
    const char *name;        /* in that folder */
    const char *shown_name;  /* "" for the root */
    const struct stat *info; /* a file or a directory */
};

/* Appends the propstat elements that answer `request` for the resource. */
void properties_write(struct buffer *out, const struct propreq *request,
                      const struct resource *resource);

/* Appends an empty element for a property of any namespace. */
void property_write_name(struct buffer *out, const struct property *property);

#endif
