/* resolver.c - see resolver.h.
 *
 * An entry of the book is in use while a job looks its name up, and while it is queued to be told
 * to those who wait. The queue is told in a turn of the loop, when the desk has rung its bell or
 * what the book knows was asked for. */
#include "transport/resolver.h"

#include "loop/bell.h"
#include "transport/book.h"
#include "transport/desk.h"

#include <errno.h>
#include <stdlib.h>

struct interim__resolver {
    interim__watch watch; /* first: the watch is the resolver. The desk's bell */
    interim__timer timer; /* when the desk is to be asked whether it needs more threads */
    interim__loop *loop;
    interim__desk *desk; /* NULL: no name was asked for yet */
    interim__entry *queue, **queue_end;
    interim__book book;
};

/* ---- Who waits for an entry ---------------------------------------------------------------- */

static void push(interim__lookup **list, interim__lookup *lookup, interim__entry *entry)
{
    lookup->shared = entry;
    lookup->at = list;
    lookup->next = *list;
    if (lookup->next != NULL)
        lookup->next->at = &lookup->next;
    *list = lookup;
}

static void unlink_from_list(interim__lookup *lookup)
{
    *lookup->at = lookup->next;
    if (lookup->next != NULL)
        lookup->next->at = lookup->at;
    lookup->next = NULL;
    lookup->at = NULL;
    lookup->shared = NULL;
}

static void queue(interim__resolver *resolver, interim__entry *entry)
{
    entry->queued = true;
    entry->following = NULL;
    *resolver->queue_end = entry;
    resolver->queue_end = &entry->following;
}

/* Tells all who wait, in the order in which they asked. Each of them may forget others, or ask
 * again, for the next turn. */
static void tell(interim__resolver *resolver, interim__entry *entry)
{
    const interim__found found = {entry->error, entry->os_error, entry->addresses, entry->count,
                                  entry->answer};
    interim__lookup *told = NULL;

    entry->queued = false;
    while (entry->waiting != NULL) {
        interim__lookup *lookup = entry->waiting;

        unlink_from_list(lookup);
        push(&told, lookup, entry);
    }
    while (told != NULL) {
        interim__lookup *lookup = told;

        unlink_from_list(lookup);
        lookup->done(lookup, &found);
    }
    if (!entry->queued)
        interim__book_release(&resolver->book, entry);
}

static void collect(interim__resolver *resolver)
{
    int64_t now = interim__loop_monotonic_ns();
    interim__job *job = interim__desk_collect(resolver->desk), *next;

    for (; job != NULL; job = next) {
        interim__entry *entry = job->owner;

        next = job->next;
        interim__book_answer(&resolver->book, entry, now, job->error, job->os_error, job->addresses,
                             job->count);
        job->addresses = NULL;
        interim__job_free(job);
        entry->job = NULL;
        queue(resolver, entry);
    }
}

static void bell_rang(interim__watch *watch, unsigned events)
{
    interim__resolver *resolver = (interim__resolver *)(void *)watch;
    interim__entry *entry, *next;

    (void)events;
    if (watch->possible & INTERIM__READ) {
        interim__bell_quiet(interim__desk_fd(resolver->desk));
        watch->possible &= ~INTERIM__READ;
        collect(resolver);
    }
    interim__watch_want(resolver->loop, watch, INTERIM__READ);
    entry = resolver->queue;
    resolver->queue = NULL;
    resolver->queue_end = &resolver->queue;
    for (; entry != NULL; entry = next) {
        next = entry->following;
        tell(resolver, entry);
    }
}

static void timer_due(interim__timer *timer)
{
    interim__resolver *resolver =
        (interim__resolver *)(void *)((char *)timer - offsetof(interim__resolver, timer));
    int64_t next = interim__desk_hire(resolver->desk, interim__loop_monotonic_ns());

    /* Without memory for the timer the threads that are there go on alone. */
    (void)interim__timer_set(resolver->loop, timer, next);
}

/* ---- Making and freeing -------------------------------------------------------------------- */

