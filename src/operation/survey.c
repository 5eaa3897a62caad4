/* survey.c - see survey.h. */
#include "operation/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_MAX ((size_t)4 * 1024 * 1024) /* bytes of URLs of collections */

int interim__survey_init(interim__survey *survey, const char *url, bool walks, size_t members_max)
{
    *survey = (interim__survey){.walks = walks, .members_max = members_max};
    survey->place.size = sizeof survey->place;
    survey->url = strdup(url);
    return survey->url == NULL ? INTERIM_ENOMEM : 0;
}

void interim__survey_dispose(interim__survey *survey)
{
    free(survey->url);
    interim__uri_dispose(&survey->root);
    interim__buffer_dispose(&survey->queue);
}

void interim__survey_refuse(interim__survey *survey, const char *text)
{
    survey->refused = text;
}

static void unclear(interim_place *place, const char *text)
{
    place->sight = INTERIM_SIGHT_UNCLEAR;
    snprintf(place->text, sizeof place->text, "%s", text);
}

void interim__survey_begin(interim__survey *survey)
{
    interim__place_init(&survey->place);
    survey->walking = survey->seen = survey->missed = false;
    survey->over = survey->url == NULL || survey->refused != NULL;
    if (survey->refused != NULL)
        unclear(&survey->place, survey->refused);
    survey->sized = true;
    interim__uri_dispose(&survey->root);
    survey->root = NULL;
    survey->queue.length = survey->asked = 0;
}

bool interim__survey_is_over(const interim__survey *survey)
{
    return survey->over || (survey->walking && survey->asked == survey->queue.length);
}

bool interim__survey_next(interim__survey *survey, interim__question *out)
{
    if (interim__survey_is_over(survey))
        return false;
    survey->seen = false;
    if (!survey->walking) {
        *out = (interim__question){survey->by_head, survey->walks && !survey->by_head, survey->url};
        return true;
    }
    *out = (interim__question){false, 1, survey->queue.data + survey->asked};
    survey->asked += strlen(out->url) + 1;
    return true;
}

/* ---- Members ---- */

/* The href as a URL of our origin. An origin behind a proxy that ends TLS names another scheme or
 * port of its host: its path is meant all the same. EURL: it is of another host, or no URL. */
static int read_href(interim__uri **out, const interim__uri *base, const char *href)
{
    interim__uri *named;
    int failed = interim__uri_resolve(&named, base, href, strlen(href), NULL);

    if (failed < 0)
        return failed;
    if (interim__uri_same_origin(named, base)) {
        *out = named;
        return 0;
    }
    failed = strcmp(named->host, base->host) == 0
                 ? interim__uri_resolve(out, base, named->target, strlen(named->target), NULL)
                 : INTERIM_EURL;
    interim__uri_dispose(&named);
    return failed;
}

static void copy_short(char *out, size_t size, const char *text)
{
    if (strlen(text) < size)
        strcpy(out, text);
    else
        out[0] = '\0';
}

static int take_self(interim__survey *survey, const interim_member *member,
                     const interim__uri *base)
{
    interim_place *place = &survey->place;

    if (member->status == 404 || member->status == 410) {
        place->sight = INTERIM_SIGHT_ABSENT;
        return 0;
    }
    place->sight = member->collection ? INTERIM_SIGHT_COLLECTION : INTERIM_SIGHT_FILE;
    place->locked = member->locked;
    place->modified_s = member->modified_s;
    place->created_s = member->created_s;
    if (!member->collection)
        place->length = member->length;
    copy_short(place->etag, sizeof place->etag, member->etag);
    if (member->collection && survey->walks) {
        place->member_count = place->member_bytes = 0;
        place->complete = 1;
    }
    survey->root = interim__uri_share(base);
    return 0;
}

