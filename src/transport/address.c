/* address.c - see address.h. */
#include "transport/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

/* A zone needs the names of the interfaces, which getaddrinfo knows. */
static bool parse_with_zone(interim__address *out, const char *host, uint16_t port)
{
    struct addrinfo hints = {
        .ai_family = AF_INET6,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICHOST,
    };
    struct addrinfo *found;

    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return false;
    memcpy(&out->storage, found->ai_addr, found->ai_addrlen);
    out->length = found->ai_addrlen;
    ((struct sockaddr_in6 *)(void *)&out->storage)->sin6_port = htons(port);
    freeaddrinfo(found);
    return true;
}

bool interim__address_parse(interim__address *out, const char *host, uint16_t port)
{
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)&out->storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&out->storage;

    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        out->length = sizeof *four;
        return true;
    }
    if (strchr(host, ':') == NULL)
        return false;
    if (strchr(host, '%') != NULL)
        return parse_with_zone(out, host, port);
    if (inet_pton(AF_INET6, host, &six->sin6_addr) != 1)
        return false;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    out->length = sizeof *six;
    return true;
}

bool interim__address_unix(interim__address *out, const char *path)
{
    struct sockaddr_un *local = (struct sockaddr_un *)(void *)&out->storage;
    size_t length = strlen(path);

    memset(out, 0, sizeof *out);
    if (length == 0 || length >= sizeof local->sun_path || strcmp(path, "@") == 0)
        return false;
    local->sun_family = AF_UNIX;
    memcpy(local->sun_path, path, length);
    if (path[0] == '@')
        local->sun_path[0] = '\0';
    else
        length++; /* unix(7): a path ends with NUL, an abstract name with the length */
    out->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

static void write_unix(const interim__address *address, char *out, size_t size)
{
    const struct sockaddr_un *local = (const struct sockaddr_un *)(const void *)&address->storage;
    bool abstract = local->sun_path[0] == '\0';

    snprintf(out, size, "unix:%s%.*s", abstract ? "@" : "",
             (int)(sizeof local->sun_path - (abstract ? 1 : 0)),
             local->sun_path + (abstract ? 1 : 0));
}

void interim__address_text(const interim__address *address, char *out, size_t size)
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)&address->storage;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)&address->storage;
    char text[INET6_ADDRSTRLEN] = "", zone[IF_NAMESIZE] = "";

    if (address->storage.ss_family == AF_UNIX) {
        write_unix(address, out, size);
        return;
    }
    if (address->storage.ss_family == AF_INET) {
        inet_ntop(AF_INET, &four->sin_addr, text, sizeof text);
        snprintf(out, size, "%s:%u", text, (unsigned)ntohs(four->sin_port));
        return;
    }
    inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text);
    if (six->sin6_scope_id != 0 && if_indextoname(six->sin6_scope_id, zone) == NULL)
        zone[0] = '\0';
    snprintf(out, size, "[%s%s%s]:%u", text, zone[0] == '\0' ? "" : "%", zone,
             (unsigned)ntohs(six->sin6_port));
}

void interim__address_authority(const char *host, uint16_t port, char *out, size_t size)
{
    bool six = strchr(host, ':') != NULL;

    snprintf(out, size, "%s%.64s%s:%u", six ? "[" : "", host, six ? "]" : "", (unsigned)port);
}

const char *interim__address_problem(int os_error, char *buffer, size_t size)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 32)
    const char *text = strerrordesc_np(os_error);

    if (text != NULL)
        return text;
    snprintf(buffer, size, "error %d", os_error);
    return buffer;
#elif defined(__GLIBC__)
    return strerror_r(os_error, buffer, size);
#else
    if (strerror_r(os_error, buffer, size) != 0)
        snprintf(buffer, size, "error %d", os_error);
    return buffer;
#endif
}
