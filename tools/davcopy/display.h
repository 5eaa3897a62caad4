/* display.h - what the user sees while davcopy waits, on standard error.
 *
 * On a terminal one live line, redrawn in place and cut to the width of the window. Elsewhere plain
 * lines, few enough for a log: the beginning, the first sign of life, then at most one line every
 * ten seconds and one at each ten percent, every gap, a monitor that is out of reach, the end. With
 * --verbose every event is a line of its own, in both cases. With --quiet nothing. Included by
 * session.h.
 */
#ifndef DAVCOPY_DISPLAY_H
#define DAVCOPY_DISPLAY_H

#include <interim.h>

#include <stdbool.h>
#include <stdint.h>

struct display {
    bool live;    /* there is a live line */
    bool plain;   /* there are plain lines */
    bool verbose; /* there is a line for each event */
    bool colour;

    bool waiting; /* between display_begin and display_end */
    bool drawn;   /* the live line is on the screen */
    unsigned frame;
    int64_t began_ms;
    int64_t alive_ms; /* the last sign of life, or when the request was sent */
    int64_t line_ms;  /* the last plain line */
    unsigned long signs;
    char way[16];   /* "waiting", "102", "202", "markers" */
    double percent; /* the most that was ever said, -1 for nothing */
    int64_t bytes;  /* the most that markers told, -1 for nothing */
    int tens;       /* tens of percent that a plain line told */
    bool gap;       /* the silence that lasts is a gap */
    bool away;      /* the monitor was out of reach since the last sign of life */
};

/* live_allowed: standard error is ours alone (no log goes there). */
void display_init(struct display *display, bool quiet, bool verbose, bool live_allowed);

/* The wait for a COPY or MOVE begins, or ends. In between, events and ticks count. */
void display_begin(struct display *display, const char *verb, const char *source,
                   const char *destination);
void display_end(struct display *display, const char *reason);

/* Every event of every request. */
void display_event(struct display *display, const interim_event *event);

/* Redraws the live line; to be called every display_tick_ms, if that is not -1. */
void display_tick(struct display *display);
int display_tick_ms(const struct display *display);

/* A line of its own on standard error, with "davcopy: " before it, above the live line. */
__attribute__((format(printf, 2, 3))) void display_line(struct display *display, const char *format,
                                                        ...);

/* The same, only with --verbose. */
__attribute__((format(printf, 2, 3))) void display_detail(struct display *display,
                                                          const char *format, ...);

/* Milliseconds of the monotonic clock. */
int64_t display_now_ms(void);

#endif
