/* PROPFIND and PROPPATCH. A PROPFIND is answered while the tree is walked, so its size costs no
 * memory. Every PROPPATCH is refused property by property (207 with 403 each): live properties are
 * protected, and dead ones are not kept. */
#ifndef DAVORIGIN_PROPFIND_H
#define DAVORIGIN_PROPFIND_H

#include "exchange.h"

void propfind_handle(struct exchange *exchange);
void proppatch_handle(struct exchange *exchange);

#endif
