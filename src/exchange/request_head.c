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

static int field(interim__buffer *out, const char *name, const char *value)
{
    if (interim__buffer_append_text(out, name) < 0 || interim__buffer_append(out, ": ", 2) < 0 ||
        interim__buffer_append_text(out, value) < 0)
        return INTERIM_ENOMEM;
    return interim__buffer_append(out, "\r\n", 2);
}

static int length_field(interim__buffer *out, int64_t length)
{
    char digits[20];
    size_t at = sizeof digits;

    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + length % 10);
        length /= 10;
    } while (length > 0);
    return field(out, "Content-Length", digits + at);
}

/* Whether the absence of a body should be said, so that the server does not wait for one. */
static bool body_is_usual(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}

static int body_fields(interim__buffer *out, const char *method, int64_t body_length)
{
    if (body_length == INTERIM__BODY_CHUNKED)
        return field(out, "Transfer-Encoding", "chunked");
    if (body_length >= 0)
        return length_field(out, body_length);
    return body_is_usual(method) ? length_field(out, 0) : 0;
}

static int request_line(interim__buffer *out, const char *method, const interim__uri *uri)
{
    if (interim__buffer_append_text(out, method) < 0 || interim__buffer_append(out, " ", 1) < 0 ||
        interim__buffer_append_text(out, uri->target) < 0)
        return INTERIM_ENOMEM;
    return interim__buffer_append_text(out, " HTTP/1.1\r\n");
}

int interim__request_head_write(interim__buffer *out, const char *method, const interim__uri *uri,
                                const interim__fields *fields, const char *user_agent,
                                int64_t body_length)
{
    int failed = request_line(out, method, uri);

    /* Host first: RFC 9110 section 7.2. */
    if (failed == 0)
        failed = field(out, "Host", interim__fields_value(fields, "host", uri->authority));
    if (failed == 0 && user_agent != NULL && *user_agent != '\0' &&
        interim__fields_next(fields, "user-agent", NULL) == NULL)
        failed = field(out, "User-Agent", user_agent);
    for (size_t i = 0; failed == 0 && i < fields->count; i++)
        if (!interim__text_is(fields->items[i].name, fields->items[i].name_length, "host"))
            failed = field(out, fields->items[i].name, fields->items[i].value);
    if (failed == 0)
        failed = body_fields(out, method, body_length);
    return failed < 0 ? failed : interim__buffer_append(out, "\r\n", 2);
}
