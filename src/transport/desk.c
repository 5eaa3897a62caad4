/* desk.c - see desk.h.
 *
 * Two sides share the desk, which lives as long as the last of them: the resolver, on the loop's
 * thread, and the threads, which take jobs from it and end when there are none left. A job belongs
 * to whoever holds it: it lies on the desk to be done, a thread does it, it lies on the desk done.
 *
 * When the resolver is freed the desk is closed: threads, who may be stuck in getaddrinfo for long,
 * then throw away what they have and go. */
#include "transport/desk.h"

#include "loop/bell.h"
#include "transport/want.h"

#include <errno.h>
#include <interim.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct interim__desk {
    pthread_mutex_t lock;
    unsigned references;            /* the resolver and the threads */
    unsigned threads;               /* that will look at the desk once more before they end */
    bool closed;                    /* the resolver is gone */
    interim__job *todo, **todo_end; /* oldest first */
    interim__job *done, **done_end; /* oldest first */
    int bell_fd;                    /* rung when something is done */
};

interim__job *interim__job_new(const char *host, void *owner)
{
    size_t length = strlen(host);
    interim__job *made = calloc(1, sizeof *made + length + 1);

    if (made == NULL)
        return NULL;
    made->owner = owner;
    memcpy(made->host, host, length + 1);
    return made;
}

void interim__job_free(interim__job *job)
{
    if (job != NULL)
        free(job->addresses);
    free(job);
}

static void jobs_free(interim__job *list)
{
    while (list != NULL) {
        interim__job *next = list->next;

        interim__job_free(list);
        list = next;
    }
}

int interim__desk_new(interim__desk **out)
{
    int bell_fd = interim__bell_open();
    interim__desk *made;

    *out = NULL;
    if (bell_fd < 0)
        return INTERIM_ESYSTEM;
    made = calloc(1, sizeof *made);
    if (made == NULL || pthread_mutex_init(&made->lock, NULL) != 0) {
        close(bell_fd);
        free(made);
        return INTERIM_ENOMEM;
    }
    made->bell_fd = bell_fd;
    made->references = 1;
    made->todo_end = &made->todo;
    made->done_end = &made->done;
    *out = made;
    return 0;
}

/* With the lock held, which it gives back. */
static void release(interim__desk *desk)
{
    bool last = --desk->references == 0;

    pthread_mutex_unlock(&desk->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&desk->lock);
    close(desk->bell_fd);
    free(desk);
}

void interim__desk_close(interim__desk *desk)
{
    pthread_mutex_lock(&desk->lock);
    desk->closed = true;
    jobs_free(desk->todo);
    jobs_free(desk->done);
    desk->todo = desk->done = NULL;
    desk->todo_end = &desk->todo;
    release(desk);
}

/* ---- What waits, with the lock held -------------------------------------------------------- */

static void put(interim__desk *desk, interim__job *job)
{
    job->at = desk->todo_end;
    *job->at = job;
    desk->todo_end = &job->next;
}

static void take(interim__desk *desk, interim__job *job)
{
    *job->at = job->next;
    if (job->next == NULL)
        desk->todo_end = job->at;
    else
        job->next->at = job->at;
    job->at = NULL;
    job->next = NULL;
}

/* ---- A thread ------------------------------------------------------------------------------ */

/* Whether an address that the system gave is one more, and there is room for it. */
static bool is_wanted(const interim__job *job, const interim__address *address)
{
    size_t of_family = 0;

    for (size_t i = 0; i < job->count; i++) {
        if (interim__address_is_host(&job->addresses[i], address))
            return false;
        if (job->addresses[i].storage.ss_family == address->storage.ss_family)
            of_family++;
    }
    return of_family < INTERIM__FAMILY_ADDRESSES;
}

static void keep_addresses(interim__job *job, const struct addrinfo *found)
{
    interim__address *kept = calloc((size_t)2 * INTERIM__FAMILY_ADDRESSES, sizeof *kept), *exact;

    job->addresses = kept;
    if (kept == NULL) {
        job->error = INTERIM_ENOMEM;
        return;
    }
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
        interim__address address = {.length = at->ai_addrlen};

        if (at->ai_family != AF_INET && at->ai_family != AF_INET6)
            continue;
        memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
        if (is_wanted(job, &address))
            kept[job->count++] = address;
    }
    if (job->count == 0) {
        job->error = INTERIM_ERESOLVE;
        job->os_error = EAI_NONAME;
        return;
    }
    exact = realloc(kept, job->count * sizeof *kept);
    if (exact != NULL)
        job->addresses = exact;
}

