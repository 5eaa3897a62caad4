/* settlement.c - what a settling has found, for its caller. */
#include "operation/judgement.h"

#include <stdlib.h>

interim_finding interim_settlement_finding(const interim_settlement *settlement)
{
    return settlement->finding;
}

interim_certainty interim_settlement_certainty(const interim_settlement *settlement)
{
    return settlement->certainty;
}

int interim_settlement_code(const interim_settlement *settlement)
{
    return settlement->code;
}

const char *interim_settlement_reason(const interim_settlement *settlement)
{
    return settlement->reason;
}

const char *interim_settlement_evidence(const interim_settlement *settlement, size_t i)
{
    return i < settlement->evidence_count ? settlement->evidence[i] : NULL;
}

unsigned interim_settlement_looks(const interim_settlement *settlement)
{
    return settlement->looks;
}

const interim_place *interim_settlement_source(const interim_settlement *settlement)
{
    return &settlement->places[INTERIM__SOURCE];
}

const interim_place *interim_settlement_destination(const interim_settlement *settlement)
{
    return &settlement->places[INTERIM__DESTINATION];
}

void interim_settlement_free(interim_settlement *settlement)
{
    free(settlement);
}
