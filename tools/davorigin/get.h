/* GET and HEAD: a file, whole or one range of it (RFC 9110 §14); of a collection, the names of its
 * members as text. */
#ifndef DAVORIGIN_GET_H
#define DAVORIGIN_GET_H

#include "exchange.h"

void get_handle(struct exchange *exchange);

#endif
