/* A request head; request.h tells the concept. */
#include "request.h"

#include "clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_token_char(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_token_char((unsigned char)text[i]))
            return false;
    return length > 0;
}

/* Looks for the empty line from `*seen` on. The length of the head, 0 when more is needed, -1 for a
 * line that ends without CR. */
static ssize_t head_length(const struct connection *connection, size_t *seen)
{
    const char *data = connection->data + connection->start;
    size_t length = connection->end - connection->start;

    for (; *seen < length; (*seen)++) {
        if (data[*seen] != '\n')
            continue;
        if (*seen == 0 || data[*seen - 1] != '\r')
            return -1;
        if (*seen >= 3 && data[*seen - 2] == '\n')
            return (ssize_t)*seen + 1;
    }
    return 0;
}

/* RFC 9112 §2.2: empty lines before the request line are ignored. */
static void skip_empty_lines(struct connection *connection)
{
    while (connection->end - connection->start >= 2 &&
           memcmp(connection->data + connection->start, "\r\n", 2) == 0)
        connection->start += 2;
}

static int receive_head(struct request *out, struct connection *connection)
{
    int64_t deadline = clock_ms() + CONNECTION_HEAD_MS;
    size_t seen = 0;

    for (;;) {
        ssize_t length = 0;
        ssize_t got = 0;

        if (seen == 0)
            skip_empty_lines(connection);
        length = head_length(connection, &seen);
        if (length < 0)
            return 400;
        if (length > 0) {
            out->head = malloc((size_t)length + 1);
            if (!out->head)
                return 503;
            memcpy(out->head, connection->data + connection->start, (size_t)length);
            out->head[length] = '\0';
            connection->start += (size_t)length;
            return strlen(out->head) == (size_t)length ? 0 : 400;
        }
        /* A lone CR must not count as seen: it may be the first half of an empty line. */
        if (connection->end - connection->start < 2)
            seen = 0;
        got = connection_fill(connection, deadline);
        if (got == -ENOBUFS)
            return 431;
        if (got == -ETIMEDOUT && connection->end > connection->start)
            return 408;
        if (got <= 0)
            return got < 0 ? (int)got : -ECONNRESET;
    }
}

/* Cuts the next line off `*rest`. */
static char *next_line(char **rest)
{
    char *line = *rest;
    char *end = strstr(line, "\r\n");

    if (!end)
        return NULL;
    *end = '\0';
    *rest = end + 2;
    return line;
}

static int parse_version(struct request *out, const char *version)
{
    if (strncmp(version, "HTTP/", 5) != 0 || version[5] < '0' || version[5] > '9' ||
        version[6] != '.' || version[7] < '0' || version[7] > '9' || version[8])
        return 400;
    if (version[5] != '1')
        return 505;
    out->minor = version[7] - '0';
    return 0;
}

static int parse_request_line(struct request *out, char *line)
{
    char *target = strchr(line, ' ');
    char *version = target ? strchr(target + 1, ' ') : NULL;

    if (!version)
        return 400;
    *target++ = '\0';
    *version++ = '\0';
    if (!is_token(line, strlen(line)) || !*target)
        return 400;
    for (const char *c = target; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == '\x7f')
            return 400;
    out->method = line;
    out->target = target;
    return parse_version(out, version);
}

static int parse_field(struct request *out, char *line)
{
    char *colon = strchr(line, ':');
    char *value = NULL;
    char *end = NULL;

    if (!colon || !is_token(line, (size_t)(colon - line)))
        return 400;
    if (out->field_count == REQUEST_FIELDS)
        return 431;
    *colon = '\0';
    value = colon + 1;
    value += strspn(value, " \t");
    end = value + strlen(value);
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = '\0';
    for (const char *c = value; *c; c++)
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == '\x7f')
            return 400;
    out->fields[out->field_count].name = line;
    out->fields[out->field_count].value = value;
    out->field_count++;
    return 0;
}

/* RFC 9112 §3.2.2: an absolute-form target replaces the Host field. Leaves its path as the target.
 */
static int split_absolute_target(struct request *out)
{
    char *target = NULL;
    char *authority = NULL;
    size_t length = 0;

    if (strncasecmp(out->target, "http://", 7) != 0 && strncasecmp(out->target, "https://", 8) != 0)
        return 400;
    target = out->head + (out->target - out->head);
    authority = strstr(target, "://") + 3;
    length = strcspn(authority, "/?#");
    if (length == 0)
        return 400;
    /* The authority moves over the scheme, so that a NUL fits between it and the path. */
    memmove(target, authority, length);
    target[length] = '\0';
    out->host = target;
    out->target = authority[length] == '/' ? authority + length : "/";
    return 0;
}

static int check_host(struct request *out)
{
    size_t count = request_field_count(out, "Host");
    const char *host = request_field(out, "Host");

    if (count > 1 || (count == 0 && out->minor >= 1))
        return 400;
    out->host = host ? host : "";
    if (strpbrk(out->host, "/?#@ \t"))
        return 400;
    if (out->target[0] == '/')
        return 0;
    if (strcmp(out->target, "*") == 0)
        return strcmp(out->method, "OPTIONS") == 0 ? 0 : 400;
    return strcmp(out->method, "CONNECT") == 0 ? 501 : split_absolute_target(out);
}

int request_read(struct request *out, struct connection *connection)
{
    char *rest = NULL;
    char *line = NULL;
    int failure = 0;

    memset(out, 0, sizeof *out);
    out->method = out->target = out->host = "";
    failure = receive_head(out, connection);
    if (failure)
        return failure;
    rest = out->head;
    line = next_line(&rest);
    failure = line ? parse_request_line(out, line) : 400;
    while (!failure && (line = next_line(&rest)) && *line)
        failure = parse_field(out, line);
    if (!failure)
        failure = check_host(out);
    if (failure)
        return failure;
    if (out->minor >= 1)
        out->keep_alive = !request_has_token(out, "Connection", "close");
    else
        out->keep_alive = request_has_token(out, "Connection", "keep-alive");
    return 0;
}

void request_free(struct request *request)
{
    free(request->head);
    request->head = NULL;
}

const char *request_field(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->field_count; i++)
        if (strcasecmp(request->fields[i].name, name) == 0)
            return request->fields[i].value;
    return NULL;
}

size_t request_field_count(const struct request *request, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < request->field_count; i++)
        count += strcasecmp(request->fields[i].name, name) == 0;
    return count;
}

static bool list_has_token(const char *list, const char *token)
{
    size_t wanted = strlen(token);

    while (*list) {
        size_t length = 0;

        list += strspn(list, " \t,");
        length = strcspn(list, ",;= \t");
        if (length == wanted && strncasecmp(list, token, length) == 0)
            return true;
        list += strcspn(list, ",");
    }
    return false;
}

bool request_has_token(const struct request *request, const char *name, const char *token)
{
    for (size_t i = 0; i < request->field_count; i++)
        if (strcasecmp(request->fields[i].name, name) == 0 &&
            list_has_token(request->fields[i].value, token))
            return true;
    return false;
}
