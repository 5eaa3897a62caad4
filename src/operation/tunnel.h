/* tunnel.h - CONNECT through an HTTP proxy (RFC 9110 section 9.3.6), before the exchange with the
 * origin: for https, and where the caller says what to connect to. It is an exchange of its own on
 * the same connection, so that interims of the proxy are read through and reported with their hop.
 * It is under the connect limit, and nothing of the request has been sent while it lasts. May be
 * included by the files of operation.h. */
#ifndef INTERIM_OPERATION_TUNNEL_H
#define INTERIM_OPERATION_TUNNEL_H

#include "operation/operation.h"

/* Whether the connection that has been opened just now leads to a proxy that has to be asked first.
 */
bool interim__tunnel_is_needed(const interim__operation *op);

/* Asks it. */
void interim__tunnel_begin(interim__operation *op);

/* The proxy has answered: the way is there, for TLS if the origin wants that, or the attempt has
 * failed. */
void interim__tunnel_answered(interim__operation *op);

/* The hop is that of the request again. */
void interim__tunnel_leave(interim__operation *op);

#endif
