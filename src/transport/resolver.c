/* resolver.c - see resolver.h.
 *
 * Two sides share the desk, which lives as long as the last of them: the resolver, on the loop's
 * thread, and up to MAX_THREADS workers that take jobs from it and end when there are none left. A
 * job belongs to whoever holds it: it lies on the desk to be done, a worker does it, it lies on the
 * desk done. Only the loop's thread looks at its list of waiting lookups.
 *
 * When the resolver is freed the desk is closed: workers, who may be stuck in getaddrinfo for long,
 * then throw away what they have and go. */
#include "transport/resolver.h"

#include "loop/bell.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define MAX_THREADS 64

struct job {
    struct job *next;         /* on the desk, or in the resolver's list of finished jobs */
    struct job *newer;        /* in the resolver's list of jobs that can still be joined */
    interim__lookup *waiting; /* who is to be told; the loop's thread only */
    int error, os_error;
    interim__address *addresses;
    size_t count;
    uint16_t port;
    char host[];
};

struct desk {
    pthread_mutex_t lock;
    unsigned references;          /* the resolver and the workers */
    unsigned workers;             /* that will look at the desk once more before they end */
    bool closed;                  /* the resolver is gone */
    struct job *todo, **todo_end; /* oldest first */
    struct job *done;
    int bell_fd; /* rung when something is done */
};

struct interim__resolver {
    interim__watch watch; /* first: the watch is the resolver. The bell */
    interim__loop *loop;
    struct desk *desk;
    struct job *open; /* what is not finished, also when nobody waits for it any more */
    struct job *literal;
};

static void job_free(struct job *job)
{
    free(job->addresses);
    free(job);
}

static struct job *job_new(const char *host, uint16_t port)
{
    size_t length = strlen(host);
    struct job *made = calloc(1, sizeof *made + length + 1);

    if (made == NULL)
        return NULL;
    made->port = port;
    memcpy(made->host, host, length + 1);
    return made;
}

static void jobs_free(struct job *list)
{
    while (list != NULL) {
        struct job *next = list->next;

        job_free(list);
        list = next;
    }
}

/* ---- The desk ------------------------------------------------------------------------------ */

static struct desk *desk_new(void)
{
    struct desk *made = calloc(1, sizeof *made);

    if (made == NULL)
        return NULL;
    if (pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made);
        return NULL;
    }
    made->references = 1;
    made->todo_end = &made->todo;
    made->bell_fd = -1;
    return made;
}

/* With the lock held, which it gives back. */
static void desk_release(struct desk *desk)
{
    bool last = --desk->references == 0;

    pthread_mutex_unlock(&desk->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&desk->lock);
    if (desk->bell_fd >= 0)
        close(desk->bell_fd);
    free(desk);
}

/* Takes job (NULL: the oldest) from what is to be done; NULL when it is not there. */
static struct job *desk_take(struct desk *desk, const struct job *wanted)
{
    for (struct job **at = &desk->todo; *at != NULL; at = &(*at)->next) {
        struct job *found = *at;

        if (wanted != NULL && found != wanted)
            continue;
        *at = found->next;
        if (*at == NULL)
            desk->todo_end = at;
        found->next = NULL;
        return found;
    }
    return NULL;
}

/* ---- A worker ------------------------------------------------------------------------------ */

static void keep_addresses(struct job *job, const struct addrinfo *found)
{
    size_t count = 0;

    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next)
        count++;
    job->addresses = calloc(count == 0 ? 1 : count, sizeof *job->addresses);
    if (job->addresses == NULL) {
        job->error = INTERIM_ENOMEM;
        return;
    }
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
        interim__address *address = &job->addresses[job->count];

        if (at->ai_family != AF_INET && at->ai_family != AF_INET6)
            continue;
        memcpy(&address->storage, at->ai_addr, at->ai_addrlen);
        address->length = at->ai_addrlen;
        job->count++;
    }
    if (job->count == 0) {
        job->error = INTERIM_ERESOLVE;
        job->os_error = EAI_NONAME;
    }
}

