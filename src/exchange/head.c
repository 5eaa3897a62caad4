/* head.c - see head.h. */
#include "exchange/head.h"

#include "base/text.h"

#include <string.h>

static int fail(interim_error *error, int code, uint64_t offset, const char *what)
{
    interim__error_set(error, code, INTERIM_STAGE_HEAD, "byte %llu: %s", (unsigned long long)offset,
                       what);
    error->offset = (int64_t)offset;
    return code;
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

/* The first CR or NUL in a text, which no part of a head may hold (RFC 9112 section 2.2), or
 * length. NUL is looked for only if there may be one. */
static size_t first_forbidden(const char *text, size_t length, bool may_hold_nul)
{
    const char *cr = memchr(text, '\r', length);
    size_t end = cr == NULL ? length : (size_t)(cr - text);
    const char *nul = may_hold_nul ? memchr(text, '\0', end) : NULL;

    return nul == NULL ? end : (size_t)(nul - text);
}

/* HTTP/1.x SP 3DIGIT [ SP reason ]; the blank before an absent reason is often left out. */
static int parse_status(interim__head *head, const char *line, size_t length, interim_error *error)
{
    int status = 0;

    if (length < 12 || line[7] < '0' || line[7] > '9' || line[8] != ' ')
        return fail(error, INTERIM_ESTATUS_LINE, head->at + (length < 8 ? length : 7),
                    "the version is not followed by a status");
    for (size_t i = 9; i < 12; i++) {
        if (line[i] < '0' || line[i] > '9')
            return fail(error, INTERIM_ESTATUS_LINE, head->at + i,
                        "the status is not three digits");
        status = status * 10 + (line[i] - '0');
    }
    if (status < 100 || (length > 12 && line[12] != ' '))
        return fail(error, INTERIM_ESTATUS_LINE, head->at + 9, "the status is not from 100 to 999");
    head->status = status;
    head->minor = line[7] - '0';
    return 0;
}

static int parse_status_line(interim__head *head, const char *line, size_t length,
                             interim_error *error)
{
    size_t forbidden;
    int failed = parse_status(head, line, length, error);

    if (failed < 0)
        return failed;
    forbidden = first_forbidden(line, length, true);
    return forbidden == length ? 0
                               : fail(error, INTERIM_ESTATUS_LINE, head->at + forbidden,
                                      "the reason holds CR or NUL");
}

/* Looks at the first line as it comes, so that a peer that speaks another protocol, and waits, is
 * found out at its first wrong byte and not by a time limit. */
static int check_first_line(interim__head *head, char *data, size_t length, interim_error *error)
{
    size_t most = length < INTERIM__HEAD_MAX ? length : INTERIM__HEAD_MAX;
    const char *end;

    if (head->first_line > 0)
        return 0;
    for (size_t i = 0; i < sizeof version - 1 && i < length; i++)
        if (data[i] != version[i])
            return fail(error, INTERIM_ESTATUS_LINE, head->at + i, "this is not HTTP/1");
    end = memchr(data + head->scanned, '\n', most - head->scanned);
    if (end == NULL) {
        head->scanned = most;
        return 0;
    }
    head->first_line = (size_t)(end - data) + 1;
    return parse_status_line(head, data, text_length(data, head->first_line), error);
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

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* RFC 9112 section 5.2: a line that begins with a blank goes on with the field before it; the line
 * end and the blanks around it become spaces. */
static int unfold(interim__fields *fields, char *data, size_t at, size_t length, uint64_t base,
                  interim_error *error)
{
    interim_field *last = fields->count == 0 ? NULL : &fields->items[fields->count - 1];
    char *value_end, *text = data + at;

    if (last == NULL)
        return fail(error, INTERIM_EFIELD_LINE, base + at, "a blank begins the first field line");
    while (length > 0 && is_blank(data[at + length - 1]))
        length--;
    value_end = data + (last->value - data) + last->value_length;
    if (length == 0)
        return 0;
    while (is_blank(*text))
        text++;
    memset(value_end, ' ', (size_t)(text - value_end));
    last->value_length = (size_t)(data + at + length - last->value);
    interim__text_trim(&last->value, &last->value_length);
    data[at + length] = '\0';
    return 0;
}

static int parse_field(interim__fields *fields, char *data, size_t at, size_t length, uint64_t base,
                       interim_error *error)
{
    char *line = data + at;
    size_t name_length = interim__text_token_length(line, length);
    size_t begin = name_length + 1, end = length;

    /* A blank before the colon has been used to smuggle: RFC 9112 section 5.1. */
    if (name_length == 0 || name_length == length || line[name_length] != ':')
        return fail(error, INTERIM_EFIELD_LINE, base + at,
                    memchr(line, ':', length) == NULL ? "this field line has no colon"
                                                      : "this field name is not a token");
    if (fields->count == INTERIM__HEAD_FIELDS_MAX)
        return fail(error, INTERIM_EHEAD_LIMIT, base + at, "there are more than 1024 fields");
    while (begin < end && is_blank(line[begin]))
        begin++;
    while (begin < end && is_blank(line[end - 1]))
        end--;
    line[name_length] = '\0';
    line[end] = '\0';
    return interim__fields_add(fields, line, name_length, line + begin, end - begin) < 0
               ? interim__error_set(error, INTERIM_ENOMEM, INTERIM_STAGE_HEAD, "out of memory")
               : 0;
}

int interim__head_parse_fields(interim__fields *fields, char *data, size_t length, uint64_t base,
                               interim_error *error)
{
    bool holds_nul = memchr(data, '\0', length) != NULL;
    size_t at = 0;

    while (at < length) {
        const char *end = memchr(data + at, '\n', length - at);
        size_t next = (size_t)(end - data) + 1;
        size_t text = text_length(data + at, next - at);
        size_t forbidden = first_forbidden(data + at, text, holds_nul);
        int failed;

        if (text == 0)
            break;
        if (forbidden < text)
            return fail(error, INTERIM_EFIELD_LINE, base + at + forbidden,
                        "this field line holds CR or NUL");
        failed = is_blank(data[at]) ? unfold(fields, data, at, text, base, error)
                                    : parse_field(fields, data, at, text, base, error);
        if (failed < 0)
            return failed;
        at = next;
    }
    return 0;
}

/* The head is complete; length is that of the status line without its end. */
static void take_texts(interim__head *head, char *data, size_t length)
{
    data[length] = '\0';
    head->reason = data[12] == ' ' ? data + 13 : "";
    head->start = data;
}

/* ---- the usual: a whole head without anything odd, in one pass ----
 *
 * Nothing is written before its end was found. Whatever is else is 0 here and goes the way above,
 * where any fault in it is found. */

/* The first control character from `at` on, or length. Eight bytes at a time: one that is less than
 * a blank borrows into its own highest bit, and the first that does is exact. */
static inline size_t first_control(const char *data, size_t at, size_t length)
{
    const uint64_t blanks = UINT64_C(0x2020202020202020), high = UINT64_C(0x8080808080808080);
    uint64_t eight;

    for (; length - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, data + at, sizeof eight);
        eight = (eight - blanks) & ~eight & high;
        if (eight == 0)
            continue;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        return at + ((unsigned)__builtin_ctzll(eight) >> 3);
#else
        break;
#endif
    }
    while (at < length && (unsigned char)data[at] >= 0x20)
        at++;
    return at;
}

/* Where the CRLF is behind a text without control characters but tabs, from `at` on; 0: that is not
 * what is there. */
static inline size_t plain_line(const char *data, size_t at, size_t length)
{
    while (at = first_control(data, at, length), at < length && data[at] == '\t')
        at++;
    return length - at >= 2 && data[at] == '\r' && data[at + 1] == '\n' ? at : 0;
}

/* The line from `at` to its CR at end, which is no part of a name: 0, or ENOMEM; 1: it is none of
 * the usual. */
static int plain_field(interim__fields *fields, const char *data, size_t at, size_t end)
{
    size_t colon = at, begin;

    while (interim__text_token_chars[(unsigned char)data[colon]])
        colon++;
    if (colon == at || data[colon] != ':' || fields->count == INTERIM__HEAD_FIELDS_MAX)
        return 1;
    begin = colon + 1;
    while (is_blank(data[begin]))
        begin++;
    while (end > begin && is_blank(data[end - 1]))
        end--;
    return interim__fields_add(fields, data + at, colon - at, data + begin, end - begin);
}

/* The fields and their empty line: where the next message begins, 0 or ENOMEM. */
static ptrdiff_t plain_fields(interim__fields *fields, const char *data, size_t at, size_t length)
{
    while (length - at >= 2 && data[at] != '\r') {
        size_t end = plain_line(data, at, length);
        int other = end == 0 ? 1 : plain_field(fields, data, at, end);

        if (other != 0)
            return other < 0 ? other : 0;
        at = end + 2;
    }
    return length - at >= 2 && data[at + 1] == '\n' ? (ptrdiff_t)at + 2 : 0;
}

static ptrdiff_t plain_head(interim__head *head, char *data, size_t length, interim_error *error)
{
    size_t most = length < INTERIM__HEAD_MAX ? length : INTERIM__HEAD_MAX;
    size_t line = plain_line(data, 0, most);
    ptrdiff_t end;

    if (line < sizeof version || memcmp(data, version, sizeof version - 1) != 0)
        return 0;
    if (parse_status(head, data, line, error) < 0)
        return error->code;
    end = plain_fields(&head->fields, data, line + 2, most);
    if (end < 0)
        return interim__error_set(error, INTERIM_ENOMEM, INTERIM_STAGE_HEAD, "out of memory");
    if (end == 0) {
        interim__fields_clear(&head->fields);
        return 0;
    }
    for (size_t i = 0; i < head->fields.count; i++) {
        const interim_field *field = &head->fields.items[i];

        data[field->name - data + (ptrdiff_t)field->name_length] = '\0';
        data[field->value - data + (ptrdiff_t)field->value_length] = '\0';
    }
    take_texts(head, data, line);
    return end;
}

ptrdiff_t interim__head_parse(interim__head *head, char *data, size_t length, interim_error *error)
{
    size_t end, first;
    ptrdiff_t plain = head->scanned == 0 ? plain_head(head, data, length, error) : 0;
    int failed;

    if (plain != 0)
        return plain;
    failed = check_first_line(head, data, length, error);
    if (failed < 0)
        return failed;
    if (head->first_line == 0)
        return length < INTERIM__HEAD_MAX ? 0 : too_large(head, error);
    first = head->first_line;
    if (head->scanned < first)
        head->scanned = first;
    end = interim__head_find_end(data, length, &head->scanned);
    if (end > INTERIM__HEAD_MAX || (end == 0 && length >= INTERIM__HEAD_MAX))
        return too_large(head, error);
    if (end == 0)
        return 0;
    take_texts(head, data, text_length(data, first));
    failed = interim__head_parse_fields(&head->fields, data + first, end - first, head->at + first,
                                        error);
    return failed < 0 ? failed : (ptrdiff_t)end;
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

void interim__head_dispose(interim__head *head)
{
    interim__fields_dispose(&head->fields);
    *head = (interim__head){0};
}
