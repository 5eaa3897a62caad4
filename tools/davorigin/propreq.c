/* The XML body of PROPFIND and PROPPATCH; propreq.h tells the concept. */
#include "propreq.h"

#include <expat.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define DAV "DAV: "

/* Separates namespace and name in expat's names; no namespace can hold it unescaped. */
enum { SEPARATOR = ' ' };

/* propfind: the properties are at depth 2, in <prop>. propertyupdate: at depth 3, in <set> or
 * <remove>, <prop>. */
struct reader {
    struct propreq *out;
    XML_Parser parser;
    const char *root;
    int prop_depth; /* where <prop> stands */
    int depth;
    bool in_prop;
    bool in_action;  /* within <set> or <remove> */
    bool has_choice; /* one of allprop, propname, prop was seen */
    int failure;
};

static void stop(struct reader *reader, int status)
{
    if (!reader->failure)
        reader->failure = status;
    XML_StopParser(reader->parser, XML_FALSE);
}

static void add_property(struct reader *reader, const char *element)
{
    struct propreq *out = reader->out;
    const char *separator = strrchr(element, SEPARATOR);
    struct property *more = NULL;

    if (out->count == PROPREQ_PROPERTIES) {
        stop(reader, 413);
        return;
    }
    more = reallocarray(out->properties, out->count + 1, sizeof *more);
    if (!more) {
        stop(reader, 503);
        return;
    }
    out->properties = more;
    more = &out->properties[out->count];
    more->space = separator ? strndup(element, (size_t)(separator - element)) : strdup("");
    more->name = strdup(separator ? separator + 1 : element);
    out->count++;
    if (!more->space || !more->name)
        stop(reader, 503);
}

static void choose(struct reader *reader, enum propreq_kind kind)
{
    if (reader->has_choice)
        stop(reader, 400);
    reader->has_choice = true;
    reader->out->kind = kind;
}

/* Unknown elements are ignored (RFC 4918 §17). */
static void start_element(void *user, const XML_Char *element, const XML_Char **attributes)
{
    struct reader *reader = user;
    bool update = reader->prop_depth == 2;

    (void)attributes;
    if (reader->depth == 0) {
        if (strncmp(element, DAV, strlen(DAV)) != 0 ||
            strcmp(element + strlen(DAV), reader->root) != 0)
            stop(reader, 400);
    } else if (reader->in_prop && reader->depth == reader->prop_depth + 1) {
        add_property(reader, element);
    } else if (update && reader->depth == 1) {
        reader->in_action = strcmp(element, DAV "set") == 0 || strcmp(element, DAV "remove") == 0;
    } else if (reader->depth == reader->prop_depth && strcmp(element, DAV "prop") == 0) {
        reader->in_prop = !update || reader->in_action;
        if (!update)
            choose(reader, PROPREQ_LISTED);
    } else if (!update && reader->depth == 1 && strcmp(element, DAV "allprop") == 0) {
        choose(reader, PROPREQ_ALL);
    } else if (!update && reader->depth == 1 && strcmp(element, DAV "propname") == 0) {
        choose(reader, PROPREQ_NAMES);
    }
    reader->depth++;
}

static void end_element(void *user, const XML_Char *element)
{
    struct reader *reader = user;

    (void)element;
    reader->depth--;
    if (reader->depth == reader->prop_depth)
        reader->in_prop = false;
    if (reader->depth == 1)
        reader->in_action = false;
}

static void refuse_doctype(void *user, const XML_Char *name, const XML_Char *system,
                           const XML_Char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop(user, 400);
}

static void refuse_entity(void *user, const XML_Char *name, int is_parameter, const XML_Char *value,
                          int length, const XML_Char *base, const XML_Char *system,
                          const XML_Char *public, const XML_Char *notation)
{
    (void)name;
    (void)is_parameter;
    (void)value;
    (void)length;
    (void)base;
    (void)system;
    (void)public;
    (void)notation;
    stop(user, 400);
}

static int parse(struct reader *reader, const struct buffer *body)
{
    enum XML_Status status = XML_STATUS_ERROR;

    reader->parser = XML_ParserCreateNS(NULL, SEPARATOR);
    if (!reader->parser)
        return 503;
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, start_element, end_element);
    XML_SetStartDoctypeDeclHandler(reader->parser, refuse_doctype);
    XML_SetEntityDeclHandler(reader->parser, refuse_entity);
    if (body->length <= INT_MAX)
        status = XML_Parse(reader->parser, body->data, (int)body->length, XML_TRUE);
    XML_ParserFree(reader->parser);
    if (reader->failure)
        return reader->failure;
    return status == XML_STATUS_OK ? 0 : 400;
}

int propreq_parse(struct propreq *out, const struct buffer *body, const char *root)
{
    bool update = strcmp(root, "propertyupdate") == 0;
    struct reader reader = {.out = out, .root = root, .prop_depth = update ? 2 : 1};
    int status = 0;

    memset(out, 0, sizeof *out);
    out->kind = update ? PROPREQ_LISTED : PROPREQ_ALL;
    if (body->failed)
        return 503;
    if (body->length == 0)
        return update ? 400 : 0;
    status = parse(&reader, body);
    if (status == 0 && !update && !reader.has_choice)
        status = 400;
    if (status == 0 && update && out->count == 0)
        status = 400;
    if (status)
        propreq_free(out);
    return status;
}

void propreq_free(struct propreq *request)
{
    for (size_t i = 0; i < request->count; i++) {
        free(request->properties[i].space);
        free(request->properties[i].name);
    }
    free(request->properties);
    memset(request, 0, sizeof *request);
}
