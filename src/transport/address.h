/* address.h - a socket address, from text and to text. May be included by transport and drive. */
#ifndef INTERIM_TRANSPORT_ADDRESS_H
#define INTERIM_TRANSPORT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* What became of the last attempt to connect to it, as far as that is known. */
typedef enum interim__standing {
    INTERIM__STANDING_UNKNOWN = 0,
    INTERIM__STANDING_GOOD, /* it was the one that answered */
    INTERIM__STANDING_BAD   /* it refused, or could not be reached */
} interim__standing;

typedef struct interim__address {
    struct sockaddr_storage storage;
    socklen_t length;
    interim__standing standing;
} interim__address;

/* Room for the text of any address: "[", address, "%zone", "]:65535", or "unix:" and a path. */
#define INTERIM__ADDRESS_TEXT 120

/* Whether host (without brackets, perhaps with a zone) is a literal address; *out is then it. Never
 * waits. */
bool interim__address_parse(interim__address *out, const char *host, uint16_t port);

/* Sets the port of an Internet address; nothing happens to any other. */
void interim__address_set_port(interim__address *address, uint16_t port);

/* Whether two Internet addresses are the same but for the port. */
bool interim__address_is_host(const interim__address *a, const interim__address *b);

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
