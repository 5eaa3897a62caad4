/* multistatus.c - the body of a 207 (RFC 4918 section 13), read by expat as it arrives.
 *
 * A stack of nodes says where in the document we are: a node is what an element is by its parent
 * and its name, OTHER for everything that is not looked at. A response is gathered and given out at
 * its end, because the status that its hrefs share comes after them; the properties of a propstat
 * likewise wait for its status. Nothing else is kept, so that memory does not grow with the tree.
 */
#include "base/error.h"
#include "base/text.h"
#include "exchange/date.h"

#include <expat.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HREFS_KEPT 256 /* of one response */
#define DEPTH_MAX 64
#define TEXT_MAX 4096 /* of one href, status or property; the rest is cut off */
#define BYTES_MAX ((uint64_t)64 * 1024 * 1024)

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
    COLLECTION,
    LOCKDISCOVERY,
    ACTIVELOCK,
    LENGTH,
    MODIFIED,
    CREATED,
    ETAG
};

#define NAMESPACE "DAV:|" /* what expat puts before a local name */

static const struct {
    unsigned char parent, node;
    char name[22];
} grammar[] = {
    {DOCUMENT, MULTISTATUS, "multistatus"},
    {MULTISTATUS, MULTISTATUS, "multistatus"}, /* in the wrapping of a naked body */
    {MULTISTATUS, RESPONSE, "response"},
    {RESPONSE, HREF, "href"},
    {RESPONSE, STATUS, "status"},
    {RESPONSE, DESCRIPTION, "responsedescription"},
    {RESPONSE, PROPSTAT, "propstat"},
    {PROPSTAT, PROPSTAT_STATUS, "status"},
    {PROPSTAT, PROP, "prop"},
    {PROP, RESOURCETYPE, "resourcetype"},
    {PROP, LOCKDISCOVERY, "lockdiscovery"},
    {PROP, LENGTH, "getcontentlength"},
    {PROP, MODIFIED, "getlastmodified"},
    {PROP, CREATED, "creationdate"},
    {PROP, ETAG, "getetag"},
    {RESOURCETYPE, COLLECTION, "collection"},
    {LOCKDISCOVERY, ACTIVELOCK, "activelock"},
};

static const char wrapping_begin[] =
    "<D:multistatus xmlns:D=\"DAV:\" xmlns:d=\"DAV:\" xmlns=\"DAV:\">";
static const char wrapping_end[] = "</D:multistatus>";

typedef struct properties {
    bool collection, locked;
    int64_t length, modified, created;
    char etag[TEXT_MAX + 1];
} properties;

struct interim_multistatus {
    XML_Parser parser;
    interim_member_fn on_member;
    void *user;
    bool naked, ended;
    bool rooted; /* the root element is a multistatus */
    int failed;
    char problem[160];
    uint64_t bytes;
    enum node stack[DEPTH_MAX + 1];
    size_t depth;
    char text[TEXT_MAX + 1];
    size_t text_length;

    /* The response that is being read. */
    char *hrefs[HREFS_KEPT];
    size_t href_count;   /* all of them */
    int status;          /* its own, -1 before there was one */
    int propstat_status; /* the worst of its propstats, -1 when there was none */
    char description[TEXT_MAX + 1];
    properties known, tried; /* of the response; of the propstat whose status is still to come */
    int tried_status;
};

static void stop(interim_multistatus *reader, int code, const char *problem)
{
    if (reader->failed == 0) {
        reader->failed = code;
        snprintf(reader->problem, sizeof reader->problem, "%s", problem);
    }
    XML_StopParser(reader->parser, XML_FALSE);
}

static const properties nothing = {.length = -1, .modified = -1, .created = -1};

/* "HTTP/1.1 403 Forbidden" to 403, 0 when it is not of that form. */
static int read_status(const char *text)
{
    const char *space;

    text += strspn(text, " \t\r\n");
    space = strchr(text, ' ');
    if (strncmp(text, "HTTP/", 5) != 0 || space == NULL || strspn(space + 1, "0123456789") != 3)
        return 0;
    return atoi(space + 1);
}

static bool is_success(int status)
{
    return status >= 200 && status <= 299;
}

static int64_t read_date(const char *text, size_t length)
{
    int64_t seconds;

    /* Servers mix up the forms of getlastmodified and creationdate. */
    if (interim__date_parse_rfc3339(&seconds, text, length) ||
        interim__date_parse(&seconds, text, length, 0))
        return seconds < 0 ? -1 : seconds;
    return -1;
}

