/* Validators and preconditions (RFC 9110 §8.8, §13): a resource's entity tag, and whether If-Match,
 * If-None-Match and the dates permit the request. The WebDAV field If is not understood: a request
 * that carries it is refused (412), for to ignore a precondition could destroy what it protects. */
#ifndef DAVORIGIN_CONDITIONS_H
#define DAVORIGIN_CONDITIONS_H

#include "request.h"

#include <sys/stat.h>

enum { ENTITY_TAG_SIZE = 80 };

/* A strong tag of inode, size and time. Files are replaced, never written in place, so each content
 * has an inode of its own. */
void entity_tag(char out[ENTITY_TAG_SIZE], const struct stat *info);

/* 0 to go on, 304 or 412. `info` is NULL when there is no resource. */
int conditions_check(const struct request *request, const struct stat *info);

/* Whether a Range field may be heeded: there is no If-Range, or it names what is there now. */
bool conditions_allow_range(const struct request *request, const struct stat *info);

#endif
