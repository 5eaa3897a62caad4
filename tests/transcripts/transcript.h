/* transcript.h - a transcript: a request, what the server sends, and the log that must come of it.
 *
 *     # What this shows; which RFC or peer.
 *     layers exchange operation       those that can play it; all when absent
 *     request COPY http://origin.test/a
 *     field Destination: http://origin.test/b
 *     body "text" * 3                 from memory
 *     reader known "ab" "cd" fail     from a reader: what it gives at each call
 *     option polling.mode=off         see option() in transcript.c
 *     option polling.flags=link interim       words of polling_options.c
 *     option polling.verdicts=running done    what interim_request_on_poll answers, in this order
 *     asked                           what the server must have read in the next exchange:
 *     @same                           on which connection: the @same or a @new one;
 *     COPY /a HTTP/1.1                the request line, first;
 *     Destination: http://origin.test/b
 *     Authorization: Digest *         fields; a star stands for the rest of a line;
 *     -Expect                         fields that must not be there;
 *     body "text"                     the content
 *     server                          what the server sends in one exchange:
 *     HTTP/1.1 102 Processing         a line of it, with CRLF and the escapes of C;
 *
 *     no line end\                    without CRLF
 *     raw "bytes" * 1000 "more"
 *     repeat 200 {                    the lines up to }; \i in them is 0, 1, 2 ...
 *     X-\i: y
 *     }
 *     pause 5000                      milliseconds
 *     read head                       how much of the request has been read before what follows:
 *     read 100                        its head, its head and 100 bytes,
 *     read all                        or all, as at the beginning
 *     eof                             the server ends the connection
 *     reset                           it resets it
 *     hold                            it does nothing more, until the client gives up
 *     refuse                          (alone) it does not accept the connection
 *     expect                          the log, see log.h; `repeat N {` as above
 *
 * A reader that is `unknown` does not tell its length. It may end with `fail`, with `more` (it says
 * that it gave more than there was room for) or with `short` (it ends before the length it told).
 *
 * Several `server` sections are the exchanges of an operation in their order, each with an `asked`
 * before it if wanted. In both a line that begins with '#' is a comment.
 *
 * origin.test and other.test are two origins; layers with sockets put addresses in their place. */
#ifndef TESTS_TRANSCRIPTS_TRANSCRIPT_H
#define TESTS_TRANSCRIPTS_TRANSCRIPT_H

#include "base/buffer.h"

#include <interim.h>
#include <stdbool.h>

typedef enum action_kind {
    ACTION_BYTES, /* number of them, which follow those of the action before */
    ACTION_PAUSE, /* number of milliseconds */
    ACTION_READ,  /* number of bytes behind the head, or READ_ALL */
    ACTION_EOF,
    ACTION_RESET,
    ACTION_HOLD
} action_kind;

#define READ_ALL (-1)

struct action {
    action_kind kind;
    int64_t number;
};

/* What the server does in one exchange. */
struct served {
    interim__buffer bytes;
    struct action *actions;
    size_t action_count;
    bool refuse;
    interim__buffer asked; /* lines; data is NULL when nothing is said */
};

/* A body that a reader gives. */
struct piece {
    interim__buffer bytes;
    ptrdiff_t answer; /* if not 0: what it answers instead, once */
};

#define TRANSCRIPT_VERDICTS 8

struct transcript {
    char *name;             /* of the file */
    interim__buffer layers; /* names between blanks; empty: all */
    char *method, *url;
    char **field_names, **field_values;
    size_t field_count;
    bool has_body;
    interim__buffer body;
    bool has_reader, length_known;
    bool reader_is_short; /* it ends before the length that it told */
    struct piece *pieces;
    size_t piece_count;
    interim_patience patience;
    interim_polling polling;
    interim_third_party third_party; /* its strings are its own; set if it has a source */
    char link_member[64];
    interim_poll_verdict verdicts[TRANSCRIPT_VERDICTS];
    size_t verdict_count; /* 0: the caller judges nothing */
    bool resumes;
    interim_upload_resumption resumption;
    char *user, *password, *token;
    bool has_scheme; /* they are given by interim_request_set_authentication */
    interim_scheme scheme;
    bool clear_text;
    char *fresh_token; /* what the caller has when its credentials are refused; NULL: nothing */
    char *proxy;       /* URL; NULL: none */
    size_t body_cap;
    interim_expect expect;
    bool decoding;
    uint64_t decoded_max; /* 0: no limit */
    char *cancel_kind;    /* the caller cancels at event number cancel_count of this kind */
    unsigned cancel_count;
    struct served *exchanges;
    size_t exchange_count;
    interim__buffer expected;
};

/* Takes in "polling.NAME=VALUE"; false when there is no such thing. */
bool polling_option(struct transcript *transcript, const char *name, const char *value);

/* Reads a file; NULL, and something was printed, when it cannot be read. */
struct transcript *transcript_read(const char *path);
void transcript_free(struct transcript *transcript);

/* Looks whether a request, as it was written, is what was asked for: head, and content freed of its
 * framing. Appends a line to problems for each thing that is not. */
void transcript_check_request(const struct served *served, size_t number, const char *wire,
                              size_t size, interim__buffer *problems);

#endif
