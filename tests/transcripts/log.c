/* log.c - see log.h. */
#include "log.h"

#include "escapes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void log_finish(struct log *log)
{
    if (!log->in_body)
        return;
    log->in_body = false;
    put_text(&log->text, "body \"");
    escapes_write(&log->text, log->body.data, log->body.length);
    put_text(&log->text, "\"\n");
    log->body.length = 0;
}

void log_dispose(struct log *log)
{
    interim__buffer_dispose(&log->text);
    interim__buffer_dispose(&log->body);
    log->in_body = false;
}

void log_record(struct log *log, const char *format, ...)
{
    char line[512];
    va_list arguments;

    log_finish(log);
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    put_text(&log->text, line);
    put_text(&log->text, "\n");
}

void log_fields(struct log *log, const interim_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_text(&log->text, "  ");
        escapes_write(&log->text, fields[i].name, fields[i].name_length);
        put_text(&log->text, fields[i].value_length > 0 ? ": " : ":");
        escapes_write(&log->text, fields[i].value, fields[i].value_length);
        put_text(&log->text, "\n");
    }
}

void log_message(struct log *log, const char *kind, int status, const char *reason,
                 const interim_field *fields, size_t count)
{
    log_finish(log);
    put_format(&log->text, "%s %d \"", kind, status);
    escapes_write(&log->text, reason, strlen(reason));
    put_text(&log->text, "\"\n");
    log_fields(log, fields, count);
}

void log_body(struct log *log, const void *data, size_t size)
{
    if (size == 0)
        return;
    put(&log->body, data, size);
    log->in_body = true;
}

void log_trailers(struct log *log, const interim_field *fields, size_t count)
{
    if (count == 0)
        return;
    log_record(log, "trailer");
    log_fields(log, fields, count);
}

/* " hop=poll:2", "" for the request itself. */
static const char *hop_of(char *out, size_t size, const interim_event *event)
{
    *out = '\0';
    if (event->hop != INTERIM_HOP_REQUEST)
        snprintf(out, size, " hop=%s:%u", interim_hop_name(event->hop), event->hop_index);
    return out;
}

static const char *error_of(const interim_error *error)
{
    return error == NULL || error->code == 0 ? "-" : interim_error_name(error->code) + 8;
}

static void log_event_message(struct log *log, const interim_event *event, const char *hop)
{
    log_finish(log);
    put_format(&log->text, "%s %d \"", interim_event_name(event->kind), event->status);
    escapes_write(&log->text, event->reason, strlen(event->reason));
    put_text(&log->text, "\"");
    if (event->kind == INTERIM_EVENT_POLL ||
        (event->kind == INTERIM_EVENT_MARKER && event->text[0] != '\0'))
        put_format(&log->text, " %.40s", event->text);
    put_format(&log->text, "%s\n", hop);
    log_fields(log, event->fields, event->field_count);
    if (event->percent >= 0 || event->done >= 0 || event->total >= 0)
        log_record(log, "progress %g%% %lld/%lld", event->percent, (long long)event->done,
                   (long long)event->total);
}

void log_event(struct log *log, const interim_event *event)
{
    char hop[32];

    hop_of(hop, sizeof hop, event);
    switch (event->kind) {
    case INTERIM_EVENT_INTERIM:
    case INTERIM_EVENT_RESPONSE:
    case INTERIM_EVENT_POLL:
    case INTERIM_EVENT_MARKER:
        log_event_message(log, event, hop);
        break;
    case INTERIM_EVENT_REDIRECT:
        log_record(log, "redirect %s%s", event->url, hop);
        break;
    case INTERIM_EVENT_ACCEPTED:
        log_record(log, "accepted %s %s", event->url, event->text);
        break;
    case INTERIM_EVENT_WAITING:
        if (log->real_time)
            log_record(log, "waiting ?");
        else
            log_record(log, "waiting %lld", (long long)event->wait_ms);
        break;
    case INTERIM_EVENT_RETRY:
        log_record(log, "retry %s %s%s", error_of(event->error), event->text, hop);
        break;
    case INTERIM_EVENT_GAP:
        log_record(log, "gap silence=%lld%s", (long long)event->silence_ms, hop);
        break;
    default:
        break;
    }
}

static void log_quoted(struct log *log, const char *text)
{
    put_text(&log->text, " \"");
    escapes_write(&log->text, text, strlen(text));
    put_text(&log->text, "\"");
}

void log_problem(struct log *log, const interim_problem *problem)
{
    if (problem == NULL)
        return;
    log_finish(log);
    put_format(&log->text, "problem %d", problem->status);
    log_quoted(log, problem->type);
    log_quoted(log, problem->title);
    log_quoted(log, problem->detail);
    log_quoted(log, problem->instance);
    put_text(&log->text, "\n");
}

