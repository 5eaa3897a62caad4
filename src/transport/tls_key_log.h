/* tls_key_log.h - a file of the secrets of connections, with which Wireshark reads what was sent
 * (the NSS key log format). May be included by tls.c. */
#ifndef INTERIM_TRANSPORT_TLS_KEY_LOG_H
#define INTERIM_TRANSPORT_TLS_KEY_LOG_H

#include <interim.h>

/* Opens path to append to it, made with mode 0600; only a regular file. Errors: ETLS, and error
 * tells why. */
int interim__tls_key_log_open(int *out, const char *path, interim_error *error);

/* Appends a line by one write; what cannot be written is lost. */
void interim__tls_key_log_write(int fd, const char *line);

/* Closes it; -1 is none. */
void interim__tls_key_log_close(int fd);

#endif
