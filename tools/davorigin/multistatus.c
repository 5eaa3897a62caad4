/* 207 Multi-Status; multistatus.h tells the concept. */
#include "multistatus.h"

#include "path.h"
#include "status.h"

#include <stdlib.h>
#include <string.h>

static void append_names(struct buffer *out, const struct member *member)
{
    if (member->up)
        append_names(out, member->up);
    /* The root is the empty name: its members need one slash, not two. */
    if (*member->name)
        path_encode(out, member->name);
}

void member_href(struct buffer *out, const struct member *member)
{
    size_t before = out->length;

    append_names(out, member);
    if (out->length == before)
        buffer_text(out, "/");
}

void failures_add(struct failures *failures, const struct member *member, int status)
{
    struct buffer href = {0};
    struct failure *items = NULL;

    if (failures->count < FAILURES_KEPT && failures->href_bytes < FAILURES_HREF_BYTES) {
        member_href(&href, member);
        items = reallocarray(failures->items, failures->count + 1, sizeof *items);
    }
    if (items)
        failures->items = items;
    if (!items || href.failed) {
        buffer_free(&href);
        failures->dropped++;
        return;
    }
    failures->items[failures->count].href = href.data;
    failures->items[failures->count].status = status;
    failures->count++;
    failures->href_bytes += href.length;
}

void failures_free(struct failures *failures)
{
    for (size_t i = 0; i < failures->count; i++)
        free(failures->items[i].href);
    free(failures->items);
    memset(failures, 0, sizeof *failures);
}

/* The length of the UTF-8 sequence at `text` if XML 1.0 (§2.2) can hold its character, else 0. */
static size_t xml_char_length(const unsigned char *text)
{
    size_t length = 0;
    unsigned long c = text[0];

    if (c < 0x80)
        return c >= 0x20 || c == '\t' || c == '\n' ? 1 : 0;
    length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4)
        return 0;
    c &= 0xffUL >> (length + 1);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (text[i] & 0x3f);
    }
    if ((length == 3 && c < 0x800) || (length == 4 && (c < 0x10000 || c > 0x10ffff)) ||
        (c >= 0xd800 && c <= 0xdfff) || c == 0xfffe || c == 0xffff)
        return 0;
    return length;
}

void xml_escape(struct buffer *out, const char *text)
{
    while (*text) {
        size_t length = xml_char_length((const unsigned char *)text);

        if (length == 0)
            buffer_text(out, "\xef\xbf\xbd");
        else if (*text == '&')
            buffer_text(out, "&amp;");
        else if (*text == '<')
            buffer_text(out, "&lt;");
        else if (*text == '>')
            buffer_text(out, "&gt;");
        else if (*text == '"')
            buffer_text(out, "&quot;");
        else
            buffer_append(out, text, length);
        text += length ? length : 1;
    }
}

void multistatus_begin(struct buffer *out)
{
    buffer_text(out,
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\">\n");
}

void multistatus_end(struct buffer *out)
{
    buffer_text(out, "</D:multistatus>\n");
}

void multistatus_of_failures(struct buffer *out, const struct failures *failures)
{
    multistatus_begin(out);
    for (size_t i = 0; i < failures->count; i++) {
        const struct failure *failure = &failures->items[i];

        buffer_format(
            out,
            "<D:response><D:href>%s</D:href><D:status>HTTP/1.1 %d %s</D:status></D:response>\n",
            failure->href, failure->status, status_reason(failure->status));
    }
    if (failures->dropped > 0)
        buffer_format(out,
                      "<D:responsedescription>%zu more members failed</D:responsedescription>\n",
                      failures->dropped);
    multistatus_end(out);
}
