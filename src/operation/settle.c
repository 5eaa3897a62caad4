/* settle.c - see settle.h. */
#include "operation/settle.h"

#include "base/options.h"
#include "base/text.h"
#include "exchange/request_head.h"
#include "exchange/uri.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_MS INT64_C(1000000)
#define INTERVAL_MS 2000
#define EQUAL_LOOKS 3
#define QUIET_MAX_MS 30000
#define DEADLINE_MS 120000
#define MEMBERS_MAX 10000
#define LIMIT_MAX ((int64_t)366 * 86400 * 1000)

/* ---- What is to be settled ---- */

static bool is_limit(int64_t value)
{
    return value >= 0 && value <= LIMIT_MAX;
}

static int read_options(interim_settle_options *out, const interim_settle_options *options)
{
    *out = (interim_settle_options)INTERIM_SETTLE_OPTIONS_INIT;
    if ((options != NULL && interim__options_copy(out, sizeof *out, options) < 0) ||
        !is_limit(out->sent_ago_ms) || !is_limit(out->interval_ms) || !is_limit(out->quiet_ms) ||
        !is_limit(out->deadline_ms))
        return INTERIM_EINVAL;
    if (out->interval_ms == 0)
        out->interval_ms = INTERVAL_MS;
    if (out->equal_looks == 0)
        out->equal_looks = EQUAL_LOOKS;
    if (out->deadline_ms == 0)
        out->deadline_ms = DEADLINE_MS;
    if (out->quiet_ms == 0)
        out->quiet_ms = out->deadline_ms / 2 < QUIET_MAX_MS ? out->deadline_ms / 2 : QUIET_MAX_MS;
    if (out->members_max == 0)
        out->members_max = MEMBERS_MAX;
    return 0;
}

static int read_work(interim__work *out, const char *method)
{
    static const char methods[][8] = {[INTERIM__WORK_COPY] = "COPY",
                                      [INTERIM__WORK_MOVE] = "MOVE",
                                      [INTERIM__WORK_PUT] = "PUT",
                                      [INTERIM__WORK_MKCOL] = "MKCOL",
                                      [INTERIM__WORK_DELETE] = "DELETE"};

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i], method) == 0) {
            *out = (interim__work)i;
            return 0;
        }
    return INTERIM_EINVAL;
}

static void read_request(interim__settle *settle, const interim_request *request)
{
    const interim__fields *fields = &request->fields;
    interim__signs *signs = &settle->signs;

    signs->depth_zero = strcmp(interim__fields_value(fields, "depth", "infinity"), "0") == 0;
    signs->overwrites = !interim__text_equal(interim__fields_value(fields, "overwrite", "T"), "F");
    signs->body_length = request->body.length >= 0                    ? request->body.length
                         : request->body.length == INTERIM__BODY_NONE ? 0
                                                                      : -1;
    settle->own_lock = interim__fields_next(fields, "if", NULL) != NULL ||
                       interim__fields_next(fields, "lock-token", NULL) != NULL;
}

static bool has_two_places(interim__work work)
{
    return work == INTERIM__WORK_COPY || work == INTERIM__WORK_MOVE;
}

static int survey_destination(interim__settle *settle, const interim_request *request, bool walks)
{
    interim__survey *survey = &settle->surveys[INTERIM__DESTINATION];
    const char *named = settle->options.destination;
    interim__uri *uri;
    int failed;

    if (!has_two_places(settle->signs.work))
        named = request->uri->text;
    else if (named == NULL)
        named = interim__fields_value(&request->fields, "destination", NULL);
    if (named == NULL)
        return INTERIM_EINVAL;
    failed = interim__uri_resolve(&uri, request->uri, named, strlen(named), NULL);
    if (failed < 0)
        return failed;
    failed = interim__survey_init(survey, uri->text, walks, settle->options.members_max);
    if (failed == 0 && !interim__uri_same_origin(uri, request->uri))
        interim__survey_refuse(survey, "it is on another server, which is not asked");
    interim__uri_dispose(&uri);
    return failed;
}