static void look_up(struct job *job)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV,
    };
    struct addrinfo *found = NULL;
    char port[8];
    int status;

    snprintf(port, sizeof port, "%u", (unsigned)job->port);
    status = getaddrinfo(job->host, port, &hints, &found);
    switch (status) {
    case 0:
        keep_addresses(job, found);
        freeaddrinfo(found);
        break;
    case EAI_MEMORY:
        job->error = INTERIM_ENOMEM;
        break;
    case EAI_SYSTEM:
        job->error = INTERIM_ESYSTEM;
        job->os_error = errno;
        break;
    default:
        job->error = INTERIM_ERESOLVE;
        job->os_error = status;
        break;
    }
}

static void *work(void *argument)
{
    struct desk *desk = argument;
    struct job *job;

    pthread_mutex_lock(&desk->lock);
    while ((job = desk_take(desk, NULL)) != NULL) {
        pthread_mutex_unlock(&desk->lock);
        look_up(job);
        pthread_mutex_lock(&desk->lock);
        if (desk->closed) {
            job_free(job);
            break;
        }
        job->next = desk->done;
        desk->done = job;
        interim__bell_ring(desk->bell_fd);
    }
    desk->workers--;
    desk_release(desk);
    return NULL;
}

/* With the lock held. 0 or an errno. */
static int hire(struct desk *desk)
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
        desk->workers++;
        desk->references++;
    }
    return status;
}

/* ---- The loop's side ----------------------------------------------------------------------- */

static void forget_open(interim__resolver *resolver, const struct job *gone)
{
    for (struct job **at = &resolver->open; *at != NULL; at = &(*at)->newer)
        if (*at == gone) {
            *at = gone->newer;
            return;
        }
}

/* Tells all who wait for a job, then frees it. Each of them may forget others, or ask again. */
static void deliver(interim__resolver *resolver, struct job *job)
{
    forget_open(resolver, job);
    while (job->waiting != NULL) {
        interim__lookup *lookup = job->waiting;

        job->waiting = lookup->next;
        lookup->next = NULL;
        lookup->shared = NULL;
        lookup->done(lookup, job->error, job->os_error, job->addresses, job->count);
    }
    job_free(job);
}

static void bell_rang(interim__watch *watch, unsigned events)
{
    interim__resolver *resolver = (interim__resolver *)(void *)watch;
    struct job *done, *literal = resolver->literal;

    (void)events;
    resolver->literal = NULL;
    if (watch->possible & INTERIM__READ) {
        interim__bell_quiet(resolver->desk->bell_fd);
        watch->possible &= ~INTERIM__READ;
    }
    interim__watch_want(resolver->loop, watch, INTERIM__READ);
    pthread_mutex_lock(&resolver->desk->lock);
    done = resolver->desk->done;
    resolver->desk->done = NULL;
    pthread_mutex_unlock(&resolver->desk->lock);
    for (struct job *next; done != NULL; done = next) {
        next = done->next;
        deliver(resolver, done);
    }
    for (struct job *next; literal != NULL; literal = next) {
        next = literal->next;
        deliver(resolver, literal);
    }
}

int interim__resolver_new(interim__resolver **out, interim__loop *loop)
{
    interim__resolver *resolver = calloc(1, sizeof *resolver);
    int status = INTERIM_ENOMEM, problem;

    *out = NULL;
    if (resolver == NULL)
        return INTERIM_ENOMEM;
    resolver->loop = loop;
    resolver->watch.ready = bell_rang;
    resolver->watch.never = INTERIM__WRITE; /* it always could be, and that is no news */
    resolver->watch.fd = -1;
    resolver->desk = desk_new();
    if (resolver->desk == NULL)
        goto out;
    resolver->desk->bell_fd = interim__bell_open();
    status = resolver->desk->bell_fd < 0
                 ? INTERIM_ESYSTEM
                 : interim__watch_add(loop, &resolver->watch, resolver->desk->bell_fd);
    if (status < 0)
        goto out;
    interim__watch_want(loop, &resolver->watch, INTERIM__READ);
    *out = resolver;
    return 0;
out:
    problem = errno;
    interim__resolver_free(resolver);
    errno = problem;
    return status;
}

