/* Jobs: each COPY or MOVE runs in a thread of its own, whether its client waits on the connection
 * (plain, 102) or polls a status resource (202).
 *
 *     running -> finished            the worker came to its end, with an outcome
 *     running -> cancelled           DELETE of the status resource, or the server ends
 *
 * A job ends though its client went away. A published job has an id and is kept after its end for
 * an hour, or until more than JOBS_KEPT are kept; then the oldest ended one is forgotten. Others go
 * when nobody holds them. */
#ifndef DAVORIGIN_JOB_H
#define DAVORIGIN_JOB_H

#include "scratch.h"
#include "transfer.h"

enum { JOBS_KEPT = 1000, JOBS_RUNNING = 256, JOB_KEPT_MS = 3600000 };

struct job {
    struct jobs *jobs;
    struct job *next;
    char id[RANDOM_NAME_SIZE];
    bool published;
    bool ended; /* under the lock of jobs, as are next and references */
    int64_t ended_ms;
    unsigned references;
    struct transfer transfer;
    struct progress progress;
    struct outcome
        outcome; /* written by the worker before the progress is finished, constant after */
};

struct jobs;

struct jobs *jobs_new(void);
/* Cancels all jobs and starts no more. */
void jobs_stop(struct jobs *jobs);
/* Stops, waits until the workers have ended, and frees. Nobody may hold a job any more. */
void jobs_free(struct jobs *jobs);

/* Starts a job; `transfer` is transferred where it succeeds. The caller holds the result until
 * job_release. NULL when too many run or there is no memory. */
struct job *job_start(struct jobs *jobs, struct transfer *transfer, bool published);
/* The published job of that id, held for the caller, or NULL. */
struct job *job_find(struct jobs *jobs, const char *id);
void job_release(struct job *job);
/* Forgets an ended job: its id is not found any more. */
void job_forget(struct job *job);

#endif
