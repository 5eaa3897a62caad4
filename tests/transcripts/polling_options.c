/* polling_options.c - the options of a transcript that tell how a 202 is followed. See
 * transcript.h.
 */
#include "transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word of a list, and what it stands for. */
struct word {
    const char *name;
    int value;
};

static const struct word modes[] = {{"standard", INTERIM_POLL_STANDARD},
                                    {"strict", INTERIM_POLL_STRICT},
                                    {"off", INTERIM_POLL_OFF},
                                    {NULL, 0}};
static const struct word crossings[] = {
    {"strip", INTERIM_CROSS_ORIGIN_STRIP}, {"reject", INTERIM_CROSS_ORIGIN_REJECT}, {NULL, 0}};
static const struct word flags[] = {{"same-url", INTERIM_POLL_SAME_URL},
                                    {"created", INTERIM_POLL_CREATED},
                                    {"link", INTERIM_POLL_LINK},
                                    {"embedded", INTERIM_POLL_EMBEDDED},
                                    {"target", INTERIM_POLL_TARGET},
                                    {"interim", INTERIM_POLL_INTERIM},
                                    {"prefer-async", INTERIM_POLL_PREFER_ASYNC},
                                    {"prefer-processing", INTERIM_POLL_PREFER_PROCESSING},
                                    {NULL, 0}};
static const struct word verdicts[] = {{"default", INTERIM_POLL_VERDICT_DEFAULT},
                                       {"running", INTERIM_POLL_VERDICT_RUNNING},
                                       {"done", INTERIM_POLL_VERDICT_DONE},
                                       {"failed", INTERIM_POLL_VERDICT_FAILED},
                                       {NULL, 0}};

/* Takes the next word of a list with blanks between; false when it is none of these. */
static bool take(const struct word *words, const char **text, int *value)
{
    size_t length = strcspn(*text, " ");

    while (words->name != NULL &&
           (strlen(words->name) != length || strncmp(words->name, *text, length) != 0))
        words++;
    *text += length + strspn(*text + length, " ");
    *value = words->value;
    return words->name != NULL;
}

static bool read_flags(struct transcript *transcript, const char *text)
{
    int flag;

    while (*text != '\0') {
        if (!take(flags, &text, &flag))
            return false;
        transcript->polling.flags |= (unsigned)flag;
    }
    return true;
}

static bool read_verdicts(struct transcript *transcript, const char *text)
{
    int verdict;

    while (*text != '\0') {
        if (transcript->verdict_count == TRANSCRIPT_VERDICTS || !take(verdicts, &text, &verdict))
            return false;
        transcript->verdicts[transcript->verdict_count++] = (interim_poll_verdict)verdict;
    }
    return transcript->verdict_count > 0;
}

bool polling_option(struct transcript *transcript, const char *name, const char *value)
{
    interim_polling *polling = &transcript->polling;
    int chosen;
    bool good;

    if (strcmp(name, "mode") == 0) {
        good = take(modes, &value, &chosen);
        polling->mode = (interim_poll_mode)chosen;
    } else if (strcmp(name, "cross_origin") == 0) {
        good = take(crossings, &value, &chosen);
        polling->cross_origin = (interim_cross_origin)chosen;
    } else if (strcmp(name, "flags") == 0) {
        good = read_flags(transcript, value);
    } else if (strcmp(name, "verdicts") == 0) {
        good = read_verdicts(transcript, value);
    } else if (strcmp(name, "wait") == 0) {
        polling->wait_s = strtoll(value, NULL, 10);
        good = polling->wait_s > 0;
    } else if (strcmp(name, "link") == 0) {
        good = snprintf(transcript->link_member, sizeof transcript->link_member, "%s", value) > 0;
        polling->link_member = transcript->link_member;
    } else {
        good = false;
    }
    return good;
}
