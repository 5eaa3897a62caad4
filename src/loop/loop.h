/* loop.h - readiness of descriptors and deadlines, for one thread.
 *
 * Two engines, epoll (edge-triggered, one registration a descriptor) and poll(2), are behind one
 * rule that suits both: *try first*. The owner of a watch reads or writes until the system says
 * EAGAIN, then says by interim__watch_want what it now waits for; `ready` is called at least once
 * after that became possible, and may be called for nothing. What ready is given is no longer
 * waited for: the owner tries, and asks again at the next EAGAIN. An owner that stops before
 * EAGAIN, to let others have their turn, calls interim__watch_again and is called in the next turn.
 *
 * All structures are the owner's; the loop links them and never allocates for a timer. A callback
 * may change, remove or free any watch or timer, its own included.
 *
 * May be included by transport, drive and client. */
#ifndef INTERIM_LOOP_LOOP_H
#define INTERIM_LOOP_LOOP_H

#include <interim.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INTERIM__READ 1u
#define INTERIM__WRITE 2u
#define INTERIM__HANGUP 4u       /* in watch->possible only: the peer sends nothing more */
#define INTERIM__NEVER INT64_MAX /* a deadline that does not come */

typedef struct interim__loop interim__loop;
typedef struct interim__watch interim__watch;
typedef struct interim__timer interim__timer;

/* A descriptor that is watched. ready gets INTERIM__READ, INTERIM__WRITE or both; an error or
 * hang-up on the descriptor is reported as both, for the owner to find out by reading. */
struct interim__watch {
    void (*ready)(interim__watch *watch, unsigned events);
    int fd;                          /* -1: not watched */
    unsigned never;                  /* the owner's: what it will never want, mostly 0 */
    unsigned want;                   /* the loop's: what the owner waits for */
    unsigned again;                  /* the loop's: events to be given again in the next turn */
    unsigned possible;               /* what may be tried: the loop adds what the system reports,
                                        wanted or not; the owner may take away what it exhausted */
    size_t slot;                     /* the engine's: place in its table or batch */
    interim__watch *next, *previous; /* the loop's: list of watches to be called again */
};

/* A deadline in CLOCK_MONOTONIC nanoseconds. */
struct interim__timer {
    void (*due)(interim__timer *timer);
    int64_t deadline; /* the loop's; INTERIM__NEVER: not set */
    size_t slot;      /* the loop's: place in the heap */
};

/* Nanoseconds. */
typedef struct interim__time {
    int64_t now, wall; /* CLOCK_MONOTONIC, CLOCK_REALTIME */
} interim__time;

/* Makes a loop. Errors: EUNSUPPORTED (engine), ESYSTEM (errno tells), ENOMEM. */
int interim__loop_new(interim__loop **out, interim_engine engine);
void interim__loop_free(interim__loop *loop);

/* A descriptor that is readable when interim__loop_turn(loop, 0) would have something to do, timers
 * and watches to be called again included; EUNSUPPORTED with the poll engine. From the first call
 * on the loop keeps the descriptor's timer set, which costs system calls that a loop does without
 * whose descriptor nobody watches. ESYSTEM (errno tells): the timer cannot be made. */
int interim__loop_fd(interim__loop *loop);

/* Waits up to timeout_ms (-1: without limit) until something is ready or due, and calls what is.
 * Each watch and timer is called at most once a turn. Returns 0, or ESYSTEM. A signal ends it early
 * with 0. */
int interim__loop_turn(interim__loop *loop, int timeout_ms);

/* CLOCK_MONOTONIC and CLOCK_REALTIME in nanoseconds, read now. */
int64_t interim__loop_monotonic_ns(void);
int64_t interim__loop_wall_ns(void);

/* The same, read once a turn, by the first who asks: what a turn does happens at one time, for
 * reading two clocks at each step costs more than many steps. It never goes back, and is behind the
 * clocks by what the callbacks of this turn took, and the wall clock by 10 ms where somebody has
 * set it. Outside of turns they are read each time. */
interim__time interim__loop_look(interim__loop *loop);
int64_t interim__loop_now(interim__loop *loop); /* the monotonic one alone */

/* The clocks are to be read again in this turn: a time that counts from now begins, such as that of
 * an operation which a callback starts. */
void interim__loop_renew_time(interim__loop *loop);

/* Outside of turns, for work as short as one: holds the time in the same way, or lets it go. */
void interim__loop_hold_time(interim__loop *loop, bool hold);

/* The latest time of which all is told: the system was asked what is ready then, and every watch
 * that it named has been called. INT64_MIN: never yet. */
int64_t interim__loop_told_ns(const interim__loop *loop);

/* For who waits for one descriptor and for nothing else: a wait for it alone is the system's
 * cheapest, and need not be prepared. What else would happen meanwhile comes late by
 * INTERIM__BRIEF_MS at most.
 *
 * While the loop is lazy one watch that is added to it is not yet given to the engine; the next
 * turn does that, unless it is the sole one. The sole watch is that of the next turn: if it is not
 * with the engine it is waited for by itself first, if no timer is due so soon. NULL: none. So is,
 * with looks at the others, the late one that the engine has no room for; a turn may then end
 * early. */
#define INTERIM__BRIEF_MS 50
void interim__loop_set_lazy(interim__loop *loop, bool lazy);
void interim__loop_set_sole(interim__loop *loop, interim__watch *watch);

/* Whether nothing but descriptors could have anything to do within INTERIM__BRIEF_MS from now. */
bool interim__loop_may_wait(const interim__loop *loop, int64_t now);

/* Makes the loop's current or next turn end; safe from any thread and in a signal handler, and the
 * only function that is. */
void interim__loop_wake(interim__loop *loop);

/* Begins to watch fd, which must be non-blocking, for nothing yet; set watch->ready before. Errors:
 * ESYSTEM, ENOMEM; the watch is then not in the loop. */
int interim__watch_add(interim__loop *loop, interim__watch *watch, int fd);

/* Says what the owner waits for now, after EAGAIN. */
void interim__watch_change(interim__loop *loop, interim__watch *watch, unsigned events);
static inline void interim__watch_want(interim__loop *loop, interim__watch *watch, unsigned events)
{
    if (watch->want != events)
        interim__watch_change(loop, watch, events);
}

/* Calls the watch in the next turn with these events, without waiting for the system. */
void interim__watch_again(interim__loop *loop, interim__watch *watch, unsigned events);

/* Calls a watch in the next turn that has no descriptor, all of it but `ready` zero and fd -1; and
 * takes that back. Needs no memory. */
void interim__watch_soon(interim__loop *loop, interim__watch *watch);
void interim__watch_not_soon(interim__watch *watch);

/* Ends watching; to be called before the descriptor is closed. Nothing happens if it is not
 * watched.
 */
void interim__watch_remove(interim__loop *loop, interim__watch *watch);

/* Prepares a timer, not set. */
void interim__timer_init(interim__timer *timer, void (*due)(interim__timer *timer));

/* Sets or moves the deadline; INTERIM__NEVER unsets it. Setting a timer again costs O(log n) at
 * most and nothing when the deadline is the same. Errors: ENOMEM (only when there are more timers
 * than ever before in this loop). */
int interim__timer_set(interim__loop *loop, interim__timer *timer, int64_t deadline);

#endif
