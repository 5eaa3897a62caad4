/* marker.c - see marker.h. */
#include "operation/marker.h"

#include "base/text.h"
#include "base/words.h"

#include <stdio.h>
#include <string.h>

#define NOT_SAID ((int64_t)-1)
#define MALFORMED ((int64_t)-2)

void interim__markers_init(interim__markers *markers)
{
    *markers = (interim__markers){.done = -1, .furthest = -1};
}

/* ---- text of the peer's, for people and logs ---- */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static void put(char *out, size_t size, size_t *used, const char *text, size_t length)
{
    for (size_t i = 0; i < length && *used + 1 < size; i++)
        out[(*used)++] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
    out[*used] = '\0';
}

static bool is_word_end(char byte)
{
    return is_blank(byte) || strchr("'\"<>,()", byte) != NULL;
}

/* A word that holds a URL loses user-info, query and fragment: servers put tokens there. */
static void put_word(char *out, size_t size, size_t *used, const char *word, size_t length)
{
    size_t begin = 0, end;

    while (begin + 2 < length && memcmp(word + begin, "://", 3) != 0)
        begin++;
    if (begin + 2 >= length) {
        put(out, size, used, word, length);
        return;
    }
    begin += 3;
    put(out, size, used, word, begin);
    for (end = begin; end < length && strchr("/?#", word[end]) == NULL; end++)
        if (word[end] == '@')
            begin = end + 1;
    for (end = begin; end < length && word[end] != '?' && word[end] != '#'; end++)
        continue;
    put(out, size, used, word + begin, end - begin);
    if (end < length)
        put(out, size, used, "?...", 4);
}

/* Copies a line; URLs as above, and the token behind "Bearer" is blanked. */
static void copy_line(char *out, size_t size, const char *line, size_t length)
{
    size_t used = 0, at = 0;
    bool secret = false;

    *out = '\0';
    while (at < length) {
        size_t end = at;

        while (end < length && !is_word_end(line[end]))
            end++;
        if (secret && end > at)
            put(out, size, &used, "...", 3);
        else
            put_word(out, size, &used, line + at, end - at);
        if (end > at)
            secret = interim__text_is(line + at, end - at, "bearer");
        if (end < length)
            put(out, size, &used, line + end, 1);
        at = end + 1;
    }
}

/* ---- a marker ---- */

static void begin(interim__markers *markers)
{
    markers->inside = true;
    markers->index = markers->bytes = NOT_SAID;
    markers->timestamp[0] = markers->state[0] = '\0';
}

static int64_t number_of(const char *value, size_t length)
{
    int64_t number;

    return interim__text_decimal(&number, value, length, NULL) ? number : MALFORMED;
}

static interim__marker_step take_field(interim__markers *markers, const char *line, size_t length)
{
    static const char names[] = "timestamp\0state\0stripe index\0stripe bytes transferred\0";
    const char *colon = memchr(line, ':', length), *value;
    size_t name = colon == NULL ? 0 : (size_t)(colon - line), size;
    const int which = interim__words_find(names, line, name);

    if (which < 0)
        return INTERIM__MARKER_INSIDE;
    value = colon + 1;
    size = length - name - 1;
    interim__text_trim(&value, &size);
    if (which == 0)
        copy_line(markers->timestamp, sizeof markers->timestamp, value, size);
    else if (which == 1)
        copy_line(markers->state, sizeof markers->state, value, size);
    else
        *(which == 2 ? &markers->index : &markers->bytes) = number_of(value, size);
    return INTERIM__MARKER_INSIDE;
}

/* The stripe's place, made if there is room. */
static interim__stripe *find_stripe(interim__markers *markers, int64_t index)
{
    for (size_t i = 0; i < markers->stripe_count; i++)
        if (markers->stripes[i].index == index)
            return &markers->stripes[i];
    if (markers->stripe_count == INTERIM__MARKER_STRIPES)
        return NULL;
    markers->stripes[markers->stripe_count] = (interim__stripe){index, 0};
    return &markers->stripes[markers->stripe_count++];
}

static int64_t sum(const interim__markers *markers)
{
    int64_t total = 0;

    for (size_t i = 0; i < markers->stripe_count; i++)
        total = markers->stripes[i].bytes > INT64_MAX - total ? INT64_MAX
                                                              : total + markers->stripes[i].bytes;
    return total;
}

