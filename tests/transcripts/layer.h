/* layer.h - what plays a transcript: one layer of the library, and how the bytes are cut. */
#ifndef TESTS_TRANSCRIPTS_LAYER_H
#define TESTS_TRANSCRIPTS_LAYER_H

#include "log.h"
#include "transcript.h"

struct cut {
    enum { CUT_WHOLE, CUT_BYTES, CUT_SPLIT } kind;
    size_t at; /* CUT_SPLIT: counted over all exchanges */
};

/* How many of the bytes at this place come at once, of those that are there. */
size_t cut_next(const struct cut *cut, size_t place, size_t available);

struct layer {
    const char *name; /* as transcripts call it */
    const char *label;
    bool thorough; /* plays every split; else a few: each costs time */
    /* Plays a transcript, writes the log; problems gets what was wrong with the requests, a line
     * each. */
    void (*play)(const struct transcript *transcript, const struct cut *cut, struct log *log,
                 interim__buffer *problems);
    bool (*can)(const struct transcript *transcript);
};

extern const struct layer layer_exchange;
extern const struct layer layer_operation;
extern const struct layer layer_blocking;
extern const struct layer layer_async;
extern const struct layer layer_async_poll;

/* The body of a request from a reader, as the transcript says; given as interim_body_reader_fn. */
struct reading {
    const struct transcript *transcript;
    size_t piece, given;
};

ptrdiff_t layer_read_body(void *buffer, size_t size, void *user);

/* The length of that body, or -1 when it is not told. */
int64_t layer_body_length(const struct transcript *transcript);

#endif
