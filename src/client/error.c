/* error.c - the names and texts of what the API counts: errors, stages, events, hops, outcomes. */
#include <interim.h>
#include <stddef.h>

const char *interim_version(void)
{
    return INTERIM_VERSION;
}

const char *interim_strerror(int code)
{
    switch (code) {
    case INTERIM_OK:
        return "no error";
#define TEXT(name, value, text)                                                                    \
    case INTERIM_##name:                                                                           \
        return text;
        INTERIM_ERRORS(TEXT)
#undef TEXT
    default:
        return "unknown error";
    }
}

const char *interim_error_name(int code)
{
    switch (code) {
    case INTERIM_OK:
        return "INTERIM_OK";
#define NAME(name, value, text)                                                                    \
    case INTERIM_##name:                                                                           \
        return "INTERIM_" #name;
        INTERIM_ERRORS(NAME)
#undef NAME
    default:
        return "unknown error";
    }
}

static const char *pick(const char *const *names, size_t count, int value)
{
    return value < 0 || (size_t)value >= count ? "unknown" : names[value];
}

#define PICK(names, value) pick(names, sizeof names / sizeof *names, (int)(value))

const char *interim_stage_name(interim_stage stage)
{
    static const char *const names[] = {"start", "resolve", "connect", "tls",
                                        "send",  "head",    "body",    "wait"};

    return PICK(names, stage);
}

const char *interim_event_name(interim_event_kind kind)
{
    static const char *const names[] = {"start",    "connected", "sent",    "interim", "response",
                                        "redirect", "accepted",  "waiting", "poll",    "marker",
                                        "retry",    "gap",       "end",     "look",    "queued"};

    return PICK(names, kind);
}

const char *interim_hop_name(interim_hop hop)
{
    static const char *const names[] = {"request", "redirect",       "poll",   "result",
                                        "tunnel",  "authentication", "cancel", "upload"};

    return PICK(names, hop);
}

const char *interim_outcome_name(interim_outcome outcome)
{
    static const char *const names[] = {"pending",  "done",          "failed",      "cancelled",
                                        "accepted", "still running", "unreachable", "unknown"};

    return PICK(names, outcome);
}

const char *interim_finding_name(interim_finding finding)
{
    static const char *const names[] = {"unclear", "done", "running", "partly", "never"};

    return PICK(names, finding);
}

const char *interim_certainty_name(interim_certainty certainty)
{
    static const char *const names[] = {"not sure", "likely", "certain"};

    return PICK(names, certainty);
}
