/* failing_alloc.h - lets the n-th allocation of a program fail.
 *
 * The test program is linked with --wrap=malloc, calloc, realloc and strdup; the code under test
 * knows nothing of it. Other allocations inside of the C library are not counted. */
#ifndef TESTS_SUPPORT_FAILING_ALLOC_H
#define TESTS_SUPPORT_FAILING_ALLOC_H

#include <stdbool.h>

/* The nth allocation from now on fails, counting from 1, and only that one; 0: none does. */
void failing_alloc_arm(unsigned long nth);

/* How many were asked for since it was armed. */
unsigned long failing_alloc_count(void);

/* No allocation fails any more. Whether one has since it was armed. */
bool failing_alloc_disarm(void);

#endif
