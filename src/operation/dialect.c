/* dialect.c - see dialect.h. A dialect is added by its two functions and a row. */
#include "operation/dialect.h"

#include "base/text.h"

#include <string.h>

/* ---- generic: 202 with Location; done when the monitor stops answering 202 ----
 *
 * HTTP gives Location on a 202 no meaning (RFC 9110 section 10.2.2), so known misuses are told
 * apart first. The status code is believed first, and the body as a second opinion: some services
 * answer 200 with "running", some 202 with "completed". */

/* Fields of answers whose Location is something else: a place to upload to, a resource that will
 * be. */
static const char *other_use(const interim__fields *fields)
{
    static const struct {
        const char *name, *refusal;
    } signs[] = {
        {"docker-upload-uuid", "its Location is a registry's upload"},
        {"upload-offset", "its Location is a resumable upload"},
        {"upload-complete", "its Location is a resumable upload"},
        {"upload-limit", "its Location is a resumable upload"},
        {"tus-resumable", "its Location is a resumable upload"},
        {"set-txn", "its Location may be the resource itself (SCIM)"},
        {"range", "its Location is an upload"},
    };

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (interim__fields_next(fields, signs[i].name, NULL) != NULL)
            return signs[i].refusal;
    for (size_t i = 0; i < fields->count; i++)
        if (interim__text_begins(fields->items[i].name, fields->items[i].name_length, "oci-"))
            return "its Location is a registry's upload";
    return NULL;
}

/* Whether a URL is another spelling of the same one; 0, 1 or ENOMEM. */
static int is_same(const interim__uri *monitor, const interim__uri *other)
{
    int relation = interim__uri_relation(monitor, other);

    if (relation != INTERIM_URL_SAME)
        return relation == INTERIM_ENOMEM ? relation : 0;
    return strcmp(monitor->target + monitor->path_length, other->target + other->path_length) == 0;
}

static int is_destination(const interim__answer *accepted, const interim__uri *monitor)
{
    const interim_field *destination =
        interim__fields_next(&accepted->request->fields, "destination", NULL);
    interim__uri target = {0};
    int same;

    if (destination == NULL)
        return 0;
    same = interim__uri_resolve(&target, accepted->uri, destination->value,
                                destination->value_length, NULL);
    if (same == 0)
        same = is_same(monitor, &target);
    interim__uri_dispose(&target);
    return same == INTERIM_EURL ? 0 : same;
}

/* CouchDB answers 202 with the URL of the document itself, which is no monitor. 0, 1 or ENOMEM. */
static int is_own_resource(const interim__answer *accepted, const interim_field *location)
{
    const interim_request *request = accepted->request;
    interim__uri monitor = {0};
    int own;

    if (interim__method_is_safe(request->method))
        return 0;
    own = interim__uri_resolve(&monitor, accepted->uri, location->value, location->value_length,
                               NULL);
    if (own < 0)
        return own == INTERIM_EURL ? 0 : own; /* interim__follow_resolve will say why */
    own = is_same(&monitor, accepted->uri);
    if (own == 0)
        own = is_same(&monitor, &request->uri);
    if (own == 0)
        own = is_destination(accepted, &monitor);
    interim__uri_dispose(&monitor);
    return own;
}

static interim__naming generic_names(const interim__answer *accepted)
{
    interim__naming naming = {interim__fields_next(&accepted->fields, "location", NULL), NULL};
    int own;

    if (accepted->status != 202 || naming.monitor == NULL) {
        naming.monitor = NULL;
        return naming;
    }
    naming.refusal = other_use(&accepted->fields);
    if (naming.refusal != NULL)
        return naming;
    if (interim__fields_next(&accepted->fields, "location", naming.monitor) != NULL)
        naming.refusal = "it has more than one Location";
    else if (accepted->document.couch &&
             interim__fields_next(&accepted->fields, "etag", NULL) != NULL)
        naming.refusal = "its Location is the stored document (CouchDB)";
    else if ((own = is_own_resource(accepted, naming.monitor)) != 0)
        naming.refusal = own > 0 ? "its Location is the resource itself"
                                 : "there is no memory to look at its Location";
    return naming;
}

static bool is_terminal(interim__word word)
{
    return word == INTERIM__WORD_GOOD || word == INTERIM__WORD_BAD;
}

static interim__verdict generic_judge(const interim__answer *poll, bool *latched)
{
    const interim__document *document = &poll->document;
    bool running = interim__dialect_effective_status(poll) == 202;
    bool strict = poll->request->polling.mode == INTERIM_POLL_STRICT;
    bool recognised = *latched || document->corroborated ||
                      interim__fields_next(&poll->fields, "retry-after", NULL) != NULL ||
                      (document->word == INTERIM__WORD_BAD && document->has_error);

    if (strict || document->word == INTERIM__WORD_NONE || !recognised)
        return running ? INTERIM__VERDICT_RUNNING : INTERIM__VERDICT_DONE;
    /* A state that nobody knows is believed to be "running" only where states were seen before. */
    if (document->word == INTERIM__WORD_UNKNOWN)
        return running || *latched ? INTERIM__VERDICT_RUNNING : INTERIM__VERDICT_DONE;
    *latched = true;
    if (!is_terminal(document->word))
        return INTERIM__VERDICT_RUNNING;
    return document->word == INTERIM__WORD_GOOD ? INTERIM__VERDICT_DONE : INTERIM__VERDICT_FAILED;
}

/* ---- the table ---- */

static const interim__dialect dialects[] = {
    {"generic", generic_names, generic_judge, "location"},
};

const interim__dialect *interim__dialect_find(interim__naming *naming,
                                              const interim__answer *accepted)
{
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++) {
        *naming = dialects[i].names(accepted);
        if (naming->monitor != NULL)
            return &dialects[i];
    }
    return NULL;
}

int interim__dialect_effective_status(const interim__answer *poll)
{
    static const char *const names[] = {"asyncresult", "x-export-status"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const interim_field *field = interim__fields_next(&poll->fields, names[i], NULL);
        int64_t status;

        /* "AsyncResult: 200" or "AsyncResult: 200 OK"; a value ends with NUL */
        if (field != NULL && field->value_length >= 3 &&
            (field->value[3] == '\0' || field->value[3] == ' ') &&
            interim__text_decimal(&status, field->value, 3, NULL) && status >= 200 && status <= 599)
            return (int)status;
    }
    return poll->status;
}
