/* progress.h - how far a job is, from wherever a server says so. May be included by operation. */
#ifndef INTERIM_OPERATION_PROGRESS_H
#define INTERIM_OPERATION_PROGRESS_H

#include "base/fields.h"

typedef struct interim__progress {
    double percent;      /* 0 ... 100, or -1: not said */
    int64_t done, total; /* or -1: not said */
} interim__progress;

static inline void interim__progress_init(interim__progress *progress)
{
    *progress = (interim__progress){-1, -1, -1};
}

/* Reads Progress: done/total (draft-wright-http-progress), X-Progress: "45%" or "... 45% ..."
 * (FHIR), x-ms-copy-progress (Azure) and Upload-Offset. What cannot be understood is not said. */
void interim__progress_read(interim__progress *progress, const interim__fields *fields);

/* Takes a percentage from outside, if it is one. */
void interim__progress_set_percent(interim__progress *progress, double percent);

#endif
