/* answer.c - see answer.h. */
#include "operation/answer.h"

#include "operation/problem.h"

#include <stdlib.h>
#include <string.h>

static const char telling[] = "the server answered";

#define TELLING (sizeof telling - 1)
#define VERSION (sizeof "HTTP/1.1" - 1) /* begins a head; " 200 OK" is next */

/* What people are told is in the head already, but for its first words. line: bytes from status to
 * the LF that ends its line. */
static void tell(interim__answer *answer, char *status, size_t line)
{
    char *reason = status + sizeof " 200" - 1;

    if (*reason == ' ')
        reason++;
    if (line > sizeof " 200 " - 1 + INTERIM__REASON_MAX)
        reason[INTERIM__REASON_MAX] = '\0';
    if (*reason == '\0')
        status[sizeof " 200" - 1] = '\0';
    answer->reason = reason;
    answer->told = memcpy(status - TELLING, telling, TELLING);
}

int interim__answer_keep(interim__answer *answer, const interim__head *head, const char *url)
{
    size_t url_size = url == NULL ? 0 : strlen(url) + 1;
    interim__copying copying = {
        .text = head->start + VERSION, .before = TELLING, .after = url_size};

    if (interim__fields_copy_parsed(&answer->fields, &head->fields, &copying) < 0)
        return INTERIM_ENOMEM;
    answer->status = head->status;
    interim__progress_init(&answer->progress);
    answer->block = answer->fields.items;
    tell(answer, copying.copy, head->first_line - 1 - VERSION);
    if (url != NULL)
        answer->url = memcpy(copying.end, url, url_size);
    return 0;
}

bool interim__answer_is_problem(interim__answer *answer)
{
    if (answer->problem == 0)
        answer->problem = interim__problem_is(&answer->fields) ? 1 : -1;
    return answer->problem > 0;
}

void interim__answer_replace_fields(interim__answer *answer, interim_field *items, size_t count)
{
    if (answer->fields.items != answer->block)
        free(answer->fields.items);
    answer->fields = (interim__fields){.items = items, .count = count};
    answer->problem = 0;
    answer->asked = false;
}

interim_field *interim__answer_give_fields(interim__answer *answer)
{
    interim_field *items = answer->fields.items;

    if (items == answer->block)
        answer->block = NULL;
    else
        answer->told = NULL, answer->url = NULL;
    answer->fields = (interim__fields){0};
    answer->problem = 0;
    answer->asked = false;
    return items;
}

void interim__answer_dispose(interim__answer *answer)
{
    interim__answer_replace_fields(answer, NULL, 0);
    free(answer->block);
    answer->block = NULL;
    if (answer->document.is_object) /* or it holds nothing */
        interim__document_dispose(&answer->document);
}
