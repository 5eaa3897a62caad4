/* marker.h - performance markers: the lines by which a server tells of a third-party copy while it
 * makes it (WLCG HTTP-TPC: dCache, XRootD, StoRM). A pure parser: bytes in, a step a line out.
 *
 *     Perf Marker                          begins a marker, and forgets one that did not end
 *         Timestamp: 1360578938
 *         State: Running                   (dCache)
 *         Stripe Index: 0                  absent: 0
 *         Stripe Bytes Transferred: 4096   of this stripe, so far; absent as long as it waits
 *         Total Stripe Count: 1
 *     End                                  completes it: the only sign of life in here
 *     success: Created                     the verdict: success, failure, failed or aborted
 *
 * Blanks before a line, CR before LF, letters of either case and lines that nobody knows are all
 * right. The last line may lack its line end. What is kept does not grow: the first bytes of a
 * line, and a table of the first stripes. May be included by operation. */
#ifndef INTERIM_OPERATION_MARKER_H
#define INTERIM_OPERATION_MARKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INTERIM__MARKER_LINE 512    /* bytes of a line that are looked at */
#define INTERIM__MARKER_STRIPES 128 /* that are told apart */
#define INTERIM__MARKER_TEXT 96

typedef enum interim__marker_step {
    INTERIM__MARKER_MORE,    /* the line is not complete */
    INTERIM__MARKER_BLANK,   /* an empty line */
    INTERIM__MARKER_UNKNOWN, /* a line that is of no use */
    INTERIM__MARKER_BEGIN,   /* "Perf Marker" */
    INTERIM__MARKER_INSIDE,  /* a line of a marker */
    INTERIM__MARKER_END,     /* a marker is complete: done, text */
    INTERIM__MARKER_VERDICT  /* how it ended: verdict, reason */
} interim__marker_step;

typedef enum interim__marker_verdict {
    INTERIM__MARKER_NONE,
    INTERIM__MARKER_SUCCESS,
    INTERIM__MARKER_FAILURE,
    INTERIM__MARKER_ABORTED,
    INTERIM__MARKER_CONTRADICTION /* success, and the contrary */
} interim__marker_verdict;

typedef struct interim__stripe {
    int64_t index, bytes;
} interim__stripe;

typedef struct interim__markers {
    /* What was read. */
    int64_t done;                    /* bytes of all stripes; -1: none has told */
    bool moved;                      /* this marker got further than all before it */
    char text[INTERIM__MARKER_TEXT]; /* of this marker: "1360578938 Running", or "" */
    interim__marker_verdict verdict;
    char reason[160]; /* the line of the verdict, fit for logs */
    /* The rest is its own. */
    char line[INTERIM__MARKER_LINE];
    size_t length; /* of it */
    bool open;     /* a line is not complete */
    bool cut;      /* ... and longer than what is looked at */
    bool inside;   /* of a marker */
    char timestamp[24], state[64];
    int64_t index, bytes; /* of this marker; -1: not said, -2: not to be understood */
    int64_t furthest;     /* done at most ... */
    int64_t beyond;       /* ... and the bytes of a stripe that is not in the table */
    size_t stripe_count;
    interim__stripe stripes[INTERIM__MARKER_STRIPES];
} interim__markers;

void interim__markers_init(interim__markers *markers);

/* Takes bytes up to the end of the line and tells what the line was. Returns how many were taken:
 * all of them for MORE. */
size_t interim__markers_feed(interim__markers *markers, interim__marker_step *step,
                             const char *data, size_t size);

/* Nothing more comes: what the last line was, if it had no line end. */
interim__marker_step interim__markers_finish(interim__markers *markers);

#endif
