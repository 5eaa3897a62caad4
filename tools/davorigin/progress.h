/* How far a copy is: shared between the worker that does it and the threads that report it or
 * cancel it. */
#ifndef DAVORIGIN_PROGRESS_H
#define DAVORIGIN_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct progress_view {
    uint64_t done;  /* members dealt with: files and collections, the top one among them */
    uint64_t total; /* 0 as long as they are being counted */
    bool finished;
    bool cancelled; /* somebody asked for it; the worker may still run */
};

struct progress {
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* by the monotonic clock */
    struct progress_view view;
};

/* 0 or a negative errno. */
int progress_init(struct progress *out);
void progress_dispose(struct progress *progress);

/* For the worker. */
void progress_set_total(struct progress *progress, uint64_t total);
void progress_advance(struct progress *progress);
bool progress_is_cancelled(struct progress *progress);
/* Sleeps, but wakes at once when cancelled. */
void progress_sleep(struct progress *progress, unsigned milliseconds);
void progress_finish(struct progress *progress);

/* For the others. */
void progress_cancel(struct progress *progress);
struct progress_view progress_get(struct progress *progress);
/* Waits for the end until `deadline` (clock_ms() time); true when it came. */
bool progress_wait_finished(struct progress *progress, int64_t deadline);
/* Waits until the total is known, or the end came, or the deadline passed. */
void progress_wait_total(struct progress *progress, int64_t deadline);

#endif
