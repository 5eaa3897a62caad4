/* How far a copy is; progress.h tells the concept. */
#include "progress.h"

#include "clock.h"

#include <errno.h>
#include <string.h>

int progress_init(struct progress *out)
{
    pthread_condattr_t attributes;
    int failure = 0;

    memset(out, 0, sizeof *out);
    failure = pthread_condattr_init(&attributes);
    if (failure)
        return -failure;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    failure = pthread_cond_init(&out->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (failure)
        return -failure;
    failure = pthread_mutex_init(&out->mutex, NULL);
    if (failure)
        pthread_cond_destroy(&out->changed);
    return -failure;
}

void progress_dispose(struct progress *progress)
{
    pthread_mutex_destroy(&progress->mutex);
    pthread_cond_destroy(&progress->changed);
}

static void change(struct progress *progress,
                   void (*how)(struct progress_view *view, uint64_t value), uint64_t value)
{
    pthread_mutex_lock(&progress->mutex);
    how(&progress->view, value);
    pthread_cond_broadcast(&progress->changed);
    pthread_mutex_unlock(&progress->mutex);
}

static void set_total(struct progress_view *view, uint64_t total)
{
    view->total = total;
}

static void advance(struct progress_view *view, uint64_t ignored)
{
    (void)ignored;
    view->done++;
    /* The tree may have grown since it was counted. */
    if (view->done > view->total)
        view->total = view->done;
}

static void finish(struct progress_view *view, uint64_t ignored)
{
    (void)ignored;
    view->finished = true;
}

static void cancel(struct progress_view *view, uint64_t ignored)
{
    (void)ignored;
    if (!view->finished)
        view->cancelled = true;
}

void progress_set_total(struct progress *progress, uint64_t total)
{
    change(progress, set_total, total);
}

void progress_advance(struct progress *progress)
{
    change(progress, advance, 0);
}

void progress_finish(struct progress *progress)
{
    change(progress, finish, 0);
}

void progress_cancel(struct progress *progress)
{
    change(progress, cancel, 0);
}

struct progress_view progress_get(struct progress *progress)
{
    struct progress_view view;

    pthread_mutex_lock(&progress->mutex);
    view = progress->view;
    pthread_mutex_unlock(&progress->mutex);
    return view;
}

bool progress_is_cancelled(struct progress *progress)
{
    return progress_get(progress).cancelled;
}

static bool is_cancelled(const struct progress_view *view)
{
    return view->cancelled;
}

static bool is_finished(const struct progress_view *view)
{
    return view->finished;
}

static bool is_counted(const struct progress_view *view)
{
    return view->total > 0 || view->finished;
}

static bool wait_until(struct progress *progress, int64_t deadline,
                       bool (*reached)(const struct progress_view *view))
{
    struct timespec until = {.tv_sec = (time_t)(deadline / 1000),
                             .tv_nsec = (long)(deadline % 1000) * 1000000};
    bool result = false;

    pthread_mutex_lock(&progress->mutex);
    while (!reached(&progress->view))
        if (pthread_cond_timedwait(&progress->changed, &progress->mutex, &until) == ETIMEDOUT)
            break;
    result = reached(&progress->view);
    pthread_mutex_unlock(&progress->mutex);
    return result;
}

void progress_sleep(struct progress *progress, unsigned milliseconds)
{
    if (milliseconds > 0)
        (void)wait_until(progress, clock_ms() + milliseconds, is_cancelled);
}

bool progress_wait_finished(struct progress *progress, int64_t deadline)
{
    return wait_until(progress, deadline, is_finished);
}

void progress_wait_total(struct progress *progress, int64_t deadline)
{
    (void)wait_until(progress, deadline, is_counted);
}
