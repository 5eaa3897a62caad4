/* head.c - see head.h. */
#include "exchange/head.h"

#include "base/scan.h"
#include "base/text.h"

#include <string.h>

/* Without an error it is only told that there is one. */
static int fail(interim_error *error, int code, uint64_t offset, const char *what)
{
    if (error == NULL)
        return code;
    interim__error_set(error, code, INTERIM_STAGE_HEAD, "byte %llu: %s", (unsigned long long)offset,
                       what);
    error->offset = (int64_t)offset;
    return code;
}

static int no_memory(interim_error *error)
{
    return error == NULL
               ? INTERIM_ENOMEM
               : interim__error_set(error, INTERIM_ENOMEM, INTERIM_STAGE_HEAD, "out of memory");
}

static int too_large(const interim__head *head, interim_error *error)
{
    return fail(error, INTERIM_EHEAD_LIMIT, head->at + INTERIM__HEAD_MAX,
                "the head is larger than 64 KiB");
}

static const char version[] = "HTTP/1.";

/* The length of a line's text without its end; line_length counts the LF. */
static size_t text_length(const char *line, size_t line_length)
{
    size_t length = line_length - 1;

    return length > 0 && line[length - 1] == '\r' ? length - 1 : length;
}

/* The text of a line ends at end, and so many bytes of a line end follow: none where the text ends
 * with the data, or holds a CR or NUL, which no part of a head may (RFC 9112 section 2.2). */
typedef struct text_line {
    size_t end, mark;
} text_line;

static inline bool begins_with_end(const char *data, size_t at, size_t length)
{
    return length - at >= 2 && memcmp(data + at, "\r\n", 2) == 0;
}

INTERIM__COLD static text_line odd_line(const char *data, size_t end, size_t length)
{
    for (;; end++) {
        end = interim__scan(data, end, length, INTERIM__SCAN_CONTROL);
        if (end == length || data[end] == '\0')
            return (text_line){end, 0};
        if (data[end] == '\n')
            return (text_line){end, 1};
        if (data[end] == '\r')
            return (text_line){end, length - end >= 2 && data[end + 1] == '\n' ? 2 : 0};
    }
}

static inline text_line find_line(const char *data, size_t at, size_t length)
{
    size_t end = interim__scan(data, at, length, INTERIM__SCAN_CONTROL);

    return begins_with_end(data, end, length) ? (text_line){end, 2} : odd_line(data, end, length);
}

/* HTTP/1.x SP 3DIGIT [ SP reason ]; the blank before an absent reason is often left out. */
static int parse_status(interim__head *head, const char *line, size_t length, interim_error *error)
{
    unsigned hundreds, tens, ones;

    if (length < 12 || line[7] < '0' || line[7] > '9' || line[8] != ' ')
        return fail(error, INTERIM_ESTATUS_LINE, head->at + (length < 8 ? length : 7),
                    "the version is not followed by a status");
    hundreds = (unsigned char)line[9] - (unsigned)'0';
    tens = (unsigned char)line[10] - (unsigned)'0';
    ones = (unsigned char)line[11] - (unsigned)'0';
    if (hundreds > 9 || tens > 9 || ones > 9)
        return fail(error, INTERIM_ESTATUS_LINE,
                    head->at + (hundreds > 9 ? 9U
                                : tens > 9   ? 10U
                                             : 11U),
                    "the status is not three digits");
    if (hundreds == 0 || (length > 12 && line[12] != ' '))
        return fail(error, INTERIM_ESTATUS_LINE, head->at + 9, "the status is not from 100 to 999");
    head->status = (int)(100 * hundreds + 10 * tens + ones);
    head->minor = line[7] - '0';
    return 0;
}

/* Looks at the first line as it comes, so that a peer that speaks another protocol, and waits, is
 * found out at its first wrong byte and not by a time limit. */
