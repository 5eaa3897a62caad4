/* judgement.c - see judgement.h.
 *
 * Two questions are asked of a destination. Is it *new*: not there before the request, other than
 * before, changing while we look, or (without a look before) younger than the request by the
 * server's own clock? And is it *whole*: of the type, length or members that the work would leave?
 * New and whole is done; new and not whole is part of it; not new is nothing done. "Nothing" and
 * "part" can still become more, so they need a quiet time, and are never certain: a server may be
 * copying to where nobody sees it. */
#include "operation/judgement.h"

#include "base/error.h"
#include "operation/survey.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* An answer to one of the two questions. */
typedef enum answer { UNKNOWN = 0, NO, PROBABLY, YES } answer;

typedef struct judge {
    interim_settlement *out;
    const interim__signs *signs;
    const interim_place *before, *now; /* of both places */
} judge;

static void add(judge *j, const char *format, ...) INTERIM__PRINTF(2, 3);

static void add(judge *j, const char *format, ...)
{
    va_list arguments;

    if (j->out->evidence_count == INTERIM__EVIDENCE_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(j->out->evidence[j->out->evidence_count++], sizeof *j->out->evidence, format,
              arguments);
    va_end(arguments);
}

static bool conclude(judge *j, interim_finding finding, interim_certainty certainty,
                     const char *reason)
{
    j->out->finding = finding;
    j->out->certainty = certainty;
    snprintf(j->out->reason, sizeof j->out->reason, "%s", reason);
    return true;
}

static bool unclear(judge *j, const char *reason)
{
    return conclude(j, INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE, reason);
}

/* What holds if looking must end now; more looks could tell more. */
static bool not_yet(judge *j)
{
    const interim__signs *signs = j->signs;

    if (signs->changed_last)
        conclude(j, INTERIM_FOUND_RUNNING, INTERIM_CERTAIN,
                 "it was still changing between the last two looks");
    else if (signs->changed[INTERIM__SOURCE] || signs->changed[INTERIM__DESTINATION])
        conclude(j, INTERIM_FOUND_RUNNING, INTERIM_LIKELY,
                 "it changed while it was looked at, and stood still for a short time only");
    else
        unclear(j, "nothing changed while it was looked at, but for too short a time to tell");
    return false;
}

/* finding holds once the quiet time is over. */
static bool once_quiet(judge *j, interim_finding finding, interim_certainty certainty,
                       const char *reason)
{
    return j->signs->quiet ? conclude(j, finding, certainty, reason) : not_yet(j);
}

static bool once_steady(judge *j, interim_finding finding, interim_certainty certainty,
                        const char *reason)
{
    return j->signs->steady ? conclude(j, finding, certainty, reason) : not_yet(j);
}

/* ---- Is it new? ---- */

static bool differ(int64_t a, int64_t b)
{
    return a >= 0 && b >= 0 && a != b;
}

static answer compared_with_before(const interim_place *before, const interim_place *now)
{
    const bool both_tags = before->etag[0] != '\0' && now->etag[0] != '\0';

    if ((before->sight != now->sight && before->sight != INTERIM_SIGHT_SOMETHING &&
         now->sight != INTERIM_SIGHT_SOMETHING) ||
        differ(before->length, now->length) || differ(before->modified_s, now->modified_s) ||
        differ(before->created_s, now->created_s) ||
        (both_tags && strcmp(before->etag, now->etag) != 0))
        return YES;
    return both_tags || (before->modified_s >= 0 && now->modified_s >= 0) ? NO : UNKNOWN;
}

static answer compared_with_start(const interim_place *now, int64_t start_s)
{
    if (start_s < 0)
        return UNKNOWN;
    if (now->created_s >= start_s || now->modified_s >= start_s)
        return PROBABLY;
    return now->created_s >= 0 && now->modified_s >= 0 ? NO : UNKNOWN;
}

/* Of a place that exists. */
static answer is_new(judge *j, int which)
{
    static const char *const names[] = {"source", "destination"};
    const interim_place *before = &j->before[which], *now = &j->now[which];
    answer found;

    if (before->sight == INTERIM_SIGHT_ABSENT) {
        add(j, "the %s was not there before", names[which]);
        return YES;
    }
    if (interim__place_exists(before)) {
        found = compared_with_before(before, now);
        if (found != UNKNOWN)
            add(j, "the %s is %s as it was before", names[which], found == YES ? "not" : "still");
    } else {
        found = compared_with_start(now, j->signs->start_s);
        if (found != UNKNOWN)
            add(j, "by the server's clock the %s is %s than the request", names[which],
                found == NO ? "older" : "not older");
    }
    if (j->signs->changed[which]) {
        add(j, "the %s changed between two looks", names[which]);
        return YES;
    }
    return found;
}

/* ---- Is it whole? ---- */

static answer same_length(judge *j, int64_t wanted, int64_t there, const char *of_what)
{
    if (wanted < 0 || there < 0)
        return UNKNOWN;
    if (wanted == there)
        add(j, "the destination is as long as the %s, %lld bytes", of_what, (long long)there);
    else
        add(j, "the destination has %lld bytes of %lld", (long long)there, (long long)wanted);
    return wanted == there ? YES : NO;
}

static answer same_members(judge *j, const interim_place *source, const interim_place *destination)
{
    if (!source->complete || !destination->complete)
        return UNKNOWN;
    if (source->member_digest != destination->member_digest ||
        source->member_count != destination->member_count) {
        add(j, "the destination has %lld members, the source %lld, and they differ",
            (long long)destination->member_count, (long long)source->member_count);
        return NO;
    }
    add(j, "the destination has the members of the source, %lld of them%s",
        (long long)source->member_count, source->member_bytes < 0 ? "" : ", of the same lengths");
    return source->member_bytes < 0 ? PROBABLY : YES;
}

static answer is_copy(judge *j)
{
    const interim_place *source = &j->now[INTERIM__SOURCE];
    const interim_place *destination = &j->now[INTERIM__DESTINATION];
    const bool gone = !interim__place_exists(source);

    if (gone)
        source = &j->before[INTERIM__SOURCE];
    if (source->sight == INTERIM_SIGHT_SOMETHING || destination->sight == INTERIM_SIGHT_SOMETHING)
        return same_length(j, source->length, destination->length, "source");
    if (!interim__place_exists(source))
        return UNKNOWN;
    if (source->sight != destination->sight) {
        add(j, "the destination is of another type than the source");
        return NO;
    }
    if (source->sight == INTERIM_SIGHT_FILE)
        return same_length(j, source->length, destination->length, "source");
    if (j->signs->depth_zero)
        return YES;
    return gone ? UNKNOWN : same_members(j, source, destination);
}

static answer is_whole(judge *j)
{
    const interim_place *destination = &j->now[INTERIM__DESTINATION];

    if (j->signs->work == INTERIM__WORK_PUT)
        return same_length(j, j->signs->body_length, destination->length, "body");
    if (j->signs->work == INTERIM__WORK_COPY)
        return is_copy(j);
    return destination->sight == INTERIM_SIGHT_SOMETHING    ? UNKNOWN
           : destination->sight == INTERIM_SIGHT_COLLECTION ? YES
                                                            : NO;
}

/* ---- The works ---- */

/* Something was there that the work may not replace, and is there still. */
static bool judge_old(judge *j)
{
    const bool refused = j->signs->work == INTERIM__WORK_MKCOL ||
                         (j->signs->work != INTERIM__WORK_PUT && !j->signs->overwrites);

    if (refused && interim__place_exists(&j->before[INTERIM__DESTINATION]))
        return once_steady(j, INTERIM_FOUND_NEVER, INTERIM_CERTAIN,
                           "the destination was there before, and must not be replaced");
    return once_quiet(j, INTERIM_FOUND_NEVER, INTERIM_LIKELY,
                      "the destination is as it was before the request");
}

static bool judge_missing(judge *j)
{
    if (interim__place_exists(&j->before[INTERIM__DESTINATION]) ||
        j->signs->changed[INTERIM__DESTINATION])
        return once_quiet(j, INTERIM_FOUND_PARTLY, INTERIM_LIKELY,
                          "what was at the destination is gone, and nothing came in its place");
    return once_quiet(j, INTERIM_FOUND_NEVER, INTERIM_LIKELY,
                      "nothing is at the destination, and nothing came while it was looked at");
}

static bool no_source_ever(const judge *j)
{
    return j->before[INTERIM__SOURCE].sight == INTERIM_SIGHT_ABSENT &&
           j->now[INTERIM__SOURCE].sight == INTERIM_SIGHT_ABSENT;
}

/* COPY, PUT, MKCOL. */
static bool judge_making(judge *j)
{
    answer new, whole;

    if (no_source_ever(j))
        return once_steady(j, INTERIM_FOUND_NEVER, INTERIM_CERTAIN, "there was no source to copy");
    if (!interim__place_exists(&j->now[INTERIM__DESTINATION]))
        return judge_missing(j);
    new = is_new(j, INTERIM__DESTINATION);
    if (new == NO)
        return judge_old(j);
    whole = is_whole(j);
    if (new == UNKNOWN)
        return once_quiet(j, INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE,
                          "whether the destination was there before is not known");
    if (whole == NO)
        return once_quiet(j, INTERIM_FOUND_PARTLY, INTERIM_LIKELY,
                          "the destination is new but not what it should be, and does not change");
    if (whole == UNKNOWN)
        return once_quiet(j, INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE,
                          "the destination is new, and whether it is whole cannot be seen");
    return once_steady(j, INTERIM_FOUND_DONE,
                       new == YES &&whole == YES ? INTERIM_CERTAIN : INTERIM_LIKELY,
                       "the destination is new and is what it should be");
}

static bool judge_moved_away(judge *j)
{
    const interim_place *source = &j->before[INTERIM__SOURCE];
    const interim_place *destination = &j->now[INTERIM__DESTINATION];
    const bool was_there = interim__place_exists(source) || j->signs->changed[INTERIM__SOURCE];

    if (!interim__place_exists(destination))
        return once_quiet(j, INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE,
                          "neither the source nor the destination is there");
    if (is_new(j, INTERIM__DESTINATION) == NO)
        return once_quiet(j, INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE,
                          "the source is gone, and the destination is as it was before");
    if (differ(source->length, destination->length))
        return once_quiet(j, INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE,
                          "the source is gone, and the destination is not as long as it was");
    return once_steady(j, INTERIM_FOUND_DONE, was_there ? INTERIM_CERTAIN : INTERIM_LIKELY,
                       "the source is gone and the destination is there");
}

static bool judge_move(judge *j)
{
    answer new;

    if (no_source_ever(j))
        return once_steady(j, INTERIM_FOUND_NEVER, INTERIM_CERTAIN, "there was no source to move");
    if (!interim__place_exists(&j->now[INTERIM__SOURCE]))
        return judge_moved_away(j);
    if (j->signs->changed[INTERIM__SOURCE])
        add(j, "the source changed between two looks");
    if (!interim__place_exists(&j->now[INTERIM__DESTINATION]))
        return judge_missing(j);
    new = is_new(j, INTERIM__DESTINATION);
    if (new == NO)
        return judge_old(j);
    return new == UNKNOWN
               ? once_quiet(j, INTERIM_FOUND_UNCLEAR, INTERIM_CERTAINTY_NONE,
                            "both are there, and whether the destination was before is not known")
               : once_quiet(j, INTERIM_FOUND_PARTLY, INTERIM_LIKELY,
                            "the destination is new, and the source is still there");
}

static bool judge_delete(judge *j)
{
    const interim_place *before = &j->before[INTERIM__SOURCE];

    if (no_source_ever(j))
        return once_steady(j, INTERIM_FOUND_NEVER, INTERIM_CERTAIN, "there was nothing to delete");
    if (!interim__place_exists(&j->now[INTERIM__SOURCE]))
        return once_steady(j, INTERIM_FOUND_DONE,
                           interim__place_exists(before) || j->signs->changed[INTERIM__SOURCE]
                               ? INTERIM_CERTAIN
                               : INTERIM_LIKELY,
                           "it is gone");
    if (j->signs->changed[INTERIM__SOURCE] ||
        (interim__place_exists(before) && is_new(j, INTERIM__SOURCE) == YES))
        return once_quiet(j, INTERIM_FOUND_PARTLY, INTERIM_LIKELY,
                          "it is there, has changed, and changes no more");
    return once_quiet(j, INTERIM_FOUND_NEVER, INTERIM_LIKELY, "it is there, and does not change");
}

/* ---- What stands before all that ---- */

/* The place without which nothing can be told, if it was not seen; NULL: all were. */
static const interim_place *unseen(const judge *j)
{
    const interim__work work = j->signs->work;
    const interim_place *source = &j->now[INTERIM__SOURCE];
    const interim_place *destination = &j->now[INTERIM__DESTINATION];

    if (work != INTERIM__WORK_DELETE && !interim__place_is_seen(destination))
        return destination;
    if ((work == INTERIM__WORK_DELETE || work == INTERIM__WORK_MOVE) &&
        !interim__place_is_seen(source))
        return source;
    return NULL;
}

/* What a look at another time may not meet again. */
static bool passes(const interim_place *place)
{
    return place->sight == INTERIM_SIGHT_NO_ANSWER || place->status >= 500 ||
           place->status == 408 || place->status == 423 || place->status == 429;
}

static void describe(judge *j)
{
    static const char *const names[] = {"source", "destination"};
    char text[180];

    for (int i = 0; i < INTERIM__PLACES; i++) {
        if (j->now[i].sight == INTERIM_SIGHT_NONE)
            continue;
        interim__place_describe(text, sizeof text, &j->now[i]);
        add(j, "the %s is %s", names[i], text);
    }
}

bool interim__judge(interim_settlement *out, const interim__signs *signs)
{
    judge j = {out, signs, signs->before, signs->now};
    const interim_place *place = unseen(&j);

    out->evidence_count = 0;
    describe(&j);
    if (signs->locked) {
        add(&j, "it is locked, and was not before");
        conclude(&j, INTERIM_FOUND_RUNNING, INTERIM_LIKELY,
                 "a lock is on it, as servers set one "
                 "while they work");
        return false;
    }
    if (place != NULL) {
        unclear(&j, place == &j.now[INTERIM__SOURCE] ? "the source cannot be seen"
                                                     : "the destination cannot be seen");
        return !passes(place);
    }
    switch (signs->work) {
    case INTERIM__WORK_MOVE:
        return judge_move(&j);
    case INTERIM__WORK_DELETE:
        return judge_delete(&j);
    default:
        return judge_making(&j);
    }
}
