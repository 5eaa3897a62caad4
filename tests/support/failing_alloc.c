/* failing_alloc.c - see failing_alloc.h. */
#include "support/failing_alloc.h"

#include <errno.h>
#include <stddef.h>

/* Names that the linker gives: --wrap. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

static _Thread_local unsigned long until; /* 0: none fails */
static _Thread_local unsigned long asked;
static _Thread_local bool failed;

static bool fails(void)
{
    asked++;
    if (until == 0 || --until > 0)
        return false;
    failed = true;
    errno = ENOMEM; /* as malloc has it */
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

void failing_alloc_arm(unsigned long nth)
{
    asked = 0;
    failed = false;
    until = nth;
}

unsigned long failing_alloc_count(void)
{
    return asked;
}

bool failing_alloc_disarm(void)
{
    until = 0;
    return failed;
}