static int check_first_line(interim__head *head, const char *data, size_t length,
                            interim_error *error)
{
    size_t most = length < INTERIM__HEAD_MAX ? length : INTERIM__HEAD_MAX, text;
    text_line first;
    int failed;

    if (length < sizeof version - 1 || memcmp(data, version, sizeof version - 1) != 0)
        for (size_t i = 0; i < sizeof version - 1 && i < length; i++)
            if (data[i] != version[i])
                return fail(error, INTERIM_ESTATUS_LINE, head->at + i, "this is not HTTP/1");
    first = find_line(data, head->scanned, most);
    if (first.mark == 0) {
        const char *lf = memchr(data + first.end, '\n', most - first.end);

        if (lf == NULL) {
            head->scanned = most;
            return 0;
        }
        first.mark = (size_t)(lf - data) + 1 - first.end;
    }
    head->first_line = first.end + first.mark;
    text = text_length(data, head->first_line);
    failed = parse_status(head, data, text, error);
    if (failed == 0 && head->scanned > 0)
        first = find_line(data, 0, text);
    if (failed == 0 && first.end < text)
        failed =
            fail(error, INTERIM_ESTATUS_LINE, head->at + first.end, "the reason holds CR or NUL");
    return failed;
}

size_t interim__head_find_end(const char *data, size_t length, size_t *scanned)
{
    size_t line = *scanned;
    const char *end;

    while ((end = memchr(data + line, '\n', length - line)) != NULL) {
        size_t next = (size_t)(end - data) + 1;

        if (text_length(data + line, next - line) == 0)
            return next;
        line = next;
    }
    *scanned = line;
    return 0;
}

static inline bool is_blank(char c)
{
    return (unsigned char)c <= ' ' && (c == ' ' || c == '\t');
}

/* RFC 9112 section 5.2: a line that begins with a blank goes on with the field before it; the line
 * end and the blanks around it become spaces. */
INTERIM__COLD static int unfold(interim__fields *fields, char *data, size_t at, size_t end,
                                uint64_t base, interim_error *error)
{
    interim_field *last = fields->count == 0 ? NULL : &fields->items[fields->count - 1];
    char *value_end, *text = data + at;

    if (last == NULL)
        return fail(error, INTERIM_EFIELD_LINE, base + at, "a blank begins the first field line");
    while (end > at && is_blank(data[end - 1]))
        end--;
    value_end = data + (last->value - data) + last->value_length;
    if (end == at)
        return 0;
    while (is_blank(*text))
        text++;
    memset(value_end, ' ', (size_t)(text - value_end));
    last->value_length = (size_t)(data + end - last->value);
    interim__text_trim(&last->value, &last->value_length);
    return 0;
}

INTERIM__COLD static int no_field(const char *data, size_t at, size_t end, uint64_t base,
                                  interim_error *error)
{
    return fail(error, INTERIM_EFIELD_LINE, base + at,
                memchr(data + at, ':', end - at) == NULL ? "this field line has no colon"
                                                         : "this field name is not a token");
}

/* Room for one more field, which begins at byte `offset`, in a full list. One of the most fields
 * that there may be is full: 16 are doubled until there are enough. */
INTERIM__COLD static int make_room(interim__fields *fields, uint64_t offset, interim_error *error)
{
    if (fields->count >= INTERIM__HEAD_FIELDS_MAX)
        return fail(error, INTERIM_EHEAD_LIMIT, offset, "there are more than 1024 fields");
    return interim__fields_grow(fields) < 0 ? no_memory(error) : 0;
}

/* The first byte from `at` on that is none of a name, or length. */
static inline size_t find_name_end(const char *data, size_t at, size_t length)
{
    at = interim__scan(data, at, length, INTERIM__SCAN_OTHER);
    while (at < length && data[at] != ':' && interim__text_token_chars[(unsigned char)data[at]])
        at++;
    return at;
}

/* The line from `at` to end; what may be its name ends at colon, in it. */
static inline int parse_line(interim__fields *fields, char *data, size_t at, size_t colon,
                             size_t end, uint64_t base, interim_error *error)
{
    size_t begin;

    /* A blank before the colon has been used to smuggle: RFC 9112 section 5.1. */
    if (colon == at || data[colon] != ':')
        return is_blank(data[at]) ? unfold(fields, data, at, end, base, error)
                                  : no_field(data, at, end, base, error);
    if (fields->count == fields->capacity) {
        int failed = make_room(fields, base + at, error);

        if (failed < 0)
            return failed;
    }
    begin = colon + 1 + (data[colon + 1] == ' ');
    while (is_blank(data[begin]))
        begin++;
    while (end > begin && is_blank(data[end - 1]))
        end--;
    interim__fields_put(fields, data + at, colon - at, data + begin, end - begin);
    return 0;
}