static int make_surveys(interim__settle *settle, const interim_request *request)
{
    const interim__signs *signs = &settle->signs;
    const bool walks = !settle->options.only_look && !signs->depth_zero;
    int failed = 0;

    if (has_two_places(signs->work) || signs->work == INTERIM__WORK_DELETE)
        failed = interim__survey_init(&settle->surveys[INTERIM__SOURCE], request->uri->text, walks,
                                      settle->options.members_max);
    if (failed == 0 && signs->work != INTERIM__WORK_DELETE)
        failed = survey_destination(settle, request, walks && has_two_places(signs->work));
    return failed;
}

/* ---- Looks ---- */

static void begin_look(interim__settle *settle, int64_t now)
{
    for (int i = 0; i < INTERIM__PLACES; i++)
        interim__survey_begin(&settle->surveys[i]);
    settle->place = 0;
    settle->look_began = now;
    settle->asked_wait_ms = -1;
    settle->need = INTERIM__SETTLE_ASK;
}

int interim__settle_init(interim__settle *settle, const interim_request *request,
                         const interim_settle_options *options, interim_settlement *found,
                         int64_t now)
{
    int failed;

    *settle = (interim__settle){.found = found, .began = now, .steady_since = now};
    settle->signs.start_s = -1;
    for (int i = 0; i < INTERIM__PLACES; i++)
        interim__place_init(&settle->signs.before[i]);
    failed = read_options(&settle->options, options);
    if (failed == 0)
        failed = read_work(&settle->signs.work, request->method);
    if (failed < 0)
        return failed;
    read_request(settle, request);
    if (settle->options.before != NULL)
        memcpy(settle->signs.before, settle->options.before->places, sizeof settle->signs.before);
    settle->options.before = NULL;
    failed = make_surveys(settle, request);
    settle->options.destination = NULL;
    if (failed < 0) {
        interim__settle_dispose(settle);
        return failed;
    }
    begin_look(settle, now);
    return 0;
}

void interim__settle_dispose(interim__settle *settle)
{
    for (int i = 0; i < INTERIM__PLACES; i++)
        interim__survey_dispose(&settle->surveys[i]);
}

/* When the request was sent, by the server's clock: a length of time that we measured, taken off a
 * time that it told. A second is the least that its times can tell apart. */
static void note_start(interim__settle *settle, int64_t now)
{
    const int64_t ago_ms = settle->options.sent_ago_ms + (now - settle->began) / NS_PER_MS;

    for (int i = 0; i < INTERIM__PLACES && settle->signs.start_s < 0; i++) {
        const int64_t date = settle->surveys[i].place.date_s;

        if (settle->signs.before[i].date_s >= 0)
            settle->signs.start_s = settle->signs.before[i].date_s;
        else if (settle->options.sent_ago_ms > 0 && date >= 0)
            settle->signs.start_s = date - ago_ms / 1000 - 1;
    }
}

static bool is_locked(const interim__settle *settle)
{
    for (int i = 0; i < INTERIM__PLACES && !settle->own_lock; i++)
        if (settle->surveys[i].place.locked && !settle->signs.before[i].locked)
            return true;
    return false;
}

/* Whether the look saw what there is to see. A source of a COPY that is hidden only tells less. */
static bool counts(const interim__settle *settle)
{
    const bool source =
        settle->signs.work == INTERIM__WORK_MOVE || settle->signs.work == INTERIM__WORK_DELETE;
    const bool destination = settle->signs.work != INTERIM__WORK_DELETE;

    return (!source || interim__place_is_seen(&settle->surveys[INTERIM__SOURCE].place)) &&
           (!destination || interim__place_is_seen(&settle->surveys[INTERIM__DESTINATION].place));
}

/* Compares with the look before. What only a COPY's source does is no sign of the COPY. */
static void compare(interim__settle *settle, int64_t now)
{
    interim__signs *signs = &settle->signs;
    bool same = settle->compared;

    signs->changed_last = false;
    for (int i = 0; i < INTERIM__PLACES && settle->compared; i++) {
        if (interim__place_same(&settle->last[i], &settle->surveys[i].place))
            continue;
        same = false;
        if (i == INTERIM__SOURCE && signs->work == INTERIM__WORK_COPY)
            continue;
        signs->changed[i] = signs->changed_last = true;
    }
    for (int i = 0; i < INTERIM__PLACES; i++)
        settle->last[i] = settle->surveys[i].place;
    settle->compared = true;
    settle->equal = same ? settle->equal + 1 : 1;
    if (!same)
        settle->steady_since = now;
    signs->steady = settle->equal >= settle->options.equal_looks;
    signs->quiet =
        signs->steady && now - settle->steady_since >= settle->options.quiet_ms * NS_PER_MS;
}

