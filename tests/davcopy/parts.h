/* parts.h - what the files of the program parts share. */
#ifndef TESTS_DAVCOPY_PARTS_H
#define TESTS_DAVCOPY_PARTS_H

#include <stdbool.h>

/* Counts a claim, and prints it if it does not hold. */
void check(const char *claim, bool holds);

void test_netrc(void);
void test_display(void);

#endif
