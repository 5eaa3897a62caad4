/* history.c - see history.h. */
#include "operation/history.h"

#include <stdlib.h>
#include <string.h>

/* The texts of an event, in one place, so that measuring and copying cannot differ. */
#define TEXTS(X, event)                                                                            \
    X(event->reason)                                                                               \
    X(event->method) X(event->url) X(event->peer) X(event->server) X(event->via) X(event->text)

static const char *put(char **at, const char *text, size_t length)
{
    char *copy = *at;

    memcpy(copy, text, length);
    copy[length] = '\0';
    *at += length + 1;
    return copy;
}

static size_t size_of(const interim_event *event)
{
    size_t size = sizeof *event + event->field_count * sizeof *event->fields;

#define MEASURE(text) size += strlen(text) + 1;
    TEXTS(MEASURE, event)
#undef MEASURE
    for (size_t i = 0; i < event->field_count; i++)
        size += event->fields[i].name_length + event->fields[i].value_length + 2;
    return size;
}

static interim_event *copy(const interim_event *event)
{
    interim_event *block = malloc(size_of(event));
    interim_field *fields;
    char *at;

    if (block == NULL)
        return NULL;
    *block = *event;
    fields = (interim_field *)(block + 1);
    at = (char *)(fields + event->field_count);
    for (size_t i = 0; i < event->field_count; i++) {
        const interim_field *from = &event->fields[i];

        fields[i] = *from;
        fields[i].name = put(&at, from->name, from->name_length);
        fields[i].value = put(&at, from->value, from->value_length);
    }
    block->fields = fields;
#define COPY(text) text = put(&at, text, strlen(text));
    TEXTS(COPY, block)
#undef COPY
    block->error = NULL;
    return block;
}

void interim__history_keep(interim__history *history, const interim_event *event)
{
    interim_event *block;

    history->seen++;
    if (history->events == NULL)
        history->events = calloc(INTERIM__HISTORY_MAX, sizeof(interim_event *));
    block = history->events == NULL ? NULL : copy(event);
    if (block == NULL)
        return;
    free(history->events[history->next]);
    history->events[history->next] = block;
    history->next = (history->next + 1) % INTERIM__HISTORY_MAX;
    if (history->kept < INTERIM__HISTORY_MAX)
        history->kept++;
}

const interim_event *interim__history_at(const interim__history *history, size_t i)
{
    size_t oldest = history->kept < INTERIM__HISTORY_MAX ? 0 : history->next;

    return i >= history->kept ? NULL : history->events[(oldest + i) % INTERIM__HISTORY_MAX];
}

void interim__history_dispose(interim__history *history)
{
    for (size_t i = 0; history->events != NULL && i < INTERIM__HISTORY_MAX; i++)
        free(history->events[i]);
    free(history->events);
    *history = (interim__history){0};
}