/* Parses field lines from `at` on and the empty line behind them: where that ends; 0 when it is not
 * there; or an error. Texts have no NULs yet, so that it can be done again with more. */
static ptrdiff_t parse_lines(interim__fields *fields, char *data, size_t at, size_t length,
                             uint64_t base, interim_error *error)
{
    while (at < length) {
        size_t name_end;
        text_line line;
        int failed;

        if (data[at] == '\r' && begins_with_end(data, at, length))
            return (ptrdiff_t)at + 2;
        name_end = find_name_end(data, at, length);
        line = find_line(data, name_end, length); /* no byte of a name could be its end */
        if (line.mark == 0)
            return line.end == length || (line.end + 1 == length && data[line.end] == '\r')
                       ? 0
                       : fail(error, INTERIM_EFIELD_LINE, base + line.end,
                              "this field line holds CR or NUL");
        if (name_end == at && line.end == at)
            return (ptrdiff_t)(at + line.mark);
        failed = parse_line(fields, data, at, name_end, line.end, base, error);
        if (failed < 0)
            return failed;
        at = line.end + line.mark;
    }
    return 0;
}

static void end_texts(const interim__fields *fields, char *data)
{
    const interim_field *at = fields->items;

    for (size_t left = fields->count; left > 0; left--, at++) {
        data[at->name - data + (ptrdiff_t)at->name_length] = '\0';
        data[at->value - data + (ptrdiff_t)at->value_length] = '\0';
    }
}

int interim__head_parse_fields(interim__fields *fields, char *data, size_t length, uint64_t base,
                               interim_error *error)
{
    ptrdiff_t end = parse_lines(fields, data, 0, length, base, error);

    end_texts(fields, data);
    return end < 0 ? (int)end : 0;
}

/* The head is complete. */
static ptrdiff_t finish(interim__head *head, char *data, ptrdiff_t end)
{
    data[text_length(data, head->first_line)] = '\0';
    end_texts(&head->fields, data);
    head->reason = data[12] == ' ' ? data + 13 : "";
    head->start = data;
    return end;
}

/* A head mostly comes as a whole: its lines are parsed before anybody has looked for its end. What
 * is wrong is not known to be before that is there. */
ptrdiff_t interim__head_parse(interim__head *head, char *data, size_t length, interim_error *error)
{
    size_t most = length < INTERIM__HEAD_MAX ? length : INTERIM__HEAD_MAX, end;
    ptrdiff_t parsed = head->first_line > 0 ? 0 : check_first_line(head, data, length, error);

    if (parsed < 0)
        return parsed;
    if (head->first_line == 0)
        return length < INTERIM__HEAD_MAX ? 0 : too_large(head, error);
    if (head->fields.items == NULL)
        interim__fields_lend(&head->fields, head->room, INTERIM__HEAD_ROOM);
    if (head->scanned < head->first_line) {
        head->scanned = head->first_line;
        parsed = parse_lines(&head->fields, data, head->first_line, most, head->at, NULL);
        if (parsed > 0)
            return finish(head, data, parsed);
        if (parsed == INTERIM_ENOMEM)
            return no_memory(error);
        interim__fields_clear(&head->fields);
    }
    end = interim__head_find_end(data, length, &head->scanned);
    if (end > INTERIM__HEAD_MAX || (end == 0 && length >= INTERIM__HEAD_MAX))
        return too_large(head, error);
    if (end == 0)
        return 0;
    parsed = parse_lines(&head->fields, data, head->first_line, end, head->at, error);
    return parsed < 0 ? parsed : finish(head, data, parsed);
}

uint64_t interim__head_offset(const interim__head *head, const interim_field *field)
{
    return head->at + (uint64_t)(field->name - head->start);
}

void interim__head_clear(interim__head *head)
{
    interim__fields_clear(&head->fields);
    head->status = 0;
    head->reason = "";
    head->at = 0;
    head->start = NULL;
    head->scanned = 0;
    head->first_line = 0;
}
