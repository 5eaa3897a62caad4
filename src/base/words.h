/* words.h - a short list of words as one text: each with its NUL, and behind the last an empty one,
 * which the literal's own NUL is: "done\0failed\0". For what is asked for seldom: a table of
 * pointers, with their relocations, takes as much room again. May be included by every layer. */
#ifndef INTERIM_BASE_WORDS_H
#define INTERIM_BASE_WORDS_H

#include <stddef.h>

/* The word behind this one, which is not the empty one. */
const char *interim__words_next(const char *word);

/* The word of this number, from 0; NULL: there are not so many. */
const char *interim__words_at(const char *words, int number);

/* The number of the word, without case: the list's are in lower case. -1: none is it. */
int interim__words_find(const char *words, const char *text, size_t length);

#endif
