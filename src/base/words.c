/* words.c - see words.h. */
#include "base/words.h"

#include "base/text.h"

const char *interim__words_next(const char *word)
{
    return word + strlen(word) + 1;
}

const char *interim__words_at(const char *words, int number)
{
    for (; number > 0 && *words != '\0'; number--)
        words = interim__words_next(words);
    return number == 0 && *words != '\0' ? words : NULL;
}

int interim__words_find(const char *words, const char *text, size_t length)
{
    for (int number = 0; *words != '\0'; number++, words = interim__words_next(words))
        if (interim__text_is(text, length, words))
            return number;
    return -1;
}
