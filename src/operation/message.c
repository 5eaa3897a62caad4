/* message.c - see message.h. */
#include "operation/message.h"

#include <stdlib.h>
#include <string.h>

/* The texts of a list lie one behind the other, with what stood between them; the last ends with a
 * NUL. */
static size_t texts_size(const interim__fields *fields)
{
    const interim_field *last;

    if (fields->count == 0)
        return 0;
    last = &fields->items[fields->count - 1];
    return (size_t)(last->value + last->value_length + 1 - fields->items->name);
}

static char *put(char *at, const void *bytes, size_t size)
{
    if (size > 0)
        memcpy(at, bytes, size);
    return at + size;
}

interim__message *interim__message_new(int status, const char *url, const interim__fields *fields,
                                       const char *body, size_t body_size)
{
    size_t url_size = strlen(url) + 1, size = texts_size(fields);
    interim__message *message = malloc(sizeof *message + url_size + size + body_size + 1);
    char *at;

    if (message == NULL)
        return NULL;
    message->view = NULL;
    message->status = (uint16_t)status;
    message->field_count = (uint16_t)fields->count;
    message->body_size = (uint32_t)body_size;
    at = put(message->text, url, url_size);
    at = put(at, size == 0 ? NULL : fields->items->name, size);
    *put(at, body, body_size) = '\0';
    return message;
}

void interim__message_free(interim__message *message)
{
    if (message != NULL)
        free(message->view);
    free(message);
}

/* The text at *at behind what separates it from the one before; *at goes to what follows. */
static const char *take(const char **at, const char *separators, size_t *length)
{
    const char *text = *at + strspn(*at, separators);

    *length = strlen(text);
    *at = text + *length + 1;
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
                              .url = take(&at, "", &ignored),
                              .fields = fields,
                              .field_count = message->field_count,
                              .body_size = message->body_size};
    for (unsigned i = 0; i < message->field_count; i++) {
        fields[i].name = take(&at, " \t\r\n", &fields[i].name_length);
        fields[i].value = take(&at, " \t", &fields[i].value_length);
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
