/* origin.h - a server on the loopback that plays the server's part of one transcript, in a thread.
 * It listens on two ports of 127.0.0.1, which are origin.test and other.test. It gives up, and
 * closes everything, when nothing happens for some seconds: nobody waits for ever. */
#ifndef TESTS_TRANSCRIPTS_ORIGIN_H
#define TESTS_TRANSCRIPTS_ORIGIN_H

#include "layer.h"

struct origin;

/* Ends the program when there is no loopback. Both are borrowed until origin_stop. */
struct origin *origin_start(const struct transcript *transcript, const struct cut *cut);

/* Appends text with addresses instead of the names, and back. */
void origin_translate(void *origin, interim__buffer *out, const char *text, size_t length);
void origin_restore(const struct origin *origin, interim__buffer *text);

/* Whether the client has closed the connection of the last exchange. */
bool origin_was_left(struct origin *origin);

/* Ends it; what was wrong with the requests is appended to problems. */
void origin_stop(struct origin *origin, interim__buffer *problems);

#endif
