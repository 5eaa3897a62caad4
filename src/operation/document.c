/* document.c - see document.h. */
#include "operation/document.h"

#include "base/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Words that mean "not finished". A list and not "everything else", because a finished resource may
 * have a status of its own, such as "active". */
static const char *const running_words[] = {
    "notstarted", "not started", "pending",    "queued",      "accepted",    "submitted",
    "scheduled",  "waiting",     "new",        "init",        "initial",     "starting",
    "started",    "running",     "inprogress", "in-progress", "in_progress", "in progress",
    "processing", "executing",   "working",    "updating",    "deleting",    "copying",
    "canceling",  "cancelling",  "stopping",   "suspended",   "interrupted", "service",
    "creating",   "provisioning"};
static const char *const good_words[] = {"succeeded",  "completed", "complete", "success",
                                         "successful", "done",      "finished"};
static const char *const bad_words[] = {"failed",  "failure",      "canceled", "cancelled",
                                        "aborted", "error",        "timedout", "exception",
                                        "killed",  "deletefailed", "dismissed"};
static const char *const cancelled_words[] = {"canceled", "cancelled", "aborted", "killed",
                                              "dismissed"};

#define IN(list, text) is_one_of(list, sizeof list / sizeof *list, text)

static bool is_one_of(const char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (interim__text_equal(list[i], text))
            return true;
    return false;
}

static interim__word classify(const char *text)
{
    if (IN(running_words, text))
        return INTERIM__WORD_RUNNING;
    if (IN(good_words, text))
        return INTERIM__WORD_GOOD;
    return IN(bad_words, text) ? INTERIM__WORD_BAD : INTERIM__WORD_UNKNOWN;
}

/* Text of the peer's, on one line, cut to size at a character. */
static void copy_cut(char *out, size_t size, const char *text)
{
    size_t length = strlen(text);

    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    memcpy(out, text, length);
    out[length] = '\0';
    for (char *at = out; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
}

/* LXD and Incus: what stands outside of metadata is how the GET went, and looks like a state. */
static bool read_lxd_state(interim__document *out, const json_t *object)
{
    json_t *metadata = json_object_get(object, "metadata");
    json_t *code = json_object_get(metadata, "status_code"); /* 1xx running, 2xx good, 4xx bad */
    const char *text = json_string_value(json_object_get(metadata, "status"));
    const char *error = json_string_value(json_object_get(metadata, "err"));

    if (!json_is_integer(code))
        return false;
    out->word = json_integer_value(code) < 200   ? INTERIM__WORD_RUNNING
                : json_integer_value(code) < 300 ? INTERIM__WORD_GOOD
                                                 : INTERIM__WORD_BAD;
    out->corroborated = out->is_lxd = true;
    out->is_cancelled = json_integer_value(code) == 401;
    copy_cut(out->state, sizeof out->state, text == NULL ? "status_code" : text);
    copy_cut(out->message, sizeof out->message, error == NULL ? "" : error);
    return true;
}

static bool take_state(interim__document *out, const json_t *value)
{
    const char *text = json_string_value(value);

    if (text == NULL)
        return false;
    copy_cut(out->state, sizeof out->state, text);
    out->word = classify(text);
    out->is_cancelled = IN(cancelled_words, text);
    return true;
}

static void read_state(interim__document *out, const json_t *object)
{
    static const char *const members[] = {"status", "state", "TaskState"};
    json_t *properties = json_object_get(object, "properties");

    if (read_lxd_state(out, object))
        return;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (take_state(out, json_object_get(object, members[i])))
            return;
    /* Azure's resource manager answers with the resource itself. */
    if (take_state(out, json_object_get(properties, "provisioningState")))
        out->corroborated = true;
}

static bool is_task(const json_t *object)
{
    const char *type = json_string_value(json_object_get(object, "@odata.type"));

    return type != NULL && strncmp(type, "#Task.", 6) == 0;
}

/* Redfish (DSP0266): a Task that is "Completed" with a status of "Critical" has failed, and tells
 * why in Messages. */
static void read_task(interim__document *out, const json_t *object)
{
    const char *status = json_string_value(json_object_get(object, "TaskStatus"));
    json_t *messages = json_object_get(object, "Messages"), *entry;
    size_t i;

    if (!is_task(object))
        return;
    out->corroborated = true;
    if (out->word == INTERIM__WORD_GOOD && status != NULL &&
        interim__text_equal(status, "critical"))
        out->word = INTERIM__WORD_BAD;
    if (out->word != INTERIM__WORD_BAD)
        return;
    json_array_foreach(messages, i, entry)
    {
        const char *text = json_string_value(json_object_get(entry, "Message"));

        if (text != NULL)
            copy_cut(out->message, sizeof out->message, text);
    }
}

static void read_percent(interim__document *out, interim__progress *progress, const json_t *object)
{
    static const char *const members[] = {"percentComplete", "percentageComplete",
                                          "PercentComplete", "progress"};

    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        json_t *value = json_object_get(object, members[i]);

        if (json_is_number(value)) {
            interim__progress_set_percent(progress, json_number_value(value));
            out->corroborated = true;
        }
    }
}

