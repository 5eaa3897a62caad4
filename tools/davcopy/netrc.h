/* netrc.h - the format of .netrc files: who logs in to which host. Nothing is read from disk here.
 * Included by credentials.c and tests/davcopy/parts.c.
 */
#ifndef DAVCOPY_NETRC_H
#define DAVCOPY_NETRC_H

enum netrc_answer {
    NETRC_FOUND,
    NETRC_NOT_FOUND,
    NETRC_INCOMPLETE, /* the host is there, a name or a password is not */
    NETRC_MALFORMED
};

/* Looks for host (compared without case), or the default entry. text is changed; what is found
 * points into it. The first entry of the host wins. Comments begin with # and end with the line;
 * a token in double quotes may hold blanks, \" and \\. */
enum netrc_answer netrc_find(char *text, const char *host, const char **user,
                             const char **password);

#endif
