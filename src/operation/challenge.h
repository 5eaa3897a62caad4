/* challenge.h - WWW-Authenticate and Proxy-Authenticate: lists of challenges, in one field or in
 * several (RFC 9110 section 11.6.1). The commas between the parameters of a challenge are those
 * between challenges, too: a token with "=" behind it goes on, one without begins anew. What is
 * malformed costs its own challenge and no other. Views into the fields, nothing is allocated.
 * May be included by operation. */
#ifndef INTERIM_OPERATION_CHALLENGE_H
#define INTERIM_OPERATION_CHALLENGE_H

#include "base/fields.h"

#define INTERIM__CHALLENGES_MAX                                                                    \
    32                             /* looked at in one message; more are no choice but an attack   \
                                    */
#define INTERIM__PARAMETERS_MAX 24 /* of a challenge; one with more is passed over */

typedef struct interim__parameter {
    const char *name;
    const char *value; /* inside of the quotes, still escaped, if it is quoted */
    size_t name_length, value_length;
    bool quoted;
} interim__parameter;

typedef struct interim__challenge {
    const char *scheme;
    const char *token68; /* NULL: there is none */
    size_t scheme_length, token68_length;
    interim__parameter parameters[INTERIM__PARAMETERS_MAX];
    size_t parameter_count;
} interim__challenge;

/* Where the reading of a message's challenges is. */
typedef struct interim__challenge_reader {
    const interim__fields *fields;
    const char *name;
    const interim_field *field;
    const char *at, *end; /* of the field */
    unsigned seen;
} interim__challenge_reader;

/* Begins to read the fields of a name, given in lower case; both borrowed. */
void interim__challenge_begin(interim__challenge_reader *reader, const interim__fields *fields,
                              const char *name);

/* The next well-formed challenge. False at the end. */
bool interim__challenge_next(interim__challenge_reader *reader, interim__challenge *out);

/* Reads parameters alone, as Authentication-Info has them. False: malformed. */
bool interim__challenge_read_parameters(interim__challenge *out, const char *text, size_t length);

/* The parameter of a name, given in lower case; NULL: there is none. None is there twice. */
const interim__parameter *interim__challenge_find(const interim__challenge *challenge,
                                                  const char *name);

/* Writes the value of a parameter, unescaped and with NUL, to out. Its length; or -1, when out does
 * not suffice. It holds no control characters but tabs. */
ptrdiff_t interim__challenge_value(char *out, size_t size, const interim__parameter *parameter);

#endif
