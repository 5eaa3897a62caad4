/* scan.h - looks for bytes in a text, sixteen at a time where the machine has SSE2 and eight
 * elsewhere. It reads nothing outside the text. May be included by every layer. */
#ifndef INTERIM_BASE_SCAN_H
#define INTERIM_BASE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef enum interim__scan_for {
    INTERIM__SCAN_CONTROL, /* below the blank */
    INTERIM__SCAN_OTHER    /* neither a letter nor a dash: what names of fields are made of */
} interim__scan_for;

/* A step of so many bytes, and what of a mask belongs to each. */
#if defined __SSE2__ && !defined INTERIM__SCAN_PLAIN
#include <emmintrin.h>
#define INTERIM__SCAN_STEP ((size_t)16)
#define INTERIM__SCAN_BITS 1
typedef unsigned interim__scan_mask;

static inline interim__scan_mask interim__scan_step(const char *text, interim__scan_for what)
{
    __m128i step = _mm_loadu_si128((const __m128i *)(const void *)text), letter, found;

    if (what == INTERIM__SCAN_CONTROL) {
        found = _mm_subs_epu8(step, _mm_set1_epi8(0x1f));
        return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(found, _mm_setzero_si128()));
    }
    letter = _mm_sub_epi8(_mm_or_si128(step, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8('z' - 'a')), letter);
    found = _mm_or_si128(letter, _mm_cmpeq_epi8(step, _mm_set1_epi8('-')));
    return (unsigned)_mm_movemask_epi8(found) ^ 0xffff;
}

static inline size_t interim__scan_first(interim__scan_mask found)
{
    return (size_t)__builtin_ctzll(found);
}
#else
#define INTERIM__SCAN_STEP sizeof(uint64_t)
#define INTERIM__SCAN_BITS 8
typedef uint64_t interim__scan_mask;

/* The highest bit of a byte is set where it is one of those; no sum carries into the next byte. */
static inline interim__scan_mask interim__scan_step(const char *text, interim__scan_for what)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), low = ones * 0x7f;
    uint64_t step, letter, no_dash, before, behind;

    memcpy(&step, text, sizeof step);
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    step = __builtin_bswap64(step);
#endif
    if (what == INTERIM__SCAN_CONTROL)
        return ~(((step & low) + ones * 0x60) | step | low);
    letter = (step & low) | ones * 0x20;
    before = ~(letter + ones * (0x80 - 'a'));
    behind = letter + ones * (0x7f - 'z');
    no_dash = ((step ^ ones * '-') & low) + low;
    return (((before | behind) & no_dash) | step) & ~low;
}

static inline size_t interim__scan_first(interim__scan_mask found)
{
    return (size_t)__builtin_ctzll(found) / INTERIM__SCAN_BITS;
}
#endif

static inline bool interim__scan_is(char byte, interim__scan_for what)
{
    unsigned char letter = (unsigned char)(byte | 0x20);

    return what == INTERIM__SCAN_CONTROL ? (unsigned char)byte < ' '
                                         : (letter < 'a' || letter > 'z') && byte != '-';
}

/* The first such byte of a text from `at` on, or length. What is left in the end is looked at
 * together with what is before it. */
static inline size_t interim__scan(const char *text, size_t at, size_t length,
                                   interim__scan_for what)
{
    const size_t step = INTERIM__SCAN_STEP;
    interim__scan_mask found;

    for (size_t next = at + step; next <= length; next += step) {
        found = interim__scan_step(text + at, what);
        if (found != 0)
            return at + interim__scan_first(found);
        at = next;
    }
    if (at < length && length >= step) {
        found = interim__scan_step(text + length - step, what) >>
                (step - (length - at)) * INTERIM__SCAN_BITS;
        return found == 0 ? length : at + interim__scan_first(found);
    }
    while (at < length && !interim__scan_is(text[at], what))
        at++;
    return at;
}

#endif
