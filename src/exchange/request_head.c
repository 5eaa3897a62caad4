/* request_head.c - see request_head.h. */
#include "exchange/request_head.h"

#include "base/text.h"

#include <string.h>

int interim__request_field_check(const char *name, const char *value, const char **problem)
{
    static const char *const ours[] = {"content-length",
                                       "transfer-encoding",
                                       "connection",
                                       "te",
                                       "trailer",
                                       "upgrade",
                                       "expect",
                                       "keep-alive",
                                       "proxy-authorization",
                                       "proxy-connection"};

    if (!interim__text_is_token(name, strlen(name))) {
        *problem = "its name is not a token";
        return INTERIM_EFIELD;
    }
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (interim__text_is(name, strlen(name), ours[i])) {
            *problem = "the library writes this field itself";
            return INTERIM_EFIELD;
        }
    for (const unsigned char *at = (const unsigned char *)value; *at != '\0'; at++)
        if ((*at < 0x20 && *at != '\t') || *at == 0x7f) {
            *problem = "its value holds a line end or another control character";
            return INTERIM_EFIELD;
        }
    *problem = NULL;
    return 0;
}

/* Whether the absence of a body should be said, so that the server does not wait for one. */
static bool body_is_usual(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}

/* The field that tells how long the body is; its name is NULL if none does. */
static interim_field body_field(const char *method, int64_t length, char digits[INTERIM__DECIMAL])
{
    size_t size;

    if (length == INTERIM__BODY_CHUNKED)
        return (interim_field){"Transfer-Encoding", "chunked", 17, 7};
    if (length < 0 && !body_is_usual(method))
        return (interim_field){0};
    size = interim__text_put_decimal(digits, length < 0 ? 0 : (uint64_t)length);
    return (interim_field){"Content-Length", digits, 14, size};
}

static size_t size_of(const interim_field *items, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += items[i].name == NULL ? 0 : items[i].name_length + items[i].value_length + 4;
    return size;
}

static char *put(char *at, const char *text, size_t length)
{
    memcpy(at, text, length);
    return at + length;
}

/* All but those of this name, which may be NULL. */
static char *put_fields(char *at, const interim_field *items, size_t count, const char *but)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].name == NULL ||
            (but != NULL && interim__text_is(items[i].name, items[i].name_length, but)))
            continue;
        at = put(at, items[i].name, items[i].name_length);
        at = put(at, ": ", 2);
        at = put(at, items[i].value, items[i].value_length);
        at = put(at, "\r\n", 2);
    }
    return at;
}

int interim__request_head_write(interim__buffer *out, const char *method, const char *target,
                                const interim__uri *uri, const interim__fields *fields,
                                const char *user_agent, int64_t body_length)
{
    const interim_field *given = interim__fields_next(fields, "host", NULL);
    const char *host = given == NULL ? uri->authority : given->value;
    bool named = user_agent != NULL && *user_agent != '\0' &&
                 interim__fields_next(fields, "user-agent", NULL) == NULL;
    char digits[INTERIM__DECIMAL], *at;
    /* Host first: RFC 9110 section 7.2. */
    const interim_field first[] = {
        {"Host", host, 4, strlen(host)},
        {named ? "User-Agent" : NULL, user_agent, 10, named ? strlen(user_agent) : 0}};
    const interim_field last = body_field(method, body_length, digits);
    size_t method_length = strlen(method), target_length = strlen(target);

    if (interim__buffer_reserve(out, method_length + 1 + target_length + 11 + size_of(first, 2) +
                                         size_of(fields->items, fields->count) + size_of(&last, 1) +
                                         2) < 0)
        return INTERIM_ENOMEM;
    at = put(out->data + out->length, method, method_length);
    at = put(at, " ", 1);
    at = put(at, target, target_length);
    at = put(at, " HTTP/1.1\r\n", 11);
    at = put_fields(at, first, 2, NULL);
    at = put_fields(at, fields->items, fields->count, given == NULL ? NULL : "host");
    at = put_fields(at, &last, 1, NULL);
    at = put(at, "\r\n", 2);
    *at = '\0';
    out->length = (size_t)(at - out->data);
    return 0;
}
