/* poll.c - the engine for every system: a table of pollfd and, beside it, the watches.
 *
 * watch->slot is the place in both. A watch that is removed leaves a hole, which is closed before
 * the next wait, so that the places of a batch that is being given out do not move. A watch that
 * wants nothing is in the table with descriptor -1: poll would otherwise report its hang-up without
 * end. */
#include "loop/engine.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

typedef struct poll_state {
    struct pollfd *table;
    interim__watch **watches; /* NULL: a hole */
    size_t count, capacity;
    size_t at, polled; /* the next to be looked at, and where the batch ends */
    size_t holes;
} poll_state;

static int poll_open(void **state)
{
    *state = calloc(1, sizeof(poll_state));
    return *state == NULL ? INTERIM_ENOMEM : 0;
}

static void poll_close(void *state)
{
    poll_state *poll_engine = state;

    free(poll_engine->table);
    free(poll_engine->watches);
    free(poll_engine);
}

static int grow(poll_state *state)
{
    size_t capacity = state->capacity == 0 ? 16 : 2 * state->capacity;
    struct pollfd *table;
    interim__watch **watches;

    if (capacity > SIZE_MAX / sizeof *table || capacity > SIZE_MAX / sizeof(interim__watch *))
        return INTERIM_ENOMEM;
    table = realloc(state->table, capacity * sizeof *table);
    if (table == NULL)
        return INTERIM_ENOMEM;
    state->table = table;
    watches = realloc(state->watches, capacity * sizeof(interim__watch *));
    if (watches == NULL)
        return INTERIM_ENOMEM;
    state->watches = watches;
    state->capacity = capacity;
    return 0;
}

static int poll_add(void *state, interim__watch *watch)
{
    poll_state *poll_engine = state;

    if (poll_engine->count == poll_engine->capacity && grow(poll_engine) < 0)
        return INTERIM_ENOMEM;
    watch->slot = poll_engine->count++;
    poll_engine->watches[watch->slot] = watch;
    poll_engine->table[watch->slot] = (struct pollfd){.fd = -1};
    return 0;
}

static void poll_remove(void *state, interim__watch *watch)
{
    poll_state *poll_engine = state;

    poll_engine->watches[watch->slot] = NULL;
    poll_engine->table[watch->slot].fd = -1;
    poll_engine->holes++;
}

static void poll_want(void *state, interim__watch *watch)
{
    struct pollfd *entry = &((poll_state *)state)->table[watch->slot];

    entry->fd = watch->want == 0 ? -1 : watch->fd;
    entry->events = (short)((watch->want & INTERIM__READ ? POLLIN : 0) |
                            (watch->want & INTERIM__WRITE ? POLLOUT : 0));
}

static void close_holes(poll_state *state)
{
    size_t kept = 0;

    for (size_t i = 0; i < state->count; i++) {
        if (state->watches[i] == NULL)
            continue;
        state->table[kept] = state->table[i];
        state->watches[kept] = state->watches[i];
        state->watches[kept]->slot = kept;
        kept++;
    }
    state->count = kept;
    state->holes = 0;
}

static int poll_wait_for(void *state, int timeout_ms)
{
    poll_state *poll_engine = state;
    int ready;

    if (poll_engine->holes > 0)
        close_holes(poll_engine);
    poll_engine->at = poll_engine->polled = 0;
    ready = poll(poll_engine->table, (nfds_t)poll_engine->count, timeout_ms);
    if (ready < 0)
        return errno == EINTR ? 0 : INTERIM_ESYSTEM;
    if (ready > 0)
        poll_engine->polled = poll_engine->count;
    return ready > 0;
}

static interim__watch *poll_next(void *state, unsigned *events)
{
    poll_state *poll_engine = state;

    while (poll_engine->at < poll_engine->polled) {
        interim__watch *watch = poll_engine->watches[poll_engine->at];
        int system = poll_engine->table[poll_engine->at++].revents;

        if (watch == NULL || system == 0)
            continue;
        *events = 0;
        if (system & POLLIN)
            *events |= INTERIM__READ;
        if (system & POLLOUT)
            *events |= INTERIM__WRITE;
        if (system & (POLLERR | POLLHUP | POLLNVAL)) {
            *events |= INTERIM__READ | INTERIM__WRITE;
            watch->possible |= INTERIM__HANGUP;
        }
        watch->possible |= *events;
        if (watch->want == 0) /* a callback of this turn took it back */
            continue;
        return watch;
    }
    return NULL;
}

const interim__engine interim__engine_poll = {
    .open = poll_open,
    .close = poll_close,
    .add = poll_add,
    .remove = poll_remove,
    .want = poll_want,
    .wait = poll_wait_for,
    .next = poll_next,
};