static void orphan(struct job *job)
{
    while (job->waiting != NULL) {
        interim__lookup *lookup = job->waiting;

        job->waiting = lookup->next;
        lookup->next = NULL;
        lookup->shared = NULL;
    }
}

void interim__resolver_free(interim__resolver *resolver)
{
    struct desk *desk;

    if (resolver == NULL)
        return;
    desk = resolver->desk;
    interim__watch_remove(resolver->loop, &resolver->watch);
    for (struct job *at = resolver->open; at != NULL; at = at->newer)
        orphan(at);
    jobs_free(resolver->literal);
    if (desk != NULL) {
        pthread_mutex_lock(&desk->lock);
        desk->closed = true;
        jobs_free(desk->todo);
        jobs_free(desk->done);
        desk->todo = desk->done = NULL;
        desk->todo_end = &desk->todo;
        desk_release(desk);
    }
    free(resolver);
}

static void join(interim__lookup *lookup, struct job *job)
{
    lookup->shared = job;
    lookup->next = job->waiting;
    job->waiting = lookup;
}

static int ask_literal(interim__resolver *resolver, struct job *job,
                       const interim__address *address)
{
    job->addresses = calloc(1, sizeof *job->addresses);
    if (job->addresses == NULL)
        return INTERIM_ENOMEM;
    job->addresses[0] = *address;
    job->count = 1;
    job->next = resolver->literal;
    resolver->literal = job;
    interim__watch_again(resolver->loop, &resolver->watch, INTERIM__READ);
    return 0;
}

static int ask_worker(interim__resolver *resolver, struct job *job)
{
    struct desk *desk = resolver->desk;
    int status = 0;

    pthread_mutex_lock(&desk->lock);
    *desk->todo_end = job;
    desk->todo_end = &job->next;
    /* Where no further thread can be had, those that run will come to it. */
    if (desk->workers < MAX_THREADS)
        status = hire(desk);
    if (status != 0 && desk->workers > 0)
        status = 0;
    if (status != 0)
        desk_take(desk, job);
    pthread_mutex_unlock(&desk->lock);
    if (status == 0)
        return 0;
    errno = status;
    return INTERIM_ESYSTEM;
}

int interim__resolver_ask(interim__resolver *resolver, interim__lookup *lookup, const char *host,
                          uint16_t port)
{
    interim__address literal;
    struct job *job;
    int status;

    lookup->next = NULL;
    lookup->shared = NULL;
    for (job = resolver->open; job != NULL; job = job->newer)
        if (job->port == port && strcasecmp(job->host, host) == 0) {
            join(lookup, job);
            return 0;
        }
    job = job_new(host, port);
    if (job == NULL)
        return INTERIM_ENOMEM;
    if (interim__address_parse(&literal, host, port))
        status = ask_literal(resolver, job, &literal);
    else
        status = ask_worker(resolver, job);
    if (status < 0) {
        job_free(job);
        return status;
    }
    job->newer = resolver->open;
    resolver->open = job;
    join(lookup, job);
    return 0;
}

void interim__resolver_forget(interim__resolver *resolver, interim__lookup *lookup)
{
    struct job *job = lookup->shared;
    bool unstarted;

    if (job == NULL)
        return;
    for (interim__lookup **at = &job->waiting; *at != NULL; at = &(*at)->next)
        if (*at == lookup) {
            *at = lookup->next;
            break;
        }
    lookup->next = NULL;
    lookup->shared = NULL;
    if (job->waiting != NULL)
        return;
    pthread_mutex_lock(&resolver->desk->lock);
    unstarted = desk_take(resolver->desk, job) != NULL;
    pthread_mutex_unlock(&resolver->desk->lock);
    if (unstarted) {
        forget_open(resolver, job);
        job_free(job);
    }
}