static void read_counts(interim__progress *progress, const json_t *object)
{
    json_t *done = json_object_get(object, "done"), *total = json_object_get(object, "total");

    if (json_is_integer(done) && json_is_integer(total) && json_integer_value(done) >= 0 &&
        json_integer_value(total) >= json_integer_value(done)) {
        progress->done = json_integer_value(done);
        progress->total = json_integer_value(total);
    }
}

static void read_corroboration(interim__document *out, const json_t *object)
{
    static const char *const members[] = {"resourceId", "resourceLocation", "jobID",
                                          "jobId",      "operationId",      "operation"};

    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (json_object_get(object, members[i]) != NULL)
            out->corroborated = true;
    if (json_object_get(object, "createdDateTime") != NULL &&
        json_object_get(object, "lastActionDateTime") != NULL)
        out->corroborated = true;
}

static void read_error(interim__document *out, const json_t *object)
{
    static const char *const members[] = {"error", "errorCode", "exception"};
    const char *text;

    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        json_t *value = json_object_get(object, members[i]);

        if (value == NULL || json_is_null(value))
            continue;
        out->has_error = true;
        text = json_string_value(value);
        if (text == NULL)
            text = json_string_value(json_object_get(value, "message"));
        if (text != NULL && out->message[0] == '\0')
            copy_cut(out->message, sizeof out->message, text);
    }
    /* ownCloud; and OGC API Processes, whose message is about an error only when there is one. */
    text = json_string_value(json_object_get(object, "errorMessage"));
    if (text == NULL && out->word == INTERIM__WORD_BAD)
        text = json_string_value(json_object_get(object, "message"));
    if (text != NULL && out->message[0] == '\0')
        copy_cut(out->message, sizeof out->message, text);
}

/* FHIR: an OperationOutcome with an issue of code "transient" is about the asking. */
static void read_outcome(interim__document *out, const json_t *object)
{
    const char *type = json_string_value(json_object_get(object, "resourceType"));
    json_t *issue;
    size_t i;

    if (type == NULL || strcmp(type, "OperationOutcome") != 0)
        return;
    json_array_foreach(json_object_get(object, "issue"), i, issue)
    {
        const char *code = json_string_value(json_object_get(issue, "code"));
        const char *text = json_string_value(json_object_get(issue, "diagnostics"));

        if (code != NULL && strcmp(code, "transient") == 0)
            out->transient = true;
        if (text != NULL && out->message[0] == '\0')
            copy_cut(out->message, sizeof out->message, text);
    }
}

/* OGC API Processes: the results are where a link says. */
static const json_t *find_results(const json_t *object)
{
    json_t *link;
    size_t i;

    json_array_foreach(json_object_get(object, "links"), i, link)
    {
        const char *relation = json_string_value(json_object_get(link, "rel"));
        size_t length = relation == NULL ? 0 : strlen(relation);

        if (length >= 7 && strcmp(relation + length - 7, "results") == 0)
            return json_object_get(link, "href");
    }
    return NULL;
}

/* False when out of memory. */
static bool take_reference(char **out, const json_t *value)
{
    const char *text = json_string_value(value);

    if (text == NULL || *text == '\0')
        return true;
    *out = strdup(text);
    return *out != NULL;
}

static bool read_references(interim__document *out, const json_t *object, const char *link)
{
    const json_t *resource = json_object_get(object, "resourceLocation");

    return take_reference(&out->resource, resource != NULL ? resource : find_results(object)) &&
           take_reference(&out->task,
                          is_task(object) ? json_object_get(object, "@odata.id") : NULL) &&
           take_reference(&out->link, link == NULL ? NULL : json_object_get(object, link));
}

/* Whether jansson would find the beginning of an object or an array, and nothing else is a
 * document. Most answers are not even that, and to have jansson say so costs as much as a request.
 */
static bool may_be_json(const char *body, size_t length)
{
    size_t blanks = 0;

    while (blanks < length && memchr(" \t\r\n", body[blanks], 4) != NULL)
        blanks++;
    return blanks < length && (body[blanks] == '{' || body[blanks] == '[');
}

bool interim__document_read(interim__document *out, interim__progress *progress, const char *body,
                            size_t length, const char *link)
{
    json_error_t error;
    json_t *object;
    bool read;

    interim__document_dispose(out);
    out->is_empty = length == 0;
    if (length >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0) /* some services send a BOM */
        body += 3, length -= 3;
    if (length == 0 || length > INTERIM__DOCUMENT_MAX)
        return true;
    if (!may_be_json(body, length))
        return true;
    object = json_loadb(body, length, 0, &error);
    /* Of an allocation that failed jansson says nothing, or that it met a wrong token, which only a
     * second look tells from a body that is no JSON. */
    if (object == NULL && error.text[0] != '\0')
        object = json_loadb(body, length, 0, &error);
    if (object == NULL)
        return error.text[0] != '\0';
    out->is_object = json_is_object(object);
    read_state(out, object);
    read_percent(out, progress, object);
    read_counts(progress, object);
    read_corroboration(out, object);
    read_error(out, object);
    read_task(out, object);
    read_outcome(out, object);
    out->couch = json_is_true(json_object_get(object, "ok")) &&
                 json_object_get(object, "id") != NULL && json_object_get(object, "rev") != NULL;
    read = read_references(out, object, link);
    json_decref(object);
    return read;
}

void interim__document_dispose(interim__document *document)
{
    free(document->resource);
    free(document->task);
    free(document->link);
    *document = (interim__document){0};
}