/* Sums do not depend on the order in which servers list. */
static void add_to_digest(interim_place *place, uint64_t name, const interim_member *member)
{
    uint64_t word = name ^ (member->collection ? UINT64_C(0x9e3779b97f4a7c15)
                                               : (uint64_t)member->length * 0x2545f4914f6cdd1d);

    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    place->member_digest += word ^ (word >> 31);
}

static int queue_collection(interim__survey *survey, const interim__uri *uri)
{
    const size_t size = strlen(uri->text) + 1;

    if (survey->queue.length + size > QUEUE_MAX) {
        survey->missed = true;
        return 0;
    }
    return interim__buffer_append(&survey->queue, uri->text, size);
}

static int count(interim__survey *survey, const interim_member *member, const interim__uri *uri)
{
    interim_place *place = &survey->place;
    uint64_t name;
    const int below = interim__uri_below(&name, survey->root, uri);

    if (below < 0) {
        survey->missed = true;
        return below == INTERIM_ENOMEM ? below : 0;
    }
    if ((uint64_t)place->member_count == survey->members_max) {
        survey->missed = true;
        survey->asked = survey->queue.length;
        return INTERIM_ECANCELLED;
    }
    place->member_count++;
    add_to_digest(place, name, member);
    if (member->collection)
        return queue_collection(survey, uri);
    if (member->length < 0 || place->member_bytes > INT64_MAX - member->length)
        survey->sized = false;
    else
        place->member_bytes += member->length;
    return 0;
}

/* What lies deeper than was asked about will be asked about by itself. */
static int place_member(interim__survey *survey, const interim_member *member,
                        const interim__uri *base, const interim__uri *uri, bool first)
{
    uint64_t name;
    const int below = interim__uri_below(&name, base, uri);

    if (below == INTERIM_ENOMEM)
        return below;
    if (below == 0 && (survey->walking || survey->place.sight != INTERIM_SIGHT_NONE))
        return 0;
    if (below == 0 || (first && !survey->walking && (below < 0 || !survey->walks)))
        return take_self(survey, member, base);
    if (below < 0 || survey->place.member_count < 0)
        survey->missed = true;
    if (below != 1 || member->status == 404 || survey->place.member_count < 0)
        return 0;
    return count(survey, member, uri);
}

int interim__survey_member(interim__survey *survey, const interim_member *member,
                           const interim__uri *base)
{
    const bool first = !survey->seen;
    interim__uri *uri;
    int failed = read_href(&uri, base, member->href);

    survey->seen = true;
    if (failed == INTERIM_ENOMEM)
        return failed;
    if (failed < 0) { /* the first is what was asked about, whatever it is called */
        survey->missed = true;
        return first && !survey->walking ? take_self(survey, member, base) : 0;
    }
    failed = place_member(survey, member, base, uri, first);
    interim__uri_dispose(&uri);
    return failed;
}

/* ---- Answers ---- */

static void take_fields(interim_place *place, const interim__heard *heard)
{
    place->sight = INTERIM_SIGHT_SOMETHING;
    place->length = heard->length;
    place->modified_s = heard->modified_s;
    copy_short(place->etag, sizeof place->etag, heard->etag == NULL ? "" : heard->etag);
}

/* Statuses that HEAD would get as well, or that pass. */
static bool is_no_refusal_of_propfind(int status)
{
    return status == 401 || status == 407 || status == 408 || status == 423 || status == 429 ||
           (status >= 500 && status != 501);
}

static void judge_first(interim__survey *survey, const interim__heard *heard)
{
    interim_place *place = &survey->place;
    const bool listed = heard->status == 207 && place->sight != INTERIM_SIGHT_NONE &&
                        (heard->members == 0 || heard->members == INTERIM_ECANCELLED);

    if (heard->code != 0) {
        place->sight = INTERIM_SIGHT_NO_ANSWER;
        place->code = heard->code;
        snprintf(place->text, sizeof place->text, "%s", heard->text);
    } else if (heard->elsewhere) {
        unclear(place, "it is redirected to another server");
    } else if (heard->status == 404 || heard->status == 410) {
        place->sight = INTERIM_SIGHT_ABSENT;
    } else if (survey->by_head && heard->status >= 200 && heard->status <= 299) {
        take_fields(place, heard);
    } else if (!listed && !survey->by_head && !is_no_refusal_of_propfind(heard->status)) {
        interim__survey_begin(survey);
        survey->by_head = true;
        return;
    } else if (!listed) {
        unclear(place, heard->status == 207 ? heard->text : "");
    }
    survey->walking = survey->walks && place->sight == INTERIM_SIGHT_COLLECTION;
    survey->over = !survey->walking;
}

