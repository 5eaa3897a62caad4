/* main.c - runs every suite of suites.h in one program; the last line is Check's summary.
 *
 * CK_FORK=no keeps all tests in one process, for valgrind and debuggers; CK_RUN_SUITE and
 * CK_RUN_CASE choose (Check's own variables). */
#include "suites.h"

#include <malloc.h>
#include <stdlib.h>

int main(void)
{
    SRunner *runner;
    int failed;

#if defined(M_PERTURB)
    mallopt(M_PERTURB, 0x5a); /* what is used after it was freed, or before it was set, shows */
#endif
    /* Check's own limit of 4 s is too short for a busy machine. Suites are made after this. */
    setenv("CK_DEFAULT_TIMEOUT", "60", 0);
    runner = srunner_create(NULL);

#define TEST_SUITE_ADD(name) srunner_add_suite(runner, name##_suite());
    TEST_SUITES(TEST_SUITE_ADD)
#undef TEST_SUITE_ADD
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
