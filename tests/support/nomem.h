/* nomem.h - the n-th allocation fails. A test includes this, then the source under test, whose
 * external names it has changed by macros: a private copy that allocates through here. */
#ifndef TESTS_SUPPORT_NOMEM_H
#define TESTS_SUPPORT_NOMEM_H

#include <stdlib.h>

/* How many allocations still succeed; negative: all. */
static long nomem_left = -1;

static inline int nomem_fails(void)
{
    if (nomem_left == 0)
        return 1;
    if (nomem_left > 0)
        nomem_left--;
    return 0;
}

static inline void *nomem_malloc(size_t size)
{
    return nomem_fails() ? NULL : (malloc)(size);
}

static inline void *nomem_calloc(size_t count, size_t size)
{
    return nomem_fails() ? NULL : (calloc)(count, size);
}

static inline void *nomem_realloc(void *old, size_t size)
{
    return nomem_fails() ? NULL : (realloc)(old, size);
}

#define malloc(size) nomem_malloc(size)
#define calloc(count, size) nomem_calloc(count, size)
#define realloc(old, size) nomem_realloc(old, size)

#endif