/* Of a number that is sent twice the last counts; of one that is none, nothing. */
static int64_t read_length(const char *text, size_t length)
{
    int64_t value;

    return interim__text_decimal(&value, text, length, NULL) ? value : -1;
}

/* ---- A response ---- */

static void forget_hrefs(interim_multistatus *reader)
{
    for (size_t i = 0; i < HREFS_KEPT && i < reader->href_count; i++)
        free(reader->hrefs[i]);
    reader->href_count = 0;
}

static void begin_response(interim_multistatus *reader)
{
    forget_hrefs(reader);
    reader->status = -1;
    reader->propstat_status = -1;
    reader->description[0] = '\0';
    reader->known = nothing;
}

static void end_href(interim_multistatus *reader, const char *text, size_t length)
{
    char *href = NULL;

    if (reader->href_count < HREFS_KEPT) {
        href = strndup(text, length);
        if (href == NULL) {
            stop(reader, INTERIM_ENOMEM, "out of memory");
            return;
        }
        reader->hrefs[reader->href_count] = href;
    }
    reader->href_count++;
}

/* 404 says that properties are not there, not that the member is not, if it has others. */
static void end_propstat(interim_multistatus *reader)
{
    const int status = reader->tried_status;
    int *worst = &reader->propstat_status;

    if (is_success(status)) {
        const properties *tried = &reader->tried;
        properties *known = &reader->known;

        known->collection |= tried->collection;
        known->locked |= tried->locked;
        if (tried->length >= 0)
            known->length = tried->length;
        if (tried->modified >= 0)
            known->modified = tried->modified;
        if (tried->created >= 0)
            known->created = tried->created;
        if (tried->etag[0] != '\0')
            strcpy(known->etag, tried->etag);
    }
    if (status >= 0 && (*worst < 0 || *worst == 404 || (!is_success(status) && status != 404)))
        *worst = status;
}

static void end_response(interim_multistatus *reader)
{
    const properties *known = &reader->known;
    const size_t count = reader->href_count > 0 ? reader->href_count : 1;
    interim_member member = {.size = sizeof member,
                             .href = "",
                             .description = reader->description,
                             .collection = known->collection,
                             .locked = known->locked,
                             .length = known->length,
                             .modified_s = known->modified,
                             .created_s = known->created,
                             .etag = known->etag};

    member.status = reader->status >= 0 ? reader->status : reader->propstat_status;
    if (member.status < 0) {
        stop(reader, INTERIM_EMULTISTATUS, "a member has no status");
        return;
    }
    for (size_t i = 0; i < count && reader->failed == 0; i++) {
        member.href = i < reader->href_count && i < HREFS_KEPT ? reader->hrefs[i] : "";
        if (reader->on_member(&member, reader->user) != 0)
            stop(reader, INTERIM_ECANCELLED, "the caller wants no more members");
    }
}

/* ---- What expat says ---- */

static bool has_text(enum node node)
{
    return node == HREF || node == STATUS || node == DESCRIPTION || node == PROPSTAT_STATUS ||
           node == LENGTH || node == MODIFIED || node == CREATED || node == ETAG;
}

static void XMLCALL on_begin(void *user, const XML_Char *name, const XML_Char **attributes)
{
    interim_multistatus *reader = user;
    const enum node parent = reader->stack[reader->depth];
    enum node node = OTHER;

    (void)attributes;
    if (reader->depth == DEPTH_MAX) {
        stop(reader, INTERIM_EMULTISTATUS, "its elements are nested too deeply");
        return;
    }
    if (strncmp(name, NAMESPACE, sizeof NAMESPACE - 1) == 0)
        for (size_t i = 0; i < sizeof grammar / sizeof *grammar; i++)
            if (grammar[i].parent == parent &&
                strcmp(grammar[i].name, name + sizeof NAMESPACE - 1) == 0)
                node = grammar[i].node;
    if (parent == DOCUMENT)
        reader->rooted = node == MULTISTATUS;
    if (node == RESPONSE)
        begin_response(reader);
    if (node == PROPSTAT) {
        reader->tried = nothing;
        reader->tried_status = -1;
    }
    if (has_text(node))
        reader->text_length = 0;
    reader->stack[++reader->depth] = node;
}

