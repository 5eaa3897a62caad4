/* scan_plain.c - looks for bytes, as machines without SSE2 do it. */
#define INTERIM__SCAN_PLAIN
#include "scan_cases.h"

Suite *scan_plain_suite(void)
{
    return cases("scan_plain");
}