int interim__resolver_new(interim__resolver **out, interim__loop *loop, int64_t keep_ns)
{
    interim__resolver *resolver = calloc(1, sizeof *resolver);

    *out = resolver;
    if (resolver == NULL)
        return INTERIM_ENOMEM;
    resolver->loop = loop;
    resolver->watch.ready = bell_rang;
    resolver->watch.never = INTERIM__WRITE; /* it always could be, and that is no news */
    resolver->watch.fd = -1;
    resolver->queue_end = &resolver->queue;
    interim__timer_init(&resolver->timer, timer_due);
    interim__book_init(&resolver->book, keep_ns);
    return 0;
}

static int open_desk(interim__resolver *resolver)
{
    int status, problem;

    if (resolver->desk != NULL)
        return 0;
    status = interim__desk_new(&resolver->desk);
    if (status < 0)
        return status;
    status = interim__watch_add(resolver->loop, &resolver->watch, interim__desk_fd(resolver->desk));
    if (status < 0) {
        problem = errno;
        interim__desk_close(resolver->desk);
        resolver->desk = NULL;
        errno = problem;
        return status;
    }
    interim__watch_want(resolver->loop, &resolver->watch, INTERIM__READ);
    return 0;
}

void interim__resolver_free(interim__resolver *resolver)
{
    if (resolver == NULL)
        return;
    interim__watch_remove(resolver->loop, &resolver->watch);
    interim__timer_set(resolver->loop, &resolver->timer, INTERIM__NEVER);
    for (interim__ring *at = resolver->book.used.next; at != &resolver->book.used; at = at->next) {
        interim__entry *entry = (interim__entry *)(void *)at;

        while (entry->waiting != NULL)
            unlink_from_list(entry->waiting);
    }
    interim__book_dispose(&resolver->book);
    if (resolver->desk != NULL)
        interim__desk_close(resolver->desk);
    free(resolver);
}

/* ---- Asking -------------------------------------------------------------------------------- */

static int look_up(interim__resolver *resolver, interim__entry *entry, int64_t now)
{
    int status = open_desk(resolver);

    if (status < 0)
        return status;
    entry->job = interim__job_new(entry->host, entry);
    if (entry->job == NULL)
        return INTERIM_ENOMEM;
    status = interim__desk_ask(resolver->desk, entry->job, now);
    if (status < 0) {
        interim__job_free(entry->job);
        entry->job = NULL;
        return status;
    }
    if (status > 0 && resolver->timer.deadline == INTERIM__NEVER)
        (void)interim__timer_set(resolver->loop, &resolver->timer, now + INTERIM__DESK_PATIENCE_NS);
    return 0;
}

int interim__resolver_ask(interim__resolver *resolver, interim__lookup *lookup, const char *host)
{
    int64_t now = interim__loop_monotonic_ns();
    interim__entry *entry = interim__book_find(&resolver->book, host, now);
    int status;

    lookup->next = NULL;
    lookup->at = NULL;
    lookup->shared = NULL;
    if (entry == NULL) {
        entry = interim__book_add(&resolver->book, host);
        if (entry == NULL)
            return INTERIM_ENOMEM;
        status = look_up(resolver, entry, now);
        if (status < 0) {
            interim__book_release(&resolver->book, entry);
            return status;
        }
    } else if (entry->answer != 0 && !entry->queued) {
        interim__book_use(&resolver->book, entry);
        queue(resolver, entry);
        interim__watch_again(resolver->loop, &resolver->watch, INTERIM__READ);
    }
    push(&entry->waiting, lookup, entry);
    return 0;
}

void interim__resolver_forget(interim__resolver *resolver, interim__lookup *lookup)
{
    interim__entry *entry = lookup->shared;

    if (entry == NULL)
        return;
    unlink_from_list(lookup);
    if (entry->waiting != NULL || entry->job == NULL ||
        !interim__desk_take_back(resolver->desk, entry->job))
        return;
    interim__job_free(entry->job);
    entry->job = NULL;
    interim__book_release(&resolver->book, entry);
}

void interim__resolver_note(interim__resolver *resolver, const char *host, uint32_t answer,
                            const interim__address *address)
{
    interim__book_note(&resolver->book, host, answer, address);
}

void interim__resolver_strike(interim__resolver *resolver, const char *host, uint32_t answer)
{
    interim__book_strike(&resolver->book, host, answer);
}

void interim__resolver_clear(interim__resolver *resolver)
{
    interim__book_clear(&resolver->book);
}
