/* basic.h - the Basic scheme (RFC 7617). May be included by operation. */
#ifndef INTERIM_OPERATION_BASIC_H
#define INTERIM_OPERATION_BASIC_H

/* "Basic " and the base64 of user ":" password; to be freed by interim__basic_free, which
 * overwrites it. NULL when out of memory. */
char *interim__basic_new(const char *user, const char *password);
void interim__basic_free(char *basic);

#endif
