/* desk.h - where names are looked up: getaddrinfo in a few threads, which are there only while
 * there is something to look up. A thread may be stuck in there for half a minute: four do what
 * comes, and when something has waited for half a second, more are hired, up to 32. May be included
 * by the resolver. */
#ifndef INTERIM_TRANSPORT_DESK_H
#define INTERIM_TRANSPORT_DESK_H

#include "transport/address.h"

#define INTERIM__DESK_THREADS 4       /* at first */
#define INTERIM__DESK_THREADS_MOST 32 /* when they are stuck */
#define INTERIM__DESK_PATIENCE_NS INT64_C(500000000)

/* Of a name with more addresses the first of each family are taken. */
#define INTERIM__FAMILY_ADDRESSES 16

typedef struct interim__desk interim__desk;

/* A name to be looked up. It belongs to the desk from interim__desk_ask on until it is taken back
 * or done. */
typedef struct interim__job {
    struct interim__job *next;   /* the desk's; of what is done: the next that is */
    struct interim__job **at;    /* the desk's: where it waits, NULL: it has been begun */
    int64_t since;               /* the desk's: when it was asked for */
    void *owner;                 /* the asker's */
    int error, os_error;         /* 0, or ERESOLVE (os_error: EAI_*), ENOMEM, ESYSTEM (errno) */
    interim__address *addresses; /* without a port, in the order of the system, each once */
    size_t count;
    char host[];
} interim__job;

/* NULL: out of memory. */
interim__job *interim__job_new(const char *host, void *owner);
void interim__job_free(interim__job *job);

/* Errors: ENOMEM, ESYSTEM (errno tells). */
int interim__desk_new(interim__desk **out);

/* Nobody waits: threads that are under way throw away what they find and free the desk. */
void interim__desk_close(interim__desk *desk);

/* A bell (loop/bell.h) that is rung when something is done. */
int interim__desk_fd(const interim__desk *desk);

/* Has a job done. 0; or 1: it waits for a thread, so call interim__desk_hire at now +
 * INTERIM__DESK_PATIENCE_NS. Error: ESYSTEM, there is no thread nor can one be had (errno tells);
 * the job is then still the caller's. */
int interim__desk_ask(interim__desk *desk, interim__job *job, int64_t now);

/* Hires a thread for each job that has waited too long. When to call it again, INT64_MAX: there is
 * no need to. */
int64_t interim__desk_hire(interim__desk *desk, int64_t now);

/* Takes back a job that has not been begun; false: it has been. */
bool interim__desk_take_back(interim__desk *desk, interim__job *job);

/* Takes what is done, the oldest first. */
interim__job *interim__desk_collect(interim__desk *desk);

#endif
