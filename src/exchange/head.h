/* head.h - the head of a response: a status line and fields (RFC 9112 sections 4 and 5).
 *
 * The text is parsed in place: the parser writes NULs behind names and values, so that fields are C
 * strings into it, and it must not move while they are used. The head may come in pieces; bytes are
 * looked at once. A line may end with a bare LF (RFC 9112 section 2.2 allows it, old servers do
 * it). May be included by exchange and operation. */
#ifndef INTERIM_EXCHANGE_HEAD_H
#define INTERIM_EXCHANGE_HEAD_H

#include "base/error.h"
#include "base/fields.h"

#define INTERIM__HEAD_MAX 65536       /* bytes of a head with all its line ends */
#define INTERIM__HEAD_FIELDS_MAX 1024 /* fields of a head */
#define INTERIM__HEAD_ROOM 16         /* fields for which a head has room by itself */

typedef struct interim__head {
    int status;         /* 100 ... 999 */
    int minor;          /* of the HTTP/1 version */
    const char *reason; /* "" when there is none */
    interim__fields fields;
    uint64_t at;       /* of its first byte in the answer, for errors: set by who parses */
    const char *start; /* of a complete head */
    size_t scanned;    /* bytes in which no end was found yet */
    size_t first_line; /* length of the status line with its end; 0: not seen yet */
    interim_field room[INTERIM__HEAD_ROOM]; /* needs no value at first; must not move */
} interim__head;

/* Goes on parsing length bytes at data, which begin with the head: those of the call before,
 * perhaps moved, and more. Returns the length of the head when it is complete, 0 when more is
 * needed, or ESTATUS_LINE, EFIELD_LINE, EHEAD_LIMIT, ENOMEM with error filled; its offset counts
 * from head->at. */
ptrdiff_t interim__head_parse(interim__head *head, char *data, size_t length, interim_error *error);

/* The end of a block of field lines, up to and with its empty line, in bytes that begin with the
 * block: 0 when it is not there. *scanned is where the search goes on, 0 at first. */
size_t interim__head_find_end(const char *data, size_t length, size_t *scanned);

/* Parses a complete block of field lines, its empty line included, such as a trailer section.
 * Errors as above; base is added to the offset. */
int interim__head_parse_fields(interim__fields *fields, char *data, size_t length, uint64_t base,
                               interim_error *error);

/* Where a field of a complete head begins, as a byte of the answer. */
uint64_t interim__head_offset(const interim__head *head, const interim_field *field);

/* Makes it ready for another head at byte 0; memory is kept. */
void interim__head_clear(interim__head *head);

/* Frees its memory; to be cleared before it is used again. */
static inline void interim__head_dispose(interim__head *head)
{
    interim__fields_dispose(&head->fields);
}

#endif
