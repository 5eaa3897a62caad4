/* framing.c - see framing.h. Where RFC 9112 leaves a choice between repair and refusal, a length
 * that two readers could understand differently is refused: that is how responses are smuggled. */
#include "exchange/framing.h"

#include "base/text.h"

#include <string.h>

/* The offset is that of the field line. */
static int fail(interim_error *error, const interim__head *head, const interim_field *field,
                const char *what)
{
    uint64_t offset = interim__head_offset(head, field);

    interim__error_set(error, INTERIM_EFRAMING, INTERIM_STAGE_HEAD, "byte %llu: %s: %.64s",
                       (unsigned long long)offset, what, field->value);
    error->offset = (int64_t)offset;
    return INTERIM_EFRAMING;
}

/* The lines from field on say all the same: as content_length. */
INTERIM__COLD static int same_length(int64_t *length, const interim__head *head,
                                     const interim_field *field, interim_error *error)
{
    for (; field != NULL; field = interim__fields_next(&head->fields, "content-length", field)) {
        const char *list = field->value, *text;
        size_t list_length = field->value_length, text_length;
        int64_t value = -1;

        if (list_length == 0)
            return fail(error, head, field, "Content-Length is empty");
        while (interim__text_next_element(&list, &list_length, &text, &text_length)) {
            if (!interim__text_decimal(&value, text, text_length, NULL))
                return fail(error, head, field, "Content-Length is not a number that can be");
            if (*length >= 0 && value != *length)
                return fail(error, head, field, "two different Content-Lengths");
            *length = value;
        }
        if (value < 0)
            return fail(error, head, field, "Content-Length is not a number");
    }
    return 0;
}

/* Content-Length, which may be repeated and may be a list as long as all say the same (RFC 9110
 * section 8.6). *length is -1, and stays that when there is none. */
static int content_length(int64_t *length, const interim__head *head, interim_error *error)
{
    const interim_field *first = interim__fields_next(&head->fields, "content-length", NULL);

    if (first == NULL)
        return 0;
    if (interim__text_decimal(length, first->value, first->value_length, NULL)) /* mostly */
        first = interim__fields_next(&head->fields, "content-length", first);
    else
        *length = -1;
    return first == NULL ? 0 : same_length(length, head, first, error);
}

/* The only transfer coding that we can undo is chunked; TE asked for no other (RFC 9112 section 7).
 */
static int transfer_coding(bool *chunked, const interim__head *head, interim_error *error)
{
    const interim_field *field = NULL;

    while ((field = interim__fields_next(&head->fields, "transfer-encoding", field)) != NULL) {
        const char *list = field->value, *text;
        size_t list_length = field->value_length, length;

        if (*chunked)
            return fail(error, head, field, "more than one transfer coding");
        while (interim__text_next_element(&list, &list_length, &text, &length)) {
            if (*chunked || !interim__text_is(text, length, "chunked"))
                return fail(error, head, field, "a transfer coding that was not asked for");
            *chunked = true;
        }
        if (!*chunked)
            return fail(error, head, field, "Transfer-Encoding is empty");
    }
    return 0;
}

int interim__framing_decide(interim__framing *out, const interim__head *head, const char *method,
                            interim_error *error)
{
    bool chunked = false;
    int failed;

    *out = (interim__framing){INTERIM__FRAMING_NONE, -1, false};
    if ((*method == 'H' && strcmp(method, "HEAD") == 0) || head->status == 204 ||
        head->status == 304)
        return 0;
    /* RFC 9112 section 6.3: whatever its fields say, a tunnel begins after the head. */
    if (*method == 'C' && strcmp(method, "CONNECT") == 0 && head->status < 300)
        return 0;
    failed = transfer_coding(&chunked, head, error);
    if (failed == 0)
        failed = content_length(&out->length, head, error);
    if (failed < 0)
        return failed;
    if (chunked) {
        /* Both lengths, or chunked in HTTP/1.0: somebody on the way understood it differently. */
        out->close = out->length >= 0 || head->minor == 0;
        out->kind = INTERIM__FRAMING_CHUNKED;
    } else if (out->length >= 0) {
        out->kind = INTERIM__FRAMING_LENGTH;
    } else {
        out->kind = INTERIM__FRAMING_CLOSE;
        out->close = true;
    }
    return 0;
}
