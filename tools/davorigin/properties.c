/* The properties of a resource; properties.h tells the concept. */
#include "properties.h"

#include "clock.h"
#include "conditions.h"

#include <fcntl.h>
#include <string.h>

struct live_property {
    const char *name;
    bool of_collections;
    void (*write)(struct buffer *out, const struct resource *resource);
};

/* The time of birth where the file system keeps one, else the time of the last change. */
static void write_creation_date(struct buffer *out, const struct resource *resource)
{
    struct statx info;
    time_t when = resource->info->st_mtim.tv_sec;
    char date[CLOCK_TEXT_SIZE];

    if (statx(resource->parent_fd, resource->name, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &info) == 0 &&
        (info.stx_mask & STATX_BTIME))
        when = (time_t)info.stx_btime.tv_sec;
    clock_rfc3339(date, when);
    buffer_text(out, date);
}

static void write_display_name(struct buffer *out, const struct resource *resource)
{
    xml_escape(out, resource->shown_name);
}

static void write_content_length(struct buffer *out, const struct resource *resource)
{
    buffer_format(out, "%lld", (long long)resource->info->st_size);
}

static void write_content_type(struct buffer *out, const struct resource *resource)
{
    (void)resource;
    buffer_text(out, "application/octet-stream");
}

static void write_entity_tag(struct buffer *out, const struct resource *resource)
{
    char tag[ENTITY_TAG_SIZE];

    entity_tag(tag, resource->info);
    xml_escape(out, tag);
}

static void write_last_modified(struct buffer *out, const struct resource *resource)
{
    char date[CLOCK_TEXT_SIZE];

    clock_http_date(date, resource->info->st_mtim.tv_sec);
    buffer_text(out, date);
}

static void write_resource_type(struct buffer *out, const struct resource *resource)
{
    if (S_ISDIR(resource->info->st_mode))
        buffer_text(out, "<D:collection/>");
}

static const struct live_property live_properties[] = {
    {"creationdate", true, write_creation_date},
    {"displayname", true, write_display_name},
    {"getcontentlength", false, write_content_length},
    {"getcontenttype", false, write_content_type},
    {"getetag", false, write_entity_tag},
    {"getlastmodified", true, write_last_modified},
    {"resourcetype", true, write_resource_type},
};

enum { LIVE_COUNT = sizeof live_properties / sizeof live_properties[0] };

static bool applies(const struct live_property *live, const struct resource *resource)
{
    return live->of_collections || !S_ISDIR(resource->info->st_mode);
}

static const struct live_property *find(const struct property *property,
                                        const struct resource *resource)
{
    if (strcmp(property->space, "DAV:") != 0)
        return NULL;
    for (size_t i = 0; i < LIVE_COUNT; i++)
        if (strcmp(live_properties[i].name, property->name) == 0)
            return applies(&live_properties[i], resource) ? &live_properties[i] : NULL;
    return NULL;
}

void property_write_name(struct buffer *out, const struct property *property)
{
    if (strcmp(property->space, "DAV:") == 0) {
        buffer_format(out, "<D:%s/>", property->name);
    } else if (strcmp(property->space, "http://www.w3.org/XML/1998/namespace") == 0) {
        /* No other prefix may stand for this one. */
        buffer_format(out, "<xml:%s/>", property->name);
    } else if (*property->space) {
        buffer_format(out, "<x:%s xmlns:x=\"", property->name);
        xml_escape(out, property->space);
        buffer_text(out, "\"/>");
    } else {
        buffer_format(out, "<%s/>", property->name);
    }
}

static void write_value(struct buffer *out, const struct live_property *live,
                        const struct resource *resource)
{
    buffer_format(out, "<D:%s>", live->name);
    live->write(out, resource);
    buffer_format(out, "</D:%s>", live->name);
}

static void end_propstat(struct buffer *out, const char *status)
{
    buffer_format(out, "</D:prop><D:status>HTTP/1.1 %s</D:status></D:propstat>", status);
}

static void write_listed(struct buffer *out, const struct propreq *request,
                         const struct resource *resource)
{
    size_t missing = 0;

    for (size_t i = 0; i < request->count; i++)
        missing += !find(&request->properties[i], resource);
    if (missing < request->count || request->count == 0) {
        buffer_text(out, "<D:propstat><D:prop>");
        for (size_t i = 0; i < request->count; i++) {
            const struct live_property *live = find(&request->properties[i], resource);

            if (live)
                write_value(out, live, resource);
        }
        end_propstat(out, "200 OK");
    }
    if (missing > 0) {
        buffer_text(out, "<D:propstat><D:prop>");
        for (size_t i = 0; i < request->count; i++)
            if (!find(&request->properties[i], resource))
                property_write_name(out, &request->properties[i]);
        end_propstat(out, "404 Not Found");
    }
}

void properties_write(struct buffer *out, const struct propreq *request,
                      const struct resource *resource)
{
    if (request->kind == PROPREQ_LISTED) {
        write_listed(out, request, resource);
        return;
    }
    buffer_text(out, "<D:propstat><D:prop>");
    for (size_t i = 0; i < LIVE_COUNT; i++) {
        if (!applies(&live_properties[i], resource))
            continue;
        if (request->kind == PROPREQ_NAMES)
            buffer_format(out, "<D:%s/>", live_properties[i].name);
        else
            write_value(out, &live_properties[i], resource);
    }
    end_propstat(out, "200 OK");
}