static void end_text(interim_multistatus *reader, enum node node, const char *text, size_t length)
{
    switch (node) {
    case HREF:
        end_href(reader, text, length);
        break;
    case STATUS:
        reader->status = read_status(text);
        break;
    case DESCRIPTION:
        strcpy(reader->description, text);
        break;
    case PROPSTAT_STATUS:
        reader->tried_status = read_status(text);
        break;
    case LENGTH:
        reader->tried.length = read_length(text, length);
        break;
    case MODIFIED:
        reader->tried.modified = read_date(text, length);
        break;
    case CREATED:
        reader->tried.created = read_date(text, length);
        break;
    default:
        strcpy(reader->tried.etag, text);
        break;
    }
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
    interim_multistatus *reader = user;
    const enum node node = reader->stack[reader->depth--];

    (void)name;
    if (has_text(node)) {
        char *text = reader->text;

        while (reader->text_length > 0 && strchr(" \t\r\n", text[reader->text_length - 1]))
            reader->text_length--;
        text[reader->text_length] = '\0';
        text += strspn(text, " \t\r\n");
        end_text(reader, node, text, strlen(text));
    } else if (node == COLLECTION) {
        reader->tried.collection = true;
    } else if (node == ACTIVELOCK) {
        reader->tried.locked = true;
    } else if (node == PROPSTAT) {
        end_propstat(reader);
    } else if (node == RESPONSE) {
        end_response(reader);
    }
}

static void XMLCALL on_text(void *user, const XML_Char *text, int length)
{
    interim_multistatus *reader = user;
    const size_t room = TEXT_MAX - reader->text_length;
    const size_t size = (size_t)length < room ? (size_t)length : room;

    if (!has_text(reader->stack[reader->depth]))
        return;
    memcpy(reader->text + reader->text_length, text, size);
    reader->text_length += size;
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop(user, INTERIM_EMULTISTATUS, "it has a DOCTYPE, which a 207 never needs");
}

/* ---- The reader ---- */

static int parse(interim_multistatus *reader, const char *data, size_t size, bool last)
{
    char problem[120];
    enum XML_Error error;

    if (reader->failed < 0)
        return reader->failed;
    if (XML_Parse(reader->parser, data, (int)size, last) != XML_STATUS_ERROR)
        return 0;
    error = XML_GetErrorCode(reader->parser);
    snprintf(problem, sizeof problem, "line %lu: %s",
             (unsigned long)XML_GetCurrentLineNumber(reader->parser), XML_ErrorString(error));
    stop(reader, error == XML_ERROR_NO_MEMORY ? INTERIM_ENOMEM : INTERIM_EMULTISTATUS, problem);
    return reader->failed;
}

int interim_multistatus_new(interim_multistatus **out, int naked, interim_member_fn on_member,
                            void *user)
{
    interim_multistatus *reader;

    *out = NULL;
    if (on_member == NULL)
        return INTERIM_EINVAL;
    reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return INTERIM_ENOMEM;
    reader->parser = XML_ParserCreateNS(NULL, '|');
    if (reader->parser == NULL) {
        free(reader);
        return INTERIM_ENOMEM;
    }
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, on_begin, on_end);
    XML_SetCharacterDataHandler(reader->parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
    reader->on_member = on_member;
    reader->user = user;
    reader->stack[0] = DOCUMENT;
    reader->naked = naked != 0;
    if (reader->naked)
        parse(reader, wrapping_begin, sizeof wrapping_begin - 1, false);
    *out = reader;
    return 0;
}

int interim_multistatus_feed(interim_multistatus *reader, const void *data, size_t size)
{
    const char *at = data;

    reader->bytes += size;
    if (reader->bytes > BYTES_MAX)
        stop(reader, INTERIM_EMULTISTATUS, "it is too long");
    while (size > 0 && reader->failed == 0) {
        const size_t part = size < INT_MAX ? size : INT_MAX;

        parse(reader, at, part, false);
        at += part;
        size -= part;
    }
    return reader->failed;
}

int interim_multistatus_end(interim_multistatus *reader)
{
    if (reader->ended)
        return reader->failed;
    reader->ended = true;
    if (reader->naked)
        parse(reader, wrapping_end, sizeof wrapping_end - 1, true);
    else
        parse(reader, "", 0, true);
    if (reader->failed == 0 && !reader->rooted)
        stop(reader, INTERIM_EMULTISTATUS, "its root is not DAV:multistatus");
    return reader->failed;
}

const char *interim_multistatus_problem(const interim_multistatus *reader)
{
    return reader->problem;
}

void interim_multistatus_free(interim_multistatus *reader)
{
    if (reader == NULL)
        return;
    forget_hrefs(reader);
    XML_ParserFree(reader->parser);
    free(reader);
}
