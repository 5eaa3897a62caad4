/* result.c - see result.h. */
#include "operation/result.h"

#include <stdlib.h>

void interim__result_free(interim_result *result)
{
    if (result == NULL)
        return;
    free(result->url);
    free(result->fields);
    free(result->trailers);
    interim__buffer_dispose(&result->body);
    interim__history_dispose(&result->history);
    free(result);
}