void log_end(struct log *log, const char *outcome, int status, const interim_error *error,
             const char *reuse)
{
    char offset[32] = "", word[32];

    /* "still running" is one word here. */
    snprintf(word, sizeof word, "%s", outcome);
    for (char *at = word; *at != '\0'; at++)
        if (*at == ' ')
            *at = '-';
    if (error->code != 0 && error->offset >= 0)
        snprintf(offset, sizeof offset, " offset=%lld", (long long)error->offset);
    log_record(log, "end %s %d%s%s%s reuse=%s", word, status, error->code == 0 ? "" : " ",
               error->code == 0 ? "" : error_of(error), offset, reuse);
}

/* ---- comparing ---- */

static size_t line_length(const char *text)
{
    size_t length = 0;

    /* Not strcspn: with strict_string_checks that reads all lines behind this one each time. */
    while (text[length] != '\0' && text[length] != '\n')
        length++;
    return length;
}

static size_t word_length(const char *text, const char *end)
{
    size_t length = 0;

    while (text + length < end && text[length] != ' ')
        length++;
    return length;
}

/* "1000..2000" and a number from 1000 to 2000; also behind "name=". */
static bool is_in_range(const char *range, size_t range_length, const char *word)
{
    const char *equals = memchr(range, '=', range_length);
    size_t prefix = equals == NULL ? 0 : (size_t)(equals - range) + 1;
    char *end;
    long long low, high, value;

    if (strncmp(range, word, prefix) != 0)
        return false;
    low = strtoll(range + prefix, &end, 10);
    if (strncmp(end, "..", 2) != 0)
        return false;
    high = strtoll(end + 2, NULL, 10);
    value = strtoll(word + prefix, &end, 10);
    return (*end == ' ' || *end == '\n' || *end == '\0') && value >= low && value <= high;
}

/* One word against another: "?" of what was got is something that the layer does not know. */
static bool word_matches(const char *expected, size_t expected_length, const char *got,
                         size_t got_length)
{
    if (expected_length == got_length && memcmp(expected, got, got_length) == 0)
        return true;
    if (got_length > 0 && got[got_length - 1] == '?')
        return got_length == 1 || strncmp(expected, got, got_length - 1) == 0;
    return is_in_range(expected, expected_length, got);
}

static bool begins(const char *line, const char *word)
{
    return strncmp(line, word, strlen(word)) == 0;
}

static bool line_matches(const char *expected, const char *got)
{
    const char *expected_end = expected + line_length(expected), *got_end = got + line_length(got);

    if (expected_end - expected == got_end - got &&
        memcmp(expected, got, (size_t)(got_end - got)) == 0)
        return true;
    if (!begins(got, "end ") && !begins(got, "waiting ") && !begins(got, "gap "))
        return false;
    while (expected < expected_end && got < got_end) {
        size_t a = word_length(expected, expected_end), b = word_length(got, got_end);

        if (!word_matches(expected, a, got, b))
            return false;
        expected += a + (expected + a < expected_end);
        got += b + (got + b < got_end);
    }
    return expected == expected_end && got == got_end;
}

static const char *next_line(const char *text)
{
    text += line_length(text);
    return *text == '\n' ? text + 1 : text;
}

/* Past what nobody expects and not every layer knows: why, and how far. */
static const char *skip_optional(const char *got, const char *expected)
{
    static const char *const words[] = {"problem ", "reason ", "progress "};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (begins(got, words[i]) && !begins(expected, words[i]))
            return skip_optional(next_line(got), expected);
    return got;
}

/* Moves both over the lines that match. */
static void skip_matching(const char **expected, const char **got)
{
    for (;;) {
        *got = skip_optional(*got, *expected);
        if (**expected == '\0' || **got == '\0' || !line_matches(*expected, *got))
            return;
        *expected = next_line(*expected);
        *got = next_line(*got);
    }
}

bool log_matches(const char *expected, const char *got)
{
    skip_matching(&expected, &got);
    return *expected == '\0' && *got == '\0';
}

/* Where the lines begin that are the same from there to the end. */
static void find_common_end(const char *expected, const char *got, const char **expected_end,
                            const char **got_end)
{
    const char *a = expected + strlen(expected), *b = got + strlen(got);

    *expected_end = a;
    *got_end = b;
    while (a > expected && b > got) {
        for (a--; a > expected && a[-1] != '\n';)
            a--;
        for (b--; b > got && b[-1] != '\n';)
            b--;
        if (!line_matches(a, b))
            return;
        *expected_end = a;
        *got_end = b;
    }
}

static void print_lines(char sign, const char *from, const char *to)
{
    int lines = 0;

    for (; from < to && lines < 20; from = next_line(from), lines++) {
        int length = (int)line_length(from);

        printf("    %c %.*s%s\n", sign, length < 200 ? length : 200, from,
               length < 200 ? "" : "...");
    }
    if (from < to)
        printf("    %c ...\n", sign);
}

void log_print_difference(const char *expected, const char *got)
{
    const char *expected_end, *got_end, *start = expected;

    skip_matching(&expected, &got);
    printf("    after %td matching bytes of the expected log:\n", expected - start);
    find_common_end(expected, got, &expected_end, &got_end);
    print_lines('-', expected, expected_end);
    print_lines('+', got, got_end);
}
