/* problem.c - see problem.h. A member of the wrong type counts as absent (RFC 9457 section 3.1). */
#include "operation/problem.h"

#include "base/text.h"
#include "operation/json_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool interim__problem_is(const interim__fields *fields)
{
    static const char media_type[] = "application/problem+json";
    const interim_field *type = interim__fields_next(fields, "content-type", NULL);
    const size_t length = sizeof media_type - 1;

    return type != NULL && type->value_length >= length &&
           interim__text_begins(type->value, type->value_length, media_type) &&
           (type->value[length] == '\0' || strchr("; \t", type->value[length]) != NULL);
}

void interim__problem_note(interim__problem *problem, const char *data, size_t size)
{
    if (!problem->spoiled && size <= INTERIM__PROBLEM_MAX - problem->streamed.length &&
        interim__buffer_append(&problem->streamed, data, size) == 0)
        return;
    problem->spoiled = true;
    interim__buffer_dispose(&problem->streamed);
}

/* The string of a member, or what stands for it when there is none. */
static const char *text_of(const cJSON *object, const char *member, const char *absent)
{
    const char *text = interim__tree_text(object, member);

    return text == NULL ? absent : text;
}

static const char *store(char **at, const char *text)
{
    char *stored = *at;
    size_t size = strlen(text) + 1;

    memcpy(stored, text, size);
    *at += size;
    return stored;
}

static void take(interim__problem *out, const cJSON *object)
{
    const char *type = text_of(object, "type", "about:blank");
    const char *title = text_of(object, "title", ""), *detail = text_of(object, "detail", "");
    const char *instance = text_of(object, "instance", "");
    int64_t code = 0;
    char *at = malloc(strlen(type) + strlen(title) + strlen(detail) + strlen(instance) + 4);

    if (at == NULL)
        return;
    free(out->strings);
    out->strings = at;
    out->view.size = sizeof out->view;
    out->view.type = store(&at, type);
    out->view.title = store(&at, title);
    (void)interim__tree_integer(&code, interim__tree_get(object, "status"));
    out->view.status = code >= 100 && code <= 599 ? (int)code : 0;
    out->view.detail = store(&at, detail);
    out->view.instance = store(&at, instance);
}

void interim__problem_read(interim__problem *problem, const char *body, size_t size)
{
    bool starved;
    cJSON *object = size > INTERIM__PROBLEM_MAX ? NULL : interim__tree_read(body, size, &starved);

    if (cJSON_IsObject(object))
        take(problem, object);
    cJSON_Delete(object);
}

/* How many bytes the first character has; the text is UTF-8. */
static size_t character_length(const char *text)
{
    unsigned char first = (unsigned char)*text;

    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Control characters, U+0080 to U+009F included. */
static bool is_control(const char *text)
{
    unsigned char first = (unsigned char)text[0];

    return first < 0x20 || first == 0x7f || (first == 0xc2 && (unsigned char)text[1] < 0xa0);
}

static void append(char *out, size_t size, const char *text)
{
    size_t used = strlen(out), length;

    for (; *text != '\0'; text += length) {
        bool control = is_control(text);
        size_t room = control ? 1 : character_length(text);

        length = character_length(text);
        if (used + room >= size)
            break;
        memcpy(out + used, control ? "?" : text, room);
        used += room;
    }
    out[used] = '\0';
}

void interim__problem_write(char *out, size_t size, const interim__problem *problem,
                            const char *known)
{
    const interim_problem *view = problem == NULL ? NULL : &problem->view;

    *out = '\0';
    if (view == NULL || view->size == 0)
        return;
    if (!interim__text_equal(view->title, known))
        append(out, size, view->title);
    if (*out != '\0' && *view->detail != '\0')
        append(out, size, ": ");
    append(out, size, view->detail);
}

void interim__problem_dispose(interim__problem *problem)
{
    free(problem->strings);
    interim__buffer_dispose(&problem->streamed);
}
