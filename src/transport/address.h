/* address.h - a socket address, from text and to text. May be included by transport and drive. */
#ifndef INTERIM_TRANSPORT_ADDRESS_H
#define INTERIM_TRANSPORT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct interim__address {
    struct sockaddr_storage storage;
    socklen_t length;
} interim__address;

/* Room for the text of any address: "[", address, "%zone", "]:65535", or "unix:" and a path. */
#define INTERIM__ADDRESS_TEXT 120

/* Whether host (without brackets, perhaps with a zone) is a literal address; *out is then it. Never
 * waits. */
bool interim__address_parse(interim__address *out, const char *host, uint16_t port);

/* The address of a Unix-domain socket: a path, or "@name" in the abstract namespace. False: it is
 * empty, or longer than this system can have it. */
bool interim__address_unix(interim__address *out, const char *path);

/* Writes "192.0.2.1:443", "[2001:db8::1]:443", "unix:/run/dav.sock" or "unix:@name". */
void interim__address_text(const interim__address *address, char *out, size_t size);

/* Writes host and port as in a URL, with brackets where they are needed; long hosts are cut. */
void interim__address_authority(const char *host, uint16_t port, char *out, size_t size);

/* The text of an errno, in English on every thread and in every locale. Written to buffer or
 * static. */
const char *interim__address_problem(int os_error, char *buffer, size_t size);

#endif
