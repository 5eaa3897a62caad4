/* multistatus.c - see multistatus.h.
 *
 * A stack of nodes says where in the document we are: a node is what an element is by its parent
 * and its name, OTHER for everything that is not looked at. Hrefs come before the status that
 * they share, so the hrefs of a response are kept on trial behind those that failed, and dropped
 * again if it turns out that they succeeded.
 */
#include "multistatus.h"

#include <expat.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum node {
    OTHER = 0,
    DOCUMENT,
    MULTISTATUS,
    RESPONSE,
    HREF,
    STATUS,
    DESCRIPTION,
    PROPSTAT,
    PROPSTAT_STATUS,
    PROP,
    RESOURCETYPE,
    COLLECTION
};

static const struct {
    enum node parent;
    const char *name; /* namespace, separator, local name */
    enum node node;
} grammar[] = {
    {DOCUMENT, "DAV:|multistatus", MULTISTATUS},
    {MULTISTATUS, "DAV:|multistatus", MULTISTATUS}, /* in the wrapping of a naked body */
    {MULTISTATUS, "DAV:|response", RESPONSE},
    {RESPONSE, "DAV:|href", HREF},
    {RESPONSE, "DAV:|status", STATUS},
    {RESPONSE, "DAV:|responsedescription", DESCRIPTION},
    {RESPONSE, "DAV:|propstat", PROPSTAT},
    {PROPSTAT, "DAV:|status", PROPSTAT_STATUS},
    {PROPSTAT, "DAV:|prop", PROP},
    {PROP, "DAV:|resourcetype", RESOURCETYPE},
    {RESOURCETYPE, "DAV:|collection", COLLECTION},
};

static const char wrapping_begin[] =
    "<D:multistatus xmlns:D=\"DAV:\" xmlns:d=\"DAV:\" xmlns=\"DAV:\">";
static const char wrapping_end[] = "</D:multistatus>";

struct multistatus {
    XML_Parser parser;
    bool naked;
    bool rooted; /* the root element was a multistatus */
    uint64_t bytes;
    enum node stack[MULTISTATUS_DEPTH_MAX + 1];
    size_t depth;
    char text[MULTISTATUS_TEXT_MAX + 1];
    size_t text_length;

    /* The response that is being read. */
    size_t href_count;   /* all of them */
    size_t href_kept;    /* those at the end of members */
    int status;          /* of the response, -1 before there was one */
    int propstat_status; /* the worst of its propstats, -1 when there was none */
    char *description;

    struct multistatus_member members[MULTISTATUS_MEMBERS_KEPT];
    size_t member_count;
    struct multistatus_report report;
};

static void stop(struct multistatus *reader, const char *problem)
{
    if (reader->report.problem[0] == '\0')
        snprintf(reader->report.problem, sizeof reader->report.problem, "%s", problem);
    XML_StopParser(reader->parser, XML_FALSE);
}

/* "HTTP/1.1 403 Forbidden" to 403, 0 when it is not of that form. */
static int read_status(const char *text)
{
    const char *space;

    text += strspn(text, " \t\r\n");
    space = strchr(text, ' ');
    if (strncmp(text, "HTTP/", 5) != 0 || !space || strspn(space + 1, "0123456789") != 3)
        return 0;
    return atoi(space + 1);
}

static bool is_success(int status)
{
    return status >= 200 && status <= 299;
}

static void forget(struct multistatus_member *member)
{
    free(member->href);
    free(member->description);
    memset(member, 0, sizeof *member);
}

static void end_href(struct multistatus *reader)
{
    struct multistatus_member *member;
    const char *begin = reader->text + strspn(reader->text, " \t\r\n");
    size_t length = strlen(begin);

    while (length > 0 && strchr(" \t\r\n", begin[length - 1]))
        length--;
    reader->href_count++;
    if (reader->member_count == MULTISTATUS_MEMBERS_KEPT)
        return;
    member = &reader->members[reader->member_count];
    member->href = strndup(begin, length);
    if (!member->href) {
        stop(reader, "out of memory");
        return;
    }
    reader->member_count++;
    reader->href_kept++;
}

static void end_response(struct multistatus *reader)
{
    const int status = reader->status >= 0 ? reader->status : reader->propstat_status;
    const size_t first = reader->member_count - reader->href_kept;
    const size_t count = reader->href_count > 0 ? reader->href_count : 1;

    if (status < 0) {
        stop(reader, "a member has no status");
        return;
    }
    if (is_success(status)) {
        reader->report.succeeded += count;
        while (reader->member_count > first)
            forget(&reader->members[--reader->member_count]);
    } else {
        reader->report.failed += count;
        for (size_t i = first; i < reader->member_count; i++)
            reader->members[i].status = status;
        if (first < reader->member_count) {
            reader->members[first].description = reader->description;
            reader->description = NULL;
        }
    }
    reader->href_kept = 0;
}

