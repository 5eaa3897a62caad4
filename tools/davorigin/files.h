/* Requests that change one place in the folder: PUT, DELETE, MKCOL; and OPTIONS, which changes
 * nothing. */
#ifndef DAVORIGIN_FILES_H
#define DAVORIGIN_FILES_H

#include "exchange.h"

#define DAVORIGIN_ALLOW "OPTIONS, GET, HEAD, PUT, DELETE, MKCOL, PROPFIND, PROPPATCH, COPY, MOVE"

void options_handle(struct exchange *exchange);
void put_handle(struct exchange *exchange);
void delete_handle(struct exchange *exchange);
void mkcol_handle(struct exchange *exchange);

#endif
