/* Validators and preconditions; conditions.h tells the concept. */
#include "conditions.h"

#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void entity_tag(char out[ENTITY_TAG_SIZE], const struct stat *info)
{
    snprintf(out, ENTITY_TAG_SIZE, "\"%llx-%llx-%llx.%lx\"", (unsigned long long)info->st_ino,
             (unsigned long long)info->st_size, (unsigned long long)info->st_mtim.tv_sec,
             (unsigned long)info->st_mtim.tv_nsec);
}

/* Whether a list of entity tags holds `tag`. Weak tags match only where `weakly`. */
static bool list_has_tag(const char *list, const char *tag, bool weakly)
{
    while (*list) {
        bool weak = false;
        size_t length = 0;

        list += strspn(list, " \t,");
        weak = strncmp(list, "W/", 2) == 0;
        if (weak)
            list += 2;
        if (*list != '"')
            return false;
        length = strcspn(list + 1, "\"") + 2;
        if (list[length - 1] != '"')
            return false;
        if ((!weak || weakly) && strlen(tag) == length && strncmp(list, tag, length) == 0)
            return true;
        list += length;
    }
    return false;
}

/* The lines of the field together; "*" matches whatever exists. */
static bool field_matches(const struct request *request, const char *name, const struct stat *info,
                          bool weakly)
{
    char tag[ENTITY_TAG_SIZE];

    if (!info)
        return false;
    entity_tag(tag, info);
    for (size_t i = 0; i < request->field_count; i++) {
        const struct field *field = &request->fields[i];

        if (strcasecmp(field->name, name) == 0 &&
            (strcmp(field->value, "*") == 0 || list_has_tag(field->value, tag, weakly)))
            return true;
    }
    return false;
}

/* RFC 9110 §13.2.2 gives the order; a date counts only where there is no tag. */
int conditions_check(const struct request *request, const struct stat *info)
{
    bool safe = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    const char *since = request_field(request, "If-Modified-Since");
    const char *until = request_field(request, "If-Unmodified-Since");
    time_t when = 0;

    if (request_field(request, "If"))
        return 412;
    if (request_field(request, "If-Match")) {
        if (!field_matches(request, "If-Match", info, false))
            return 412;
    } else if (until && clock_parse_http_date(&when, until)) {
        if (!info || info->st_mtim.tv_sec > when)
            return 412;
    }
    if (request_field(request, "If-None-Match")) {
        if (field_matches(request, "If-None-Match", info, true))
            return safe ? 304 : 412;
    } else if (since && safe && info && clock_parse_http_date(&when, since)) {
        if (info->st_mtim.tv_sec <= when)
            return 304;
    }
    return 0;
}

bool conditions_allow_range(const struct request *request, const struct stat *info)
{
    const char *value = request_field(request, "If-Range");
    time_t when = 0;
    char tag[ENTITY_TAG_SIZE];

    if (!value)
        return true;
    if (clock_parse_http_date(&when, value))
        return info->st_mtim.tv_sec == when;
    entity_tag(tag, info);
    return strcmp(value, tag) == 0;
}
