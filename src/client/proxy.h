/* proxy.h - the proxies of a client, from its options and, if it asks for that, from the
 * environment. May be included by client. */
#ifndef INTERIM_CLIENT_PROXY_H
#define INTERIM_CLIENT_PROXY_H

#include "operation/route.h"

#include <interim.h>

/* Reads them. Errors: EURL (error tells why), ENOMEM; routes is to be disposed of either way. */
int interim__proxy_read(interim__routes *routes, const interim_client_options *options,
                        interim_error *error);

#endif