static void begin_response(struct multistatus *reader)
{
    reader->href_count = 0;
    reader->href_kept = 0;
    reader->status = -1;
    reader->propstat_status = -1;
    free(reader->description);
    reader->description = NULL;
}

static void XMLCALL on_begin(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct multistatus *reader = user;
    const enum node parent = reader->stack[reader->depth];
    enum node node = OTHER;

    (void)attributes;
    if (reader->depth == MULTISTATUS_DEPTH_MAX) {
        stop(reader, "its elements are nested too deeply");
        return;
    }
    for (size_t i = 0; i < sizeof grammar / sizeof *grammar; i++) {
        if (grammar[i].parent == parent && strcmp(grammar[i].name, name) == 0)
            node = grammar[i].node;
    }
    if (parent == DOCUMENT)
        reader->rooted = node == MULTISTATUS;
    if (node == RESPONSE)
        begin_response(reader);
    if (node == COLLECTION)
        reader->report.collection = true;
    if (parent == RESPONSE || parent == PROPSTAT)
        reader->text_length = 0;
    reader->stack[++reader->depth] = node;
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
    struct multistatus *reader = user;
    const enum node node = reader->stack[reader->depth--];
    int status;

    (void)name;
    reader->text[reader->text_length] = '\0';
    switch (node) {
    case HREF:
        end_href(reader);
        break;
    case STATUS:
        reader->status = read_status(reader->text);
        break;
    case DESCRIPTION:
        free(reader->description);
        reader->description = strdup(reader->text);
        break;
    case PROPSTAT_STATUS:
        status = read_status(reader->text);
        if (reader->propstat_status < 0 || !is_success(status))
            reader->propstat_status = status;
        break;
    case RESPONSE:
        end_response(reader);
        break;
    default:
        break;
    }
}

static void XMLCALL on_text(void *user, const XML_Char *text, int length)
{
    struct multistatus *reader = user;
    const size_t room = MULTISTATUS_TEXT_MAX - reader->text_length;
    size_t size = (size_t)length;

    switch (reader->stack[reader->depth]) {
    case HREF:
    case STATUS:
    case DESCRIPTION:
    case PROPSTAT_STATUS:
        size = size < room ? size : room;
        memcpy(reader->text + reader->text_length, text, size);
        reader->text_length += size;
        break;
    default:
        break;
    }
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop(user, "it has a DOCTYPE, which a 207 never needs");
}

static bool parse(struct multistatus *reader, const char *data, size_t size, bool last)
{
    char problem[120];

    if (reader->report.problem[0] != '\0')
        return false;
    if (XML_Parse(reader->parser, data, (int)size, last) != XML_STATUS_ERROR)
        return true;
    snprintf(problem, sizeof problem, "line %lu: %s",
             (unsigned long)XML_GetCurrentLineNumber(reader->parser),
             XML_ErrorString(XML_GetErrorCode(reader->parser)));
    stop(reader, problem);
    return false;
}

struct multistatus *multistatus_new(bool naked)
{
    struct multistatus *reader = calloc(1, sizeof *reader);

    if (!reader)
        return NULL;
    reader->parser = XML_ParserCreateNS(NULL, '|');
    if (!reader->parser) {
        free(reader);
        return NULL;
    }
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, on_begin, on_end);
    XML_SetCharacterDataHandler(reader->parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
    reader->stack[0] = DOCUMENT;
    reader->naked = naked;
    if (naked)
        parse(reader, wrapping_begin, sizeof wrapping_begin - 1, false);
    return reader;
}

bool multistatus_feed(struct multistatus *reader, const char *data, size_t size)
{
    reader->bytes += size;
    if (reader->bytes > MULTISTATUS_BYTES_MAX) {
        stop(reader, "it is too long");
        return false;
    }
    while (size > 0) {
        const size_t part = size < INT_MAX ? size : INT_MAX;

        if (!parse(reader, data, part, false))
            return false;
        data += part;
        size -= part;
    }
    return true;
}

const struct multistatus_report *multistatus_end(struct multistatus *reader)
{
    if (reader->naked)
        parse(reader, wrapping_end, sizeof wrapping_end - 1, true);
    else
        parse(reader, "", 0, true);
    if (reader->report.problem[0] == '\0' && !reader->rooted)
        snprintf(reader->report.problem, sizeof reader->report.problem,
                 "its root is not DAV:multistatus");
    for (; reader->href_kept > 0; reader->href_kept--)
        forget(&reader->members[--reader->member_count]);
    reader->report.members = reader->members;
    reader->report.member_count = reader->member_count;
    return &reader->report;
}

void multistatus_free(struct multistatus *reader)
{
    if (!reader)
        return;
    for (size_t i = 0; i < reader->member_count; i++)
        forget(&reader->members[i]);
    free(reader->description);
    XML_ParserFree(reader->parser);
    free(reader);
}
