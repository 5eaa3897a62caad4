/* guard.h - input whose end is the end of readable memory: a parser that looks one byte beyond what
 * it was given does not pass. For tests; the pages are left to the end of the process. */
#ifndef TESTS_SUPPORT_GUARD_H
#define TESTS_SUPPORT_GUARD_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A copy of text right before a page without access, to be changed at will. Valid until the next
 * call. */
static inline char *guarded(const char *text, size_t length)
{
    static char *end;
    enum { room = 1 << 22 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (end == NULL) {
        char *start =
            mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (start == MAP_FAILED || mprotect(start + room, page, PROT_NONE) != 0)
            abort();
        end = start + room;
    }
    if (length > room)
        abort();
    if (length > 0)
        memcpy(end - length, text, length);
    return end - length;
}

#endif
