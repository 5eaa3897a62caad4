/* patience.h - the limits of time and rate of an operation. Works on made-up clocks: every function
 * gets the time. All times in nanoseconds of one monotonic clock.
 *
 * Two ages are told apart. *Silence* is what people are told: the time since the last sign of life,
 * or since the request was sent. *Quiet* is what the limits watch: the time since anything useful
 * happened on this exchange, so that the parts of a large body, or of an upload, count as well. A
 * single byte of a head counts for neither: heads have a limit of their own. May be included by
 * operation. */
#ifndef INTERIM_OPERATION_PATIENCE_H
#define INTERIM_OPERATION_PATIENCE_H

#include <interim.h>
#include <stdbool.h>

#define INTERIM__NS_PER_MS INT64_C(1000000)
#define INTERIM__FAR INT64_MAX

typedef enum interim__phase {
    INTERIM__PHASE_CONNECT,  /* connect limit */
    INTERIM__PHASE_EXCHANGE, /* head and silence limits, gap warning */
    INTERIM__PHASE_WAIT      /* only the total */
} interim__phase;

typedef struct interim__watchdog {
    const interim_patience *limits; /* with defaults filled in */
    interim__phase phase;
    int64_t start;   /* of the operation ... */
    int64_t total;   /* ... and the latest end of it */
    int64_t arrives; /* the end of patience with PHASE_CONNECT, or in PHASE_EXCHANGE with bytes of
                        markers that do not move; FAR: that is not watched */
    int64_t quiet_since;
    int64_t life;       /* the last sign of life, or when the request was sent; FAR: neither yet */
    int64_t head_until; /* the end of patience with a head that is incomplete; FAR: none is */
    int64_t next_gap;   /* when to warn; FAR: not in this quiet time any more, or never */
    int64_t silence_ns; /* the limit of this exchange */
    int64_t longest;    /* silence */
    int64_t used_until; /* when the allowance of interims will be whole again */
} interim__watchdog;

/* Fills in the defaults: zero of each field means its default. */
void interim__patience_fill(interim_patience *patience);

void interim__watchdog_start(interim__watchdog *dog, const interim_patience *limits, int64_t now);

/* Enters a phase. silence_ms: the limit for an exchange. */
void interim__watchdog_enter(interim__watchdog *dog, interim__phase phase, int64_t silence_ms,
                             int64_t now);

/* Something useful happened; the request was sent; a complete sign of life came. */
void interim__watchdog_activity(interim__watchdog *dog, int64_t now);
void interim__watchdog_sent(interim__watchdog *dog, int64_t now);
void interim__watchdog_life(interim__watchdog *dog, int64_t now);

/* The bytes that markers tell of have moved, or are watched from now on. */
void interim__watchdog_moved(interim__watchdog *dog, int64_t now);

/* What is left to come has this long, unless the silence limit is shorter. */
void interim__watchdog_hurry(interim__watchdog *dog, int64_t silence_ms, int64_t now);

/* A head has begun, now or before; or none is under way. */
void interim__watchdog_head_begins(interim__watchdog *dog, int64_t now);
static inline void interim__watchdog_head(interim__watchdog *dog, bool under_way, int64_t now)
{
    if (under_way)
        interim__watchdog_head_begins(dog, now);
    else
        dog->head_until = INTERIM__FAR;
}

/* One more interim. False: a flood. */
bool interim__watchdog_admit(interim__watchdog *dog, int64_t now);

/* Silence so far, in ms; 0 before the request was sent. */
int64_t interim__watchdog_silence_ms(const interim__watchdog *dog, int64_t now);

/* The longest one so far, likewise. */
int64_t interim__watchdog_longest_ms(interim__watchdog *dog, int64_t now);

/* When interim__watchdog_check will have something to say; FAR: never. */
int64_t interim__watchdog_deadline(const interim__watchdog *dog);

/* 0: nothing is due. 1: a gap is to be reported (once, then when it has doubled). Else the error of
 * the limit that has passed. */
int interim__watchdog_check(interim__watchdog *dog, int64_t now);

#endif
