/* embedded.h - a response inside of a body of type application/http: OData's monitors answer a
 * finished job that way. May be included by operation. */
#ifndef INTERIM_OPERATION_EMBEDDED_H
#define INTERIM_OPERATION_EMBEDDED_H

#include "base/buffer.h"
#include "operation/dialect.h"

/* If the body of an answer is a response, puts its status (in embedded), fields and body in the
 * place of the answer's own; what is no response stays as it is. Errors: ENOMEM. */
int interim__embedded_unwrap(interim__answer *answer, interim__buffer *body);

#endif
