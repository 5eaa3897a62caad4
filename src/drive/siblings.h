/* siblings.h - jobs by the URL of their monitor, so that those which wait for the same one find
 * each other. The entries are the owners'. May be included by drive. */
#ifndef INTERIM_DRIVE_SIBLINGS_H
#define INTERIM_DRIVE_SIBLINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of one job. Zero: not in the table. */
typedef struct interim__sibling {
    struct interim__sibling *next, **link; /* of its chain */
    uint64_t key;
} interim__sibling;

typedef struct interim__siblings {
    interim__sibling **chains;
    size_t chain_count; /* a power of two, or 0 */
    size_t count;
} interim__siblings;

void interim__siblings_dispose(interim__siblings *table);

/* The key of a URL: others may have it too. */
uint64_t interim__siblings_key(const char *url);

/* Puts a job into the table, or in another place of it. Without memory it has no siblings. */
void interim__siblings_put(interim__siblings *table, interim__sibling *sibling, uint64_t key);

/* Takes it out; harmless if it is not in. */
void interim__siblings_take(interim__siblings *table, interim__sibling *sibling);

/* All of one key: the first, and the next one after it. NULL: no more. */
interim__sibling *interim__siblings_first(const interim__siblings *table, uint64_t key);
interim__sibling *interim__siblings_next(const interim__sibling *sibling);

#endif
