/* engine.h - what the loop asks of epoll or poll. An engine finds out which watches are ready; the
 * loop calls them. May be included by loop. */
#ifndef INTERIM_LOOP_ENGINE_H
#define INTERIM_LOOP_ENGINE_H

#include "loop/loop.h"

typedef struct interim__engine {
    int (*open)(void **state); /* 0, ESYSTEM (errno tells) or ENOMEM */
    void (*close)(void *state);
    int (*add)(void *state, interim__watch *watch); /* watch->fd is set; 0, ESYSTEM, ENOMEM */
    void (*remove)(void *state, interim__watch *watch);
    void (*want)(void *state, interim__watch *watch); /* watch->want has changed; or NULL */

    /* Waits and notes what is ready. 1: something was noted, which need not be what is wanted; 0:
     * the time is over, or a signal came; or ESYSTEM. */
    int (*wait)(void *state, int timeout_ms);

    /* The next watch that is ready for something that it wants, each once a wait; NULL when there
     * are no more. Watches that are removed meanwhile are not given. */
    interim__watch *(*next)(void *state, unsigned *events);

    /* Whether the last wait noted all that was ready. NULL: it always does. */
    bool (*is_all)(void *state);

    /* The descriptor, or ESYSTEM, and how to make it readable at a time at the latest, which is
     * asked only of who has given it; NULL when there is no such thing. It may become readable
     * earlier, once. */
    int (*fd)(void *state);
    void (*arm)(void *state, int64_t deadline);
} interim__engine;

#if defined(__linux__)
extern const interim__engine interim__engine_epoll;
#endif
extern const interim__engine interim__engine_poll;

#endif