static int64_t max_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* A look that takes long is not made more often than it takes. */
static void wait_for_next(interim__settle *settle, int64_t now)
{
    const int64_t deadline = settle->began + settle->options.deadline_ms * NS_PER_MS;
    int64_t wait = max_of(settle->options.interval_ms, settle->asked_wait_ms) * NS_PER_MS;

    wait = max_of(wait, now - settle->look_began);
    settle->wait_until = deadline - now < wait ? deadline : now + wait;
    settle->need = INTERIM__SETTLE_WAIT;
}

static void end_look(interim__settle *settle, int64_t now)
{
    interim__signs *signs = &settle->signs;
    const bool late = now >= settle->began + settle->options.deadline_ms * NS_PER_MS;
    bool told;

    note_start(settle, now);
    if (counts(settle))
        compare(settle, now);
    signs->locked = is_locked(settle);
    for (int i = 0; i < INTERIM__PLACES; i++)
        settle->found->places[i] = signs->now[i] = settle->surveys[i].place;
    settle->found->looks++;
    settle->looked = true;
    told = interim__judge(settle->found, signs);
    if (settle->options.only_look) {
        settle->found->finding = INTERIM_FOUND_UNCLEAR;
        settle->found->certainty = INTERIM_CERTAINTY_NONE;
        snprintf(settle->found->reason, sizeof settle->found->reason, "it was looked at once");
    }
    if (told || late || settle->options.only_look)
        settle->need = INTERIM__SETTLE_OVER;
    else
        wait_for_next(settle, now);
}

interim__question interim__settle_question(interim__settle *settle)
{
    interim__question question = {0};

    while (settle->place < INTERIM__PLACES &&
           !interim__survey_next(&settle->surveys[settle->place], &question))
        settle->place++;
    return question;
}

int interim__settle_member(interim__settle *settle, const interim_member *member,
                           const interim__uri *base)
{
    return interim__survey_member(&settle->surveys[settle->place], member, base);
}

/* Both places are of one origin: who does not answer here does not there, and a password that was
 * refused is not tried again, lest it be locked. */
static bool speaks_for_both(const interim_place *source)
{
    return source->sight == INTERIM_SIGHT_NO_ANSWER || source->status == 401 ||
           source->status == 407;
}

void interim__settle_answered(interim__settle *settle, const interim__heard *heard,
                              int64_t retry_after_ms, int64_t now)
{
    interim__survey *survey = &settle->surveys[settle->place];

    interim__survey_answered(survey, heard);
    if (settle->place == INTERIM__SOURCE && speaks_for_both(&survey->place)) {
        settle->surveys[INTERIM__DESTINATION].place = survey->place;
        settle->surveys[INTERIM__DESTINATION].over = true;
    }
    settle->asked_wait_ms = max_of(settle->asked_wait_ms, retry_after_ms);
    while (settle->place < INTERIM__PLACES &&
           interim__survey_is_over(&settle->surveys[settle->place]))
        settle->place++;
    if (settle->place == INTERIM__PLACES)
        end_look(settle, now);
}

void interim__settle_tick(interim__settle *settle, int64_t now)
{
    if (settle->need == INTERIM__SETTLE_WAIT && now >= settle->wait_until)
        begin_look(settle, now);
}

void interim__settle_describe(const interim__settle *settle, char *out, size_t size)
{
    const interim_place *source = &settle->found->places[INTERIM__SOURCE];
    const interim_place *destination = &settle->found->places[INTERIM__DESTINATION];
    char first[200], second[200];

    interim__place_describe(first, sizeof first, source);
    interim__place_describe(second, sizeof second, destination);
    if (destination->sight == INTERIM_SIGHT_NONE)
        snprintf(out, size, "source: %s", first);
    else if (source->sight == INTERIM_SIGHT_NONE)
        snprintf(out, size, "destination: %s", second);
    else
        snprintf(out, size, "source: %s; destination: %s", first, second);
}
