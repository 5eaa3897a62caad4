/* token.h - the text with which another process goes on waiting for a job. One line of printable
 * ASCII, its parts in this order, with one blank between:
 *
 *     interim1 method=COPY url=https://dav.example/a/ dialect=generic
 *     monitor=https://dav.example/jobs/7 [task=URL] [result=URL] until=1795428000000
 *     flags=answered,latched after=1795341602000 crc32=0a1b2c3d
 *
 * It is legible, so that a folder of tokens tells what is being waited for; URLs hold no blank, so
 * nothing needs to be escaped. There is one way to write a token, and whatever would be written
 * differently is refused. The CRC-32 finds what was damaged. It is no signature: what is read is
 * taken for hostile even if it is right. No credentials are in it, but a monitor's URL may be one.
 * Pure text: no clock, no operation. May be included by operation and client. */
#ifndef INTERIM_OPERATION_TOKEN_H
#define INTERIM_OPERATION_TOKEN_H

#include "base/buffer.h"
#include "exchange/uri.h"
#include "operation/dialect.h"

/* Four URLs, and the rest. */
#define INTERIM__TOKEN_MAX ((size_t)4 * INTERIM__URI_MAX + 1024)

/* How the job is to be polled, and what was learnt of it. */
typedef enum interim__token_flag {
    INTERIM__TOKEN_STRICT = 1 << 0,     /* INTERIM_POLL_STRICT */
    INTERIM__TOKEN_OWN_ORIGIN = 1 << 1, /* INTERIM_CROSS_ORIGIN_REJECT */
    INTERIM__TOKEN_EMBEDDED = 1 << 2,   /* INTERIM_POLL_EMBEDDED */
    INTERIM__TOKEN_PROCESSING = 1 << 3, /* INTERIM_POLL_PREFER_PROCESSING */
    INTERIM__TOKEN_ANSWERED = 1 << 4,   /* the monitor told the state of the job once */
    INTERIM__TOKEN_LATCHED = 1 << 5,    /* it answers with status documents */
    INTERIM__TOKEN_REDFISH = 1 << 6,
    INTERIM__TOKEN_VERIFYING = 1 << 7, /* the monitor had its last word, and is a Task now */
    INTERIM__TOKEN_CANCELLABLE = 1 << 8,
    INTERIM__TOKEN_CANCELLING = 1 << 9
} interim__token_flag;

typedef struct interim__token {
    const interim__dialect *dialect;
    char method[33];
    interim__uri *url;           /* of the request: all that follows is measured by it */
    interim__uri *monitor;       /* to be asked next */
    interim__uri *task, *result; /* NULL: none */
    int64_t until_ms;            /* wall clock: when waiting ends; -1: never */
    int64_t after_ms;            /* wall clock: not to be asked before */
    unsigned flags;
} interim__token;

/* Appends the text. *state, if not NULL, gets a checksum of all but after_ms: it changes when a
 * token that was kept should be replaced. Errors: ENOMEM. */
int interim__token_write(interim__buffer *out, const interim__token *token, uint32_t *state);

/* Reads a text of anybody's making. Errors: ETOKEN, and what is wrong with it in *error; ENOMEM.
 * Nothing is to be disposed of then. */
int interim__token_read(interim__token *out, const char *text, interim_error *error);

void interim__token_dispose(interim__token *token);

#endif
