/* guards.c - see guards.h. */
#include "operation/guards.h"

#include "base/text.h"

#include <string.h>

const char interim__guards_no_memory[] = "there is no memory to look at its Location";

INTERIM__INLINE bool has(const interim__answer *accepted, const char *name)
{
    return interim__fields_next(&accepted->fields, name, NULL) != NULL;
}

/* Fields of answers whose Location is something else: a place to upload to, a resource that will
 * be. */
static const char *other_use(const interim__answer *accepted)
{
    const interim__fields *fields = &accepted->fields;
    bool resumable = has(accepted, "upload-offset") || has(accepted, "upload-complete") ||
                     has(accepted, "upload-limit");

    if (has(accepted, "docker-upload-uuid"))
        return "its Location is a registry's upload";
    if ((resumable && !accepted->uploaded) || has(accepted, "tus-resumable"))
        return "its Location is a resumable upload";
    if (has(accepted, "set-txn"))
        return "its Location may be the resource itself (SCIM)";
    if (has(accepted, "range"))
        return "its Location is an upload";
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
    if (accepted->document.couch && has(accepted, "etag"))
        return "its Location is the stored document (CouchDB)";
    own = is_own_resource(accepted, location);
    if (own == 0)
        return NULL;
    return own > 0 ? "its Location is the resource itself" : interim__guards_no_memory;
}
