/* book.h - what names resolved to, and which of their addresses were good, for a while.
 *
 * getaddrinfo tells no time to live, so an answer is true for a time that the client's options say
 * (60 s). That a name does not exist is true for 5 s, that the name servers could not tell for 1 s:
 * enough for a thousand operations that ask at once, and too short to be noticed by who sets it
 * right. Trouble of this machine (memory, descriptors) is not written down.
 *
 * An entry is kept, or in use: while it is in use, it is not freed, only taken off the list. At
 * most 512 are kept; those that were not used for the longest time go first. It knows no clock. May
 * be included by the resolver. */
#ifndef INTERIM_TRANSPORT_BOOK_H
#define INTERIM_TRANSPORT_BOOK_H

#include "transport/address.h"

#define INTERIM__BOOK_NAMES 512
#define INTERIM__BOOK_BUCKETS 256

typedef struct interim__ring {
    struct interim__ring *next, *previous;
} interim__ring;

typedef struct interim__entry {
    interim__ring place;         /* first; the book's: among those kept, or those in use */
    struct interim__entry *same; /* the book's: the next in its bucket */
    uint32_t hash;               /* the book's */
    bool listed, used;           /* the book's: it can be found; it is in use */
    int64_t until;               /* when the answer is not true any more */
    uint32_t answer;             /* the number of the answer; 0: there is none yet */
    int error, os_error;
    interim__address *addresses; /* without a port, in the order of the system */
    size_t count;
    struct interim__entry *following; /* these are the resolver's */
    struct interim__lookup *waiting;
    struct interim__job *job;
    bool queued;
    char host[]; /* in lower case */
} interim__entry;

typedef struct interim__book {
    interim__entry *buckets[INTERIM__BOOK_BUCKETS];
    interim__ring kept, used; /* kept: from the one that was used last on */
    size_t kept_count;
    int64_t keep_ns;
    uint32_t answers;
} interim__book;

/* keep_ns: 0 or less: no answer is kept. The book must not move. */
void interim__book_init(interim__book *book, int64_t keep_ns);

/* Frees all entries, those in use too. */
void interim__book_dispose(interim__book *book);

/* The entry of a name, in use or kept and still true; NULL: there is none. Names are compared
 * without case. */
interim__entry *interim__book_find(interim__book *book, const char *host, int64_t now);

/* A new entry, in use; NULL when out of memory. */
interim__entry *interim__book_add(interim__book *book, const char *host);

/* Takes a kept entry into use; nothing happens to one that is. */
void interim__book_use(interim__book *book, interim__entry *entry);

/* Writes down an answer; addresses are transferred. */
void interim__book_answer(interim__book *book, interim__entry *entry, int64_t now, int error,
                          int os_error, interim__address *addresses, size_t count);

/* An entry is not used any more: it is kept if it is still listed and was answered, else freed. */
void interim__book_release(interim__book *book, interim__entry *entry);

/* What follows is about the answer of that number of a name, and does nothing if the book has
 * another one, or none, by now. */

/* Notes the standing of address. Of all addresses at most one is good: the last that was. */
void interim__book_note(interim__book *book, const char *host, uint32_t answer,
                        const interim__address *address);

/* It leads nowhere. */
void interim__book_strike(interim__book *book, const char *host, uint32_t answer);

/* Forgets everything. */
void interim__book_clear(interim__book *book);

#endif
