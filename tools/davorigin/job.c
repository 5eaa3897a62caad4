/* Jobs; job.h tells the concept. The list holds one reference to each job in it. */
#include "job.h"

#include "clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct jobs {
    pthread_mutex_t mutex;
    pthread_cond_t idle; /* a worker ended */
    struct job *first;   /* newest first */
    size_t running;
    bool stopping;
};

struct jobs *jobs_new(void)
{
    struct jobs *jobs = calloc(1, sizeof *jobs);

    if (!jobs)
        return NULL;
    if (pthread_mutex_init(&jobs->mutex, NULL) != 0) {
        free(jobs);
        return NULL;
    }
    if (pthread_cond_init(&jobs->idle, NULL) != 0) {
        pthread_mutex_destroy(&jobs->mutex);
        free(jobs);
        return NULL;
    }
    return jobs;
}

static void destroy(struct job *job)
{
    transfer_free(&job->transfer);
    failures_free(&job->outcome.failures);
    progress_dispose(&job->progress);
    free(job);
}

/* With the lock held. */
static void drop_references(struct job *job, unsigned count)
{
    job->references -= count;
    if (job->references == 0)
        destroy(job);
}

/* Takes a job off the list, with the lock held. How many references that frees, for the caller to
 * drop. */
static unsigned unlink_job(struct jobs *jobs, const struct job *job)
{
    for (struct job **at = &jobs->first; *at; at = &(*at)->next) {
        if (*at == job) {
            *at = job->next;
            return 1;
        }
    }
    return 0;
}

/* Forgets what is too old or too much. With the lock held. */
static void prune(struct jobs *jobs)
{
    int64_t oldest = clock_ms() - JOB_KEPT_MS;
    size_t kept = 0;

    for (struct job **at = &jobs->first; *at;) {
        struct job *job = *at;

        if (job->ended && (job->ended_ms < oldest || kept >= JOBS_KEPT)) {
            *at = job->next;
            drop_references(job, 1);
        } else {
            kept += job->published;
            at = &job->next;
        }
    }
}

void jobs_stop(struct jobs *jobs)
{
    pthread_mutex_lock(&jobs->mutex);
    jobs->stopping = true;
    for (struct job *job = jobs->first; job; job = job->next)
        progress_cancel(&job->progress);
    pthread_mutex_unlock(&jobs->mutex);
}

void jobs_free(struct jobs *jobs)
{
    jobs_stop(jobs);
    pthread_mutex_lock(&jobs->mutex);
    while (jobs->running > 0)
        pthread_cond_wait(&jobs->idle, &jobs->mutex);
    while (jobs->first) {
        struct job *job = jobs->first;

        drop_references(job, unlink_job(jobs, job));
    }
    pthread_mutex_unlock(&jobs->mutex);
    pthread_cond_destroy(&jobs->idle);
    pthread_mutex_destroy(&jobs->mutex);
    free(jobs);
}

static void *work(void *user)
{
    struct job *job = user;
    struct jobs *jobs = job->jobs;

    transfer_run(&job->outcome, &job->transfer, &job->progress);
    pthread_mutex_lock(&jobs->mutex);
    job->ended = true;
    job->ended_ms = clock_ms();
    progress_finish(&job->progress);
    drop_references(job, 1 + (job->published ? 0 : unlink_job(jobs, job)));
    jobs->running--;
    pthread_cond_signal(&jobs->idle);
    pthread_mutex_unlock(&jobs->mutex);
    return NULL;
}

/* With the lock held. The new thread has to wait for it. */
static bool start_worker(struct jobs *jobs, struct job *job)
{
    pthread_attr_t attributes;
    pthread_t thread;
    bool started = false;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    started = pthread_create(&thread, &attributes, work, job) == 0;
    pthread_attr_destroy(&attributes);
    if (started)
        jobs->running++;
    return started;
}

struct job *job_start(struct jobs *jobs, struct transfer *transfer, bool published)
{
    struct job *job = calloc(1, sizeof *job);
    bool started = false;

    if (!job)
        return NULL;
    if (!scratch_random_name(job->id) || progress_init(&job->progress) != 0) {
        free(job);
        return NULL;
    }
    job->jobs = jobs;
    job->published = published;
    job->references = 3; /* the list, the worker, the caller */
    job->transfer = *transfer;
    pthread_mutex_lock(&jobs->mutex);
    prune(jobs);
    if (!jobs->stopping && jobs->running < JOBS_RUNNING)
        started = start_worker(jobs, job);
    if (started) {
        job->next = jobs->first;
        jobs->first = job;
    }
    pthread_mutex_unlock(&jobs->mutex);
    if (!started) {
        progress_dispose(&job->progress);
        free(job);
        return NULL;
    }
    memset(transfer, 0, sizeof *transfer);
    return job;
}

struct job *job_find(struct jobs *jobs, const char *id)
{
    struct job *found = NULL;

    pthread_mutex_lock(&jobs->mutex);
    prune(jobs);
    for (struct job *job = jobs->first; job && !found; job = job->next)
        if (job->published && strcmp(job->id, id) == 0)
            found = job;
    if (found)
        found->references++;
    pthread_mutex_unlock(&jobs->mutex);
    return found;
}

void job_release(struct job *job)
{
    struct jobs *jobs = job->jobs;

    pthread_mutex_lock(&jobs->mutex);
    drop_references(job, 1);
    pthread_mutex_unlock(&jobs->mutex);
}

void job_forget(struct job *job)
{
    struct jobs *jobs = job->jobs;

    pthread_mutex_lock(&jobs->mutex);
    drop_references(job, unlink_job(jobs, job));
    pthread_mutex_unlock(&jobs->mutex);
}
