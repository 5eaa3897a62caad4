/* log_cases.h - what log.c and log_failure.c, the two halves of the suite "log", share. */
#ifndef TESTS_UNIT_LOG_CASES_H
#define TESTS_UNIT_LOG_CASES_H

#include <check.h>
#include <interim.h>

#define LOG_URL "https://dav.example:8443/a/?x=1"

/* An event of the kind, with nothing that is particular to it. */
interim_event log_plain_event(interim_event_kind kind);

interim_field log_field(const char *name, const char *value);

TCase *log_failure_case(void);

#endif
