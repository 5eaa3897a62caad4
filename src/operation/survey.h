/* survey.h - one place of a work as one look sees it: is it there, what is it, and how much lies
 * below it. A walk of questions and answers without sockets or clocks:
 *
 *     _begin --_next--> question --_member for each member, then _answered--> _next ... no more
 *
 * The first question is PROPFIND of the place (HEAD once that was not answered); collections are
 * walked by PROPFIND of depth 1, each once. What a server lists outside of what was asked about is
 * not counted and never asked for; members, and the memory for those still to be asked about, have
 * caps. May be included by operation and client. */
#ifndef INTERIM_OPERATION_SURVEY_H
#define INTERIM_OPERATION_SURVEY_H

#include "base/buffer.h"
#include "exchange/uri.h"

#include <interim.h>

typedef struct interim__question {
    bool head; /* HEAD, else PROPFIND */
    int depth;
    const char *url;
} interim__question;

/* How a question was answered. */
typedef struct interim__heard {
    int status;     /* 0: not at all */
    int code;       /* INTERIM_E*, or 0 */
    int members;    /* what interim_multistatus_end says of a 207 */
    bool elsewhere; /* redirects led to another origin */
    const char *text, *url;
    int64_t date_s, length, modified_s; /* of the fields, -1 when not there */
    const char *etag;                   /* NULL when not there */
} interim__heard;

typedef struct interim__survey {
    interim_place place;
    char *url;  /* of the place */
    bool walks; /* counts members */
    size_t members_max;
    const char *refused; /* why it is not asked about; NULL: it is */
    bool by_head;        /* PROPFIND is not answered: HEAD from now on */
    /* Of this look. */
    bool walking, over;
    bool seen;          /* this answer told of a member */
    bool missed;        /* members were left out */
    bool sized;         /* each file had a length */
    interim__uri *root; /* where the place was found */
    interim__buffer queue;
    size_t asked; /* in queue: what lies before was asked */
} interim__survey;

/* url is copied. Errors: ENOMEM. */
int interim__survey_init(interim__survey *survey, const char *url, bool walks, size_t members_max);
void interim__survey_dispose(interim__survey *survey);

/* The place is not to be asked about, because; it is unclear in every look. text is static. */
void interim__survey_refuse(interim__survey *survey, const char *text);

/* A new look. */
void interim__survey_begin(interim__survey *survey);

/* The next question; false when there is no more. It is valid until the answer was given. */
bool interim__survey_next(interim__survey *survey, interim__question *out);

/* Whether there is no more to ask in this look. */
bool interim__survey_is_over(const interim__survey *survey);

/* A member that the answer lists; base is the URL that was asked in the end. Errors: ENOMEM,
 * ECANCELLED (there are more than can be counted: the rest need not be read). */
int interim__survey_member(interim__survey *survey, const interim_member *member,
                           const interim__uri *base);

/* The answer is complete. */
void interim__survey_answered(interim__survey *survey, const interim__heard *heard);

/* A place that was not looked at. */
void interim__place_init(interim_place *place);

/* Whether the place was seen, there or not; and whether it is there. */
bool interim__place_is_seen(const interim_place *place);
bool interim__place_exists(const interim_place *place);

/* Whether two looks at a place saw the same. */
bool interim__place_same(const interim_place *a, const interim_place *b);

/* "a file of 5 bytes", "a collection with 3 members of 17 bytes in all", "not there", ... */
void interim__place_describe(char *out, size_t size, const interim_place *place);

#endif
