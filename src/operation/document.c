/* document.c - see document.h. */
#include "operation/document.h"

#include "base/text.h"
#include "base/words.h"
#include "operation/json_tree.h"

#include <stdlib.h>
#include <string.h>

/* Words that mean "not finished". A list and not "everything else", because a finished resource may
 * have a status of its own, such as "active". */
static const char running_words[] =
    "notstarted\0not started\0pending\0queued\0accepted\0submitted\0scheduled\0"
    "waiting\0new\0init\0initial\0starting\0started\0running\0inprogress\0"
    "in-progress\0in_progress\0in progress\0processing\0executing\0working\0"
    "updating\0deleting\0copying\0canceling\0cancelling\0stopping\0suspended\0"
    "interrupted\0service\0creating\0provisioning\0";
static const char good_words[] =
    "succeeded\0completed\0complete\0success\0successful\0done\0finished\0";
static const char bad_words[] = "failed\0failure\0error\0timedout\0exception\0deletefailed\0";
/* Bad as well. */
static const char cancelled_words[] = "canceled\0cancelled\0aborted\0killed\0dismissed\0";

static bool is_one_of(const char *words, const char *text)
{
    return interim__words_find(words, text, strlen(text)) >= 0;
}

static interim__word classify(const char *text)
{
    if (is_one_of(running_words, text))
        return INTERIM__WORD_RUNNING;
    if (is_one_of(good_words, text))
        return INTERIM__WORD_GOOD;
    return is_one_of(bad_words, text) || is_one_of(cancelled_words, text) ? INTERIM__WORD_BAD
                                                                          : INTERIM__WORD_UNKNOWN;
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
static bool read_lxd_state(interim__document *out, const cJSON *object)
{
    const cJSON *metadata = interim__tree_get(object, "metadata");
    const char *text = interim__tree_text(metadata, "status");
    const char *error = interim__tree_text(metadata, "err");
    int64_t code; /* 1xx running, 2xx good, 4xx bad */

    if (!interim__tree_integer(&code, interim__tree_get(metadata, "status_code")))
        return false;
    out->word = code < 200   ? INTERIM__WORD_RUNNING
                : code < 300 ? INTERIM__WORD_GOOD
                             : INTERIM__WORD_BAD;
    out->corroborated = out->is_lxd = true;
    out->is_cancelled = code == 401;
    copy_cut(out->state, sizeof out->state, text == NULL ? "status_code" : text);
    copy_cut(out->message, sizeof out->message, error == NULL ? "" : error);
    return true;
}

static bool take_state(interim__document *out, const cJSON *value)
{
    const char *text = cJSON_GetStringValue((cJSON *)value);

    if (text == NULL)
        return false;
    copy_cut(out->state, sizeof out->state, text);
    out->word = classify(text);
    out->is_cancelled = is_one_of(cancelled_words, text);
    return true;
}

static void read_state(interim__document *out, const cJSON *object)
{
    static const char members[] = "status\0state\0TaskState\0";
    const cJSON *properties = interim__tree_get(object, "properties");

    if (read_lxd_state(out, object))
        return;
    for (const char *name = members; *name != '\0'; name = interim__words_next(name))
        if (take_state(out, interim__tree_get(object, name)))
            return;
    /* Azure's resource manager answers with the resource itself. */
    if (take_state(out, interim__tree_get(properties, "provisioningState")))
        out->corroborated = true;
}

static bool is_task(const cJSON *object)
{
    const char *type = interim__tree_text(object, "@odata.type");

    return type != NULL && strncmp(type, "#Task.", 6) == 0;
}

/* Redfish (DSP0266): a Task that is "Completed" with a status of "Critical" has failed, and tells
 * why in Messages. */
static void read_task(interim__document *out, const cJSON *object)
{
    const char *status = interim__tree_text(object, "TaskStatus");
    const cJSON *entry = interim__tree_first(object, "Messages");

    if (!is_task(object))
        return;
    out->corroborated = true;
    if (out->word == INTERIM__WORD_GOOD && status != NULL &&
        interim__text_equal(status, "critical"))
        out->word = INTERIM__WORD_BAD;
    if (out->word != INTERIM__WORD_BAD)
        return;
    for (; entry != NULL; entry = entry->next) {
        const char *text = interim__tree_text(entry, "Message");

        if (text != NULL)
            copy_cut(out->message, sizeof out->message, text);
    }
}

static void read_percent(interim__document *out, interim__progress *progress, const cJSON *object)
{
    static const char members[] =
        "percentComplete\0percentageComplete\0PercentComplete\0progress\0";

    for (const char *name = members; *name != '\0'; name = interim__words_next(name)) {
        const cJSON *value = interim__tree_get(object, name);

        if (cJSON_IsNumber(value)) {
            interim__progress_set_percent(progress, value->valuedouble);
            out->corroborated = true;
        }
    }
}

static void read_counts(interim__progress *progress, const cJSON *object)
{
    int64_t done, total;

    if (interim__tree_integer(&done, interim__tree_get(object, "done")) && done >= 0 &&
        interim__tree_integer(&total, interim__tree_get(object, "total")) && total >= done) {
        progress->done = done;
        progress->total = total;
    }
}

static void read_corroboration(interim__document *out, const cJSON *object)
{
    static const char members[] =
        "resourceId\0resourceLocation\0jobID\0jobId\0operationId\0operation\0";

    for (const char *name = members; *name != '\0'; name = interim__words_next(name))
        if (interim__tree_get(object, name) != NULL)
            out->corroborated = true;
    if (interim__tree_get(object, "createdDateTime") != NULL &&
        interim__tree_get(object, "lastActionDateTime") != NULL)
        out->corroborated = true;
}

static void read_error(interim__document *out, const cJSON *object)
{
    static const char members[] = "error\0errorCode\0exception\0";
    const char *text;

    for (const char *name = members; *name != '\0'; name = interim__words_next(name)) {
        const cJSON *value = interim__tree_get(object, name);

        if (value == NULL || cJSON_IsNull(value))
            continue;
        out->has_error = true;
        text = cJSON_GetStringValue((cJSON *)value);
        if (text == NULL)
            text = interim__tree_text(value, "message");
        if (text != NULL && out->message[0] == '\0')
            copy_cut(out->message, sizeof out->message, text);
    }
    /* ownCloud; and OGC API Processes, whose message is about an error only when there is one. */
    text = interim__tree_text(object, "errorMessage");
    if (text == NULL && out->word == INTERIM__WORD_BAD)
        text = interim__tree_text(object, "message");
    if (text != NULL && out->message[0] == '\0')
        copy_cut(out->message, sizeof out->message, text);
}

/* FHIR: an OperationOutcome with an issue of code "transient" is about the asking. */
static void read_outcome(interim__document *out, const cJSON *object)
{
    const char *type = interim__tree_text(object, "resourceType");
    const cJSON *issue = interim__tree_first(object, "issue");

    if (type == NULL || strcmp(type, "OperationOutcome") != 0)
        return;
    for (; issue != NULL; issue = issue->next) {
        const char *code = interim__tree_text(issue, "code");
        const char *text = interim__tree_text(issue, "diagnostics");

        if (code != NULL && strcmp(code, "transient") == 0)
            out->transient = true;
        if (text != NULL && out->message[0] == '\0')
            copy_cut(out->message, sizeof out->message, text);
    }
}

/* OGC API Processes: the results are where a link says. */
static const cJSON *find_results(const cJSON *object)
{
    const cJSON *link = interim__tree_first(object, "links");

    for (; link != NULL; link = link->next) {
        const char *relation = interim__tree_text(link, "rel");
        size_t length = relation == NULL ? 0 : strlen(relation);

        if (length >= 7 && strcmp(relation + length - 7, "results") == 0)
            return interim__tree_get(link, "href");
    }
    return NULL;
}

/* False when out of memory. */
static bool take_reference(char **out, const cJSON *value)
{
    const char *text = cJSON_GetStringValue((cJSON *)value);

    if (text == NULL || *text == '\0')
        return true;
    *out = strdup(text);
    return *out != NULL;
}

static bool read_references(interim__document *out, const cJSON *object, const char *link)
{
    const cJSON *resource = interim__tree_get(object, "resourceLocation");

    return take_reference(&out->resource, resource != NULL ? resource : find_results(object)) &&
           take_reference(&out->task,
                          is_task(object) ? interim__tree_get(object, "@odata.id") : NULL) &&
           take_reference(&out->link, link == NULL ? NULL : interim__tree_get(object, link));
}

bool interim__document_read(interim__document *out, interim__progress *progress, const char *body,
                            size_t length, const char *link)
{
    bool starved = false;
    cJSON *object;
    bool read;

    if (out->is_object) /* or it holds nothing */
        interim__document_dispose(out);
    out->is_empty = length == 0;
    if (length > INTERIM__DOCUMENT_MAX)
        return true;
    object = interim__tree_read(body, length, &starved);
    if (object == NULL)
        return !starved;
    out->is_object = cJSON_IsObject(object);
    read_state(out, object);
    read_percent(out, progress, object);
    read_counts(progress, object);
    read_corroboration(out, object);
    read_error(out, object);
    read_task(out, object);
    read_outcome(out, object);
    out->couch = cJSON_IsTrue(interim__tree_get(object, "ok")) &&
                 interim__tree_get(object, "id") != NULL &&
                 interim__tree_get(object, "rev") != NULL;
    read = read_references(out, object, link);
    cJSON_Delete(object);
    return read;
}

void interim__document_dispose(interim__document *document)
{
    free(document->resource);
    free(document->task);
    free(document->link);
    *document = (interim__document){0};
}