/* Families that only the loopback interface has are left out, but not where that is meant. */
static bool is_local(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || strcasecmp(host, "localhost.") == 0;
}

/* glibc calls a name unknown that it could not look for, as where it cannot open its files: what
 * this machine is short of is told by errno alone, and says nothing of the name. */
static void note_failure(interim__job *job, int status, int os_error)
{
    if (status == EAI_MEMORY)
        os_error = ENOMEM;
    job->error = status == EAI_SYSTEM ? INTERIM_ESYSTEM : INTERIM_ERESOLVE;
    job->os_error = status == EAI_SYSTEM ? os_error : status;
    if (interim__want_yields(os_error)) {
        job->error = interim__want_code(os_error);
        job->os_error = os_error;
    }
}

static void look_up(interim__job *job)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = is_local(job->host) ? 0 : AI_ADDRCONFIG,
    };
    struct addrinfo *found = NULL;
    int status;

    errno = 0;
    status = getaddrinfo(job->host, NULL, &hints, &found);
    if (status != 0) {
        note_failure(job, status, errno);
        return;
    }
    keep_addresses(job, found);
    if (found != NULL)
        freeaddrinfo(found);
}

static void *work(void *argument)
{
    interim__desk *desk = argument;
    interim__job *job;

    pthread_mutex_lock(&desk->lock);
    while ((job = desk->todo) != NULL) {
        take(desk, job);
        pthread_mutex_unlock(&desk->lock);
        look_up(job);
        pthread_mutex_lock(&desk->lock);
        if (desk->closed) {
            interim__job_free(job);
            break;
        }
        *desk->done_end = job;
        desk->done_end = &job->next;
        interim__bell_ring(desk->bell_fd);
    }
    desk->threads--;
    release(desk);
    return NULL;
}

/* With the lock held. 0 or an errno. */
static int hire(interim__desk *desk)
{
    pthread_attr_t detached;
    pthread_t thread;
    sigset_t all, before;
    int status = pthread_attr_init(&detached);

    if (status != 0)
        return status;
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    /* Signals are the program's: none of its handlers runs on a thread that it does not know. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    status = pthread_create(&thread, &detached, work, desk);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&detached);
    if (status == 0) {
        desk->threads++;
        desk->references++;
    }
    return status;
}

/* ---- The asker's side ---------------------------------------------------------------------- */

int interim__desk_fd(const interim__desk *desk)
{
    return desk->bell_fd;
}

int interim__desk_ask(interim__desk *desk, interim__job *job, int64_t now)
{
    int problem = EAGAIN, answer = 0;

    job->since = now;
    pthread_mutex_lock(&desk->lock);
    put(desk, job);
    if (desk->threads < INTERIM__DESK_THREADS)
        problem = hire(desk);
    /* Where no further thread can be had, those that run will come to it. */
    if (problem != 0 && desk->threads > 0)
        answer = 1;
    else if (problem != 0)
        answer = INTERIM_ESYSTEM;
    if (answer < 0)
        take(desk, job);
    pthread_mutex_unlock(&desk->lock);
    if (answer < 0)
        errno = problem;
    return answer;
}

int64_t interim__desk_hire(interim__desk *desk, int64_t now)
{
    int64_t next = INT64_MAX;

    pthread_mutex_lock(&desk->lock);
    for (interim__job *job = desk->todo; job != NULL; job = job->next) {
        next = job->since + INTERIM__DESK_PATIENCE_NS;
        if (next > now)
            break;
        next = now + INTERIM__DESK_PATIENCE_NS;
        if (desk->threads >= INTERIM__DESK_THREADS_MOST || hire(desk) != 0)
            break;
    }
    pthread_mutex_unlock(&desk->lock);
    return next;
}

bool interim__desk_take_back(interim__desk *desk, interim__job *job)
{
    bool waits;

    pthread_mutex_lock(&desk->lock);
    waits = job->at != NULL;
    if (waits)
        take(desk, job);
    pthread_mutex_unlock(&desk->lock);
    return waits;
}

interim__job *interim__desk_collect(interim__desk *desk)
{
    interim__job *done;

    pthread_mutex_lock(&desk->lock);
    done = desk->done;
    desk->done = NULL;
    desk->done_end = &desk->done;
    pthread_mutex_unlock(&desk->lock);
    return done;
}
