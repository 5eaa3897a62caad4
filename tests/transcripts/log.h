/* log.h - what happened to a request, as text: one record a line, the fields of a message indented
 * behind it. Neighbouring records of a body are merged, so that the log does not depend on how the
 * bytes were cut. All layers write the same log; where one cannot know something, it writes "?",
 * which matches everything.
 *
 *     interim 102 "Processing"
 *       X-A: b
 *     response 201 "Created"
 *       Content-Length: 2
 *     body "ok"
 *     trailer
 *       T: u
 *     end done 201 reuse=yes
 *     end unknown 102 EDISCONNECTED reuse=no
 *
 * and of an operation of several exchanges:
 *
 *     accepted http://origin.test/jobs/1
 *     waiting 1000..2000
 *     poll 202 "Accepted" running hop=poll:1
 *     progress 50% 1/2
 *     redirect http://origin.test/b hop=redirect:1
 *     retry EDISCONNECTED poll
 *     gap silence=30000
 *     problem 409 "type" "title" "detail" "instance"
 *     reason the server answered 201 Created
 */
#ifndef TESTS_TRANSCRIPTS_LOG_H
#define TESTS_TRANSCRIPTS_LOG_H

#include "base/buffer.h"

#include <interim.h>
#include <stdbool.h>

struct log {
    interim__buffer text;
    interim__buffer body; /* of which more may come */
    bool in_body;
    bool real_time; /* how long something took is not told */
};

/* One record; or the first line of one. */
void log_record(struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));

void log_fields(struct log *log, const interim_field *fields, size_t count);
void log_message(struct log *log, const char *kind, int status, const char *reason,
                 const interim_field *fields, size_t count);
void log_body(struct log *log, const void *data, size_t size);
void log_trailers(struct log *log, const interim_field *fields, size_t count);

/* An event of an operation, if it is one of those that the log tells; not its end. */
void log_event(struct log *log, const interim_event *event);

/* Problem details; NULL: there are none. */
void log_problem(struct log *log, const interim_problem *problem);

/* The end. outcome: "?" when the layer knows of none; reuse: "yes", "no" or "?". */
void log_end(struct log *log, const char *outcome, int status, const interim_error *error,
             const char *reuse);

/* Closes a body that is open. */
void log_finish(struct log *log);
void log_dispose(struct log *log);

/* Whether a log is what was expected; problem, reason and progress are compared only where
 * expected. */
bool log_matches(const char *expected, const char *got);

/* Prints the lines in which they differ. */
void log_print_difference(const char *expected, const char *got);

#endif
