/* guards.h - a 202 whose Location looks like a monitor and is none. HTTP gives Location on a 202 no
 * meaning (RFC 9110 section 10.2.2), and some widely used services send one that must not be
 * polled. May be included by dialect. */
#ifndef INTERIM_OPERATION_GUARDS_H
#define INTERIM_OPERATION_GUARDS_H

#include "operation/dialect.h"

/* The refusal of a Location for which there was no memory: nothing speaks against that one yet. */
extern const char interim__guards_no_memory[];

/* Why the Location of a 202 is not to be polled, as a static clause; NULL: nothing speaks against
 * it. */
const char *interim__guards_refusal(const interim__answer *accepted, const interim_field *location);

#endif
