/* printable.h - text of other people's making, made fit for a terminal. Whatever a server or a
 * file name holds, what comes out has one line and no control sequence. Included by every file of
 * davcopy that prints.
 */
#ifndef DAVCOPY_PRINTABLE_H
#define DAVCOPY_PRINTABLE_H

#include <stddef.h>

/* Writes size bytes of text to out, with NUL, cut (with "..." as its end) where it does not fit.
 * Control characters and bytes that are not UTF-8 become \xNN, characters that turn the direction
 * of text or break a line \u{NNNN}; everything beyond ASCII does where the locale is not UTF-8.
 * capacity: at least 16. Returns out. */
const char *printable_bytes(char *out, size_t capacity, const char *text, size_t size);

/* The same for a string; NULL is "". */
const char *printable(char *out, size_t capacity, const char *text);

/* The same for the href of a member: percent-decoded first, but for %2F, which is no separator. */
const char *printable_href(char *out, size_t capacity, const char *href);

#endif
