/* asking.h - the request of a transcript, made by the public API, and its answer in the log: what
 * the layers share that know operations. */
#ifndef TESTS_TRANSCRIPTS_ASKING_H
#define TESTS_TRANSCRIPTS_ASKING_H

#include "layer.h"

struct asking {
    const struct transcript *transcript;
    struct log *log;
    struct reading reading;
    interim_request *request;
    bool keep;      /* the body is kept in the result, not streamed */
    unsigned count; /* events of the kind at which the transcript cancels */
    size_t judged;  /* answers of monitors */
};

/* Writes text with other authorities in the place of those of the transcript; appended to out. */
typedef void (*translate_fn)(void *user, interim__buffer *out, const char *text, size_t length);

/* Makes the request. Limits of time are divided by divisor: a layer with a real clock does not wait
 * as long as the transcript says. */
void asking_begin(struct asking *asking, const struct transcript *transcript, struct log *log,
                  bool keep, translate_fn translate, void *user, int64_t divisor);

/* What happens to it, for interim_request_on_event and the like. */
int asking_event(const interim_event *event, void *user);

/* Logs the end. */
void asking_ended(struct asking *asking, const interim_result *result, const char *reuse);
void asking_dispose(struct asking *asking);

#endif
