/* guards.c - see guards.h. */
#include "operation/guards.h"

#include "base/text.h"

#include <string.h>

const char interim__guards_no_memory[] = "there is no memory to look at its Location";

#define NAME(text) text, sizeof text - 1

/* Fields of answers whose Location is something else: a place to upload to, a resource that will
 * be. */
static const char *other_use(const interim__answer *accepted)
{
    const interim__fields *fields = &accepted->fields;
    static const struct {
        const char *name;
        size_t length;
        const char *refusal;
    } signs[] = {
        {NAME("docker-upload-uuid"), "its Location is a registry's upload"},
        {NAME("upload-offset"), "its Location is a resumable upload"},
        {NAME("upload-complete"), "its Location is a resumable upload"},
        {NAME("upload-limit"), "its Location is a resumable upload"},
        {NAME("tus-resumable"), "its Location is a resumable upload"},
        {NAME("set-txn"), "its Location may be the resource itself (SCIM)"},
        {NAME("range"), "its Location is an upload"},
    };

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (interim__fields_get(fields, signs[i].name, signs[i].length) != NULL &&
            !(accepted->uploaded && strncmp(signs[i].name, "upload-", 7) == 0))
            return signs[i].refusal;
    for (size_t i = 0; i < fields->count; i++)
        if ((fields->items[i].name[0] | 0x20) == 'o' &&
            interim__text_begins(fields->items[i].name, fields->items[i].name_length, "oci-"))
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
    interim__uri *target = NULL;
    int same;

    if (destination == NULL)
        return 0;
    same = interim__uri_resolve(&target, accepted->uri, destination->value,
                                destination->value_length, NULL);
    if (same == 0)
        same = is_same(monitor, target);
    interim__uri_dispose(&target);
    return same == INTERIM_EURL ? 0 : same;
}

/* CouchDB answers 202 with the URL of the document itself, which is no monitor. 0, 1 or ENOMEM. */
static int is_own_resource(const interim__answer *accepted, const interim_field *location)
{
    const interim_request *request = accepted->request;
    interim__uri *monitor = NULL;
    int own;

    if (interim__method_is_safe(request->method))
        return 0;
    own = interim__uri_resolve(&monitor, accepted->uri, location->value, location->value_length,
                               NULL);
    if (own < 0)
        return own == INTERIM_EURL ? 0 : own; /* interim__follow_resolve will say why */
    own = is_same(monitor, accepted->uri);
    if (own == 0)
        own = is_same(monitor, request->uri);
    if (own == 0)
        own = is_destination(accepted, monitor);
    interim__uri_dispose(&monitor);
    return own;
}

const char *interim__guards_refusal(const interim__answer *accepted, const interim_field *location)
{
    const char *refusal = other_use(accepted);
    int own;

    if (refusal != NULL)
        return refusal;
    if (interim__fields_next(&accepted->fields, "location", location) != NULL)
        return "it has more than one Location";
    if (accepted->document.couch && interim__fields_next(&accepted->fields, "etag", NULL) != NULL)
        return "its Location is the stored document (CouchDB)";
    own = is_own_resource(accepted, location);
    if (own == 0)
        return NULL;
    return own > 0 ? "its Location is the resource itself" : interim__guards_no_memory;
}