void interim__survey_answered(interim__survey *survey, const interim__heard *heard)
{
    interim_place *place = &survey->place;

    if (survey->walking) {
        if (heard->code != 0 || heard->status != 207 || heard->members != 0)
            survey->missed = true;
    } else {
        place->status = heard->status;
        place->date_s = heard->date_s;
        place->locked |= heard->status == 423;
        copy_short(place->url, sizeof place->url, heard->url);
        judge_first(survey, heard);
        survey->missed |= heard->members != 0;
    }
    if (survey->missed)
        place->complete = 0;
    if (!survey->sized)
        place->member_bytes = -1;
}

/* ---- Places ---- */

void interim__place_init(interim_place *place)
{
    *place = (interim_place){.size = sizeof *place,
                             .length = -1,
                             .modified_s = -1,
                             .created_s = -1,
                             .date_s = -1,
                             .member_count = -1,
                             .member_bytes = -1};
}

bool interim__place_exists(const interim_place *place)
{
    return place->sight == INTERIM_SIGHT_SOMETHING || place->sight == INTERIM_SIGHT_FILE ||
           place->sight == INTERIM_SIGHT_COLLECTION;
}

bool interim__place_is_seen(const interim_place *place)
{
    return place->sight == INTERIM_SIGHT_ABSENT || interim__place_exists(place);
}

bool interim__place_same(const interim_place *a, const interim_place *b)
{
    return a->sight == b->sight && a->length == b->length && a->modified_s == b->modified_s &&
           a->created_s == b->created_s && a->member_count == b->member_count &&
           a->member_bytes == b->member_bytes && a->member_digest == b->member_digest &&
           strcmp(a->etag, b->etag) == 0;
}

static void describe_content(char *out, size_t size, const interim_place *place)
{
    const char *what = place->sight == INTERIM_SIGHT_FILE ? "a file" : "there";

    if (place->sight == INTERIM_SIGHT_COLLECTION && place->member_count < 0)
        snprintf(out, size, "a collection");
    else if (place->sight == INTERIM_SIGHT_COLLECTION && place->member_bytes < 0)
        snprintf(out, size, "a collection with %s%lld members", place->complete ? "" : "at least ",
                 (long long)place->member_count);
    else if (place->sight == INTERIM_SIGHT_COLLECTION)
        snprintf(out, size, "a collection with %s%lld members of %lld bytes in all",
                 place->complete ? "" : "at least ", (long long)place->member_count,
                 (long long)place->member_bytes);
    else if (place->length < 0)
        snprintf(out, size, "%s", what);
    else
        snprintf(out, size, "%s of %lld bytes", what, (long long)place->length);
}

void interim__place_describe(char *out, size_t size, const interim_place *place)
{
    switch (place->sight) {
    case INTERIM_SIGHT_NONE:
        snprintf(out, size, "not looked at");
        break;
    case INTERIM_SIGHT_ABSENT:
        snprintf(out, size, "not there");
        break;
    case INTERIM_SIGHT_UNCLEAR:
        snprintf(out, size, "not to be seen (%d)%s%s", place->status, place->text[0] ? ": " : "",
                 place->text);
        break;
    case INTERIM_SIGHT_NO_ANSWER:
        snprintf(out, size, "not to be asked: %s", interim_strerror(place->code));
        break;
    default:
        describe_content(out, size, place);
    }
}
