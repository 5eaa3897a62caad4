/* uri_cases.h - the part of the suite "uri" that is in uri_resolve.c. For uri.c. */
#ifndef TESTS_UNIT_URI_CASES_H
#define TESTS_UNIT_URI_CASES_H

#include <check.h>

TCase *uri_resolve_case(void);

#endif
