/* error.h - one failure, filled in where it happens and carried up unchanged. The first failure of
 * an operation wins. May be included by every layer. */
#ifndef INTERIM_BASE_ERROR_H
#define INTERIM_BASE_ERROR_H

#include <interim.h>

/* Cold is what only a failure reaches: the compiler makes it small, and moves it and the ways to it
 * away from what runs for every message. */
#if defined(__GNUC__)
#define INTERIM__PRINTF(at, first) __attribute__((format(printf, at, first)))
#define INTERIM__COLD __attribute__((cold))
#else
#define INTERIM__PRINTF(at, first)
#define INTERIM__COLD
#endif

/* No failure yet. */
void interim__error_init(interim_error *error);

/* Sets code, stage and text unless a failure is there already; returns code, for `return`. Bytes of
 * the text that are not printable ASCII become '?': much of it is quoted from the peer. */
int interim__error_set(interim_error *error, int code, interim_stage stage, const char *format, ...)
    INTERIM__PRINTF(4, 5) INTERIM__COLD;

/* Copies as much of a failure as the caller's struct, whose size is set, has room for. */
void interim__error_copy(interim_error *out, const interim_error *error);

#endif