/* Stripes beyond the table are not in the sum, but that they move is seen. */
static void add_up(interim__markers *markers)
{
    interim__stripe *stripe = markers->index == MALFORMED || markers->bytes < 0
                                  ? NULL
                                  : find_stripe(markers, markers->index < 0 ? 0 : markers->index);

    if (stripe != NULL) {
        stripe->bytes = markers->bytes;
        markers->done = sum(markers);
        markers->moved = markers->done > markers->furthest && markers->done > 0;
        if (markers->done > markers->furthest)
            markers->furthest = markers->done;
    } else if (markers->index != MALFORMED && markers->bytes > markers->beyond) {
        markers->moved = true;
        markers->beyond = markers->bytes;
    }
}

static interim__marker_step end(interim__markers *markers)
{
    markers->inside = false;
    markers->moved = false;
    add_up(markers);
    snprintf(markers->text, sizeof markers->text, "%s%s%s", markers->timestamp,
             markers->timestamp[0] == '\0' || markers->state[0] == '\0' ? "" : " ", markers->state);
    return INTERIM__MARKER_END;
}

/* ---- the verdict ---- */

static interim__marker_verdict verdict_of(const char *line, size_t length)
{
    static const struct {
        char prefix[8];
        interim__marker_verdict verdict;
    } verdicts[] = {{"success", INTERIM__MARKER_SUCCESS},
                    {"failure", INTERIM__MARKER_FAILURE},
                    {"failed", INTERIM__MARKER_FAILURE},
                    {"aborted", INTERIM__MARKER_ABORTED}};

    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
        if (interim__text_begins(line, length, verdicts[i].prefix))
            return verdicts[i].verdict;
    return INTERIM__MARKER_NONE;
}

/* The first counts, unless a later one says the contrary. */
static interim__marker_step judge(interim__markers *markers, interim__marker_verdict verdict,
                                  const char *line, size_t length)
{
    bool contrary =
        (markers->verdict == INTERIM__MARKER_SUCCESS) != (verdict == INTERIM__MARKER_SUCCESS);

    markers->inside = false;
    if (markers->verdict == INTERIM__MARKER_NONE) {
        markers->verdict = verdict;
        copy_line(markers->reason, sizeof markers->reason, line, length);
    } else if (contrary) {
        markers->verdict = INTERIM__MARKER_CONTRADICTION;
    }
    return INTERIM__MARKER_VERDICT;
}

/* ---- lines ---- */

static interim__marker_step take_line(interim__markers *markers)
{
    const char *line = markers->line;
    size_t length = markers->length;
    bool cut = markers->cut;
    interim__marker_verdict verdict;

    markers->length = 0;
    markers->open = markers->cut = false;
    if (length > 0 && line[length - 1] == '\r')
        length--;
    interim__text_trim(&line, &length);
    if (length == 0)
        return INTERIM__MARKER_BLANK;
    if (interim__text_begins(line, length, "perf marker")) {
        begin(markers);
        return INTERIM__MARKER_BEGIN;
    }
    verdict = verdict_of(line, length);
    if (verdict != INTERIM__MARKER_NONE)
        return judge(markers, verdict, line, length);
    /* Of a line that was cut, a number would be another one. */
    if (!markers->inside || cut)
        return INTERIM__MARKER_UNKNOWN;
    return interim__text_is(line, length, "end") ? end(markers) : take_field(markers, line, length);
}

size_t interim__markers_feed(interim__markers *markers, interim__marker_step *step,
                             const char *data, size_t size)
{
    const char *newline = size == 0 ? NULL : memchr(data, '\n', size);
    size_t piece = newline == NULL ? size : (size_t)(newline - data);
    size_t room = sizeof markers->line - markers->length;
    size_t kept = piece < room ? piece : room;

    if (kept > 0)
        memcpy(markers->line + markers->length, data, kept);
    markers->length += kept;
    markers->open = markers->open || piece > 0;
    markers->cut = markers->cut || piece > room;
    *step = newline == NULL ? INTERIM__MARKER_MORE : take_line(markers);
    return newline == NULL ? size : piece + 1;
}

interim__marker_step interim__markers_finish(interim__markers *markers)
{
    return markers->open ? take_line(markers) : INTERIM__MARKER_MORE;
}
