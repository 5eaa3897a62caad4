/* Basic authentication (RFC 7617) with one name and password. */
#ifndef DAVORIGIN_AUTH_H
#define DAVORIGIN_AUTH_H

#include "request.h"

/* Whether the request carries `user` (NAME:PASSWORD); always true where `user` is NULL. The time it
 * takes does not depend on where they differ. */
bool auth_permits(const struct request *request, const char *user);

#endif
