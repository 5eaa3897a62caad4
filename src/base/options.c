/* options.c - see options.h. */
#include "base/options.h"

#include <interim.h>
#include <string.h>

int interim__options_copy(void *out, size_t size, const void *given)
{
    size_t theirs;

    memcpy(&theirs, given, sizeof theirs);
    if (theirs < sizeof theirs)
        return INTERIM_EINVAL;
    memcpy(out, given, theirs < size ? theirs : size);
    return 0;
}
