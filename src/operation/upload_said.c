/* upload_said.c - see upload_said.h. */
#include "operation/upload_said.h"

#include "base/text.h"
#include "base/words.h"
#include "exchange/structured.h"

/* The one field of this name; NULL when there is none, or more. */
static const interim_field *only(const interim__fields *fields, const char *name)
{
    const interim_field *field = interim__fields_next(fields, name, NULL);

    return field == NULL || interim__fields_next(fields, name, field) != NULL ? NULL : field;
}

static int64_t integer(const interim__fields *fields, const char *name)
{
    const interim_field *field = only(fields, name);
    int64_t value;

    if (field == NULL || !interim__structured_integer(&value, field->value, field->value_length) ||
        value < 0)
        return -1;
    return value;
}

static int boolean(const interim__fields *fields, const char *name)
{
    const interim_field *field = only(fields, name);
    bool value;

    if (field == NULL || !interim__structured_boolean(&value, field->value, field->value_length))
        return -1;
    return value;
}

/* A member that is known and no Integer makes the whole field void; one that is not known is
 * nothing. */
static bool take_limit(interim__upload_said *said, const interim__structured_member *member)
{
    int64_t *limit;

    switch (interim__words_find("max-size\0max-append-size\0min-append-size\0max-age\0",
                                member->key, member->key_length)) {
    case 0:
        limit = &said->max_size;
        break;
    case 1:
        limit = &said->max_append;
        break;
    case 2:
        limit = &said->min_append;
        break;
    case 3:
        limit = &said->max_age;
        break;
    default:
        return true;
    }
    if (!member->is_integer || member->integer < 0)
        return false;
    *limit = member->integer;
    return true;
}

static bool read_limits(interim__upload_said *said, const interim__fields *fields)
{
    const interim_field *field = NULL;

    while ((field = interim__fields_next(fields, "upload-limit", field)) != NULL) {
        const char *text = field->value;
        size_t length = field->value_length;
        interim__structured_member member;
        int next;

        while ((next = interim__structured_next(&member, &text, &length)) > 0)
            if (!take_limit(said, &member))
                return false;
        if (next < 0)
            return false;
    }
    return true;
}

void interim__upload_said_read(interim__upload_said *out, const interim__fields *fields)
{
    const interim_field *version = only(fields, "upload-draft-interop-version");

    *out = (interim__upload_said){.complete = boolean(fields, "upload-complete"),
                                  .offset = integer(fields, "upload-offset"),
                                  .length = integer(fields, "upload-length"),
                                  .max_size = -1,
                                  .max_append = -1,
                                  .min_append = -1,
                                  .max_age = -1};
    out->version = version != NULL &&
                   interim__text_is(version->value, version->value_length, INTERIM__UPLOAD_VERSION);
    if (!read_limits(out, fields))
        out->max_size = out->max_append = out->min_append = out->max_age = -1;
}
