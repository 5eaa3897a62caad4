/* herd.h - the polls of many jobs at one origin: so many at once and no more, the others wait in
 * line, first come, first served. The places are the owners'; memory grows with the origins that
 * are being polled, not with the jobs, and one more is kept: one job polls again and again. May be
 * included by drive. */
#ifndef INTERIM_DRIVE_HERD_H
#define INTERIM_DRIVE_HERD_H

#include "exchange/uri.h"

#define INTERIM__HERD_CHAINS 64

struct interim__herd_origin;

/* Of one job. Zero: neither polling nor in line. */
typedef struct interim__herd_place {
    struct interim__herd_origin *origin;
    struct interim__herd_place *next, *previous; /* in line */
    bool polling;
} interim__herd_place;

typedef struct interim__herd {
    struct interim__herd_origin *chains[INTERIM__HERD_CHAINS];
    struct interim__herd_origin *idle; /* the last one where nobody polls any more, or NULL; it may
                                          be polled again */
    unsigned limit;                    /* polls at once of an origin */
} interim__herd;

/* All places are left. */
void interim__herd_dispose(interim__herd *herd);

/* Asks for a place at the origin of a URL. True: go; false: in line, until interim__herd_leave
 * names this place. Without memory everybody goes. */
bool interim__herd_enter(interim__herd *herd, interim__herd_place *place, const interim__uri *uri);

/* Gives the place up, or leaves the line; harmless for a place that is neither. Returns the place
 * that may go now, or NULL. */
interim__herd_place *interim__herd_leave(interim__herd *herd, interim__herd_place *place);

#endif
