/* netrc.c - see netrc.h. */
#include "netrc.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Ends at the closing quote; false when there is none in the line. */
static bool take_quoted(char **at, char *to)
{
    for (; **at != '"'; (*at)++) {
        if (**at == '\\' && (*at)[1] != '\0')
            (*at)++;
        if (**at == '\0' || **at == '\n')
            return false;
        *to++ = **at;
    }
    (*at)++;
    if (**at != '\0' && !is_blank(**at))
        return false;
    if (**at != '\0')
        (*at)++;
    *to = '\0';
    return true;
}

/* The next token, ended by NUL where it stands; NULL at the end. *malformed: an open quote. */
static char *take_token(char **at, bool *malformed)
{
    char *token;

    for (;;) {
        *at += strspn(*at, " \t\r\n");
        if (**at != '#')
            break;
        *at += strcspn(*at, "\n");
    }
    if (**at == '\0')
        return NULL;
    token = *at;
    if (**at == '"') {
        (*at)++;
        if (take_quoted(at, token))
            return token;
        *malformed = true;
        return NULL;
    }
    *at += strcspn(*at, " \t\r\n");
    if (**at != '\0')
        *(*at)++ = '\0';
    return token;
}

/* A macro: its name, the rest of that line, and the lines up to an empty one, or to the end. */
static void skip_macro(char **at)
{
    do {
        *at += strcspn(*at, "\n");
        if (**at == '\n')
            (*at)++;
    } while (**at != '\0' && (*at)[strspn(*at, "\r")] != '\n');
}

enum netrc_answer netrc_find(char *text, const char *host, const char **user, const char **password)
{
    bool ours = false, malformed = false;
    char *at = text, *word, *value;

    *user = *password = NULL;
    while ((word = take_token(&at, &malformed)) != NULL) {
        const bool entry = strcmp(word, "machine") == 0 || strcmp(word, "default") == 0;

        if (entry && ours)
            break;
        if (strcmp(word, "default") == 0) {
            ours = true;
            continue;
        }
        if (strcmp(word, "macdef") == 0) {
            skip_macro(&at);
            continue;
        }
        value = take_token(&at, &malformed);
        if (!value)
            return NETRC_MALFORMED;
        if (strcmp(word, "machine") == 0)
            ours = strcasecmp(value, host) == 0;
        else if (strcmp(word, "login") == 0 && ours)
            *user = value;
        else if (strcmp(word, "password") == 0 && ours)
            *password = value;
        else if (strcmp(word, "login") != 0 && strcmp(word, "password") != 0 &&
                 strcmp(word, "account") != 0)
            return NETRC_MALFORMED;
    }
    if (malformed)
        return NETRC_MALFORMED;
    if (!ours)
        return NETRC_NOT_FOUND;
    return *user && *password ? NETRC_FOUND : NETRC_INCOMPLETE;
}
