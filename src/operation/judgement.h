/* judgement.h - what the signs say became of a work: a pure function. The rule behind it is that of
 * ending.c: nothing is said to have been done, or not, that was not seen; what only may be is
 * "likely", and what could be either way is "unclear". May be included by operation and client. */
#ifndef INTERIM_OPERATION_JUDGEMENT_H
#define INTERIM_OPERATION_JUDGEMENT_H

#include <interim.h>
#include <stdbool.h>

enum { INTERIM__SOURCE, INTERIM__DESTINATION, INTERIM__PLACES };

#define INTERIM__EVIDENCE_MAX 8

struct interim_settlement {
    interim_finding finding;
    interim_certainty certainty;
    int code;
    unsigned looks;
    char reason[200];
    char evidence[INTERIM__EVIDENCE_MAX][200];
    size_t evidence_count;
    interim_place places[INTERIM__PLACES];
};

typedef enum interim__work {
    INTERIM__WORK_COPY,
    INTERIM__WORK_MOVE,
    INTERIM__WORK_PUT,
    INTERIM__WORK_MKCOL,
    INTERIM__WORK_DELETE
} interim__work;

typedef struct interim__signs {
    interim__work work;
    bool depth_zero;     /* COPY leaves the members out */
    bool overwrites;     /* COPY, MOVE: what is there may be replaced */
    int64_t body_length; /* PUT; -1: not known */
    interim_place before[INTERIM__PLACES], now[INTERIM__PLACES];
    int64_t start_s;               /* when the request was sent at the latest, by the server's
                                      clock; -1: not known */
    bool changed[INTERIM__PLACES]; /* between any two looks ... */
    bool changed_last;             /* ... and between the last two */
    bool steady;                   /* enough looks in a row saw the same ... */
    bool quiet;                    /* ... for long enough */
    bool locked;                   /* a lock that was not there before */
} interim__signs;

/* Fills in finding, certainty, reason and evidence. Returns whether more looks would not change it.
 */
bool interim__judge(interim_settlement *out, const interim__signs *signs);

#endif
