/* error.c - the names and texts of what the API counts: errors, stages, events, hops, outcomes. */
#include "base/words.h"

#include <interim.h>

const char *interim_version(void)
{
    return INTERIM_VERSION;
}

/* Name and text of each error. */
static const char *describe(int code, int which)
{
#define VALUE(name, value, text) INTERIM_##name,
#define BOTH(name, value, text) "INTERIM_" #name "\0" text "\0"
    static const short codes[] = {INTERIM_OK, INTERIM_ERRORS(VALUE)};
    static const char texts[] = "INTERIM_OK\0no error\0" INTERIM_ERRORS(BOTH);

    for (int i = 0; (size_t)i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return interim__words_at(texts, 2 * i + which);
    return "unknown error";
}

const char *interim_error_name(int code)
{
    return describe(code, 0);
}

const char *interim_strerror(int code)
{
    return describe(code, 1);
}

static const char *pick(const char *names, int value)
{
    const char *name = interim__words_at(names, value);

    return name == NULL ? "unknown" : name;
}

const char *interim_stage_name(interim_stage stage)
{
    return pick("start\0resolve\0connect\0tls\0send\0head\0body\0wait\0", (int)stage);
}

const char *interim_event_name(interim_event_kind kind)
{
    return pick("start\0connected\0sent\0interim\0response\0redirect\0accepted\0waiting\0poll\0"
                "marker\0retry\0gap\0end\0look\0queued\0",
                (int)kind);
}

const char *interim_hop_name(interim_hop hop)
{
    return pick("request\0redirect\0poll\0result\0tunnel\0authentication\0cancel\0upload\0",
                (int)hop);
}

const char *interim_outcome_name(interim_outcome outcome)
{
    return pick("pending\0done\0failed\0cancelled\0accepted\0still running\0unreachable\0unknown\0",
                (int)outcome);
}

const char *interim_finding_name(interim_finding finding)
{
    return pick("unclear\0done\0running\0partly\0never\0", (int)finding);
}

const char *interim_certainty_name(interim_certainty certainty)
{
    return pick("not sure\0likely\0certain\0", (int)certainty);
}
