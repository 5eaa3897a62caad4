/* embedded.c - see embedded.h. */
#include "operation/embedded.h"

#include "base/text.h"
#include "exchange/head.h"

#include <stdlib.h>
#include <string.h>

static bool is_http(const interim__answer *answer)
{
    const interim_field *type = interim__fields_next(&answer->fields, "content-type", NULL);

    return type != NULL &&
           interim__text_begins(type->value, type->value_length, "application/http");
}

/* The fields of head move to the answer, what stands behind it to body. */
static int take(interim__answer *answer, interim__buffer *body, const interim__head *head,
                const char *rest, size_t size)
{
    interim_field *fields = interim__fields_clone(head->fields.items, head->fields.count);
    interim__buffer content = {0};

    if (fields == NULL || interim__buffer_append(&content, rest, size) < 0) {
        free(fields);
        return INTERIM_ENOMEM;
    }
    interim__answer_replace_fields(answer, fields, head->fields.count);
    answer->embedded = head->status;
    interim__buffer_dispose(body);
    *body = content;
    return 0;
}

int interim__embedded_unwrap(interim__answer *answer, interim__buffer *body)
{
    interim__head head = {0};
    interim_error error;
    ptrdiff_t length;
    char *text;
    int failed = 0;

    if (!is_http(answer) || body->length == 0)
        return 0;
    text = malloc(body->length); /* the parser writes into it */
    if (text == NULL)
        return INTERIM_ENOMEM;
    memcpy(text, body->data, body->length);
    interim__error_init(&error);
    length = interim__head_parse(&head, text, body->length, &error);
    if (length > 0 && head.status >= 200 && head.status <= 599)
        failed = take(answer, body, &head, text + length, body->length - (size_t)length);
    else if (length == INTERIM_ENOMEM)
        failed = INTERIM_ENOMEM;
    interim__head_dispose(&head);
    free(text);
    return failed;
}
