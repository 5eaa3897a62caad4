/* text.h - the character classes of HTTP (RFC 9110 section 5.6), independent of the locale. May be
 * included by every layer. */
#ifndef INTERIM_BASE_TEXT_H
#define INTERIM_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* tchar of RFC 9110 section 5.6.2; every byte of every field name is looked up here. */
extern const bool interim__text_token_chars[256];

/* How many bytes from the beginning on could be a token's; and whether all are, and there are any.
 */
size_t interim__text_token_length(const char *text, size_t length);
bool interim__text_is_token(const char *text, size_t length);

/* The same for any two strings that end with NUL. */
bool interim__text_equal(const char *a, const char *b);

/* Whether text begins with prefix, which is in lower case, compared without case. */
bool interim__text_begins(const char *text, size_t length, const char *prefix);

/* Compares ASCII letters without case; lower is in lower case. Mostly the lengths tell. */
static inline bool interim__text_is(const char *text, size_t length, const char *lower)
{
    return length == strlen(lower) && interim__text_begins(text, length, lower);
}

/* Takes blanks (space, tab) off both ends. */
void interim__text_trim(const char **text, size_t *length);

/* Takes the next element off a comma-separated list (RFC 9110 section 5.6.1), trimmed; empty
 * elements are skipped. Quoted strings are not looked into. False at the end. */
bool interim__text_next_element(const char **list, size_t *list_length, const char **element,
                                size_t *length);

/* 1*DIGIT and nothing else, at most INT64_MAX, which *out is when there are more. *overflow (may be
 * NULL) tells too large a number from something else. */
bool interim__text_decimal(int64_t *out, const char *text, size_t length, bool *overflow);

/* Writes the last so many digits of a number, zeros in front, and returns where they end. */
char *interim__text_put_digits(char *out, unsigned number, unsigned digits);

/* Writes a number and a NUL: how many digits. */
#define INTERIM__DECIMAL 21 /* room for any */
size_t interim__text_put_decimal(char out[INTERIM__DECIMAL], uint64_t value);

/* Copies as much of text as there is room for, and a NUL. size > 0. */
void interim__text_put(char *out, size_t size, const char *text);

/* Replaces control characters by "?": much of what people are told is quoted from the peer. */
void interim__text_clean(char *text);

/* Length of the UTF-8 sequence that text begins with (RFC 3629: no overlong form, no surrogate), 0
 * for none. length > 0. */
size_t interim__text_utf8_length(const char *text, size_t length);

/* The value of a hexadecimal digit, -1 for anything else. */
extern const signed char interim__text_hex_values[256];
static inline int interim__text_hex(char digit)
{
    return interim__text_hex_values[(unsigned char)digit];
}

#endif
