/* scan.c - looks for bytes, as this machine does it. */
#include "scan_cases.h"

Suite *scan_suite(void)
{
    return cases("scan");
}
