/* message.c - see message.h. */
#include "operation/message.h"

#include <stdlib.h>
#include <string.h>

static char *put(char *at, const char *text, size_t length)
{
    if (length > 0)
        memcpy(at, text, length);
    at[length] = '\0';
    return at + length + 1;
}

interim__message *interim__message_new(int status, const char *url, const interim__fields *fields,
                                       const char *body, size_t body_size)
{
    size_t url_length = strlen(url), size = url_length + 1 + body_size + 1;
    interim__message *message;
    char *at;

    for (size_t i = 0; i < fields->count; i++)
        size += fields->items[i].name_length + fields->items[i].value_length + 2;
    message = malloc(sizeof *message + size);
    if (message == NULL)
        return NULL;
    message->view = NULL;
    message->status = status;
    message->field_count = (unsigned)fields->count;
    message->body_size = body_size;
    at = put(message->text, url, url_length);
    for (size_t i = 0; i < fields->count; i++) {
        at = put(at, fields->items[i].name, fields->items[i].name_length);
        at = put(at, fields->items[i].value, fields->items[i].value_length);
    }
    put(at, body, body_size);
    return message;
}

void interim__message_free(interim__message *message)
{
    if (message != NULL)
        free(message->view);
    free(message);
}

/* The text at *at, which goes to the next one. */
static const char *take(const char **at, size_t *length)
{
    const char *text = *at;

    *length = strlen(text);
    *at += *length + 1;
    return text;
}

static interim_message *lay_out(const interim__message *message)
{
    interim_message *view = malloc(sizeof *view + message->field_count * sizeof(interim_field));
    interim_field *fields;
    const char *at = message->text;
    size_t ignored;

    if (view == NULL)
        return NULL;
    fields = (interim_field *)(void *)(view + 1);
    *view = (interim_message){.size = sizeof *view,
                              .status = message->status,
                              .url = take(&at, &ignored),
                              .fields = fields,
                              .field_count = message->field_count,
                              .body_size = message->body_size};
    for (unsigned i = 0; i < message->field_count; i++) {
        fields[i].name = take(&at, &fields[i].name_length);
        fields[i].value = take(&at, &fields[i].value_length);
    }
    view->body = at;
    return view;
}

const interim_message *interim__message_view(interim__message *message)
{
    if (message != NULL && message->view == NULL)
        message->view = lay_out(message);
    return message == NULL ? NULL : message->view;
}
